//! The container of a service.

use std::collections::BTreeMap;
use std::time::Duration;

use indexmap::IndexMap;

use super::outcome::Outcomes;
use super::size::ContainerSize;
use super::volumes::Mounts;
use super::{
    addressing, bridge, capabilities, cpu, credentials, dependencies, devices, existing_data,
    health, hooks, image, image_quirks, instance, kernel, logging, managed, missing_tool,
    namespaces, networks, placement, privileges, provider, pull, restart_policy, stop_signal,
    system_controls, ulimits, unpinned,
};
use crate::compose::model::{Launch, Service, TaskNetwork};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    ContainerDefinition, IMAGE_LABEL, KeyValuePair, LinuxParameters, TextMap,
};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// Texts by name.
type Texts = IndexMap<String, Located<String>>;

/// Seconds between SIGTERM and SIGKILL on Fargate (ECS API reference,
/// `ContainerDefinition.stopTimeout`).
const STOP: (u64, u64) = (2, 120);

/// The container's name in its task.
pub(crate) fn container_name(service: &str) -> String {
    fit(service, Grammar::Ecs)
}

/// Translates a service's container. Every attribute of a service is named here: a new one cannot
/// be forgotten, because this does not compile without it.
pub(crate) fn container(
    cx: &Context<'_>,
    unit: &Unit<'_>,
    member: &Member<'_>,
    size: ContainerSize,
    mounts: &Mounts,
    out: &mut Output,
) -> ContainerDefinition {
    let Service {
        name: _,
        image: _,    // image.rs
        build: _,    // image.rs
        platform: _, // image.rs
        command,
        entrypoint,
        working_dir,
        user,
        environment,
        ports: _,           // ports.rs, exposure.rs
        expose: _,          // ports.rs
        depends_on: _,      // dependencies.rs
        healthcheck: _,     // health.rs
        deploy: _, // size.rs, rollout.rs, tags.rs, dependencies.rs, placement.rs, restart_policy.rs
        scale: _,  // service.rs
        cpus: _,   // size.rs
        mem_limit: _, // size.rs
        mem_reservation: _, // size.rs
        mounts: _, // volumes.rs
        networks: _, // security_groups.rs, networks.rs, discovery.rs
        labels,
        restart: _, // restart_policy.rs
        stop_grace_period,
        container_name: _, // discovery.rs, below
        hostname: _,       // discovery.rs, below
        init,
        read_only,
        tty,
        stdin_open,
        stop_signal: _,        // stop_signal.rs
        image_signal: _,       // stop_signal.rs
        pull_policy: _,        // pull.rs
        pull_refresh_after: _, // pull.rs
        attach: _,             // a note of the loader
        profiles: _,           // the loader's
        annotations,
        volumes_from: _, // volumes.rs, unit.rs
        models: _,       // provider.rs
        logging: _,      // logging.rs, firelens.rs
        provider: _,     // provider.rs
        hooks: _,        // hooks.rs
        cpu: _,          // cpu.rs, size.rs
        kernel: _,       // kernel.rs, ulimits.rs, system_controls.rs
        namespaces: _,   // namespaces.rs
        privileges: _,   // privileges.rs, capabilities.rs, devices.rs
        addressing: _,   // addressing.rs, discovery.rs
        written: _,      // supply.rs
        extension: _, // size.rs, exposure.rs, load_balancer.rs, unit.rs, task_role.rs, overrides.rs, supply.rs
    } = member.service;
    check(cx, member, out);
    ContainerDefinition {
        image: image::reference(cx, member),
        repository_credentials: image::credentials(member, out),
        port_mappings: bridge::mappings(member),
        entry_point: words(member.service, "entrypoint", entrypoint.as_ref(), out),
        command: words(member.service, "command", command.as_ref(), out),
        working_directory: working_dir.as_ref().map(|dir| dir.value.clone()),
        user: user.as_ref().map(|user| user.value.clone()),
        environment: variables(member, environment, out),
        secrets: member.supply.variables.clone(),
        environment_files: member.supply.variable_files.clone(),
        depends_on: dependencies::within(unit, member, out),
        health_check: health::health_check(member.service, out),
        linux_parameters: linux(member.service, is_on(init.as_ref()), mounts, out),
        readonly_root_filesystem: is_on(read_only.as_ref()),
        stop_timeout: stop_timeout(member.service, stop_grace_period.as_ref(), out),
        docker_labels: docker_labels(annotations, labels, image::tagged(cx, member)),
        log_configuration: logging::configuration(cx, member.service, out),
        interactive: is_on(stdin_open.as_ref()),
        pseudo_terminal: is_on(tty.as_ref()),
        ulimits: ulimits::ulimits(member.service, out),
        system_controls: system_controls::system_controls(member.service, out),
        restart_policy: restart_policy::restart_policy(member, out),
        instance: instance::settings(unit, member, out),
        ..placed(member, size, mounts)
    }
}

