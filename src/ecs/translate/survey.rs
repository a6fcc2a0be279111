//! What has to be known of every service before any of them can be translated: its ports, its
//! names, who may call it, and who names it.

use std::collections::HashMap;
use std::convert::Infallible;

use crate::compose::model::{Service, TaskNetwork};
use crate::ecs::desired::{Asset, Gate, ResourceId};
use crate::ecs::rules::data_directories;
use crate::ecs::rules::discovery;
use crate::ecs::rules::ending::ending;
use crate::ecs::rules::exposure::{Program, PublicPort, public_ports};
use crate::ecs::rules::known_images::{Class, KnownImage, known_image};
use crate::ecs::rules::load_balancer;
use crate::ecs::rules::mounts::{self, Stored};
use crate::ecs::rules::other_program::runs_a_tool;
use crate::ecs::rules::own_names::{Name, own_names};
use crate::ecs::rules::ports::{Ports, declared};
use crate::ecs::rules::supply::{self, Supply, supply};
use crate::ecs::rules::{
    addressing, bind, dependencies, image, job, launch, namespaces, port_clash, task_name, volumes,
    writers,
};
use crate::parallel;

use super::context::{Context, Output};
use super::unit::{self, Sharing};

/// How many services a thread looks at at a time.
const A_PART: usize = 64;

/// One service and what the survey found out.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    /// The service.
    pub(crate) service: &'a Service,
    /// The service that gives its unit of deployment the name: itself, unless it shares a task.
    pub(crate) unit: &'a str,
    /// The network mode of its task.
    pub(crate) network: TaskNetwork,
    /// The networks of its task, in the order of the files.
    pub(crate) networks: Vec<&'a str>,
    /// Whether its container may end while the task runs on.
    pub(crate) ends: bool,
    /// Whose end its container waits for besides what the file says: of a job that is the last in its task.
    pub(crate) after: Vec<&'a str>,
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
    /// Its name in the project's private DNS zone.
    pub(crate) zone_name: Option<String>,
    /// Whether its task looks bare names up in that zone.
    pub(crate) needs_search_domain: bool,
    /// Its mounts, and where they live.
    pub(crate) stored: Vec<Stored<'a>>,
    /// The repository in which its image stands by itself, where it is to be mirrored.
    pub(crate) cached: Option<&'a str>,
    /// What becomes a part of its image, sorted by target.
    pub(crate) assets: Vec<Asset>,
    /// Whether two of its tasks must never run at once.
    pub(crate) stateful: bool,
    /// What it gets from elsewhere: secrets, configs, files of variables.
    pub(crate) supply: Supply,
    /// Of a service whose task runs to completion: how often.
    pub(crate) job: Option<i32>,
    /// What its rollout, or its run, waits for.
    pub(crate) gates: Vec<(ResourceId, Gate)>,
    /// The services of which a new deployment brings one of its own.
    pub(crate) restarts: Vec<ResourceId>,
}

impl Member<'_> {
    /// Whether its unit is named after it.
    pub(crate) fn leads(&self) -> bool {
        self.name() == self.unit
    }

    /// The service's name in Compose.
    pub(crate) fn name(&self) -> &str {
        &self.service.name.value
    }
}

/// Members by name, for whoever looks for many of them.
pub(crate) fn by_name<'m, 'a: 'm>(
    members: impl IntoIterator<Item = &'m Member<'a>>,
) -> HashMap<&'m str, &'m Member<'a>> {
    members.into_iter().map(|member| (member.name(), member)).collect()
}

/// Looks at every service, in the order of the file.
pub(crate) fn survey<'a>(cx: &Context<'a>, out: &mut Output) -> Vec<Member<'a>> {
    let services = &cx.project.services;
    let ending = ending(cx.project);
    let mut sharing = unit::sharing(cx, &ending, out);
    if sharing.is_hopeless {
        return Vec::new();
    }
    task_name::check(cx, &sharing, out);
    sharing.by_others = mounts::by_others::by_others(cx, &sharing);
    sharing.written = bind::written(cx, &sharing);
    let jobs = job::jobs(cx, &ending, &sharing, out);
    let links = addressing::links(cx.project);
    let all: Vec<&Service> = services.values().map(|service| &**service).collect();
    let parts: Vec<_> = all.chunks(A_PART).collect();
    let make = |part: usize| {
        let mut out = Output::default();
        let look = |service: &&'a Service| member(cx, service, &sharing, &jobs, &links, &mut out);
        let members: Vec<_> = parts[part].iter().map(look).collect();
        (members, out)
    };
    let mut members = Vec::with_capacity(all.len());
    let Ok(()) = parallel::in_order(
        parts.len(),
        || make,
        |(some, made)| {
            members.extend(some);
            out.append(made);
            Ok::<_, Infallible>(())
        },
    );
    mounts::empty::say(out);
    for (member, assets) in volumes::assets(&members).into_iter().enumerate() {
        members[member].assets = supply::on_top(&members[member], assets, out);
    }
    for (member, stateful) in writers::stateful(&members).into_iter().enumerate() {
        members[member].stateful = stateful;
    }
    unit::check(&members, out);
    port_clash::settle(&mut members, out);
    discovery::resolve(cx, &mut members, out);
    dependencies::resolve(&mut members, out);
    members
}

