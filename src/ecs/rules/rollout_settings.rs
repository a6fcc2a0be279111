//! `x-ecs.rollout`: what Compose has no words for (ECS API reference, `DeploymentConfiguration`).

use super::agreed::{Said, said};
use super::rollout::has_room;
use super::writers::writer;
use super::{autoscaling, daemon, shift};
use crate::compose::model::{Rollout, Strategy};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{DeploymentAlarms, DeploymentConfiguration};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// Lays the settings of a unit over what `deploy.update_config` came to.
pub(crate) fn apply(unit: &Unit<'_>, config: &mut DeploymentConfiguration, out: &mut Output) {
    let Some(Said { by, given }) = asked(unit, out) else { return };
    let by = by.name.value.as_str();
    let Rollout { strategy, percent: _, pause: _, min_percent, max_percent, breaker, alarms, bake } =
        &given.value;
    if let Some(breaker) = breaker {
        config.deployment_circuit_breaker.enable = breaker.value;
        config.deployment_circuit_breaker.rollback = breaker.value;
    }
    if !alarms.is_empty() {
        config.alarms = Some(DeploymentAlarms {
            alarm_names: alarms.iter().map(|alarm| alarm.value.clone()).collect(),
            rollback: breaker.as_ref().is_none_or(|breaker| breaker.value),
            enable: true,
        });
    }
    if let Some(strategy) = strategy.as_ref().filter(|s| s.value != Strategy::Rolling) {
        shift::apply(unit, strategy, (by, &given.value), config, out);
        return;
    }
    let mut say = |fault: Diagnostic| out.say(fault.service(by));
    let mut found = Vec::new();
    shift::settings(Strategy::Rolling, &given.value, &mut found);
    found.into_iter().for_each(&mut say);
    if let Some(bake) = bake {
        say(if alarms.is_empty() {
            Diagnostic::warning(Code::Ignored, "nothing is watched while the new tasks bake")
                .at(bake.span, "")
                .help("name CloudWatch alarms: `x-ecs: {rollout: {alarms: [NAME]}}`")
        } else {
            Diagnostic::note(Code::Approximated, "ECS takes the bake time from the alarms")
                .at(bake.span, "")
                .help("it is the longest time that an alarm looks back over")
        });
    }
    if min_percent.is_none() && max_percent.is_none() {
        return;
    }
    if unit.stateful() {
        let span = min_percent.as_ref().or(max_percent.as_ref()).map_or(given.span, |n| n.span);
        say(Diagnostic::warning(
            Code::Approximated,
            "the old task stops before the new one starts",
        )
        .at(span, "")
        .help(format!("two copies of {} must not write to one volume", writer(unit))));
        return;
    }
    percentages(unit, &given.value, by, config, out);
}

/// Takes over the percentages, as far as they leave room to roll.
fn percentages(
    unit: &Unit<'_>,
    Rollout { min_percent, max_percent, .. }: &Rollout,
    by: &str,
    config: &mut DeploymentConfiguration,
    out: &mut Output,
) {
    let mut say = |fault: Diagnostic| out.say(fault.service(by));
    let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let is_daemon = daemon::is_daemon(unit);
    if let Some(min) = min_percent {
        config.minimum_healthy_percent = number(min.value);
    }
    if let Some(max) = max_percent.as_ref().filter(|max| !is_daemon || max.value < 100) {
        config.maximum_percent = number(max.value);
    } else if let Some(max) = max_percent.as_ref().filter(|max| max.value > 100) {
        // AWS provider of Terraform, `deployment_maximum_percent`: "Not valid when using the `DAEMON`
        // scheduling strategy".
        let message = "a daemon has no second task on an instance";
        let warning = Diagnostic::warning(Code::Ignored, message).at(max.span, "");
        say(warning.help("`min_percent` says how many tasks keep running: 0 to 99"));
    }
    let (min, max) = (config.minimum_healthy_percent, config.maximum_percent);
    // Nobody knows how many instances there are: with enough of them any share below all will do.
    let (least, most) = if is_daemon { (100, 100) } else { autoscaling::counts(unit) };
    let stuck = (least..=most).find(|tasks| !has_room(*tasks, min, max));
    if let Some(tasks) = stuck.or(Some(least).filter(|_| max < 100)) {
        let with = match tasks {
            _ if is_daemon => "a task on each instance".to_owned(),
            1 => "one task".to_owned(),
            _ => format!("{tasks} tasks"),
        };
        let mut fault = Diagnostic::error(
            Code::InvalidValue,
            format!("with {with}, {min} to {max} percent leave no room to roll"),
        );
        for given in [min_percent, max_percent].into_iter().flatten() {
            fault = fault.at(given.span, "");
        }
        say(fault
            .help("no task could be stopped or started: lower the minimum, or raise the maximum"));
        // What follows is judged without them.
        (config.minimum_healthy_percent, config.maximum_percent) =
            if is_daemon { (0, 100) } else { (100, 200) };
    }
}

/// What the services of a unit say, and who.
fn asked<'a>(unit: &Unit<'a>, out: &mut Output) -> Option<Said<'a, Rollout>> {
    said(unit, "x-ecs.rollout", |service| service.extension.rollout.as_ref(), same, out)
}

