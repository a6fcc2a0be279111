//! The task definition of a service.

use super::{container, image, role, size, volumes};
use crate::ecs::desired::{Attribute, Body, Kind, ResourceId, TaskDefinition, Value};
use crate::ecs::translate::context::{Context, Output, lower};
use crate::ecs::translate::names::Grammar;
use crate::ecs::translate::survey::Member;

/// The task definition's id.
pub(crate) fn task_definition_id(service: &str) -> ResourceId {
    ResourceId::new(Kind::TaskDefinition, service)
}

/// Adds the task definition of a service.
pub(crate) fn add(cx: &Context<'_>, member: &Member<'_>, out: &mut Output) {
    let name = member.name();
    let id = task_definition_id(name);
    let size = size::size(member.service, member.connected, out);
    let mounts = volumes::mounts(member, out);
    let container = container::container(cx, member, &size, &mounts, out);
    let body = TaskDefinition {
        family: cx.name(name, Grammar::Ecs),
        task_role_arn: None,
        execution_role_arn: Some(Value::From(role::execution_role(name), Attribute::Arn)),
        network_mode: "awsvpc".to_owned(),
        requires_compatibilities: vec!["FARGATE".to_owned()],
        cpu: size.cpu.to_string(),
        memory: size.memory.to_string(),
        runtime_platform: image::runtime_platform(member.service, out),
        ephemeral_storage: None,
        volumes: mounts.volumes,
        container_definitions: vec![container],
        tags: lower(cx.tags(&id)),
    };
    let origin = Some(member.service.span());
    out.add(id, Body::TaskDefinition(Box::new(body)), Some(name), origin);
}
