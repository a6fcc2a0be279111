//! From what the files say to a project that hangs together: inactive profiles are left out,
//! references resolve, dependencies form no circle, attributes do not contradict each other.
//!
//! What is at fault is reported and left out, so that the project keeps its promises even where
//! there are errors: every name it refers to exists, no circle of dependencies is left, and every
//! service has an image or a build.

mod conflict;
mod cycle;
mod env_file;
mod named;

use crate::compose::is_implied;
use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::decode::{KeyValues, RawProject, RawService};
use super::environment::Environment;
use super::model::{
    Condition, Dependency, HealthTest, MountKind, Network, NetworkAttachment, Project, Service,
    Setting, Settings,
};
use super::paths::Paths;
use super::suggest::{did_you_mean, shown};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::source::{Located, Sources, Span};
use env_file::EnvFiles;

/// What the validator works with.
pub(super) struct Validator<'a> {
    pub(super) environment: &'a Environment,
    pub(super) profiles: &'a [String],
    pub(super) paths: &'a Paths,
    pub(super) cwd: &'a std::path::Path,
    pub(super) sources: &'a mut Sources,
    pub(super) diagnostics: &'a mut Diagnostics,
    /// Whether names may be defined in files that were not read.
    pub(super) is_part: bool,
}

/// The project, and what its printed form needs beside it.
pub(super) struct Validated {
    pub(super) project: Project,
    /// Bare names in a service's `environment` that have no value, by service.
    pub(super) unset: HashMap<String, Vec<String>>,
}

/// The profiles of the services that are left out.
type Inactive = IndexMap<String, Vec<Located<String>>>;

/// Looking for what somebody meant compares with every name; for the first faults is enough.
const MAX_SUGGESTIONS: usize = 50;

