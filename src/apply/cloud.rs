//! What the scheduler asks of the world.

use std::collections::BTreeMap;
use std::future::Future;

use crate::ecs::desired::{Attribute, Body, Desired, Job, ResourceId, Service};
use crate::event::{TargetHealth, TaskFailure};
use crate::plan::{Action, Actual, Change, Observed, RolloutState};

/// What kind of fault AWS, or the way to it, has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloudErrorKind {
    /// No credentials, or AWS does not accept them.
    Credentials,
    /// No region was given.
    Region,
    /// The endpoint does not answer.
    Unreachable,
    /// The caller may not do it.
    AccessDenied,
    /// The thing does not exist.
    NotFound,
    /// Somebody else made a thing of this name.
    NotOurs,
    /// An image could not be built or pushed.
    Image,
    /// Another run holds the lock.
    Lock,
    /// Anything else that AWS says.
    Service,
}

/// A call that failed: what was tried, on what, what AWS said, and what to do next.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{operation}{}: {message}", .resource.as_deref().map(|r| format!(" for {r}")).unwrap_or_default())]
pub struct CloudError {
    /// What kind of fault it is.
    pub kind: CloudErrorKind,
    /// The API operation, such as `ecs:CreateService`.
    pub operation: String,
    /// The resource, as `kind/name`.
    pub resource: Option<String>,
    /// The error code, such as `InvalidParameterException`.
    pub code: Option<String>,
    /// What AWS said.
    pub message: String,
    /// The request's id, which AWS's support asks for.
    pub request_id: Option<String>,
    /// What to do next.
    pub help: Option<String>,
    /// The mount or config that it is about, by its path on this machine or in the container.
    pub subject: Option<String>,
}

impl CloudError {
    /// An error with nothing but a kind, an operation and a message.
    pub fn new(
        kind: CloudErrorKind,
        operation: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            operation: operation.into(),
            resource: None,
            code: None,
            message: message.into(),
            request_id: None,
            help: None,
            subject: None,
        }
    }

    /// Says the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Names the resource.
    #[must_use]
    pub fn on(mut self, id: &ResourceId) -> Self {
        self.resource.get_or_insert_with(|| id.to_string());
        self
    }
}

/// What a change left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// What AWS gave the resource.
    pub attributes: BTreeMap<Attribute, String>,
    /// Of a service: the id of the deployment that the call made PRIMARY.
    pub deployment: Option<String>,
    /// A few words for people, such as `revision 7`.
    pub detail: Option<String>,
}

/// One deployment of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// `ecs-svc/…`
    pub id: String,
    /// Whether it is the PRIMARY one.
    pub primary: bool,
    /// The revision's ARN.
    pub task_definition: String,
    /// How far it is.
    pub state: RolloutState,
    /// What ECS says about the state.
    pub reason: Option<String>,
    /// Tasks wanted.
    pub desired: i32,
    /// Tasks that run.
    pub running: i32,
    /// Tasks on their way.
    pub pending: i32,
    /// Tasks that failed.
    pub failed: i32,
}

/// Something that ECS said about a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEvent {
    /// Its id.
    pub id: String,
    /// Seconds since 1970, with fractions as milliseconds.
    pub at_millis: i64,
    /// What it says.
    pub message: String,
}

/// A service as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceStatus {
    /// Tasks wanted.
    pub desired: i32,
    /// Tasks that run, of any deployment.
    pub running: i32,
    /// Its deployments, the PRIMARY one first.
    pub deployments: Vec<Deployment>,
    /// What ECS said, newest first.
    pub events: Vec<ServiceEvent>,
}

/// One run of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRun {
    /// The request, with every reference filled in.
    pub body: Job,
    /// The release in whose course it runs. A deploy that goes on where another one was
    /// interrupted goes on with that one's number, and so finds its tasks.
    pub release: u64,
    /// The container whose end is the job's end.
    pub container: String,
    /// The log group that it writes to, and the prefix of its streams.
    pub log: Option<(String, String)>,
}

/// How far a job's task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It is on its way.
    Pending,
    /// Its containers run.
    Running,
    /// It ended.
    Stopped,
}

/// One task of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobTask {
    /// The task's ARN.
    pub arn: String,
    /// How far it is.
    pub state: JobState,
    /// The exit code of the job's container, when it ran.
    pub exit_code: Option<i32>,
    /// Of a task that ended without an exit code of 0: why.
    pub failure: Option<TaskFailure>,
}

/// Lines of a log, and where the next ones begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPage {
    /// The lines, oldest first.
    pub lines: Vec<String>,
    /// What the next question starts from.
    pub position: Option<String>,
}

/// AWS, or something that stands for it.
///
/// Every call can be repeated: a creation whose answer was lost finds what it made.
pub trait Cloud {
    /// Reads what there is of a stack.
    fn observe(&self, desired: &Desired) -> impl Future<Output = Result<Actual, CloudError>>;

    /// Makes a resource whose references are all filled in. `idle` makes a service without tasks.
    fn create(
        &self,
        id: &ResourceId,
        body: &Body,
        idle: bool,
    ) -> impl Future<Output = Result<Changed, CloudError>>;

    /// Removes the differences between what there is and `body`. `action` is
    /// [`Action::Update`], [`Action::NewDeployment`] (with a forced deployment where no difference
    /// would start one) or [`Action::Stop`] (scales to nothing and returns when no task is left).
    fn update(
        &self,
        id: &ResourceId,
        body: &Body,
        action: Action,
        changes: &[Change],
    ) -> impl Future<Output = Result<Changed, CloudError>>;

    /// Deletes a resource; a resource that is gone already is no error.
    fn delete(
        &self,
        id: &ResourceId,
        observed: &Observed,
    ) -> impl Future<Output = Result<(), CloudError>>;

    /// How a service stands.
    fn status(&self, service: &Service) -> impl Future<Output = Result<ServiceStatus, CloudError>>;

    /// The tasks of a deployment that stopped and should not have, newest first, each with the last
    /// lines that it logged.
    fn failures(
        &self,
        service: &Service,
        deployment: &str,
    ) -> impl Future<Output = Result<Vec<TaskFailure>, CloudError>>;

    /// What the load balancer thinks of a service's targets; nothing for a service without one.
    fn target_health(
        &self,
        service: &Service,
    ) -> impl Future<Output = Result<Vec<TargetHealth>, CloudError>>;

    /// Starts the tasks of a job, or finds those that were started under the same release: a job
    /// that succeeded then is not run again, one that runs is not started twice. ARNs of the tasks.
    fn run_job(&self, run: &JobRun) -> impl Future<Output = Result<Vec<String>, CloudError>>;

    /// How the tasks of a job stand, in the order of the ARNs.
    fn job_tasks(
        &self,
        run: &JobRun,
        tasks: &[String],
    ) -> impl Future<Output = Result<Vec<JobTask>, CloudError>>;

    /// What a task of a job has logged since `position`.
    fn job_log(
        &self,
        run: &JobRun,
        task: &str,
        position: Option<String>,
    ) -> impl Future<Output = Result<LogPage, CloudError>>;

    /// Keeps that the job's revision has completed, for later plans.
    fn complete_job(&self, run: &JobRun) -> impl Future<Output = Result<(), CloudError>>;
}
