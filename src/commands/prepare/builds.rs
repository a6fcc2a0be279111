//! What a project builds of the files of this machine.

use std::collections::{BTreeMap, BTreeSet};

use super::build_options;
use crate::compose::model::Service;
use crate::compose::{Project, closest_first, did_you_mean};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::ecs::docker_platform;
use crate::images::{BuildSpec, ImageError, to_find_a_stage};

/// What an additional context starts with that is the image of another service.
const SERVICE: &str = "service:";

/// In the order of the files.
pub(super) fn specs(project: &Project, variables: &BTreeMap<&str, &str>) -> Vec<BuildSpec> {
    let mut specs = Vec::new();
    for service in project.services.values() {
        let Some(mut spec) = spec(project, service, variables) else { continue };
        build_on(&mut spec, project, variables, &mut Vec::new());
        specs.push(spec);
    }
    specs
}

/// Puts what a build stands on into it, for its own platform. What is not there, or leads back to
/// where it came from, was said by [`faults`].
fn build_on(
    on: &mut BuildSpec,
    project: &Project,
    variables: &BTreeMap<&str, &str>,
    open: &mut Vec<String>,
) {
    let Some(service) = project.services.get(&on.service) else { return };
    open.push(on.service.clone());
    for (context, name) in service_contexts(service) {
        let other = project.services.get(&name).filter(|_| !open.contains(&name));
        let Some(mut other) = other.and_then(|other| spec(project, other, variables)) else {
            continue;
        };
        other.platform.clone_from(&on.platform);
        build_on(&mut other, project, variables, open);
        on.built_contexts.push((context, other));
    }
    open.pop();
}

/// The contexts that are images of other services: their names, and those of the services.
fn service_contexts(service: &Service) -> Vec<(String, String)> {
    let contexts = service.written.build.as_ref().map(build_options::contexts);
    let of = |(name, text): (String, String)| Some((name, text.strip_prefix(SERVICE)?.to_owned()));
    contexts.unwrap_or_default().into_iter().filter_map(of).collect()
}

fn spec(
    project: &Project,
    service: &Service,
    variables: &BTreeMap<&str, &str>,
) -> Option<BuildSpec> {
    let build = &service.build.as_ref()?.value;
    // The task says what it runs on, never the machine that builds.
    let platform = docker_platform(service);
    let mut spec = BuildSpec::new(&service.name.value, &build.context.value, platform);
    spec.address = build.is_remote.then(|| build.context.value.to_string_lossy().into_owned());
    let pairs = |map: &indexmap::IndexMap<String, crate::source::Located<String>>| {
        map.iter().map(|(key, value)| (key.clone(), value.value.clone())).collect()
    };
    spec.dockerfile = build.dockerfile.as_ref().map(|path| path.value.clone());
    spec.dockerfile_inline = build.dockerfile_inline.as_ref().map(|text| text.value.clone());
    spec.args = pairs(&build.args);
    spec.target = build.target.as_ref().map(|target| target.value.clone());
    spec.labels = pairs(&build.labels);
    if let Some(settings) = &service.written.build {
        spec.contexts = build_options::contexts(settings);
        spec.contexts.retain(|(_, context)| !context.starts_with(SERVICE));
        spec.ssh = build_options::ssh(settings);
        spec.options = build_options::read(settings);
    }
    spec.secrets = build_options::secrets(project, &service.written.build_secrets, variables);
    Some(spec)
}

/// What cannot be built, in the order of the builds; `errors` are those of them whose files are at fault.
/// What is only missing at home is an error for whoever builds it, `sends`, and a warning for the others.
pub(super) fn faults(
    project: &Project,
    builds: &[BuildSpec],
    errors: &BTreeMap<String, ImageError>,
    sends: bool,
) -> Vec<Diagnostic> {
    let found = |spec: &BuildSpec| {
        let error = errors.get(&spec.service);
        let own = error.map(|error| fault(project, spec, error, sends));
        contexts(project, spec).into_iter().chain(own)
    };
    builds.iter().flat_map(found).collect()
}

