//! What follows from a step, in words: how tasks are replaced, what becomes of what is made anew.

use super::{Action, DESIRED_COUNT, Step};
use crate::ecs::desired::{Body, Desired, Kind, Service};

/// Says of each step what follows from it, where that is not plain.
pub(super) fn fill_in(steps: &mut [Step], desired: &Desired) {
    let stops = |step: &Step| step.action == Action::Stop;
    let stopped: Vec<_> =
        steps.iter().filter(|step| stops(step)).map(|step| step.resource.clone()).collect();
    for step in steps {
        let body = desired.resources.get(&step.resource).map(|resource| &resource.body);
        let effect = match (step.action, body) {
            (Action::Create, _) if step.replaces.is_some() => of_replacement(step.resource.kind),
            (Action::NewDeployment, Some(Body::Service(service))) => {
                match stopped.contains(&step.resource) {
                    true => "its tasks are stopped first and are missing until the new ones run",
                    false => return_of(service),
                }
                .to_owned()
            }
            (Action::Update, Some(Body::Service(_))) if !scales(step) => {
                "running tasks stay".to_owned()
            }
            _ => continue,
        };
        step.effect = Some(effect);
    }
}

/// Whether there will be more tasks, or fewer.
fn scales(step: &Step) -> bool {
    step.changes.iter().any(|change| change.path == DESIRED_COUNT)
}

/// How a deployment replaces tasks.
fn return_of(service: &Service) -> &'static str {
    let config = &service.deployment_configuration;
    if config.strategy.as_deref().is_some_and(|name| name != "ROLLING") {
        return "new tasks run beside the old ones, and requests move to them";
    }
    match config.minimum_healthy_percent {
        0 => "old tasks stop before new ones run",
        percent if percent >= 100 => "old tasks stop once new ones are healthy",
        _ => "some old tasks stop before new ones run",
    }
}

/// What is made anew because AWS cannot change it.
fn of_replacement(kind: Kind) -> String {
    let what = "AWS cannot change this where it stands: ";
    let then = match kind {
        Kind::TargetGroup => {
            "requests go to a new one once its targets are healthy, and the old one is deleted at \
             the end"
        }
        _ => "a new one is made, and the old one is deleted at the end",
    };
    format!("{what}{then}")
}

/// What is lost with a resource of this kind.
pub(super) fn of_removal(kind: Kind) -> Option<String> {
    let text = match kind {
        Kind::FileSystem => "with all data in it",
        Kind::AccessPoint => "its directory stays in the file system",
        Kind::Repository => "with its images",
        Kind::Secret => "Secrets Manager can give it back for 30 days",
        Kind::LogGroup => "with its logs",
        _ => return None,
    };
    Some(text.to_owned())
}
