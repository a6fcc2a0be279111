//! Services that run to completion: a task that a deployment starts, not an ECS service.

use std::collections::{HashMap, HashSet};

use super::ending::{Ending, mode_of_job};
use super::last_job::{self, After};
use super::restart_policy::wanted;
use super::task::task_definition_id;
use super::writers::{self, Tasks};
use super::{
    autoscaling, base, daemon, ebs, launch, once, overrides, placement, rollout_settings, schedule,
    service, tags, update,
};
use crate::compose::model::{Mode, Restart, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Attribute, Body, Job, Kind, Resource, ResourceId, Value};
use crate::ecs::translate::context::{Context, Output, lower};
use crate::ecs::translate::names::{Grammar, fit_within};
use crate::ecs::translate::unit::{Sharing, Unit};
use crate::source::Span;

/// What `RunTask` starts at once (ECS API reference, `RunTask.count`).
const MOST: u32 = 10;
/// Characters of `startedBy` before the release, which may have 20 digits after its `/`: together
/// at most 128 (ECS API reference, `RunTask.startedBy`).
const STARTED_BY: usize = 107;

/// A job's id.
pub(crate) fn job_id(service: &str) -> ResourceId {
    ResourceId::new(Kind::Job, service)
}

/// Which services come to an end.
#[derive(Debug, Default)]
pub(crate) struct Jobs<'a> {
    /// The units that are jobs by name, with how many tasks each.
    pub(crate) runs: HashMap<&'a str, i32>,
    /// The services whose containers may end while their task runs on.
    pub(crate) ends: HashSet<&'a str>,
    /// The jobs that run last in a task of several.
    pub(crate) after: After<'a>,
}

/// Says which of the services that come to an end are jobs by themselves, and which end within a task
/// that runs on.
pub(crate) fn jobs<'a>(
    cx: &Context<'a>,
    ending: &Ending<'a>,
    sharing: &Sharing<'a>,
    out: &mut Output,
) -> Jobs<'a> {
    let mut jobs = Jobs { ends: ending.lenders.clone(), ..Jobs::default() };
    for service in cx.project.services.values() {
        let name = service.name.value.as_str();
        let waiting = ending.waiting(name);
        denied(service, waiting, out);
        let within = |(dependent, _): &(&'a Service, Span)| {
            sharing.unit(&dependent.name.value) == sharing.unit(name)
        };
        if waiting.iter().any(within) {
            jobs.ends.insert(name);
        }
        if ending.lenders.contains(name) {
            out.say(lends(service));
        }
    }
    for service in once::all(cx, ending, sharing) {
        jobs.ends.insert(&service.name.value);
        out.say(once::runs_on(service));
    }
    let found = |service: &&Service| ending.jobs.contains(service.name.value.as_str());
    for service in cx.project.services.values().map(|service| &**service).filter(found) {
        let name = service.name.value.as_str();
        let unit = sharing.unit(name);
        match sharing.members(unit).iter().find(|member| ending.lasts(member)) {
            // The whole task is a job, and its leader says how often it runs.
            None if unit == name => _ = jobs.runs.insert(unit, count(service, out)),
            None => {}
            Some(lasting) => {
                jobs.ends.insert(name);
                let waiting = ending.waiting(name);
                let outside =
                    |(other, _): &&(&Service, Span)| sharing.unit(&other.name.value) != unit;
                if let Some((dependent, span)) = waiting.iter().find(outside) {
                    out.say(unseen(service, lasting, dependent, *span));
                }
                within_a_task(service, lasting, waiting.is_empty(), out);
            }
        }
        effects(service, jobs.ends.contains(name), out);
        let lasting = sharing.members(unit).iter().filter(|member| ending.lasts(member));
        let lasting = lasting.filter_map(|name| cx.project.services.get(*name));
        on_each_instance(service, lasting, out);
    }
    // In the order of the files.
    let units = cx.project.services.keys().map(String::as_str);
    for unit in units.filter(|name| jobs.runs.contains_key(*name)).collect::<Vec<_>>() {
        last_job::choose(cx, unit, sharing, &mut jobs, out);
    }
    jobs
}

