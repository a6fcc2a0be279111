//! Rollouts that move requests.

use super::*;
use crate::compose::model::{Pause, Rollout, Strategy};
use crate::ecs::desired::{Body, DeploymentConfiguration, HookTimeout, Service, Value};
use crate::ecs::testing::{at, port, run, service};

fn desired(strategy: Strategy) -> Desired {
    let mut web = service("web", "acme/web:1");
    web.ports = vec![port(80, 80)];
    web.extension.rollout = Some(at(Rollout {
        strategy: Some(at(strategy)),
        pause: Some(at(Pause::Approval)),
        ..Rollout::default()
    }));
    let done = run(vec![web]);
    assert!(!done.diagnostics.has_errors());
    done.desired
}

fn faults(strategy: Strategy, edit: impl Fn(&mut Body)) -> Vec<String> {
    let mut desired = desired(strategy);
    for resource in desired.resources.values_mut() {
        edit(&mut resource.body);
    }
    validate(&desired).into_iter().map(|found| found.message).collect()
}

fn one(wanted: &str, strategy: Strategy, edit: fn(&mut Service)) {
    let found = faults(strategy, |body| {
        if let Body::Service(service) = body {
            edit(service);
        }
    });
    assert!(found.len() == 1 && found[0].contains(wanted), "{wanted}: {found:?}");
}

fn configured(wanted: &str, strategy: Strategy, edit: fn(&mut DeploymentConfiguration)) {
    let found = faults(strategy, |body| {
        if let Body::Service(service) = body {
            edit(&mut service.deployment_configuration);
        }
    });
    assert!(found.len() == 1 && found[0].contains(wanted), "{wanted}: {found:?}");
}

#[test]
fn settings_of_strategies() {
    use Strategy::{BlueGreen, Canary, Linear};
    for strategy in [BlueGreen, Canary, Linear] {
        assert_eq!(faults(strategy, |_| {}), Vec::<String>::new());
    }
    configured("no strategy", BlueGreen, |c| c.strategy = Some("GREEN".to_owned()));
    configured("settings of another", BlueGreen, |c| c.bake_time_in_minutes = None);
    configured("settings of another", Canary, |c| c.canary_configuration = None);
    configured("settings of another", Linear, |c| c.strategy = Some("CANARY".to_owned()));
    configured("waits 1441 minutes", BlueGreen, |c| c.bake_time_in_minutes = Some(1441));
    configured("waits -1 minutes", Canary, |c| {
        c.canary_configuration.as_mut().expect("one").canary_bake_time_in_minutes = -1;
    });
    configured("moves 2.5 percent", Linear, |c| {
        c.linear_configuration.as_mut().expect("one").step_percent = 2.5;
    });
    configured("moves 0.05 percent", Canary, |c| {
        c.canary_configuration.as_mut().expect("one").canary_percent = 0.05;
    });
}

#[test]
fn hooks_that_pause() {
    use Strategy::BlueGreen;
    configured("cannot pause", BlueGreen, |c| {
        c.lifecycle_hooks[0].lifecycle_stages = vec!["PRODUCTION_TRAFFIC_SHIFT".to_owned()];
    });
    configured("cannot pause", BlueGreen, |c| c.lifecycle_hooks[0].lifecycle_stages.clear());
    configured("cannot pause", BlueGreen, |c| {
        timeout(c).timeout_in_minutes = 20_161;
    });
    configured("cannot pause", BlueGreen, |c| {
        timeout(c).action = "STOP".to_owned();
    });
}

#[test]
fn ways_that_are_moved() {
    use Strategy::{BlueGreen, Canary};
    one("only target group", BlueGreen, |s| s.load_balancers[0].advanced_configuration = None);
    one("no role", BlueGreen, |s| {
        let advanced = s.load_balancers[0].advanced_configuration.as_mut().expect("one");
        advanced.role_arn = Value::from("");
    });
    let found = faults(BlueGreen, |body| {
        if let Body::Service(service) = body {
            let balancer = &mut service.load_balancers[0];
            let advanced = balancer.advanced_configuration.as_mut().expect("one");
            advanced.alternate_target_group_arn = balancer.target_group_arn.clone();
        }
    });
    assert!(found.len() == 1 && found[0].contains("cannot take the place"), "{found:?}");
    let found = faults(BlueGreen, |body| {
        if let Body::ListenerRule(rule) = body {
            let config = rule.actions[0].forward_config.as_mut().expect("one");
            config.target_groups[1] = config.target_groups[0].clone();
        }
    });
    assert!(found.len() == 1 && found[0].contains("does not lead"), "{found:?}");
    let found = faults(BlueGreen, |body| {
        if let Body::ListenerRule(rule) = body {
            let config = rule.actions[0].forward_config.as_mut().expect("one");
            config.target_groups[0].weight = 1000;
        }
    });
    assert!(found.len() == 1 && found[0].contains("leads nowhere"), "{found:?}");
    let found = faults(Canary, |body| {
        if let Body::Service(service) = body {
            service.load_balancers.clear();
            service.health_check_grace_period_seconds = None;
            service.service_connect_configuration = None;
        }
    });
    assert!(found.len() == 1 && found[0].contains("without requests"), "{found:?}");
    let found = faults(BlueGreen, |body| {
        if let Body::Service(service) = body {
            let config = &mut service.deployment_configuration;
            (config.strategy, config.bake_time_in_minutes) = (None, None);
            config.lifecycle_hooks.clear();
        }
    });
    assert!(found.len() == 1 && found[0].contains("a second target group"), "{found:?}");
}

fn timeout(config: &mut DeploymentConfiguration) -> &mut HookTimeout {
    config.lifecycle_hooks[0].timeout_configuration.as_mut().expect("a pause ends")
}
