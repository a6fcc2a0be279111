//! Which instances the tasks of a unit run on.

use super::super::daemon::is_daemon;
use super::super::managed;
use super::super::outcome::Outcomes;
use super::query::{attributes, is_expression};
use crate::compose::model::{Launch, PlacementRule, Service};
use crate::ecs::desired::{PlacementConstraint, PlacementStrategy};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// The most of each that ECS takes (ECS API reference, `CreateService.placementConstraints` and
/// `.placementStrategy`).
pub(crate) const MOST_CONSTRAINTS: usize = 10;
pub(crate) const MOST_STRATEGIES: usize = 5;

/// The attribute of the zone (ECS developer guide, "Amazon ECS-provided attributes").
const ZONE: &str = "attribute:ecs.availability-zone";

/// What a swarm calls the labels of its machines.
const LABELS: [&str; 2] = ["node.labels.", "engine.labels."];

/// Why attributes of one's own choose no managed instance, and the way out (ECS developer guide, "Amazon
/// ECS task definition differences for Amazon ECS Managed Instances", `placementConstraints`).
const NO_ATTRIBUTES: (&str, &str) = (
    "managed instances have ECS's own attributes alone",
    "name those, `attribute:ecs.availability-zone == …` under `x-ecs.placement.constraints`, say; or say \
     of the capacity provider which instances it starts",
);

/// Where the tasks of a unit are placed.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Placed {
    pub(crate) constraints: Vec<PlacementConstraint>,
    pub(crate) strategy: Vec<PlacementStrategy>,
}

/// The constraints and strategies of a unit, each once: those of Compose, then those of `x-ecs`.
pub(crate) fn placed(unit: &Unit<'_>, out: &mut Output) -> Placed {
    let mut placed = Placed::default();
    if !unit.leader().service.on_instances() {
        return placed;
    }
    for service in unit.members.iter().map(|member| member.service) {
        let mut outcomes = Outcomes::new(service, out);
        of_service(service, &mut placed, &mut outcomes);
    }
    let leader = unit.leader().service;
    let mut outcomes = Outcomes::new(leader, out);
    if is_daemon(unit) {
        // One on each instance is what a daemon is.
        placed.constraints.retain(|constraint| constraint.kind != "distinctInstance");
        if !placed.strategy.is_empty() {
            let help = "a daemon has one task on every instance that its constraints allow";
            let message = "a placement strategy says nothing of `mode: global`";
            outcomes.missed(place(leader), message, help);
            placed.strategy.clear();
        }
    } else if leader.launch() == Launch::ManagedInstances && !placed.strategy.is_empty() {
        // ECS developer guide, "Amazon ECS Managed Instances auto scaling and task placement"
        let help = "ECS spreads the tasks over zones, and fills the instances itself";
        outcomes.missed(place(leader), "managed instances take no placement strategy", help);
        placed.strategy.clear();
    }
    for (has, most, what) in [
        (placed.constraints.len(), MOST_CONSTRAINTS, "constraints"),
        (placed.strategy.len(), MOST_STRATEGIES, "strategies"),
    ] {
        if has > most {
            let message = format!("{has} placement {what} are too many");
            let constrained = || unit.members.iter().find_map(|member| constrained(member.service));
            let at = match what {
                "constraints" => constrained().unwrap_or_else(|| place(leader)),
                _ => place(leader),
            };
            outcomes.refused(at, message, &format!("ECS takes {most} at most"));
        }
    }
    placed
}

/// Where a service says something of its placement.
fn place(service: &Service) -> crate::source::Span {
    let strategy = service.extension.placement.strategy.first().map(|step| step.span);
    let given = &service.deploy.placement;
    strategy.or(given.preferences).or(given.constraints).unwrap_or(service.span())
}

/// Where a service says which instances its tasks may run on.
fn constrained(service: &Service) -> Option<crate::source::Span> {
    let own = service.extension.placement.constraints.first().map(|rule| rule.span);
    own.or(service.deploy.placement.constraints)
}

