//! What EventBridge Scheduler is sent, and what is made of its answers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::schedule::{observed, target};
use super::*;
use crate::aws::observe::Foreign;
use crate::aws::recorder::Recorder;
use crate::ecs::desired::*;

const GROUP: &str = "arn:aws:scheduler:eu-west-1:1:schedule-group/shop";
const ARN: &str = "arn:aws:scheduler:eu-west-1:1:schedule/shop/shop-report";
const CONFLICT: &str = r#"{"__type":"ConflictException","Message":"exists"}"#;
const GONE: &str = r#"{"__type":"ResourceNotFoundException","Message":"gone"}"#;

fn owned(project: &str) -> Vec<UpperTag> {
    let pairs = [
        ("decklift:environment", "default"),
        ("decklift:project", project),
        ("decklift:resource", "schedule-group/main"),
    ];
    let tag =
        |(key, value): (&str, &str)| UpperTag { key: key.to_owned().into(), value: value.into() };
    pairs.map(tag).into()
}

fn group() -> ScheduleGroup {
    ScheduleGroup { name: "shop".to_owned(), tags: owned("shop") }
}

fn schedule() -> Schedule {
    Schedule {
        name: "shop-report".to_owned(),
        group_name: "shop".to_owned(),
        description: "Runs report of shop".to_owned(),
        schedule_expression: "cron(0 3 * * ? *)".to_owned(),
        schedule_expression_timezone: None,
        flexible_time_window: FlexibleTimeWindow { mode: "OFF".to_owned() },
        target: ScheduleTarget {
            arn: Value::from("arn:cluster"),
            role_arn: Value::from("arn:role"),
            ecs_parameters: EcsParameters {
                task_definition_arn: Value::from("arn:task:3"),
                task_count: 2,
                capacity_provider_strategy: vec![ScheduleCapacity {
                    capacity_provider: "FARGATE".to_owned(),
                    weight: 1,
                    base: 0,
                }],
                launch_type: None,
                placement_constraints: Vec::new(),
                placement_strategy: Vec::new(),
                platform_version: "LATEST".to_owned(),
                network_configuration: Some(ScheduleNetwork {
                    awsvpc: ScheduleVpc {
                        subnets: vec!["subnet-1".into()],
                        security_groups: vec![Value::from("sg-1")],
                        assign_public_ip: "ENABLED".to_owned(),
                    },
                }),
                enable_ecs_managed_tags: true,
                propagate_tags: "TASK_DEFINITION".to_owned(),
            },
        },
    }
}

fn group_answer(state: &str) -> String {
    json!({"Arn": GROUP, "Name": "shop", "State": state}).to_string()
}

fn tags_answer(project: &str) -> String {
    json!({"Tags": owned(project)}).to_string()
}

fn schedule_answer(body: &Schedule, state: &str) -> String {
    let mut json = serde_json::to_value(body).unwrap();
    json["Arn"] = json!(ARN);
    json["State"] = json!(state);
    json["ScheduleExpressionTimezone"] = json!("UTC");
    json.to_string()
}

/// The last part of the path of each request.
fn paths(recorder: &Recorder) -> Vec<String> {
    let path = |uri: String| {
        let end = uri.split_once(".com/").map_or(uri.as_str(), |(_, path)| path).to_owned();
        end.split('?').next().unwrap_or_default().to_owned()
    };
    recorder.operations().into_iter().map(path).collect()
}

fn body(recorder: &Recorder, index: usize) -> Json {
    serde_json::from_str(&recorder.sent()[index].1).unwrap()
}

fn desired(wanted: bool) -> Desired {
    let mut desired = Desired { stack: "shop".to_owned(), ..Desired::default() };
    if wanted {
        desired.insert(Resource {
            id: ResourceId::new(Kind::ScheduleGroup, "main"),
            body: Body::ScheduleGroup(group()),
            service: None,
            origin: None,
            waits: Vec::new(),
            peers: Vec::new(),
            restarts: Vec::new(),
            stateful: false,
        });
    }
    desired
}

fn owner() -> Owner {
    Owner::of(&tags::of_body(&Body::ScheduleGroup(group()))).unwrap()
}

#[tokio::test]
async fn what_is_created_is_what_convert_prints() {
    let made = json!({"ScheduleGroupArn": GROUP}).to_string();
    let recorder = Recorder::new([(200, made.as_str())]);
    let changed = recorder.aws().create_schedule_group(&group()).await.unwrap();
    assert_eq!(changed.attributes[&Attribute::Arn], GROUP);
    assert_eq!(paths(&recorder), ["schedule-groups/shop"]);
    let mut sent = body(&recorder, 0);
    let token = sent.as_object_mut().unwrap().remove("ClientToken").unwrap();
    assert!((1..=64).contains(&token.as_str().unwrap().len()), "{token}");
    assert_eq!(sent, json!({"Tags": owned("shop")}));

    let made = json!({"ScheduleArn": ARN}).to_string();
    let recorder = Recorder::new([(200, made.as_str())]);
    let changed = recorder.aws().create_schedule(&schedule()).await.unwrap();
    assert_eq!(changed.attributes[&Attribute::Arn], ARN);
    assert_eq!(paths(&recorder), ["schedules/shop-report"]);
    let mut sent = body(&recorder, 0);
    assert!(sent.as_object_mut().unwrap().remove("ClientToken").is_some());
    // The name stands in the path.
    sent["Name"] = json!("shop-report");
    assert_eq!(sent, serde_json::to_value(schedule()).unwrap());
}

