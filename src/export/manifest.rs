//! `manifest.json`: in which order a first deploy sends the requests, and what it does beside them.

use serde::Serialize;

use super::requests::Place;
use crate::ecs::desired::{Body, Image, Resource, ResourceId, Secret, Service};

/// What `manifest.json` says.
#[derive(Debug, Serialize)]
pub(super) struct Manifest<'a> {
    pub(super) stack: &'a str,
    pub(super) steps: &'a [Step<'a>],
    pub(super) version: u32,
}

/// One thing to do.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Step<'a> {
    /// Sends a file.
    Request {
        request: Place<'a>,
        resource: &'a ResourceId,
        #[serde(skip_serializing_if = "Option::is_none")]
        with: Option<Idle>,
    },
    /// Sends what no file has.
    Operation { operation: &'static str, resource: &'a ResourceId, with: Box<With<'a>> },
    /// Pushes an image.
    Push { push: String, resource: &'a ResourceId },
    /// Waits until a job ended, or a rollout did.
    Wait { wait: &'a ResourceId },
}

/// No tasks yet.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Idle {
    desired_count: i32,
}

/// What stands in a call.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum With<'a> {
    /// `secretsmanager PutSecretValue`
    #[serde(rename_all = "PascalCase")]
    SecretValue { secret_id: &'a str },
    /// `ecs UpdateService`
    #[serde(rename_all = "camelCase")]
    Deployment {
        cluster: &'a str,
        /// A daemon has no number.
        #[serde(skip_serializing_if = "Option::is_none")]
        desired_count: Option<i32>,
        force_new_deployment: bool,
        service: &'a str,
    },
}

impl<'a> Step<'a> {
    /// What is done to a resource once its requests were sent, where anything is.
    pub(super) fn beside_requests(resource: &'a Resource) -> Option<Self> {
        match &resource.body {
            Body::Secret(secret) => Some(Self::secret_value(&resource.id, secret)),
            Body::Image(image) => Some(Self::push(&resource.id, image)),
            _ => None,
        }
    }

    /// The call that gives a service its first tasks.
    pub(super) fn first_tasks(resource: &'a ResourceId, service: &'a Service) -> Self {
        let with = With::Deployment {
            cluster: &service.cluster,
            desired_count: service.tasks(),
            force_new_deployment: true,
            service: &service.service_name,
        };
        Self::Operation { operation: "ecs/update-service", resource, with: Box::new(with) }
    }

    /// Its value stands nowhere: whoever sends this reads it from the Compose file.
    fn secret_value(resource: &'a ResourceId, secret: &'a Secret) -> Self {
        let with = With::SecretValue { secret_id: &secret.name };
        Self::Operation {
            operation: "secretsmanager/put-secret-value",
            resource,
            with: Box::new(with),
        }
    }

    fn push(resource: &'a ResourceId, image: &Image) -> Self {
        let name = format!("{}:{}", image.repository_name, image.image_tag);
        let push = match &image.registry {
            Some(registry) => format!("{}/{name}", registry.host()),
            None => name,
        };
        Self::Push { push, resource }
    }
}
