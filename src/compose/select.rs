//! Some of a project's services: those that were named, and whatever they depend on.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::decode::RawService;
use super::model::{FileReference, MountKind, Project};
use super::suggest::did_you_mean;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};

/// The profiles of services that were named: to name one is to want it. Names of no service are
/// reported.
pub(super) fn profiles(
    names: &[String],
    services: &IndexMap<String, RawService>,
    diagnostics: &mut Diagnostics,
) -> Vec<String> {
    let mut profiles = Vec::new();
    for name in names {
        match services.get(name) {
            Some(raw) => {
                profiles.extend(raw.service.profiles.iter().map(|profile| profile.value.clone()));
            }
            None => {
                let close = did_you_mean(name, services.keys().map(String::as_str));
                let help = close.unwrap_or_else(|| "`config --services` lists them".to_owned());
                let message = format!("the project has no service `{name}`");
                let fault = Diagnostic::error(Code::UndefinedReference, message).help(help);
                diagnostics.push(fault);
            }
        }
    }
    profiles
}

/// Leaves out all services but those that are named, and those that they depend on, directly or not;
/// then what no service uses any more.
pub(super) fn select(project: &mut Project, names: &[String]) {
    let mut wanted: HashSet<String> = HashSet::new();
    let mut next: Vec<String> = names.to_vec();
    while let Some(name) = next.pop() {
        let Some(service) = project.services.get(&name) else { continue };
        if wanted.insert(name) {
            next.extend(service.depends_on.keys().cloned());
        }
    }
    project.services.retain(|name, _| wanted.contains(name));
    drop_unused(project);
}

fn drop_unused(project: &mut Project) {
    let Project { services, networks, volumes, secrets, configs, models, .. } = project;
    let services = || services.values();
    let names = |references: &[FileReference]| -> Vec<String> {
        references.iter().map(|reference| reference.source.value.clone()).collect()
    };
    let used: HashSet<&String> = services().flat_map(|service| service.networks.keys()).collect();
    networks.retain(|name, _| used.contains(name));
    let mounts = services().flat_map(|service| &service.mounts);
    let used: HashSet<&String> = mounts
        .filter_map(|mount| match &mount.value.kind {
            MountKind::Volume(name) => Some(name),
            _ => None,
        })
        .collect();
    volumes.retain(|name, _| used.contains(name));
    let used: HashSet<String> = services()
        .flat_map(|service| [&service.written.secrets, &service.written.build_secrets])
        .flat_map(|references| names(references))
        .collect();
    let in_variables: HashSet<&String> = services()
        .flat_map(|service| service.extension.secret_env.values())
        .map(|secret| &secret.value)
        .collect();
    secrets.retain(|name, _| used.contains(name) || in_variables.contains(name));
    let used: HashSet<String> =
        services().flat_map(|service| names(&service.written.configs)).collect();
    configs.retain(|name, _| used.contains(name));
    let used: HashSet<&String> = services().flat_map(|service| service.models.keys()).collect();
    models.retain(|name, _| used.contains(name));
}