/// Refuses `job: false` of a service whose end somebody waits for.
fn denied(service: &Service, waiting: &[(&Service, Span)], out: &mut Output) {
    let job = service.extension.job.as_ref().filter(|job| !job.value);
    if let (Some(job), Some(mode)) = (job, mode_of_job(service)) {
        let message = format!("{} is said to be a job, and to be none", service.name.value);
        out.say(
            Diagnostic::error(Code::Conflict, message)
                .at(job.span, "`job: false`")
                .at(mode.span, "a job's mode")
                .help("take one of the two away")
                .service(&service.name.value),
        );
    }
    let (Some(job), Some((dependent, span))) = (job, waiting.first()) else { return };
    let name = &service.name.value;
    let message = format!("{} waits for the end of {name}", dependent.name.value);
    out.say(
        Diagnostic::error(Code::Conflict, format!("{message}, which is said to have none"))
            .at(job.span, "`job: false`")
            .at(*span, "waits for its end")
            .help("leave `job` out, or wait with `condition: service_started`")
            .service(name),
    );
}

/// A container that is there for its volumes alone.
fn lends(service: &Service) -> Diagnostic {
    let name = &service.name.value;
    let program = service.command.as_ref().or(service.entrypoint.as_ref()).map(|words| words.span);
    let image = service.image.as_ref().map(|image| image.span);
    Diagnostic::note(Code::Approximated, format!("the task runs on when {name} has ended"))
        .at(program.or(image).unwrap_or(service.span()), "ends at once")
        .help("it lends its volumes to others: these can name the volumes themselves")
        .service(name)
}

/// What a job that shares a task with a service that runs on does not get: runs of its own.
fn within_a_task(service: &Service, lasting: &str, alone: bool, out: &mut Output) {
    let name = &service.name.value;
    let own = format!(
        "give {name} a task of its own: what the two share can be a named volume, and the name \
        {lasting} instead of localhost"
    );
    if let Some(schedule) = &service.extension.schedule {
        let message =
            format!("{name} cannot run by the clock, since it shares a task with {lasting}");
        out.say(
            Diagnostic::error(Code::Refused, message).at(schedule.span, "").help(own).service(name),
        );
        return;
    }
    let job = service.extension.job.as_ref().filter(|job| job.value).map(|job| job.span);
    let Some(span) = job.or(mode_of_job(service).map(|mode| mode.span)).filter(|_| alone) else {
        return;
    };
    let message = format!("{name} runs with each task of {lasting}, not once a deployment");
    out.say(
        Diagnostic::warning(Code::Approximated, message)
            .at(span, "shares a task with a service that runs on")
            .help(format!("let it bear to be run again; or {own}"))
            .service(name),
    );
}

/// The end of a container is only seen by the others in its task.
fn unseen(service: &Service, lasting: &str, dependent: &Service, span: Span) -> Diagnostic {
    let (name, dependent) = (&service.name.value, &dependent.name.value);
    let message = format!(
        "{dependent} cannot wait for the end of {name}, which shares a task with {lasting}"
    );
    Diagnostic::error(Code::Refused, message)
        .at(span, "waits for its end")
        .at(service.span(), "ends in a task that runs on")
        .help(format!("give {name} a task of its own, or let {dependent} wait for {lasting}"))
        .service(dependent)
}

fn count(service: &Service, out: &mut Output) -> i32 {
    let replicas = service.replicas();
    if replicas > MOST {
        let given = service.scale.as_ref().or(service.deploy.replicas.as_ref());
        let message = format!("a job runs in at most {MOST} tasks at once on ECS, not {replicas}");
        out.say(
            Diagnostic::error(Code::Refused, message)
                .at(given.map_or(service.name.span, |given| given.span), "")
                .help(format!("write a number from 1 to {MOST}"))
                .service(&service.name.value),
        );
    }
    i32::try_from(replicas.min(MOST)).unwrap_or(1)
}

