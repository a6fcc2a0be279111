//! What has to be known of every service before any of them can be translated: its ports, its
//! names, who may call it, and who names it.

use crate::compose::model::{Network, Service};
use crate::ecs::desired::{Gate, ResourceId};
use crate::ecs::rules::discovery::{self, Name};
use crate::ecs::rules::exposure::{PublicPort, public_ports};
use crate::ecs::rules::known_images::{KnownImage, known_image};
use crate::ecs::rules::ports::{Ports, declared};
use crate::ecs::rules::{dependencies, job, volumes};

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
    /// Of a service that runs to completion: how often.
    pub(crate) job: Option<i32>,
    /// What its rollout, or its run, waits for.
    pub(crate) gates: Vec<(ResourceId, Gate)>,
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
    let jobs = job::jobs(services.values().map(|service| &**service), out);
    let mut members: Vec<_> = services
        .values()
        .map(|service| {
            let job = jobs.get(service.name.value.as_str()).copied();
            // What is built may be based on anything.
            let reference = service.image.as_ref().filter(|_| service.build.is_none());
            let known = reference.and_then(|image| known_image(&image.value));
            Member {
                service,
                known,
                ports: declared(service, known, out),
                // Nobody calls a job: it has no Service Connect, and no load balancer.
                names: match job {
                    Some(_) => Vec::new(),
                    None => discovery::own_names(service, out),
                },
                public: match job {
                    Some(_) => Vec::new(),
                    None => public_ports(service, known, is_internal(cx, service), out),
                },
                connected: false,
                peers: Vec::new(),
                stateful: job.is_none() && volumes::is_stateful(service, known),
                job,
                gates: Vec::new(),
            }
        })
        .collect();
    discovery::resolve(&mut members, out);
    dependencies::resolve(&mut members, out);
    members
}

/// Whether nothing outside may come in: every network of the service is `internal`.
fn is_internal(cx: &Context<'_>, service: &Service) -> bool {
    let mut networks =
        service.networks.keys().filter_map(|name| cx.project.networks.get(name)).peekable();
    networks.peek().is_some()
        && networks.all(|network| {
            let Network { span: _, name: _, internal, external: _, settings: _ } = network;
            *internal
        })
}
