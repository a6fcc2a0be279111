//! A plan that was written to a file: applied as it is, or refused.

use decklift::apply::memory::Memory;
use decklift::apply::{Cloud, Verdict};
use decklift::ecs::desired::{Body, Desired, Kind, ResourceId};
use decklift::plan::{Asked, Plan, SavedPlan, Target, Unreadable, plan};

use crate::{block_on, carry_out, deploy, project, shop};

const SECRET: &str = "correct horse battery staple";

fn target() -> Target {
    Target { project: "test".to_owned(), region: "eu-west-1".to_owned(), ..Target::default() }
}

fn value(text: &str) -> impl Fn(&ResourceId) -> Option<String> {
    move |_| Some(text.to_owned())
}

fn save(plan: &Plan, desired: &Desired) -> String {
    let saved = SavedPlan::new(target(), Asked::default(), plan.clone(), desired, &value(SECRET));
    saved.expect("random numbers").to_text()
}

fn now(cloud: &Memory, desired: &Desired) -> Plan {
    plan(desired, &block_on(cloud.observe(desired)).expect("observed"))
}

fn moved(text: &str, cloud: &Memory, desired: &Desired, secret: &str) -> Vec<String> {
    let saved = SavedPlan::parse(text).expect("a plan");
    saved.moved(&now(cloud, desired), desired, &value(secret))
}

fn file(variable: &str) -> Desired {
    project(&format!(
        "services: {{web: {{image: 'x:1', environment: {{TOKEN: '{variable}'}}, secrets: [key]}}}}\n\
         secrets: {{key: {{environment: KEY}}}}\n"
    ))
}

#[test]
fn nothing_secret_stands_in_the_file() {
    let (cloud, desired) = (Memory::default(), file("hunter2"));
    let first = save(&now(&cloud, &desired), &desired);
    deploy(&cloud, &desired);
    let changed = file("hunter3");
    let second = save(&now(&cloud, &changed), &changed);
    assert!(second.contains("environment[TOKEN].value"), "{second}");
    for text in [first, second] {
        assert!(!text.contains(SECRET) && !text.contains("hunter"), "{text}");
    }
}

#[test]
fn as_long_as_nothing_moves_it_is_the_same_plan() {
    let (cloud, desired) = (Memory::default(), shop("v1"));
    let text = save(&now(&cloud, &desired), &desired);
    assert_eq!(moved(&text, &cloud, &desired, SECRET), Vec::<String>::new());
    let saved = SavedPlan::parse(&text).expect("a plan");
    assert_eq!(carry_out(&cloud, &desired, &saved.plan), Verdict::Done);
    // It is done: nothing of it is due any more.
    assert_eq!(moved(&text, &cloud, &desired, SECRET).len(), saved.plan.steps.len());
}

#[test]
fn another_world_is_another_plan() {
    let (cloud, desired) = (Memory::default(), file("a"));
    let text = save(&now(&cloud, &desired), &desired);
    let said = |desired: &Desired, secret: &str| moved(&text, &cloud, desired, secret);
    // What is hidden in a plan is noticed even so.
    assert_eq!(said(&file("b"), SECRET), ["task-definition/web: something else would be sent"]);
    assert_eq!(said(&desired, "other"), ["secret/key: something else would be sent"]);
    // Half of it was done meanwhile.
    let namespace = |desired: &Desired| {
        let mut less = desired.clone();
        less.resources.retain(|id, _| id.kind == Kind::LogGroup);
        less
    };
    deploy(&cloud, &namespace(&desired));
    assert_eq!(said(&desired, SECRET), ["log-group/web: create is not due any more"]);
}

#[test]
fn drift_after_the_plan_is_refused() {
    let (cloud, desired) = (Memory::default(), shop("v1"));
    deploy(&cloud, &desired);
    let changed = shop("v2");
    let text = save(&now(&cloud, &changed), &changed);
    let id = ResourceId::new(Kind::LogGroup, "web");
    let tamper = |days| {
        cloud.tamper(&id, |body| match body {
            Body::LogGroup(group) => group.retention.retention_in_days = days,
            other => panic!("{other:?}"),
        });
    };
    tamper(1);
    assert_eq!(moved(&text, &cloud, &changed, SECRET), ["log-group/web: update in place is due"]);
    let text = save(&now(&cloud, &changed), &changed);
    tamper(3);
    assert_eq!(
        moved(&text, &cloud, &changed, SECRET),
        ["log-group/web: retentionInDays is now 3, and would become 30"]
    );
}

#[test]
fn what_is_no_plan_is_told_from_one_that_cannot_be_read() {
    let (cloud, desired) = (Memory::default(), file("a"));
    let text = save(&now(&cloud, &desired), &desired);
    for other in ["", "{}", "[]", "{\"kind\": \"other\", \"version\": 1}", "services: {}"] {
        assert_eq!(SavedPlan::parse(other), Err(Unreadable::NoPlan), "{other}");
    }
    let newer = text.replacen("\"version\": 1", "\"version\": 9", 1);
    assert!(matches!(SavedPlan::parse(&newer), Err(Unreadable::Faulty(_))));
    let mut json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    json["plan"]["steps"].as_array_mut().expect("steps").pop();
    assert!(matches!(SavedPlan::parse(&json.to_string()), Err(Unreadable::Faulty(_))));
    // A step that somebody changed is not what would be done.
    let forged = text.replacen("\"action\": \"create\"", "\"action\": \"update\"", 1);
    assert_ne!(moved(&forged, &cloud, &desired, SECRET), Vec::<String>::new());
}
