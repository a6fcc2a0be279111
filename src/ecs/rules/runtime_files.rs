//! Files that every container has from its runtime, whatever its image has there.

use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::source::Span;

/// Whether the runtime mounts a file of its own at a path, which is said: what is in the image there
/// is never seen (Docker user guide, "Configure container DNS"; for `awsvpc`
/// github.com/aws/aws-app-mesh-roadmap/issues/471). A mount of Docker's goes before the runtime's,
/// and ECS mounts no single files on Fargate.
pub(crate) fn hides(service: &Service, target: &str, place: Span, out: &mut Output) -> bool {
    // ECS API reference, `ContainerDefinition`: none of the three in the network mode `awsvpc`.
    let help = match target {
        "/etc/hosts" => {
            "services call each other by their names in Compose; `extra_hosts` adds others on EC2 \
            instances with `network_mode: bridge`, a private hosted zone of Route 53 everywhere"
        }
        "/etc/resolv.conf" => {
            "tasks ask the resolver of their VPC, whose rules forward names to others; `dns` works on \
            EC2 instances with `network_mode: bridge`"
        }
        "/etc/hostname" => {
            "others reach the service under its names in Compose; `hostname` works on EC2 instances \
            with `network_mode: bridge`"
        }
        _ => return false,
    };
    let message = format!("the container has a {target} of its runtime's, not this one");
    out.say(
        Diagnostic::warning(Code::Ignored, message)
            .at(place, "")
            .help(help)
            .service(&service.name.value),
    );
    true
}

#[cfg(test)]
#[path = "runtime_files_tests.rs"]
mod tests;
