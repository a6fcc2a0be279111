//! Tasks that stopped and should not have, with what they logged last.

use std::collections::BTreeMap;

use aws_sdk_ecs::types as sdk;
use futures_util::future::join_all;

use super::{last_segment, tasks};
use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::ecs::desired::Service;
use crate::event::{ContainerEnd, TaskFailure};

/// The last lines of a log that are shown.
const LINES: i32 = 10;
/// How many failures are told: the newest say what is wrong.
const NEWEST: usize = 5;

/// Where a container of a revision logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LogPlace {
    pub(super) group: String,
    pub(super) prefix: String,
}

impl Aws {
    pub(in crate::aws) async fn task_failures(
        &self,
        body: &Service,
        deployment: &str,
    ) -> Result<Vec<TaskFailure>, CloudError> {
        let mut failed = self.stopped_tasks(body).await?;
        failed.retain(|task| task.started_by() == Some(deployment) && should_not_have(task));
        failed.sort_by_key(|task| std::cmp::Reverse(task.stopped_at().map(|at| at.as_nanos())));
        failed.truncate(NEWEST);

        let mut revisions: Vec<_> =
            failed.iter().filter_map(|task| task.task_definition_arn()).collect();
        revisions.sort_unstable();
        revisions.dedup();
        let places = join_all(revisions.iter().map(|arn| self.log_places(arn))).await;
        let places: BTreeMap<_, _> = revisions.into_iter().zip(places).collect();

        let told = failed.iter().map(|task| async {
            let places = task.task_definition_arn().and_then(|arn| places.get(arn));
            self.tell(task, places).await
        });
        Ok(join_all(told).await)
    }

    async fn stopped_tasks(&self, body: &Service) -> Result<Vec<sdk::Task>, CloudError> {
        let call = self.ecs().list_tasks().cluster(&body.cluster);
        let call = call.service_name(&body.service_name);
        let arns = tasks::list(call.desired_status(sdk::DesiredStatus::Stopped)).await?;
        self.describe_tasks(&body.cluster, &arns).await
    }

    /// By container: where it logs. A revision that cannot be read only costs the lines.
    async fn log_places(&self, arn: &str) -> BTreeMap<String, LogPlace> {
        let answer = self.ecs().describe_task_definition().task_definition(arn).send().await;
        let Ok(answer) = answer else { return BTreeMap::new() };
        let containers = answer.task_definition().map(|task| task.container_definitions());
        containers
            .unwrap_or_default()
            .iter()
            .filter_map(|container| {
                let options = container.log_configuration()?.options()?;
                let place = LogPlace {
                    group: options.get("awslogs-group")?.clone(),
                    prefix: options.get("awslogs-stream-prefix")?.clone(),
                };
                Some((container.name()?.to_owned(), place))
            })
            .collect()
    }

    pub(super) async fn tell(
        &self,
        task: &sdk::Task,
        places: Option<&BTreeMap<String, LogPlace>>,
    ) -> TaskFailure {
        let id = last_segment(task.task_arn().unwrap_or_default()).to_owned();
        let culprit = culprit(task.containers()).and_then(|container| container.name());
        let log = match culprit.and_then(|name| Some((name, places?.get(name)?))) {
            Some((name, place)) => self.last_lines(place, name, &id).await,
            None => Vec::new(),
        };
        // A container that says nothing of its end is not worth a line, nor one that did its work.
        let told = |end: &ContainerEnd| end.exit_code.is_some() || end.reason.is_some();
        let containers = task.containers().iter().filter(|c| !has_helped(c));
        let containers = containers.map(end).filter(told).collect();
        TaskFailure {
            task: id,
            address: address(task),
            reason: reason(task),
            containers,
            log,
            targets: Vec::new(),
        }
    }

    /// The last lines of a stream, oldest first. A stream that was never made is no error: the
    /// container may have died before it said anything.
    async fn last_lines(&self, place: &LogPlace, container: &str, task: &str) -> Vec<String> {
        let stream = format!("{}/{container}/{task}", place.prefix);
        let call = self.logs().get_log_events().log_group_name(&place.group);
        let call = call.log_stream_name(stream).limit(LINES).start_from_head(false);
        let Ok(answer) = call.send().await else { return Vec::new() };
        let lines = answer.events().iter().filter_map(|event| event.message());
        lines.map(|line| line.trim_end().to_owned()).collect()
    }
}

