//! Jobs: tasks that a deploy runs to their end.

use std::collections::BTreeMap;

use aws_sdk_ecs::types as sdk;
use futures_util::future::{try_join, try_join_all};
use sha2::{Digest, Sha256};

use super::failures::LogPlace;
use super::instance;
use super::task_definition::family_of;
use super::{SETTLE, last_segment, tasks};
use crate::apply::cloud::{CloudError, CloudErrorKind, JobRun, JobState, JobTask, LogPage};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::linked_role::is_missing;
use crate::aws::observe::Found;
use crate::aws::values::{some, text};
use crate::ecs::desired::{Body, Desired, Job, Kind, ResourceId};
use crate::plan::Actual;

/// The tag of a revision that a job has completed with; its value is the release.
pub(super) const COMPLETED: &str = "decklift:completed";

/// Pages of a log that are read in one look, so that a job that never stops talking cannot hold it.
const PAGES: usize = 20;

impl Aws {
    /// A job whose end was missed because decklift was killed is found again by who started it: ECS
    /// shows stopped tasks for at least an hour (ECS developer guide, "Viewing stopped tasks").
    pub(in crate::aws) async fn run_tasks(&self, run: &JobRun) -> Result<Vec<String>, CloudError> {
        let Job { cluster, task_definition, count, started_by, .. } = &run.body;
        let revision = text(task_definition)?;
        let family = family_of(revision);
        let (running, stopped) = try_join(
            self.tasks_of_family(cluster, family, sdk::DesiredStatus::Running),
            self.tasks_of_family(cluster, family, sdk::DesiredStatus::Stopped),
        )
        .await?;
        let prefix = started_by.replace(Job::RELEASE, "");
        let jobs = |task: &&sdk::Task| task.started_by().is_some_and(|by| by.starts_with(&prefix));
        let same = |task: &&sdk::Task| task.task_definition_arn() == Some(revision);
        if let Some(other) = running.iter().filter(jobs).find(|task| !same(task)) {
            return Err(still_running(other));
        }
        let by = started_by.replace(Job::RELEASE, &run.release.to_string());
        let is_ours = |task: &&sdk::Task| same(task) && task.started_by() == Some(by.as_str());
        let mut ours: Vec<&sdk::Task> = running.iter().filter(jobs).collect();
        let adopted = !ours.is_empty();
        ours.extend(stopped.iter().filter(is_ours));
        ours.sort_by_key(|task| std::cmp::Reverse(task.created_at().map(|at| at.as_nanos())));
        ours.truncate(usize::try_from(*count).unwrap_or(1));
        let succeeded = |task: &&sdk::Task| exit_code(task, &run.container) == Some(0);
        if adopted || (!ours.is_empty() && ours.iter().all(succeeded)) {
            return Ok(arns(ours.into_iter()));
        }
        // A failed attempt is not to be found again by the token of the next one.
        let token = token(&run.body, &by, &arns(ours.into_iter()));
        self.start_tasks(&run.body, by, token).await
    }

    async fn start_tasks(
        &self,
        body: &Job,
        started_by: String,
        token: String,
    ) -> Result<Vec<String>, CloudError> {
        // A role that was made a moment ago is not known everywhere yet.
        let passes = |error: &CloudError| {
            error.says("ClientException", "role is not valid")
                || error.says("ClientException", "unable to assume")
                || is_missing(error)
        };
        let call = || async {
            let call = request(self, body)?.started_by(&started_by).client_token(&token);
            self.linking(call.send().await.or_fail("ecs:RunTask")).await
        };
        let answer = self.pace.persist(SETTLE, passes, call).await?;
        let wanted = usize::try_from(body.count).unwrap_or(1);
        if answer.tasks().len() < wanted {
            return Err(not_placed(answer.failures()));
        }
        Ok(arns(answer.tasks().iter()))
    }

    async fn tasks_of_family(
        &self,
        cluster: &str,
        family: &str,
        status: sdk::DesiredStatus,
    ) -> Result<Vec<sdk::Task>, CloudError> {
        let call = self.ecs().list_tasks().cluster(cluster).family(family);
        let arns = tasks::list(call.desired_status(status)).await?;
        self.describe_tasks(cluster, &arns).await
    }

