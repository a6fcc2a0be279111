use std::time::{Duration, Instant};

use super::prepare::{self, Purpose};
use super::turn::{self, Line};
use super::{Session, ending, signals};
use crate::apply::{Options, Verdict, WatchOptions, apply};
use crate::cli::DownArgs;
use crate::ecs::desired::Kind;
use crate::error::Error;
use crate::event::{Event, Events};
use crate::plan::{Plan, Removal, plan_removal};
use crate::release::{ReleaseCommand, Revisions};
use crate::report::closing;
use crate::sandbox;

/// How many steps call AWS at a time.
const LIMIT: usize = 16;

/// `decklift down`
pub(super) async fn run(session: &Session, arguments: &DownArgs) -> Result<(), Error> {
    let start = Instant::now();
    let app = prepare::read(session, false)?;
    let stop = signals::listen(session);
    if session.global.sandbox && sandbox::find(&super::sandbox::paths()?).await?.is_none() {
        session.notify("nothing to delete: no sandbox is running");
        return Ok(());
    }
    let reporter = session.reporter();
    let emit = |event: Event| reporter.event(&event);
    let events: &dyn Events = &emit;
    let connect = prepare::connect(session, &app, Purpose::Down, events);
    let world = stop.or_interrupted(session, connect).await?;
    let mut desired = prepare::desired(session, &app, &world)?;
    // Images go with their repositories, and were not named.
    desired.resources.retain(|id, _| id.kind != Kind::Image);
    // The sandbox is there to be thrown away: nothing in it outlives a `down`.
    let everything = arguments.all || session.global.sandbox;
    let removal = Removal {
        volumes: everything || arguments.volumes,
        images: everything || arguments.images,
        secrets: everything,
    };
    let command = ReleaseCommand::Down;
    let line = Line::new(session, &app, &world, command, arguments.lock, stop.receiver(), events);
    let (plan, turn) = loop {
        let place = stop.or_interrupted(session, line.reach()).await?;
        let actual = stop.or_interrupted(session, world.aws().observe_to_remove(&desired)).await?;
        for what in actual.foreign.values() {
            session.screen.warning(&format!("{what}: it is left alone"));
        }
        let plan = plan_removal(&desired.stack, &actual, removal);
        if plan.is_empty() && !(everything && place.highest > 0) {
            session.notify(&format!("nothing to delete: AWS has nothing of {}", desired.stack));
            return Ok(());
        }
        stop.or_interrupted(session, agree(session, arguments, &plan)).await?;
        stop.begin();
        if let Some(turn) = line.take(&place, &desired).await? {
            break (plan, turn);
        }
    };
    events.emit(Event::Started {
        command: "down".to_owned(),
        stack: desired.stack.clone(),
        region: world.region().to_owned(),
        services: app.project.services.len(),
        steps: plan.steps.len(),
        environment: session.global.environment.clone(),
        rows: Vec::new(),
        images: Vec::new(),
    });
    // Nothing is rolled out, so that nothing is watched.
    let watch = WatchOptions { poll: world.poll(), timeout: Duration::ZERO };
    let options = Options { limit: LIMIT, watch, detach: true, release: 0, before: 0 };
    let told = turn.stop();
    let work = apply(&world, &desired, &plan, options, &told, events);
    let applied = turn.hold(&world, work).await;
    let verdict = applied.verdict();
    let kept = match verdict {
        // The lock goes last.
        Verdict::Done if everything => turn.discard(session).await,
        _ => turn.finish(session, turn::state(verdict, false), Revisions::default()).await,
    };
    if let Err(Error::Lock { .. }) = kept {
        let seconds = start.elapsed().as_secs();
        events.emit(Event::Finished { outcome: "lock-lost".to_owned(), seconds });
        return kept;
    }
    let outcome = match verdict {
        Verdict::Done => "done",
        Verdict::Interrupted => "interrupted",
        _ => "failed",
    };
    events
        .emit(Event::Finished { outcome: outcome.to_owned(), seconds: start.elapsed().as_secs() });
    if verdict == Verdict::Done {
        return kept;
    }
    if !session.json() {
        let closing = ending::closing("down", &app, &desired, &plan, &applied, &[]);
        session.screen.block(&closing::text(&closing));
    }
    Err(Error::Deployment(verdict))
}

/// What is to be deleted is shown and needs a yes.
async fn agree(session: &Session, arguments: &DownArgs, plan: &Plan) -> Result<(), Error> {
    if !session.json() {
        super::deploy::show(session, plan);
    }
    if arguments.yes {
        return Ok(());
    }
    if !session.screen.can_ask() {
        return Err(Error::Usage {
            message: "there is nobody to ask whether to delete this".to_owned(),
            help: "agree with --yes".to_owned(),
        });
    }
    if !session.ask("Delete all of this?").await {
        return Err(Error::Usage {
            message: "nothing was deleted".to_owned(),
            help: "answer `y`, or use --yes".to_owned(),
        });
    }
    Ok(())
}