impl Validator<'_> {
    pub(super) fn validate(mut self, name: String, raw: RawProject) -> Validated {
        let RawProject {
            services,
            networks,
            volumes,
            secrets,
            configs,
            models,
            extensions,
            extension,
            span,
            is_part,
            is_faulty: _,
        } = raw;
        self.is_part = is_part;
        let (active, inactive) = self.split(services);
        if active.is_empty() && !inactive.is_empty() {
            let fault =
                Diagnostic::warning(Code::InactiveProfile, "no service has an active profile");
            let help = "activate some with `--profile NAME`, or all with `--profile '*'`";
            self.diagnostics.push(fault.at(span, "").help(help));
        }
        let mut unset = HashMap::new();
        let mut env_files = EnvFiles::default();
        let mut project = Project {
            name,
            directory: self.paths.directory.clone(),
            services: IndexMap::with_capacity(active.len()),
            networks: IndexMap::new(),
            volumes: IndexMap::new(),
            secrets,
            configs,
            models,
            extensions,
            extension,
        };
        let mut excused = HashSet::new();
        for (key, raw) in active {
            if raw.excused {
                excused.insert(key.clone());
            }
            let mut service = self.complete(raw, &mut env_files, &mut unset);
            service.inherit(&project.extension);
            project.services.insert(key, service);
        }
        self.references(&mut project, &inactive, networks, volumes, span);
        self.named_references(&mut project);
        self.dependencies(&mut project, &inactive);
        conflict::check(&mut project, &excused, self.diagnostics);
        cycle::break_cycles(&mut project, self.diagnostics);
        Validated { project, unset }
    }

    /// The services with an active profile or none, and the profiles of the others.
    fn split(
        &self,
        services: IndexMap<String, RawService>,
    ) -> (IndexMap<String, RawService>, Inactive) {
        let all = self.profiles.iter().any(|profile| profile == "*");
        let is_active = |service: &RawService| {
            let chosen = |profile: &Located<String>| self.profiles.contains(&profile.value);
            let profiles = &service.service.profiles;
            all || profiles.is_empty() || profiles.iter().any(chosen)
        };
        if services.values().all(is_active) {
            return (services, IndexMap::new());
        }
        let mut inactive = IndexMap::new();
        let mut active = IndexMap::with_capacity(services.len());
        for (name, service) in services {
            if is_active(&service) {
                active.insert(name, service);
            } else {
                inactive.insert(name, service.service.profiles);
            }
        }
        (active, inactive)
    }

    /// Gives a service its environment and its build arguments.
    fn complete(
        &mut self,
        raw: RawService,
        env_files: &mut EnvFiles,
        unset: &mut HashMap<String, Vec<String>>,
    ) -> Box<Service> {
        let RawService {
            mut service,
            environment,
            env_files: files,
            label_files,
            build_args,
            excused: _,
        } = raw;
        let (own, bare) = self.resolve(environment);
        if !bare.is_empty() {
            unset.insert(service.name.value.clone(), bare);
        }
        if files.is_empty() {
            service.environment = own;
        } else {
            service.environment = self.read_env_files(env_files, &files, &own, &service.name.value);
            service.environment.extend(own);
        }
        if !label_files.is_empty() {
            let own = std::mem::take(&mut service.labels);
            service.labels = self.read_label_files(&label_files, &service.name.value);
            service.labels.extend(own);
        }
        if let Some(build) = &mut service.build {
            build.value.args = self.resolve(build_args).0;
        }
        service
    }

    /// Gives bare names the caller's values; the names that have none come apart.
    fn resolve(&self, values: KeyValues) -> (IndexMap<String, Located<String>>, Vec<String>) {
        let mut bare = Vec::new();
        let mut out = IndexMap::with_capacity(values.len());
        for (name, Located { value, span }) in values {
            let found = value.or_else(|| self.environment.get(&name).map(str::to_owned));
            match found {
                Some(value) => {
                    out.insert(name, Located::new(value, span));
                }
                None => bare.push(name),
            }
        }
        (out, bare)
    }

    /// Checks the names of networks and volumes, and keeps those that are used.
    fn references(
        &mut self,
        project: &mut Project,
        inactive: &Inactive,
        mut networks: IndexMap<String, Network>,
        mut volumes: IndexMap<String, super::model::Volume>,
        span: Span,
    ) {
        let mut used_networks = HashSet::new();
        let mut used_volumes = HashSet::new();
        let mut suggestions = MAX_SUGGESTIONS;
        for (name, service) in &mut project.services {
            if service.networks.is_empty()
                && service.provider.is_none()
                && service.network_mode().is_none()
            {
                let attached = NetworkAttachment::new(service.name.span);
                service.networks.insert("default".into(), attached);
            }
            service.networks.retain(|network, attached| {
                if network == "default" || networks.contains_key(network) {
                    if !used_networks.contains(network) {
                        used_networks.insert(network.clone());
                    }
                    return true;
                }
                if !self.is_part {
                    let close = suggest(&mut suggestions, network, networks.keys());
                    let fault = undefined("network", network, attached.span, self.sources, close)
                        .service(name);
                    self.diagnostics.push(fault.at(attached.span, "not defined"));
                }
                false
            });
            service.mounts.retain(|mount| {
                let MountKind::Volume(volume) = &mount.value.kind else { return true };
                if volumes.contains_key(volume) {
                    if !used_volumes.contains(volume) {
                        used_volumes.insert(volume.clone());
                    }
                    return true;
                }
                if !self.is_part {
                    let close = suggest(&mut suggestions, volume, volumes.keys());
                    let fault =
                        undefined("volume", volume, mount.span, self.sources, close).service(name);
                    self.diagnostics.push(fault.at(mount.span, "not defined"));
                }
                false
            });
        }
        if used_networks.contains("default") && !networks.contains_key("default") {
            let mut implied = Network::new(span);
            implied.settings.attributes.insert("ipam", Setting::Part(Settings::default()));
            networks.insert("default".into(), implied);
        }
        let unused = networks
            .iter()
            .filter(|(name, _)| !used_networks.contains(*name))
            .map(|(name, network)| ("network", name, network.span))
            .chain(
                volumes
                    .iter()
                    .filter(|(name, _)| !used_volumes.contains(*name))
                    .map(|(name, volume)| ("volume", name, volume.span)),
            );
        for (kind, name, span) in unused.filter(|_| inactive.is_empty()) {
            let message = format!("the {kind} `{name}` is used by no service");
            let help = "nothing is made for it on AWS: name it at a service, or remove it";
            let fault = Diagnostic::note(Code::Ignored, message).at(span, "left out");
            self.diagnostics.push(fault.help(help));
        }
        networks.retain(|name, _| used_networks.contains(name));
        volumes.retain(|name, _| used_volumes.contains(name));
        project.networks = networks;
        project.volumes = volumes;
    }

    /// Checks the names in `depends_on`.
    fn dependencies(&mut self, project: &mut Project, inactive: &Inactive) {
        let mut suggestions = MAX_SUGGESTIONS;
        let mut all_there = true;
        for service in project.services.values() {
            for (target, dependency) in &service.depends_on {
                let name = &service.name.value;
                let found = project.services.get(target);
                all_there &= found.is_some();
                // Beyond the limit a fault is only counted, whatever it says.
                if found.is_none() && !self.is_part && !self.diagnostics.wants(Severity::Error) {
                    let is_fault = inactive.get(target).is_none_or(|_| dependency.value.required);
                    if is_fault {
                        self.diagnostics.omit();
                    }
                    continue;
                }
                let fault = match (found, inactive.get(target)) {
                    (Some(target), _) => unhealthy(target, dependency),
                    (None, Some(_)) if !dependency.value.required => None,
                    (None, Some(profiles)) => {
                        let is_implied = is_implied(service, target, dependency);
                        Some(left_out(target, profiles, dependency, is_implied, self.sources))
                    }
                    (None, None) if self.is_part => None,
                    (None, None) => {
                        let close = suggest(&mut suggestions, target, project.services.keys());
                        let fault =
                            undefined("service", target, dependency.span, self.sources, close);
                        Some(fault.at(dependency.span, "not defined"))
                    }
                };
                self.diagnostics.extend(fault.map(|fault| fault.service(name)));
            }
        }
        if all_there {
            return;
        }
        let names: HashSet<String> = project.services.keys().cloned().collect();
        for service in project.services.values_mut() {
            service.depends_on.retain(|target, _| names.contains(target));
        }
    }
}

