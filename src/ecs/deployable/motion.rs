//! What scales by load, or runs by the clock: no call of Application Auto Scaling or EventBridge
//! Scheduler is made yet. And rollouts that move requests, which nobody watches yet.

use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Body, Desired};

pub(super) fn undeployable(desired: &Desired) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for resource in desired.resources.values() {
        let name = resource.service.as_deref().unwrap_or(&resource.id.name);
        let (message, help) = match &resource.body {
            Body::ScalableTarget(_) => (
                format!("{name} is not scaled by its load or the clock yet"),
                "take `autoscaling` away and set `replicas`, or send what `decklift convert` prints",
            ),
            Body::Schedule(_) => (
                format!("{name} is not run by the clock yet"),
                "write `x-ecs: {job: true}` to run it once a deployment, or send what \
                    `decklift convert` prints",
            ),
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
        found.push(fault);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::Autoscaling;
    use crate::ecs::testing::{at, run, service};

    #[test]
    fn each_is_refused_once() {
        let mut web = service("web", "acme/web:1");
        web.extension.autoscaling = Some(at(Autoscaling {
            max: Some(at(4)),
            cpu: Some(at(50.0)),
            memory: Some(at(50.0)),
            ..Autoscaling::default()
        }));
        let mut job = service("report", "acme/report:1");
        job.extension.schedule = Some(at("rate(1 day)".to_owned()));
        let found = undeployable(&run(vec![web, job]).desired);
        let messages: Vec<_> = found.iter().map(|found| found.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "web is not scaled by its load or the clock yet",
                "report is not run by the clock yet"
            ]
        );
    }
}
