//! Services, their tasks and the health of their targets, as text.

use super::table::{Table, cut, wrap};
use crate::inspect::{Moment, PortState, ServiceState, State, TaskState};

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PsOptions {
    /// Columns; `None` where nobody reads it on a terminal: then every value stands in full.
    pub width: Option<usize>,
    /// What times are told from.
    pub now: Moment,
}

/// The digits of a task's id, or of a digest, that tell it from the others.
const SHORT: usize = 12;
const TASK: usize = 8;
/// The column of the image, and how little of it is still of use.
const IMAGE: usize = 4;
const LEAST: usize = 7;

/// One row a service, below it one a task and one a port behind a load balancer.
#[must_use]
pub fn text(services: &[ServiceState], options: PsOptions) -> String {
    let heads = service_table(services, options);
    let tasks = task_table(services, options);
    let mut heads = heads.lines().into_iter();
    let mut tasks = tasks.lines().into_iter();
    let mut lines: Vec<String> = heads.next().into_iter().collect();
    let any = services.iter().any(|service| !service.tasks.is_empty());
    // The task's titles stand where its rows do.
    lines.extend(tasks.next().filter(|_| any).map(|line| format!("  {line}")));
    for service in services {
        lines.extend(heads.next());
        let rows = tasks.by_ref().take(service.tasks.len());
        lines.extend(rows.map(|line| format!("  {line}")));
        let width = options.width.unwrap_or(usize::MAX);
        lines.extend(service.ports.iter().flat_map(|one| port(one, width)));
        lines.extend(service.reason.iter().flat_map(|reason| wrap(reason, "  ", width)));
    }
    if let Some(width) = options.width {
        lines = lines.iter().map(|line| cut(line, width)).collect();
    }
    lines.join("\n")
}

fn service_table(services: &[ServiceState], options: PsOptions) -> Table {
    let mut table = Table::default();
    table.row(["SERVICE", "TASKS", "ROLLOUT", "REVISION", "SINCE", ""]);
    for service in services {
        let note = if service.in_file { "" } else { "left the file" };
        if service.state == State::NotDeployed {
            table.row([service.service.as_str(), "-", service.state.label()]);
            continue;
        }
        let mut tasks = match service.job && service.tasks.is_empty() {
            true => "job".to_owned(),
            false => format!("{}/{}", service.running, service.desired),
        };
        if service.pending > 0 {
            tasks.push_str(&format!(" +{} pending", service.pending));
        }
        table.row([
            service.service.clone(),
            tasks,
            service.state.label().to_owned(),
            service.task_definition.clone().unwrap_or_default(),
            time(service.since, options),
            note.to_owned(),
        ]);
    }
    table
}

