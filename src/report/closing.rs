//! What a deploy that did not succeed says last.

use serde::Serialize;

use super::harmless;
use super::state::harmless_failure;
use crate::event::TaskFailure;
use crate::render::render;

/// One thing that failed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Failure {
    /// `kind/name`, or the service.
    pub what: String,
    /// Where it stands in the Compose file: `file:line:column`.
    pub place: Option<String>,
    /// Why it failed. What a program said in lines of its own stands in lines of its own.
    pub reason: String,
    /// The lines below the reason's first one; taken from it.
    pub lines: Vec<String>,
    /// The tasks that stopped.
    pub tasks: Vec<TaskFailure>,
    /// The state that AWS is in now.
    pub state: Option<String>,
    /// The way out.
    pub help: Option<String>,
}

/// The whole report.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Closing {
    /// How the deploy ended.
    pub title: String,
    /// What failed.
    pub failures: Vec<Failure>,
    /// How many steps were done, of how many; nothing where there were none.
    pub done: Option<(usize, usize)>,
    /// What was not started because of it.
    pub skipped: Vec<String>,
    /// The next command.
    pub next: String,
}

/// The report as text, with nothing in it that steers a terminal.
#[must_use]
pub fn text(closing: &Closing) -> String {
    let mut closing = closing.clone();
    for failure in &mut closing.failures {
        let reason = std::mem::take(&mut failure.reason);
        let mut lines = reason.lines().map(harmless);
        failure.reason = lines.next().unwrap_or_default();
        failure.lines.extend(lines);
        failure.tasks = failure.tasks.iter().map(harmless_failure).collect();
    }
    let closing = &closing;
    // A template that cannot be filled in must not hide the failure itself.
    render("closing.txt", closing).unwrap_or_else(|error| {
        let reasons: Vec<&str> = closing.failures.iter().map(|f| f.reason.as_str()).collect();
        format!("{}\n{}\n({error})", closing.title, reasons.join("\n"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ContainerEnd;

    #[test]
    fn it_says_what_why_where_the_state_and_what_next() {
        let closing = Closing {
            title: "deployment failed".to_owned(),
            failures: vec![
                Failure {
                    lines: Vec::new(),
                    what: "service web".to_owned(),
                    place: Some("compose.yaml:4:3".to_owned()),
                    reason: "tasks failed to start.".to_owned(),
                    tasks: vec![TaskFailure {
                        task: "b27e44d1".to_owned(),
                        address: None,
                        reason: "Essential container in task exited".to_owned(),
                        containers: vec![
                            ContainerEnd {
                                name: "web".to_owned(),
                                exit_code: Some(1),
                                reason: None,
                            },
                            ContainerEnd {
                                name: "side".to_owned(),
                                exit_code: None,
                                reason: Some("CannotPullContainerError".to_owned()),
                            },
                        ],
                        log: vec!["cannot connect to redis:6379".to_owned()],
                        targets: Vec::new(),
                    }],
                    state: Some("rolled back to shop-web:17".to_owned()),
                    help: None,
                },
                Failure {
                    lines: Vec::new(),
                    what: "role/api".to_owned(),
                    reason: "not allowed".to_owned(),
                    help: Some("allow iam:CreateRole".to_owned()),
                    ..Failure::default()
                },
            ],
            done: Some((12, 15)),
            skipped: vec!["service/worker".to_owned()],
            next: "decklift deploy".to_owned(),
        };
        insta::assert_snapshot!(text(&closing), @r"
        deployment failed

          service web  (compose.yaml:4:3)
            why    tasks failed to start.
            task   b27e44d1: Essential container in task exited
                   container web exited with 1
                   container side: CannotPullContainerError
                   | cannot connect to redis:6379
            state  rolled back to shop-web:17

          role/api
            why    not allowed
            help   allow iam:CreateRole

          done: 12 of 15 steps

          not done: service/worker

          next: decklift deploy
        ");
    }
}
