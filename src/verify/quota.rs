//! Quotas: what the file needs beside what is there already, against what the account may have.

use std::collections::BTreeMap;

use super::finding::Finding;
use crate::ecs::desired::{
    Body, CapacityProviderStrategyItem, Desired, Kind, LoadBalancer, ResourceId, TaskDefinition,
    Value,
};
use crate::plan::Actual;

/// A quota, as Service Quotas calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quota {
    /// `ServiceCode`
    pub service: &'static str,
    /// `QuotaCode`
    pub code: &'static str,
    /// `QuotaName`: an answer under another name is not believed.
    pub name: &'static str,
}

const fn quota(service: &'static str, code: &'static str, name: &'static str) -> Quota {
    Quota { service, code, name }
}

const ON_DEMAND: Quota = quota("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count");
const SPOT: Quota = quota("fargate", "L-36FBB829", "Fargate Spot vCPU resource count");
const SERVICES: Quota = quota("ecs", "L-9EF96962", "Services per cluster");
const BALANCERS: Quota =
    quota("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region");
const NETWORK_BALANCERS: Quota =
    quota("elasticloadbalancing", "L-69A177A2", "Network Load Balancers per Region");
const GROUPS: Quota = quota("elasticloadbalancing", "L-B22855CB", "Target Groups per Region");
const BALANCER_GROUPS: Quota =
    quota("elasticloadbalancing", "L-822D1B1B", "Target Groups per Application Load Balancer");
const LISTENERS: Quota =
    quota("elasticloadbalancing", "L-B6DF7632", "Listeners per Application Load Balancer");
const RULES: Quota =
    quota("elasticloadbalancing", "L-7EED9B64", "Rules per Application Load Balancer");
const INTERFACE: Quota = quota("vpc", "L-2AFB9258", "Security groups per network interface");

/// Those that are asked for. Codes and names: what `aws service-quotas list-service-quotas` prints for
/// each service.
pub const QUOTAS: [Quota; 10] = [
    ON_DEMAND,
    SPOT,
    SERVICES,
    BALANCERS,
    NETWORK_BALANCERS,
    GROUPS,
    BALANCER_GROUPS,
    LISTENERS,
    RULES,
    INTERFACE,
];

/// How much of a quota is used, and how much more the file needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// The quota.
    pub quota: Quota,
    /// What it holds for, where it does not hold for the region.
    pub of: Option<String>,
    /// What is there already; nothing where that cannot be counted.
    pub there: Option<f64>,
    /// What a deploy adds.
    pub more: f64,
}

/// What is there of the things that quotas count, the stack's own included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Services of the cluster.
    pub services: usize,
    /// Application and Network Load Balancers of the region.
    pub balancers: (usize, usize),
    /// Target groups of the region.
    pub groups: usize,
    /// Of load balancers that are named, by ARN: target groups, listeners, rules.
    pub named: BTreeMap<String, (usize, usize, usize)>,
}

/// The share of a quota from which a warning is due.
const NEAR: f64 = 0.8;

/// Judges one use. `limit` is the account's.
#[must_use]
pub fn weigh(used: &Use, limit: f64) -> Finding {
    const CHECK: &str = "quotas";
    let Quota { service, code, name } = used.quota;
    let total = used.there.unwrap_or_default() + used.more;
    let of = used.of.as_deref().map(|of| format!(" ({of})")).unwrap_or_default();
    let there = match used.there {
        Some(there) => format!("{} there, {} more needed, {limit} allowed", there, used.more),
        None => format!(
            "up to {} needed, {limit} allowed for the account, what else runs in it included",
            used.more
        ),
    };
    let message = format!("{name}{of}: {there}");
    let help = format!(
        "ask for more with `aws service-quotas request-service-quota-increase --service-code {service} \
         --quota-code {code} --desired-value N`"
    );
    if total > limit && used.more > 0.0 {
        Finding::failure(CHECK, message).help(help)
    } else if total > limit * NEAR && used.more > 0.0 {
        Finding::warning(CHECK, message).help(help)
    } else {
        Finding::ok(CHECK, message)
    }
}

