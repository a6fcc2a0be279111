use serde_json::json;

use super::*;
use crate::compose::model::{Autoscaling, Launch, Mode, PortExposure, Service};
use crate::diagnostic::Severity;
use crate::ecs::testing::{
    at, ecs_service, facts, has, loud, port, project, resource, run, seconds, service, volume_mount,
};
use crate::ecs::{Translation, translate, validate};

fn rollout(strategy: Strategy) -> Rollout {
    Rollout { strategy: Some(at(strategy)), ..Rollout::default() }
}

fn web(rollout: Rollout) -> Service {
    let mut web = service("web", "acme/web:1");
    web.ports = vec![port(80, 8080)];
    web.extension.rollout = Some(at(rollout));
    web
}

fn moved(rollout: Rollout) -> Translation {
    run(vec![web(rollout)])
}

fn config(done: &Translation) -> serde_json::Value {
    let request = resource(done, Kind::Service, "web").requests().remove(0);
    request.body["deploymentConfiguration"].clone()
}

const NONE: [(Severity, Code); 0] = [];
const INVALID: [(Severity, Code); 1] = [(Severity::Error, Code::InvalidValue)];
const REFUSED: [(Severity, Code); 1] = [(Severity::Error, Code::Refused)];

#[test]
fn every_strategy_says_all_that_ecs_asks_for() {
    let done = moved(rollout(Strategy::BlueGreen));
    assert_eq!(loud(&done.diagnostics), NONE);
    assert_eq!(validate(&done.desired), []);
    assert_eq!(
        config(&done),
        json!({
            "deploymentCircuitBreaker": {"enable": true, "rollback": true},
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "strategy": "BLUE_GREEN",
            "bakeTimeInMinutes": 5,
        })
    );
    let canary = Rollout {
        percent: Some(at(2.5)),
        pause: Some(at(Pause::For(Duration::from_secs(90)))),
        bake: Some(seconds(600)),
        alarms: vec![at("errors".to_owned())],
        ..rollout(Strategy::Canary)
    };
    let done = moved(canary);
    assert_eq!(loud(&done.diagnostics), NONE);
    assert_eq!(validate(&done.desired), []);
    let found = config(&done);
    assert_eq!((&found["strategy"], &found["bakeTimeInMinutes"]), (&json!("CANARY"), &json!(10)));
    assert_eq!(
        found["canaryConfiguration"],
        json!({"canaryPercent": 2.5, "canaryBakeTimeInMinutes": 2})
    );
    assert_eq!(found["alarms"]["alarmNames"], json!(["errors"]));
    let done = moved(rollout(Strategy::Linear));
    assert_eq!(validate(&done.desired), []);
    assert_eq!(
        config(&done)["linearConfiguration"],
        json!({"stepPercent": 10.0, "stepBakeTimeInMinutes": 6})
    );
    let approved = Rollout { pause: Some(at(Pause::Approval)), ..rollout(Strategy::Linear) };
    let done = moved(approved);
    assert_eq!(validate(&done.desired), []);
    assert_eq!(
        config(&done)["lifecycleHooks"],
        json!([{
            "targetType": "PAUSE",
            "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"],
            "timeoutConfiguration": {"timeoutInMinutes": 1440, "action": "ROLLBACK"},
        }])
    );
}

