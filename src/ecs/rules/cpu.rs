//! `cpuset` and the `cpu_…` attributes: a quota becomes a number of processors.

use super::outcome::Outcomes;
use crate::compose::model::{CpuSettings, Service};
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// Microseconds of a period that is not given (Docker documentation, "Resource constraints",
/// `--cpu-period`).
const PERIOD: i64 = 100_000;

/// The processors that a quota comes to.
pub(crate) fn quota(service: &Service) -> Option<Located<f64>> {
    let cpu = service.cpu.as_ref()?;
    let quota = cpu.quota.as_ref().filter(|quota| quota.value > 0)?;
    let period = cpu.period.as_ref().map(|period| period.value).filter(|period| *period > 0);
    #[expect(clippy::cast_precision_loss, reason = "far more microseconds than a period has")]
    Some(Located::new(quota.value as f64 / period.unwrap_or(PERIOD) as f64, quota.span))
}

/// Says what does not become a size.
pub(crate) fn check(service: &Service, out: &mut Output) {
    let Some(cpu) = &service.cpu else { return };
    let CpuSettings { count, percent, period, quota: given, rt_period, rt_runtime, shares, set } =
        &**cpu;
    let mut outcomes = Outcomes::new(service, out);
    let quota = quota(service);
    let limit = service.deploy.limits.cpus.as_ref().or(service.cpus.as_ref());
    if let Some(quota) = &quota {
        if limit.is_some() {
            let help = "take one of the two away";
            outcomes.ignored(quota.span, "`cpu_quota` has no effect beside `cpus`", help);
        } else {
            let message = format!("`cpu_quota` becomes {:.2} processors", quota.value);
            outcomes.near(quota.span, message, "write `cpus` to say so");
        }
    } else if let Some(given) = given.as_ref().filter(|given| given.value < 0) {
        outcomes.ignored(given.span, "`cpu_quota` sets no limit", "take it away");
    }
    if let Some(period) = period.as_ref().filter(|_| quota.is_none()) {
        outcomes.ignored(
            period.span,
            "`cpu_period` says nothing without `cpu_quota`",
            "write `cpus`",
        );
    }
    for (name, given) in [("cpu_rt_period", rt_period), ("cpu_rt_runtime", rt_runtime)] {
        if let Some(given) = given.as_ref().filter(|given| given.value != 0) {
            let message = format!("`{name}` has no effect: ECS has no real-time scheduling");
            outcomes.missed(given.span, message, "give the service processors of its own: `cpus`");
        }
    }
    let on_instances = service.on_instances();
    if let Some(shares) = shares.as_ref().filter(|n| n.value != 0 && !on_instances) {
        let help = "a task has its processors to itself: say how many with `cpus`";
        outcomes.ignored(shares.span, "`cpu_shares` has no effect on Fargate", help);
    }
    if let Some(set) = set {
        let help = "say how many processors it needs with `cpus`: ECS chooses which";
        outcomes.ignored(set.span, "`cpuset` has no effect on ECS", help);
    }
    let windows = [
        ("cpu_count", count.as_ref().map(|n| n.span)),
        ("cpu_percent", percent.as_ref().map(|n| n.span)),
    ];
    for (name, span) in windows {
        if let Some(span) = span {
            let message = format!("`{name}` has no effect: it is for Windows");
            outcomes.ignored(span, message, "write `cpus`");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, container, find, loud, run, service, task};

    fn with(cpu: CpuSettings) -> Service {
        let mut web = service("web", "acme/web:1");
        web.cpu = Some(Box::new(cpu));
        web
    }

    #[test]
    fn a_quota_becomes_processors() {
        for (quota, period, units, size) in [
            (50_000, None, 512, "512"),
            (150_000, Some(100_000), 1536, "2048"),
            (25, Some(100), 256, "256"),
        ] {
            let cpu = CpuSettings {
                quota: Some(at(quota)),
                period: period.map(at),
                ..CpuSettings::default()
            };
            let done = run(vec![with(cpu)]);
            assert_eq!((container(&done, "web").cpu, &*task(&done, "web").cpu), (units, size));
            assert!(find(&done.diagnostics, Code::Approximated).is_some());
            assert_eq!(loud(&done.diagnostics), []);
        }
    }

    #[test]
    fn processors_go_before_a_quota() {
        let mut web = with(CpuSettings { quota: Some(at(400_000)), ..CpuSettings::default() });
        web.cpus = Some(at(0.5));
        let done = run(vec![web]);
        assert_eq!(container(&done, "web").cpu, 512);
        assert!(find(&done.diagnostics, Code::Ignored).is_some());
    }

    #[test]
    fn what_has_no_effect_is_noted() {
        for cpu in [
            CpuSettings { count: Some(at(2)), ..CpuSettings::default() },
            CpuSettings { percent: Some(at(50.0)), ..CpuSettings::default() },
            CpuSettings { period: Some(at(1000)), ..CpuSettings::default() },
            CpuSettings { quota: Some(at(-1)), ..CpuSettings::default() },
            CpuSettings { shares: Some(at(512)), ..CpuSettings::default() },
            CpuSettings { set: Some(at("0-3".to_owned())), ..CpuSettings::default() },
        ] {
            let done = run(vec![with(cpu)]);
            assert_eq!(loud(&done.diagnostics), []);
            assert!(find(&done.diagnostics, Code::Ignored).is_some());
        }
        for cpu in [
            CpuSettings { rt_period: Some(at(1000)), ..CpuSettings::default() },
            CpuSettings { rt_runtime: Some(at(1000)), ..CpuSettings::default() },
        ] {
            let done = run(vec![with(cpu)]);
            assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
        }
    }
}
