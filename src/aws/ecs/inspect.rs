//! What runs of a stack: services, their tasks, and what load balancers think of these.

use std::collections::BTreeMap;

use aws_sdk_ecs::types as sdk;
use futures_util::future::{try_join, try_join_all};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::read::SERVICES;
use super::service::primary;
use super::shape::state;
use super::{last_segment, tags as tags_of, tasks};
use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::observe::IN_FLIGHT;
use crate::aws::tags::{self, Owner};
use crate::ecs::desired::{Attribute, Desired};
use crate::inspect::{Moment, PortState, ServiceState, State, TaskState};
use crate::plan::RolloutState;

impl Aws {
    /// The stack's services, also those that left the Compose file, each with its tasks and the
    /// health of its targets. Reads only.
    ///
    /// # Errors
    ///
    /// When AWS refuses a call. A cluster that does not exist has no services.
    pub async fn inspect(&self, desired: &Desired) -> Result<Vec<ServiceState>, CloudError> {
        let Some(owner) = Owner::wanted(desired) else { return Ok(Vec::new()) };
        let cluster = desired.cluster_name();
        let arns = self.list_services(cluster).await?;
        let batches = arns.chunks(SERVICES).map(|batch| self.describe_services(cluster, batch));
        let services = try_join_all(batches);
        let tasks = self.tasks(desired, false);
        let (services, mut tasks) = try_join(services, tasks).await?;
        let ours = services.into_iter().flatten().filter_map(|service| {
            let tags = tags_of(service.tags());
            let named = tags::resource(&tags).filter(|_| owner.owns(&tags))?;
            (service.status() != Some("INACTIVE")).then_some((named.name, service))
        });
        let told: Vec<_> = ours
            .map(|(service, found)| {
                let name = found.service_name().unwrap_or_default();
                let tasks = tasks.remove(name).unwrap_or_default();
                (service_state(service, &found, tasks), found)
            })
            .collect();
        let jobs = self.inspect_jobs(desired, &mut tasks).await?;
        let services: Vec<_> = stream::iter(told)
            .map(|(state, found)| async move {
                let ports = found.load_balancers().iter().map(|balancer| async move {
                    let group = balancer.target_group_arn().unwrap_or_default();
                    let targets = self.targets_of_group(group).await?;
                    let port = balancer.container_port().unwrap_or_default();
                    Ok::<_, CloudError>(PortState { port, targets })
                });
                Ok::<_, CloudError>(ServiceState { ports: try_join_all(ports).await?, ..state })
            })
            .buffered(IN_FLIGHT)
            .try_collect()
            .await?;
        Ok(services.into_iter().chain(jobs).collect())
    }

    /// The stack's jobs: what runs of them, else how they ended last.
    async fn inspect_jobs(
        &self,
        desired: &Desired,
        running: &mut BTreeMap<String, Vec<TaskState>>,
    ) -> Result<Vec<ServiceState>, CloudError> {
        let jobs: Vec<_> = desired
            .resources
            .keys()
            .filter_map(|id| Some((id.name.clone(), desired.job_family(id)?)))
            .collect();
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let mut ended = self.tasks(desired, true).await?;
        let families = jobs.iter().map(|(_, family)| self.find_task_definition(family));
        let definitions = try_join_all(families).await?;
        let told = jobs.into_iter().zip(definitions).filter_map(|((service, family), found)| {
            let attributes = found?.observed.attributes;
            let running = running.remove(family).unwrap_or_default();
            let last = ended.remove(family).and_then(|tasks| tasks.into_iter().next_back());
            let completed = attributes.contains_key(&Attribute::Completed);
            let revision = attributes.get(&Attribute::Arn).map(|arn| last_segment(arn).to_owned());
            Some(job_state(&service, family, revision, completed, running, last))
        });
        Ok(told.collect())
    }

