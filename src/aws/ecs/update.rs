//! `ecs` services: updates, stops, deletion.

use std::cell::Cell;

use aws_config::retry::RetryConfig;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder;
use aws_sdk_ecs::types as sdk;

use super::deployment::USUAL_THRESHOLD;
use super::service::{changed, primary};
use super::shape::{balancers, network, registries, strategy, version};
use super::tasks::BATCH;
use super::{DRAIN, SETTLE, connect, deployment, ebs, instance, lattice, tasks};
use crate::apply::cloud::{Changed, CloudError};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::values::text;
use crate::ecs::desired::{
    BreakerThreshold, DeploymentAlarms, DeploymentConfiguration, EarlySuccess, Service,
};
use crate::plan::{Action, Change, DESIRED_COUNT, STARTS_DEPLOYMENT};

const UPDATE: &str = "ecs:UpdateService";

impl Aws {
    pub(in crate::aws) async fn update_service(
        &self,
        body: &Service,
        action: Action,
        changes: &[Change],
    ) -> Result<Changed, CloudError> {
        if action == Action::Stop {
            return self.stop_service(body).await;
        }
        let deploys = action == Action::NewDeployment;
        let forced = deploys && must_force(changes);
        let call = || async {
            if forced {
                self.force(body, changes).await
            } else {
                self.send(body, deploys, changes).await
            }
        };
        let passes = |error: &CloudError| error.is(&["NamespaceNotFoundException"]);
        let updated = self.pace.persist(SETTLE, passes, call).await?;
        let retagged = changes.iter().any(|change| change.path.starts_with("tags"));
        if let (true, Some(arn), Some(tags)) = (
            retagged,
            updated.as_ref().and_then(|service| service.service_arn()),
            super::to_sdk_tags(&body.tags),
        ) {
            self.tag_ecs(arn, tags).await?;
        }
        let mut changed = changed(updated.as_ref());
        if !deploys {
            changed.deployment = None;
        }
        Ok(changed)
    }

    async fn send(
        &self,
        body: &Service,
        deploys: bool,
        changes: &[Change],
    ) -> Result<Option<sdk::Service>, CloudError> {
        let answer = self.update(body, deploys, changes)?.send().await;
        Ok(answer.or_fail(UPDATE)?.service)
    }

    /// Each call that forces one starts another deployment, and none takes a token (API reference,
    /// `UpdateService`), so the SDK must not repeat it by itself: where an answer may have been lost,
    /// the service is looked at before the next try.
    async fn force(
        &self,
        body: &Service,
        changes: &[Change],
    ) -> Result<Option<sdk::Service>, CloudError> {
        let id = |service: &sdk::Service| primary(service).and_then(|d| d.id()).map(str::to_owned);
        let find = || self.find_service(&body.cluster, &body.service_name);
        let before = find().await?.as_ref().and_then(id);
        let lost = Cell::new(false);
        let attempt = || async {
            if lost.replace(false)
                && let Some(found) = find().await?
                && id(&found) != before
            {
                return Ok(Some(found));
            }
            let once = aws_sdk_ecs::config::Builder::new().retry_config(RetryConfig::disabled());
            let call = self.update(body, true, changes)?.customize().config_override(once);
            let answer = call.send().await.or_fail(UPDATE);
            lost.set(answer.as_ref().is_err_and(|e| e.is_transient() && !e.is_unconnected()));
            Ok(answer?.service)
        };
        self.pace.retry(|error, _| error.is_transient(), attempt).await
    }

