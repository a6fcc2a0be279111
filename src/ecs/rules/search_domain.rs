//! Bare names in a private zone: a container that runs first adds the zone to the search list of its
//! task.
//!
//! The containers of a task with an interface of its own share that interface's `/etc/resolv.conf`,
//! and `dnsSearchDomains` is not valid there (ECS API reference, `ContainerDefinition`). Docker's
//! retired integration with ECS did the same in every task.

use super::helper_image;
use crate::compose::model::TaskNetwork;
use crate::ecs::desired::{ContainerDefinition, ContainerDependency};
use crate::ecs::translate::context::Context;
use crate::ecs::translate::names::private_zone;
use crate::ecs::translate::unit::Unit;

/// Its name; a service of this name is told apart by the numbers that follow.
const NAME: &str = "decklift-search-domain";

/// Makes the containers of a task that calls names of the zone find them.
pub(crate) fn add(
    cx: &Context<'_>,
    unit: &Unit<'_>,
    architecture: &str,
    containers: &mut Vec<ContainerDefinition>,
) {
    if !unit.members.iter().any(|member| member.needs_search_domain) {
        return;
    }
    let zone = private_zone(&cx.stack);
    if unit.leader().network != TaskNetwork::AwsVpc {
        for container in containers {
            container.instance.dns_search_domains.insert(0, zone.clone());
        }
        return;
    }
    let mut name = NAME.to_owned();
    let mut number = 1;
    while containers.iter().any(|container| container.name == name) {
        number += 1;
        name = format!("{NAME}-{number}");
    }
    for container in &mut *containers {
        let condition = "SUCCESS".to_owned();
        container.depends_on.push(ContainerDependency { container_name: name.clone(), condition });
        container.depends_on.sort_by(|a, b| a.container_name.cmp(&b.container_name));
    }
    containers.push(ContainerDefinition {
        name,
        image: helper_image::reference(architecture),
        essential: false,
        entry_point: Some(vec!["/bin/sh".to_owned(), "-c".to_owned()]),
        command: Some(vec![script("/etc/resolv.conf", &zone)]),
        // The file belongs to root.
        user: Some("0".to_owned()),
        log_configuration: containers.first().and_then(|c| c.log_configuration.clone()),
        ..ContainerDefinition::default()
    });
}

/// What the container runs. The file is a mount, which cannot be replaced, only written; a resolver
/// reads the last `search` line of it alone (resolv.conf(5)).
fn script(file: &str, zone: &str) -> String {
    format!(
        "set -eu\n\
         old=$(sed -n 's/^search[[:space:]]*//p' {file} | tail -n 1)\n\
         rest=$(sed '/^search/d' {file})\n\
         printf 'search %s\\n%s\\n' \"{zone}${{old:+ $old}}\" \"$rest\" > {file}\n"
    )
}

#[cfg(test)]
#[path = "search_domain_tests.rs"]
mod tests;
