//! `depends_on` orders the rollouts of services.

use std::collections::{HashMap, HashSet};

use super::container::container_name;
use super::firelens;
use super::job::job_id;
use super::outcome::ON_INSTANCES;
use crate::compose::model::{Condition, Dependency, HealthTest, Mode, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{ContainerDependency, Gate, Kind, ResourceId};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::{Member, by_name};
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// Checks what services wait for, and fills in what their rollouts and runs wait for.
pub(crate) fn resolve(members: &mut [Member<'_>], out: &mut Output) {
    let mut found = Vec::with_capacity(members.len());
    {
        let by_name = by_name(members.iter());
        let by_the_clock: HashSet<&str> = members
            .iter()
            .filter(|member| member.service.extension.schedule.is_some())
            .map(|member| member.unit)
            .collect();
        for member in members.iter() {
            global_mode(member.service, out);
            let (mut gates, mut restarts) = (Vec::new(), Vec::new());
            for (name, dependency) in &member.service.depends_on {
                // An absent dependency was the loader's business: `required` has done its work.
                let Some(other) = by_name.get(name.as_str()) else { continue };
                if member.unit != other.unit && by_the_clock.contains(other.unit) {
                    no_wait(member, other, dependency, out);
                    continue;
                }
                check(member, other, dependency, out);
                // Within a task the containers wait for each other.
                if member.unit != other.unit {
                    gates.extend(gate(other, dependency.value.condition));
                    restarts.extend(restart(member, other, dependency));
                }
            }
            found.push((gates, restarts));
        }
    }
    for (member, found) in members.iter_mut().zip(found) {
        (member.gates, member.restarts) = found;
    }
    circles(members, out);
}

/// Says that nothing waits for what no deployment starts. Whoever waits for its end is refused where
/// schedules are made.
fn no_wait(
    member: &Member<'_>,
    other: &Member<'_>,
    dependency: &Located<Dependency>,
    out: &mut Output,
) {
    if dependency.value.condition == Condition::CompletedSuccessfully {
        return;
    }
    let name = other.name();
    let message = format!("{} does not wait for {name}, which runs by the clock", member.name());
    let diagnostic = match dependency.value.condition {
        Condition::Healthy => Diagnostic::warning(Code::Ignored, message),
        _ => Diagnostic::note(Code::Ignored, message),
    };
    let help = "let it not wait, or take `x-ecs.schedule` away, and every deployment runs it";
    out.say(diagnostic.at(dependency.span, "").help(help).service(member.name()));
}

/// What a dependent waits for.
fn gate(other: &Member<'_>, condition: Condition) -> Option<(ResourceId, Gate)> {
    let gate = match condition {
        Condition::Started => Gate::Started,
        Condition::Healthy => Gate::Healthy,
        Condition::CompletedSuccessfully => Gate::Completed,
    };
    match other.job {
        // It is scaled to nothing: there is nothing to wait for.
        Some(0) => None,
        Some(_) => Some((job_id(other.unit), Gate::Completed)),
        // Refused where the jobs are looked for: its end cannot be seen.
        None if gate == Gate::Completed => None,
        None => Some((ResourceId::new(Kind::Service, other.unit), gate)),
    }
}

/// Of which service a new deployment brings the dependent one. A job runs anew with each deployment,
/// and nothing that waits for it would ever rest.
fn restart(
    member: &Member<'_>,
    other: &Member<'_>,
    dependency: &Located<Dependency>,
) -> Option<ResourceId> {
    // Of `links` nobody wrote it.
    let links = member.service.addressing.iter().flat_map(|addressing| &addressing.links);
    let is_written = links.into_iter().all(|link| link.span != dependency.span);
    let wanted = dependency.value.restart && is_written;
    (wanted && other.job.is_none()).then(|| ResourceId::new(Kind::Service, other.unit))
}

/// What a container waits for in its task, sorted by name.
pub(crate) fn within(
    unit: &Unit<'_>,
    member: &Member<'_>,
    out: &mut Output,
) -> Vec<ContainerDependency> {
    let mut found: Vec<_> = member
        .service
        .depends_on
        .iter()
        .filter_map(|(name, dependency)| {
            let other = unit.members.iter().find(|other| other.name() == name)?;
            if firelens::goes_before(unit, (member, other), dependency, out) {
                return None;
            }
            let condition = match dependency.value.condition {
                Condition::CompletedSuccessfully => "SUCCESS",
                _ if member.after.contains(&name.as_str()) => "SUCCESS",
                // AWS refuses to wait for the health of a container without a check.
                Condition::Healthy if has_check(other.service) => "HEALTHY",
                Condition::Healthy | Condition::Started => "START",
            };
            let container_name = container_name(name);
            Some(ContainerDependency { container_name, condition: condition.to_owned() })
        })
        .collect();
    for name in &member.after {
        let container_name = container_name(name);
        if found.iter().all(|wait| wait.container_name != container_name) {
            let condition = "SUCCESS".to_owned();
            found.push(ContainerDependency { container_name, condition });
        }
    }
    found.sort_by(|a, b| a.container_name.cmp(&b.container_name));
    found
}

/// Refuses tasks that wait for each other: no two services do, but the tasks that they share may.
fn circles(members: &[Member<'_>], out: &mut Output) {
    if members.iter().all(Member::leads) {
        return;
    }
    let mut waits: Waits<'_, '_> = HashMap::new();
    for member in members {
        for (id, _) in &member.gates {
            waits.entry(member.unit).or_default().push((&id.name, member));
        }
    }
    let mut done = HashSet::new();
    for start in members.iter().filter(|member| member.leads()) {
        // Depth first, with the way that led here.
        let mut way: Vec<(&str, usize)> = vec![(start.unit, 0)];
        while let Some((unit, next)) = way.last_mut() {
            let unit = *unit;
            let following = waits.get(unit).and_then(|all| all.get(*next));
            *next += 1;
            let Some((other, member)) = following.filter(|_| !done.contains(unit)) else {
                done.insert(unit);
                way.pop();
                continue;
            };
            if way.iter().any(|(known, _)| known == other) {
                let from = way.iter().position(|(known, _)| known == other).unwrap_or_default();
                let units: Vec<&str> = way[from..].iter().map(|(unit, _)| *unit).collect();
                out.say(circle(members, &waits, &units).service(member.name()));
            } else {
                way.push((other, 0));
            }
        }
    }
}

/// Which tasks wait for which, and by whom.
type Waits<'m, 'a> = HashMap<&'m str, Vec<(&'m str, &'m Member<'a>)>>;

/// Tasks of which each waits for the next one, and the last one for the first.
fn circle(members: &[Member<'_>], waits: &Waits<'_, '_>, units: &[&str]) -> Diagnostic {
    let message = match units {
        [all @ .., last] if all.len() > 1 => {
            format!("the tasks of {} and {last} wait for each other", all.join(", "))
        }
        _ => format!("the tasks of {} wait for each other", units.join(" and ")),
    };
    let mut fault = Diagnostic::error(Code::Conflict, message);
    let next = units.iter().cycle().skip(1);
    // The last step is the one that closes the circle: it comes first.
    let steps: Vec<_> = units.iter().zip(next).collect();
    for (unit, next) in steps.into_iter().rev() {
        let all = waits.get(unit).map_or(&[][..], Vec::as_slice);
        let Some((_, member)) = all.iter().find(|(other, _)| other == next) else { continue };
        let of_next = |name: &str| members.iter().any(|m| m.name() == name && m.unit == *next);
        let found = member.service.depends_on.iter().find(|(name, _)| of_next(name));
        let (place, label) = match found {
            Some((name, dependency)) if name == next => {
                (dependency.span, format!("{} waits for {name}", member.name()))
            }
            Some((name, dependency)) => {
                let label = format!("{} waits for {name}, in the task of {next}", member.name());
                (dependency.span, label)
            }
            None => (member.service.span(), format!("waits for the task of {next}")),
        };
        fault = fault.at(place, label);
    }
    fault.help("let them share one task, or take one of the services out of its task")
}

fn check(
    member: &Member<'_>,
    other: &Member<'_>,
    dependency: &Located<Dependency>,
    out: &mut Output,
) {
    // `restart` is the plan's: see restart() above.
    let Dependency { condition, restart: _, required: _ } = &dependency.value;
    let name = other.name();
    match condition {
        Condition::CompletedSuccessfully => {}
        Condition::Started | Condition::Healthy
            if other.job.is_some() && member.unit != other.unit =>
        {
            out.say(
                Diagnostic::note(
                    Code::Approximated,
                    format!("{} waits for the end of {name}, which is a job", member.name()),
                )
                .at(dependency.span, "")
                .help("write `condition: service_completed_successfully` to say so")
                .service(member.name()),
            );
        }
        Condition::Started => {}
        Condition::Healthy if has_check(other.service) || is_switched_off(other.service) => {}
        Condition::Healthy => out.say(
            Diagnostic::warning(
                Code::HealthyWithoutCheck,
                format!(
                    "{} waits until {name} is healthy, which has no health check",
                    member.name()
                ),
            )
            .at(dependency.span, "")
            .at(other.service.span(), "no `healthcheck` here")
            .help(
                "ECS takes a running task for healthy; give the service a `healthcheck`, since \
                ECS does not see the image's own",
            )
            .service(member.name()),
        ),
    }
}

fn global_mode(service: &Service, out: &mut Output) {
    if service.on_instances() {
        // daemon.rs
        return;
    }
    let Some(mode) = service.deploy.mode.as_ref().filter(|mode| mode.value == Mode::Global) else {
        return;
    };
    let message = "`mode: global` runs one task on each instance, and Fargate has no instances";
    let diagnostic = Diagnostic::error(Code::Refused, message).at(mode.span, "");
    let help = format!(
        "use `mode: replicated` with `replicas`{ON_INSTANCES}, where it becomes a daemon, a task on each"
    );
    out.say(diagnostic.help(help).service(&service.name.value));
}

fn has_check(service: &Service) -> bool {
    let test = service.healthcheck.as_ref().and_then(|check| check.value.test.as_ref());
    test.is_some_and(|test| test.value != HealthTest::None)
}

/// Whether a dependent that waits for its health was warned of already.
fn is_switched_off(service: &Service) -> bool {
    let test = service.healthcheck.as_ref().and_then(|check| check.value.test.as_ref());
    test.is_some_and(|test| test.value == HealthTest::None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{at, depends, healthcheck, loud, resource, run, service};

    fn pair(condition: Condition) -> Vec<Service> {
        let mut web = service("web", "acme/web:1");
        depends(&mut web, "db", condition);
        let mut db = service("db", "acme/db:1");
        db.healthcheck = Some(healthcheck(HealthTest::Shell("true".to_owned())));
        vec![web, db]
    }

    #[test]
    fn conditions_become_gates() {
        for (condition, gate) in
            [(Condition::Started, Gate::Started), (Condition::Healthy, Gate::Healthy)]
        {
            let done = run(pair(condition));
            let wait = (ResourceId::new(Kind::Service, "db"), gate);
            assert!(resource(&done, Kind::Service, "web").waits.contains(&wait));
            assert_eq!(loud(&done.diagnostics), []);
        }
    }

    #[test]
    fn whoever_waits_for_a_job_waits_for_its_end() {
        let mut services = pair(Condition::CompletedSuccessfully);
        let mut other = service("other", "acme/other:1");
        depends(&mut other, "db", Condition::Started);
        services.push(other);
        let done = run(services);
        let wait = (job_id("db"), Gate::Completed);
        for name in ["web", "other"] {
            assert!(resource(&done, Kind::Service, name).waits.contains(&wait), "{name}");
        }
        assert_eq!(loud(&done.diagnostics), []);
    }

    #[test]
    fn nobody_waits_for_what_runs_by_the_clock() {
        for (condition, severity) in
            [(Condition::Started, Severity::Note), (Condition::Healthy, Severity::Warning)]
        {
            let mut services = pair(condition);
            services[1].extension.schedule = Some(at("rate(1 day)".to_owned()));
            let mut job = service("seed", "acme/seed:1");
            job.extension.job = Some(at(true));
            depends(&mut job, "db", condition);
            services.push(job);
            let done = run(services);
            assert_eq!(crate::ecs::validate(&done.desired), []);
            let said = |name: &str| {
                let text = format!("{name} does not wait for db, which runs by the clock");
                done.diagnostics
                    .iter()
                    .filter(|d| d.message == text && d.severity == severity)
                    .count()
            };
            assert_eq!((said("web"), said("seed")), (1, 1));
        }
    }

    #[test]
    fn healthy_without_a_check_is_a_warning() {
        let mut services = pair(Condition::Healthy);
        services[1].healthcheck = None;
        assert_eq!(
            loud(&run(services.clone()).diagnostics),
            [(Severity::Warning, Code::HealthyWithoutCheck)]
        );
        // Of a check that is switched off the loader warns.
        services[1].healthcheck = Some(healthcheck(HealthTest::None));
        assert_eq!(loud(&run(services).diagnostics), []);
    }

    #[test]
    fn restart_brings_a_deployment_with_the_dependency_s() {
        let mut services = pair(Condition::Started);
        assert!(resource(&run(services.clone()), Kind::Service, "web").restarts.is_empty());
        services[0].depends_on["db"].value.restart = true;
        let done = run(services.clone());
        let db = ResourceId::new(Kind::Service, "db");
        assert_eq!(resource(&done, Kind::Service, "web").restarts, [db]);
        assert_eq!(loud(&done.diagnostics), []);
        // A job runs with every deployment.
        services[1].extension.job = Some(at(true));
        assert!(resource(&run(services), Kind::Service, "web").restarts.is_empty());
    }

    #[test]
    fn an_absent_dependency_is_no_gate() {
        let mut web = service("web", "acme/web:1");
        depends(&mut web, "gone", Condition::Started);
        let done = run(vec![web]);
        let waits = &resource(&done, Kind::Service, "web").waits;
        assert!(waits.iter().all(|(id, _)| id.kind != Kind::Service));
    }

    #[test]
    fn a_mode_that_fargate_does_not_have() {
        let mut web = service("web", "acme/web:1");
        web.deploy.mode = Some(at(Mode::Global));
        assert_eq!(loud(&run(vec![web]).diagnostics), [(Severity::Error, Code::Refused)]);
    }
}
