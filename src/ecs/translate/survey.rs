//! What has to be known of every service before any of them can be translated: its ports, its
//! names, who may call it, and who names it.

use crate::compose::model::{Network, Service};
use crate::ecs::desired::ResourceId;
use crate::ecs::rules::discovery::{self, Name};
use crate::ecs::rules::exposure::{PublicPort, public_ports};
use crate::ecs::rules::known_images::{KnownImage, known_image};
use crate::ecs::rules::ports::{Ports, declared};
use crate::ecs::rules::{dependencies, volumes};

use super::context::{Context, Output};

/// One service and what the survey found out.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    /// The service.
    pub(crate) service: &'a Service,
    /// What is known of its image.
    pub(crate) known: Option<&'static KnownImage>,
    /// The ports that it has or may have.
    pub(crate) ports: Ports,
    /// The names that others may use for it.
    pub(crate) names: Vec<Name>,
    /// The ports that the Internet reaches.
    pub(crate) public: Vec<PublicPort>,
    /// Whether its tasks run a Service Connect proxy.
    pub(crate) connected: bool,
    /// The services that its tasks may call by name.
    pub(crate) peers: Vec<ResourceId>,
    /// Whether two of its tasks must never run at once.
    pub(crate) stateful: bool,
}

impl Member<'_> {
    /// The service's name in Compose.
    pub(crate) fn name(&self) -> &str {
        &self.service.name.value
    }
}

/// Looks at every service, in the order of the file.
pub(crate) fn survey<'a>(cx: &Context<'a>, out: &mut Output) -> Vec<Member<'a>> {
    let services = &cx.project.services;
    let mut members: Vec<_> = services
        .values()
        .map(|service| {
            // What is built may be based on anything.
            let reference = service.image.as_ref().filter(|_| service.build.is_none());
            let known = reference.and_then(|image| known_image(&image.value));
            Member {
                service,
                known,
                ports: declared(service, known, out),
                names: discovery::own_names(service, out),
                public: public_ports(service, known, is_internal(cx, service), out),
                connected: false,
                peers: Vec::new(),
                stateful: volumes::is_stateful(service, known),
            }
        })
        .collect();
    discovery::resolve(&mut members, out);
    dependencies::check(&members, out);
    members
}

/// Whether nothing outside may come in: every network of the service is `internal`.
fn is_internal(cx: &Context<'_>, service: &Service) -> bool {
    let mut networks =
        service.networks.keys().filter_map(|name| cx.project.networks.get(name)).peekable();
    networks.peek().is_some()
        && networks.all(|network| {
            let Network { span: _, name: _, internal, external: _ } = network;
            *internal
        })
}
