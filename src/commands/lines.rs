//! Which line of the Compose file asks for a change: as near to it as the file's own words go.

use crate::compose::Project;
use crate::compose::model::Service;
use crate::ecs::container_name;
use crate::ecs::desired::Kind;
use crate::plan::{Change, Step};
use crate::source::Span;

/// The line of the first difference that a step removes, where one attribute asks for it.
pub(super) fn of(project: &Project, step: &Step) -> Option<Span> {
    step.changes.iter().find_map(|change| of_change(project, step, change))
}

fn of_change(project: &Project, step: &Step, change: &Change) -> Option<Span> {
    match step.resource.kind {
        Kind::TaskDefinition => {
            let (name, field) = container(&change.path)?;
            let mut services = project.services.values();
            let service = services.find(|s| container_name(&s.name.value) == name)?;
            of_container(service, field)
        }
        Kind::Service => of_service(project.services.get(&step.resource.name)?, &change.path),
        _ => None,
    }
}

/// The name and the field in `containerDefinitions[NAME].FIELD`.
fn container(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("containerDefinitions[")?;
    rest.split_once("].").or_else(|| Some((rest.strip_suffix(']')?, "")))
}

fn of_container(service: &Service, path: &str) -> Option<Span> {
    let (field, rest) = path.split_at(path.find(['[', '.']).unwrap_or(path.len()));
    let key = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(key, _)| key);
    let limits = &service.deploy.limits;
    match field {
        "image" => {
            let built = service.build.as_ref().map(|build| build.span);
            built.or_else(|| service.image.as_ref().map(|image| image.span))
        }
        "environment" => service.environment.get(key?).map(|value| value.span),
        "dockerLabels" => service.labels.get(key?).map(|value| value.span),
        "command" => service.command.as_ref().map(|given| given.span),
        "entryPoint" => service.entrypoint.as_ref().map(|given| given.span),
        "workingDirectory" => service.working_dir.as_ref().map(|given| given.span),
        "user" => service.user.as_ref().map(|given| given.span),
        "healthCheck" => service.healthcheck.as_ref().map(|given| given.span),
        "readonlyRootFilesystem" => service.read_only.as_ref().map(|given| given.span),
        "stopTimeout" => service.stop_grace_period.as_ref().map(|given| given.span),
        "pseudoTerminal" => service.tty.as_ref().map(|given| given.span),
        "interactive" => service.stdin_open.as_ref().map(|given| given.span),
        "portMappings" => service.ports.first().or(service.expose.first()).map(|port| port.span),
        "mountPoints" => service.mounts.first().map(|mount| mount.span),
        "cpu" => {
            let given = limits.cpus.as_ref().or(service.cpus.as_ref());
            given.map(|given| given.span)
        }
        "memory" => {
            let given = limits.memory.as_ref().or(service.mem_limit.as_ref());
            given.map(|given| given.span)
        }
        _ => None,
    }
}

fn of_service(service: &Service, path: &str) -> Option<Span> {
    if path == "desiredCount" {
        let given = service.scale.as_ref().or(service.deploy.replicas.as_ref());
        return given.map(|given| given.span);
    }
    if path.starts_with("deploymentConfiguration") {
        return service.deploy.update_config.as_ref().map(|given| given.span);
    }
    if path.starts_with("loadBalancers") {
        return service.ports.first().map(|port| port.span);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_found_in_paths() {
        assert_eq!(container("containerDefinitions[web].image"), Some(("web", "image")));
        let path = "containerDefinitions[web].environment[A].value";
        assert_eq!(container(path), Some(("web", "environment[A].value")));
        assert_eq!(container("containerDefinitions[web]"), Some(("web", "")));
        assert_eq!(container("cpu"), None);
    }
}
