//! `ecs` services: how they are made and found.

use aws_sdk_ecs::types as sdk;
use sha2::{Digest, Sha256};

use super::shape::{from_sdk, request};
use super::{DRAIN, SETTLE};
use crate::apply::cloud::{Changed, CloudError};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::tags;
use crate::ecs::desired::{Attribute, Body, Service};
use crate::plan::{Action, changes};

/// What ECS says when a service of this name exists already, with either error code.
const EXISTS: &str = "not idempotent";

impl Aws {
    pub(in crate::aws) async fn create_service(
        &self,
        body: &Service,
        idle: bool,
    ) -> Result<Changed, CloudError> {
        let call = || async { self.send_create(body, idle).await };
        let seen = || self.pace.persist(SETTLE, not_visible_yet, call);
        // A `down` that was killed may have left one of this name that still stops its tasks.
        let drains = |error: &CloudError| error.says("InvalidParameterException", "draining");
        let made = match self.pace.persist(DRAIN, drains, seen).await {
            Err(error) if error.message.contains(EXISTS) => {
                return self.take_over(body, idle, error).await;
            }
            answer => answer?,
        };
        let mut changed = changed(made.as_ref());
        if idle {
            changed.detail = Some("no tasks yet".to_owned());
        }
        Ok(changed)
    }

    async fn send_create(
        &self,
        body: &Service,
        idle: bool,
    ) -> Result<Option<sdk::Service>, CloudError> {
        let call = request(self.ecs().create_service(), body)?.client_token(self.token(body, idle));
        let call = if idle { call.desired_count(0) } else { call };
        Ok(call.send().await.or_fail("ecs:CreateService")?.service)
    }

    /// The same for every try of one run, so that a lost answer makes nothing twice; different in
    /// the next run, so that ECS never remembers a service that has been deleted since.
    fn token(&self, body: &Service, idle: bool) -> String {
        let text = format!("{}\n{}\n{}\n{idle}", self.run, body.cluster, body.service_name);
        hex::encode(Sha256::digest(text.as_bytes())).chars().take(32).collect()
    }

    /// A service of this name exists: ours, when an answer was lost, or somebody else's.
    async fn take_over(
        &self,
        body: &Service,
        idle: bool,
        error: CloudError,
    ) -> Result<Changed, CloudError> {
        let Some(found) = self.find_service(&body.cluster, &body.service_name).await? else {
            return Err(error);
        };
        let wanted = Body::Service(Box::new(body.clone()));
        let have = super::tags(found.tags());
        tags::check("ecs:CreateService", &wanted, &body.service_name, &have)?;
        let Some(observed) = from_sdk(&found) else { return Err(error) };
        let mut target = body.clone();
        if idle {
            target.desired_count = found.desired_count();
        }
        let mut observed = observed.observed;
        let target = Body::Service(Box::new(target));
        crate::aws::align::align(&target, &mut observed.body);
        if idle || changes(&target, &observed).is_empty() {
            return Ok(changed(Some(&found)));
        }
        let differ = changes(&target, &observed);
        self.update_service(body, Action::NewDeployment, &differ).await
    }

    /// A service that is ACTIVE: ECS describes deleted ones for a while.
    pub(super) async fn find_service(
        &self,
        cluster: &str,
        name: &str,
    ) -> Result<Option<sdk::Service>, CloudError> {
        let found = self.describe_services(cluster, &[name.to_owned()]).await?;
        Ok(found.into_iter().find(|service| service.status() == Some("ACTIVE")))
    }

    /// Services by name or ARN, at most ten. A missing cluster has none.
    pub(super) async fn describe_services(
        &self,
        cluster: &str,
        names: &[String],
    ) -> Result<Vec<sdk::Service>, CloudError> {
        let answer = self
            .ecs()
            .describe_services()
            .cluster(cluster)
            .set_services(Some(names.to_vec()))
            .include(sdk::ServiceField::Tags)
            .send()
            .await
            .or_fail("ecs:DescribeServices");
        match answer {
            Ok(answer) => Ok(answer.services.unwrap_or_default()),
            Err(error) if error.is(&["ClusterNotFoundException"]) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// What a new service needs and ECS does not see everywhere at once.
fn not_visible_yet(error: &CloudError) -> bool {
    let code = ["InvalidParameterException", "ClientException"];
    let part = [
        "does not have an associated load balancer",
        "service linked role",
        "unable to assume",
        "invalidgroup.notfound",
    ];
    error.is(&["NamespaceNotFoundException", "ClusterNotFoundException"])
        || code.iter().any(|code| part.iter().any(|part| error.says(code, part)))
}

/// What a created or updated service gives.
pub(super) fn changed(service: Option<&sdk::Service>) -> Changed {
    let Some(service) = service else { return Changed::default() };
    let arn = service.service_arn().map(|arn| (Attribute::Arn, arn.to_owned()));
    Changed {
        attributes: arn.into_iter().collect(),
        deployment: primary(service).and_then(|d| d.id()).map(str::to_owned),
        detail: None,
    }
}

/// The deployment that is to win.
pub(super) fn primary(service: &sdk::Service) -> Option<&sdk::Deployment> {
    service.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"))
}
