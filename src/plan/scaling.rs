//! Services whose number of tasks Application Auto Scaling sets.

use super::{Actual, Change};
use crate::ecs::desired::{Body, Desired, Kind, ResourceId, Service};

/// The path of a service's number of tasks.
pub const DESIRED_COUNT: &str = "desiredCount";

/// Whether a resource of this kind sets the number of a service's tasks.
pub(super) fn scales(kind: Kind) -> bool {
    matches!(kind, Kind::ScalableTarget | Kind::ScalingPolicy)
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