fn suggest<'n>(
    left: &mut usize,
    word: &str,
    names: impl IntoIterator<Item = &'n String>,
) -> Option<String> {
    *left = left.checked_sub(1)?;
    did_you_mean(word, names.into_iter().map(String::as_str))
}

fn undefined(
    kind: &str,
    name: &str,
    span: Span,
    sources: &Sources,
    close: Option<String>,
) -> Diagnostic {
    let name = shown(name, span, sources);
    let help = close.unwrap_or_else(|| match kind {
        "service" => format!("define {name} under `services`, or remove the reference"),
        _ => format!("define it at the top level, below `{kind}s:`"),
    });
    let message = format!("the {kind} {name} is not defined");
    Diagnostic::error(Code::UndefinedReference, message).help(help)
}

fn left_out(
    target: &str,
    profiles: &[Located<String>],
    dependency: &Located<Dependency>,
    is_implied: bool,
    sources: &Sources,
) -> Diagnostic {
    let list: Vec<String> =
        profiles.iter().map(|profile| shown(&profile.value, profile.span, sources)).collect();
    let message = format!(
        "the service `{target}` is left out: its profile {} is not active",
        list.join(", ")
    );
    Diagnostic::error(Code::InactiveProfile, message)
        .at(dependency.span, "needed here")
        .help(if is_implied {
            "activate it with `--profile`, or take its `profiles` away: nothing runs without it here"
        } else {
            "activate it with `--profile`, or write `required: false` for this dependency"
        })
}

/// A dependent that waits for health where the health check is switched off.
fn unhealthy(target: &Service, dependency: &Located<Dependency>) -> Option<Diagnostic> {
    if dependency.value.condition != Condition::Healthy {
        return None;
    }
    let test = target.healthcheck.as_ref().and_then(|check| check.value.test.as_ref());
    let name = &target.name.value;
    match test {
        Some(Located { value: HealthTest::None, span }) => Some(
            Diagnostic::warning(
                Code::NoHealthcheck,
                format!("`{name}` can never be healthy: its health check is switched off"),
            )
            .at(dependency.span, "waits for its health")
            .at(*span, "switched off here")
            .help("give it a health check, or wait for `service_started`"),
        ),
        // Without one its image may define a check: what that means on ECS is told there.
        Some(_) | None => None,
    }
}