/// What a deploy of `desired` uses of each quota that it touches.
#[must_use]
pub fn used(desired: &Desired, actual: &Actual, counts: &Counts) -> Vec<Use> {
    let new = |fits: &dyn Fn(&Body) -> bool, kind: Kind| {
        let list = desired.resources.iter().filter(|(id, resource)| {
            id.kind == kind && fits(&resource.body) && !actual.resources.contains_key(id)
        });
        number(list.count())
    };
    let any = |_: &Body| true;
    let is_kind = |kind: &'static str| move |body: &Body| matches!(body, Body::LoadBalancer(balancer) if balancer.kind == kind);
    let region = |quota, there, more| Use { quota, of: None, there: Some(number(there)), more };
    let (on_demand, spot) = processors(desired);
    let fargate = |quota, more| Use { quota, of: None, there: None, more };
    let mut all = vec![
        fargate(ON_DEMAND, on_demand),
        fargate(SPOT, spot),
        Use {
            quota: SERVICES,
            of: Some(desired.cluster_name().to_owned()),
            there: Some(number(counts.services)),
            more: new(&any, Kind::Service),
        },
        region(BALANCERS, counts.balancers.0, new(&is_kind("application"), Kind::LoadBalancer)),
        region(NETWORK_BALANCERS, counts.balancers.1, new(&is_kind("network"), Kind::LoadBalancer)),
        region(GROUPS, counts.groups, new(&any, Kind::TargetGroup)),
    ];
    all.extend(on_balancers(desired, actual, counts));
    let groups = desired.resources.values().filter_map(|resource| match &resource.body {
        Body::Service(service) => {
            Some(service.network_configuration.awsvpc_configuration.security_groups.len())
        }
        _ => None,
    });
    let more = number(groups.max().unwrap_or_default());
    all.push(Use { quota: INTERFACE, of: None, there: Some(0.0), more });
    all.retain(|used| used.more > 0.0);
    all
}

/// What is made on load balancers: the project's own, and those that are named.
fn on_balancers(desired: &Desired, actual: &Actual, counts: &Counts) -> Vec<Use> {
    // By load balancer: new target groups, listeners, rules.
    let mut more: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for (id, resource) in &desired.resources {
        let (balancer, place, groups) = match &resource.body {
            Body::Listener(listener) => {
                let groups = listener.default_actions.iter().flat_map(|a| a.target_groups());
                (key(&listener.load_balancer_arn), 1, groups.count())
            }
            Body::ListenerRule(rule) => {
                let groups = rule.actions.iter().flat_map(|action| action.target_groups());
                (behind(desired, &rule.listener_arn), 2, groups.count())
            }
            _ => continue,
        };
        let is_new = !actual.resources.contains_key(id);
        let Some(balancer) = balancer.filter(|balancer| is_new && !is_network(desired, balancer))
        else {
            continue;
        };
        let count = more.entry(balancer).or_default();
        count[place] += 1;
        count[0] += groups;
    }
    let mut all = Vec::new();
    for (balancer, [groups, listeners, rules]) in more {
        let there = counts.named.get(&balancer).copied().unwrap_or_default();
        let name = name_of(desired, &balancer);
        for (quota, there, more) in [
            (BALANCER_GROUPS, there.0, groups),
            (LISTENERS, there.1, listeners),
            (RULES, there.2, rules),
        ] {
            let (there, more) = (Some(number(there)), number(more));
            all.push(Use { quota, of: Some(name.clone()), there, more });
        }
    }
    all
}

/// The project's own load balancer of this key; nothing for one that is named.
fn own<'a>(desired: &'a Desired, balancer: &str) -> Option<&'a LoadBalancer> {
    match &desired.resources.get(&ResourceId::parse(balancer)?)?.body {
        Body::LoadBalancer(balancer) => Some(balancer),
        _ => None,
    }
}

/// Network Load Balancers have quotas of their own, which no project comes near.
fn is_network(desired: &Desired, balancer: &str) -> bool {
    own(desired, balancer).is_some_and(|own| own.kind == "network")
        || balancer.contains(":loadbalancer/net/")
}

fn name_of(desired: &Desired, balancer: &str) -> String {
    let named = || balancer.rsplit('/').nth(1).unwrap_or(balancer);
    own(desired, balancer).map_or_else(named, |own| &own.name).to_owned()
}

fn key(balancer: &Value) -> Option<String> {
    let text = balancer.known().map(str::to_owned);
    text.or_else(|| balancer.reference().map(|(id, _)| id.to_string()))
}

/// The load balancer that a rule's listener is one of.
fn behind(desired: &Desired, listener: &Value) -> Option<String> {
    if let Some((id, _)) = listener.reference() {
        return match &desired.resources.get(id)?.body {
            Body::Listener(listener) => key(&listener.load_balancer_arn),
            _ => None,
        };
    }
    let (head, path) = listener.known()?.split_once(":listener/")?;
    let (balancer, _) = path.rsplit_once('/')?;
    Some(format!("{head}:loadbalancer/{balancer}"))
}

/// vCPUs on demand and on Spot that all tasks may take at once, those beside each other in a rollout
/// included.
fn processors(desired: &Desired) -> (f64, f64) {
    let (mut on_demand, mut spot) = (0.0, 0.0);
    for resource in desired.resources.values() {
        let (task, tasks, strategy) = match &resource.body {
            Body::Service(service) => {
                let most = service.deployment_configuration.maximum_percent.max(100);
                let tasks = (i64::from(service.desired_count) * i64::from(most)).div_euclid(100);
                (&service.task_definition, tasks, &service.capacity_provider_strategy)
            }
            Body::Job(job) => {
                (&job.task_definition, i64::from(job.count), &job.capacity_provider_strategy)
            }
            _ => continue,
        };
        let Some(task) = task_of(desired, task) else { continue };
        let cpu = f64::from(task.cpu.parse::<u32>().unwrap_or_default()) / 1024.0;
        let (first, second) = split(tasks, strategy);
        on_demand += cpu * first;
        spot += cpu * second;
    }
    (on_demand, spot)
}

