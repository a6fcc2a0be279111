//! What happens while decklift works, as data. Logic emits events, `report` draws them.

mod scan;

use serde::Serialize;

pub use scan::{ImageScan, ScanFinding, Severity};

/// How an image is coming along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum ImageProgress {
    /// The builder started.
    Building,
    /// A line that the builder printed.
    Line {
        /// The line.
        line: String,
    },
    /// The upload started.
    Pushing,
    /// Bytes uploaded so far.
    Uploaded {
        /// Bytes.
        done: u64,
        /// Bytes; 0 when unknown.
        total: u64,
    },
    /// Layers that the repository has so far: uploaded, or there before.
    Layers {
        /// Layers.
        done: u64,
        /// As many as are known so far.
        total: u64,
    },
    /// It stands in the repository.
    Pushed {
        /// `sha256:…`
        digest: String,
    },
    /// ECR's scan of it is waited for.
    Scanning {
        /// ECR's word for the state of the scan.
        status: String,
    },
}

/// An image that a task definition may name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImageReady {
    /// The Compose service.
    pub service: String,
    /// Its repository.
    pub repository: String,
    /// Its tag there.
    pub tag: String,
    /// Its digest: `sha256:…`
    pub digest: String,
    /// What a task definition names: registry, repository and digest.
    pub uri: String,
    /// Whether it was not there before.
    pub pushed: bool,
}

/// How a service's rollout stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RolloutProgress {
    /// `family:revision` of the new deployment.
    pub task_definition: String,
    /// `family:revision` that it replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Tasks wanted.
    pub desired: i32,
    /// Tasks of the new deployment that run.
    pub running: i32,
    /// Tasks of the new deployment that are on their way.
    pub pending: i32,
    /// Tasks of the new deployment that failed.
    pub failed: i32,
    /// Tasks of older deployments that still run.
    pub old: i32,
    /// Failed tasks at which the circuit breaker gives up, when it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<i32>,
}

/// A task that stopped and should not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TaskFailure {
    /// The task's id.
    pub task: String,
    /// Its private address, by which load balancers know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Why ECS says it stopped.
    pub reason: String,
    /// The containers that ended: name, exit code, reason.
    pub containers: Vec<ContainerEnd>,
    /// The last lines that it logged, oldest first.
    pub log: Vec<String>,
    /// What the load balancer last said of it, where that was nothing good.
    pub targets: Vec<TargetHealth>,
}

/// What a load balancer thinks of one target (ELBv2 API reference, `TargetHealthDescription`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TargetHealth {
    /// `address:port`
    pub target: String,
    /// `initial`, `healthy`, `unhealthy`, `draining` …
    pub state: String,
    /// Such as `Target.ResponseCodeMismatch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Such as `Health checks failed with these codes: [500]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// How a job is coming along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum JobProgress {
    /// Its task was asked for, or found where an earlier run had asked for it.
    Started {
        /// The task's id.
        task: String,
        /// `family:revision`
        task_definition: String,
    },
    /// Its containers run.
    Running,
    /// It ended.
    Ended {
        /// The exit code of its container, when it ran.
        #[serde(skip_serializing_if = "Option::is_none")]
        exit_code: Option<i32>,
    },
}

/// What a row of a deploy is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowKind {
    /// An ECS service.
    Service,
    /// A task that runs to completion.
    Job,
}

/// What somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// It was created or updated.
    Started,
    /// Its deployment succeeded.
    Healthy,
    /// It exited with 0.
    Completed,
}

