use std::collections::BTreeMap;
use std::time::Instant;

use super::ending::StoppedTasks;
use super::prepare::{self, App, Purpose};
use super::turn::{self, Line, Turn};
use super::world::World;
use super::{Session, deploy, ending, rows, signals};
use crate::apply::{Cloud, Options, Verdict, WatchOptions, apply};
use crate::cli::RollbackArgs;
use crate::ecs::desired::Kind;
use crate::error::Error;
use crate::event::{Event, Events};
use crate::plan::{Back, Plan, back, plan, running};
use crate::release::{NoWayBack, ReleaseCommand, Revisions, back_to};
use crate::report::closing;

/// `decklift rollback`
pub(super) async fn run(session: &Session, arguments: &RollbackArgs) -> Result<(), Error> {
    let start = Instant::now();
    let app = prepare::read(session, false)?;
    let stop = signals::listen(session);
    let reporter = session.reporter();
    let tasks = StoppedTasks::default();
    let emit = |event: Event| {
        tasks.note(&event);
        reporter.event(&event);
    };
    let events: &dyn Events = &emit;
    let connect = prepare::connect(session, &app, Purpose::Rollback, events);
    let world = stop.or_interrupted(session, connect).await?;
    let mut desired = prepare::desired(session, &app, &world)?;
    desired.resources.retain(|id, _| id.kind != Kind::Image);
    let command = ReleaseCommand::Rollback;
    let line = Line::new(session, &app, &world, command, arguments.lock, stop.receiver(), events);
    let queue = turn::queue(session, &app.project, world.aws());
    let (goal, plan, turn) = loop {
        let place = stop.or_interrupted(session, line.reach()).await?;
        let releases = stop.or_interrupted(session, queue.history()).await?;
        let actual = stop.or_interrupted(session, world.observe(&desired)).await?;
        let found = back_to(&releases, arguments.release, &running(&actual));
        let (number, record) = found.map_err(no_way_back)?;
        let revisions: BTreeMap<String, String> =
            record.revisions.of_services().map(|(name, text)| (name.to_owned(), text)).collect();
        let goal = Goal {
            number,
            back: back(&desired, &actual, &revisions),
            revisions: record.revisions.clone(),
        };
        stop.or_interrupted(session, goal.check(&world)).await?;
        let plan = plan(&goal.back.desired, &goal.back.actual);
        goal.tell(session, &plan);
        stop.begin();
        if plan.is_empty() {
            break (goal, plan, Turn::idle(stop.receiver()));
        }
        if let Some(turn) = line.take(&place, &goal.back.desired).await? {
            break (goal, plan, turn);
        }
    };
    let desired = &goal.back.desired;
    events.emit(started(session, &app, &world, &goal, &plan));
    let watch = WatchOptions { poll: world.poll(), timeout: arguments.timeout };
    let release = turn.run();
    let (limit, detach) = (deploy::LIMIT, arguments.detach);
    let options = Options { limit, watch, detach, release, before: 0 };
    let told = turn.stop();
    let work = apply(&world, desired, &plan, options, &told, events);
    let applied = turn.hold(&world, work).await;
    let verdict = applied.verdict();
    let state = turn::state(verdict, arguments.detach);
    // Nothing but the revisions was gone back to.
    let revisions = Revisions { base: None, ..goal.revisions.clone() };
    let kept = turn.finish(session, state, revisions).await;
    let outcome = match &kept {
        Ok(()) => ending::outcome(verdict, &plan).to_owned(),
        Err(_) => "lock-lost".to_owned(),
    };
    events.emit(Event::Finished { outcome, seconds: start.elapsed().as_secs() });
    kept?;
    if verdict == Verdict::Done {
        return Ok(());
    }
    if !session.json() {
        let closing = ending::closing("rollback", &app, desired, &plan, &applied, &tasks.all());
        session.screen.block(&closing::text(&closing));
    }
    Err(Error::Deployment(verdict))
}

/// The release to go back to.
struct Goal {
    number: u64,
    back: Back,
    revisions: Revisions,
}

impl Goal {
    /// Refuses revisions that are gone.
    async fn check(&self, world: &World<'_>) -> Result<(), Error> {
        let wanted: Vec<&str> = self.back.definitions.values().map(String::as_str).collect();
        let gone = world.aws().inactive_definitions(&wanted).await?;
        if gone.is_empty() {
            return Ok(());
        }
        Err(Error::Usage {
            message: format!(
                "release {} cannot be gone back to: {} can start no tasks any more",
                self.number,
                gone.join(", ")
            ),
            help: "check out what was deployed then, and deploy it; `decklift history` names its commit"
                .to_owned(),
        })
    }

    fn tell(&self, session: &Session, plan: &Plan) {
        if !session.json() {
            session.screen.note(&format!("back to release {}", self.number));
            deploy::show(session, plan);
        }
        let Back { gone, younger, .. } = &self.back;
        if !gone.is_empty() {
            session.screen.warning(&format!(
                "{} of release {} left the file since and {} not made again: check out what was \
                 deployed then, and deploy it",
                gone.join(", "),
                self.number,
                if gone.len() == 1 { "is" } else { "are" }
            ));
        }
        if !younger.is_empty() {
            session.notify(&format!(
                "{} came after release {} and stay as they are",
                younger.join(", "),
                self.number
            ));
        }
        if self.revisions.omitted > 0 {
            session.screen.warning(&format!(
                "the record of release {} had no room for {} services and jobs, which stay as they are",
                self.number, self.revisions.omitted
            ));
        }
    }
}

fn started(session: &Session, app: &App, world: &World<'_>, goal: &Goal, plan: &Plan) -> Event {
    let desired = &goal.back.desired;
    Event::Started {
        command: "rollback".to_owned(),
        stack: desired.stack.clone(),
        region: world.region().to_owned(),
        services: desired.resources.len(),
        steps: plan.steps.len(),
        environment: session.global.environment.clone(),
        rows: rows::of(&app.project, desired, plan),
        images: Vec::new(),
    }
}

fn no_way_back(why: NoWayBack) -> Error {
    let (message, help) = match why {
        NoWayBack::Unknown(number) => (
            format!("there is no release {number}"),
            "`decklift history` lists the releases; the oldest beyond 50 are deleted",
        ),
        NoWayBack::Empty(number, why) => (
            format!("release {number} does not say what was deployed: {why}"),
            "choose another one that `decklift history` lists",
        ),
        NoWayBack::Nothing => (
            "there is no release to go back to: no other one that succeeded is kept".to_owned(),
            "`decklift history` lists the releases; deploy what shall run",
        ),
    };
    Error::Usage { message, help: help.to_owned() }
}
