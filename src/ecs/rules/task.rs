//! The task definition of a service.

use std::collections::BTreeMap;

use super::{
    container, ebs, firelens, gpu, homes, image_needs, launch, managed, map_count, namespaces,
    overrides, own_volumes, platform, role, room, schedule, search_domain, secret_files, seed,
    size, system_controls, tags, task_role, volumes,
};
use crate::ecs::desired::{
    Body, EphemeralStorage, Kind, ResourceId, TaskDefinition, TaskExtras, TaskVolume,
};
use crate::ecs::translate::context::{Context, Output, lower};
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
    launch::check(cx, unit, out);
    system_controls::check(unit, out);
    let mut volumes: BTreeMap<String, TaskVolume> = BTreeMap::new();
    let mut containers = Vec::with_capacity(unit.members.len());
    let runtime_platform = platform::runtime_platform(unit, out);
    let on_instances = unit.leader().service.on_instances();
    for (member, container) in unit.members.iter().zip(&sizes) {
        // An instance's memory is there for whoever has no limit.
        if !on_instances || container.memory.is_some() {
            image_needs::memory(member.service, size, *container, out);
        }
        map_count::check(member.service, out);
        image_needs::machine(member.service, &runtime_platform.cpu_architecture, out);
    }
    let mut helpers = Vec::new();
    for (member, size) in unit.members.iter().zip(sizes) {
        let mounts = volumes::mounts(unit, member, out);
        let mut container = container::container(cx, unit, member, size, &mounts, out);
        if let Some(mut seed) = seed::container(cx, member, &mounts, out) {
            seed.log_configuration.clone_from(&container.log_configuration);
            container.depends_on.push(seed::dependency(&seed));
            container.depends_on.sort_by(|a, b| a.container_name.cmp(&b.container_name));
            helpers.push(seed);
        }
        let architecture = &runtime_platform.cpu_architecture;
        if let Some(writer) = secret_files::deliver(member, architecture, &mut container) {
            volumes.insert(writer.volume.name.clone(), writer.volume);
            helpers.push(writer.container);
        }
        containers.push(container);
        for volume in mounts.volumes {
            volumes.insert(volume.name.clone(), volume);
        }
    }
    gpu::check(unit, &containers, out);
    homes::in_one_task(unit, out);
    ebs::check(cx, unit, &volumes, out);
    own_volumes::check(cx, unit, out);
    containers.extend(helpers);
    search_domain::add(cx, unit, &runtime_platform.cpu_architecture, &mut containers);
    firelens::add(cx, unit, &mut containers, out);
    room::check(unit, size, &containers, out);
    if on_instances && size.memory == 0 {
        launch::reserve(&mut containers);
    }
    let number = |n: u64| if n == 0 { String::new() } else { n.to_string() };
    let execution_role = role::add(cx, unit, out);
    let mut tags = cx.tags(&id);
    if schedule::is_scheduled(unit) {
        // What EventBridge Scheduler starts carries the tags of its definition.
        tags::add_labels(unit, &mut tags, out);
    }
    let mut body = TaskDefinition {
        family: cx.unit_name(name),
        task_role_arn: task_role::add(cx, unit, out),
        execution_role_arn: Some(execution_role),
        network_mode: unit.leader().network.as_str().to_owned(),
        pid_mode: namespaces::pid_mode(unit.members.iter().map(|member| member.service)),
        ipc_mode: namespaces::ipc_mode(unit.members.iter().map(|member| member.service)),
        requires_compatibilities: vec![unit.leader().service.launch().as_str().to_owned()],
        cpu: number(size.cpu),
        memory: number(size.memory),
        runtime_platform,
        ephemeral_storage: disk(unit).filter(|_| !on_instances),
        volumes: volumes.into_values().collect(),
        container_definitions: containers,
        tags: lower(tags),
        extras: TaskExtras::default(),
    };
    task_role::prepare(unit, &mut body, out);
    if managed::is_managed(unit.leader().service) {
        managed::fit(&mut body);
    }
    let body = overrides::task(unit, &id, body, out);
    out.add(id, Body::TaskDefinition(Box::new(body)), Some(name), Some(unit.span()));
}

/// `x-ecs.ephemeral_storage`: the most that any service of the task asks for.
fn disk(unit: &Unit<'_>) -> Option<EphemeralStorage> {
    let given = unit.members.iter().filter_map(|m| m.service.extension.ephemeral_storage.as_ref());
    let gib = given.map(|gib| gib.value).max()?;
    Some(EphemeralStorage { size_in_gib: i32::try_from(gib).unwrap_or(i32::MAX) })
}