#[test]
fn requests_are_moved_between_two_target_groups() {
    let done = moved(rollout(Strategy::BlueGreen));
    let request = resource(&done, Kind::Service, "web").requests().remove(0);
    assert_eq!(
        request.body["loadBalancers"],
        json!([{
            "targetGroupArn": "${target-group/web-8080/arn}",
            "containerName": "web",
            "containerPort": 8080,
            "advancedConfiguration": {
                "alternateTargetGroupArn": "${target-group/web-8080-alternate/arn}",
                "productionListenerRule": "${listener-rule/80-web/arn}",
                "roleArn": "${role/load-balancers+infrastructure/arn}",
            },
        }])
    );
    let rule = resource(&done, Kind::ListenerRule, "80-web").requests().remove(0);
    assert_eq!(rule.body["Priority"], 50_000);
    assert_eq!(rule.body["Conditions"][0]["PathPatternConfig"]["Values"], json!(["/*"]));
    assert_eq!(
        rule.body["Actions"],
        json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": [
            {"TargetGroupArn": "${target-group/web-8080/arn}", "Weight": 100},
            {"TargetGroupArn": "${target-group/web-8080-alternate/arn}", "Weight": 0},
        ]}}])
    );
    let group = |name: &str| {
        let request = resource(&done, Kind::TargetGroup, name).requests().remove(0);
        let mut body = request.body;
        let name = body["Name"].take();
        body["Tags"].take();
        (name, body)
    };
    let ((name, one), (other_name, other)) = (group("web-8080"), group("web-8080-alternate"));
    assert_eq!(one, other);
    assert_ne!(name, other_name);
    let role = resource(&done, Kind::Role, "load-balancers+infrastructure").requests();
    assert!(role[0].body["AssumeRolePolicyDocument"].to_string().contains("ecs.amazonaws.com"));
    assert_eq!(
        role[1].body["PolicyArn"],
        "arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers"
    );
    // Nothing of this stands there when tasks take turns.
    let done = moved(rollout(Strategy::Rolling));
    assert!(!has(&done, Kind::Role, "load-balancers+infrastructure"));
    assert!(!has(&done, Kind::ListenerRule, "80-web"));
    assert_eq!(config(&done).get("strategy"), None);
}

#[test]
fn of_a_network_load_balancer_the_listener_is_changed() {
    let mut web = web(rollout(Strategy::Canary));
    web.image = Some(at("acme/dns:1".to_owned()));
    web.ports[0].value.app_protocol = None;
    web.ports = vec![port(1883, 1883)];
    web.extension.ports.insert(1883, at(PortExposure::Public));
    let done = run(vec![web]);
    assert_eq!(validate(&done.desired), []);
    let request = resource(&done, Kind::Service, "web").requests().remove(0);
    let advanced = &request.body["loadBalancers"][0]["advancedConfiguration"];
    assert_eq!(advanced["productionListenerRule"], "${listener/network-1883/arn}");
    let listener = resource(&done, Kind::Listener, "network-1883").requests().remove(0);
    let groups = &listener.body["DefaultActions"][0]["ForwardConfig"]["TargetGroups"];
    assert_eq!(groups.as_array().map(Vec::len), Some(2));
}

#[test]
fn a_rule_of_its_own_is_the_one_that_is_changed() {
    let mut api = web(rollout(Strategy::Linear));
    api.extension.http.path = vec![at("/api".to_owned())];
    let mut pages = service("pages", "acme/pages:1");
    pages.ports = vec![port(80, 3000)];
    let done = run(vec![api, pages]);
    assert_eq!(validate(&done.desired), []);
    let rule = resource(&done, Kind::ListenerRule, "80-web").requests().remove(0);
    assert_eq!(
        rule.body["Conditions"][0]["PathPatternConfig"]["Values"],
        json!(["/api", "/api/*"])
    );
    assert!(!has(&done, Kind::ListenerRule, "80-pages"));
    let listener = resource(&done, Kind::Listener, "80").requests().remove(0);
    assert_eq!(
        listener.body["DefaultActions"][0]["TargetGroupArn"],
        "${target-group/pages-3000/arn}"
    );
}

#[test]
fn shares_and_pauses_that_ecs_does_not_take() {
    let with = |strategy, percent: Option<f64>, pause: Option<Pause>| {
        let given = Rollout { percent: percent.map(at), pause: pause.map(at), ..rollout(strategy) };
        loud(&moved(given).diagnostics)
    };
    for (strategy, percent) in [
        (Strategy::Canary, 0.0),
        (Strategy::Canary, 0.15),
        (Strategy::Canary, 100.1),
        (Strategy::Linear, 2.9),
        (Strategy::BlueGreen, 50.0),
        (Strategy::Rolling, 50.0),
    ] {
        assert_eq!(with(strategy, Some(percent), None), INVALID, "{strategy:?} {percent}");
    }
    for (strategy, percent) in
        [(Strategy::Canary, 0.1), (Strategy::Canary, 99.9), (Strategy::Linear, 3.0)]
    {
        assert_eq!(with(strategy, Some(percent), None), NONE, "{strategy:?} {percent}");
    }
    let minute = Pause::For(Duration::from_secs(60));
    assert_eq!(with(Strategy::Rolling, None, Some(minute)), INVALID);
    assert_eq!(with(Strategy::Rolling, None, Some(Pause::Approval)), INVALID);
    assert_eq!(with(Strategy::BlueGreen, None, Some(minute)), INVALID);
    assert_eq!(with(Strategy::BlueGreen, None, Some(Pause::Approval)), NONE);
    let long = Rollout { bake: Some(seconds(90_000)), ..rollout(Strategy::BlueGreen) };
    let done = moved(long);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Clamped)]);
    assert_eq!(config(&done)["bakeTimeInMinutes"], 1440);
    let counted = Rollout { min_percent: Some(at(50)), ..rollout(Strategy::Canary) };
    let done = moved(counted);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
    assert_eq!(config(&done)["minimumHealthyPercent"], 100);
}