    /// The tasks of the stack's cluster by ECS service, oldest first: those that should run, or those
    /// that have stopped, of which ECS remembers the ones of the last hour or so.
    ///
    /// # Errors
    ///
    /// When AWS refuses a call.
    pub async fn tasks(
        &self,
        desired: &Desired,
        stopped: bool,
    ) -> Result<BTreeMap<String, Vec<TaskState>>, CloudError> {
        let cluster = desired.cluster_name();
        let status =
            if stopped { sdk::DesiredStatus::Stopped } else { sdk::DesiredStatus::Running };
        let call = self.ecs().list_tasks().cluster(cluster).desired_status(status);
        let arns = match tasks::list(call).await {
            Err(error) if error.is(&["ClusterNotFoundException"]) => Vec::new(),
            answer => answer?,
        };
        let mut by_service: BTreeMap<String, Vec<TaskState>> = BTreeMap::new();
        for task in &self.describe_tasks(cluster, &arns).await? {
            if let Some(name) = task.group().and_then(|group| member_of(task, group)) {
                by_service.entry(name.to_owned()).or_default().push(task_state(task));
            }
        }
        for tasks in by_service.values_mut() {
            tasks.sort_by(|a, b| (a.created, &a.task).cmp(&(b.created, &b.task)));
        }
        Ok(by_service)
    }
}

/// The ECS service of a task, or the family of a job's task: ECS names its group after either (ECS
/// API reference, `Task.group`). What somebody runs by hand is neither.
fn member_of<'a>(task: &sdk::Task, group: &'a str) -> Option<&'a str> {
    let by_decklift = || task.started_by().is_some_and(|by| by.contains('/'));
    group
        .strip_prefix("service:")
        .or_else(|| group.strip_prefix("family:").filter(|_| by_decklift()))
}

fn moment(time: Option<&aws_smithy_types::DateTime>) -> Option<Moment> {
    time.and_then(|time| time.to_millis().ok()).map(Moment::from_millis)
}

fn job_state(
    service: &str,
    family: &str,
    revision: Option<String>,
    completed: bool,
    running: Vec<TaskState>,
    last: Option<TaskState>,
) -> ServiceState {
    let failed = last.as_ref().and_then(|task| task.exit_code).filter(|code| *code != 0);
    let state = match &last {
        _ if !running.is_empty() => State::Running,
        Some(task) if task.exit_code != Some(0) => State::Failed,
        Some(_) => State::Completed,
        None if completed => State::Completed,
        None => State::NotRun,
    };
    let newest = running.last().or(last.as_ref());
    let count = |status: &str| {
        i32::try_from(running.iter().filter(|task| task.status == status).count()).unwrap_or(0)
    };
    let (up, all) = (count("RUNNING"), i32::try_from(running.len()).unwrap_or(0));
    ServiceState {
        job: true,
        state,
        reason: failed.filter(|_| state == State::Failed).map(|code| format!("exited with {code}")),
        desired: all,
        running: up,
        pending: all - up,
        task_definition: newest.map(|task| task.task_definition.clone()).or(revision),
        since: newest.and_then(|task| task.created),
        tasks: running,
        ..ServiceState::not_deployed(service, family)
    }
}

fn service_state(service: String, found: &sdk::Service, tasks: Vec<TaskState>) -> ServiceState {
    let newest = primary(found);
    let reached = newest.map_or(State::Completed, |newest| rollout(found, newest));
    let reason = match reached {
        State::Completed => None,
        State::RolledBack => why_back(found),
        _ => newest.and_then(|newest| newest.rollout_state_reason()),
    };
    let definition = newest.and_then(|newest| newest.task_definition()).or(found.task_definition());
    ServiceState {
        state: reached,
        reason: reason.filter(|reason| !reason.is_empty()).map(str::to_owned),
        desired: found.desired_count(),
        running: found.running_count(),
        pending: found.pending_count(),
        task_definition: definition.map(|arn| last_segment(arn).to_owned()),
        since: moment(newest.and_then(|newest| newest.created_at())),
        tasks,
        ..ServiceState::not_deployed(&service, found.service_name().unwrap_or_default())
    }
}

/// How far the newest deployment is; a completed one may be where ECS went back to.
fn rollout(service: &sdk::Service, newest: &sdk::Deployment) -> State {
    let deployments = service.deployments();
    match state(newest, deployments.len()) {
        RolloutState::InProgress => State::InProgress,
        RolloutState::Failed => State::Failed,
        RolloutState::Completed => {
            let failed = deployments
                .iter()
                .any(|other| other.rollout_state() == Some(&sdk::DeploymentRolloutState::Failed));
            // ECS developer guide, "Amazon ECS service event messages": "(service …) rolling back
            // to deployment …".
            let id = newest.id().unwrap_or_default();
            let back = service.events().iter().filter_map(|event| event.message()).any(|message| {
                let target = message.split_once("rolling back to deployment ");
                target.is_some_and(|(_, target)| target.trim_end_matches('.') == id)
            });
            if failed || back { State::RolledBack } else { State::Completed }
        }
    }
}

