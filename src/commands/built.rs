//! What images that are still to be built will say of themselves goes into the project, where the Compose
//! file says nothing else: their Dockerfiles are here, and nobody is asked.

use std::collections::BTreeMap;

use super::configuration;
use super::inspected::expose;
use crate::compose::Project;
use crate::ecs::facts::DockerfileFacts;
use crate::ecs::{is_proxy, listening_ports};
use crate::images::{BuildSpec, Declared, declared};
use crate::parallel;

/// Adds the ports that the Dockerfiles expose, and those of the images that they begin with; tells what
/// else they say, of each service. On all processors, because each reads a file.
pub(super) fn apply(
    project: &mut Project,
    builds: &[BuildSpec],
) -> BTreeMap<String, DockerfileFacts> {
    let found = parallel::each(builds, declared);
    let mut facts = BTreeMap::new();
    for (spec, says) in builds.iter().zip(found) {
        let Declared { mut exposed, base, from_scratch, user, lines, copied, has_program } = says;
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
    facts
}
