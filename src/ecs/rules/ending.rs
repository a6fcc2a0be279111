//! Which services come to an end: jobs, and containers that only lend their volumes to others.

use std::collections::{HashMap, HashSet};

use super::known_images::{Class, known_image, repository};
use super::namespaces::volumes_of;
use super::ports::declares;
use crate::compose::Project;
use crate::compose::model::{Condition, Mode, Service};
use crate::source::{Located, Span};

/// Programs that are over as soon as they have begun.
const BRIEF: &[&str] = &[
    ":", "chmod", "chown", "cp", "echo", "exit", "false", "ln", "ls", "mkdir", "printf", "touch",
    "true",
];

/// Shells that run the text after `-c`.
const SHELLS: &[&str] = &["ash", "bash", "dash", "sh"];

/// Images that hold nothing but `true`.
const NOTHING: &[&str] = &["hello-world", "tianon/true"];

/// Which services come to an end.
#[derive(Debug, Default)]
pub(crate) struct Ending<'a> {
    /// Who waits for the end of a service, and where that is written.
    pub(crate) awaited: HashMap<&'a str, Vec<(&'a Service, Span)>>,
    /// The jobs: somebody waits for their end, or they say so themselves.
    pub(crate) jobs: HashSet<&'a str>,
    /// Those that have nothing to do but hold the volumes that others take from them.
    pub(crate) lenders: HashSet<&'a str>,
}

impl<'a> Ending<'a> {
    /// Whether a service runs on.
    pub(crate) fn lasts(&self, service: &str) -> bool {
        !self.jobs.contains(service) && !self.lenders.contains(service)
    }

    /// Who waits for the end of a service.
    pub(crate) fn waiting(&self, service: &str) -> &[(&'a Service, Span)] {
        self.awaited.get(service).map_or(&[], Vec::as_slice)
    }
}

/// Finds the services that come to an end: whoever waits for the end of a service says that it has one;
/// `deploy.mode` and `x-ecs` say so themselves.
pub(crate) fn ending(project: &Project) -> Ending<'_> {
    let services = || project.services.values().map(|service| &**service);
    let mut found = Ending::default();
    for service in services() {
        for (name, dependency) in &service.depends_on {
            if dependency.value.condition == Condition::CompletedSuccessfully {
                found.awaited.entry(name.as_str()).or_default().push((service, dependency.span));
            }
        }
    }
    let is_job = |service: &&Service| {
        !found.waiting(&service.name.value).is_empty() || says_it_is_a_job(service)
    };
    found.jobs = services().filter(is_job).map(|service| service.name.value.as_str()).collect();
    for service in services() {
        for owner in service.volumes_from.iter().filter_map(|from| volumes_of(&from.value)) {
            let Some(owner) = project.services.get(owner) else { continue };
            let name = owner.name.value.as_str();
            if !found.jobs.contains(name) && only_lends(owner) {
                found.lenders.insert(name);
            }
        }
    }
    found
}

fn says_it_is_a_job(service: &Service) -> bool {
    mode_of_job(service).is_some()
        || service.extension.schedule.is_some()
        || service.extension.job.as_ref().is_some_and(|job| job.value)
}

/// The `deploy.mode` of a job.
pub(crate) fn mode_of_job(service: &Service) -> Option<&Located<Mode>> {
    let mode = service.deploy.mode.as_ref();
    mode.filter(|mode| matches!(mode.value, Mode::ReplicatedJob | Mode::GlobalJob))
}

/// Whether a container whose volumes others have plainly does nothing else.
fn only_lends(service: &Service) -> bool {
    !declares(service) && service.extension.job.is_none() && is_over_at_once(service)
}

/// Whether the program of a container ends as soon as it has begun. What an image runs that says
/// nothing of it here is only known of base systems, whose shell has nobody to talk to.
fn is_over_at_once(service: &Service) -> bool {
    let words = |given: &Option<Located<Vec<String>>>| -> Vec<String> {
        given.as_ref().map(|words| words.value.clone()).unwrap_or_default()
    };
    let mut all = words(&service.entrypoint);
    all.extend(words(&service.command));
    if !all.is_empty() {
        return is_brief(&all);
    }
    let Some(image) = service.image.as_ref().filter(|_| service.build.is_none()) else {
        return false;
    };
    let is_on = |switch: &Option<Located<bool>>| switch.as_ref().is_some_and(|on| on.value);
    let is_base = known_image(&image.value).is_some_and(|image| image.class == Class::Base);
    NOTHING.contains(&repository(&image.value))
        || is_base && !is_on(&service.tty) && !is_on(&service.stdin_open)
}

fn is_brief(words: &[String]) -> bool {
    let Some((program, rest)) = words.split_first() else { return false };
    let program = program.rsplit('/').next().unwrap_or(program);
    if !SHELLS.contains(&program) {
        return BRIEF.contains(&program);
    }
    let [option, script, ..] = rest else { return false };
    let mut steps = script.split([';', '&', '|', '\n']).map(str::trim).filter(|s| !s.is_empty());
    let is_brief = |step: &str| {
        let first = step.split_whitespace().next().unwrap_or_default();
        BRIEF.contains(&first.rsplit('/').next().unwrap_or(first))
    };
    matches!(option.as_str(), "-c" | "-ec" | "-ce") && steps.all(is_brief)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::testing::{at, service};

    fn over(image: &str, command: &[&str]) -> bool {
        let mut data = service("data", image);
        if !command.is_empty() {
            data.command = Some(at(command.iter().map(|word| (*word).to_owned()).collect()));
        }
        is_over_at_once(&data)
    }

    #[test]
    fn what_plainly_ends_at_once() {
        for words in [
            &["true"][..],
            &["/bin/true"],
            &["echo", "data only"],
            &["exit", "0"],
            &[":"],
            &["sh", "-c", "echo hello"],
            &["/bin/sh", "-c", "mkdir -p /data && chown 1000 /data; exit 0"],
        ] {
            assert!(over("busybox", words) && over("postgres:16", words), "{words:?}");
        }
        for words in [
            &["sleep", "infinity"][..],
            &["sh", "-c", "echo hello; sleep infinity"],
            &["sh", "-c", "echo hello && exec tail -f /dev/null"],
            &["sh"],
            &["truely"],
        ] {
            assert!(!over("busybox", words), "{words:?}");
        }
    }

    #[test]
    fn an_image_that_runs_nothing_ends_at_once() {
        assert!(over("busybox:1.36", &[]) && over("tianon/true", &[]));
        assert!(!over("postgres:16", &[]) && !over("acme/data", &[]));
        let mut open = service("data", "busybox");
        open.stdin_open = Some(at(true));
        assert!(!is_over_at_once(&open));
    }
}