/// Says of a job that nothing of it is replaced.
pub(crate) fn not_of_job(unit: &Unit<'_>, out: &mut Output) {
    if let Some(Said { by, given }) = asked(unit, out) {
        let message = "a job runs anew each time, and replaces nothing";
        let warning = Diagnostic::warning(Code::Ignored, message).at(given.span, "");
        out.say(warning.help("take `rollout` away").service(&by.name.value));
    }
}

fn same(one: &Rollout, other: &Rollout) -> bool {
    let Rollout { strategy, percent, pause, min_percent, max_percent, breaker, alarms, bake } = one;
    let names = |alarms: &[Located<String>]| -> Vec<String> {
        alarms.iter().map(|alarm| alarm.value.clone()).collect()
    };
    value(strategy) == value(&other.strategy)
        && value(percent) == value(&other.percent)
        && value(pause) == value(&other.pause)
        && value(min_percent) == value(&other.min_percent)
        && value(max_percent) == value(&other.max_percent)
        && value(breaker) == value(&other.breaker)
        && names(alarms) == names(&other.alarms)
        && value(bake) == value(&other.bake)
}

/// The value, without its place.
fn value<T: Copy>(given: &Option<Located<T>>) -> Option<T> {
    given.as_ref().map(|given| given.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::Autoscaling;
    use crate::diagnostic::Severity;
    use crate::ecs::Translation;
    use crate::ecs::testing::{at, ecs_service, loud, run, seconds, service, volume_mount};
    use crate::ecs::validate;

    fn rolled(replicas: u32, rollout: Rollout) -> Translation {
        let mut web = service("web", "acme/web:1");
        web.deploy.replicas = Some(at(replicas));
        web.extension.rollout = Some(at(rollout));
        run(vec![web])
    }

    fn percent(min: Option<u32>, max: Option<u32>) -> Rollout {
        Rollout { min_percent: min.map(at), max_percent: max.map(at), ..Rollout::default() }
    }

    #[test]
    fn percentages_are_taken_as_they_stand() {
        let done = rolled(4, percent(Some(50), Some(150)));
        let config = &ecs_service(&done, "web").deployment_configuration;
        assert_eq!((config.minimum_healthy_percent, config.maximum_percent), (50, 150));
        assert_eq!(loud(&done.diagnostics), []);
        assert_eq!(validate(&done.desired), []);
        let done = rolled(1, percent(Some(0), None));
        let config = &ecs_service(&done, "web").deployment_configuration;
        assert_eq!((config.minimum_healthy_percent, config.maximum_percent), (0, 200));
    }

    #[test]
    fn what_could_never_move_is_refused() {
        for (replicas, min, max) in [(1, 100, 100), (1, 50, 150), (3, 100, 120), (2, 100, 50)] {
            let done = rolled(replicas, percent(Some(min), Some(max)));
            let wanted = [(Severity::Error, Code::InvalidValue)];
            assert_eq!(loud(&done.diagnostics), wanted, "{replicas} {min} {max}");
        }
    }

    #[test]
    fn a_service_that_scales_must_be_able_to_roll_whatever_its_number() {
        let scaled = |min: u32, percentages: Rollout| {
            let mut web = service("web", "acme/web:1");
            web.extension.rollout = Some(at(percentages));
            let cpu = Some(at(50.0));
            let scaling = Autoscaling {
                min: Some(at(min)),
                max: Some(at(10)),
                cpu,
                ..Autoscaling::default()
            };
            web.extension.autoscaling = Some(at(scaling));
            run(vec![web])
        };
        let done = scaled(2, percent(Some(50), Some(150)));
        assert_eq!(loud(&done.diagnostics), []);
        assert_eq!(validate(&done.desired), []);
        let done = scaled(1, percent(Some(90), Some(100)));
        assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::InvalidValue)]);
        assert!(done.diagnostics.iter().any(|d| d.message.starts_with("with one task, 90 to 100")));
    }

    #[test]
    fn alarms_and_the_breaker() {
        let rollout = Rollout {
            breaker: Some(at(false)),
            alarms: vec![at("errors".to_owned())],
            bake: Some(seconds(300)),
            ..Rollout::default()
        };
        let done = rolled(1, rollout.clone());
        let config = &ecs_service(&done, "web").deployment_configuration;
        assert!(!config.deployment_circuit_breaker.enable);
        let alarms = config.alarms.as_ref().expect("alarms");
        assert_eq!(
            (&*alarms.alarm_names[0], alarms.enable, alarms.rollback),
            ("errors", true, false)
        );
        assert_eq!(loud(&done.diagnostics), []);
        assert_eq!(done.diagnostics.len(), 1);
        let done = rolled(1, Rollout { alarms: Vec::new(), ..rollout });
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
    }

    #[test]
    fn a_database_stops_first() {
        let mut db = service("db", "postgres:1");
        db.mounts = vec![volume_mount("data", "/var/lib/postgresql/data")];
        db.extension.rollout = Some(at(percent(Some(100), Some(200))));
        let done = run(vec![db]);
        let config = &ecs_service(&done, "db").deployment_configuration;
        assert_eq!((config.minimum_healthy_percent, config.maximum_percent), (0, 100));
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    }
}