/// Whether nobody asked for the stop: it was no scaling and no deployment.
fn should_not_have(task: &sdk::Task) -> bool {
    match task.stop_code() {
        Some(
            sdk::TaskStopCode::EssentialContainerExited | sdk::TaskStopCode::TaskFailedToStart,
        ) => true,
        // "Task failed ELB health checks in …", "Task failed container health checks"
        Some(sdk::TaskStopCode::ServiceSchedulerInitiated) => task
            .stopped_reason()
            .is_some_and(|r| r.contains("failed") && r.contains("health check")),
        Some(sdk::TaskStopCode::TerminationNotice | sdk::TaskStopCode::SpotInterruption) => false,
        Some(_) => false,
        // Before there were stop codes there were only reasons.
        None => task.stopped_reason().is_some_and(|r| r.contains("Essential container")),
    }
}

/// The private address of the task's network interface (ECS API reference, `Attachment`).
fn address(task: &sdk::Task) -> Option<String> {
    let mut details = task.attachments().iter().flat_map(|attachment| attachment.details());
    details.find(|d| d.name() == Some("privateIPv4Address"))?.value().map(str::to_owned)
}

fn reason(task: &sdk::Task) -> String {
    let reason = task.stopped_reason().filter(|reason| !reason.is_empty());
    let code = task.stop_code().map(|code| code.as_str().to_owned());
    reason.map(str::to_owned).or(code).unwrap_or_else(|| "stopped".to_owned())
}

/// The container to blame: one that failed, else one that is unhealthy, else one that ended.
fn culprit(containers: &[sdk::Container]) -> Option<&sdk::Container> {
    let failed = |c: &&sdk::Container| c.exit_code().is_some_and(|code| code != 0);
    // 137 and 143 are what the others get when the task is stopped because of the first.
    let by_itself = |c: &&sdk::Container| failed(c) && !matches!(c.exit_code(), Some(137 | 143));
    let unhealthy = |c: &&sdk::Container| c.health_status() == Some(&sdk::HealthStatus::Unhealthy);
    let all = || containers.iter();
    all()
        .find(by_itself)
        .or_else(|| all().find(unhealthy))
        .or_else(|| all().find(failed))
        .or_else(|| all().find(|c| c.exit_code().is_some() && !has_helped(c)))
        .or_else(|| all().find(|c| !has_helped(c)))
        .or_else(|| containers.first())
}

/// Whether decklift added a container that runs before the others, and it succeeded.
fn has_helped(container: &sdk::Container) -> bool {
    let name = container.name().unwrap_or_default();
    container.exit_code() == Some(0)
        && (name.starts_with("decklift-") || name.contains("-decklift-"))
}

fn end(container: &sdk::Container) -> ContainerEnd {
    ContainerEnd {
        name: container.name().unwrap_or_default().to_owned(),
        exit_code: container.exit_code(),
        reason: container.reason().filter(|reason| !reason.is_empty()).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(code: sdk::TaskStopCode, reason: &str) -> sdk::Task {
        sdk::Task::builder().stop_code(code).stopped_reason(reason).build()
    }

    #[test]
    fn scaling_and_deployments_are_no_failures() {
        use sdk::TaskStopCode as Code;
        let scaled = "Scaling activity initiated by (deployment ecs-svc/1)";
        assert!(!should_not_have(&task(Code::ServiceSchedulerInitiated, scaled)));
        assert!(!should_not_have(&task(Code::UserInitiated, "Task stopped by user")));
        assert!(should_not_have(&task(
            Code::EssentialContainerExited,
            "Essential container exited"
        )));
        assert!(should_not_have(&task(Code::TaskFailedToStart, "CannotPullContainerError")));
        let sick = "Task failed ELB health checks in (target-group arn:x)";
        assert!(should_not_have(&task(Code::ServiceSchedulerInitiated, sick)));
        let sick = "Task failed container health checks";
        assert!(should_not_have(&task(Code::ServiceSchedulerInitiated, sick)));
    }

    #[test]
    fn the_container_that_failed_by_itself_is_to_blame() {
        let container =
            |name: &str, code: i32| sdk::Container::builder().name(name).exit_code(code).build();
        let all = [container("sidecar", 137), container("web", 1), container("init", 0)];
        assert_eq!(culprit(&all).and_then(|c| c.name()), Some("web"));
        assert_eq!(culprit(&all[..1]).and_then(|c| c.name()), Some("sidecar"));
        assert!(culprit(&[]).is_none());
        let sick = [
            container("web-decklift-secrets", 0),
            container("decklift-search-domain", 0),
            sdk::Container::builder().name("web").build(),
        ];
        assert_eq!(culprit(&sick).and_then(|c| c.name()), Some("web"));
        let fails = [container("web-decklift-secrets", 1), container("web", 137)];
        assert_eq!(culprit(&fails).and_then(|c| c.name()), Some("web-decklift-secrets"));
    }
}