/// How many of these tasks run on demand and on Spot: the bases first, then by weight (ECS API
/// reference, `CapacityProviderStrategyItem`).
fn split(tasks: i64, strategy: &[CapacityProviderStrategyItem]) -> (f64, f64) {
    let mut left = tasks;
    let mut counts = [0.0, 0.0];
    let place = |item: &CapacityProviderStrategyItem| match item.capacity_provider.as_str() {
        "FARGATE" => Some(0),
        "FARGATE_SPOT" => Some(1),
        _ => None,
    };
    for item in strategy {
        let base = i64::from(item.base).min(left);
        left -= base;
        if let Some(place) = place(item) {
            counts[place] += whole(base);
        }
    }
    let all: i64 = strategy.iter().map(|item| i64::from(item.weight)).sum();
    for item in strategy.iter().filter(|_| all > 0) {
        if let Some(place) = place(item) {
            counts[place] += (whole(left) * f64::from(item.weight) / whole(all)).ceil();
        }
    }
    (counts[0], counts[1])
}

fn task_of<'a>(desired: &'a Desired, task: &Value) -> Option<&'a TaskDefinition> {
    let (id, _) = task.reference()?;
    match &desired.resources.get(id)?.body {
        Body::TaskDefinition(task) => Some(task),
        _ => None,
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn whole(count: i64) -> f64 {
    f64::from(i32::try_from(count).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;
    use crate::compose::model::{Capacity, Http};
    use crate::ecs::testing::{at, built, facts, project};
    use crate::ecs::translate;

    fn more(all: &[Use], quota: Quota) -> Option<f64> {
        all.iter().find(|used| used.quota == quota).map(|used| used.more)
    }

    #[test]
    fn near_and_beyond_a_quota() {
        let level = |there, more, limit| {
            weigh(&Use { quota: SERVICES, of: None, there: Some(there), more }, limit).level
        };
        assert_eq!(level(10.0, 1.0, 100.0), Level::Ok);
        assert_eq!(level(80.0, 1.0, 100.0), Level::Warning);
        assert_eq!(level(100.0, 1.0, 100.0), Level::Failure);
        // What is there already is nobody's business here.
        assert_eq!(level(200.0, 0.0, 100.0), Level::Ok);
    }

    #[test]
    fn tasks_are_counted_as_a_rollout_runs_them() {
        let mut web = built("web");
        web.extension.cpu = Some(at(1024));
        let desired = translate(&project(vec![web.clone()]), None, &facts()).desired;
        let all = used(&desired, &Actual::default(), &Counts::default());
        // One task, and its successor beside it.
        assert_eq!((more(&all, ON_DEMAND), more(&all, SPOT)), (Some(2.0), None));
        assert_eq!(more(&all, SERVICES), Some(1.0));
        web.extension.capacity =
            Some(at(Capacity { fargate_spot: Some(at(1)), ..Capacity::default() }));
        let desired = translate(&project(vec![web]), None, &facts()).desired;
        let all = used(&desired, &Actual::default(), &Counts::default());
        assert_eq!((more(&all, ON_DEMAND), more(&all, SPOT)), (None, Some(2.0)));
    }

    #[test]
    fn bases_go_before_weights() {
        let item = |name: &str, weight, base| CapacityProviderStrategyItem {
            capacity_provider: name.to_owned(),
            weight,
            base,
        };
        let both = [item("FARGATE", 1, 2), item("FARGATE_SPOT", 3, 0)];
        assert_eq!(split(10, &both), (4.0, 6.0));
        assert_eq!(split(1, &both), (1.0, 0.0));
        assert_eq!(split(4, &[item("instances", 1, 0)]), (0.0, 0.0));
    }

    #[test]
    fn what_is_there_already_is_not_needed_again() {
        let mut web = crate::ecs::testing::service("web", "nginx");
        web.ports = vec![crate::ecs::testing::port(80, 80)];
        web.extension.http = Http::default();
        let desired = translate(&project(vec![web]), None, &facts()).desired;
        let fresh = used(&desired, &Actual::default(), &Counts::default());
        assert_eq!(more(&fresh, BALANCERS), Some(1.0));
        assert_eq!(more(&fresh, BALANCER_GROUPS), Some(1.0));
        let listeners = fresh.iter().find(|used| used.quota == LISTENERS).expect("one");
        assert_eq!(listeners.of.as_deref(), Some("shop"), "{listeners:?}");
        let mut actual = Actual::default();
        for (id, resource) in &desired.resources {
            let observed = crate::plan::Observed {
                body: resource.body.clone(),
                attributes: BTreeMap::new(),
                tags_known: true,
                live: None,
            };
            actual.resources.insert(id.clone(), observed);
        }
        let again = used(&desired, &actual, &Counts::default());
        assert_eq!((more(&again, BALANCERS), more(&again, SERVICES)), (None, None));
    }
}