/// Says what of a service has no place in a container definition for Fargate.
fn check(cx: &Context<'_>, member: &Member<'_>, out: &mut Output) {
    let service = member.service;
    missing_tool::check(cx, service, out);
    unpinned::check(service, member.known, out);
    credentials::check(service, out);
    names(cx, member, out);
    namespaces::check(service, out);
    networks::check(service, out);
    addressing::check(cx, member, out);
    privileges::check(service, out);
    devices::check(service, out);
    kernel::check(service, out);
    managed::check(member, out);
    cpu::check(service, out);
    hooks::check(service, out);
    provider::check(service, out);
    placement::check(service, out);
    pull::check(service, out);
    stop_signal::check(member, out);
}

/// `annotations` and `labels`, which go first: ECS has one kind of both. And what the image is called
/// by its tag.
fn docker_labels(annotations: &Texts, labels: &Texts, tagged: Option<String>) -> TextMap {
    let both = annotations.iter().chain(labels);
    let both = both.map(|(key, text)| (key.clone(), text.value.clone()));
    both.chain(image_label(tagged)).collect()
}

/// The label of a container whose image is called by its digest.
pub(super) fn image_label(tagged: Option<String>) -> Option<(String, String)> {
    Some((IMAGE_LABEL.to_owned(), tagged?))
}

/// What a container gets from its task.
fn placed(member: &Member<'_>, size: ContainerSize, mounts: &Mounts) -> ContainerDefinition {
    let name = member.name();
    ContainerDefinition {
        name: container_name(name),
        cpu: size.cpu.unwrap_or(0),
        memory: size.memory,
        memory_reservation: size.reservation,
        essential: !member.ends,
        mount_points: mounts.points.clone(),
        ..ContainerDefinition::default()
    }
}

/// A switch that is on. Off is what ECS does anyway.
fn is_on(switch: Option<&Located<bool>>) -> Option<bool> {
    switch.filter(|switch| switch.value).map(|_| true)
}

fn linux(
    service: &Service,
    init: Option<bool>,
    mounts: &Mounts,
    out: &mut Output,
) -> Option<LinuxParameters> {
    let mut linux = LinuxParameters {
        capabilities: capabilities::capabilities(service, out),
        init_process_enabled: init,
        tmpfs: mounts.tmpfs.clone(),
        ..LinuxParameters::default()
    };
    instance::linux(service, &mut linux, out);
    (linux != LinuxParameters::default()).then_some(linux)
}

/// The variables, sorted by name.
fn variables(member: &Member<'_>, given: &Texts, out: &mut Output) -> Vec<KeyValuePair> {
    let mut all: BTreeMap<_, _> =
        given.iter().map(|(name, value)| (name.clone(), value.value.clone())).collect();
    image_quirks::add(member, &mut all, out);
    existing_data::check(member, out);
    // A variable comes from one place.
    all.retain(|name, _| !member.service.extension.secret_env.contains_key(name));
    all.into_iter().map(|(name, value)| KeyValuePair { name, value }).collect()
}

