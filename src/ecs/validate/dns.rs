//! Private DNS namespaces, the names in them, and the services that answer to those.

use super::{Report, Unique, tags};
use crate::ecs::desired::{
    AliasRecord, Body, DnsName, DnsRecord, Kind, PrivateNamespace, Service, ServiceRegistry,
    TaskDefinition,
};
use crate::ecs::rules::cloud_map::is_label;

pub(super) fn namespace(namespace: &PrivateNamespace, report: &mut Report<'_>) {
    let PrivateNamespace { name, vpc, tags } = namespace;
    if name.len() > 253 || !name.split('.').all(is_label) {
        report.fault(
            format!("{name:?} is no DNS zone"),
            "Cloud Map takes up to 253 characters, in labels of letters, digits, `_` and `-`",
        );
    }
    if vpc.known() == Some("") {
        report.fault("it has no VPC", "a private zone is one of a VPC");
    }
    tags::upper(tags, report);
}

pub(super) fn name(body: &DnsName, unique: &mut Unique, report: &mut Report<'_>) {
    let DnsName { name, namespace_id, dns_config, health_check_custom_config, tags } = body;
    if !is_label(name) {
        report.fault(
            format!("{name:?} is no name in DNS"),
            "Cloud Map takes up to 127 letters, digits, `_`, `-` and `.`, 63 a label",
        );
    }
    let zone = namespace_id.reference().map_or(Kind::PrivateNamespace, |(id, _)| id.kind);
    if zone != Kind::PrivateNamespace {
        report.fault("it stands in no private zone", "an HTTP namespace has no records");
    }
    if !matches!(dns_config.routing_policy.as_str(), "MULTIVALUE" | "WEIGHTED") {
        let message = format!("{:?} is no routing policy", dns_config.routing_policy);
        report.fault(message, "Cloud Map has `MULTIVALUE` and `WEIGHTED`");
    }
    for DnsRecord { kind, ttl } in &dns_config.dns_records {
        if !matches!(kind.as_str(), "A" | "AAAA" | "SRV" | "CNAME") {
            report.fault(format!("it has a record {kind:?}"), "A, AAAA, SRV and CNAME are known");
        }
        if !(0..=2_147_483_647).contains(ttl) {
            report.fault(format!("its TTL is {ttl}"), "Cloud Map takes 0 to 2147483647 seconds");
        }
    }
    if health_check_custom_config.as_ref().is_some_and(|check| check.failure_threshold != 1) {
        report.fault("its failure threshold is not 1", "Cloud Map knows no other");
    }
    // Names that differ in case alone are one in DNS; a project has one zone.
    unique.take(Kind::DnsName, &name.to_ascii_lowercase(), report);
    tags::upper(tags, report);
}

/// Alias records (Route 53 API reference, `ResourceRecordSet`).
pub(super) fn record(record: &AliasRecord, unique: &mut Unique, report: &mut Report<'_>) {
    let name = record.name();
    let rest = name.strip_prefix("*.").unwrap_or(name);
    if name.len() > 255 || !rest.split('.').all(is_label) {
        report.fault(
            format!("{name:?} is no name of a record"),
            "Route 53 takes up to 255 characters, in labels of up to 63",
        );
    }
    let mut types: Vec<&str> = record.records().map(|record| &*record.kind).collect();
    if types.is_empty() || types.iter().any(|kind| !matches!(*kind, "A" | "AAAA")) {
        report.fault(format!("it has records {types:?}"), "a load balancer has A and AAAA");
    }
    types.dedup();
    if types.len() != record.records().count() || record.records().any(|r| r.name != name) {
        report.fault("its records are not one a type", "this is a fault of decklift");
    }
    for tag in record.note.iter().flat_map(|note| &note.tags) {
        tags::upper(std::slice::from_ref(tag), report);
    }
    unique.take(Kind::AliasRecord, name, report);
}

/// ECS API reference, `ServiceRegistry`
pub(super) fn registries(
    service: &Service,
    task: Option<&TaskDefinition>,
    report: &mut Report<'_>,
) {
    if service.service_registries.len() > 1 {
        report.fault("it has several registries", "ECS takes one a service");
    }
    for registry in &service.service_registries {
        let ServiceRegistry { registry_arn, port, container_name, container_port } = registry;
        let pair = (container_name.as_deref(), *container_port);
        let mapped = match pair {
            (None, None) => true,
            (Some(name), Some(port)) => task.is_none_or(|task| {
                let found = task.container_definitions.iter().find(|c| c.name == name);
                found.is_some_and(|c| c.port_mappings.iter().any(|m| m.container_port == port))
            }),
            _ => false,
        };
        if !mapped || port.is_some() && pair != (None, None) {
            report.fault(
                "a registry of no port of its tasks",
                "`containerName` and `containerPort` name a mapped port of the task, `port` stands alone",
            );
        }
        let Some((id, _)) = registry_arn.reference() else { continue };
        let name = report.desired.resources.get(id).map(|resource| &resource.body);
        let Some(Body::DnsName(name)) = name else {
            report.fault(format!("{id} is no name in DNS"), "ECS takes a service of Cloud Map");
            continue;
        };
        let addresses = name.dns_config.dns_records.iter().any(|record| record.kind != "SRV");
        if addresses && task.is_some_and(|task| task.network_mode != "awsvpc") {
            report.fault(
                "its tasks have no addresses of their own",
                "on bridge and host ECS registers SRV records alone",
            );
        }
    }
}
