//! CPU and memory: what the container is limited to, and the Fargate size that holds it.

pub(crate) mod instances;

use super::cpu;
use super::firelens;
use super::instance;
use crate::compose::model::{Deploy, Resources, Service, ServiceExtension};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;
use crate::source::{Located, Span};

const MIB: u64 = 1024 * 1024;

/// What the Service Connect proxy needs beside the containers: CPU units and MiB (ECS developer
/// guide, "Service Connect", considerations).
const PROXY: (u64, u64) = (256, 64);

/// What a container gets that says nothing: CPU units and MiB (mapping.md, "Size").
const CPU: u64 = 256;
const MEMORY: u64 = 512;

/// Docker's least memory of a container, MiB (ECS API reference, `ContainerDefinition.memory`).
const LEAST_MEMORY: u64 = 6;

/// A Fargate size: CPU units, then the least memory, the most, and the step between, in MiB (ECS
/// API reference, `RegisterTaskDefinition`, `cpu`).
struct Step {
    cpu: u64,
    least: u64,
    most: u64,
    step: u64,
}

const fn step(cpu: u64, least: u64, most: u64, step: u64) -> Step {
    Step { cpu, least, most, step }
}

/// 256 CPU units take 512, 1024 and 2048 MiB; everything else is regular.
const SIZES: [Step; 7] = [
    step(256, 512, 2048, 0),
    step(512, 1024, 4096, 1024),
    step(1024, 2048, 8192, 1024),
    step(2048, 4096, 16384, 1024),
    step(4096, 8192, 30720, 1024),
    step(8192, 16384, 61440, 4096),
    step(16384, 32768, 122_880, 8192),
];

impl Step {
    /// The smallest memory of this size that is enough.
    fn memory(&self, wanted: u64) -> Option<u64> {
        let wanted = wanted.max(self.least);
        let memory = match self.step {
            0 => wanted.next_power_of_two(),
            step => self.least + (wanted - self.least).div_ceil(step) * step,
        };
        (memory <= self.most).then_some(memory)
    }
}

/// The smallest Fargate size with at least this much: CPU units and MiB.
pub(crate) fn fargate_size(cpu: u64, memory: u64) -> Option<(u64, u64)> {
    SIZES
        .iter()
        .filter(|size| size.cpu >= cpu && memory <= size.most)
        .find_map(|size| Some((size.cpu, size.memory(memory)?)))
}

/// Whether Fargate offers exactly this size: CPU units and MiB.
pub(crate) fn is_fargate_size(cpu: u64, memory: u64) -> bool {
    fargate_size(cpu, memory) == Some((cpu, memory))
}

/// The size of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TaskSize {
    /// CPU units.
    pub(crate) cpu: u64,
    /// MiB
    pub(crate) memory: u64,
}

/// The size of a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ContainerSize {
    /// CPU units.
    pub(crate) cpu: Option<i32>,
    /// MiB that it may use at most.
    pub(crate) memory: Option<i32>,
    /// MiB kept for it.
    pub(crate) reservation: Option<i32>,
}

/// `cpus`, else what the quota comes to.
fn cpus_of(service: &Service) -> Option<Located<f64>> {
    service.cpus.clone().or_else(|| cpu::quota(service))
}

/// A limit of processes: on Fargate a task shares nothing with others that they could take; on
/// instances it is what `pids_limit` is (instance.rs).
fn processes(service: &Service, span: Span, out: &mut Output) {
    let said = match service.on_instances() {
        true => Diagnostic::warning(Code::Ignored, "a limit of processes has no effect on ECS")
            .help(instance::PROCESSES),
        false => Diagnostic::note(Code::Ignored, "a limit of processes has no effect on ECS")
            .help("limit memory instead; a task's processes share nothing with other tasks"),
    };
    out.say(said.at(span, "").service(&service.name.value));
}

/// What Compose says about a service's size; zero means "not given", as in Docker.
struct Wanted {
    cpu_limit: Option<Located<u64>>,
    cpu_reserved: Option<Located<u64>>,
    memory_limit: Option<Located<u64>>,
    memory_reserved: Option<Located<u64>>,
}