    pub(in crate::aws) async fn tasks_of_job(
        &self,
        run: &JobRun,
        tasks: &[String],
    ) -> Result<Vec<JobTask>, CloudError> {
        let found = self.describe_tasks(&run.body.cluster, tasks).await?;
        let by_arn: BTreeMap<_, _> =
            found.iter().filter_map(|task| Some((task.task_arn()?, task))).collect();
        let mut list = Vec::with_capacity(tasks.len());
        for arn in tasks {
            let one = match by_arn.get(arn.as_str()) {
                Some(task) => self.job_task(run, arn, task).await,
                // What was started a moment ago may not be seen yet.
                None => JobTask {
                    arn: arn.clone(),
                    state: JobState::Pending,
                    exit_code: None,
                    failure: None,
                },
            };
            list.push(one);
        }
        Ok(list)
    }

    async fn job_task(&self, run: &JobRun, arn: &str, task: &sdk::Task) -> JobTask {
        let state = match task.last_status() {
            Some("STOPPED") => JobState::Stopped,
            Some("RUNNING" | "DEACTIVATING" | "STOPPING" | "DEPROVISIONING") => JobState::Running,
            _ => JobState::Pending,
        };
        let exit_code = exit_code(task, &run.container);
        let failure = match state {
            JobState::Stopped if exit_code != Some(0) => {
                let place = run.log.clone().map(|(group, prefix)| LogPlace { group, prefix });
                let places = place.map(|place| (run.container.clone(), place));
                Some(self.tell(task, Some(&places.into_iter().collect())).await)
            }
            _ => None,
        };
        JobTask { arn: arn.to_owned(), state, exit_code, failure }
    }

    pub(in crate::aws) async fn log_of_job(
        &self,
        run: &JobRun,
        task: &str,
        position: Option<String>,
    ) -> Result<LogPage, CloudError> {
        let mut page = LogPage { lines: Vec::new(), position };
        let Some((group, prefix)) = &run.log else { return Ok(page) };
        let stream = format!("{prefix}/{}/{}", run.container, last_segment(task));
        for _ in 0..PAGES {
            let call = self.logs().get_log_events().log_group_name(group).log_stream_name(&stream);
            let call = call.start_from_head(true).set_next_token(page.position.clone());
            let answer = match call.send().await.or_fail("logs:GetLogEvents") {
                // The stream is made with the first line.
                Err(error) if error.is(&["ResourceNotFoundException"]) => break,
                answer => answer?,
            };
            let lines = answer.events().iter().filter_map(|event| event.message());
            page.lines.extend(lines.map(|line| line.trim_end().to_owned()));
            let next = answer.next_forward_token().map(str::to_owned);
            // At the end the answer's token is the one that was sent (API reference).
            let end = next.is_none() || next == page.position || answer.events().is_empty();
            page.position = next.or(page.position);
            if end {
                break;
            }
        }
        Ok(page)
    }

    pub(in crate::aws) async fn mark_completed(&self, run: &JobRun) -> Result<(), CloudError> {
        let tag = sdk::Tag::builder().key(COMPLETED).value(run.release.to_string()).build();
        self.tag_ecs(text(&run.body.task_definition)?, vec![tag]).await
    }

    /// A job is there for as long as a task of it runs. What it has completed stands in the revision
    /// that it ran.
    pub(in crate::aws) async fn read_jobs(
        &self,
        desired: &Desired,
        actual: &mut Actual,
    ) -> Result<(), CloudError> {
        if !actual.resources.keys().any(|id| id.kind == Kind::Cluster) {
            return Ok(());
        }
        let known: &Actual = actual;
        let jobs = desired.resources.values().filter(|resource| resource.id.kind == Kind::Job);
        let running = jobs.map(|resource| async move {
            let look_up =
                |id: &ResourceId, attribute| known.attribute(id, attribute).map(str::to_owned);
            let body = resource.body.resolve(&look_up);
            let Body::Job(job) = &body else { return Ok(None) };
            let Some(revision) = job.task_definition.known() else { return Ok(None) };
            let tasks = self
                .tasks_of_family(&job.cluster, family_of(revision), sdk::DesiredStatus::Running)
                .await?;
            let found = (!tasks.is_empty()).then(|| (resource.id.clone(), Found::new(body)));
            Ok::<_, CloudError>(found)
        });
        let running = try_join_all(running).await?;
        for (id, found) in running.into_iter().flatten() {
            actual.resources.insert(id, found.observed);
        }
        Ok(())
    }