/// Additional contexts that are no image of another service.
fn contexts(project: &Project, spec: &BuildSpec) -> Vec<Diagnostic> {
    let Some(service) = project.services.get(&spec.service) else { return Vec::new() };
    let Some(build) = &service.build else { return Vec::new() };
    let place = build.value.places.iter().find(|place| place.value == "additional_contexts");
    let span = place.map_or(build.span, |place| place.span);
    let fault = |(context, name): (String, String)| {
        let (what, help) = match project.services.get(&name) {
            None => {
                let known = project.services.keys().map(String::as_str);
                let help = did_you_mean(&name, known);
                (
                    format!("there is no service `{name}`"),
                    help.unwrap_or_else(|| {
                        "name a service of this file that has a `build`".to_owned()
                    }),
                )
            }
            Some(other) if other.build.is_none() => {
                let image = other.image.as_ref().map_or("IMAGE", |image| &image.value);
                let help = format!("name its image: `docker-image://{image}`");
                (format!("the service {name} builds nothing"), help)
            }
            Some(_) if leads_to(project, &name, &spec.service) => {
                let what = format!("{name} is built on the image of {}", spec.service);
                (what, "take one of the two apart".to_owned())
            }
            Some(_) => return None,
        };
        let message = format!("the build context `{context}` cannot be used: {what}");
        let diagnostic = Diagnostic::error(Code::BuildContext, message).at(span, "");
        Some(diagnostic.help(help).service(&spec.service))
    };
    service_contexts(service).into_iter().filter_map(fault).collect()
}

/// Whether the image of `from` is built on that of `to`, or on one that is.
fn leads_to(project: &Project, from: &str, to: &str) -> bool {
    let (mut open, mut seen) = (vec![from.to_owned()], BTreeSet::new());
    while let Some(name) = open.pop() {
        if name == to {
            return true;
        }
        if seen.insert(name.clone())
            && let Some(service) = project.services.get(&name)
        {
            open.extend(service_contexts(service).into_iter().map(|(_, name)| name));
        }
    }
    false
}

/// A build context or Dockerfile that cannot be used, at its place in the Compose file.
fn fault(project: &Project, spec: &BuildSpec, error: &ImageError, sends: bool) -> Diagnostic {
    let mut fault = unusable(project, &spec.service, error);
    if error.is_absence() && !sends {
        fault.severity = Severity::Warning;
    }
    fault
}

