//! What somebody changes in AWS is seen, and changed back; and who changed what is told.

use decklift::apply::Verdict;
use decklift::apply::memory::Memory;
use decklift::ecs::desired::{Body, Desired, Kind, ResourceId};
use decklift::plan::{Cause, Plan, sign};
use serde_json::Value as Json;

use crate::{deploy, plan_again, project, shop};

/// Everything that decklift makes, once at least.
fn everything() -> Desired {
    let mut desired = project(
        "x-ecs: {certificate: 'arn:aws:acm:eu-west-1:123456789012:certificate/1', \
         permissions_boundary: 'arn:aws:iam::123456789012:policy/b'}\n\
         services:\n  web:\n    image: x:1\n    ports: ['443:8000', '80:8000']\n    \
         volumes: ['data:/data']\n    secrets: [key]\n    healthcheck: {test: [CMD, 'true']}\n    \
         deploy: {update_config: {order: stop-first}}\n    \
         x-ecs: {http: {host: a.example.com, stickiness: 3600}, exec: true}\n  \
         many:\n    image: x:1\n    expose: ['9000']\n    \
         x-ecs: {autoscaling: {min: 1, max: 4, cpu: 60}}\n  \
         nightly: {image: x:1, x-ecs: {schedule: rate(1 day)}}\n\
         volumes: {data: {}}\nsecrets: {key: {environment: KEY}}\n",
    );
    sign(&mut desired);
    desired
}

/// The places of everything that is neither a list nor a map, and of lists.
fn places(json: &Json, at: &str, found: &mut Vec<String>) {
    match json {
        Json::Object(map) => {
            for (key, value) in map {
                places(
                    value,
                    &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")),
                    found,
                );
            }
        }
        Json::Array(list) => {
            found.push(at.to_owned());
            for (index, value) in list.iter().enumerate() {
                places(value, &format!("{at}/{index}"), found);
            }
        }
        _ => found.push(at.to_owned()),
    }
}

/// The body with something else at a place; nothing where that is no body.
fn changed(body: &Body, place: &str) -> Option<Body> {
    let mut json = serde_json::to_value(body).expect("JSON");
    let value = json.pointer_mut(place)?;
    *value = match &*value {
        Json::String(text) => Json::from(format!("{text}x")),
        Json::Bool(is) => Json::from(!is),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Json::from(number + 1),
            None => Json::from(number.as_f64()? + 1.0),
        },
        Json::Array(list) => {
            let mut list = list.clone();
            list.pop()?;
            Json::Array(list)
        }
        Json::Null | Json::Object(_) => return None,
    };
    let other: Body = serde_json::from_value(json).ok()?;
    (other != *body).then_some(other)
}

/// What nobody compares: texts for people, tokens, and tags, of which those of others are fine.
fn is_let_be(id: &ResourceId, place: &str) -> bool {
    let last = place.rsplit('/').next().unwrap_or_default();
    // The number of tasks is Application Auto Scaling's.
    let scaled = id.name == "many" && last == "desiredCount";
    matches!(last, "Description" | "ClientToken") || place.to_lowercase().contains("/tag") || scaled
}

#[test]
fn whatever_is_changed_behind_decklifts_back_is_seen_and_changed_back() {
    for desired in [shop("v1"), everything()] {
        let cloud = Memory::default();
        assert_eq!(deploy(&cloud, &desired).1, Verdict::Done);
        let mut seen = 0;
        for (id, body) in cloud.bodies() {
            // Revisions never change, the tag of an image is its content, and jobs are not kept.
            if matches!(id.kind, Kind::TaskDefinition | Kind::Image | Kind::Job) {
                continue;
            }
            let mut all = Vec::new();
            places(&serde_json::to_value(&body).expect("JSON"), "", &mut all);
            for place in all.iter().filter(|place| !is_let_be(&id, place)) {
                let Some(other) = changed(&body, place) else { continue };
                cloud.tamper(&id, |body| *body = other);
                let plan = plan_again(&cloud, &desired);
                let found = plan.steps.iter().find(|step| step.resource == id);
                let step = found.unwrap_or_else(|| panic!("{id} {place}: {:?}", plan.steps));
                assert!(!step.changes.is_empty(), "{id} {place}");
                assert_eq!(deploy(&cloud, &desired).1, Verdict::Done, "{id} {place}");
                assert_eq!(plan_again(&cloud, &desired).steps, [], "{id} {place}");
                seen += 1;
            }
        }
        assert!(seen > 150, "{seen}");
    }
}