    /// One call. For a new deployment every field is said, empty lists too: what is left out would
    /// stay as it is. Else only what the running deployment takes over.
    fn update(
        &self,
        body: &Service,
        deploys: bool,
        changes: &[Change],
    ) -> Result<UpdateServiceFluentBuilder, CloudError> {
        let grace = (!body.load_balancers.is_empty())
            .then_some(body.health_check_grace_period_seconds)
            .flatten();
        // What Application Auto Scaling has set stays, unless the plan says otherwise.
        let counted = |change: &Change| change.path == DESIRED_COUNT;
        let count = body.tasks().filter(|_| !body.is_scaled || changes.iter().any(counted));
        let mut call = self
            .ecs()
            .update_service()
            .cluster(&body.cluster)
            .service(&body.service_name)
            .set_desired_count(count)
            .deployment_configuration(deployment::to_sdk(&switched(
                &body.deployment_configuration,
                changes,
            )))
            .set_health_check_grace_period_seconds(grace)
            .availability_zone_rebalancing(body.availability_zone_rebalancing.as_str().into())
            .enable_ecs_managed_tags(body.enable_ecs_managed_tags)
            .propagate_tags(body.propagate_tags.as_str().into())
            .enable_execute_command(body.enable_execute_command);
        // Fargate takes no placement; on instances an empty list removes it.
        if body.platform_version.is_empty() {
            call = call
                .set_placement_constraints(Some(instance::constraints(&body.placement_constraints)))
                .set_placement_strategy(Some(instance::strategies(&body.placement_strategy)));
        }
        if deploys {
            let connected = match &body.service_connect_configuration {
                Some(config) => connect::to_sdk(config)?,
                None => sdk::ServiceConnectConfiguration::builder().enabled(false).build(),
            };
            call = call
                .task_definition(text(&body.task_definition)?)
                .set_capacity_provider_strategy(Some(strategy(&body.capacity_provider_strategy)?))
                .set_platform_version(version(&body.platform_version))
                .set_network_configuration(network(&body.network_configuration)?)
                .set_load_balancers(Some(balancers(&body.load_balancers)?))
                .service_connect_configuration(connected);
            // Who never had a registry is not told to have none.
            let registers = |change: &Change| change.path.starts_with("serviceRegistries");
            if !body.service_registries.is_empty() || changes.iter().any(registers) {
                let list = registries(&body.service_registries)?;
                call = call.set_service_registries(Some(list));
            }
            let configures = |change: &Change| change.path.starts_with("volumeConfigurations");
            if !body.volume_configurations.is_empty() || changes.iter().any(configures) {
                let volumes = ebs::of_service(&body.volume_configurations)?;
                call = call.set_volume_configurations(Some(volumes));
            }
            let serves = |change: &Change| change.path.starts_with("vpcLatticeConfigurations");
            if !body.vpc_lattice_configurations.is_empty() || changes.iter().any(serves) {
                let groups = lattice::to_sdk(&body.vpc_lattice_configurations)?;
                call = call.set_vpc_lattice_configurations(Some(groups));
            }
            if must_force(changes) {
                call = call.force_new_deployment(true);
            }
        }
        Ok(call)
    }

    /// Scales to nothing and returns when no task is left.
    async fn stop_service(&self, body: &Service) -> Result<Changed, CloudError> {
        let tasks = self.running_tasks(&body.cluster, &body.service_name).await?;
        let answer = self.scale_to_nothing(&body.cluster, &body.service_name).await?;
        self.pace
            .until("ecs:DescribeServices", "stopping the tasks", DRAIN, || async {
                let service = self.find_service(&body.cluster, &body.service_name).await?;
                let left = service.map_or(0, |s| s.running_count() + s.pending_count());
                Ok((left == 0).then_some(()))
            })
            .await?;
        // ECS no longer counts a task that is stopping, but it still holds its volume.
        self.await_stopped(&body.cluster, &tasks).await?;
        Ok(Changed { deployment: None, ..changed(answer.as_ref()) })
    }

    pub(in crate::aws) async fn delete_service(&self, body: &Service) -> Result<(), CloudError> {
        let (cluster, name) = (&body.cluster, &body.service_name);
        let tasks = match self.running_tasks(cluster, name).await {
            Err(error) if gone(&error) => return Ok(()),
            answer => answer?,
        };
        // Forced, it need not be scaled to nothing before (ECS API reference, `DeleteService`), which is an
        // update that may be refused: where no listener leads to its target group any more, say.
        let call = self.ecs().delete_service().cluster(cluster).service(name).force(true);
        match call.send().await.or_fail("ecs:DeleteService") {
            Err(error) if !gone(&error) => return Err(error),
            _ => {}
        }
        self.pace
            .until("ecs:DescribeServices", "deleting the service", DRAIN, || async {
                let found = self.describe_services(cluster, std::slice::from_ref(name)).await?;
                let there = found.iter().any(|s| matches!(s.status(), Some("ACTIVE" | "DRAINING")));
                Ok((!there).then_some(()))
            })
            .await?;
        // Its tasks hold network interfaces, and those the security groups, until they STOPPED.
        self.await_stopped(cluster, &tasks).await
    }

    async fn scale_to_nothing(
        &self,
        cluster: &str,
        name: &str,
    ) -> Result<Option<sdk::Service>, CloudError> {
        let call = self.ecs().update_service().cluster(cluster).service(name).desired_count(0);
        Ok(call.send().await.or_fail(UPDATE)?.service)
    }

    async fn running_tasks(&self, cluster: &str, name: &str) -> Result<Vec<String>, CloudError> {
        tasks::list(self.ecs().list_tasks().cluster(cluster).service_name(name)).await
    }

