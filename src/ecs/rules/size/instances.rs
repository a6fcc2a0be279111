//! Sizes on instances, where nothing is rounded: a task has what its containers say.

use super::{CPU, ContainerSize, MEMORY, MIB, TaskSize, Wanted, container, of_the_task};
use crate::compose::model::Launch;
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;

/// The size of a unit's task, 0 for none, and of its containers.
///
/// Managed instances are chosen by the task's size, so that it always has one there; on EC2 the size
/// of the task is what `x-ecs` says.
pub(super) fn size(
    unit: &Unit<'_>,
    wanted: &[Wanted],
    out: &mut Output,
) -> (TaskSize, Vec<ContainerSize>) {
    let cpu = of_the_task(
        unit,
        "cpu",
        |x| x.cpu.as_ref().map(|n| n.as_ref().map(|n| u64::from(*n))),
        out,
    );
    let memory = of_the_task(
        unit,
        "memory",
        |x| x.memory.as_ref().map(|n| n.as_ref().map(|n| n.div_ceil(MIB))),
        out,
    );
    let managed = unit.leader().service.launch() == Launch::ManagedInstances;
    let sum = |of: &dyn Fn(&Wanted) -> u64| {
        managed.then(|| wanted.iter().map(of).fold(0, u64::saturating_add))
    };
    let cpu = cpu.map(|n| n.value).or(sum(&|w| w.cpu().map_or(CPU, |n| n.value))).unwrap_or(0);
    let memory =
        memory.map(|n| n.value).or(sum(&|w| w.memory().map_or(MEMORY, |n| n.value))).unwrap_or(0);
    let most = |n: u64| if n == 0 { u64::MAX } else { n };
    let room = TaskSize { cpu: most(cpu), memory: most(memory) };
    let containers = unit.members.iter().zip(wanted).map(|(member, wanted)| {
        let mut size = container(member.service, wanted, room, out);
        let shares = member.service.cpu.as_ref().and_then(|cpu| cpu.shares.as_ref());
        let shares = shares.and_then(|n| i32::try_from(n.value).ok()).filter(|n| *n > 0);
        let reserved = wanted.cpu_reserved.as_ref().and_then(|n| i32::try_from(n.value).ok());
        size.cpu = size.cpu.or(reserved).or(shares);
        if memory == 0 && size.memory.is_none() && size.reservation.is_none() {
            size.reservation = i32::try_from(MEMORY).ok();
        }
        size
    });
    (TaskSize { cpu, memory }, containers.collect())
}
