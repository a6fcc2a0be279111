//! What a project builds of the files of this machine.

use std::collections::BTreeMap;
use std::convert::Infallible;

use super::build_options;
use crate::compose::Project;
use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::platform;
use crate::images::{BuildSpec, external_bases};
use crate::parallel;

/// In the order of the files.
pub(super) fn specs(project: &Project, variables: &BTreeMap<&str, &str>) -> Vec<BuildSpec> {
    let services = project.services.values();
    services.filter_map(|service| spec(project, service, variables)).collect()
}

/// What is built of the files of this machine; `plan` and `deploy` refuse what is built elsewhere.
fn spec(
    project: &Project,
    service: &Service,
    variables: &BTreeMap<&str, &str>,
) -> Option<BuildSpec> {
    let build = &service.build.as_ref()?.value;
    if build.is_remote {
        return None;
    }
    // The task says what it runs on, never the machine that builds.
    let platform = platform(service).map_or("linux/amd64", |platform| &platform.value);
    let mut spec = BuildSpec::new(&service.name.value, &build.context.value, platform);
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
        spec.ssh = build_options::ssh(settings);
        spec.options = build_options::read(settings);
    }
    spec.secrets = build_options::secrets(project, &service.written.build_secrets, variables);
    Some(spec)
}

/// What cannot be built, in the order of the builds: on all processors, because each reads a file. What
/// is only missing at home is an error for whoever builds it, `sends`, and a warning for the others.
pub(super) fn faults(project: &Project, builds: &[BuildSpec], sends: bool) -> Vec<Diagnostic> {
    const A_PART: usize = 64;
    let parts: Vec<_> = builds.chunks(A_PART).collect();
    let look = |part: usize| -> Vec<_> {
        parts[part].iter().filter_map(|spec| fault(project, spec, sends)).collect()
    };
    let mut faults = Vec::new();
    let Ok(()) = parallel::in_order(
        parts.len(),
        || look,
        |found| {
            faults.extend(found);
            Ok::<_, Infallible>(())
        },
    );
    faults
}

/// A build context or Dockerfile that cannot be used, at its place in the Compose file.
fn fault(project: &Project, spec: &BuildSpec, sends: bool) -> Option<Diagnostic> {
    let error = external_bases(spec).err()?;
    let service = project.services.get(&spec.service)?;
    let build = service.build.as_ref()?;
    let span = match &build.value.dockerfile {
        Some(dockerfile) if error.is_about_dockerfile() => dockerfile.span,
        _ => build.value.context.span,
    };
    let message = format!("failed to {error}");
    let mut diagnostic = match error.is_absence() && !sends {
        true => Diagnostic::warning(Code::BuildContext, message),
        false => Diagnostic::error(Code::BuildContext, message),
    };
    diagnostic.help = error.help();
    Some(diagnostic.at(span, "").service(&spec.service))
}
