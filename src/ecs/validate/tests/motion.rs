//! What scales and what runs by the clock.

use super::*;
use crate::compose::model::Autoscaling;
use crate::ecs::desired::Body;
use crate::ecs::testing::{at, port, run, service};

fn desired() -> Desired {
    let mut web = service("web", "acme/web:1");
    web.ports = vec![port(80, 80)];
    web.extension.autoscaling = Some(at(Autoscaling {
        max: Some(at(4)),
        requests: Some(at(100.0)),
        ..Autoscaling::default()
    }));
    let mut job = service("report", "acme/report:1");
    job.extension.schedule = Some(at("rate(5 minutes)".to_owned()));
    let done = run(vec![web, job]);
    assert!(!done.diagnostics.has_errors());
    done.desired
}

/// The faults after an edit of every body.
fn faults(edit: impl Fn(&mut Body)) -> Vec<String> {
    let mut desired = desired();
    for resource in desired.resources.values_mut() {
        edit(&mut resource.body);
    }
    validate(&desired).into_iter().map(|found| found.message).collect()
}

fn one(wanted: &str, edit: impl Fn(&mut Body)) {
    let found = faults(edit);
    assert!(found.len() == 1 && found[0].contains(wanted), "{wanted}: {found:?}");
}

#[test]
fn what_the_translator_makes_is_good() {
    assert_eq!(faults(|_| {}), Vec::<String>::new());
}

#[test]
fn scalable_targets() {
    let target = |edit: fn(&mut crate::ecs::desired::ScalableTarget)| {
        move |body: &mut Body| {
            if let Body::ScalableTarget(target) = body {
                edit(target);
            }
        }
    };
    one("between 5 and 4", target(|t| t.min_capacity = 5));
    one("between -1 and 4", target(|t| t.min_capacity = -1));
    one("no ECS service", target(|t| t.resource_id = "service/shop".to_owned()));
    one("no ECS service", target(|t| t.scalable_dimension = "ecs:service".to_owned()));
}

#[test]
fn scaling_policies() {
    let policy = |edit: fn(&mut crate::ecs::desired::ScalingPolicy)| {
        move |body: &mut Body| {
            if let Body::ScalingPolicy(policy) = body {
                edit(policy);
            }
        }
    };
    one("policy name", policy(|p| p.policy_name = "a/b".to_owned()));
    one("type of policy", policy(|p| p.policy_type = "StepScaling".to_owned()));
    one("aims at", policy(|p| p.target_tracking_scaling_policy_configuration.target_value = 0.0));
    one(
        "no target group",
        policy(|p| {
            let tracking = &mut p.target_tracking_scaling_policy_configuration;
            tracking.predefined_metric_specification.resource_label = None;
        }),
    );
    one(
        "less than no time",
        policy(|p| {
            p.target_tracking_scaling_policy_configuration.scale_in_cooldown = Some(-1);
        }),
    );
}

#[test]
fn schedules() {
    let schedule = |edit: fn(&mut crate::ecs::desired::Schedule)| {
        move |body: &mut Body| {
            if let Body::Schedule(schedule) = body {
                edit(schedule);
            }
        }
    };
    one("name of a schedule", schedule(|s| s.name = "a b".to_owned()));
    one("no unit", schedule(|s| s.schedule_expression = "rate(5 weeks)".to_owned()));
    one("six fields", schedule(|s| s.schedule_expression = "cron(0 3 * * *)".to_owned()));
    one("tasks at once", schedule(|s| s.target.ecs_parameters.task_count = 11));
    one("later", schedule(|s| s.flexible_time_window.mode = "FLEXIBLE".to_owned()));
    one("too long", schedule(|s| s.description = "x".repeat(513)));
    one(
        "place in the network",
        schedule(|s| {
            s.target.ecs_parameters.network_configuration.awsvpc.subnets.clear();
        }),
    );
    one("strategy", schedule(|s| s.target.ecs_parameters.capacity_provider_strategy.clear()));
    one("schedule group", |body| {
        if let Body::ScheduleGroup(group) = body {
            group.name = "a/b".to_owned();
        }
    });
}

#[test]
fn deployment_alarms() {
    use crate::ecs::desired::DeploymentAlarms;
    let alarms = |names: &'static [&'static str]| {
        move |body: &mut Body| {
            if let Body::Service(service) = body {
                service.deployment_configuration.alarms = Some(DeploymentAlarms {
                    alarm_names: names.iter().map(|&name| name.to_owned()).collect(),
                    rollback: true,
                    enable: true,
                });
            }
        }
    };
    one("no alarm is named", alarms(&[]));
    one("no alarm is named", alarms(&[""]));
    assert_eq!(faults(alarms(&["errors"])), Vec::<String>::new());
}
