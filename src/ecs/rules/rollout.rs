//! `deploy.update_config` becomes percentages and a circuit breaker.

use crate::compose::model::{FailureAction, Order};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{DeploymentCircuitBreaker, DeploymentConfiguration};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;

use super::update::{self, Update};
use super::writers::writer;
use super::{autoscaling, daemon, rollout_settings};

/// How a new revision of a service replaces the old one.
///
/// Compose's own default order is stop-first, which would mean downtime at one replica, so that it
/// is start-first unless `order` is written; and a failed update rolls back unless
/// `failure_action` is written.
pub(crate) fn deployment(unit: &Unit<'_>, out: &mut Output) -> DeploymentConfiguration {
    let update = Update::of(unit, out);
    update::without_effect(unit, out);
    let failure = update.as_ref().and_then(|update| update.failure_action.as_ref());
    let failure = failure.map(|said| said.given.value);
    let (minimum, maximum) = if daemon::is_daemon(unit) {
        if let Some(update) = &update {
            update::of_daemon(unit, update, out);
        }
        // What the API takes unless told (ECS API reference, `DeploymentConfiguration`).
        (0, 100)
    } else if unit.stateful() {
        if let Some(order) = update.as_ref().and_then(|update| update.order.as_ref())
            && order.given.value == Order::StartFirst
        {
            out.say(
                Diagnostic::warning(
                    Code::Approximated,
                    "the old task stops before the new one starts",
                )
                .at(order.given.span, "")
                .help(format!("two copies of {} must not write to one volume", writer(unit)))
                .service(&order.by.name.value),
            );
        }
        (0, 100)
    } else {
        match &update {
            Some(update) => of_update(unit, update, out),
            None => (100, 200),
        }
    };
    let mut config = DeploymentConfiguration {
        alarms: None,
        deployment_circuit_breaker: DeploymentCircuitBreaker {
            enable: failure != Some(FailureAction::Continue),
            rollback: failure.is_none_or(|failure| failure == FailureAction::Rollback),
            reset_on_healthy_task: None,
            threshold_configuration: None,
        },
        maximum_percent: maximum,
        minimum_healthy_percent: minimum,
        strategy: None,
        bake_time_in_minutes: None,
        canary_configuration: None,
        linear_configuration: None,
        lifecycle_hooks: Vec::new(),
        early_success_criteria: None,
    };
    rollout_settings::apply(unit, &mut config, out);
    config
}

/// What `parallelism` and `order` come to. A service that scales has the fewest tasks of all at some
/// time: percentages of more could leave an update then no task to stop or to start.
fn of_update(unit: &Unit<'_>, update: &Update<'_>, out: &mut Output) -> (i32, i32) {
    let (least, most) = autoscaling::counts(unit);
    let parallelism = update.parallelism.as_ref().map(|said| said.given.value);
    let order = update.order.as_ref().map(|said| said.given.value);
    let of = |count: i32| percentages(parallelism, order, u32::try_from(count).unwrap_or(0));
    if let (Some(said), true) = (&update.order, of(least).0 < of(most).0) {
        let message = format!(
            "an update may stop {} of {most} tasks at a time, since there may be as few as {least}",
            percent(100 - of(least).0)
        );
        out.say(
            Diagnostic::warning(Code::Approximated, message)
                .at(said.given.span, "")
                .help(
                    "write `order: start-first`, which stops none before its successor runs, or a \
                     higher `x-ecs.autoscaling.min`",
                )
                .service(&said.by.name.value),
        );
    }
    of(least)
}

fn percent(share: i32) -> String {
    if share == 100 { "all".to_owned() } else { format!("{share} percent") }
}

/// `minimumHealthyPercent` and `maximumPercent` for this many replicas, of what an update says of
/// `parallelism` and `order`.
fn percentages(parallelism: Option<u32>, order: Option<Order>, replicas: u32) -> (i32, i32) {
    // Docker replaces one task at a time unless told otherwise; 0 means all at once.
    let share = match (parallelism.unwrap_or(1), replicas) {
        (0, _) | (_, 0) => 100,
        (p, n) => (u64::from(p.min(n)) * 100).div_ceil(u64::from(n)),
    };
    let share = i32::try_from(share).unwrap_or(100);
    match order {
        Some(Order::StopFirst) => (100 - share, 100),
        Some(Order::StartFirst) | None => (100, 100 + share),
    }
}

