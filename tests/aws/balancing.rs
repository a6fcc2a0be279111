//! Load balancers of every kind: HTTPS, rules that move, one inside the VPC, one for what does not
//! speak HTTP.

use decklift::compose::{LoadOptions, load};
use decklift::ecs::desired::*;
use decklift::ecs::facts::Facts;
use decklift::ecs::translate;
use decklift::plan::{Action, Actual, Removal, plan, plan_removal};

use crate::emulator::Emulator;
use crate::{carry_out, changes, connect, list, observe, route_out, stack};

const COMPOSE: &str = r#"
x-ecs:
  certificate: arn:aws:acm:us-east-1:123456789012:certificate/0123
services:
  web:
    image: acme/web:1
    ports: ["80:8000"]
  api:
    image: acme/api:1
    ports: ["443:8000", "9090:9090", "5353:5353/udp"]
    x-ecs:
      http: {host: [api.example.com, "*.api.example.com"], path: /v1}
      ports: {9090: internal, 5353: public}
  docs:
    image: acme/docs:1
    ports: ["443:8000"]
    x-ecs: {http: {path: /docs}}
"#;

/// What leads to the services, without them.
fn desired(project: &str, facts: &Facts) -> Desired {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("compose.yaml"), format!("name: {project}\n{COMPOSE}"))
        .expect("a file");
    let options = LoadOptions { cwd: folder.path().into(), ..LoadOptions::default() };
    let loaded = load(&options);
    let project = loaded.project.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    let done = translate(&project, None, facts);
    assert!(!done.diagnostics.has_errors(), "{:?}", done.diagnostics);
    let mut desired = done.desired;
    desired.resources.retain(|id, _| {
        (Kind::SecurityGroup..=Kind::ListenerRule).contains(&id.kind)
            && !matches!(id.kind, Kind::FileSystem | Kind::MountTarget | Kind::AccessPoint)
    });
    desired
}

fn rule<'a>(desired: &'a mut Desired, name: &str) -> &'a mut ListenerRule {
    let id = ResourceId::new(Kind::ListenerRule, name);
    match desired.resources.get_mut(&id).map(|resource| &mut resource.body) {
        Some(Body::ListenerRule(rule)) => rule,
        _ => panic!("no {id}"),
    }
}

#[tokio::test(flavor = "current_thread")]
async fn rules_change_places_and_everything_reads_back() {
    let Some(emulator) = Emulator::start("balancing") else { return };
    let aws = connect(&emulator.endpoint).await;
    route_out(&emulator.endpoint);
    let request = decklift::aws::NetworkRequest { load_balancer: true, ..Default::default() };
    let facts = aws.facts(&request).await.expect("facts");
    let name = stack("lb");
    let mut desired = desired(&name, &facts);
    let balancers = desired.resources.keys().filter(|id| id.kind == Kind::LoadBalancer).count();
    assert_eq!(balancers, 3);
    let first = plan(&desired, &Actual::default());
    let open: Vec<_> = first.public.iter().map(|o| (&*o.scheme, o.port)).collect();
    assert_eq!(open, [("http", 80), ("https", 443), ("udp", 5353), ("https", 443), ("https", 443)]);
    let made = carry_out(&aws, &desired, &first).await;
    assert_eq!(list(&changes(&aws, &desired).await), Vec::<String>::new());
    // An answer was lost.
    let again = carry_out(&aws, &desired, &first).await;
    assert_eq!(made.len(), again.len());
    for (id, changed) in &made {
        assert_eq!(changed.attributes, again[id].attributes, "{id}");
    }

    // Two rules want each other's priority.
    let (api, docs) =
        (rule(&mut desired, "443-api").priority, rule(&mut desired, "443-docs").priority);
    rule(&mut desired, "443-api").priority = docs;
    rule(&mut desired, "443-docs").priority = api;
    let swap = changes(&aws, &desired).await;
    assert_eq!(swap.steps.iter().filter(|s| s.action == Action::Update).count(), 2);
    carry_out(&aws, &desired, &swap).await;
    assert_eq!(list(&changes(&aws, &desired).await), Vec::<String>::new());

    // Another rule wants the priority of one that goes.
    let old = ResourceId::new(Kind::ListenerRule, "443-docs");
    let place = desired.resources.get_index_of(&old).expect("a rule");
    let (_, mut resource) = desired.resources.shift_remove_index(place).expect("a rule");
    resource.id = ResourceId::new(Kind::ListenerRule, "443-more");
    let Body::ListenerRule(body) = &mut resource.body else { panic!("no rule") };
    body.conditions[0].path_pattern_config =
        Some(ConditionValues { values: vec!["/more/*".to_owned()] });
    for tag in body.tags.iter_mut().filter(|tag| tag.key == "decklift:resource") {
        tag.value = resource.id.to_string();
    }
    desired.resources.shift_insert(place, resource.id.clone(), resource);
    let next = changes(&aws, &desired).await;
    let actions: Vec<Action> = next.steps.iter().map(|step| step.action).collect();
    assert_eq!(actions, [Action::Create, Action::Delete], "{:#?}", list(&next));
    carry_out(&aws, &desired, &next).await;
    assert_eq!(list(&changes(&aws, &desired).await), Vec::<String>::new());

    let actual = observe(&aws, &desired).await;
    let last = plan_removal(&desired.stack, &actual, Removal::default());
    let nothing = Desired { stack: desired.stack.clone(), ..Desired::default() };
    carry_out(&aws, &nothing, &last).await;
    assert_eq!(observe(&aws, &desired).await, Actual::default());
}
