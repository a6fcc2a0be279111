//! What is asked of the network, as far as the file says it.

use super::{App, Purpose};
use crate::aws::{BalancerRequest, NetworkRequest};
use crate::ecs::certificate_domain;
use crate::ecs::desired::{Body, Desired};

/// What AWS is asked about the network of an application.
pub(in crate::commands) fn network_request(app: &App, purpose: Purpose) -> NetworkRequest {
    let extension = &app.project.extension;
    // Whoever deletes what is on load balancers of others need not know more of them, and they may be
    // gone.
    let existing = extension.load_balancers.iter().filter(|_| purpose != Purpose::Down);
    NetworkRequest {
        vpc: extension.vpc.as_ref().map(|vpc| vpc.value.clone()),
        subnets: extension.subnets.iter().map(|subnet| subnet.value.clone()).collect(),
        load_balancer: needs_load_balancer(&app.desired),
        existing: existing
            .map(|balancer| BalancerRequest {
                arn: balancer.value.arn.clone(),
                listener: balancer.value.listener.clone(),
            })
            .collect(),
        certificate: certificate(app).filter(|_| purpose != Purpose::Down),
    }
}

/// The domain whose certificate a listener needs.
fn certificate(app: &App) -> Option<String> {
    let domain = certificate_domain(&app.project.extension)?;
    let needs = |body: &Body| matches!(body, Body::Listener(l) if !l.certificates.is_empty());
    app.desired.resources.values().any(|r| needs(&r.body)).then(|| domain.to_owned())
}

/// Whether a load balancer has to be made that the Internet reaches, judged without knowing the
/// network.
fn needs_load_balancer(desired: &Desired) -> bool {
    desired.resources.values().any(|resource| match &resource.body {
        Body::LoadBalancer(balancer) => balancer.scheme == "internet-facing",
        _ => false,
    })
}
