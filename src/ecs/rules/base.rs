//! What a project has once: the cluster and the Service Connect namespace.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Body, Cluster, Namespace};
use crate::ecs::translate::context::{Context, Output, cluster_id, lower, namespace_id};
use crate::ecs::translate::names::{Grammar, fit};
use crate::source::Located;

/// The cluster's name: of an existing one, or of the project's own.
pub(crate) fn cluster_name(cx: &Context<'_>) -> String {
    match &cx.project.extension.cluster {
        // `arn:…:cluster/name`
        Some(given) => given.value.rsplit('/').next().unwrap_or_default().to_owned(),
        None => fit(&cx.stack, Grammar::Ecs),
    }
}

/// Whether the project uses a cluster that exists.
pub(crate) fn has_cluster(cx: &Context<'_>) -> bool {
    cx.project.extension.cluster.is_some()
}

/// Adds the cluster unless one exists, and the namespace where any service is connected.
pub(crate) fn add(cx: &Context<'_>, connected: bool, out: &mut Output) {
    match &cx.project.extension.cluster {
        Some(given) => existing(cx, given, out),
        None => {
            let id = cluster_id();
            let mut capacity_providers = vec!["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()];
            capacity_providers.extend(providers(cx));
            let cluster = Cluster {
                cluster_name: cluster_name(cx),
                capacity_providers,
                tags: lower(cx.tags(&id)),
            };
            out.add(id, Body::Cluster(cluster), None, None);
        }
    }
    if connected {
        let id = namespace_id();
        let name = fit(&cx.stack, Grammar::Segment);
        let namespace = Namespace { name, tags: cx.upper_tags(&id) };
        out.add(id, Body::Namespace(namespace), None, None);
    }
}

/// The providers of instances that services name, which somebody made: the cluster takes them in (ECS
/// API reference, `CreateCluster.capacityProviders`).
fn providers(cx: &Context<'_>) -> BTreeSet<String> {
    let services = || cx.project.services.values().filter(|service| service.on_instances());
    let of_all = cx.project.extension.capacity.as_ref().filter(|_| services().next().is_some());
    let given = services().filter_map(|service| service.extension.capacity.as_ref()).chain(of_all);
    given.flat_map(|capacity| capacity.value.providers.keys().cloned()).collect()
}

/// An existing cluster is used as it is: neither made nor changed nor deleted.
fn existing(cx: &Context<'_>, given: &Located<String>, out: &mut Output) {
    let name = cluster_name(cx);
    let takes = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let is_arn = given.value.starts_with("arn:") && given.value.contains(":cluster/");
    let is_other = !is_arn && given.value.contains([':', '/']);
    if is_other || name.is_empty() || !name.chars().all(takes) {
        out.say(
            Diagnostic::error(Code::InvalidValue, "this names no cluster")
                .at(given.span, "")
                .help("write a cluster's name, or its ARN"),
        );
    }
    out.desired.cluster = Some(name);
}

#[cfg(test)]
mod tests {
    use crate::ecs::desired::Kind;
    use crate::ecs::testing::{at, ecs_service, facts, has, loud, project, resource, service};
    use crate::ecs::{translate, validate};

    #[test]
    fn an_existing_cluster_is_neither_made_nor_awaited() {
        for given in ["shared", "arn:aws:ecs:eu-west-1:123456789012:cluster/shared"] {
            let mut project = project(vec![service("web", "acme/web")]);
            project.extension.cluster = Some(at(given.to_owned()));
            let done = translate(&project, None, &facts());
            assert_eq!(loud(&done.diagnostics), []);
            assert!(!has(&done, Kind::Cluster, "main"));
            assert_eq!(ecs_service(&done, "web").cluster, "shared");
            assert_eq!(done.desired.cluster_name(), "shared");
            let waits = &resource(&done, Kind::Service, "web").waits;
            assert!(waits.iter().all(|(id, _)| id.kind != Kind::Cluster), "{waits:?}");
            assert_eq!(validate(&done.desired).len(), 0);
        }
    }

    #[test]
    fn what_names_no_cluster() {
        for given in ["a b", "arn:aws:ecs:eu-west-1:1:service/x", "team/shared", "arn:x:cluster/"] {
            let mut project = project(vec![service("web", "acme/web")]);
            project.extension.cluster = Some(at(given.to_owned()));
            let done = translate(&project, None, &facts());
            assert!(done.diagnostics.has_errors(), "{given}");
        }
    }
}
