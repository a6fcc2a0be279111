//! Every service's output goes to a log group of its own.

use super::logging;
use crate::compose::model::{ProjectExtension, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Body, CreateLogGroup, Kind, LogConfiguration, LogGroup, PutRetentionPolicy, ResourceId,
};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::{Grammar, fit};

/// The days that CloudWatch Logs keeps events for (CloudWatch Logs API reference,
/// `PutRetentionPolicy`, `retentionInDays`).
pub(crate) const RETENTION_DAYS: &[i32] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// `x-ecs.log_retention`, else 30 days.
pub(crate) fn retention(extension: &ProjectExtension, out: &mut Output) -> i32 {
    let Some(given) = &extension.log_retention else { return 30 };
    let wanted = i32::try_from(given.value).unwrap_or(i32::MAX);
    if RETENTION_DAYS.contains(&wanted) {
        return wanted;
    }
    // Of two that are equally near, the longer one: nothing is lost too early.
    let nearest = RETENTION_DAYS.iter().copied().rev().min_by_key(|days| days.abs_diff(wanted));
    let nearest = nearest.unwrap_or(3653);
    out.say(
        Diagnostic::error(
            Code::InvalidValue,
            format!("CloudWatch Logs does not keep events for {} days", given.value),
        )
        .at(given.span, "")
        .help(format!("the nearest that it takes is {nearest}; the list is {RETENTION_DAYS:?}")),
    );
    nearest
}

/// The log group's name.
pub(crate) fn log_group_name(cx: &Context<'_>, service: &str) -> String {
    fit(&format!("/decklift/{}/{service}", cx.stack), Grammar::LogGroup)
}

/// Adds the log group of a service that uses it.
pub(crate) fn add(cx: &Context<'_>, service: &Service, out: &mut Output) {
    let name = &service.name.value;
    if !logging::place(cx, service).is_some_and(|place| place.is_own) {
        return;
    }
    let id = ResourceId::new(Kind::LogGroup, name);
    let log_group_name = log_group_name(cx, name);
    let body = Body::LogGroup(LogGroup {
        create: CreateLogGroup { log_group_name: log_group_name.clone(), tags: cx.tags(&id) },
        retention: PutRetentionPolicy { log_group_name, retention_in_days: cx.log_retention },
    });
    out.add(id, body, Some(name), Some(service.span()));
}

/// The `awslogs` driver with the options that Fargate demands (ECS API reference,
/// `LogConfiguration.options`).
pub(crate) fn configuration(cx: &Context<'_>, service: &Service) -> LogConfiguration {
    let service = service.name.value.as_str();
    let options = [
        ("awslogs-group", log_group_name(cx, service)),
        ("awslogs-region", cx.facts.region.clone()),
        ("awslogs-stream-prefix", service.to_owned()),
    ];
    LogConfiguration {
        log_driver: "awslogs".to_owned(),
        options: options.into_iter().collect(),
        secret_options: Vec::new(),
    }
}

/// The log group that a service writes to, where it is one of the project's.
pub(crate) fn of_service(cx: &Context<'_>, service: &Service) -> Option<ResourceId> {
    let place = logging::place(cx, service)?;
    if place.is_own {
        return Some(ResourceId::new(Kind::LogGroup, &service.name.value));
    }
    // It may name the group of another service, whose name stands at the end of it unless it had to
    // be cut.
    let (_, name) = place.group.rsplit_once('/')?;
    let other = cx.project.services.get(name)?;
    let is_group = log_group_name(cx, name) == place.group
        && logging::place(cx, other).is_some_and(|place| place.is_own);
    is_group.then(|| ResourceId::new(Kind::LogGroup, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{at, container, facts, loud, project, resource, run, service};
    use crate::ecs::translate;

    fn kept(days: Option<u32>) -> (i32, Vec<(Severity, Code)>) {
        let mut project = project(vec![service("web", "acme/web:1")]);
        project.extension.log_retention = days.map(at);
        let done = translate(&project, None, &facts());
        let Body::LogGroup(group) = &resource(&done, Kind::LogGroup, "web").body else {
            panic!("no log group")
        };
        (group.retention.retention_in_days, loud(&done.diagnostics))
    }

    #[test]
    fn events_are_kept_for_thirty_days_or_as_asked() {
        assert_eq!(kept(None), (30, vec![]));
        assert_eq!(kept(Some(7)), (7, vec![]));
        assert_eq!(kept(Some(8)), (7, vec![(Severity::Error, Code::InvalidValue)]));
        assert_eq!(kept(Some(u32::MAX)).0, 3653);
    }

    #[test]
    fn output_goes_to_the_service_s_own_group() {
        let done = run(vec![service("web", "acme/web:1")]);
        let log = container(&done, "web").log_configuration.clone().expect("a log");
        assert_eq!(log.options["awslogs-group"], "/decklift/shop/web");
        assert_eq!(log.options["awslogs-region"], "eu-west-1");
        assert_eq!(log.options["awslogs-stream-prefix"], "web");
    }
}
