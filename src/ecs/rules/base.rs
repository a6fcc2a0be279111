//! What a project has once: the cluster and the Service Connect namespace.

use crate::ecs::desired::{Body, Cluster, Namespace};
use crate::ecs::translate::context::{Context, Output, cluster_id, lower, namespace_id};
use crate::ecs::translate::names::{Grammar, fit};

/// The cluster's name.
pub(crate) fn cluster_name(cx: &Context<'_>) -> String {
    fit(&cx.stack, Grammar::Ecs)
}

/// Adds the cluster, and the namespace where any service is connected.
pub(crate) fn add(cx: &Context<'_>, connected: bool, out: &mut Output) {
    let id = cluster_id();
    let cluster = Cluster {
        cluster_name: cluster_name(cx),
        capacity_providers: vec!["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()],
        tags: lower(cx.tags(&id)),
    };
    out.add(id, Body::Cluster(cluster), None, None);
    if connected {
        let id = namespace_id();
        let name = fit(&cx.stack, Grammar::Segment);
        let namespace = Namespace { name, tags: cx.upper_tags(&id) };
        out.add(id, Body::Namespace(namespace), None, None);
    }
}