/// What is to be known of a service by itself.
fn member<'a>(
    cx: &Context<'a>,
    service: &'a Service,
    sharing: &Sharing<'a>,
    jobs: &job::Jobs<'a>,
    links: &addressing::Links<'a>,
    out: &mut Output,
) -> Member<'a> {
    let name = service.name.value.as_str();
    let job = jobs.runs.get(sharing.unit(name)).copied();
    let (image, known) = (program(cx, service), known(cx, service));
    let networks = sharing.networks(cx, name);
    let network = launch::network(sharing.host(service));
    let stored = mounts::resolve(cx, service, sharing, (known, job.is_some()), out);
    let data = data_directories::kept(&stored).next().filter(|_| known.is_none());
    let data = data.map(|kept| kept.mount.value.target.as_str());
    Member {
        service,
        unit: sharing.unit(name),
        ends: jobs.ends.contains(name),
        after: jobs.after.get(name).cloned().unwrap_or_default(),
        known,
        ports: declared(service, (image, known), network, out),
        // Nobody calls a job: it has no Service Connect, and no load balancer.
        names: match job {
            None if has_names(service, network) => own_names(service, links, out),
            _ => Vec::new(),
        },
        public: match job {
            _ if network == TaskNetwork::None || jobs.ends.contains(name) => Vec::new(),
            Some(_) => Vec::new(),
            None => {
                let internal = is_internal(cx, &networks);
                let certificate = cx.project.extension.certificate.is_some();
                let listener = load_balancer::names_listener(cx);
                let program = Program { image, known, data };
                public_ports(service, program, internal, certificate, listener, out)
            }
        },
        network,
        networks,
        connected: false,
        peers: Vec::new(),
        zone_name: None,
        needs_search_domain: false,
        stored,
        cached: image::cached(cx, service),
        assets: Vec::new(),
        stateful: false,
        supply: supply(cx, service, out),
        job,
        gates: Vec::new(),
        restarts: Vec::new(),
    }
}

/// The image whose program a service runs, as far as that is known: what is built runs what its base does
/// where its Dockerfile says nothing else (Dockerfile reference, `FROM`: the base's `CMD` and `ENTRYPOINT`
/// stay).
pub(crate) fn program<'a>(cx: &Context<'a>, service: &'a Service) -> Option<&'a str> {
    if service.build.is_none() {
        return service.image.as_ref().map(|image| image.value.as_str());
    }
    let says = cx.facts.dockerfiles.get(&service.name.value)?;
    (says.keeps_program && !says.base.is_empty()).then_some(says.base.as_str())
}

/// What is known of the program of a service by its image: of a data store's or broker's image another
/// program may be run. What is built on a base system or a server of pages is something else than that.
pub(crate) fn known(cx: &Context<'_>, service: &Service) -> Option<&'static KnownImage> {
    known_as(service, program(cx, service)?)
}

/// What is known of the program of a service with this image.
pub(crate) fn known_as(service: &Service, image: &str) -> Option<&'static KnownImage> {
    let known = known_image(image)?;
    if service.build.is_some() && !known.is_private() {
        return None;
    }
    (known.class == Class::Base || !runs_a_tool(service)).then_some(known)
}

/// Whether nothing outside may come in: every network of the service is `internal`.
fn is_internal(cx: &Context<'_>, networks: &[&str]) -> bool {
    let mut networks = networks.iter().filter_map(|name| cx.project.networks.get(*name)).peekable();
    networks.peek().is_some() && networks.all(|network| network.internal)
}

/// Whether others find a service by name: Service Connect knows awsvpc and bridge alone (ECS developer
/// guide, "Service Connect", considerations).
fn has_names(service: &Service, network: TaskNetwork) -> bool {
    namespaces::has_names(service) && matches!(network, TaskNetwork::AwsVpc | TaskNetwork::Bridge)
}