    /// Stops what runs of a job, and waits: its tasks hold volumes and security groups.
    pub(in crate::aws) async fn delete_job(&self, body: &Job) -> Result<(), CloudError> {
        let family = family_of(text(&body.task_definition)?);
        let running = sdk::DesiredStatus::Running;
        let tasks = self.tasks_of_family(&body.cluster, family, running).await?;
        self.stop_tasks(&body.cluster, tasks.iter()).await?;
        self.await_stopped(&body.cluster, &arns(tasks.iter())).await
    }

    async fn stop_tasks(
        &self,
        cluster: &str,
        tasks: impl Iterator<Item = &sdk::Task>,
    ) -> Result<(), CloudError> {
        let stops = tasks.filter_map(|task| task.task_arn()).map(|arn| {
            let call = self.ecs().stop_task().cluster(cluster).task(arn);
            let call = call.reason("decklift deletes the stack");
            async move { call.send().await.or_fail("ecs:StopTask").map(|_| ()) }
        });
        try_join_all(stops).await.map(|_| ())
    }

    /// Stops the tasks that jobs left running; a cluster with tasks cannot be deleted.
    pub(super) async fn stop_jobs(&self, cluster: &str) -> Result<(), CloudError> {
        let arns = tasks::list(self.ecs().list_tasks().cluster(cluster)).await?;
        let tasks = self.describe_tasks(cluster, &arns).await?;
        let of_a_job = |task: &&sdk::Task| {
            task.group().is_some_and(|group| group.starts_with("family:"))
                && task.last_status() != Some("STOPPED")
        };
        self.stop_tasks(cluster, tasks.iter().filter(of_a_job)).await
    }
}

fn request(
    aws: &Aws,
    body: &Job,
) -> Result<aws_sdk_ecs::operation::run_task::builders::RunTaskFluentBuilder, CloudError> {
    let Job {
        cluster,
        task_definition,
        count,
        launch_type,
        capacity_provider_strategy,
        platform_version,
        placement_constraints,
        placement_strategy,
        network_configuration,
        volume_configurations,
        started_by: _,
        client_token: _,
        enable_ecs_managed_tags,
        tags,
    } = body;
    Ok(aws
        .ecs()
        .run_task()
        .cluster(cluster)
        .task_definition(text(task_definition)?)
        .count(*count)
        .set_launch_type(launch_type.as_deref().map(Into::into))
        .set_capacity_provider_strategy(some(super::shape::strategy(capacity_provider_strategy)?))
        .set_platform_version(super::shape::version(platform_version))
        .set_placement_constraints(some(instance::constraints(placement_constraints)))
        .set_placement_strategy(some(instance::strategies(placement_strategy)))
        .set_network_configuration(super::shape::network(network_configuration)?)
        .set_volume_configurations(some(super::ebs::of_job(volume_configurations)?))
        .enable_ecs_managed_tags(*enable_ecs_managed_tags)
        .set_tags(super::to_sdk_tags(tags)))
}

/// The same request in the same release, after the same failed attempts, has the same token.
fn token(body: &Job, started_by: &str, attempts: &[String]) -> String {
    let text = serde_json::to_string(&(body, started_by, attempts)).unwrap_or_default();
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn exit_code(task: &sdk::Task, container: &str) -> Option<i32> {
    let stopped = task.last_status() == Some("STOPPED");
    let own = task.containers().iter().find(|c| c.name() == Some(container));
    own.filter(|_| stopped)?.exit_code()
}

fn arns<'a>(tasks: impl Iterator<Item = &'a sdk::Task>) -> Vec<String> {
    tasks.filter_map(|task| task.task_arn().map(str::to_owned)).collect()
}

fn still_running(task: &sdk::Task) -> CloudError {
    let id = last_segment(task.task_arn().unwrap_or_default());
    let revision = last_segment(task.task_definition_arn().unwrap_or_default());
    let message = format!("task {id} still runs the job as {revision}");
    CloudError::new(CloudErrorKind::Service, "run the job", message)
        .help("wait for its end, or stop it with `aws ecs stop-task`, and deploy again")
}

fn not_placed(failures: &[sdk::Failure]) -> CloudError {
    let reasons: Vec<_> = failures.iter().filter_map(|f| f.reason().or(f.detail())).collect();
    let reason = if reasons.is_empty() { "no reason given".to_owned() } else { reasons.join(", ") };
    let message = format!("ECS started no task for the job: {reason}");
    CloudError::new(CloudErrorKind::Service, "ecs:RunTask", message)
        .help("deploy again: what was done stays done")
}

#[cfg(test)]
#[path = "job_tests.rs"]
mod tests;