fn of_service(service: &Service, placed: &mut Placed, outcomes: &mut Outcomes<'_>) {
    let given = &service.deploy.placement;
    let own = &service.extension.placement;
    let managed = managed::is_managed(service);
    let mut constraints = Vec::new();
    for rule in &given.rules {
        if managed && LABELS.iter().any(|prefix| rule.value.starts_with(prefix)) {
            outcomes.missed(rule.span, NO_ATTRIBUTES.0, NO_ATTRIBUTES.1);
            continue;
        }
        constraints.extend(expression(rule, outcomes).map(PlacementRule::MemberOf));
    }
    match (given.most, given.max_replicas_per_node) {
        (Some(1), _) => constraints.push(PlacementRule::DistinctInstance),
        (Some(2..), Some(span)) => {
            let help = "1 keeps the tasks on different instances; else reserve so much memory that \
                no more of them fit";
            outcomes.missed(span, "ECS does not count the tasks on an instance", help);
        }
        _ => {}
    }
    for rule in &own.constraints {
        match &rule.value {
            PlacementRule::MemberOf(text) if !is_expression(text) => {
                let help = "write a subject, an operator and a value, such as \
                    `attribute:ecs.instance-type =~ t3.*` or `attribute:stack == prod`; join \
                    several with `and` and `or`";
                let message = "this is no expression of the cluster query language";
                outcomes.invalid(rule.span, message, help);
            }
            PlacementRule::MemberOf(text) if managed && !are_of_ecs(text) => {
                outcomes.refused(rule.span, NO_ATTRIBUTES.0, NO_ATTRIBUTES.1);
            }
            good => constraints.push(good.clone()),
        }
    }
    for constraint in constraints.into_iter().map(constraint) {
        if !placed.constraints.contains(&constraint) {
            placed.constraints.push(constraint);
        }
    }
    // What managed instances make of a strategy is said of the whole.
    let mut field = |spread| (!managed).then(|| field(spread, outcomes));
    let spread = given.spread.iter().map(|spread| ("spread", field(spread)));
    let spread: Vec<_> = spread.collect();
    let steps = own.strategy.iter().map(|step| (step.value.kind, step.value.field.clone()));
    for (kind, field) in spread.into_iter().chain(steps) {
        let strategy = PlacementStrategy { kind: kind.to_owned(), field };
        if !placed.strategy.contains(&strategy) {
            placed.strategy.push(strategy);
        }
    }
}

fn constraint(rule: PlacementRule) -> PlacementConstraint {
    match rule {
        PlacementRule::DistinctInstance => {
            PlacementConstraint { kind: "distinctInstance".to_owned(), expression: None }
        }
        PlacementRule::MemberOf(expression) => {
            PlacementConstraint { kind: "memberOf".to_owned(), expression: Some(expression) }
        }
    }
}

/// Whether an expression names attributes of ECS's own alone.
fn are_of_ecs(text: &str) -> bool {
    attributes(text).all(|name| name.starts_with("ecs."))
}

/// A constraint of a swarm in the cluster query language (ECS developer guide, "Create expressions to
/// define container instances for Amazon ECS tasks").
fn expression(rule: &Located<String>, outcomes: &mut Outcomes<'_>) -> Option<String> {
    let text = rule.value.as_str();
    let split = ["==", "!="].iter().find_map(|op| Some((text.split_once(op)?, *op)));
    let Some(((key, value), op)) = split else {
        let help = "write `node.labels.NAME == VALUE`; `x-ecs.placement.constraints` takes any \
            expression of ECS";
        outcomes.missed(rule.span, format!("{text:?} compares nothing"), help);
        return None;
    };
    let (key, value) = (key.trim(), value.trim());
    let attribute = |name: &str, value: &str| Some(format!("attribute:{name} {op} {value}"));
    if let Some(label) = LABELS.iter().find_map(|prefix| key.strip_prefix(prefix)) {
        let good = !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || "-_./\\".contains(c));
        if !good || value.is_empty() {
            let help = "attributes take letters, digits, `-`, `_`, `.`, `/` and `\\`";
            outcomes.missed(rule.span, format!("no instance has the attribute {label:?}"), help);
            return None;
        }
        let message = format!("instances need the attribute {label:?}");
        let help = "`aws ecs put-attributes` sets it, or ECS_INSTANCE_ATTRIBUTES of the agent";
        outcomes.near(rule.span, message, help);
        return attribute(label, value);
    }
    match key {
        "node.platform.os" => attribute("ecs.os-type", value),
        "node.platform.arch" => {
            let value = match value {
                "amd64" | "x86_64" => "x86_64",
                "aarch64" | "arm64" => "arm64",
                other => other,
            };
            attribute("ecs.cpu-architecture", value)
        }
        "node.role" => {
            let help = "a cluster of ECS has no managers: every instance runs tasks";
            outcomes.ignored(rule.span, "`node.role` has no effect on ECS", help);
            None
        }
        _ => {
            let help = "give the instance an attribute, and name that: `node.labels.NAME == VALUE`";
            outcomes.missed(rule.span, format!("ECS does not know an instance by {key:?}"), help);
            None
        }
    }
}

/// What tasks are spread over.
fn field(spread: &Located<String>, outcomes: &mut Outcomes<'_>) -> String {
    let text = spread.value.trim();
    let name = LABELS.iter().find_map(|prefix| text.strip_prefix(prefix));
    match name {
        Some("zone" | "az" | "availability-zone" | "availability_zone") => {
            let help = "write `x-ecs: {placement: {strategy: [{spread: \"attribute:…\"}]}}` for \
                another attribute";
            outcomes.near(spread.span, "tasks are spread over the zones of AWS", help);
            ZONE.to_owned()
        }
        Some(name) => format!("attribute:{name}"),
        None if matches!(text, "node.id" | "node.hostname") => "instanceId".to_owned(),
        None => {
            let help = "write `node.labels.NAME`, `node.labels.zone` or `node.id`";
            outcomes.missed(spread.span, format!("tasks are not spread over {text:?}"), help);
            "instanceId".to_owned()
        }
    }
}
