//! Instances that ECS looks after: what tasks on them have not, and those on EC2 have.
//!
//! ECS developer guide, "Amazon ECS task definition differences for Amazon ECS Managed Instances", names the
//! parameters that are not valid there.

use super::outcome::{Outcomes, place_of};
use crate::compose::model::{Launch, Mount, Service, TaskNetwork};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{InstanceSettings, LinuxParameters, TaskDefinition};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;
use crate::source::Located;

/// The way out that is left for what instances of one's own have.
const ON_EC2: &str = "; or run it on instances of your own: `x-ecs: {launch: ec2}`";

/// The shared memory that a container has, bytes: Docker's own default (Docker documentation,
/// `docker run --shm-size`).
const SHARED: i64 = 64 << 20;

/// Whether the tasks of a service run on instances that ECS looks after.
pub(crate) fn is_managed(service: &Service) -> bool {
    service.launch() == Launch::ManagedInstances
}

/// Says what of a service has no effect on managed instances, of what instances on EC2 have.
pub(crate) fn check(member: &Member<'_>, out: &mut Output) {
    let service = member.service;
    if !is_managed(service) {
        return;
    }
    let mut outcomes = Outcomes::new(service, out);
    let mut missed = |place, name: &str, help: &str| {
        if let Some(place) = place {
            let message = format!("`{name}` has no effect on managed instances");
            outcomes.missed(place, message, &format!("{help}{ON_EC2}"));
        }
    };
    let labels = "tags are what ECS has for tasks there: `deploy: {labels}`";
    missed(place_of(service.labels.values()), "labels", labels);
    missed(place_of(service.annotations.values()), "annotations", labels);
    if let Some(kernel) = service.kernel.as_deref() {
        let size = kernel.shm_size.as_ref().filter(|size| size.value > SHARED);
        let less = "let the app use less of /dev/shm: `--disable-dev-shm-usage` for Chrome, \
            `dynamic_shared_memory_type=mmap` for PostgreSQL";
        missed(size.map(|size| size.span), "shm_size", less);
        let memory = service.deploy.limits.memory.as_ref().or(service.mem_limit.as_ref());
        let limit = kernel.memswap_limit.as_ref().filter(|limit| {
            // The limit counts memory, too: the same number is no swap.
            limit.value != 0 && memory.is_none_or(|m| i64::try_from(m.value) != Ok(limit.value))
        });
        missed(limit.map(|limit| limit.span), "memswap_limit", "raise its memory limit instead");
        let swappiness = kernel.mem_swappiness.as_ref().filter(|percent| percent.value != 0);
        missed(swappiness.map(|p| p.span), "mem_swappiness", "there is no swap");
    }
    let options = service.privileges.iter().flat_map(|privileges| &privileges.security_opt);
    let options = options.filter(|option| {
        !matches!(option.value.as_str(), "no-new-privileges:false" | "no-new-privileges=false")
    });
    let users = "run the container as another user than root, and drop capabilities: `user`, \
        `cap_drop: [ALL]`";
    missed(place_of(options), "security_opt", users);
    if member.network == TaskNetwork::AwsVpc {
        // container.rs says it of that network, wherever it is; and instance.rs the rest, of `none`, too.
        return;
    }
    missed(
        service.hostname.as_ref().map(|name| name.span),
        "hostname",
        "a container there has a host name of its own",
    );
    let addressing = service.addressing.as_ref().filter(|_| member.network == TaskNetwork::Host);
    let Some(addressing) = addressing else { return };
    let zone = "use a name in DNS, in a private hosted zone of Route 53, say";
    missed(place_of(&addressing.dns), "dns", zone);
    missed(place_of(&addressing.dns_search), "dns_search", zone);
    missed(place_of(&addressing.extra_hosts), "extra_hosts", zone);
}

/// What of `ipc` managed instances have not.
pub(crate) fn shared_memory(mode: &Located<String>) -> Option<Diagnostic> {
    match mode.value.as_str() {
        "" | "private" => None,
        "none" => Some(
            Diagnostic::note(Code::Ignored, "`ipc: none` has no effect on managed instances")
                .help("each container has shared memory of its own"),
        ),
        // It shares nothing before another container joins, which is refused there.
        "shareable" => Some(
            Diagnostic::warning(
                Code::Ignored,
                "no container can join the shared memory of another",
            )
            .help(format!(
                "take `ipc` away: containers there have shared memory of their own{ON_EC2}"
            )),
        ),
        _ => Some(
            Diagnostic::error(
                Code::Refused,
                "containers on managed instances share no memory with others",
            )
            .help(format!("share files instead, through `volumes_from` or a named volume{ON_EC2}")),
        ),
    }
}

/// Says that a container has a directory of its task's disk where it asked for memory.
pub(crate) fn on_disk(member: &Member<'_>, mount: &Located<Mount>) -> Diagnostic {
    let target = &mount.value.target;
    let message = format!("{target} is on the task's disk, and not in memory");
    Diagnostic::warning(Code::Approximated, message)
        .at(mount.span, "")
        .help(format!(
            "containers on managed instances have no tmpfs: let the image have the directory, \
            owned by who writes to it{ON_EC2}"
        ))
        .service(member.name())
}

/// Takes out of a task definition what managed instances do not know, the program's own labels included:
/// what was written is told by [`check`].
pub(crate) fn fit(task: &mut TaskDefinition) {
    task.ipc_mode = None;
    for container in &mut task.container_definitions {
        container.docker_labels = Default::default();
        let InstanceSettings { privileged, resource_requirements, .. } =
            std::mem::take(&mut container.instance);
        container.instance =
            InstanceSettings { privileged, resource_requirements, ..InstanceSettings::default() };
        let Some(linux) = container.linux_parameters.take() else { continue };
        let LinuxParameters { capabilities, init_process_enabled, devices, .. } = linux;
        let linux = LinuxParameters {
            capabilities,
            init_process_enabled,
            devices,
            ..LinuxParameters::default()
        };
        container.linux_parameters = (linux != LinuxParameters::default()).then_some(linux);
    }
}

#[cfg(test)]
#[path = "managed_tests.rs"]
mod tests;
