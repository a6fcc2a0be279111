//! What a file alone uses of AWS's quotas, as every account has them at first: those that AWS raises for
//! nobody, and those that it raises when asked (Elastic Load Balancing user guides,
//! "Quotas for your Application Load Balancers" and "Quotas for your Network Load Balancers"). A file
//! can be looked at and converted all the same: whoever deploys gets the error.

use indexmap::{IndexMap, IndexSet};

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::ecs::desired::{Body, Desired, Resource, ResourceId, Value};

/// A quota of Elastic Load Balancing.
struct Quota {
    /// As Service Quotas calls it.
    name: &'static str,
    most: usize,
    /// Whether AWS gives more when asked.
    adjustable: bool,
}

const fn quota(name: &'static str, most: usize, adjustable: bool) -> Quota {
    Quota { name, most, adjustable }
}

const LISTENERS: Quota = quota("Listeners per Application Load Balancer", 50, true);
const NETWORK_LISTENERS: Quota = quota("Listeners per Network Load Balancer", 50, false);
/// Default rules do not count.
const RULES: Quota = quota("Rules per Application Load Balancer", 100, true);
const GROUPS: Quota = quota("Target Groups per Application Load Balancer", 100, false);
const TARGETS: Quota = quota("Targets per Application Load Balancer", 1000, true);

impl Quota {
    /// What exceeds the quota; `what` is the plural of what it counts, `way_out` how to need less.
    fn exceeded(
        &self,
        resource: &Resource,
        count: usize,
        what: &str,
        way_out: &str,
    ) -> Option<Exceeded> {
        let Self { name, most, adjustable } = self;
        if count <= *most {
            return None;
        }
        let message = format!("{count} {what}, where AWS has a quota of {most}");
        let help = match adjustable {
            true => format!(
                "`{name}` is {most} unless Service Quotas has raised it: ask for more, or {way_out}"
            ),
            false => format!("`{name}` is {most}, and is not raised: {way_out}"),
        };
        let found = Diagnostic::warning(Code::QuotaExceeded, message).help(help);
        let found = match resource.origin {
            Some(origin) => found.at(origin, ""),
            None => found,
        };
        let found = match &resource.service {
            Some(service) => found.service(service),
            None => found,
        };
        Some(Exceeded { found, fixed: !adjustable })
    }
}

/// A quota that is exceeded.
struct Exceeded {
    found: Diagnostic,
    /// Whether AWS raises it for nobody.
    fixed: bool,
}

/// What hangs off one load balancer, in the order of the file.
#[derive(Default)]
struct Balancer<'a> {
    network: bool,
    listeners: Vec<&'a Resource>,
    rules: Vec<&'a Resource>,
    /// The target groups, and by whom they are reached.
    groups: IndexMap<&'a ResourceId, &'a Resource>,
}

/// Every quota that the resources exceed, as a warning.
pub(super) fn check(desired: &Desired) -> Vec<Diagnostic> {
    exceeded(desired).into_iter().map(|exceeded| exceeded.found).collect()
}

/// The quotas that no account can exceed: AWS would stop a deployment in its middle.
pub(in crate::ecs) fn undeployable(desired: &Desired) -> Vec<Diagnostic> {
    let fixed = exceeded(desired).into_iter().filter(|exceeded| exceeded.fixed);
    fixed.map(|exceeded| Diagnostic { severity: Severity::Error, ..exceeded.found }).collect()
}

fn exceeded(desired: &Desired) -> Vec<Exceeded> {
    let mut found = Vec::new();
    for balancer in balancers(desired).values() {
        let Balancer { network, listeners, rules, groups } = balancer;
        let of_listeners = if *network { NETWORK_LISTENERS } else { LISTENERS };
        let one_too_many = |list: &[&'_ Resource], quota: &Quota, what: &str, way_out: &str| {
            // The first for which there is no room.
            let resource = list.get(quota.most)?;
            quota.exceeded(resource, list.len(), what, way_out)
        };
        let ports = "publish fewer ports, or share them by host or path (`x-ecs.http`)";
        found.extend(one_too_many(
            listeners,
            &of_listeners,
            "listeners of one load balancer",
            if *network { "publish fewer ports" } else { ports },
        ));
        if *network {
            continue;
        }
        let rules_out = "let one service route what is behind it";
        found.extend(one_too_many(rules, &RULES, "rules of one load balancer", rules_out));
        let reached: Vec<&Resource> = groups.values().copied().collect();
        let apart = "publish fewer ports, or split the project";
        found.extend(one_too_many(&reached, &GROUPS, "target groups of one load balancer", apart));
        found.extend(targets(desired, groups));
    }
    found
}

/// Tasks are targets once in each target group that they are in.
fn targets(desired: &Desired, groups: &IndexMap<&ResourceId, &Resource>) -> Option<Exceeded> {
    let (mut all, mut most): (usize, Option<(usize, &Resource)>) = (0, None);
    for resource in desired.resources.values() {
        let Body::Service(service) = &resource.body else { continue };
        let of_this = |arn: &Value| arn.reference().is_some_and(|(id, _)| groups.contains_key(id));
        let times = service.load_balancers.iter().filter(|b| of_this(&b.target_group_arn)).count();
        let tasks = usize::try_from(service.desired_count).unwrap_or(0);
        let count = times.saturating_mul(tasks);
        all = all.saturating_add(count);
        if count > most.map_or(0, |(count, _)| count) {
            most = Some((count, resource));
        }
    }
    let (_, resource) = most?;
    TARGETS.exceeded(resource, all, "targets of one load balancer", "run fewer tasks")
}

/// The load balancers, those that are there already included.
fn balancers(desired: &Desired) -> IndexMap<String, Balancer<'_>> {
    let mut all: IndexMap<String, Balancer<'_>> = IndexMap::new();
    for resource in desired.resources.values() {
        let (arn, actions) = match &resource.body {
            Body::Listener(listener) => (&listener.load_balancer_arn, &listener.default_actions),
            Body::ListenerRule(rule) => {
                let made = rule.listener_arn.reference().and_then(|(id, _)| {
                    match desired.resources.get(id).map(|resource| &resource.body) {
                        Some(Body::Listener(listener)) => Some(&listener.load_balancer_arn),
                        _ => None,
                    }
                });
                // The ARN of a listener that is there already stands for its load balancer.
                (made.unwrap_or(&rule.listener_arn), &rule.actions)
            }
            _ => continue,
        };
        let balancer = all.entry(arn.to_string()).or_default();
        if matches!(resource.body, Body::Listener(_)) {
            balancer.network = is_network(desired, arn);
            balancer.listeners.push(resource);
        } else {
            balancer.rules.push(resource);
        }
        let groups: IndexSet<&ResourceId> = actions
            .iter()
            .flat_map(|action| action.target_groups())
            .filter_map(|group| group.reference().map(|(id, _)| id))
            .collect();
        for group in groups {
            balancer.groups.entry(group).or_insert(resource);
        }
    }
    all
}

/// Whether this is the ARN of a Network Load Balancer.
pub(super) fn is_network(desired: &Desired, arn: &Value) -> bool {
    match arn {
        Value::Known(arn) => arn.contains(":loadbalancer/net/"),
        Value::From(id, _) => {
            let balancer = desired.resources.get(id).map(|resource| &resource.body);
            matches!(balancer, Some(Body::LoadBalancer(balancer)) if balancer.kind == "network")
        }
    }
}