#[test]
fn a_policy_too_many_and_one_too_few_are_seen() {
    let (cloud, desired) = (Memory::default(), everything());
    deploy(&cloud, &desired);
    let role = ResourceId::new(Kind::Role, "web");
    let take = |body: &mut Body| match body {
        Body::Role(role) => role.policy.take(),
        other => panic!("{other:?}"),
    };
    let mut taken = None;
    cloud.tamper(&role, |body| taken = take(body));
    let plan = plan_again(&cloud, &desired);
    assert_eq!(only(&plan), (&role, Some(Cause::Drift)), "{:?}", plan.steps);
    deploy(&cloud, &desired);
    // The other way round: one that the file does not ask for.
    let mut without = desired.clone();
    if let Body::Role(role) = &mut without.resources[&role].body {
        role.policy = None;
    }
    let plan = plan_again(&cloud, &without);
    let gone = plan.steps[0].changes.iter().find(|change| change.path == "PolicyDocument");
    assert!(gone.is_some_and(|change| change.to.is_none()), "{:?}", plan.steps);
}

fn only(plan: &Plan) -> (&ResourceId, Option<Cause>) {
    let [step] = &plan.steps[..] else { panic!("{:?}", plan.steps) };
    (&step.resource, step.cause)
}

fn web(path: &str) -> Desired {
    let mut desired = project(&format!(
        "services: {{web: {{image: 'x:1', ports: ['80:80'], x-ecs: {{http: {{health_check: {path}}}}}}}}}\n"
    ));
    sign(&mut desired);
    desired
}

#[test]
fn a_change_of_the_file_is_told_from_one_in_aws() {
    let cloud = Memory::default();
    deploy(&cloud, &web("/a"));
    let group = ResourceId::new(Kind::TargetGroup, "web-80");
    assert_eq!(only(&plan_again(&cloud, &web("/b"))), (&group, Some(Cause::File)));
    cloud.tamper(&group, |body| {
        if let Body::TargetGroup(group) = body {
            group.create.health_check_path = Some("/c".to_owned());
        }
    });
    assert_eq!(only(&plan_again(&cloud, &web("/a"))), (&group, Some(Cause::Drift)));
    // What an older decklift made says nothing, and is not touched for that.
    let cloud = Memory::default();
    let unsigned = {
        let mut desired = web("/a");
        for resource in desired.resources.values_mut() {
            resource.body.set_tag("decklift:hash", "");
        }
        desired
    };
    deploy(&cloud, &unsigned);
    assert_eq!(plan_again(&cloud, &web("/a")).steps, []);
}

#[test]
fn a_new_image_changes_nothing_about_its_service() {
    let file = |image: &str| {
        let mut desired = project(&format!("services: {{web: {{image: 'x:{image}'}}}}\n"));
        sign(&mut desired);
        desired
    };
    let cloud = Memory::default();
    deploy(&cloud, &file("1"));
    let plan = plan_again(&cloud, &file("2"));
    let service = plan.steps.iter().find(|step| step.resource.kind == Kind::Service);
    let service = service.expect("a new deployment");
    let paths: Vec<&str> = service.changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!((paths, service.cause), (vec!["taskDefinition"], None));
    let task = plan.steps.iter().find(|step| step.resource.kind == Kind::TaskDefinition);
    assert_eq!(task.and_then(|step| step.cause), Some(Cause::File));
}
