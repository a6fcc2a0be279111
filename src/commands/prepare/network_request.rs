//! What is asked of the network, as far as the file says it.

use super::{App, Purpose};
use crate::aws::{BalancerRequest, NetworkRequest, NewNetwork, Owner, RecordRequest, VpcRequest};
use crate::compose::Project;
use crate::compose::model::Vpc;
use crate::ecs::certificate_domain;
use crate::ecs::desired::{AliasRecord, Body, Desired};
use crate::ecs::endpoint_services;

/// What AWS is asked about the network of an application.
pub(in crate::commands) fn network_request(
    app: &App,
    purpose: Purpose,
    environment: &str,
) -> NetworkRequest {
    let environment = environment.to_owned();
    let extension = &app.project.extension;
    // Whoever deletes what is on load balancers of others need not know more of them, and they may be
    // gone.
    let existing = extension.load_balancers.iter().filter(|_| purpose.makes());
    NetworkRequest {
        vpc: match vpc(&app.project) {
            // At the prompt nothing is said of it.
            VpcRequest::Any if app.creates_vpc => VpcRequest::Create(None),
            vpc => vpc,
        },
        owner: Some(Owner { project: app.project.name.clone(), environment }),
        subnets: extension.subnets.iter().map(|subnet| subnet.value.clone()).collect(),
        load_balancer: needs_load_balancer(&app.desired),
        existing: existing
            .map(|balancer| BalancerRequest {
                arn: balancer.value.arn.clone(),
                name: balancer.value.name_alone().map(str::to_owned),
                listener: balancer.value.listener.clone(),
            })
            .collect(),
        certificate: certificate(app).filter(|_| purpose.makes()),
        records: records(app),
        may_lack_zones: !purpose.makes(),
        may_lack_network: purpose == Purpose::Down,
        makes_zones: false,
    }
}

/// Which VPC the file asks for.
fn vpc(project: &Project) -> VpcRequest {
    match project.extension.vpc.as_ref().map(|vpc| &vpc.value) {
        None => VpcRequest::Any,
        Some(Vpc::Default) => VpcRequest::Default,
        Some(Vpc::Id(id)) => VpcRequest::Id(id.clone()),
        Some(Vpc::Tags(tags)) => {
            let pairs = tags.iter().map(|(key, value)| (key.clone(), value.value.clone()));
            VpcRequest::Tags(pairs.collect())
        }
        Some(Vpc::Create(new)) => VpcRequest::Create(Some(NewNetwork {
            cidr: new.cidr.as_ref().map(|cidr| cidr.value),
            nat: new.nat,
            endpoints: endpoint_services(&new.endpoints, project),
        })),
    }
}

/// The names that shall have records, and whether the VPC alone shall know them.
fn records(app: &App) -> Vec<RecordRequest> {
    let resources = &app.desired.resources;
    let records = resources.values().filter_map(|resource| match &resource.body {
        Body::AliasRecord(record) => Some(&**record),
        _ => None,
    });
    let request = |record: &AliasRecord| {
        let target = record.records().next().map(|record| &record.alias_target.dns_name);
        let own =
            target.and_then(|target| target.reference()).and_then(|(id, _)| resources.get(id));
        let private = match own.map(|resource| &resource.body) {
            Some(Body::LoadBalancer(balancer)) => balancer.scheme == "internal",
            _ => false,
        };
        // Nothing is known of the one of others yet but its name.
        let theirs = app.project.extension.load_balancers.iter().find(|balancer| {
            let placeholder = format!("${{load-balancer.{}.", balancer.value.name());
            target.is_some_and(|target| target.to_string().starts_with(&placeholder))
        });
        RecordRequest {
            name: record.name().to_owned(),
            private,
            balancer: theirs.map(|balancer| balancer.value.arn.clone()),
        }
    };
    records.map(request).collect()
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
