//! What runs by the clock, and the certificate of a domain.

use decklift::apply::cloud::{Cloud, CloudErrorKind};
use decklift::aws::NetworkRequest;
use decklift::compose::{LoadOptions, load};
use decklift::ecs::desired::*;
use decklift::ecs::facts::Facts;
use decklift::ecs::translate;
use decklift::plan::{Action, Actual, Removal, plan, plan_removal};

use crate::emulator::Emulator;
use crate::{carry_out, changes, connect, list, observe, route_out, stack};

/// What shares no network with a job has no name for it, for which an image would be needed.
const COMPOSE: &str = "
services:
  web: {image: 'acme/web:1', ports: ['443:8000']}
  report: {image: 'acme/report:1', networks: [clock], x-ecs: {schedule: 'cron(0 3 * * ? *)'}}
  sweep: {image: 'acme/sweep:1', networks: [clock], scale: 2, x-ecs: {schedule: 'rate(5 minutes)'}}
networks: {clock: {}}
x-ecs: {certificate: shop.example.com}
";

/// Everything but the service and its tasks.
fn desired(text: &str, facts: &Facts) -> Desired {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
    let loaded = load(&LoadOptions { cwd: folder.path().into(), ..LoadOptions::default() });
    let project = loaded.project.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    let done = translate(&project, None, facts);
    assert!(!done.diagnostics.has_errors(), "{:?}", done.diagnostics);
    let mut desired = done.desired;
    desired.resources.retain(|id, _| id.kind != Kind::Service);
    desired
}

fn steps(plan: &decklift::plan::Plan) -> Vec<(Action, String)> {
    plan.steps.iter().map(|step| (step.action, step.resource.to_string())).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn schedules_are_made_changed_and_deleted_and_a_certificate_is_found() {
    let Some(emulator) = Emulator::start("clock") else { return };
    let aws = connect(&emulator.endpoint).await;
    route_out(&emulator.endpoint);
    let name = stack("clock");
    let domain = format!("{name}.example.com");
    let request = NetworkRequest {
        load_balancer: true,
        certificate: Some(domain.clone()),
        ..NetworkRequest::default()
    };
    let error = aws.facts(&request).await.expect_err("no certificate");
    assert!(error.message.contains(&domain), "{error:?}");
    aws.issue_certificate(&domain).await.expect("a certificate");
    // One is enough.
    aws.issue_certificate(&domain).await.expect("a certificate");
    let facts = aws.facts(&request).await.expect("facts");
    let arn = facts.certificates[&domain].clone();
    assert!(arn.starts_with("arn:aws:acm:us-east-1:"), "{arn}");

    let text = format!("name: {name}\n{}", COMPOSE.replace("shop.example.com", &domain));
    let wanted = desired(&text, &facts);
    let listener = ResourceId::new(Kind::Listener, "443");
    let Body::Listener(body) = &wanted.resources[&listener].body else { panic!("no listener") };
    assert_eq!(body.certificates, [Certificate { certificate_arn: arn }]);

    let first = plan(&wanted, &Actual::default());
    let made = carry_out(&aws, &wanted, &first).await;
    assert_eq!(list(&changes(&aws, &wanted).await), Vec::<String>::new());
    // An answer was lost.
    let again = carry_out(&aws, &wanted, &first).await;
    for kind in [Kind::ScheduleGroup, Kind::Schedule] {
        let of = |id: &&ResourceId| id.kind == kind;
        for id in made.keys().filter(of) {
            assert_eq!(made[id].attributes, again[id].attributes, "{id}");
            assert!(made[id].attributes.contains_key(&Attribute::Arn), "{id}");
        }
    }
    // The second revision is what the schedules start, and what is read.
    assert_eq!(list(&changes(&aws, &wanted).await), Vec::<String>::new());

    let later = desired(&text.replace("0 3 *", "30 4 *"), &facts);
    let next = changes(&aws, &later).await;
    assert_eq!(steps(&next), [(Action::Update, "schedule/report".to_owned())]);
    assert_eq!(next.steps[0].changes[0].path, "ScheduleExpression");
    carry_out(&aws, &later, &next).await;
    assert_eq!(list(&changes(&aws, &later).await), Vec::<String>::new());

    // One of two goes; then the last one goes with the group.
    let line = "  report: {image: 'acme/report:1', networks: [clock], x-ecs: {schedule: 'cron(30 4 * * ? *)'}}\n";
    let text = text.replace("0 3 *", "30 4 *");
    assert!(text.contains(line));
    let fewer = desired(&text.replace(line, ""), &facts);
    let next = changes(&aws, &fewer).await;
    assert!(steps(&next).contains(&(Action::Delete, "schedule/report".to_owned())));
    assert!(!steps(&next).iter().any(|(_, id)| id.starts_with("schedule-group")));
    carry_out(&aws, &fewer, &next).await;
    assert_eq!(list(&changes(&aws, &fewer).await), Vec::<String>::new());

    let actual = observe(&aws, &fewer).await;
    let last =
        plan_removal(&fewer.stack, &actual, Removal { volumes: true, images: true, secrets: true });
    let nothing = Desired { stack: fewer.stack.clone(), ..Desired::default() };
    carry_out(&aws, &nothing, &last).await;
    // To delete what is gone is no error.
    carry_out(&aws, &nothing, &last).await;
    assert_eq!(observe(&aws, &wanted).await, Actual::default());
}

#[tokio::test(flavor = "current_thread")]
async fn a_group_of_somebody_else_is_left_alone() {
    let Some(emulator) = Emulator::start("clockown") else { return };
    let aws = connect(&emulator.endpoint).await;
    let name = stack("theirs");
    let facts = Facts::offline(Some("us-east-1"));
    let text = |project: &str| {
        format!(
            "name: {project}\nservices: {{a: {{image: 'x:1', x-ecs: {{schedule: rate(1 day)}}}}}}\n"
        )
    };
    let group = ResourceId::new(Kind::ScheduleGroup, "main");
    let mut theirs = desired(&text("other"), &facts).resources[&group].body.clone();
    if let Body::ScheduleGroup(body) = &mut theirs {
        body.name.clone_from(&name);
    }
    aws.create(&group, &theirs, false).await.expect("a group");
    let wanted = desired(&text(&name), &facts);
    let made = aws.create(&group, &wanted.resources[&group].body, false).await;
    assert_eq!(made.expect_err("not ours").kind, CloudErrorKind::NotOurs);
    let read = aws.observe(&wanted).await;
    assert_eq!(read.expect_err("not ours").kind, CloudErrorKind::NotOurs);
}
