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
