use crate::event::{ContainerEnd, TargetHealth, TaskFailure};

/// What is known of a task's end beyond ECS's reason: containers, targets. One line each.
pub(in crate::report) fn cause(failure: &TaskFailure) -> Vec<String> {
    let containers = failure.containers.iter().filter_map(container);
    containers.chain(failure.targets.iter().map(target)).collect()
}

/// `container web exited with 1: OutOfMemoryError`; nothing for one that only went along.
fn container(end: &ContainerEnd) -> Option<String> {
    let ContainerEnd { name, exit_code, reason } = end;
    let mut text = format!("container {name}");
    if let Some(code) = exit_code {
        text.push_str(&format!(" exited with {code}"));
    }
    if let Some(reason) = reason {
        text.push_str(&format!(": {reason}"));
    }
    (exit_code.is_some() || reason.is_some()).then_some(text)
}

/// `target 10.0.0.7:80 is unhealthy: Health checks failed with these codes: [500]`
pub(in crate::report) fn target(health: &TargetHealth) -> String {
    let TargetHealth { target, state, reason, description } = health;
    let mut text = format!("target {target} is {state}");
    if let Some(why) = description.as_ref().or(reason.as_ref()) {
        text.push_str(&format!(": {why}"));
    }
    text
}
