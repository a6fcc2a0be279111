//! The rules of AWS that no emulator holds: what a request would be refused for, and what would be
//! accepted and then never work. It runs on every [`Desired`] before anything is sent.
//!
//! What this does not promise: that AWS takes the requests. Permissions, and everything that only the
//! account knows, are not looked at; of quotas, what the file alone uses of AWS's defaults.

mod container;
mod container_settings;
mod dns;
mod ebs;
mod extras;
mod file_system;
mod iam;
mod instance;
mod length;
mod load_balancer;
mod logging;
mod network;
mod overridden;
pub(in crate::ecs) mod quotas;
mod scaling;
mod schedule;
mod service;
mod shift;
mod simple;
mod steps;
mod tags;
mod task_definition;
mod text;
mod vpc;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::ops::Range;

use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Body, Desired, Kind, Resource, ResourceId, TargetGroup, TaskDefinition};
use crate::parallel;

/// How many resources a thread looks at at a time.
const A_PART: usize = 256;

/// Every rule of AWS that the resources break, in the order of the resources.
#[must_use]
pub fn validate(desired: &Desired) -> Vec<Diagnostic> {
    let listeners = listeners(desired);
    let count = desired.resources.len();
    let make = |part: usize| {
        let first = part * A_PART;
        rules(desired, first..count.min(first + A_PART), &listeners)
    };
    let (mut found, mut names) = (Vec::new(), Names::default());
    let Ok(()) = parallel::in_order(
        count.div_ceil(A_PART),
        || make,
        |part| {
            names.add(desired, part, &mut found);
            Ok::<_, Infallible>(())
        },
    );
    found.extend(quotas::check(desired));
    found
}

/// What some resources break, and the names that they take.
fn rules(
    desired: &Desired,
    places: Range<usize>,
    listeners: &HashSet<&ResourceId>,
) -> (Vec<Diagnostic>, Vec<Taken>) {
    let mut report = Report { desired, resource: None, trusts: None, found: Vec::new() };
    let mut unique = Unique::default();
    for place in places {
        let Some((_, resource)) = desired.resources.get_index(place) else { break };
        report.resource = Some(resource);
        unique.place = place;
        let before = report.found.len();
        one(resource, listeners, &mut unique, &mut report);
        overridden::place(desired, resource, listeners, &mut report.found[before..]);
    }
    (report.found, unique.taken)
}

/// What one resource breaks.
fn one<'a>(
    resource: &'a Resource,
    listeners: &HashSet<&ResourceId>,
    unique: &mut Unique,
    report: &mut Report<'a>,
) {
    references(resource, report);
    match &resource.body {
        Body::Vpc(vpc) => vpc::vpc(vpc, report),
        Body::Subnet(subnet) => vpc::subnet(subnet, unique, report),
        Body::InternetGateway(gateway) => vpc::internet_gateway(gateway, report),
        Body::Address(address) => vpc::address(address, report),
        Body::NatGateway(gateway) => vpc::nat_gateway(gateway, report),
        Body::RouteTable(table) => vpc::route_table(table, unique, report),
        Body::VpcEndpoint(endpoint) => vpc::endpoint(endpoint, unique, report),
        Body::Cluster(cluster) => simple::cluster(cluster, report),
        Body::Namespace(namespace) => simple::namespace(namespace, report),
        Body::PrivateNamespace(namespace) => dns::namespace(namespace, report),
        Body::DnsName(name) => dns::name(name, unique, report),
        Body::LogGroup(group) => simple::log_group(group, unique, report),
        Body::Secret(secret) => simple::secret(secret, unique, report),
        Body::Role(role) => iam::role(role, unique, report),
        Body::Repository(repository) => {
            simple::repository(repository, unique, report);
        }
        Body::Image(image) => simple::image(image, report),
        Body::SecurityGroup(group) => {
            network::security_group(group, unique, report);
        }
        Body::IngressRule(rule) => network::ingress_rule(rule, report),
        Body::FileSystem(system) => file_system::file_system(system, report),
        Body::MountTarget(target) => {
            file_system::mount_target(target, unique, report);
        }
        Body::AccessPoint(point) => file_system::access_point(point, unique, report),
        Body::LoadBalancer(balancer) => load_balancer::load_balancer(balancer, report),
        Body::TargetGroup(group) => {
            load_balancer::target_group(group, unique, report);
        }
        Body::Listener(listener) => {
            load_balancer::listener(listener, unique, report);
        }
        Body::ListenerRule(rule) => load_balancer::rule(rule, unique, report),
        Body::AliasRecord(record) => dns::record(record, unique, report),
        Body::TaskDefinition(task) => {
            task_definition::task_definition(task, unique, report);
        }
        Body::Service(service) => {
            service::service(service, listeners, unique, report);
        }
        Body::Job(job) => service::job(job, report),
        Body::ScalableTarget(target) => scaling::target(target, unique, report),
        Body::ScalingPolicy(policy) => scaling::policy(policy, unique, report),
        Body::Alarm(alarm) => steps::alarm(alarm, unique, report),
        Body::ScheduledAction(action) => scaling::action(action, unique, report),
        Body::ScheduleGroup(group) => schedule::group(group, unique, report),
        Body::Schedule(schedule) => schedule::schedule(schedule, unique, report),
    }
}

