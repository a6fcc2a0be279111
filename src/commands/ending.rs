//! How a command that applied a plan ended, for people and for programs.

use std::cell::{Ref, RefCell};

use super::prepare::{App, extensions};
use crate::apply::{Applied, Outcome, Verdict};
use crate::ecs::desired::Desired;
use crate::event::{Event, TaskFailure};
use crate::plan::{Action, Plan};
use crate::report::closing::{Closing, Failure};

/// How it ended, as [`Event::Finished`](crate::event::Event::Finished) says it.
pub(super) fn outcome(verdict: Verdict, plan: &Plan) -> &'static str {
    match verdict {
        Verdict::Done if plan.is_empty() => "nothing-to-do",
        Verdict::Done => "done",
        Verdict::Failed => "failed",
        Verdict::RolledBack => "rolled-back",
        Verdict::DeploymentFailed => "deployment-failed",
        Verdict::TimedOut => "timed-out",
        Verdict::JobFailed => "job-failed",
        Verdict::Interrupted => "interrupted",
    }
}

fn title(command: &str, verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::RolledBack => "The deployment failed and was rolled back.",
        Verdict::DeploymentFailed => "The deployment failed and was not rolled back.",
        Verdict::TimedOut => "The deploy was still in progress when the time was up.",
        Verdict::JobFailed => "A job failed: what waits for it was not deployed.",
        Verdict::Interrupted => "Interrupted: AWS stays as it is now.",
        Verdict::Done | Verdict::Failed => match command {
            "push" => "The push failed.",
            "down" => "The deletion is not complete.",
            _ => "The deploy failed.",
        },
    }
}

/// The tasks of which a reporter was told that they failed: what is said in the end names them again.
#[derive(Debug, Default)]
pub(super) struct StoppedTasks(RefCell<Vec<(String, TaskFailure)>>);

impl StoppedTasks {
    /// Keeps a failure, and no other event.
    pub(super) fn note(&self, event: &Event) {
        if let Event::TaskFailed { service, failure } = event {
            self.0.borrow_mut().push((service.clone(), failure.clone()));
        }
    }

    /// All so far, with the Compose services that they are of.
    pub(super) fn all(&self) -> Ref<'_, Vec<(String, TaskFailure)>> {
        self.0.borrow()
    }
}

/// What failed, in the words of the Compose file.
pub(super) fn closing(
    command: &str,
    app: &App,
    desired: &Desired,
    plan: &Plan,
    applied: &Applied,
    tasks: &[(String, TaskFailure)],
) -> Closing {
    let is_done = |outcome: &&Outcome<_>| matches!(outcome, Outcome::Done);
    let done = applied.outcomes.iter().filter(is_done).count();
    let mut closing = Closing {
        done: (!plan.steps.is_empty()).then_some((done, plan.steps.len())),
        title: title(command, applied.verdict()).to_owned(),
        next: match applied.verdict() {
            Verdict::TimedOut => {
                format!("`decklift {command}` goes on watching; --timeout gives it longer")
            }
            Verdict::Interrupted => format!("`decklift {command}` goes on from here"),
            _ => format!(
                "correct the cause and run `decklift {command}` again: what was done stays done"
            ),
        },
        ..Closing::default()
    };
    for (step, outcome) in plan.steps.iter().zip(&applied.outcomes) {
        let error = match outcome {
            Outcome::Failed(error) => error,
            Outcome::Skipped { .. } | Outcome::NotStarted => {
                closing.skipped.push(format!("{} {}", step.action.label(), step.resource));
                continue;
            }
            Outcome::Done => continue,
        };
        let origin = desired.resources.get(&step.resource).and_then(|resource| resource.origin);
        let mounted = error.subject().zip(step.service.as_deref());
        let mounted = mounted
            .and_then(|(subject, service)| extensions::place(&app.project, service, subject));
        let of_service =
            |(service, _): &&(String, TaskFailure)| Some(service) == step.service.as_ref();
        let is_rollout = matches!(step.action, Action::Rollout | Action::Run);
        closing.failures.push(Failure {
            what: step.resource.to_string(),
            place: mounted.or(origin).map(|span| app.sources.place(span)),
            reason: error.to_string(),
            lines: Vec::new(),
            // One task is enough here: the others were told of when they stopped.
            tasks: tasks
                .iter()
                .filter(|_| is_rollout)
                .filter(of_service)
                .map(|(_, failure)| failure.clone())
                .take(1)
                .collect(),
            state: error.state(),
            help: error.help(),
        });
    }
    // Ten lines are not always enough.
    if let Some((service, _)) = tasks.first()
        && !closing.failures.is_empty()
    {
        let more = format!("`decklift logs --previous {service}` shows all that its tasks wrote; ");
        closing.next.insert_str(0, &more);
    }
    closing
}
