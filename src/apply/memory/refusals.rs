//! What AWS refuses of a request that is well-formed, because of what else there is: the rules that
//! decide in which order a plan may go.

use std::collections::{BTreeMap, BTreeSet};

use super::Entry;
use crate::apply::cloud::{CloudError, CloudErrorKind};
use crate::ecs::desired::{Attribute, Body, Kind, ResourceId, Service};
use crate::plan::STARTS_DEPLOYMENT;

type Resources = BTreeMap<ResourceId, Entry>;

fn refused(operation: &str, id: &ResourceId, message: String) -> Result<(), CloudError> {
    Err(CloudError::new(CloudErrorKind::Service, operation, message).on(id))
}

/// A service offers no name that another one offers (ECS API reference, `ServiceConnectService`), and
/// its target groups hang off a listener; a port has one listener (Elastic Load Balancing API reference,
/// `DuplicateListener`).
pub(super) fn of_change(all: &Resources, id: &ResourceId, body: &Body) -> Result<(), CloudError> {
    let others =
        || all.iter().filter(|(other, _)| *other != id).map(|(other, e)| (other, &e.observed.body));
    match body {
        Body::Service(service) => {
            let own = names(service);
            for (other, have) in others() {
                let Body::Service(have) = have else { continue };
                if let Some(name) = own.intersection(&names(have)).next() {
                    return refused("names", id, format!("{name} is in use by {other}"));
                }
            }
            let led_to = |arn: &str| {
                let way = |kind: Kind| matches!(kind, Kind::Listener | Kind::ListenerRule);
                others().any(|(other, have)| way(other.kind) && mentions(have, arn))
            };
            let groups = service.load_balancers.iter().filter_map(|b| b.target_group_arn.known());
            match groups.into_iter().find(|arn| !led_to(arn)) {
                Some(arn) => refused("service", id, format!("{arn} has no load balancer")),
                None => Ok(()),
            }
        }
        Body::Listener(listener) => {
            let taken = others().find(|(_, have)| {
                matches!(have, Body::Listener(have) if have.port == listener.port
                    && have.load_balancer_arn == listener.load_balancer_arn)
            });
            taken.map_or(Ok(()), |(other, _)| refused("listener", id, format!("as {other}")))
        }
        _ => Ok(()),
    }
}

/// What is used stays: target groups by listeners and rules, security groups by whatever stands in them
/// or names them, clusters by services (`ResourceInUse`, `DependencyViolation`,
/// `ClusterContainsServicesException`).
pub(super) fn of_deletion(all: &Resources, id: &ResourceId) -> Result<(), CloudError> {
    let Some(entry) = all.get(id) else { return Ok(()) };
    let attribute = match id.kind {
        Kind::TargetGroup | Kind::LoadBalancer => Attribute::Arn,
        Kind::SecurityGroup => Attribute::Id,
        Kind::Cluster => {
            let user = all.keys().find(|other| other.kind == Kind::Service);
            return user.map_or(Ok(()), |user| refused("delete", id, format!("has {user}")));
        }
        _ => return Ok(()),
    };
    let Some(name) = entry.observed.attributes.get(&attribute) else { return Ok(()) };
    // A load balancer takes its listeners along.
    let holds = |other: &ResourceId| match id.kind {
        Kind::TargetGroup => matches!(other.kind, Kind::Listener | Kind::ListenerRule),
        Kind::SecurityGroup => other.kind != Kind::TaskDefinition,
        _ => false,
    };
    let user = all
        .iter()
        .find(|(other, have)| *other != id && holds(other) && mentions(&have.observed.body, name));
    user.map_or(Ok(()), |(user, _)| refused("delete", id, format!("is used by {user}")))
}

/// An update that starts no deployment leaves alone what only a deployment changes.
pub(super) fn without_deployment(before: &Service, wanted: Service) -> Service {
    // One more of them is one more line below.
    let [_, _, _, _, _, _, _, _] = STARTS_DEPLOYMENT;
    Service {
        task_definition: before.task_definition.clone(),
        network_configuration: before.network_configuration.clone(),
        platform_version: before.platform_version.clone(),
        load_balancers: before.load_balancers.clone(),
        service_connect_configuration: before.service_connect_configuration.clone(),
        service_registries: before.service_registries.clone(),
        volume_configurations: before.volume_configurations.clone(),
        vpc_lattice_configurations: before.vpc_lattice_configurations.clone(),
        capacity_provider_strategy: before.capacity_provider_strategy.clone(),
        ..wanted
    }
}

fn names(service: &Service) -> BTreeSet<String> {
    let connect =
        service.service_connect_configuration.iter().flat_map(|connect| &connect.services);
    connect
        .flat_map(|endpoint| {
            let alias = |alias: &crate::ecs::desired::ServiceConnectClientAlias| {
                format!("{}:{}", alias.dns_name, alias.port)
            };
            let aliases = endpoint.client_aliases.iter().map(alias);
            aliases.chain([endpoint.discovery_name.clone()]).collect::<Vec<_>>()
        })
        .collect()
}

/// Whether a body names this.
fn mentions(body: &Body, name: &str) -> bool {
    let mut found = false;
    body.each_value(&mut |value| found |= value.known() == Some(name));
    found
}