/// What was found so far, and where.
struct Report<'a> {
    desired: &'a Desired,
    resource: Option<&'a Resource>,
    /// The last trust policy of a role that was looked at and is good.
    trusts: Option<&'a str>,
    found: Vec<Diagnostic>,
}

impl<'a> Report<'a> {
    /// Says that the resource at hand breaks a rule. `rule` says which, and where it stands.
    fn fault(&mut self, message: impl std::fmt::Display, rule: impl Into<String>) {
        self.found.extend(self.resource.map(|resource| fault(resource, message, rule)));
    }

    /// The task definition of this id.
    fn task(&self, id: &ResourceId) -> Option<&'a TaskDefinition> {
        match &self.desired.resources.get(id)?.body {
            Body::TaskDefinition(task) => Some(task),
            _ => None,
        }
    }

    /// The target group of this id.
    fn target_group(&self, id: &ResourceId) -> Option<&'a TargetGroup> {
        match &self.desired.resources.get(id)?.body {
            Body::TargetGroup(group) => Some(group),
            _ => None,
        }
    }
}

/// Says that a resource breaks a rule.
fn fault(
    resource: &Resource,
    message: impl std::fmt::Display,
    rule: impl Into<String>,
) -> Diagnostic {
    let id = &resource.id;
    let mut diagnostic = Diagnostic::error(Code::AwsRule, format!("{id}: {message}")).help(rule);
    if let Some(origin) = resource.origin {
        diagnostic = diagnostic.at(origin, "");
    }
    if let Some(service) = &resource.service {
        diagnostic = diagnostic.service(service);
    }
    diagnostic
}

/// Names that may stand once, as resources take them.
#[derive(Default)]
struct Unique {
    /// The place of the resource at hand among all.
    place: usize,
    taken: Vec<Taken>,
}

/// A name that a resource takes.
struct Taken {
    kind: Kind,
    name: String,
    /// The place of the resource.
    place: usize,
    /// How many faults were found before.
    faults: usize,
}

impl Unique {
    /// Takes a name in, which no other resource may have.
    fn take(&mut self, kind: Kind, name: &str, report: &mut Report<'_>) {
        let (place, faults) = (self.place, report.found.len());
        self.taken.push(Taken { kind, name: name.to_owned(), place, faults });
    }
}

/// Names that were taken, and by whom.
#[derive(Default)]
struct Names {
    seen: HashMap<(Kind, String), usize>,
}

impl Names {
    /// Takes in what was found in a part of the resources: its faults, among them, in their place,
    /// those of names that another resource has.
    fn add(
        &mut self,
        desired: &Desired,
        (part, taken): (Vec<Diagnostic>, Vec<Taken>),
        found: &mut Vec<Diagnostic>,
    ) {
        let (mut part, mut before) = (part.into_iter(), 0);
        for Taken { kind, name, place, faults } in taken {
            found.extend(part.by_ref().take(faults - before));
            before = faults;
            match self.seen.entry((kind, name)) {
                Entry::Vacant(entry) => _ = entry.insert(place),
                Entry::Occupied(mut entry) => {
                    let other = entry.insert(place);
                    let at = |place: usize| desired.resources.get_index(place).map(|(_, r)| r);
                    let Some((resource, other)) = at(place).zip(at(other)) else { continue };
                    let (kind, name) = entry.key();
                    found.push(fault(
                        resource,
                        format!("{name:?} is also the name of {}", other.id),
                        format!("two {}s cannot have one name", kind.label()),
                    ));
                }
            }
        }
        found.extend(part);
    }
}

/// The target groups that a listener or a rule leads to.
fn listeners(desired: &Desired) -> HashSet<&ResourceId> {
    let mut found = HashSet::new();
    for resource in desired.resources.values() {
        let actions = match &resource.body {
            Body::Listener(listener) => &listener.default_actions,
            Body::ListenerRule(rule) => &rule.actions,
            _ => continue,
        };
        let groups = actions.iter().flat_map(|action| action.target_groups());
        found.extend(groups.filter_map(|group| group.reference()).map(|(id, _)| id));
    }
    found
}

/// Everything that a resource refers to must be among the resources.
fn references(resource: &Resource, report: &mut Report<'_>) {
    let mut missing = Vec::new();
    let resources = &report.desired.resources;
    let mut look = |id: &ResourceId| {
        if !resources.contains_key(id) {
            missing.push(id.clone());
        }
    };
    resource.body.each_value(&mut |value| {
        if let Some((id, _)) = value.reference() {
            look(id);
        }
    });
    resource.waits.iter().map(|(id, _)| id).chain(&resource.peers).for_each(look);
    missing.sort_unstable();
    missing.dedup();
    for id in missing {
        report
            .fault(format!("refers to {id}, which does not exist"), "this is a fault of decklift");
    }
}

#[cfg(test)]
mod tests;
