//! `healthcheck` becomes the container's `healthCheck`.

use std::time::Duration;

use crate::compose::model::{HealthTest, Healthcheck, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::HealthCheck;
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// A value that ECS only takes within a range (ECS API reference, `HealthCheck`).
struct Range {
    /// As Compose calls it.
    name: &'static str,
    least: u64,
    most: u64,
    /// What Compose takes when nothing is written (Compose Specification, `healthcheck`).
    default: u64,
}

const INTERVAL: Range = Range { name: "interval", least: 5, most: 300, default: 30 };
const TIMEOUT: Range = Range { name: "timeout", least: 2, most: 60, default: 30 };
const RETRIES: Range = Range { name: "retries", least: 1, most: 10, default: 3 };
const START_PERIOD: Range = Range { name: "start_period", least: 0, most: 300, default: 0 };

/// Whole seconds, rounded up.
pub(crate) fn seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0))
}

impl Range {
    /// The seconds of a duration within the range.
    fn seconds(&self, service: &str, given: Option<&Located<Duration>>, out: &mut Output) -> i32 {
        let given = given.filter(|d| !d.value.is_zero());
        let exact = given.is_none_or(|d| d.value.subsec_nanos() == 0);
        let count = given.map(|d| d.as_ref().map(|d| seconds(*d)));
        self.take(service, count, exact, "s", out)
    }

    /// The number within the range; Docker takes zero for "not given".
    fn number(&self, service: &str, given: Option<&Located<u32>>, out: &mut Output) -> i32 {
        let given = given.filter(|n| n.value > 0);
        self.take(service, given.map(|n| n.as_ref().map(|n| u64::from(*n))), true, "", out)
    }

    fn take(
        &self,
        service: &str,
        given: Option<Located<u64>>,
        exact: bool,
        unit: &str,
        out: &mut Output,
    ) -> i32 {
        let Self { name, least, most, default } = self;
        let wanted = given.as_ref().map_or(*default, |n| n.value);
        let taken = wanted.clamp(*least, *most);
        if let Some(given) = given
            && (taken != wanted || !exact)
        {
            out.say(
                Diagnostic::warning(Code::Clamped, format!("`{name}` becomes {taken}{unit}"))
                    .at(given.span, "")
                    .help(format!(
                        "ECS takes whole numbers from {least}{unit} to {most}{unit} for `{name}`"
                    ))
                    .service(service),
            );
        }
        i32::try_from(taken).unwrap_or(i32::MAX)
    }
}

/// The container's health check, if it has one that ECS can see.
pub(crate) fn health_check(service: &Service, out: &mut Output) -> Option<HealthCheck> {
    let check = service.healthcheck.as_ref()?;
    let Healthcheck { test, interval, timeout, retries, start_period, start_interval } =
        &check.value;
    let name = &service.name.value;
    let command = match test.as_ref().map(|test| &test.value) {
        Some(HealthTest::None) => return None,
        Some(HealthTest::Command(words)) if !words.is_empty() => {
            std::iter::once("CMD".to_owned()).chain(words.iter().cloned()).collect()
        }
        Some(HealthTest::Shell(line)) => vec!["CMD-SHELL".to_owned(), line.clone()],
        Some(HealthTest::Command(_)) | None => {
            let label = if test.is_some() { "an empty `test`" } else { "no `test` here" };
            out.say(
                Diagnostic::warning(Code::Approximated, "the image's own health check is not run")
                    .at(check.span, label)
                    .help("ECS does not see the HEALTHCHECK of an image; repeat it as `test`")
                    .service(name),
            );
            return None;
        }
    };
    if let Some(given) = start_interval {
        out.say(
            Diagnostic::note(Code::Ignored, "`start_interval` has no effect on ECS")
                .at(given.span, "")
                .help("ECS checks at `interval` from the start")
                .service(name),
        );
    }
    Some(HealthCheck {
        command,
        interval: INTERVAL.seconds(name, interval.as_ref(), out),
        timeout: TIMEOUT.seconds(name, timeout.as_ref(), out),
        retries: RETRIES.number(name, retries.as_ref(), out),
        start_period: START_PERIOD.seconds(name, start_period.as_ref(), out),
    })
}

/// Seconds in which the load balancer's verdict does not count: absent would mean 0 to ECS, which
/// kills slow starters.
pub(crate) fn grace_period(service: &Service) -> i32 {
    let start = service.healthcheck.as_ref().and_then(|c| c.value.start_period.as_ref());
    let start = start.map_or(0, |d| seconds(d.value));
    i32::try_from(start.max(60)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{
        at, container, ecs_service, find, healthcheck, loud, port, run, seconds as secs, service,
    };

    fn checked(test: HealthTest, edit: impl FnOnce(&mut Healthcheck)) -> crate::ecs::Translation {
        let mut web = service("web", "acme/web:1");
        let mut check = healthcheck(test);
        edit(&mut check.value);
        web.healthcheck = Some(check);
        web.ports = vec![port(80, 80)];
        run(vec![web])
    }

    fn shell() -> HealthTest {
        HealthTest::Shell("true".to_owned())
    }

    #[test]
    fn both_forms_and_compose_s_defaults() {
        let done = checked(shell(), |_| {});
        let check = container(&done, "web").health_check.clone().expect("a check");
        assert_eq!(check.command, ["CMD-SHELL", "true"]);
        assert_eq!(
            (check.interval, check.timeout, check.retries, check.start_period),
            (30, 30, 3, 0)
        );
        let done = checked(HealthTest::Command(vec!["ok".into(), "-q".into()]), |_| {});
        let check = container(&done, "web").health_check.clone().expect("a check");
        assert_eq!(check.command, ["CMD", "ok", "-q"]);
    }

    #[test]
    fn none_is_no_check() {
        let done = checked(HealthTest::None, |_| {});
        assert!(container(&done, "web").health_check.is_none());
        assert_eq!(loud(&done.diagnostics), []);
    }

    #[test]
    fn the_image_s_own_check_is_not_seen() {
        let done = checked(shell(), |c| c.test = None);
        assert!(container(&done, "web").health_check.is_none());
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    }

    #[test]
    fn values_out_of_range_are_moved_into_it() {
        let done = checked(shell(), |c| {
            c.interval = Some(secs(1));
            c.timeout = Some(secs(1));
            c.retries = Some(at(20));
            c.start_period = Some(secs(600));
        });
        let check = container(&done, "web").health_check.clone().expect("a check");
        assert_eq!(
            (check.interval, check.timeout, check.retries, check.start_period),
            (5, 2, 10, 300)
        );
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Clamped); 4]);
    }

    #[test]
    fn zero_means_the_default_and_fractions_are_rounded_up() {
        let done = checked(shell(), |c| {
            c.interval = Some(secs(0));
            c.timeout = Some(at(Duration::from_millis(2500)));
            c.retries = Some(at(0));
        });
        let check = container(&done, "web").health_check.clone().expect("a check");
        assert_eq!((check.interval, check.timeout, check.retries), (30, 3, 3));
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Clamped)]);
    }

    #[test]
    fn start_interval_is_noted() {
        let done = checked(shell(), |c| c.start_interval = Some(secs(1)));
        assert!(find(&done.diagnostics, Code::Ignored).is_some());
    }

    #[test]
    fn the_grace_period_is_at_least_a_minute() {
        let grace = |start| {
            let done = checked(shell(), |c| c.start_period = Some(secs(start)));
            ecs_service(&done, "web").health_check_grace_period_seconds
        };
        assert_eq!((grace(5), grace(90)), (Some(60), Some(90)));
    }
}