    pub(super) async fn await_stopped(
        &self,
        cluster: &str,
        tasks: &[String],
    ) -> Result<(), CloudError> {
        for batch in tasks.chunks(BATCH) {
            self.pace
                .until("ecs:DescribeTasks", "stopping the tasks", DRAIN, || async {
                    let call = self.ecs().describe_tasks().cluster(cluster);
                    let call = call.set_tasks(Some(batch.to_vec()));
                    let answer = match call.send().await.or_fail("ecs:DescribeTasks") {
                        Err(error) if gone(&error) => return Ok(Some(())),
                        answer => answer?,
                    };
                    let left = |task: &sdk::Task| task.last_status() != Some("STOPPED");
                    Ok((!answer.tasks().iter().any(left)).then_some(()))
                })
                .await?;
        }
        Ok(())
    }
}

/// Whether the service, or its cluster, is no longer there.
fn gone(error: &CloudError) -> bool {
    error.is(&["ServiceNotFoundException", "ServiceNotActiveException", "ClusterNotFoundException"])
}

/// Whether ECS would not start a deployment by itself: no field that does differs, or only where
/// the tasks run.
fn must_force(changes: &[Change]) -> bool {
    let begins = |change: &Change, field: &str| change.path.starts_with(field);
    let starts = changes.iter().any(|c| STARTS_DEPLOYMENT.iter().any(|field| begins(c, field)));
    !starts || changes.iter().any(|c| begins(c, "capacityProviderStrategy"))
}

/// What is absent from an update stays as it was: alarms that are no longer wanted are switched off
/// (ECS API reference, `DeploymentAlarms.enable`), what the breaker counts goes back to what ECS takes
/// for granted, and a rolling update is asked for by name where it
/// takes the place of another.
fn switched(config: &DeploymentConfiguration, changes: &[Change]) -> DeploymentConfiguration {
    let mut config = config.clone();
    let changed = |change: &Change| change.path.starts_with("deploymentConfiguration.alarms");
    if config.alarms.is_none() && changes.iter().any(changed) {
        let (rollback, enable) = (false, false);
        config.alarms = Some(DeploymentAlarms { alarm_names: Vec::new(), rollback, enable });
    }
    let breaker = &mut config.deployment_circuit_breaker;
    let touched = |field: &str| changes.iter().any(|change| change.path.contains(field));
    if touched("resetOnHealthyTask") {
        breaker.reset_on_healthy_task.get_or_insert(true);
    }
    if touched("thresholdConfiguration") {
        breaker.threshold_configuration.get_or_insert_with(|| BreakerThreshold {
            kind: USUAL_THRESHOLD.0.to_owned(),
            value: USUAL_THRESHOLD.1,
        });
    }
    if touched("earlySuccessCriteria") {
        config.early_success_criteria.get_or_insert(EarlySuccess {
            enable: false,
            healthy_percent: None,
            source_service_revision_cleanup: None,
        });
    }
    let moved = |change: &Change| change.path == "deploymentConfiguration.strategy";
    if config.strategy.is_none() && changes.iter().any(moved) {
        config.strategy = Some(DeploymentConfiguration::ROLLING.to_owned());
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::recorder::Recorder;
    use crate::ecs::desired::Body;
    use crate::ecs::testing::{run, service};

    #[tokio::test]
    async fn a_service_goes_without_an_update_that_may_be_refused() {
        let desired = run(vec![service("web", "nginx")]).desired;
        let service = desired.resources.values().find_map(|resource| match &resource.body {
            Body::Service(service) => Some(service),
            _ => None,
        });
        let recorder = Recorder::default();
        let deleted = recorder.aws().delete_service(service.expect("a service")).await;
        assert!(deleted.is_ok(), "{deleted:?}");
        assert_eq!(recorder.operations(), ["ListTasks", "DeleteService", "DescribeServices"]);
        assert!(recorder.sent()[1].1.contains("\"force\":true"), "{:?}", recorder.sent());
    }

    fn change(path: &str) -> Change {
        Change { path: path.to_owned(), from: None, to: None }
    }

    #[test]
    fn a_deployment_is_forced_where_ecs_would_not_start_one() {
        assert!(must_force(&[]));
        assert!(must_force(&[change("desiredCount")]));
        assert!(must_force(&[
            change("taskDefinition"),
            change("capacityProviderStrategy[FARGATE]")
        ]));
        assert!(!must_force(&[change("taskDefinition"), change("desiredCount")]));
        assert!(!must_force(&[change("serviceConnectConfiguration.services[web]")]));
    }
}