#[test]
fn steps_of_compose_and_rollouts_of_jobs_have_no_effect() {
    use crate::compose::model::{Order, UpdateConfig};
    let mut web = web(rollout(Strategy::BlueGreen));
    let order = Some(at(Order::StopFirst));
    web.deploy.update_config = Some(at(UpdateConfig { order, ..UpdateConfig::default() }));
    let done = run(vec![web]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
    assert_eq!(config(&done)["maximumPercent"], 200);
    let mut job = service("seed", "acme/seed:1");
    job.extension.job = Some(at(true));
    job.extension.rollout = Some(at(rollout(Strategy::Canary)));
    let done = run(vec![job]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
}

#[test]
fn what_cannot_run_twice_or_be_moved_is_refused() {
    let mut db = service("db", "postgres:1");
    db.mounts = vec![volume_mount("data", "/var/lib/postgresql/data")];
    db.extension.rollout = Some(at(rollout(Strategy::BlueGreen)));
    assert!(loud(&run(vec![db]).diagnostics).contains(&REFUSED[0]));
    let mut agent = service("agent", "acme/agent:1");
    agent.extension.launch = Some(at(Launch::Ec2));
    agent.deploy.mode = Some(at(Mode::Global));
    agent.extension.rollout = Some(at(rollout(Strategy::BlueGreen)));
    assert!(loud(&run(vec![agent]).diagnostics).contains(&REFUSED[0]));
    // Nobody reaches a worker: all its tasks can only be doubled for a while.
    let worker = |strategy| {
        let mut worker = service("worker", "acme/worker:1");
        worker.extension.rollout = Some(at(rollout(strategy)));
        run(vec![worker])
    };
    assert_eq!(loud(&worker(Strategy::Canary).diagnostics), REFUSED);
    assert_eq!(loud(&worker(Strategy::Linear).diagnostics), REFUSED);
    let done = worker(Strategy::BlueGreen);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    assert_eq!(validate(&done.desired), []);
    let mut twice = web(rollout(Strategy::Canary));
    twice.ports.push(port(8080, 8080));
    assert_eq!(loud(&run(vec![twice]).diagnostics), REFUSED);
    let mut scaled = web(rollout(Strategy::Canary));
    scaled.extension.autoscaling = Some(at(Autoscaling {
        max: Some(at(4)),
        requests: Some(at(100.0)),
        ..Autoscaling::default()
    }));
    assert_eq!(loud(&run(vec![scaled]).diagnostics), REFUSED);
}

#[test]
fn the_services_of_a_task_agree_on_one_rollout() {
    let (mut web, mut side) = (web(rollout(Strategy::Canary)), service("side", "acme/side"));
    side.extension.rollout = Some(at(rollout(Strategy::Canary)));
    for service in [&mut web, &mut side] {
        service.extension.task = Some(at("web".to_owned()));
    }
    let done = run(vec![web.clone(), side.clone()]);
    assert_eq!(loud(&done.diagnostics), NONE);
    assert_eq!(validate(&done.desired), []);
    side.extension.rollout = Some(at(rollout(Strategy::Linear)));
    let done = run(vec![web, side]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::Conflict)]);
}

#[test]
fn none_is_deployed_yet() {
    let project = project(vec![web(rollout(Strategy::BlueGreen))]);
    let desired = translate(&project, None, &facts()).desired;
    let found = crate::ecs::undeployable(&desired, &project, &facts());
    let messages: Vec<_> = found.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(messages, ["web is not rolled out blue-green yet"]);
    assert!(
        ecs_service(&moved(rollout(Strategy::Rolling)), "web").load_balancers[0]
            .advanced_configuration
            .is_none()
    );
}