/// Why the newest deployment that failed did so: what the deployment says, else the newest event
/// ("(service …) (deployment …) deployment failed: tasks failed to start.").
fn why_back(service: &sdk::Service) -> Option<&str> {
    let failed = |other: &&sdk::Deployment| {
        other.rollout_state() == Some(&sdk::DeploymentRolloutState::Failed)
    };
    let deployment = service.deployments().iter().find(failed);
    let event = || {
        let events = service.events().iter();
        let told = events.filter(|e| e.message().is_some_and(|m| m.contains("deployment failed")));
        let newest = told.max_by_key(|event| event.created_at().map(|at| at.as_nanos()))?;
        // What stands in front names the service and the deployment.
        newest.message().and_then(|text| text.get(text.find("deployment failed")?..))
    };
    deployment.and_then(|deployment| deployment.rollout_state_reason()).or_else(event)
}

fn task_state(task: &sdk::Task) -> TaskState {
    let own = |container: &&sdk::Container| {
        !container.name().is_some_and(|name| name.starts_with("ecs-service-connect"))
    };
    let container = task.containers().iter().find(own);
    let mut interfaces = task.containers().iter().flat_map(|c| c.network_interfaces());
    let address = interfaces.find_map(|interface| interface.private_ipv4_address());
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    TaskState {
        task: last_segment(task.task_arn().unwrap_or_default()).to_owned(),
        status: text(task.last_status()),
        health: text(Some(task.health_status().map_or("UNKNOWN", |health| health.as_str()))),
        task_definition: last_segment(task.task_definition_arn().unwrap_or_default()).to_owned(),
        created: moment(task.created_at()),
        started: moment(task.started_at()),
        image: text(container.and_then(|container| container.image())),
        digest: container.and_then(|container| container.image_digest()).map(str::to_owned),
        address: address.map(str::to_owned),
        exit_code: container.and_then(|container| container.exit_code()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(id: &str, status: &str, state: sdk::DeploymentRolloutState) -> sdk::Deployment {
        sdk::Deployment::builder().id(id).status(status).rollout_state(state).build()
    }

    fn told(deployments: Vec<sdk::Deployment>, events: &[&str]) -> State {
        let event = |text: &&str| sdk::ServiceEvent::builder().message(*text).build();
        let service = sdk::Service::builder()
            .set_deployments(Some(deployments))
            .set_events(Some(events.iter().map(event).collect()))
            .build();
        rollout(&service, primary(&service).expect("a primary"))
    }

    #[test]
    fn a_rollback_is_told_from_a_success() {
        use sdk::DeploymentRolloutState as Rollout;
        let good = || deployment("ecs-svc/1", "PRIMARY", Rollout::Completed);
        let bad = || deployment("ecs-svc/2", "ACTIVE", Rollout::Failed);
        assert_eq!(told(vec![good()], &[]), State::Completed);
        assert_eq!(told(vec![good(), bad()], &[]), State::RolledBack);
        let back = "(service web) rolling back to deployment ecs-svc/1.";
        assert_eq!(told(vec![good()], &[back]), State::RolledBack);
        // A rollback before the newest deployment is history.
        let other = "(service web) rolling back to deployment ecs-svc/10.";
        assert_eq!(told(vec![good()], &[other]), State::Completed);
        let under_way = deployment("ecs-svc/1", "PRIMARY", Rollout::InProgress);
        assert_eq!(told(vec![under_way, bad()], &[back]), State::InProgress);
        let lost = deployment("ecs-svc/1", "PRIMARY", Rollout::Failed);
        assert_eq!(told(vec![lost], &[]), State::Failed);
    }

    #[test]
    fn the_image_is_not_that_of_the_proxy() {
        let container = |name: &str, digest: &str| {
            sdk::Container::builder().name(name).image("i").image_digest(digest).build()
        };
        let task = sdk::Task::builder()
            .task_arn("arn:aws:ecs:r:1:task/shop/abc")
            .containers(container("ecs-service-connect-x", "sha256:1"))
            .containers(container("web", "sha256:2"))
            .build();
        let state = task_state(&task);
        assert_eq!(state.task, "abc");
        assert_eq!(state.digest.as_deref(), Some("sha256:2"));
        assert_eq!(state.health, "UNKNOWN");
    }
}
