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

fn tracking(
    policy: &mut crate::ecs::desired::ScalingPolicy,
) -> &mut crate::ecs::desired::TargetTracking {
    policy.target_tracking_scaling_policy_configuration.as_mut().expect("a metric")
}

#[test]
fn steps_and_their_alarms() {
    use crate::compose::model::{Step, StepMetric, StepScaling};
    let step = |threshold, tasks| at(Step { threshold: at(threshold), tasks: at(tasks) });
    let mut worker = service("worker", "acme/worker:1");
    worker.extension.autoscaling = Some(at(Autoscaling {
        max: Some(at(4)),
        steps: vec![at(StepScaling {
            metric: at(StepMetric::Cpu),
            up: vec![step(70.0, 1), step(90.0, 2)],
            down: Vec::new(),
            cooldown: None,
            minutes: None,
        })],
        ..Autoscaling::default()
    }));
    let good = run(vec![worker]).desired;
    assert_eq!(validate(&good), []);
    let one = |wanted: &str, edit: &dyn Fn(&mut Body)| {
        let mut desired = good.clone();
        desired.resources.values_mut().for_each(|resource| edit(&mut resource.body));
        let found: Vec<_> = validate(&desired).into_iter().map(|found| found.message).collect();
        assert!(found.len() == 1 && found[0].contains(wanted), "{wanted}: {found:?}");
    };
    let steps = |edit: fn(&mut crate::ecs::desired::StepScaling)| {
        move |body: &mut Body| {
            if let Body::ScalingPolicy(policy) = body {
                edit(policy.step_scaling_policy_configuration.as_mut().expect("steps"));
            }
        }
    };
    one("is no step", &steps(|s| s.adjustment_type = "ExactCapacity".to_owned()));
    one("has 0 steps", &steps(|s| s.step_adjustments.clear()));
    one("less than no time", &steps(|s| s.cooldown = Some(-1)));
    one("gap", &steps(|s| s.step_adjustments[0].metric_interval_upper_bound = Some(19.0)));
    one("gap", &steps(|s| s.step_adjustments[1].metric_interval_lower_bound = Some(19.0)));
    one("ends somewhere", &steps(|s| s.step_adjustments.truncate(1)));
    one("no range", &steps(|s| s.step_adjustments[0].metric_interval_lower_bound = Some(20.0)));
    let alarm = |edit: fn(&mut crate::ecs::desired::Alarm)| {
        move |body: &mut Body| {
            if let Body::Alarm(alarm) = body {
                edit(alarm);
            }
        }
    };
    one("no name of an alarm", &alarm(|a| a.alarm_name = "a".repeat(256)));
    one("starts nothing", &alarm(|a| a.alarm_actions.clear()));
    one("is no metric", &alarm(|a| a.namespace.clear()));
    one("it looks at", &alarm(|a| a.period = 30));
    one("it looks at", &alarm(|a| a.evaluation_periods = 1441));
    one("no threshold", &alarm(|a| a.threshold = f64::NAN));
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
    one("aims at", policy(|p| tracking(p).target_value = 0.0));
    one(
        "no target group",
        policy(|p| {
            let tracking = tracking(p);
            tracking.predefined_metric_specification.as_mut().expect("one").resource_label = None;
        }),
    );
    one(
        "less than no time",
        policy(|p| {
            tracking(p).scale_in_cooldown = Some(-1);
        }),
    );
}

#[test]
fn metrics_of_a_queue_and_scheduled_actions() {
    use crate::compose::model::{QueueScaling, ScheduledScaling};
    use crate::ecs::desired::{MetricDataQuery, ScheduledAction};
    let mut worker = service("worker", "acme/worker:1");
    worker.extension.autoscaling = Some(at(Autoscaling {
        max: Some(at(4)),
        queue: Some(at(QueueScaling {
            name: at("orders".to_owned()),
            arn: None,
            messages: at(500.0),
        })),
        schedule: vec![at(ScheduledScaling {
            expression: at("rate(1 day)".to_owned()),
            timezone: None,
            min: Some(at(2)),
            max: Some(at(3)),
        })],
        ..Autoscaling::default()
    }));
    let good = run(vec![worker]).desired;
    let one = |wanted: &str, edit: &dyn Fn(&mut Body)| {
        let mut desired = good.clone();
        desired.resources.values_mut().for_each(|resource| edit(&mut resource.body));
        let found: Vec<_> = validate(&desired).into_iter().map(|found| found.message).collect();
        assert!(found.len() == 1 && found[0].contains(wanted), "{wanted}: {found:?}");
    };
    let metrics = |edit: fn(&mut Vec<MetricDataQuery>)| {
        move |body: &mut Body| {
            if let Body::ScalingPolicy(policy) = body {
                let tracking = policy.target_tracking_scaling_policy_configuration.as_mut();
                let tracking = tracking.expect("a metric");
                edit(&mut tracking.customized_metric_specification.as_mut().expect("one").metrics);
            }
        }
    };
    assert_eq!(validate(&good), []);
    one("not exactly one metric", &metrics(|m| m[0].return_data = true));
    one("no name of a metric", &metrics(|m| m[0].id = "Messages".to_owned()));
    one("no name of a metric", &metrics(|m| m[1].id = "messages".to_owned()));
    one("neither a metric", &metrics(|m| m[2].expression = None));
    one("neither a metric", &metrics(|m| m[2].expression = Some("m".repeat(2049))));
    one(
        "is no metric",
        &metrics(|m| m[0].metric_stat.as_mut().expect("one").metric.namespace.clear()),
    );
    one("follows no metric", &|body| {
        if let Body::ScalingPolicy(policy) = body {
            let tracking = policy.target_tracking_scaling_policy_configuration.as_mut();
            tracking.expect("a metric").customized_metric_specification = None;
        }
    });
    let action = |edit: fn(&mut ScheduledAction)| {
        move |body: &mut Body| {
            if let Body::ScheduledAction(action) = body {
                edit(action);
            }
        }
    };
    one("name of a scheduled action", &action(|a| a.scheduled_action_name = "a:b".to_owned()));
    one("six fields", &action(|a| a.schedule = "cron(0 8 * * *)".to_owned()));
    one("no time zone", &action(|a| a.timezone = Some("UTC".to_owned())));
    one("between", &action(|a| a.scalable_target_action.min_capacity = Some(4)));
    one(
        "between",
        &action(|a| {
            a.scalable_target_action.min_capacity = None;
            a.scalable_target_action.max_capacity = None;
        }),
    );
    one("no ECS service", &action(|a| a.service_namespace = "ec2".to_owned()));
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
            if let Some(network) = &mut s.target.ecs_parameters.network_configuration {
                network.awsvpc.subnets.clear();
            }
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
