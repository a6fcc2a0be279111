use serde_json::json;

use super::*;
use crate::diagnostic::Severity;
use crate::ecs::testing::{at, ecs_service, has, loud, port, resource, run, service, volume_mount};
use crate::ecs::validate;

fn scaling(min: u32, max: u32) -> Autoscaling {
    Autoscaling {
        min: Some(at(min)),
        max: Some(at(max)),
        cpu: Some(at(70.0)),
        ..Autoscaling::default()
    }
}

#[test]
fn a_target_and_a_policy_for_each_metric() {
    let mut web = service("web", "acme/web:1");
    web.ports = vec![port(80, 8080)];
    web.deploy.replicas = Some(at(9));
    web.extension.autoscaling = Some(at(Autoscaling {
        memory: Some(at(80.0)),
        requests: Some(at(500.0)),
        cooldown: Some(at(60)),
        ..scaling(2, 6)
    }));
    let done = run(vec![web]);
    assert!(!done.diagnostics.has_errors());
    assert_eq!(validate(&done.desired), []);
    assert_eq!(ecs_service(&done, "web").desired_count, 6);
    let target = resource(&done, Kind::ScalableTarget, "web");
    let request = &target.requests()[0];
    assert_eq!(
        (request.service, request.operation),
        ("application-autoscaling", "register-scalable-target",)
    );
    assert_eq!(request.body["ResourceId"], "service/shop/shop-web");
    assert_eq!(request.body["MinCapacity"], 2);
    assert_eq!(request.body["MaxCapacity"], 6);
    let policy = resource(&done, Kind::ScalingPolicy, "web+requests").requests().remove(0);
    assert_eq!(
        policy.body["TargetTrackingScalingPolicyConfiguration"],
        json!({
            "TargetValue": 500.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ALBRequestCountPerTarget",
                "ResourceLabel":
                    "${load-balancer/alb/label}/${target-group/web-8080/label}",
            },
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 60,
        })
    );
    assert!(has(&done, Kind::ScalingPolicy, "web+cpu"));
    assert!(has(&done, Kind::ScalingPolicy, "web+memory"));
}

#[test]
fn fewer_replicas_than_the_least_start_as_the_least() {
    let mut web = service("web", "acme/web:1");
    web.extension.autoscaling = Some(at(scaling(3, 6)));
    let done = run(vec![web]);
    assert_eq!(ecs_service(&done, "web").desired_count, 3);
    assert_eq!(loud(&done.diagnostics), []);
}

#[test]
fn what_cannot_scale_is_refused() {
    let refused = |scaling: Autoscaling, code| {
        let mut web = service("web", "acme/web:1");
        web.extension.autoscaling = Some(at(scaling));
        let done = run(vec![web]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Error, code)]);
        assert!(!has(&done, Kind::ScalableTarget, "web"));
    };
    refused(scaling(4, 2), Code::InvalidValue);
    refused(Autoscaling { cpu: None, ..scaling(1, 2) }, Code::MissingAttribute);
    refused(Autoscaling { cpu: Some(at(120.0)), ..scaling(1, 2) }, Code::InvalidValue);
    refused(Autoscaling { requests: Some(at(100.0)), ..scaling(1, 2) }, Code::Refused);
}

