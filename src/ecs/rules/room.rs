//! Whether what a task runs fits into it: the sizes of its containers, and their number.

use super::size::TaskSize;
use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::ContainerDefinition;
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;
use crate::source::Span;

/// How many containers a task may have (ECS quotas, "Containers per task definition").
const MOST: usize = 10;

/// Says what does not fit. The containers of the services come first, in their order; those after them
/// are decklift's.
pub(crate) fn check(
    unit: &Unit<'_>,
    size: TaskSize,
    containers: &[ContainerDefinition],
    out: &mut Output,
) {
    if unit.leader().service.on_instances() {
        // Nothing is rounded there, and ECS asks instances for what is reserved.
    } else {
        let cpu = |c: &ContainerDefinition| Some(c.cpu);
        let memory = |c: &ContainerDefinition| c.memory.or(c.memory_reservation);
        let asked = |read: fn(&Service) -> Option<Span>| {
            unit.members.iter().find_map(|member| read(member.service))
        };
        let cpu_asked = asked(|s| s.extension.cpu.as_ref().map(|n| n.span));
        let memory_asked = asked(|s| s.extension.memory.as_ref().map(|n| n.span));
        let wants = [
            sum(unit, containers, "CPU units", "cpu", (size.cpu, cpu_asked), (cpu, place_of_cpu)),
            sum(
                unit,
                containers,
                "MiB",
                "memory",
                (size.memory, memory_asked),
                (memory, place_of_memory),
            ),
        ];
        out.diagnostics.extend(wants.into_iter().flatten());
    }
    // So many services are too many by themselves, which is said where they are counted.
    if containers.len() > MOST && unit.members.len() <= MOST {
        out.say(too_many(unit, containers));
    }
}

fn place_of_cpu(service: &Service) -> Option<Span> {
    let limit = service.deploy.limits.cpus.as_ref().map(|n| n.span);
    limit.or(service.cpus.as_ref().map(|n| n.span))
}

fn place_of_memory(service: &Service) -> Option<Span> {
    let (limits, kept) = (&service.deploy.limits.memory, &service.deploy.reservations.memory);
    let all = [limits, &service.mem_limit, kept, &service.mem_reservation];
    all.into_iter().flatten().map(|n| n.span).next()
}

/// What a container wants of something.
type Wanted = fn(&ContainerDefinition) -> Option<i32>;

/// Where a service says how much it wants.
type Place = fn(&Service) -> Option<Span>;

/// ECS refuses a task whose containers want more than it has (ECS API reference,
/// `ContainerDefinition.cpu` and `memory`). What a single one wants too much is size.rs's to say.
fn sum(
    unit: &Unit<'_>,
    containers: &[ContainerDefinition],
    what: &str,
    key: &str,
    (room, asked): (u64, Option<Span>),
    (of, place): (Wanted, Place),
) -> Option<Diagnostic> {
    let wanted = |c: &ContainerDefinition| of(c).and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    let total: u64 = containers.iter().map(wanted).sum();
    if total <= room || containers.iter().any(|container| wanted(container) > room) {
        return None;
    }
    let message = format!("the containers want {total} {what}, and their task has {room}");
    let mut fault = Diagnostic::error(Code::ImpossibleSize, message);
    if let Some(span) = asked {
        fault = fault.at(span, format!("the task has {room} {what}"));
    }
    for (member, container) in unit.members.iter().zip(containers) {
        let wanted = wanted(container);
        if wanted > 0 {
            let place = place(member.service).unwrap_or(member.service.span());
            fault = fault.at(place, format!("{} wants {wanted}", member.name()));
        }
    }
    let help = format!("raise `x-ecs.{key}` to {total} or more, or lower the limits");
    Some(fault.help(help).service(unit.name()))
}

fn too_many(unit: &Unit<'_>, containers: &[ContainerDefinition]) -> Diagnostic {
    let services = unit.members.len();
    let message = format!(
        "the task of {} has {} containers, and ECS takes {MOST}",
        unit.name(),
        containers.len()
    );
    let mut fault = Diagnostic::error(Code::Refused, message);
    let leader = unit.leader().service;
    let task = leader.extension.task.as_ref().map_or(leader.span(), |task| task.span);
    fault = fault.at(task, format!("{services} services share it"));
    for member in unit.members.iter().filter(|member| !member.supply.files.is_empty()) {
        if let Some(first) = member.service.written.secrets.first() {
            let label = format!("one more writes the secrets of {} as files", member.name());
            fault = fault.at(first.source.span, label);
        }
    }
    let added: Vec<&str> = containers.iter().skip(services).map(|c| c.name.as_str()).collect();
    let help = "give some of the services a task of their own";
    let help = match added.as_slice() {
        [] => help.to_owned(),
        added => format!(
            "decklift adds {} for files of secrets, volumes, names or logs; {help}, or take secrets as \
             variables: `x-ecs: {{secret_env: …}}`",
            added.join(", ")
        ),
    };
    fault.help(help).service(unit.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{at, facts, loud, object, project, reference, run, service};
    use crate::ecs::translate;

    fn shared(name: &str) -> Service {
        let mut service = service(name, "acme/a:1");
        service.extension.task = Some(at("p".to_owned()));
        service
    }

    #[test]
    fn containers_that_want_too_much_together_are_named_with_their_numbers() {
        let (mut a, mut b) = (shared("a"), shared("b"));
        a.cpus = Some(at(0.2));
        b.cpus = Some(at(0.2));
        a.extension.cpu = Some(at(256));
        let done = run(vec![a.clone(), b.clone()]);
        let found: Vec<_> = done.diagnostics.iter().collect();
        let [found] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((found.severity, found.code), (Severity::Error, Code::ImpossibleSize));
        assert!(found.message.contains("410 CPU units") && found.message.contains("256"));
        let labels: Vec<_> = found.labels.iter().map(|label| label.text.as_str()).collect();
        assert_eq!(labels, ["the task has 256 CPU units", "a wants 205", "b wants 205"]);
        a.extension.cpu = Some(at(512));
        assert_eq!(loud(&run(vec![a, b]).diagnostics), []);
    }

    #[test]
    fn the_helper_that_is_one_too_many_is_named() {
        let mut all: Vec<Service> = (0..MOST).map(|n| shared(&format!("a{n}"))).collect();
        let translated = |all: &[Service]| {
            let mut project = project(all.to_vec());
            project.secrets.insert("s".to_owned(), object(&[("environment", "S")]));
            translate(&project, None, &facts())
        };
        assert_eq!(loud(&translated(&all).diagnostics), []);
        all[9].written.secrets.push(reference("s", &[]));
        let done = translated(&all);
        assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::Refused)]);
        let found = done.diagnostics.iter().find(|d| d.code == Code::Refused).expect("a fault");
        assert!(found.message.contains("11 containers"), "{}", found.message);
        assert!(found.help.as_ref().is_some_and(|help| help.contains("a9-decklift-secrets")));
        assert_eq!(found.labels.len(), 2);
    }
}