/// `command` or `entrypoint`. An empty list clears the image's: see image.rs.
fn words(
    service: &Service,
    what: &str,
    given: Option<&Located<Vec<String>>>,
    out: &mut Output,
) -> Option<Vec<String>> {
    let given = given?;
    if given.value.is_empty() {
        out.say(
            Diagnostic::note(
                Code::Approximated,
                format!("the image's own {what} is taken out of it on its way to ECR"),
            )
            .at(given.span, "")
            .help("ECS itself does not clear what an image says")
            .service(&service.name.value),
        );
        return None;
    }
    Some(given.value.clone())
}

fn stop_timeout(
    service: &Service,
    given: Option<&Located<Duration>>,
    out: &mut Output,
) -> Option<i32> {
    let given = given?;
    let wanted = health::seconds(given.value);
    // Instances wait as long as they are told to.
    let most = if service.on_instances() { u64::from(u16::MAX) } else { STOP.1 };
    let taken = wanted.clamp(STOP.0, most);
    if taken != wanted || given.value.subsec_nanos() != 0 {
        out.say(
            Diagnostic::warning(Code::Clamped, format!("`stop_grace_period` becomes {taken}s"))
                .at(given.span, "")
                .help(format!(
                    "{} takes whole seconds from {} to {most}",
                    if most == STOP.1 { "Fargate" } else { "ECS" },
                    STOP.0
                ))
                .service(&service.name.value),
        );
    }
    i32::try_from(taken).ok()
}

/// How others reach a service that has a host name.
const STILL: &str = "other services that use it as a name still reach the service under it";

/// `hostname` and `container_name` are names to others at most.
fn names(cx: &Context<'_>, member: &Member<'_>, out: &mut Output) {
    let service = member.service;
    if !namespaces::has_names(service) {
        let help = "others call the service whose network it is: give that one the name, as one of its \
            `aliases`";
        let mut outcomes = Outcomes::new(service, out);
        let said = |what| format!("`{what}` is no name of what is in another service's network");
        // Docker refuses it (moby, `runconfig`: "conflicting options: hostname and the network mode").
        if let Some(name) = &service.hostname {
            outcomes.missed(name.span, said("hostname"), help);
        }
        if let Some(name) = &service.container_name {
            outcomes.ignored(name.span, said("container_name"), help);
        }
        return;
    }
    let others = addressing::no_further_names(cx, member.name());
    // instance.rs sets it outside of awsvpc.
    let own = member.network == TaskNetwork::AwsVpc;
    if let Some(name) = service.hostname.as_ref().filter(|_| own) {
        out.say(
            Diagnostic::warning(
                Code::Approximated,
                "a task with a network interface of its own has a host name of its own",
            )
            .at(name.span, "")
            .help(match (service.launch(), others) {
                (Launch::Ec2, Some(others)) => {
                    format!("{others}; on `x-ecs: {{network_mode: bridge}}` it is set")
                }
                (Launch::Ec2, None) => {
                    format!("{STILL}; on `x-ecs: {{network_mode: bridge}}` it is set")
                }
                (_, others) => others.unwrap_or(STILL).to_owned(),
            })
            .service(&service.name.value),
        );
    }
    if let Some(name) = &service.container_name {
        let message = match others {
            None => "`container_name` is a further name of the service",
            Some(_) => "`container_name` is no name on ECS",
        };
        let help = match others {
            None => "other services reach it under this name",
            Some(others) => others,
        };
        out.say(
            Diagnostic::note(Code::Approximated, message)
                .at(name.span, "")
                .help(format!("{help}; the container itself is named after the service"))
                .service(&service.name.value),
        );
    }
}

#[cfg(test)]
#[path = "container_tests.rs"]
mod tests;
