use serde::Serialize;

use super::Moment;
use crate::event::TargetHealth;

/// How a service's newest deployment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// ECS has no service of this name.
    NotDeployed,
    /// Of a job: it has not run yet.
    NotRun,
    /// Of a job: it runs.
    Running,
    /// Tasks are being replaced.
    InProgress,
    /// Every task runs the newest revision; of a job: its last task exited with 0.
    Completed,
    /// It failed, and nothing was rolled back; of a job: its last task did not exit with 0.
    Failed,
    /// A deployment failed, and ECS went back to an older revision.
    RolledBack,
}

impl State {
    /// In words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::NotDeployed => "not deployed",
            Self::NotRun => "not run",
            Self::Running => "running",
            Self::InProgress => "in progress",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::RolledBack => "rolled back",
        }
    }
}

/// One task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TaskState {
    /// Its id: the last segment of its ARN.
    pub task: String,
    /// `PROVISIONING`, `PENDING`, `RUNNING`, `STOPPED` …
    pub status: String,
    /// `HEALTHY`, `UNHEALTHY`, or `UNKNOWN` where no container has a health check.
    pub health: String,
    /// `family:revision`
    pub task_definition: String,
    /// When it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Moment>,
    /// When its containers ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Moment>,
    /// The image as the task definition names it.
    pub image: String,
    /// `sha256:…`, once the image has been pulled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Its private IPv4 address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The exit code of its container, once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
}

/// A port behind a load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PortState {
    /// The container's port.
    pub port: i32,
    /// What the load balancer thinks of each target.
    pub targets: Vec<TargetHealth>,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServiceState {
    /// The Compose service.
    pub service: String,
    /// The ECS service.
    pub name: String,
    /// Whether the Compose file still has it.
    pub in_file: bool,
    /// Whether it runs to completion.
    pub job: bool,
    /// How its newest deployment stands.
    pub state: State,
    /// What ECS says about the state, where that is nothing good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Tasks wanted.
    pub desired: i32,
    /// Tasks that run.
    pub running: i32,
    /// Tasks on their way.
    pub pending: i32,
    /// `family:revision` of the newest deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// When the newest deployment began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
    /// Its tasks that are not stopped, oldest first.
    pub tasks: Vec<TaskState>,
    /// Its ports behind load balancers.
    pub ports: Vec<PortState>,
}

impl ServiceState {
    /// A service that ECS does not have.
    #[must_use]
    pub fn not_deployed(service: &str, name: &str) -> Self {
        Self {
            service: service.to_owned(),
            name: name.to_owned(),
            in_file: true,
            job: false,
            state: State::NotDeployed,
            reason: None,
            desired: 0,
            running: 0,
            pending: 0,
            task_definition: None,
            since: None,
            tasks: Vec::new(),
            ports: Vec::new(),
        }
    }
}

/// In the order of the Compose file, each with what was found of it; then what was found and left the
/// file, by name. `file` holds Compose service and ECS service.
#[must_use]
pub fn arrange(file: &[(String, String)], mut found: Vec<ServiceState>) -> Vec<ServiceState> {
    let mut arranged: Vec<_> = file
        .iter()
        .map(|(service, name)| {
            let place = found.iter().position(|state| state.service == *service);
            place.map_or_else(
                || ServiceState::not_deployed(service, name),
                |place| ServiceState { in_file: true, ..found.swap_remove(place) },
            )
        })
        .collect();
    found.sort_by(|a, b| a.service.cmp(&b.service));
    arranged.extend(found.into_iter().map(|state| ServiceState { in_file: false, ..state }));
    arranged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_the_file_s_and_what_left_it_comes_last() {
        let found = |service: &str| ServiceState {
            state: State::Completed,
            ..ServiceState::not_deployed(service, &format!("shop-{service}"))
        };
        let file = ["web", "api", "db"].map(|name| (name.to_owned(), format!("shop-{name}")));
        let all = arrange(&file, vec![found("old"), found("db"), found("ancient"), found("web")]);
        let told: Vec<_> =
            all.iter().map(|s| (s.service.as_str(), s.in_file, s.state.label())).collect();
        assert_eq!(
            told,
            [
                ("web", true, "completed"),
                ("api", true, "not deployed"),
                ("db", true, "completed"),
                ("ancient", false, "completed"),
                ("old", false, "completed"),
            ]
        );
    }
}