/// What is wrong with a service's build, at its place.
pub(super) fn unusable(project: &Project, service: &str, error: &ImageError) -> Diagnostic {
    let mut fault = Diagnostic::error(Code::BuildContext, format!("failed to {error}"));
    fault.help = match error.missing_target() {
        Some((target, stages)) => {
            let stages = closest_first(target, stages.iter().map(String::as_str));
            Some(to_find_a_stage(stages.into_iter()))
        }
        None => error.help(),
    };
    let build = project.services.get(service).and_then(|service| service.build.as_ref());
    let span = build.map(|build| {
        let build = &build.value;
        let own = if error.missing_target().is_some() {
            build.target.as_ref().map(|target| target.span)
        } else if error.is_about_dockerfile() {
            let text = || build.dockerfile_inline.as_ref().map(|text| text.span);
            build.dockerfile.as_ref().map(|path| path.span).or_else(text)
        } else {
            None
        };
        own.unwrap_or(build.context.span)
    });
    let fault = fault.service(service);
    match span {
        Some(span) => fault.at(span, ""),
        None => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{LoadOptions, load};
    use crate::images::examined;

    fn found(project: &Project, builds: &[BuildSpec]) -> Vec<Diagnostic> {
        let errors =
            builds.iter().filter_map(|spec| Some((spec.service.clone(), examined(spec).1?)));
        faults(project, builds, &errors.collect(), true)
    }

    fn project(text: &str) -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
        std::fs::write(folder.path().join("Dockerfile"), "FROM scratch\n").expect("a file");
        let options = LoadOptions { cwd: folder.path().to_owned(), ..LoadOptions::default() };
        let loaded = load(&options);
        let project = loaded.project.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
        (folder, project)
    }

    #[test]
    fn an_image_is_built_on_those_of_other_services() {
        let text = "services:\n  base: {build: .}\n  middle:\n    build:\n      context: .\n      \
                    additional_contexts: {low: 'service:base'}\n  web:\n    platform: linux/arm64\n    \
                    build:\n      context: .\n      additional_contexts: {mid: 'service:middle'}\n";
        let (_folder, project) = project(text);
        let specs = specs(&project, &BTreeMap::new());
        assert_eq!(found(&project, &specs), []);
        let web = specs.iter().find(|spec| spec.service == "web").expect("web");
        let (name, middle) = &web.built_contexts[0];
        assert_eq!((name.as_str(), middle.service.as_str()), ("mid", "middle"));
        assert_eq!(middle.platform, "linux/arm64");
        let (name, base) = &middle.built_contexts[0];
        assert_eq!((name.as_str(), base.service.as_str()), ("low", "base"));
        assert_eq!(base.platform, "linux/arm64");
        assert!(base.built_contexts.is_empty() && web.contexts.is_empty() && web.is_here());
    }

    #[test]
    fn services_that_no_image_can_be_built_on() {
        let web = |context: &str| {
            format!(
                "  web:\n    build:\n      context: .\n      additional_contexts: {{a: 'service:{context}'}}\n"
            )
        };
        for (text, why) in [
            (web("bas"), "there is no service `bas`"),
            (web("web"), "web is built on the image of web"),
            (web("store"), "the service store builds nothing"),
            (web("other"), "other is built on the image of web"),
        ] {
            let rest = "  base: {build: .}\n  store: {image: 'redis:7'}\n  other:\n    build:\n      \
                        context: .\n      additional_contexts: {b: 'service:web'}\n";
            let (_folder, project) = project(&format!("services:\n{text}{rest}"));
            let specs = specs(&project, &BTreeMap::new());
            let faults = found(&project, &specs);
            let said = faults.iter().find(|fault| fault.service.as_deref() == Some("web"));
            let said = said.unwrap_or_else(|| panic!("{why}: {faults:?}"));
            assert!(said.message.ends_with(why), "{}", said.message);
            assert!(said.help.is_some() && said.labels.len() == 1);
        }
    }

    #[test]
    fn a_stage_that_is_not_there_is_said_at_the_target() {
        let text = "services:\n  web:\n    build:\n      context: .\n      target: prdo\n      \
                    dockerfile_inline: |\n        FROM a AS base\n        FROM base AS prod\n";
        for (text, place, help) in [
            (text.to_owned(), "prdo", "its stages are `prod`, `base`"),
            (text.replace(" AS prod", ""), "prdo", "its only stage with a name is `base`"),
            (text.replace(" AS base", "").replace(" AS prod", ""), "prdo", "have no names"),
            (text.replace("FROM base AS prod", "FROM"), "FROM a AS", "correct line 2"),
        ] {
            let (_folder, project) = project(&text);
            let found = super::tests::found(&project, &specs(&project, &BTreeMap::new()));
            let [fault] = found.as_slice() else { panic!("{found:?}") };
            let span = fault.labels[0].span;
            assert!(text[span.start as usize..].starts_with(place), "{place}: {fault:?}");
            assert!(fault.help.as_deref().is_some_and(|said| said.contains(help)), "{fault:?}");
        }
    }

    #[test]
    fn a_context_at_an_address_is_looked_at_when_it_is_fetched() {
        let text = "services: {web: {build: 'https://example.com/acme/web.git#main:api'}}\n";
        let (_folder, project) = project(text);
        let specs = specs(&project, &BTreeMap::new());
        assert_eq!(specs[0].address.as_deref(), Some("https://example.com/acme/web.git#main:api"));
        assert_eq!(found(&project, &specs), []);
    }
}
