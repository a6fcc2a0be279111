//! The task definition of a service.

use std::collections::BTreeMap;

use super::{container, image, namespaces, role, secret_files, size, volumes};
use crate::ecs::desired::{Attribute, Body, Kind, ResourceId, TaskDefinition, TaskVolume, Value};
use crate::ecs::translate::context::{Context, Output, lower};
use crate::ecs::translate::names::Grammar;
use crate::ecs::translate::unit::Unit;

/// The task definition's id.
pub(crate) fn task_definition_id(service: &str) -> ResourceId {
    ResourceId::new(Kind::TaskDefinition, service)
}

/// Adds the task definition of a unit.
pub(crate) fn add(cx: &Context<'_>, unit: &Unit<'_>, out: &mut Output) {
    let name = unit.name();
    let id = task_definition_id(name);
    let (size, sizes) = size::size(unit, out);
    let mut volumes: BTreeMap<String, TaskVolume> = BTreeMap::new();
    let mut containers = Vec::with_capacity(unit.members.len());
    let mut writers = Vec::new();
    for (member, size) in unit.members.iter().zip(sizes) {
        let mounts = volumes::mounts(unit, member, out);
        let mut container = container::container(cx, unit, member, size, &mounts, out);
        if let Some(writer) = secret_files::deliver(cx, member, &mut container) {
            volumes.insert(writer.volume.name.clone(), writer.volume);
            writers.push(writer.container);
        }
        containers.push(container);
        volumes.extend(mounts.volumes.into_iter().map(|volume| (volume.name.clone(), volume)));
    }
    containers.append(&mut writers);
    let body = TaskDefinition {
        family: cx.name(name, Grammar::Ecs),
        task_role_arn: None,
        execution_role_arn: Some(Value::From(role::execution_role(name), Attribute::Arn)),
        network_mode: "awsvpc".to_owned(),
        pid_mode: namespaces::pid_mode(unit.members.iter().map(|member| member.service)),
        requires_compatibilities: vec!["FARGATE".to_owned()],
        cpu: size.cpu.to_string(),
        memory: size.memory.to_string(),
        runtime_platform: image::runtime_platform(unit, out),
        ephemeral_storage: None,
        volumes: volumes.into_values().collect(),
        container_definitions: containers,
        tags: lower(cx.tags(&id)),
    };
    out.add(id, Body::TaskDefinition(Box::new(body)), Some(name), Some(unit.span()));
}
