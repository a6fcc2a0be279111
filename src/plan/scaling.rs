//! Services whose number of tasks Application Auto Scaling sets.

use super::{Actual, Change, Observed};
use crate::ecs::desired::{Body, Desired, Kind, ResourceId, Service};

/// The path of a service's number of tasks.
pub const DESIRED_COUNT: &str = "desiredCount";

/// Whether a resource of this kind sets the number of a service's tasks.
pub(super) fn scales(kind: Kind) -> bool {
    matches!(kind, Kind::ScalableTarget | Kind::ScalingPolicy | Kind::Alarm | Kind::ScheduledAction)
}

/// Whether a service keeps the number of tasks that it has. Registering the scalable target brings
/// it between the smallest and the largest number (Application Auto Scaling API reference,
/// `RegisterScalableTarget`); a service of nothing stays one only where it was scaled in to that.
pub(super) fn keeps_count(desired: &Desired, actual: &Actual, service: &ResourceId) -> bool {
    let target = ResourceId::new(Kind::ScalableTarget, &service.name);
    if service.kind != Kind::Service || !desired.resources.contains_key(&target) {
        return false;
    }
    let has_tasks = actual.resources.get(service).is_some_and(|observed| match &observed.body {
        Body::Service(service) => service.desired_count > 0,
        _ => false,
    });
    let may_rest = actual.resources.get(&target).is_some_and(|observed| match &observed.body {
        Body::ScalableTarget(target) => target.min_capacity == 0,
        _ => false,
    });
    has_tasks || may_rest
}

/// Limits that a scheduled action has set are as they shall be: they are not those of the scalable
/// target, and stay until the next action.
pub(super) fn leave_to_the_clock(
    desired: &Desired,
    wanted: &Body,
    observed: &Observed,
    changes: &mut Vec<Change>,
) {
    let (Body::ScalableTarget(wanted), Body::ScalableTarget(have)) = (wanted, &observed.body)
    else {
        return;
    };
    let actions = desired.resources.values().filter_map(|resource| match &resource.body {
        Body::ScheduledAction(action) if action.resource_id == wanted.resource_id => {
            Some(&action.scalable_target_action)
        }
        _ => None,
    });
    let (mut min, mut max) = (false, false);
    for action in actions {
        min |= action.min_capacity == Some(have.min_capacity);
        max |= action.max_capacity == Some(have.max_capacity);
    }
    changes.retain(|change| match change.path.as_str() {
        "MinCapacity" => !min,
        "MaxCapacity" => !max,
        _ => true,
    });
}

/// How a service that is scaled gets its first tasks, or its first after a stop: nothing else has
/// its number sent.
pub(super) fn first_tasks(service: &Service) -> Vec<Change> {
    if !service.is_scaled || service.desired_count == 0 {
        return Vec::new();
    }
    vec![Change {
        path: DESIRED_COUNT.to_owned(),
        from: Some("0".to_owned()),
        to: Some(service.desired_count.to_string()),
    }]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ecs::desired::{ScalableTarget, ScalableTargetAction, ScheduledAction, TextMap};
    use crate::ecs::testing::{run, service};
    use crate::plan::changes;

    const SERVICE: &str = "service/shop/shop-web";

    fn target(min: i32, max: i32) -> Body {
        Body::ScalableTarget(Box::new(ScalableTarget {
            service_namespace: "ecs".to_owned(),
            resource_id: SERVICE.to_owned(),
            scalable_dimension: "ecs:service:DesiredCount".to_owned(),
            min_capacity: min,
            max_capacity: max,
            tags: TextMap::new(),
        }))
    }

    /// The paths that differ where the file says 1 to 4, and at night at least 0 and at most 2.
    fn differs(min: i32, max: i32, by_clock: bool) -> Vec<String> {
        let mut desired = run(vec![service("web", "nginx")]).desired;
        let web = desired.resources.values().find(|r| r.id.kind == Kind::Service);
        let mut resource = web.expect("a service").clone();
        resource.id = ResourceId::new(Kind::ScheduledAction, "web+night");
        resource.body = Body::ScheduledAction(Box::new(ScheduledAction {
            scheduled_action_name: "shop-web-night".to_owned(),
            service_namespace: "ecs".to_owned(),
            resource_id: SERVICE.to_owned(),
            scalable_dimension: "ecs:service:DesiredCount".to_owned(),
            schedule: "cron(0 22 * * ? *)".to_owned(),
            timezone: None,
            scalable_target_action: ScalableTargetAction {
                min_capacity: Some(0),
                max_capacity: Some(2),
            },
        }));
        if by_clock {
            desired.insert(resource);
        }
        let wanted = target(1, 4);
        let observed = Observed {
            body: target(min, max),
            attributes: BTreeMap::new(),
            tags_known: true,
            live: None,
        };
        let mut found = changes(&wanted, &observed);
        leave_to_the_clock(&desired, &wanted, &observed, &mut found);
        found.into_iter().map(|change| change.path).collect()
    }

    #[test]
    fn what_the_clock_has_set_is_no_change() {
        assert!(differs(0, 2, true).is_empty());
        assert_eq!(differs(0, 2, false), ["MaxCapacity", "MinCapacity"]);
        assert_eq!(differs(3, 4, true), ["MinCapacity"]);
    }
}