#[test]
fn a_database_and_a_job_do_not_scale() {
    let mut db = service("db", "postgres:1");
    db.mounts = vec![volume_mount("data", "/var/lib/postgresql/data")];
    db.extension.autoscaling = Some(at(scaling(1, 2)));
    assert_eq!(loud(&run(vec![db]).diagnostics), [(Severity::Error, Code::Refused)]);
    let mut job = service("seed", "acme/seed:1");
    job.extension.job = Some(at(true));
    job.extension.autoscaling = Some(at(scaling(1, 2)));
    let done = run(vec![job]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
    assert!(!has(&done, Kind::ScalableTarget, "seed"));
}

fn timed(expression: &str, min: Option<u32>, max: Option<u32>) -> Located<ScheduledScaling> {
    at(ScheduledScaling {
        expression: at(expression.to_owned()),
        timezone: None,
        min: min.map(at),
        max: max.map(at),
    })
}

fn queue(name: &str, messages: f64) -> Option<Located<QueueScaling>> {
    let (name, messages) = (at(name.to_owned()), at(messages));
    Some(at(QueueScaling { name, arn: None, messages }))
}

#[test]
fn an_action_for_each_time() {
    let mut web = service("web", "acme/web:1");
    let mut morning = timed("cron(0 8 ? * MON-FRI *)", Some(4), Some(12));
    morning.value.timezone = Some(at("Europe/Berlin".to_owned()));
    let evening = timed("cron(0 20 * * ? *)", Some(1), None);
    web.extension.autoscaling =
        Some(at(Autoscaling { cpu: None, schedule: vec![morning, evening], ..scaling(1, 4) }));
    let first = run(vec![web.clone()]);
    assert_eq!(loud(&first.diagnostics), []);
    assert_eq!(validate(&first.desired), []);
    assert_eq!(ecs_service(&first, "web").desired_count, 1);
    let requests = |done: &crate::ecs::Translation| -> Vec<_> {
        let all = done.desired.resources.values().flat_map(|resource| resource.requests());
        all.filter(|request| request.operation == "put-scheduled-action").collect()
    };
    let made = requests(&first);
    assert_eq!(
        made[0].body,
        json!({
            "ScheduledActionName": made[0].body["ScheduledActionName"],
            "ServiceNamespace": "ecs",
            "ResourceId": "service/shop/shop-web",
            "ScalableDimension": "ecs:service:DesiredCount",
            "Schedule": "cron(0 8 ? * MON-FRI *)",
            "Timezone": "Europe/Berlin",
            "ScalableTargetAction": {"MinCapacity": 4, "MaxCapacity": 12},
        })
    );
    assert_eq!(made[1].body["ScalableTargetAction"], json!({"MinCapacity": 1}));
    // What stays keeps its name.
    web.extension.autoscaling.as_mut().expect("one").value.schedule.remove(0);
    let left = requests(&run(vec![web]));
    assert_eq!(left, [made[1].clone()]);
}

#[test]
fn the_messages_of_a_queue_are_shared_by_the_tasks() {
    let mut worker = service("worker", "acme/worker:1");
    worker.extension.autoscaling =
        Some(at(Autoscaling { cpu: None, queue: queue("orders.fifo", 40.0), ..scaling(0, 9) }));
    let done = run(vec![worker]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    assert_eq!(validate(&done.desired), []);
    let request = resource(&done, Kind::ScalingPolicy, "worker+queue").requests().remove(0);
    let tracking = &request.body["TargetTrackingScalingPolicyConfiguration"];
    assert_eq!(tracking["TargetValue"], 40.0);
    assert!(tracking.get("PredefinedMetricSpecification").is_none());
    let metrics = &tracking["CustomizedMetricSpecification"]["Metrics"];
    assert_eq!(
        metrics[0]["MetricStat"]["Metric"]["Dimensions"],
        json!([{"Name": "QueueName", "Value": "orders.fifo"}])
    );
    assert_eq!(
        metrics[1]["MetricStat"]["Metric"]["Dimensions"],
        json!([
            {"Name": "ClusterName", "Value": "shop"},
            {"Name": "ServiceName", "Value": "shop-worker"},
        ])
    );
    assert_eq!(
        (&metrics[2]["Expression"], &metrics[2]["ReturnData"]),
        (&json!("messages / IF(tasks > 0, tasks, 1)"), &json!(true))
    );
}

#[test]
fn times_and_queues_that_are_none() {
    let refused = |scaling: Autoscaling, wanted: &[(Severity, Code)]| {
        let mut web = service("web", "acme/web:1");
        web.extension.autoscaling = Some(at(scaling));
        let done = run(vec![web]);
        assert_eq!(loud(&done.diagnostics), wanted);
        assert_eq!(
            has(&done, Kind::ScalableTarget, "web"),
            wanted.iter().all(|(severity, _)| *severity != Severity::Error)
        );
    };
    let invalid = [(Severity::Error, Code::InvalidValue)];
    let at_times = |schedule| Autoscaling { schedule, ..scaling(1, 4) };
    for expression in [
        "every day",
        "cron(0 8 * * *)",
        "rate(0 days)",
        "at(2027-02-29T08:00:00)",
        "at(2027-01-01)",
    ] {
        refused(at_times(vec![timed(expression, Some(2), None)]), &invalid);
    }
    refused(at_times(vec![timed("at(2028-02-29T08:00:00)", Some(2), None)]), &[]);
    refused(at_times(vec![timed("rate(1 day)", Some(5), None)]), &invalid);
    refused(at_times(vec![timed("rate(1 day)", Some(5), Some(3))]), &invalid);
    let twice = vec![timed("rate(1 day)", Some(2), None), timed("rate(1 day)", Some(3), None)];
    refused(at_times(twice), &[(Severity::Error, Code::Conflict)]);
    let zoned = |expression, zone: &str| {
        let mut entry = timed(expression, Some(2), None);
        entry.value.timezone = Some(at(zone.to_owned()));
        at_times(vec![entry])
    };
    refused(zoned("cron(0 8 * * ? *)", "berlin time"), &invalid);
    refused(zoned("rate(1 day)", "Europe/Berlin"), &[(Severity::Warning, Code::Ignored)]);
    for name in ["a/b", "", ".fifo", &"q".repeat(81)] {
        refused(Autoscaling { queue: queue(name, 1.0), ..scaling(1, 4) }, &invalid);
    }
    refused(Autoscaling { queue: queue("orders", 0.0), ..scaling(1, 4) }, &invalid);
}

#[test]
fn the_balancer_that_is_reached_counts_the_requests() {
    use crate::compose::model::PortExposure;
    let mut web = service("web", "acme/web:1");
    web.ports = vec![port(80, 8080)];
    web.extension.ports.insert(8080, at(PortExposure::Internal));
    web.extension.autoscaling =
        Some(at(Autoscaling { cpu: None, requests: Some(at(100.0)), ..scaling(1, 4) }));
    let done = run(vec![web]);
    assert_eq!(validate(&done.desired), []);
    let policy = resource(&done, Kind::ScalingPolicy, "web+requests").requests().remove(0);
    let metric = &policy.body["TargetTrackingScalingPolicyConfiguration"];
    assert_eq!(
        metric["PredefinedMetricSpecification"]["ResourceLabel"],
        "${load-balancer/alb-internal/label}/${target-group/web-8080/label}"
    );
}

#[test]
fn a_daemon_has_no_number_to_change() {
    use crate::compose::model::{Launch, Mode};
    let mut agent = service("agent", "acme/agent:1");
    agent.extension.launch = Some(at(Launch::Ec2));
    agent.deploy.mode = Some(at(Mode::Global));
    agent.extension.autoscaling = Some(at(scaling(1, 4)));
    let done = run(vec![agent]);
    assert!(loud(&done.diagnostics).contains(&(Severity::Error, Code::Refused)));
}

fn stepped(up: &[(f64, u32)], down: &[(f64, u32)]) -> Autoscaling {
    use crate::compose::model::{Step, StepMetric};
    let step =
        |(threshold, tasks): &(f64, u32)| at(Step { threshold: at(*threshold), tasks: at(*tasks) });
    let entry = StepScaling {
        metric: at(StepMetric::Memory),
        up: up.iter().map(step).collect(),
        down: down.iter().map(step).collect(),
        cooldown: None,
        minutes: Some(at(5)),
    };
    Autoscaling { cpu: None, cooldown: Some(at(60)), steps: vec![at(entry)], ..scaling(1, 8) }
}

#[test]
fn steps_are_a_policy_and_an_alarm_for_each_way() {
    let mut web = service("web", "acme/web:1");
    web.extension.autoscaling = Some(at(stepped(&[(70.0, 1), (90.0, 3)], &[(30.0, 1), (10.0, 2)])));
    let done = run(vec![web]);
    assert!(!done.diagnostics.has_errors());
    assert_eq!(validate(&done.desired), []);
    let body = |kind, way: &str| {
        let id = format!("web+steps-memory-{way}");
        resource(&done, kind, &id).requests().remove(0).body
    };
    // What lies between two thresholds belongs to the nearer one.
    assert_eq!(
        body(Kind::ScalingPolicy, "up")["StepScalingPolicyConfiguration"],
        json!({
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [
                {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 20.0,
                 "ScalingAdjustment": 1},
                {"MetricIntervalLowerBound": 20.0, "ScalingAdjustment": 3},
            ],
            "Cooldown": 60,
            "MetricAggregationType": "Average",
        })
    );
    assert_eq!(
        body(Kind::ScalingPolicy, "down")["StepScalingPolicyConfiguration"]["StepAdjustments"],
        json!([
            {"MetricIntervalLowerBound": -20.0, "MetricIntervalUpperBound": 0.0,
             "ScalingAdjustment": -1},
            {"MetricIntervalUpperBound": -20.0, "ScalingAdjustment": -2},
        ])
    );
    let (up, down) = (body(Kind::Alarm, "up"), body(Kind::Alarm, "down"));
    let starts = |way: &str| json!([format!("${{scaling-policy/web+steps-memory-{way}/arn}}")]);
    assert_eq!((&up["AlarmActions"], &down["AlarmActions"]), (&starts("up"), &starts("down")));
    assert_eq!((&up["Threshold"], &down["Threshold"]), (&json!(70.0), &json!(30.0)));
    assert_eq!(
        (&up["ComparisonOperator"], &down["ComparisonOperator"]),
        (&json!("GreaterThanThreshold"), &json!("LessThanThreshold"))
    );
    assert_eq!(
        (&up["AlarmName"], &up["EvaluationPeriods"]),
        (&json!("shop-web-steps-memory-up"), &json!(5))
    );
    // A way that nobody wants has neither.
    let mut web = service("web", "acme/web:1");
    web.extension.autoscaling = Some(at(stepped(&[(70.0, 1)], &[])));
    let done = run(vec![web]);
    assert!(has(&done, Kind::Alarm, "web+steps-memory-up"));
    assert!(!has(&done, Kind::Alarm, "web+steps-memory-down"));
    assert!(!has(&done, Kind::ScalingPolicy, "web+steps-memory-down"));
}

#[test]
fn steps_that_contradict_each_other_are_refused_all_at_once() {
    let found = |scaling: Autoscaling| {
        let mut web = service("web", "acme/web:1");
        web.extension.autoscaling = Some(at(scaling));
        let done = run(vec![web]);
        let errors = done.diagnostics.iter().filter(|found| found.severity == Severity::Error);
        errors.map(|found| found.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(found(stepped(&[(70.0, 1)], &[(70.0, 1)])), Vec::<String>::new());
    let order = "the steps are out of order, or overlap";
    assert_eq!(found(stepped(&[(90.0, 3), (70.0, 1)], &[])), [order]);
    assert_eq!(found(stepped(&[(70.0, 1), (70.0, 2)], &[])), [order]);
    assert_eq!(found(stepped(&[], &[(10.0, 2), (30.0, 1)])), [order]);
    let crossed = "between the two tasks would come and go at once";
    assert_eq!(found(stepped(&[(30.0, 1)], &[(70.0, 1)])), [crossed]);
    assert_eq!(
        found(stepped(&[(100.0, 0)], &[(0.0, 1)])),
        ["nothing lies above that share", "`add` is no task", "nothing lies below that share"]
    );
    let aimed = Autoscaling { memory: Some(at(50.0)), ..stepped(&[(70.0, 1)], &[]) };
    assert_eq!(found(aimed), ["`memory` is aimed at, and has steps"]);
    let mut twice = stepped(&[(70.0, 1)], &[]);
    twice.steps.push(twice.steps[0].clone());
    twice.steps[1].value.minutes = Some(at(0));
    assert_eq!(found(twice), ["`minutes` is no time", "`memory` has steps twice"]);
    let many: Vec<(f64, u32)> = (0..21).map(|n| (f64::from(n), 1)).collect();
    assert_eq!(found(stepped(&many, &[])), ["21 steps in one direction"]);
}