/// What a service may ask for and a job does not get.
fn effects(service: &Service, ends: bool, out: &mut Output) {
    let name = &service.name.value;
    // A container that ends while its task runs on has a restart policy.
    if let Some(restart) = wanted(service).filter(|_| !ends)
        && restart.value != Restart::No
    {
        let (message, help) = match service.extension.schedule {
            Some(_) => (
                format!("a run of {name} that ends is not started again"),
                "the clock starts the next one; take `restart` away",
            ),
            None => (
                format!("{name} runs once, and is not restarted"),
                "a job that fails stops the deployment; the next deployment runs it again",
            ),
        };
        out.say(
            Diagnostic::warning(Code::Ignored, message)
                .at(restart.span, "")
                .help(help)
                .service(name),
        );
    }
    if let Some(port) = service.ports.first() {
        out.say(
            Diagnostic::warning(Code::PortNotPublic, format!("nobody reaches the ports of {name}"))
                .at(port.span, "published by a job")
                .help("take `ports` away, or make it a service that runs on")
                .service(name),
        );
    }
}

/// RunTask has a number of tasks, and nothing that stands for each instance. `lasting` are those of
/// its task that run on.
fn on_each_instance<'a>(
    service: &Service,
    mut lasting: impl Iterator<Item = &'a Box<Service>>,
    out: &mut Output,
) {
    // It ends on each instance, where its task is.
    if lasting.any(|service| daemon::global(service).is_some()) {
        return;
    }
    let name = &service.name.value;
    let global = service.deploy.mode.as_ref().filter(|mode| mode.value == Mode::GlobalJob);
    if let Some(place) = global.map(|mode| mode.span).or(daemon::global(service)) {
        let tasks = match service.replicas() {
            1 => "one task".to_owned(),
            tasks => format!("{tasks} tasks"),
        };
        out.say(
            Diagnostic::warning(Code::Approximated, format!("{name} runs as {tasks}"))
                .at(place, "")
                .help(if service.on_instances() {
                    "write `mode: replicated-job` with as many `replicas` as there are instances, and \
                     `placement: {max_replicas_per_node: 1}`"
                } else {
                    "Fargate has no instances to run it on each of them"
                })
                .service(name),
        );
    }
}

/// Adds the run of a job. One that is scaled to nothing never runs.
pub(crate) fn add(cx: &Context<'_>, unit: &Unit<'_>, count: i32, out: &mut Output) {
    autoscaling::not_of_job(unit, out);
    rollout_settings::not_of_job(unit, out);
    update::not_of_job(unit, out);
    let leader = unit.leader().service;
    let place = daemon::number(leader).unwrap_or(leader.span());
    let tasks = Tasks::Count(u32::try_from(count).unwrap_or_default());
    writers::check(unit, tasks, (unit.name(), place), out);
    if let Some(expression) = schedule::of_unit(unit, out) {
        return schedule::add(cx, unit, expression, count, out);
    }
    if count == 0 {
        return;
    }
    let name = unit.name();
    overrides::of_job(unit, out);
    let id = job_id(name);
    let started_by = cx.unit_name(name);
    let started_by = fit_within(&started_by, Grammar::Ecs, STARTED_BY);
    let mut tags = cx.tags(&id);
    tags::add_labels(unit, &mut tags, out);
    let placed = placement::instances::placed(unit, out);
    let (launch_type, capacity_provider_strategy) = launch::capacity(cx, unit, out);
    let tags = lower(tags);
    let body = Job {
        cluster: base::cluster_name(cx),
        task_definition: Value::From(task_definition_id(name), Attribute::Arn),
        count,
        launch_type,
        capacity_provider_strategy,
        platform_version: launch::platform_version(unit),
        placement_constraints: placed.constraints,
        placement_strategy: placed.strategy,
        network_configuration: service::network(cx, unit, false, out),
        volume_configurations: ebs::configurations(cx, unit, Some(&tags), out),
        started_by: format!("{started_by}/{}", Job::RELEASE),
        client_token: Job::TOKEN.to_owned(),
        enable_ecs_managed_tags: true,
        tags,
    };
    let mut waits = service::written_by_name(cx, unit);
    waits.extend(unit.gates.iter().cloned());
    out.desired.insert(Resource {
        id,
        body: Body::Job(Box::new(body)),
        service: Some(name.to_owned()),
        origin: Some(unit.span()),
        waits,
        peers: Vec::new(),
        restarts: Vec::new(),
        stateful: false,
    });
}

#[cfg(test)]
#[path = "job_tests.rs"]
mod tests;
