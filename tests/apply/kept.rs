//! What holds data and left the file, and what is made anew in the place of another.

use std::collections::BTreeSet;

use decklift::apply::memory::Memory;
use decklift::apply::{Cloud, Verdict};
use decklift::ecs::desired::{Body, Desired, Kind, ResourceId};
use decklift::plan::{Action, Destroy, Plan, PlanOptions, plan_with};

use crate::{block_on, carry_out, deploy, plan_again, project};

fn with() -> Desired {
    project(
        "services:\n  a: {image: 'x:1', volumes: ['data:/data'], secrets: [key]}\n  \
         b: {image: 'x:1'}\nvolumes: {data: {}}\nsecrets: {key: {environment: KEY}}\n",
    )
}

fn without() -> Desired {
    project("services:\n  b: {image: 'x:1'}\n")
}

fn planned(cloud: &Memory, desired: &Desired, all: bool, names: &[&str]) -> Plan {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let options = PlanOptions { destroy: Destroy { all, names }, ..PlanOptions::default() };
    plan_with(desired, &block_on(cloud.observe(desired)).expect("observed"), options)
}

fn deleted(plan: &Plan) -> BTreeSet<String> {
    let gone = plan.steps.iter().filter(|step| step.action == Action::Delete);
    gone.map(|step| step.resource.to_string()).collect()
}

#[test]
fn what_holds_data_is_kept_and_told() {
    let cloud = Memory::default();
    deploy(&cloud, &with());
    let plan = plan_again(&cloud, &without());
    let kept: Vec<String> = plan.kept.iter().map(|kept| kept.resource.to_string()).collect();
    let helper = "repository/@busybox";
    assert_eq!(kept, ["secret/key", helper, "file-system/data", "access-point/data"]);
    assert!(deleted(&plan).contains("service/a"));
    deploy(&cloud, &without());
    // It is told again, and is no change.
    let again = plan_again(&cloud, &without());
    assert_eq!((again.is_empty(), again.kept.len()), (true, 4));
}

#[test]
fn it_goes_where_that_was_agreed_to() {
    let cloud = Memory::default();
    deploy(&cloud, &with());
    deploy(&cloud, &without());
    assert_eq!(deleted(&planned(&cloud, &without(), false, &["secret/key"])), {
        BTreeSet::from(["secret/key".to_owned()])
    });
    // Nothing that is wanted goes, whatever is agreed to.
    assert!(deleted(&planned(&cloud, &with(), true, &[])).is_empty());
    // A file system takes along what leads to it.
    let plan = planned(&cloud, &without(), false, &["file-system/data"]);
    let gone = deleted(&plan);
    for id in ["file-system/data", "access-point/data", "security-group/efs"] {
        assert!(gone.contains(id), "{id}: {gone:?}");
    }
    assert!(gone.iter().any(|id| id.starts_with("mount-target/")), "{gone:?}");
    assert!(!gone.contains("secret/key"), "{gone:?}");
    assert_eq!(carry_out(&cloud, &without(), &plan), Verdict::Done);
    let plan = planned(&cloud, &without(), true, &[]);
    assert_eq!(deleted(&plan), ["secret/key", "repository/@busybox"].map(str::to_owned).into());
    assert_eq!(carry_out(&cloud, &without(), &plan), Verdict::Done);
    assert_eq!(plan_again(&cloud, &without()).kept, []);
}

#[test]
fn what_aws_cannot_change_is_replaced_with_its_reason() {
    let wanted = project("services: {web: {image: 'x:1', ports: ['80:80']}}\n");
    let cloud = Memory::default();
    deploy(&cloud, &wanted);
    let id = ResourceId::new(Kind::TargetGroup, "web-80");
    // In memory things are known by their ids: this one had another protocol, and so another name.
    let mut actual = block_on(cloud.observe(&wanted)).expect("observed");
    let mut old = actual.resources.remove(&id).expect("observed");
    let Body::TargetGroup(group) = &mut old.body else { panic!("{:?}", old.body) };
    group.create.name = "test-web-0".to_owned();
    group.create.protocol = "HTTPS".to_owned();
    actual.orphans.push((id.clone(), old));
    let plan = plan_with(&wanted, &actual, PlanOptions::default());
    let steps = plan.steps.iter().filter(|step| step.resource == id);
    let [made, gone] = &steps.collect::<Vec<_>>()[..] else { panic!("{:#?}", plan.steps) };
    assert_eq!((made.action, gone.action), (Action::Create, Action::Delete));
    let paths: Vec<&str> = made.changes.iter().map(|change| change.path.as_str()).collect();
    assert!(paths.contains(&"Protocol") && !paths.contains(&"Name"), "{paths:?}");
    assert!(made.replaces.is_some() && made.effect.is_some(), "{made:?}");
    assert_eq!(gone.reason.as_deref(), Some("another one takes its place"));
    let at = |step| plan.steps.iter().position(|other| std::ptr::eq(other, step));
    assert!(at(*made) < at(*gone) && gone.after.contains(&at(*made).expect("a place")));
}