#[tokio::test]
async fn a_group_that_exists_is_ours_or_refused() {
    let (active, ours, theirs) = (group_answer("ACTIVE"), tags_answer("shop"), tags_answer("x"));
    let recorder = Recorder::new([(409, CONFLICT), (200, &*active), (200, &*ours)]);
    let changed = recorder.aws().create_schedule_group(&group()).await.unwrap();
    assert_eq!(changed.attributes[&Attribute::Arn], GROUP);
    let recorder = Recorder::new([(409, CONFLICT), (200, &*active), (200, &*theirs)]);
    let error = recorder.aws().create_schedule_group(&group()).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::NotOurs);
}

#[tokio::test]
async fn a_group_that_goes_is_waited_for() {
    let (goes, made) = (group_answer("DELETING"), json!({"ScheduleGroupArn": GROUP}).to_string());
    let answers = [(409, CONFLICT), (200, &*goes), (409, CONFLICT), (404, GONE), (200, &*made)];
    let recorder = Recorder::new(answers);
    recorder.aws().create_schedule_group(&group()).await.unwrap();
    assert_eq!(recorder.sent().len(), 5);
    // It does not wait for ever.
    let for_ever = [(409, CONFLICT), (200, goes.as_str())].repeat(1000);
    let recorder = Recorder::new(for_ever);
    let error = recorder.aws().create_schedule_group(&group()).await.unwrap_err();
    assert!(error.message.contains("deleting the old schedule group shop"), "{error:?}");
    // To whoever reads it is gone.
    let recorder = Recorder::new([(200, goes.as_str())]);
    let found = recorder.aws().read_schedules(&desired(true), Some(&owner())).await.unwrap();
    assert!(found.is_empty());
}

