use std::collections::{HashMap, HashSet};

use crate::compose::model::{Project, Resources, Service, Setting};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Located, Span};

/// Reports what contradicts itself within a service or between two, and leaves out the services
/// that have neither image nor build.
///
/// The absence of an image is not reported for the services in `excused`.
pub(super) fn check(
    project: &mut Project,
    excused: &HashSet<String>,
    diagnostics: &mut Diagnostics,
) {
    let mut containers: HashMap<&str, &Located<String>> = HashMap::new();
    let mut names_nothing = false;
    for service in project.services.values() {
        let mut push = |fault: Diagnostic| diagnostics.push(fault.service(&service.name.value));
        names_nothing |= is_nothing(service);
        let image = image(service).filter(|_| !excused.contains(&service.name.value));
        [image, platform(service)].into_iter().flatten().for_each(&mut push);
        scale(service).into_iter().for_each(&mut push);
        sizes(service).into_iter().for_each(&mut push);
        container_name(service).into_iter().for_each(&mut push);
        network_mode(service).into_iter().for_each(&mut push);
        if let Some(container) = &service.container_name
            && let Some(first) = containers.insert(&container.value, container)
        {
            push(
                Diagnostic::error(Code::Conflict, "two services have one `container_name`")
                    .at(container.span, "again here")
                    .at(first.span, "first here")
                    .help("give each service its own, or none"),
            );
        }
    }
    if names_nothing {
        project.services.retain(|_, service| !is_nothing(service));
        let names: HashSet<String> = project.services.keys().cloned().collect();
        for service in project.services.values_mut() {
            service.depends_on.retain(|target, _| names.contains(target));
        }
    }
}

/// Whether a service has nothing to run.
fn is_nothing(service: &Service) -> bool {
    service.image.is_none() && service.build.is_none() && service.provider.is_none()
}

fn image(service: &Service) -> Option<Diagnostic> {
    is_nothing(service).then(|| {
        let name = &service.name.value;
        Diagnostic::error(Code::NoImageNoBuild, format!("`{name}` has neither `image` nor `build`"))
            .at(service.name.span, "")
            .help("add `image: …`, or `build: .` with a Dockerfile")
    })
}

fn platform(service: &Service) -> Option<Diagnostic> {
    let build = service.build.as_ref()?;
    let platform = service.platform.as_ref()?;
    let first = build.value.platforms.first()?;
    (!build.value.platforms.iter().any(|built| built.value == platform.value)).then(|| {
        Diagnostic::error(Code::Conflict, "`build.platforms` lacks the service's `platform`")
            .at(platform.span, "runs on this")
            .at(first.span, "built for these")
            .help("add the platform to `build.platforms`")
    })
}

fn differ(what: &str, first: Span, second: Span) -> Diagnostic {
    Diagnostic::error(Code::Conflict, format!("{what} contradict each other"))
        .at(first, "one value here")
        .at(second, "another here")
        .help("keep one of the two")
}

fn scale(service: &Service) -> Option<Diagnostic> {
    let (scale, replicas) = (service.scale.as_ref()?, service.deploy.replicas.as_ref()?);
    (scale.value != replicas.value)
        .then(|| differ("`scale` and `deploy.replicas`", scale.span, replicas.span))
}

/// The old attributes against those of `deploy.resources`. As in the reference, limits that do
/// not name this resource say that this one has none.
fn sizes(service: &Service) -> Vec<Diagnostic> {
    fn against<T: PartialEq>(
        what: &str,
        old: Option<&Located<T>>,
        new: Option<&Located<T>>,
        others: (bool, Option<Span>),
    ) -> Option<Diagnostic> {
        let old = old?;
        match new {
            Some(new) if old.value == new.value => None,
            Some(new) => Some(differ(what, old.span, new.span)),
            None if others.0 => Some(differ(what, old.span, others.1.unwrap_or(old.span))),
            None => None,
        }
    }
    let Resources { cpus, memory, pids, devices: _, generic: _, requests: _ } =
        &service.deploy.limits;
    let limits = [
        cpus.as_ref().map(|cpus| cpus.span),
        memory.as_ref().map(|memory| memory.span),
        pids.as_ref().map(|pids| pids.span),
    ];
    let resources = service.written.deploy.as_ref().and_then(|deploy| {
        match deploy.attributes.get("resources") {
            Some(Setting::Part(resources)) => Some(resources),
            _ => None,
        }
    });
    let has = |key: &str| resources.is_some_and(|all| all.attributes.contains_key(key));
    let limits = (has("limits"), limits.into_iter().flatten().next());
    let reserved = &service.deploy.reservations;
    let reserved_cpus = reserved.cpus.as_ref().map(|cpus| cpus.span);
    let limit = (service.cpus.as_ref(), cpus.as_ref());
    let old = (service.mem_limit.as_ref(), service.mem_reservation.as_ref());
    let processes = service.kernel.as_ref().and_then(|kernel| kernel.pids_limit.as_ref());
    let processes = processes.filter(|limit| limit.value != 0);
    [
        against("`cpus` and `deploy.resources.limits.cpus`", limit.0, limit.1, limits),
        against("`mem_limit` and `deploy.resources.limits.memory`", old.0, memory.as_ref(), limits),
        against(
            "`mem_reservation` and `deploy.resources.reservations.memory`",
            old.1,
            reserved.memory.as_ref(),
            (has("reservations"), reserved_cpus),
        ),
        against(
            "`pids_limit` and `deploy.resources.limits.pids`",
            processes,
            pids.as_ref(),
            limits,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn network_mode(service: &Service) -> Option<Diagnostic> {
    let mode = service.network_mode().filter(|mode| !mode.value.is_empty())?;
    let attached = service.networks.values().next()?;
    Some(
        Diagnostic::error(Code::Conflict, "`network_mode` and `networks` exclude each other")
            .at(mode.span, "")
            .at(attached.span, "")
            .help("keep one of them"),
    )
}

fn container_name(service: &Service) -> Vec<Diagnostic> {
    let Some(name) = &service.container_name else { return Vec::new() };
    let mut faults = Vec::new();
    if service.replicas() > 1 {
        let count = service.scale.as_ref().or(service.deploy.replicas.as_ref());
        let fault = Diagnostic::error(
            Code::Conflict,
            "a service with a `container_name` cannot have several replicas",
        )
        .at(name.span, "one name");
        let fault = match count {
            Some(count) => fault.at(count.span, "several containers"),
            None => fault,
        };
        faults.push(fault.help("remove `container_name`: on ECS services find each other by name"));
    }
    faults
}
