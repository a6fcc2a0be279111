//! What the agent of ECS Exec writes to in a container whose root is read-only.
//!
//! AWS supports none such (ECS developer guide, "ECS Exec", considerations: the agent "requires that
//! the container file system can be written to"); with volumes at the paths that it uses it works all
//! the same, as users report (github.com/aws/containers-roadmap/issues/1359).

use super::container::container_name;
use super::data_directories::is_in;
use super::volumes::of_the_task;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{MountPoint, TaskDefinition};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::unit::Unit;

/// Where the agent, its state and its logs are.
const PATHS: [&str; 3] = ["/managed-agents", "/var/lib/amazon/ssm", "/var/log/amazon/ssm"];

/// Gives each container with a read-only root volumes of the task where the agent writes, unless
/// something that may be written to is mounted there.
pub(super) fn add(unit: &Unit<'_>, task: &mut TaskDefinition, out: &mut Output) {
    for service in unit.members.iter().map(|member| member.service) {
        let Some(read_only) = service.read_only.as_ref().filter(|on| on.value) else { continue };
        let name = &service.name.value;
        let own = container_name(name);
        let mut containers = task.container_definitions.iter_mut();
        let Some(container) = containers.find(|container| container.name == own) else { continue };
        for path in PATHS {
            let tmpfs = container.linux_parameters.iter().flat_map(|linux| &linux.tmpfs);
            let given = tmpfs.map(|tmpfs| &tmpfs.container_path);
            let mut given = given.chain(container.mount_points.iter().map(|m| &m.container_path));
            if given.any(|mounted| is_in(path, mounted.trim_end_matches('/'))) {
                continue;
            }
            let volume = fit(&format!("{name}-exec{}", path.replace('/', "-")), Grammar::Ecs);
            container.mount_points.push(MountPoint {
                source_volume: volume.clone(),
                container_path: path.to_owned(),
                read_only: false,
            });
            task.volumes.push(of_the_task(volume));
        }
        container.mount_points.sort_by(|a, b| a.container_path.cmp(&b.container_path));
        let message = "AWS does not support ECS Exec where the root is read-only";
        out.say(
            Diagnostic::warning(Code::Approximated, message)
                .at(read_only.span, "")
                .help(
                    "its agent gets volumes of the task where it writes, `/managed-agents` and \
                    `…/amazon/ssm` below `/var/lib` and `/var/log`, which is known to work; to be \
                    sure, leave `read_only` or `exec`",
                )
                .service(name),
        );
    }
    task.volumes.sort_by(|a, b| a.name.cmp(&b.name));
}
