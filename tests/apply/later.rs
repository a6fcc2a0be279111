//! What a deploy does to what an earlier one left.

use super::*;

#[test]
fn drift_is_found_and_undone() {
    let cloud = Memory::default();
    let desired = shop("v1");
    deploy(&cloud, &desired);
    let id = ResourceId::new(Kind::LogGroup, "web");
    cloud.tamper(&id, |body| {
        if let Body::LogGroup(group) = body {
            group.retention.retention_in_days = 1;
        }
    });
    let plan = plan_again(&cloud, &desired);
    assert_eq!(plan.steps.len(), 1, "{:?}", plan.steps);
    assert_eq!(plan.steps[0].action, Action::Update);
    assert_eq!(plan.steps[0].changes[0].path, "retentionInDays");
    deploy(&cloud, &desired);
    assert_eq!(plan_again(&cloud, &desired).steps, []);
}

#[test]
fn what_left_the_file_is_deleted_after_everything_else() {
    let both = project(
        "services:\n  a: {image: 'x:1', expose: ['80']}\n  b: {image: 'x:1', expose: ['80']}\n",
    );
    let one = project("services:\n  a: {image: 'x:1', expose: ['80']}\n");
    let cloud = Memory::default();
    deploy(&cloud, &both);
    let (plan, verdict, _) = deploy(&cloud, &one);
    assert_eq!(verdict, Verdict::Done);
    let deleted: Vec<String> = plan
        .steps
        .iter()
        .filter(|step| step.action == Action::Delete)
        .map(|step| step.resource.to_string())
        .collect();
    assert!(deleted.contains(&"service/b".to_owned()), "{deleted:?}");
    assert!(deleted.contains(&"role/b".to_owned()), "{deleted:?}");
    assert_eq!(plan_again(&cloud, &one).steps, []);
}

#[test]
fn a_volume_that_left_the_file_keeps_its_data() {
    let with = project(
        "services:\n  a: {image: 'x:1', volumes: ['data:/data']}\n  b: {image: 'x:1'}\nvolumes: {data: {}}\n",
    );
    let without = project("services:\n  b: {image: 'x:1'}\n");
    let cloud = Memory::default();
    deploy(&cloud, &with);
    deploy(&cloud, &without);
    let left: Vec<Kind> = cloud.bodies().keys().map(|id| id.kind).collect();
    assert!(left.contains(&Kind::FileSystem) && left.contains(&Kind::AccessPoint), "{left:?}");
    assert!(!cloud.bodies().contains_key(&ResourceId::new(Kind::Service, "a")));
    assert_eq!(plan_again(&cloud, &without).steps, []);
    assert_eq!(down(&cloud, &without), Verdict::Done);
    assert!(cloud.bodies().is_empty());
}

#[test]
fn a_new_name_rolls_those_who_may_use_it() {
    let one = project(
        "services:\n  a: {image: 'x:1', expose: ['80']}\n  b: {image: 'x:1', expose: ['81']}\n",
    );
    let more = project(
        "services:\n  a: {image: 'x:1', expose: ['80']}\n  b: {image: 'x:1', expose: ['81']}\n  c: {image: 'x:1', expose: ['82']}\n",
    );
    let cloud = Memory::default();
    deploy(&cloud, &one);
    let plan = plan_again(&cloud, &more);
    let mut rolled: Vec<&str> = plan
        .steps
        .iter()
        .filter(|step| step.action == Action::NewDeployment)
        .map(|step| step.resource.name.as_str())
        .collect();
    rolled.sort_unstable();
    assert_eq!(rolled, ["a", "b", "c"], "{:#?}", plan.steps);
    deploy(&cloud, &more);
    assert_eq!(plan_again(&cloud, &more).steps, []);
}

#[test]
fn a_new_deployment_brings_those_that_restart_with_it() {
    // The one that depends on both comes first in the file, and is planned last.
    let app = |image: &str| {
        project(&format!(
            "services:\n  web: {{image: 'x:1', depends_on: {{api: {{condition: service_started, restart: true}}}}}}\n  api: {{image: 'x:1', depends_on: {{db: {{condition: service_started, restart: true}}}}}}\n  other: {{image: 'x:1', depends_on: [db]}}\n  db: {{image: 'x:{image}'}}\n"
        ))
    };
    let deployed = |plan: &Plan| -> Vec<String> {
        let new = plan.steps.iter().filter(|step| step.action == Action::NewDeployment);
        new.map(|step| step.resource.name.clone()).collect()
    };
    let cloud = Memory::default();
    deploy(&cloud, &app("1"));
    assert_eq!(plan_again(&cloud, &app("1")).steps, []);
    let (plan, verdict, _) = deploy(&cloud, &app("2"));
    assert_eq!(
        (deployed(&plan), verdict),
        (["db", "api", "web"].map(str::to_owned).to_vec(), Verdict::Done)
    );
    assert_eq!(plan_again(&cloud, &app("2")).steps, []);
    // Whoever is stopped between the two goes on with the second.
    let cloud = Memory::default();
    deploy(&cloud, &app("1"));
    cloud.set_fault(None);
    deploy(&cloud, &app("2"));
    for number in 1..=cloud.calls().len() {
        let cloud = Memory::default();
        deploy(&cloud, &app("1"));
        cloud.set_fault(Some(Fault::KillAfter(number)));
        assert_ne!(deploy(&cloud, &app("2")).1, Verdict::Done, "{number}");
        cloud.set_fault(None);
        assert_eq!(deploy(&cloud, &app("2")).1, Verdict::Done, "{number}");
        let made = |name: &str| deployed_at(&cloud, name);
        assert!(made("db") < made("api") && made("api") < made("web"), "{number}");
        assert_eq!(plan_again(&cloud, &app("2")).steps, [], "{number}");
    }
}