/// Whether a rollout with these percentages can start or stop any task (ECS API reference,
/// `DeploymentConfiguration`: the maximum is rounded down, the minimum up).
pub(crate) fn has_room(desired: i32, minimum: i32, maximum: i32) -> bool {
    let (desired, minimum, maximum) = (i64::from(desired), i64::from(minimum), i64::from(maximum));
    let most = desired * maximum / 100;
    let least = (desired * minimum).div_euclid(100) + i64::from((desired * minimum) % 100 > 0);
    if desired == 0 { minimum < maximum } else { most > desired || least < desired }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::{Autoscaling, UpdateConfig};
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{at, ecs_service, find, loud, run, seconds, service, volume_mount};

    fn update(parallelism: Option<u32>, order: Option<Order>) -> UpdateConfig {
        UpdateConfig {
            parallelism: parallelism.map(at),
            order: order.map(at),
            ..UpdateConfig::default()
        }
    }

    #[test]
    fn the_table_of_percentages() {
        let start = Some(Order::StartFirst);
        let stop = Some(Order::StopFirst);
        for (parallelism, order, replicas, wanted) in [
            (Some(1), start, 1, (100, 200)),
            (Some(1), start, 2, (100, 150)),
            (Some(1), start, 3, (100, 134)),
            (Some(2), start, 4, (100, 150)),
            (Some(0), start, 4, (100, 200)),
            (Some(9), start, 4, (100, 200)),
            (Some(1), start, 0, (100, 200)),
            (None, start, 4, (100, 125)),
            (None, None, 4, (100, 125)),
            (Some(1), start, 1000, (100, 101)),
            (Some(1), stop, 1, (0, 100)),
            (Some(1), stop, 2, (50, 100)),
            (Some(1), stop, 3, (66, 100)),
            (Some(2), stop, 3, (33, 100)),
            (Some(0), stop, 3, (0, 100)),
            (Some(9), stop, 3, (0, 100)),
            (Some(1), stop, 0, (0, 100)),
            (Some(u32::MAX), stop, u32::MAX, (0, 100)),
        ] {
            let given = percentages(parallelism, order, replicas);
            assert_eq!(given, wanted, "{parallelism:?} {order:?} {replicas}");
        }
    }

    #[test]
    fn every_rollout_can_move() {
        for replicas in 0..=250 {
            for parallelism in 0..=12 {
                for order in [Order::StartFirst, Order::StopFirst] {
                    let given = percentages(Some(parallelism), Some(order), replicas);
                    let desired = i32::try_from(replicas).expect("small");
                    assert!(
                        has_room(desired, given.0, given.1),
                        "{replicas} {parallelism} {order:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_service_that_scales_can_roll_whatever_its_number() {
        for (min, order, wanted, warns) in [
            (4, Order::StopFirst, (75, 100), true),
            (1, Order::StopFirst, (0, 100), true),
            (10, Order::StopFirst, (90, 100), false),
            (4, Order::StartFirst, (100, 125), false),
        ] {
            let mut web = service("web", "acme/web:1");
            web.deploy.update_config = Some(at(update(Some(1), Some(order))));
            let scaling = Autoscaling {
                min: Some(at(min)),
                max: Some(at(10)),
                cpu: Some(at(50.0)),
                ..Autoscaling::default()
            };
            web.extension.autoscaling = Some(at(scaling));
            let done = run(vec![web]);
            let config = &ecs_service(&done, "web").deployment_configuration;
            let given = (config.minimum_healthy_percent, config.maximum_percent);
            assert_eq!(given, wanted, "{min} {order:?}");
            let warned = [(Severity::Warning, Code::Approximated)];
            assert_eq!(loud(&done.diagnostics), warned[..usize::from(warns)], "{min} {order:?}");
            assert!((i32::try_from(min).expect("few")..=10).all(|n| has_room(n, given.0, given.1)));
        }
    }

    #[test]
    fn percentages_that_leave_no_room() {
        assert!(!has_room(1, 100, 100) && !has_room(1, 1, 199) && !has_room(3, 67, 133));
        assert!(has_room(3, 66, 133) && has_room(3, 67, 134) && !has_room(0, 100, 100));
        assert!(has_room(i32::MAX, 0, i32::MAX));
    }

    #[test]
    fn the_failure_action_sets_the_breaker() {
        for (action, enable, rollback) in [
            (None, true, true),
            (Some(FailureAction::Rollback), true, true),
            (Some(FailureAction::Pause), true, false),
            (Some(FailureAction::Continue), false, false),
        ] {
            let mut web = service("web", "acme/web:1");
            let config = UpdateConfig { failure_action: action.map(at), ..update(None, None) };
            web.deploy.update_config = Some(at(config));
            let done = run(vec![web]);
            let breaker =
                &ecs_service(&done, "web").deployment_configuration.deployment_circuit_breaker;
            assert_eq!((breaker.enable, breaker.rollback), (enable, rollback), "{action:?}");
        }
    }

    #[test]
    fn what_has_no_effect_is_said() {
        let mut web = service("web", "acme/web:1");
        web.deploy.update_config = Some(at(UpdateConfig {
            delay: Some(seconds(10)),
            monitor: Some(seconds(10)),
            max_failure_ratio: Some(at(0.2)),
            ..UpdateConfig::default()
        }));
        let done = run(vec![web]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
        assert!(find(&done.diagnostics, Code::Ignored).is_some());
        assert_eq!(done.diagnostics.len(), 3);
    }

    #[test]
    fn stateful_services_stop_first_whatever_they_say() {
        let mut db = service("db", "postgres:1");
        db.mounts = vec![volume_mount("data", "/var/lib/postgresql/data")];
        db.deploy.update_config = Some(at(update(None, Some(Order::StartFirst))));
        let done = run(vec![db]);
        let given = &ecs_service(&done, "db").deployment_configuration;
        assert_eq!((given.minimum_healthy_percent, given.maximum_percent), (0, 100));
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    }
}
