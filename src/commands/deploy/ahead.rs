//! A deploy in two parts: services of which nothing but the revision changes go first, and everything
//! else is compared with AWS after them.

use tokio::sync::watch;

use super::{Course, consent};
use crate::apply::{Applied, Cloud, Options, Verdict, apply};
use crate::commands::planning::Planning;
use crate::commands::world::World;
use crate::commands::{ending, rows};
use crate::ecs::desired::Desired;
use crate::error::Error;
use crate::event::{Event, ServiceRow};
use crate::plan::Plan;
use crate::release::Place;
use crate::report::closing::{self, Failure};

/// What is to be done first, where something need not wait for the rest.
pub(super) async fn look(
    planning: &Planning<'_>,
    world: &World<'_>,
    place: &Place,
    desired: &Desired,
) -> Result<Option<(Desired, Plan)>, Error> {
    let Some(ahead) = planning.ahead(desired, place) else { return Ok(None) };
    let Some(actual) = world.observe_ahead(desired, &ahead).await? else { return Ok(None) };
    let mut desired = desired.clone();
    let plan = planning.plan_ahead(&mut desired, &ahead, &actual)?;
    Ok(plan.map(|plan| (desired, plan)))
}

/// Everything that was done, and why no more was.
pub(super) struct Done {
    pub(super) desired: Desired,
    pub(super) plan: Plan,
    pub(super) applied: Applied,
    pub(super) error: Option<Error>,
}

impl Done {
    pub(super) fn verdict(&self) -> Verdict {
        match &self.error {
            None => self.applied.verdict(),
            Some(Error::Deployment(verdict)) => *verdict,
            Some(_) => Verdict::Failed,
        }
    }
}

/// Compares everything with AWS after `first` was done, and does what is left.
pub(super) async fn go_on(
    course: &Course<'_>,
    desired: &Desired,
    first: Done,
    stop: &watch::Receiver<bool>,
) -> Done {
    let (desired, plan) = match look_again(course, desired, stop).await {
        Ok(found) => found,
        Err(error) => return Done { error: Some(error), ..first },
    };
    let options = Options { before: first.plan.steps.len(), ..course.options };
    if !plan.is_empty() {
        course.events.emit(Event::Continued {
            steps: plan.steps.len(),
            rows: touched(course, &desired, &plan),
            images: rows::images(&plan),
        });
    }
    let applied = apply(course.world, &desired, &plan, options, stop, course.events).await;
    Done { applied: first.applied.then(applied), plan: first.plan.then(plan), desired, error: None }
}

async fn look_again(
    course: &Course<'_>,
    desired: &Desired,
    stop: &watch::Receiver<bool>,
) -> Result<(Desired, Plan), Error> {
    let mut told = stop.clone();
    let actual = tokio::select! {
        biased;
        Ok(_) = told.wait_for(|stop| *stop) => {
            return Err(Error::Deployment(Verdict::Interrupted));
        }
        actual = course.world.observe(desired) => actual?,
    };
    let mut desired = desired.clone();
    let plan = course.planning.plan(&mut desired, &actual)?;
    if !plan.is_empty() && !course.session.json() {
        super::show(course.session, &plan);
    }
    agreed(course, &plan)?;
    Ok((desired, plan))
}

/// Whether the rest may be done without a question: whoever was to be asked has seen another plan.
fn agreed(course: &Course<'_>, plan: &Plan) -> Result<(), Error> {
    consent::built(course.arguments, plan)?;
    let Some(list) = consent::opens(course.session, course.arguments, plan) else { return Ok(()) };
    Err(Error::Usage {
        message: format!(
            "the services that changed are deployed; the rest of the plan opens {list} to the Internet"
        ),
        help: "run `decklift deploy` again, which asks for it, or agree with --allow-public"
            .to_owned(),
    })
}

/// Tells people that what went ahead is done, and why nothing more was; what is left to be told is given
/// back.
pub(super) fn tell_rest(
    course: &Course<'_>,
    desired: &Desired,
    plan: &Plan,
    applied: &Applied,
    error: Error,
) -> Error {
    let Error::Cloud(cause) = &error else { return error };
    if course.session.json() {
        return error;
    }
    let mut closing = ending::closing("deploy", course.app, desired, plan, applied, &[]);
    "What changed in the files is deployed; the rest was not compared with AWS."
        .clone_into(&mut closing.title);
    closing.failures.push(Failure {
        what: "the rest of the project".to_owned(),
        place: None,
        reason: cause.to_string(),
        lines: Vec::new(),
        tasks: Vec::new(),
        state: None,
        help: cause.help.clone(),
    });
    course.session.screen.block(&closing::text(&closing));
    Error::Deployment(Verdict::Failed)
}

/// The rows of what the plan is about.
fn touched(course: &Course<'_>, desired: &Desired, plan: &Plan) -> Vec<ServiceRow> {
    let all = rows::of(&course.app.project, desired, plan);
    all.into_iter().filter(|row| !row.unchanged).collect()
}
