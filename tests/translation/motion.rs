//! `x-ecs.autoscaling` and `x-ecs.rollout`, as they are written.

use std::fs;

use decklift::compose::{LoadOptions, load};
use decklift::diagnostic::{Code, Severity};
use decklift::ecs::facts::Facts;
use decklift::ecs::translate;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{self, request};

const WEB: &str = "services:\n  web:\n    image: acme/web:1\n    ports: ['80:8080']\n    x-ecs:\n";

/// A request of a service with this `x-ecs`.
fn made(settings: &str, path: &str) -> Value {
    let (_, done) = support::read(&format!("{WEB}      {settings}\n"), &[]);
    assert!(!done.diagnostics.has_errors(), "{:?}", done.diagnostics);
    request(&done, path)
}

/// The one error of the file: its code, its help, and the text where it stands.
fn fault(settings: &str) -> (Code, String, String) {
    let text = format!("{WEB}      {settings}\n");
    let directory = TempDir::new().expect("a directory");
    fs::write(directory.path().join("compose.yaml"), &text).expect("a file");
    let cwd = directory.path().to_path_buf();
    let loaded = load(&LoadOptions { cwd, ..LoadOptions::default() });
    let mut all = loaded.diagnostics;
    all.extend(loaded.outcomes);
    if let Some(project) = &loaded.project {
        all.extend(translate(project, None, &Facts::offline(Some("eu-west-1"))).diagnostics);
    }
    let errors: Vec<_> = all.iter().filter(|found| found.severity == Severity::Error).collect();
    let [found] = errors.as_slice() else { panic!("{settings}: {errors:?}") };
    let span = found.labels.first().expect("a place").span;
    let range =
        usize::try_from(span.start).expect("small")..usize::try_from(span.end).expect("small");
    let place = text.get(range).expect("between characters").to_owned();
    (found.code, found.help.clone().unwrap_or_default(), place)
}

#[test]
fn times_may_stand_in_a_list_or_alone() {
    let entry = "{expression: 'cron(0 8 ? * MON-FRI *)', timezone: Europe/Berlin, min: 4}";
    for schedule in [entry.to_owned(), format!("[{entry}]")] {
        let settings = format!("autoscaling: {{max: 8, schedule: {schedule}}}");
        let (_, done) = support::read(&format!("{WEB}      {settings}\n"), &[]);
        let files = decklift::export::requests(&done.desired);
        let path = files.iter().find(|file| file.path.contains("put-scheduled-action"));
        let action = request(&done, &path.expect("an action").path);
        assert_eq!(action["Timezone"], "Europe/Berlin");
        assert_eq!(action["ScalableTargetAction"], json!({"MinCapacity": 4}));
    }
}

#[test]
fn a_queue_has_a_name_or_an_arn() {
    for queue in ["name: orders", "arn: 'arn:aws:sqs:eu-west-1:123456789012:orders'"] {
        let settings = format!("autoscaling: {{max: 8, queue: {{{queue}, messages: 25}}}}");
        let policy = made(&settings, "application-autoscaling/put-scaling-policy/web+queue.json");
        let tracking = &policy["TargetTrackingScalingPolicyConfiguration"];
        assert_eq!(tracking["TargetValue"], 25.0);
        let metrics = &tracking["CustomizedMetricSpecification"]["Metrics"];
        assert_eq!(metrics[0]["MetricStat"]["Metric"]["Dimensions"][0]["Value"], "orders");
    }
}

#[test]
fn what_scaling_does_not_know_is_said_where_it_stands() {
    let (code, help, place) = fault("autoscaling: {max: 8, queue: {name: orders, mesages: 25}}");
    assert_eq!((code, &*place), (Code::UnknownAttribute, "mesages"));
    assert!(help.contains("`messages`"), "{help}");
    for (settings, code, place) in [
        ("{max: 8, queue: {messages: 25}}", Code::MissingAttribute, "{messages: 25}"),
        (
            "{max: 8, queue: {arn: 'arn:aws:sns:eu-west-1:1:a', messages: 25}}",
            Code::InvalidValue,
            "'arn:aws:sns:eu-west-1:1:a'",
        ),
        (
            "{max: 8, queue: {name: a, arn: 'arn:aws:sqs:eu-west-1:1:b', messages: 25}}",
            Code::Conflict,
            "a",
        ),
        (
            "{max: 8, queue: {arn: 'arn:aws:sqs:us-east-1:123456789012:a', messages: 25}}",
            Code::InvalidValue,
            "'arn:aws:sqs:us-east-1:123456789012:a'",
        ),
        ("{max: 8, schedule: daily}", Code::WrongType, "daily"),
        ("{max: 8, schedule: [{min: 2}]}", Code::MissingAttribute, "{min: 2}"),
        (
            "{max: 8, schedule: [{expression: rate(1 day)}]}",
            Code::MissingAttribute,
            "{expression: rate(1 day)}",
        ),
        (
            "{max: 8, schedule: [{expression: cron(0 8 * * *), min: 2}]}",
            Code::InvalidValue,
            "cron(0 8 * * *)",
        ),
    ] {
        let (found, _, at) = fault(&format!("autoscaling: {settings}"));
        assert_eq!((found, &*at), (code, place), "{settings}");
    }
    let (code, help, place) = fault(
        "autoscaling: {max: 8, schedule: [{expression: rate(1 day), min: 2, time_zone: UTC}]}",
    );
    assert_eq!((code, &*place), (Code::UnknownAttribute, "time_zone"));
    assert!(help.contains("`timezone`"), "{help}");
}

#[test]
fn a_rollout_of_each_strategy() {
    let config = |rollout: &str| {
        let settings = format!("rollout: {{{rollout}}}");
        made(&settings, "ecs/create-service/web.json")["deploymentConfiguration"].clone()
    };
    assert_eq!(config("strategy: rolling").get("strategy"), None);
    let found = config("strategy: blue-green, bake: 15m, pause: true");
    assert_eq!(
        (&found["strategy"], &found["bakeTimeInMinutes"]),
        (&json!("BLUE_GREEN"), &json!(15))
    );
    assert_eq!(found["lifecycleHooks"][0]["targetType"], "PAUSE");
    let found = config("strategy: canary, percent: 10%, pause: 30m");
    assert_eq!(
        found["canaryConfiguration"],
        json!({"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 30})
    );
    let found = config("strategy: linear, percent: 25, pause: false");
    assert_eq!(
        found["linearConfiguration"],
        json!({"stepPercent": 25.0, "stepBakeTimeInMinutes": 6})
    );
}

#[test]
fn what_rollouts_do_not_know_is_said_where_it_stands() {
    for (settings, code, place) in [
        ("{strategy: green}", Code::InvalidValue, "green"),
        ("{strategy: canary, percent: 0}", Code::InvalidValue, "0"),
        ("{strategy: canary, pause: 30}", Code::WrongType, "30"),
        ("{percent: 10}", Code::InvalidValue, "10"),
        ("{strategy: rolling, pause: 10m}", Code::InvalidValue, "10m"),
    ] {
        let (found, _, at) = fault(&format!("rollout: {settings}"));
        assert_eq!((found, &*at), (code, place), "{settings}");
    }
    let (code, help, place) = fault("rollout: {strategie: canary}");
    assert_eq!((code, &*place), (Code::UnknownAttribute, "strategie"));
    assert!(help.contains("`strategy`"), "{help}");
}
