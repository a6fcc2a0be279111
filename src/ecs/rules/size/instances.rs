//! Sizes on instances, where nothing is rounded: a task has what its containers say.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;

use super::{CPU, ContainerSize, MEMORY, MIB, TaskSize, Wanted, container, of_the_task};
use crate::compose::model::Launch;
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;

/// CPU units of a task on instances, where it has any (ECS API reference, `RegisterTaskDefinition.cpu`).
pub(crate) const UNITS: std::ops::RangeInclusive<u64> = 128..=196_608;

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
    if let Some(given) = cpu.as_ref().filter(|n| !UNITS.contains(&n.value)) {
        out.say(no_size(unit, given, managed));
    }
    let cpu = match (cpu, sum(&|w| w.cpu().map_or(CPU, |n| n.value))) {
        (Some(given), _) => given.value.clamp(*UNITS.start(), *UNITS.end()),
        (None, Some(sum)) => of_the_sum(unit, wanted, sum, out),
        (None, None) => 0,
    };
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

/// The CPU units of a task that has as many as its containers: never fewer than ECS gives.
fn of_the_sum(unit: &Unit<'_>, wanted: &[Wanted], sum: u64, out: &mut Output) -> u64 {
    let (least, most) = (*UNITS.start(), *UNITS.end());
    let place = wanted.iter().find_map(Wanted::cpu).map(|n| n.span);
    let place = place.unwrap_or_else(|| unit.span());
    if sum > most {
        let message = format!("no task on instances has {sum} CPU units");
        out.say(
            Diagnostic::error(Code::ImpossibleSize, message)
                .at(place, "")
                .help(format!("a task has at most {most} (192 virtual CPUs)"))
                .service(unit.name()),
        );
    } else if sum < least {
        let message = format!("{sum} CPU units are rounded up to {least}");
        out.say(
            Diagnostic::note(Code::SizeRounded, message)
                .at(place, "")
                .help("these are the fewest that a task has; `x-ecs.cpu` gives it more")
                .service(unit.name()),
        );
    }
    sum.clamp(least, most)
}

fn no_size(unit: &Unit<'_>, given: &Located<u64>, managed: bool) -> Diagnostic {
    let (least, most) = (UNITS.start(), UNITS.end());
    let message = format!("no task on instances has {} CPU units", given.value);
    let way =
        if managed { "" } else { "; or take it away: on EC2 a task needs no size of its own" };
    Diagnostic::error(Code::ImpossibleSize, message)
        .at(given.span, "")
        .help(format!("write {least} to {most} (192 virtual CPUs){way}"))
        .service(unit.name())
}