impl Wanted {
    fn of(service: &Service, out: &mut Output) -> Self {
        let Deploy {
            mode: _,
            replicas: _,
            labels: _,
            update_config: _,
            limits,
            reservations,
            restart_policy: _,
            rollback_config: _,
            placement: _,
            endpoint_mode: _,
        } = &*service.deploy;
        // The devices are devices.rs's.
        let Resources {
            cpus: limit_cpus,
            memory: limit_memory,
            pids: limit_pids,
            devices: _,
            generic: _,
            requests: _,
        } = limits;
        let Resources {
            cpus: kept_cpus,
            memory: kept_memory,
            pids: kept_pids,
            devices: _,
            generic: _,
            requests: _,
        } = reservations;
        for pids in limit_pids.iter().chain(kept_pids) {
            processes(service, pids.span, out);
        }
        let cpus = |first: &Option<Located<f64>>, then: &Option<Located<f64>>| {
            first.as_ref().or(then.as_ref()).map(|n| n.as_ref().map(|n| units(*n)))
        };
        let memory = |first: &Option<Located<u64>>, then: &Option<Located<u64>>| {
            first.as_ref().or(then.as_ref()).map(|n| n.as_ref().map(|n| n.div_ceil(MIB)))
        };
        let given = |value: Option<Located<u64>>| value.filter(|n| n.value > 0);
        Self {
            cpu_limit: given(cpus(limit_cpus, &cpus_of(service))),
            cpu_reserved: given(cpus(kept_cpus, &None)),
            memory_limit: given(memory(limit_memory, &service.mem_limit)),
            memory_reserved: given(memory(kept_memory, &service.mem_reservation)),
        }
    }
}

/// A share of one virtual CPU as CPU units, rounded up.
fn units(cpus: f64) -> u64 {
    // `as` saturates, and takes what is no number for zero.
    (cpus * 1024.0).ceil() as u64
}

impl Wanted {
    /// What the task is sized by.
    fn cpu(&self) -> Option<&Located<u64>> {
        self.cpu_limit.as_ref().or(self.cpu_reserved.as_ref())
    }

    /// What the task is sized by.
    fn memory(&self) -> Option<&Located<u64>> {
        self.memory_limit.as_ref().or(self.memory_reserved.as_ref())
    }
}

/// The size of a unit's task and of its containers: the sum of what the containers want, with room
/// for the Service Connect proxy where any of them says what it wants.
pub(crate) fn size(unit: &Unit<'_>, out: &mut Output) -> (TaskSize, Vec<ContainerSize>) {
    let services = || unit.members.iter().map(|member| member.service);
    let wanted: Vec<_> = services().map(|service| Wanted::of(service, out)).collect();
    if unit.leader().service.on_instances() {
        return instances::size(unit, &wanted, out);
    }
    let connected = unit.connected();
    let mut extra = if connected { PROXY } else { (0, 0) };
    if firelens::router(unit) == Some(firelens::Router::Sidecar) {
        extra.1 += firelens::MEMORY;
    }
    let sum = |values: Vec<Option<&Located<u64>>>, default: u64, extra: u64| {
        let first = values.iter().flatten().next().map(|n| n.span);
        let sum = values.iter().map(|n| n.map_or(default, |n| n.value));
        let sum = sum.fold(0, u64::saturating_add);
        (if first.is_some() { sum.saturating_add(extra) } else { sum }, first)
    };
    let (cpu, cpu_span) = sum(wanted.iter().map(Wanted::cpu).collect(), CPU, extra.0);
    let (memory, memory_span) = sum(wanted.iter().map(Wanted::memory).collect(), MEMORY, extra.1);
    let asked_cpu = of_the_task(
        unit,
        "cpu",
        |x| x.cpu.as_ref().map(|n| n.as_ref().map(|n| u64::from(*n))),
        out,
    );
    let asked_memory = of_the_task(
        unit,
        "memory",
        |x| x.memory.as_ref().map(|n| n.as_ref().map(|n| n.div_ceil(MIB))),
        out,
    );
    let task_cpu = asked_cpu.as_ref().map_or(cpu, |n| n.value);
    let task_memory = asked_memory.as_ref().map_or(memory, |n| n.value);
    let span =
        asked_cpu.map(|n| n.span).or(asked_memory.map(|n| n.span)).or(cpu_span).or(memory_span);
    let leader = unit.leader().service;
    let none = vec![ContainerSize::default(); wanted.len()];
    let Some((cpu, memory)) = fargate_size(task_cpu, task_memory) else {
        out.say(impossible(leader, task_cpu, task_memory, span));
        return (TaskSize { cpu: 16384, memory: 122_880 }, none);
    };
    if let Some(span) = span
        && (cpu, memory) != (task_cpu, task_memory)
    {
        out.say(rounded(leader, (task_cpu, task_memory), (cpu, memory), connected, span));
    }
    let task = TaskSize { cpu, memory };
    let containers =
        services().zip(&wanted).map(|(service, wanted)| container(service, wanted, task, out));
    (task, containers.collect())
}

