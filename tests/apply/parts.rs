//! `deploy SERVICE…`: a part of a project.

use std::collections::BTreeSet;

use decklift::apply::memory::Memory;
use decklift::apply::{Cloud, Verdict};
use decklift::ecs::desired::{Desired, Kind, ResourceId};
use decklift::plan::{Only, Plan, PlanOptions, plan_with};

use crate::{block_on, carry_out, deploy, plan_again, project, shop};

fn options(named: &[&str], services: &[&str]) -> PlanOptions {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let only = Some(Only { named: set(named), services: set(services) });
    PlanOptions { only, ..PlanOptions::default() }
}

fn planned(cloud: &Memory, desired: &Desired, options: PlanOptions) -> Plan {
    plan_with(desired, &block_on(cloud.observe(desired)).expect("observed"), options)
}

fn services(plan: &Plan) -> BTreeSet<String> {
    plan.steps.iter().filter_map(|step| step.service.clone()).collect()
}

#[test]
fn a_first_deploy_of_a_part_makes_what_it_needs_and_nothing_of_others() {
    let (cloud, desired) = (Memory::default(), shop("v1"));
    let plan = planned(&cloud, &desired, options(&["api"], &["api", "store"]));
    assert_eq!(services(&plan), ["api", "store"].map(str::to_owned).into());
    let made: BTreeSet<String> = plan.steps.iter().map(|s| s.resource.to_string()).collect();
    for needed in ["file-system/data", "access-point/stock", "security-group/net-default"] {
        assert!(made.contains(needed), "{needed}: {made:?}");
    }
    let hanging = ["ingress-rule/net-default-self", "ingress-rule/efs-default"];
    assert!(hanging.iter().all(|rule| made.contains(*rule)), "{made:?}");
    assert!(made.iter().any(|id| id.starts_with("mount-target/")), "{made:?}");
    // Nobody of these is behind it.
    assert!(!made.iter().any(|id| id.starts_with("load-balancer/")), "{made:?}");
    assert_eq!(carry_out(&cloud, &desired, &plan), Verdict::Done);
    let again = planned(&cloud, &desired, options(&["api"], &["api", "store"]));
    assert_eq!(again.steps, []);
    // The rest comes later, and all of it.
    assert_eq!(deploy(&cloud, &desired).1, Verdict::Done);
    assert_eq!(plan_again(&cloud, &desired).steps, []);
}

#[test]
fn whoever_is_not_named_stays_as_it_is() {
    let cloud = Memory::default();
    deploy(&cloud, &shop("v1"));
    let before = cloud.bodies();
    let changed = shop("v2");
    let plan = planned(&cloud, &changed, options(&["worker"], &["worker"]));
    assert_eq!(services(&plan), ["worker".to_owned()].into());
    assert_eq!(carry_out(&cloud, &changed, &plan), Verdict::Done);
    for (id, body) in cloud.bodies() {
        assert!(id.name == "worker" || before[&id] == body, "{id}");
    }
    let left = plan_again(&cloud, &changed);
    assert_eq!(services(&left), ["api", "web"].map(str::to_owned).into(), "{:#?}", left.steps);
}

#[test]
fn what_left_the_file_is_left_alone() {
    let both = project("services:\n  a: {image: 'x:1'}\n  b: {image: 'x:1'}\n");
    let one = project("services:\n  a: {image: 'x:2'}\n");
    let cloud = Memory::default();
    deploy(&cloud, &both);
    let plan = planned(&cloud, &one, options(&["a"], &["a"]));
    assert_eq!(carry_out(&cloud, &one, &plan), Verdict::Done);
    assert!(cloud.bodies().contains_key(&ResourceId::new(Kind::Service, "b")));
    assert!(!plan_again(&cloud, &one).is_empty());
}

#[test]
fn a_name_that_is_not_deployed_rolls_nobody() {
    let both = project(
        "services:\n  a: {image: 'x:1', expose: ['80']}\n  b: {image: 'x:1', expose: ['81']}\n",
    );
    let cloud = Memory::default();
    let only = || options(&["a"], &["a"]);
    let plan = planned(&cloud, &both, only());
    assert_eq!(carry_out(&cloud, &both, &plan), Verdict::Done);
    assert_eq!(planned(&cloud, &both, only()).steps, []);
}

#[test]
fn only_what_is_named_is_forced() {
    let (cloud, desired) = (Memory::default(), shop("v1"));
    deploy(&cloud, &desired);
    let options = PlanOptions { force: true, ..options(&["api"], &["api", "store"]) };
    assert_eq!(services(&planned(&cloud, &desired, options)), ["api".to_owned()].into());
}
