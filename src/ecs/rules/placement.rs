//! `deploy.placement` and what else of `deploy` is about a swarm: Fargate has no instances to choose
//! from.

pub(crate) mod instances;
mod query;

use super::outcome::Outcomes;
use crate::compose::model::{Placement, Service};
use crate::ecs::translate::context::Output;

/// Says what has no effect (ECS developer guide, "Fargate considerations for Amazon ECS":
/// `placementConstraints`).
pub(crate) fn check(service: &Service, out: &mut Output) {
    // What they say is for instances.
    let Placement { constraints, preferences, max_replicas_per_node, rules: _, spread: _, most: _ } =
        &service.deploy.placement;
    let on_instances = service.on_instances();
    let mut outcomes = Outcomes::new(service, out);
    for (name, place, help) in [
        ("constraints", constraints, "Fargate chooses the machine; `platform` says of which kind"),
        ("preferences", preferences, "ECS spreads tasks over the zones of their subnets"),
        (
            "max_replicas_per_node",
            max_replicas_per_node,
            "every task on Fargate runs on a machine of its own",
        ),
    ] {
        if let Some(place) = place.filter(|_| !on_instances) {
            let message = format!("`placement.{name}` has no effect on Fargate");
            outcomes.ignored(place, message, help);
        }
    }
    if let Some(place) = service.deploy.rollback_config {
        let help = "ECS rolls back as it rolls out: `update_config` says how";
        outcomes.ignored(place, "`rollback_config` has no effect on ECS", help);
    }
    if let Some(place) = service.deploy.endpoint_mode {
        let help = "Service Connect balances the calls between services";
        outcomes.ignored(place, "`endpoint_mode` has no effect on ECS", help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::testing::{loud, run, service, span};

    #[test]
    fn what_is_about_a_swarm_is_noted() {
        let mut web = service("web", "acme/web:1");
        let here = Some(span());
        web.deploy.placement = Placement {
            constraints: here,
            preferences: here,
            max_replicas_per_node: here,
            ..Placement::default()
        };
        web.deploy.rollback_config = here;
        web.deploy.endpoint_mode = here;
        let done = run(vec![web]).diagnostics;
        assert_eq!((loud(&done), done.len()), (vec![], 5));
    }
}
