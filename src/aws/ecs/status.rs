//! How a service stands.

use aws_sdk_ecs::types as sdk;

use super::shape::state;
use crate::apply::cloud::{CloudError, CloudErrorKind, Deployment, ServiceEvent, ServiceStatus};
use crate::aws::Aws;
use crate::ecs::desired::Service;

impl Aws {
    pub(in crate::aws) async fn service_status(
        &self,
        body: &Service,
    ) -> Result<ServiceStatus, CloudError> {
        let found = self.find_service(&body.cluster, &body.service_name).await?;
        let found = found.ok_or_else(|| {
            let message = format!("service {} does not exist", body.service_name);
            CloudError::new(CloudErrorKind::NotFound, "ecs:DescribeServices", message)
                .help("somebody deleted it; `decklift deploy` makes it again")
        })?;
        Ok(status(&found))
    }
}

fn status(service: &sdk::Service) -> ServiceStatus {
    let count = service.deployments().len();
    let mut deployments: Vec<_> = service
        .deployments()
        .iter()
        .map(|deployment| Deployment {
            id: deployment.id().unwrap_or_default().to_owned(),
            primary: deployment.status() == Some("PRIMARY"),
            task_definition: deployment.task_definition().unwrap_or_default().to_owned(),
            state: state(deployment, count),
            reason: deployment
                .rollout_state_reason()
                .filter(|reason| !reason.is_empty())
                .map(str::to_owned),
            desired: deployment.desired_count(),
            running: deployment.running_count(),
            pending: deployment.pending_count(),
            failed: deployment.failed_tasks(),
        })
        .collect();
    deployments.sort_by_key(|deployment| !deployment.primary);
    let mut events: Vec<_> = service
        .events()
        .iter()
        .map(|event| ServiceEvent {
            id: event.id().unwrap_or_default().to_owned(),
            at_millis: event.created_at().and_then(|at| at.to_millis().ok()).unwrap_or_default(),
            message: event.message().unwrap_or_default().to_owned(),
        })
        .collect();
    events.sort_by_key(|event| std::cmp::Reverse(event.at_millis));
    ServiceStatus {
        desired: service.desired_count(),
        running: service.running_count(),
        deployments,
        events,
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::DateTime;

    use super::*;
    use crate::plan::RolloutState;

    #[test]
    fn the_primary_deployment_comes_first_and_the_newest_event_too() {
        let deployment = |id: &str, status: &str| {
            sdk::Deployment::builder()
                .id(id)
                .status(status)
                .desired_count(2)
                .running_count(2)
                .build()
        };
        let event = |id: &str, at: i64| {
            sdk::ServiceEvent::builder()
                .id(id)
                .created_at(DateTime::from_secs(at))
                .message("m")
                .build()
        };
        let service = sdk::Service::builder()
            .desired_count(2)
            .deployments(deployment("old", "ACTIVE"))
            .deployments(deployment("new", "PRIMARY"))
            .events(event("1", 1))
            .events(event("2", 2))
            .build();
        let status = status(&service);
        assert_eq!(status.deployments[0].id, "new");
        assert!(status.deployments[0].primary);
        // Two deployments without a state: the new one has not replaced the old one yet.
        assert_eq!(status.deployments[0].state, RolloutState::InProgress);
        assert_eq!(status.events[0].id, "2");
    }
}
