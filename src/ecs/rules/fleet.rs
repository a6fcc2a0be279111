//! What of the instances only the user knows: where they are, and which security group they carry.

use super::base;
use crate::compose::model::{Launch, Service, TaskNetwork};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::survey::Member;
use crate::source::Span;

/// Says once for the project what tasks on instances lack, or what there are no such tasks for.
pub(crate) fn check(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    if !members.iter().any(|member| member.service.on_instances()) {
        unused(cx, out);
        return;
    }
    if !base::has_cluster(cx)
        && let Some(member) = members.iter().find(|member| waits_for_instances(cx, member.service))
    {
        let message = "no `x-ecs.cluster` is named, and the one that is made has no instances";
        let help = format!(
            "name a cluster that has some, `x-ecs: {{cluster: NAME}}`; or a capacity provider that \
             starts them, `x-ecs: {{capacity: {{providers: {{NAME: 1}}}}}}`; or let instances join {}",
            base::cluster_name(cx)
        );
        out.say(lacks(message, chosen(member.service), &help));
    }
    let own = cx.project.extension.instances.security_group.is_none();
    let at_the_instance = |member: &&Member<'_>| member.network.is_of_the_instance();
    if let Some(member) = members.iter().find(at_the_instance).filter(|_| own) {
        let message = "no `x-ecs.instances.security_group` is named, and no instance carries the one that is made";
        let help = "name the one that they carry: `x-ecs: {instances: {security_group: sg-0123…}}`; or \
            give them the one that decklift makes";
        out.say(lacks(message, chosen(member.service), help));
    }
}

/// Whether nothing starts instances for a service.
fn waits_for_instances(cx: &Context<'_>, service: &Service) -> bool {
    let own = service.extension.capacity.as_ref();
    let capacity = own.or(cx.project.extension.capacity.as_ref());
    service.launch() == Launch::Ec2
        && capacity.is_none_or(|capacity| capacity.value.providers.is_empty())
}

/// Where instances were chosen.
fn chosen(service: &Service) -> Span {
    service.extension.launch.as_ref().map_or(service.span(), |launch| launch.span)
}

fn lacks(message: &str, place: Span, help: &str) -> Diagnostic {
    Diagnostic::warning(Code::MissingAttribute, message).at(place, "").help(help)
}

/// What the project says of instances, where no service runs on any.
fn unused(cx: &Context<'_>, out: &mut Output) {
    let extension = &cx.project.extension;
    let mode = extension.network_mode.as_ref().filter(|mode| mode.value != TaskNetwork::AwsVpc);
    let group = extension.instances.security_group.as_ref();
    for (name, place) in
        [("network_mode", mode.map(|mode| mode.span)), ("instances", group.map(|group| group.span))]
    {
        if let Some(place) = place {
            let message = format!("`x-ecs.{name}` has no effect: no service runs on instances");
            out.say(
                Diagnostic::warning(Code::Ignored, message)
                    .at(place, "")
                    .help("take it away, or choose instances: `x-ecs: {launch: ec2}`"),
            );
        }
    }
}

#[cfg(test)]
#[path = "fleet_tests.rs"]
mod tests;
