//! `ulimits` become limits of the container's processes.

use super::outcome::Outcomes;
use crate::compose::model::{Service, Ulimit};
use crate::ecs::desired;
use crate::ecs::translate::context::Output;

/// The limits that ECS knows, which are those of Docker (ECS API reference, `Ulimit.name`).
pub(crate) const NAMES: [&str; 15] = [
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];

/// Whether a soft limit is within its hard one; -1 means none.
pub(crate) fn is_within(soft: i64, hard: i64) -> bool {
    hard < 0 || (0..=hard).contains(&soft)
}

/// The limits of a service's container, sorted by name.
pub(crate) fn ulimits(service: &Service, out: &mut Output) -> Vec<desired::Ulimit> {
    let mut outcomes = Outcomes::new(service, out);
    let mut limits = Vec::new();
    for (name, limit) in service.kernel.iter().flat_map(|kernel| &kernel.ulimits) {
        let (soft, hard) = match limit.value {
            Ulimit::Single(both) => (both, both),
            Ulimit::Pair { soft, hard } => (soft, hard),
        };
        if !NAMES.contains(&name.as_str()) {
            let help = format!("it is one of `{}`", NAMES.join("`, `"));
            outcomes.invalid(limit.span, format!("`ulimits`: there is no limit {name:?}"), &help);
            continue;
        }
        if !is_within(soft, hard) {
            let message = format!("the soft limit {soft} of {name} is more than the hard one");
            outcomes.invalid(limit.span, message, "write no more than the hard limit");
            continue;
        }
        // The API takes 32 bits (ECS API reference, `Ulimit.softLimit`: Integer).
        let int = |n: i64| i32::try_from(n.max(-1)).unwrap_or(i32::MAX);
        if i64::from(i32::MAX) < soft.max(hard) {
            let message = format!("`ulimits.{name}` becomes {} at most", i32::MAX);
            outcomes.clamped(limit.span, message, "write -1 for no limit");
        }
        limits.push(desired::Ulimit {
            name: name.clone(),
            soft_limit: int(soft),
            hard_limit: int(hard),
        });
    }
    limits.sort_by(|a, b| a.name.cmp(&b.name));
    limits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::KernelSettings;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, container, loud, run, service};

    fn with(limits: &[(&str, Ulimit)]) -> Service {
        let ulimits = limits.iter().map(|(name, limit)| ((*name).to_owned(), at(*limit))).collect();
        let mut web = service("web", "acme/web:1");
        web.kernel = Some(Box::new(KernelSettings { ulimits, ..KernelSettings::default() }));
        web
    }

    #[test]
    fn limits_are_mapped_in_order() {
        let pair = Ulimit::Pair { soft: 1024, hard: 65536 };
        let done = run(vec![with(&[
            ("nproc", Ulimit::Single(64)),
            ("nofile", pair),
            ("memlock", Ulimit::Single(-1)),
            ("core", Ulimit::Single(0)),
        ])]);
        assert_eq!(loud(&done.diagnostics), []);
        let found: Vec<_> = container(&done, "web")
            .ulimits
            .iter()
            .map(|limit| (limit.name.as_str(), limit.soft_limit, limit.hard_limit))
            .collect();
        let wanted =
            [("core", 0, 0), ("memlock", -1, -1), ("nofile", 1024, 65536), ("nproc", 64, 64)];
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_docker_does_not_take_either() {
        for limit in [
            ("as", Ulimit::Single(1)),
            ("nofile", Ulimit::Pair { soft: 2, hard: 1 }),
            ("nofile", Ulimit::Pair { soft: -1, hard: 1 }),
        ] {
            let done = run(vec![with(&[limit])]);
            assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::InvalidValue)]);
        }
    }

    #[test]
    fn large_limits_are_clamped() {
        let done = run(vec![with(&[("memlock", Ulimit::Single(1 << 36))])]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Clamped)]);
        assert_eq!(container(&done, "web").ulimits[0].hard_limit, i32::MAX);
    }
}
