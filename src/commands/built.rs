//! What images that are still to be built will say of themselves goes into the project, where the Compose
//! file says nothing else: their Dockerfiles are here, and nobody is asked.

use std::collections::BTreeMap;

use super::configuration;
use super::inspected::expose;
use crate::compose::Project;
use crate::ecs::facts::DockerfileFacts;
use crate::ecs::{is_proxy, listening_ports};
use crate::images::{BuildSpec, Declared, ImageError, examined};
use crate::parallel;

/// What was learned of the builds, by their services.
#[derive(Debug, Default)]
pub(super) struct Built {
    /// What their Dockerfiles say.
    pub(super) facts: BTreeMap<String, DockerfileFacts>,
    /// Why they cannot be built.
    pub(super) errors: BTreeMap<String, ImageError>,
}

/// Adds the ports that the Dockerfiles expose, and those of the images that they begin with; tells what
/// else they say, of each service. On all processors, because each reads a file.
pub(super) fn apply(project: &mut Project, builds: &[BuildSpec]) -> Built {
    let found = parallel::each(builds, examined);
    let (mut facts, mut errors) = (BTreeMap::new(), BTreeMap::new());
    for (spec, (declared, error)) in builds.iter().zip(found) {
        let Declared { mut exposed, base, from_scratch, user, lines, copied, has_program } =
            declared;
        errors.extend(error.map(|error| (spec.service.clone(), error)));
        let Some(service) = project.services.get_mut(&spec.service) else { continue };
        let Some(span) = service.build.as_ref().map(|build| build.span) else { continue };
        let of_base = base.iter().flat_map(|base| listening_ports(base));
        exposed.extend(of_base.map(|port| (*port, "tcp".to_owned())));
        expose(service, &exposed, span);
        let nothing = from_scratch.then(|| "scratch".to_owned());
        let base = base.or(nothing).unwrap_or_default();
        let copied = match spec.address.is_none() && is_proxy(&base) {
            true => configuration::of_context(&spec.context, &copied),
            false => String::new(),
        };
        let says = DockerfileFacts { base, user, lines, keeps_program: !has_program, copied };
        facts.insert(spec.service.clone(), says);
    }
    Built { facts, errors }
}