#[tokio::test]
async fn a_schedule_that_exists_is_updated_and_stays_paused() {
    let there = schedule_answer(&schedule(), "DISABLED");
    let done = json!({"ScheduleArn": ARN}).to_string();
    let recorder = Recorder::new([(409, CONFLICT), (200, &*there), (200, &*done)]);
    let changed = recorder.aws().create_schedule(&schedule()).await.unwrap();
    assert_eq!(changed.attributes[&Attribute::Arn], ARN);
    assert_eq!(recorder.sent().len(), 3);
    let mut sent = body(&recorder, 2);
    let map = sent.as_object_mut().unwrap();
    map.remove("ClientToken");
    assert_eq!(map.remove("State"), Some(json!("DISABLED")));
    // An update says everything: what it leaves out would go back to a default.
    sent["Name"] = json!("shop-report");
    assert_eq!(sent, serde_json::to_value(schedule()).unwrap());
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_yet_is_waited_for() {
    let unseen = r#"{"__type":"ValidationException","Message":"The execution role you provide must allow AWS EventBridge Scheduler to assume the role."}"#;
    let done = json!({"ScheduleArn": ARN}).to_string();
    let recorder = Recorder::new([(400, unseen), (404, GONE), (200, &*done)]);
    recorder.aws().create_schedule(&schedule()).await.unwrap();
    assert_eq!(recorder.sent().len(), 3);
    let wrong = r#"{"__type":"ValidationException","Message":"Invalid Schedule Expression"}"#;
    let recorder = Recorder::new([(400, wrong)]);
    recorder.aws().create_schedule(&schedule()).await.unwrap_err();
    assert_eq!(recorder.sent().len(), 1);
}

#[tokio::test]
async fn what_is_gone_is_deleted() {
    let recorder = Recorder::new([(404, GONE), (404, GONE)]);
    recorder.aws().delete_schedule(&schedule()).await.unwrap();
    recorder.aws().delete_schedule_group(&group()).await.unwrap();
    assert_eq!(paths(&recorder), ["schedules/shop-report", "schedule-groups/shop"]);
}

#[tokio::test]
async fn a_group_is_read_with_its_schedules() {
    let list = json!({"Schedules": [{"Name": "shop-report"}, {"Name": "shop-other"}]}).to_string();
    let (active, tags) = (group_answer("ACTIVE"), tags_answer("shop"));
    let there = schedule_answer(&schedule(), "ENABLED");
    let answers = [(200, &*active), (200, &*tags), (200, &*list), (200, &*there), (404, GONE)];
    let recorder = Recorder::new(answers);
    // Nothing by the clock is desired any more: everything is an orphan.
    let (desired, owner) = (desired(false), owner());
    let found = recorder.aws().read_schedules(&desired, Some(&owner)).await.unwrap();
    assert_eq!(found[0].observed.body, Body::ScheduleGroup(group()));
    assert_eq!(found[1].observed.body, Body::Schedule(Box::new(schedule())));
    let actual = crate::aws::observe::assemble(
        (&desired, Some(&owner)),
        found,
        Vec::new(),
        Foreign::Refused,
    )
    .unwrap();
    let orphans: Vec<_> = actual.orphans.iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!(orphans, ["schedule-group/main", "schedule/report"]);
}

#[tokio::test]
async fn what_stands_in_a_group_of_others_is_not_read() {
    let (active, tags) = (group_answer("ACTIVE"), tags_answer("other"));
    let recorder = Recorder::new([(200, &*active), (200, &*tags)]);
    let (desired, owner) = (desired(true), owner());
    let found = recorder.aws().read_schedules(&desired, Some(&owner)).await.unwrap();
    assert_eq!((found.len(), recorder.sent().len()), (1, 2));
    let read = |foreign| {
        let whose = (&desired, Some(&owner));
        crate::aws::observe::assemble(whose, found.clone(), Vec::new(), foreign)
    };
    assert_eq!(read(Foreign::Refused).unwrap_err().kind, CloudErrorKind::NotOurs);
    // Whoever deletes leaves it alone, and goes on.
    let actual = read(Foreign::LeftAlone).unwrap();
    let told = actual.foreign.values().next().unwrap();
    assert!(told.ends_with("belongs to project other, environment default"), "{told}");
    let there = actual.resources.keys().chain(actual.orphans.iter().map(|(id, _)| id));
    assert_eq!(there.filter(|id| id.kind == Kind::ScheduleGroup).count(), 0);
}

#[tokio::test]
async fn who_may_not_look_is_only_told_when_schedules_are_wanted() {
    let denied = r#"{"__type":"AccessDeniedException","Message":"no"}"#;
    let recorder = Recorder::new([(403, denied)]);
    let found = recorder.aws().read_schedules(&desired(false), Some(&owner())).await.unwrap();
    assert!(found.is_empty());
    let recorder = Recorder::new([(403, denied)]);
    let read = recorder.aws().read_schedules(&desired(true), Some(&owner())).await;
    assert_eq!(read.unwrap_err().kind, CloudErrorKind::AccessDenied);
}

fn schedules() -> impl Strategy<Value = Schedule> {
    let word = || "[a-z][a-z0-9-]{0,6}";
    let words = || prop::collection::vec(word(), 0..3);
    let strategy = prop::collection::vec((word(), 0..9i32, 0..9i32), 1..3);
    let numbers = (1..10i32, prop::bool::ANY, prop::bool::ANY);
    (word(), word(), "\\PC{0,9}", words(), words(), strategy, numbers).prop_map(
        |(name, group_name, description, subnets, groups, strategy, (count, public, tags))| {
            let mut body = Schedule { name, group_name, description, ..schedule() };
            let parameters = &mut body.target.ecs_parameters;
            parameters.task_count = count;
            parameters.enable_ecs_managed_tags = tags;
            let item = |(capacity_provider, weight, base)| ScheduleCapacity {
                capacity_provider,
                weight,
                base,
            };
            parameters.capacity_provider_strategy = strategy.into_iter().map(item).collect();
            let awsvpc = ScheduleVpc {
                subnets: subnets.into_iter().map(Value::from).collect(),
                security_groups: groups.into_iter().map(Value::from).collect(),
                assign_public_ip: if public { "ENABLED" } else { "DISABLED" }.to_owned(),
            };
            parameters.network_configuration = Some(ScheduleNetwork { awsvpc });
            if tags {
                let one = |kind: &str| kind.to_owned();
                parameters.launch_type = Some(one("EC2"));
                parameters.network_configuration = None;
                parameters.platform_version.clear();
                parameters.capacity_provider_strategy.clear();
                parameters.placement_constraints = vec![PlacementConstraint {
                    kind: one("memberOf"),
                    expression: Some("attribute:rack == 1".to_owned()),
                }];
                parameters.placement_strategy =
                    vec![PlacementStrategy { kind: one("random"), field: None }];
            }
            body
        },
    )
}

proptest! {
    #[test]
    fn a_schedule_comes_back_as_it_was_sent(body in schedules()) {
        let window = sdk::FlexibleTimeWindow::builder().mode(sdk::FlexibleTimeWindowMode::Off);
        let described = aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput::builder()
            .name(&body.name)
            .group_name(&body.group_name)
            .description(&body.description)
            .schedule_expression(&body.schedule_expression)
            .flexible_time_window(window.build().unwrap())
            .target(target(&body.target).unwrap())
            .build();
        prop_assert_eq!(observed(&described), body);
    }
}
