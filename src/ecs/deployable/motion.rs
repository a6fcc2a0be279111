//! Rollouts that move requests: nobody watches them yet.

use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Body, Desired};

pub(super) fn undeployable(desired: &Desired) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for resource in desired.resources.values() {
        let name = resource.service.as_deref().unwrap_or(&resource.id.name);
        let (message, help) = match &resource.body {
            Body::Service(service) if service.deployment_configuration.moves_requests() => {
                let strategy = service.deployment_configuration.strategy.as_deref();
                let word = strategy.unwrap_or_default().to_ascii_lowercase().replace('_', "-");
                (
                    format!("{name} is not rolled out {word} yet"),
                    "write `x-ecs: {rollout: {strategy: rolling}}`, or send what \
                        `decklift convert` prints",
                )
            }
            _ => continue,
        };
        let mut fault = Diagnostic::error(Code::NotSupportedYet, message).help(help).service(name);
        if let Some(origin) = resource.origin {
            fault = fault.at(origin, "");
        }
        // Of several times the first says it.
        if !found.contains(&fault) {
            found.push(fault);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{LoadOptions, load};
    use crate::ecs::testing::facts;
    use crate::ecs::translate;

    fn messages(extension: &str) -> Vec<String> {
        let text = format!(
            "services:\n  web:\n    image: acme/web:1\n    ports: ['80:80']\n    x-ecs: {extension}\n"
        );
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
        let options = LoadOptions { cwd: folder.path().to_owned(), ..LoadOptions::default() };
        let project = load(&options).project.expect("a project");
        let desired = translate(&project, None, &facts()).desired;
        undeployable(&desired).into_iter().map(|found| found.message).collect()
    }

    #[test]
    fn each_is_refused_once_and_what_follows_the_load_is_not() {
        assert_eq!(messages("{autoscaling: {max: 4, cpu: 50}}"), Vec::<String>::new());
        let clock = "{autoscaling: {max: 4, cpu: 50, schedule: [{expression: rate(1 day), min: 2}], \
                     queue: {name: orders, messages: 100}}}";
        assert_eq!(messages(clock), Vec::<String>::new());
        let canary = "{rollout: {strategy: canary}}";
        assert_eq!(messages(canary), ["web is not rolled out canary yet"]);
    }
}