/// A service of the Compose file in a deploy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServiceRow {
    /// The Compose service.
    pub service: String,
    /// A service or a job.
    pub kind: RowKind,
    /// Whether the plan has nothing to do for it.
    pub unchanged: bool,
    /// The Compose services that it waits for, and until when.
    pub waits: Vec<(String, Until)>,
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ContainerEnd {
    /// Its name.
    pub name: String,
    /// Its exit code, when it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Why, when ECS says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A command began its work on AWS.
    Started {
        /// `deploy`, `down` …
        command: String,
        /// The stack: project, or project and environment.
        stack: String,
        /// The region.
        region: String,
        /// How many services there are.
        services: usize,
        /// How many steps the plan has.
        steps: usize,
        /// The environment, when one was named.
        #[serde(skip_serializing_if = "Option::is_none")]
        environment: Option<String>,
        /// The services and jobs, in the order of the file; none for a command that rolls nothing
        /// out.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        rows: Vec<ServiceRow>,
        /// The services whose images are to be built or pushed.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        images: Vec<String>,
    },
    /// There is more to do than was said when it began: what went ahead was done, and the rest was
    /// compared with AWS.
    Continued {
        /// How many steps come on top.
        steps: usize,
        /// The services and jobs that they roll out.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        rows: Vec<ServiceRow>,
        /// The services whose images are to be built or pushed.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        images: Vec<String>,
    },
    /// The lock was taken under this release number.
    Release {
        /// The number.
        number: u64,
    },
    /// Something worth a line.
    Note {
        /// The line.
        message: String,
    },
    /// An image moved on.
    Image {
        /// The Compose service.
        service: String,
        /// How far it is.
        #[serde(flatten)]
        progress: ImageProgress,
    },
    /// An image stands in its repository.
    ImageReady(ImageReady),
    /// The scan of an image is over.
    Scanned(ImageScan),
    /// A step began.
    StepStarted {
        /// Its index in the plan.
        step: usize,
        /// `kind/name`
        resource: String,
        /// `create`, `update` …
        action: String,
    },
    /// A step is done.
    StepDone {
        /// Its index in the plan.
        step: usize,
        /// `kind/name`
        resource: String,
        /// `create`, `update` …
        action: String,
        /// What came of it, in a few words.
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// A step failed.
    StepFailed {
        /// Its index in the plan.
        step: usize,
        /// `kind/name`
        resource: String,
        /// `create`, `update` …
        action: String,
        /// Why.
        error: String,
    },
    /// A step was not started.
    StepSkipped {
        /// Its index in the plan.
        step: usize,
        /// `kind/name`
        resource: String,
        /// `create`, `update` …
        action: String,
        /// Why: the resource of the failed step, or that the run was interrupted.
        because: String,
    },
    /// A rollout moved on.
    Rollout {
        /// The Compose service.
        service: String,
        /// How it stands.
        progress: RolloutProgress,
    },
    /// ECS said something about a service.
    ServiceMessage {
        /// The Compose service.
        service: String,
        /// What ECS said.
        message: String,
    },
    /// A task stopped and should not have.
    TaskFailed {
        /// The Compose service.
        service: String,
        /// The task.
        failure: TaskFailure,
    },
    /// What the load balancer thinks of a service's targets changed.
    Targets {
        /// The Compose service.
        service: String,
        /// Its targets.
        targets: Vec<TargetHealth>,
    },
    /// A job moved on.
    Job {
        /// The Compose service.
        service: String,
        /// How it stands.
        #[serde(flatten)]
        progress: JobProgress,
    },
    /// A line that a job logged.
    Log {
        /// The Compose service.
        service: String,
        /// The line.
        line: String,
    },
    /// Somebody asked the command to stop: what has started is finished, nothing new is begun.
    Stopping,
    /// A place where the application answers.
    Endpoint {
        /// The Compose service.
        service: String,
        /// The URL.
        url: String,
    },
    /// The command is over.
    Finished {
        /// `done`, `nothing-to-do`, `failed`, `deployment-failed`, `rolled-back`,
        /// `job-failed`, `timed-out`, `interrupted`
        outcome: String,
        /// Seconds that it took.
        seconds: u64,
    },
}

/// Takes events in the order in which they happen.
pub trait Events {
    /// Takes one.
    fn emit(&self, event: Event);
}

impl<F: Fn(Event)> Events for F {
    fn emit(&self, event: Event) {
        self(event);
    }
}