/// A size of the task in `x-ecs`: two of its services must not want different ones.
fn of_the_task(
    unit: &Unit<'_>,
    name: &str,
    read: impl Fn(&ServiceExtension) -> Option<Located<u64>>,
    out: &mut Output,
) -> Option<Located<u64>> {
    let mut first: Option<Located<u64>> = None;
    for service in unit.members.iter().map(|member| member.service) {
        let Some(given) = read(&service.extension) else { continue };
        match &first {
            None => first = Some(given),
            Some(other) if other.value != given.value => {
                let message =
                    format!("`x-ecs.{name}` is the task's, which {} shares", service.name.value);
                out.say(
                    Diagnostic::error(Code::Conflict, message)
                        .at(given.span, "another size than here")
                        .at(other.span, "the first one")
                        .help("write it once, at one of the services of the task")
                        .service(&service.name.value),
                );
            }
            Some(_) => {}
        }
    }
    first
}

/// The container's own limits.
fn container(
    service: &Service,
    wanted: &Wanted,
    task: TaskSize,
    out: &mut Output,
) -> ContainerSize {
    let Wanted { cpu_limit, cpu_reserved: _, memory_limit, memory_reserved } = wanted;
    for (limit, task, what) in
        [(cpu_limit, task.cpu, "CPU units"), (memory_limit, task.memory, "MiB")]
    {
        if let Some(limit) = limit.as_ref().filter(|limit| limit.value > task) {
            let message = format!(
                "the container's limit of {} {what} is more than its task's {task}",
                limit.value
            );
            out.say(
                Diagnostic::error(Code::ImpossibleSize, message)
                    .at(limit.span, "")
                    .help("raise `x-ecs.cpu` or `x-ecs.memory`, or lower the limit")
                    .service(&service.name.value),
            );
        }
    }
    let least = |n: &Located<u64>, out: &mut Output| {
        if n.value < LEAST_MEMORY {
            out.say(
                Diagnostic::warning(
                    Code::Clamped,
                    format!("{LEAST_MEMORY} MiB are the least memory of a container"),
                )
                .at(n.span, "")
                .help(format!("write {LEAST_MEMORY}m or more"))
                .service(&service.name.value),
            );
        }
        n.value.max(LEAST_MEMORY)
    };
    let limit = memory_limit.as_ref().map(|n| least(n, out));
    let reserved = memory_reserved.as_ref().map(|n| least(n, out));
    if let (Some(limit), Some(reserved), Some(place)) = (limit, reserved, memory_reserved)
        && reserved > limit
    {
        out.say(
            Diagnostic::error(
                Code::InvalidValue,
                format!("{reserved} MiB are reserved, and {limit} MiB are the limit"),
            )
            .at(place.span, "")
            .help("reserve no more than the limit")
            .service(&service.name.value),
        );
    }
    let int = |n: u64| i32::try_from(n).unwrap_or(i32::MAX);
    // ECS wants memory to be greater than memoryReservation where both are given.
    let reservation = reserved.filter(|n| limit.is_none_or(|limit| *n < limit)).map(int);
    let cpu = cpu_limit.as_ref().map(|n| int(n.value));
    ContainerSize { cpu, memory: limit.map(int), reservation }
}

fn impossible(service: &Service, cpu: u64, memory: u64, span: Option<Span>) -> Diagnostic {
    let message = format!("no Fargate task has {cpu} CPU units and {memory} MiB");
    Diagnostic::error(Code::ImpossibleSize, message)
        .at(span.unwrap_or(service.span()), "")
        .help(
            "a Fargate task has at most 16384 CPU units (16 virtual CPUs) and 122880 MiB (120 GiB)",
        )
        .service(&service.name.value)
}

fn rounded(
    service: &Service,
    wanted: (u64, u64),
    given: (u64, u64),
    connected: bool,
    span: Span,
) -> Diagnostic {
    let proxy = if connected { ", the Service Connect proxy included" } else { "" };
    let message = format!(
        "{} CPU units and {} MiB are rounded up to {} and {}",
        wanted.0, wanted.1, given.0, given.1
    );
    Diagnostic::note(Code::SizeRounded, message)
        .at(span, "")
        .help(format!(
            "this is the smallest Fargate size that is enough{proxy}; `x-ecs.cpu` \
            and `x-ecs.memory` override it"
        ))
        .service(&service.name.value)
}

#[cfg(test)]
#[path = "size_tests.rs"]
mod tests;