fn task_table(services: &[ServiceState], options: PsOptions) -> Table {
    let mut table = Table::default();
    table.row(["TASK", "STATUS", "HEALTH", "STARTED", "IMAGE", "ADDRESS"]);
    for task in services.iter().flat_map(|service| &service.tasks) {
        let full = options.width.is_none();
        table.row([
            if full { task.task.clone() } else { task.task.chars().take(TASK).collect() },
            task.status.to_lowercase(),
            // A task without a health check has none to tell.
            if task.health == "UNKNOWN" { "-".to_owned() } else { task.health.to_lowercase() },
            time(task.started, options),
            image(task, full),
            task.address.clone().unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    if let Some(width) = options.width {
        table.fit(IMAGE, width.saturating_sub(2), LEAST);
    }
    table
}

/// In full: the image with the digest that runs. Short: the digest's first digits, else the image's
/// last segment.
fn image(task: &TaskState, full: bool) -> String {
    let digest = task.digest.as_deref().or(task.image.split_once('@').map(|(_, digest)| digest));
    match (digest, full) {
        (Some(digest), true) if !task.image.contains('@') => format!("{}@{digest}", task.image),
        (_, true) => task.image.clone(),
        (Some(digest), false) => {
            let hash = digest.split_once(':').map_or(digest, |(_, hash)| hash);
            hash.chars().take(SHORT).collect()
        }
        (None, false) => task.image.rsplit('/').next().unwrap_or_default().to_owned(),
    }
}

fn time(moment: Option<Moment>, options: PsOptions) -> String {
    match (moment, options.width) {
        (None, _) => "-".to_owned(),
        (Some(moment), Some(_)) => moment.ago(options.now),
        (Some(moment), None) => moment.seconds(),
    }
}

/// A line for the port, and one for each of its targets that is not healthy.
fn port(port: &PortState, width: usize) -> Vec<String> {
    let healthy = port.targets.iter().filter(|target| target.state == "healthy").count();
    let count = port.targets.len();
    let noun = if count == 1 { "target" } else { "targets" };
    let mut lines = vec![format!("  port {}: {healthy} of {count} {noun} healthy", port.port)];
    for target in port.targets.iter().filter(|target| target.state != "healthy") {
        let why: Vec<&str> = [&target.reason, &target.description]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join(": ")) };
        lines.extend(wrap(&format!("{} {}{why}", target.target, target.state), "    ", width));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::TargetHealth;

    fn at(seconds: i64) -> Option<Moment> {
        Some(Moment::from_millis(seconds * 1000))
    }

    fn shop() -> Vec<ServiceState> {
        let task = |id: &str, health: &str, started| TaskState {
            task: format!("{id}00000000000000000000"),
            status: "RUNNING".to_owned(),
            health: health.to_owned(),
            started,
            image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/web".to_owned(),
            digest: Some(format!("sha256:{}", "0f".repeat(32))),
            address: Some("172.31.250.250".to_owned()),
            ..TaskState::default()
        };
        let target = |state: &str, reason: Option<&str>| TargetHealth {
            target: "172.31.250.250:80".to_owned(),
            state: state.to_owned(),
            reason: reason.map(str::to_owned),
            description: reason.map(|_| "Health checks failed with these codes: [500]".to_owned()),
        };
        let codes = Some("Target.ResponseCodeMismatch");
        let web = ServiceState {
            state: State::InProgress,
            reason: Some("ECS deployment ecs-svc/1 in progress.".to_owned()),
            desired: 2,
            running: 1,
            pending: 1,
            task_definition: Some("shop-web:18".to_owned()),
            since: at(500),
            tasks: vec![
                task("3f2a1c9e", "HEALTHY", at(0)),
                TaskState {
                    status: "PROVISIONING".to_owned(),
                    digest: None,
                    address: None,
                    ..task("b27e44d1", "UNKNOWN", None)
                },
            ],
            ports: vec![PortState {
                port: 80,
                targets: vec![target("healthy", None), target("unhealthy", codes)],
            }],
            ..ServiceState::not_deployed("web", "shop-web")
        };
        let old = ServiceState {
            state: State::Completed,
            in_file: false,
            desired: 1,
            running: 1,
            task_definition: Some("shop-old:3".to_owned()),
            since: at(400),
            tasks: vec![task("aaaabbbb", "UNKNOWN", at(590))],
            ..ServiceState::not_deployed("old", "shop-old")
        };
        vec![web, ServiceState::not_deployed("db", "shop-db"), old]
    }

    #[test]
    fn on_a_terminal_of_eighty_columns_nothing_wraps() {
        let options = PsOptions { width: Some(80), now: at(600).expect("a moment") };
        let text = text(&shop(), options);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn elsewhere_every_value_stands_in_full() {
        let options = PsOptions { width: None, now: at(600).expect("a moment") };
        insta::assert_snapshot!(text(&shop(), options));
    }

    #[test]
    fn a_narrow_terminal_costs_the_image_first() {
        let options = PsOptions { width: Some(70), now: at(600).expect("a moment") };
        let text = text(&shop(), options);
        assert!(text.contains("0f0f0f…") && text.contains("172.31.250.250"), "{text}");
    }
}
