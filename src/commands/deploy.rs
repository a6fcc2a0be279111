mod ahead;
mod consent;
mod decide;

use std::time::{Duration, Instant};

use self::ahead::Done;
use self::decide::{Choice, Decision};
use super::ending::StoppedTasks;
use super::planning::Planning;
use super::prepare::{self, App, Purpose, Wish};
use super::saved::{self, Taken};
use super::turn::{self, Line, Turn};
use super::verify::Checks;
use super::world::{self, ScanGate, World};
use super::{Session, ending, rows, signals};
use crate::apply::{Applied, Options, Verdict, WatchOptions, apply};
use crate::cli::DeployArgs;
use crate::ecs::desired::{Desired, ResourceId, Value};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::plan::{Plan, Wanted, wanted};
use crate::release::ReleaseCommand;
use crate::report::{closing, plan_text};

/// How many steps call AWS at a time.
pub(super) const LIMIT: usize = 16;

/// `decklift deploy`
pub(super) async fn run(session: &Session, arguments: &DeployArgs) -> Result<(), Error> {
    match saved::find(session, arguments)? {
        Some(taken) => {
            let (session, arguments) = (taken.session(session)?, taken.arguments(arguments)?);
            deploy(&session, &arguments, Some(&taken)).await
        }
        None => deploy(session, arguments, None).await,
    }
}

/// Deploys; what a file says and nothing else, where there is one.
async fn deploy(
    session: &Session,
    arguments: &DeployArgs,
    taken: Option<&Taken>,
) -> Result<(), Error> {
    let start = Instant::now();
    let DeployArgs { targets, scope, given, .. } = arguments;
    let wish = Wish { services: targets, scale: &scope.scale, given };
    let app = prepare::read_to_deploy(session, arguments.strict, wish)?;
    let app = app.building(arguments.build).taking(given)?;
    let app = app.in_own_vpc(arguments.create_vpc)?;
    let planning = Planning::new(session, &app, targets, scope, arguments.build)?;
    let stop = signals::listen(session);
    let reporter = session.reporter();
    let tasks = StoppedTasks::default();
    let emit = |event: Event| {
        tasks.note(&event);
        reporter.event(&event);
    };
    let events: &dyn Events = &emit;
    let connect = prepare::connect(session, &app, Purpose::Deploy, events);
    let world = stop.or_interrupted(session, connect).await?;
    taken.map_or(Ok(()), |taken| taken.check_place(session, &app, &world))?;
    let desired = planning.desired(&world)?;
    let gate = ScanGate::new(&arguments.scan, arguments.strict);
    if gate.is_some() {
        world::warn_of_unscanned(session, &desired);
    }
    let command = ReleaseCommand::Deploy;
    let line = Line::new(session, &app, &world, command, arguments.lock, stop.receiver(), events);
    let (planning, world) = (&planning, &world);
    let checks = Checks::new(session, &app, arguments.strict, !arguments.no_verify);
    let stop = &stop;
    let choice = Choice { session, arguments, taken, planning, world, gate, checks, stop };
    let decision = choice.decide(&desired, &line).await?;

    let Decision { desired: first, plan, turn, .. } = &decision;
    events.emit(Event::Started {
        command: "deploy".to_owned(),
        stack: first.stack.clone(),
        region: world.region().to_owned(),
        services: app.project.services.len(),
        steps: plan.steps.len(),
        environment: session.global.environment.clone(),
        rows: rows::of_those(&app.project, first, plan, &|name| planning.takes(name)),
        images: rows::images(plan),
    });
    let rollout = WatchOptions { poll: world.poll(), timeout: arguments.timeout };
    let options = Options {
        limit: LIMIT,
        watch: rollout,
        detach: arguments.is_detached(),
        release: turn.run(),
        before: 0,
    };
    if let Some(gate) = gate {
        world.gate(gate, &turn.stop());
    }
    let course = Course { session, app: &app, arguments, planning, world, options, events };
    let (done, turn) = carry_out(&course, decision, &desired).await;
    settle(&course, done, turn, start, &tasks).await
}

/// Does what was decided, and then what is left of `desired`.
async fn carry_out(course: &Course<'_>, decision: Decision, desired: &Desired) -> (Done, Turn) {
    let Course { session: _, app: _, arguments: _, planning, world, options, events } = course;
    let Decision { desired: first, plan, turn, goes_on } = decision;
    let told = turn.stop();
    let work = async {
        let applied = apply(*world, &first, &plan, *options, &told, *events).await;
        let done = Done { desired: first, plan, applied, error: None };
        match goes_on {
            Some(place) if done.verdict() == Verdict::Done => {
                world.know(planning.recorded(desired, &place));
                ahead::go_on(course, desired, done, &told).await
            }
            _ => done,
        }
    };
    (turn.hold(world, work).await, turn)
}

/// What a deploy is about, while it works.
struct Course<'a> {
    session: &'a Session,
    app: &'a App,
    arguments: &'a DeployArgs,
    planning: &'a Planning<'a>,
    world: &'a World<'a>,
    options: Options,
    events: &'a dyn Events,
}

/// Writes down what came of it, and tells.
async fn settle(
    course: &Course<'_>,
    done: Done,
    turn: Turn,
    start: Instant,
    tasks: &StoppedTasks,
) -> Result<(), Error> {
    let Course { session, app, arguments, planning, world, options: _, events } = course;
    let verdict = done.verdict();
    let Done { desired, plan, applied, error } = done;
    if let (Verdict::Done, Some((number, over))) = (verdict, turn.numbers())
        && let Err(error) = world.keep_images(&desired, &applied, number, &over).await
    {
        session.screen.warning(&format!(
            "the images of release {number} could not be marked, and may be deleted when they are \
             old: {error}"
        ));
    }
    let state = turn::state(verdict, arguments.is_detached());
    let about = |id: &ResourceId| planning.options.is_about(&desired, id);
    let mut revisions = turn::revisions(&desired, &applied, &about);
    if verdict == Verdict::Done && planning.is_whole() {
        let Wanted { base, services } = wanted(&desired);
        revisions.ask(base, &services);
    }
    let kept = turn.finish(session, state, revisions).await;
    let outcome = match (&kept, &error) {
        (Err(_), _) => Some("lock-lost"),
        (Ok(()), Some(_)) => Some(ending::outcome(verdict, &plan)),
        (Ok(()), None) => None,
    };
    if let Some(outcome) = outcome {
        let seconds = start.elapsed().as_secs();
        events.emit(Event::Finished { outcome: outcome.to_owned(), seconds });
        kept?;
    }
    if let Some(error) = error {
        return Err(ahead::tell_rest(course, &desired, &plan, &applied, error));
    }
    let result = finish(world, &desired, &plan, &applied, start.elapsed(), *events).await;
    if result.is_err() && !session.json() {
        let closing = ending::closing("deploy", app, &desired, &plan, &applied, &tasks.all());
        session.screen.block(&closing::text(&closing));
    }
    result
}

/// The plan of what goes ahead, and that there may be more.
fn tell_ahead(session: &Session, plan: &Plan) {
    if session.json() {
        return;
    }
    show(session, plan);
    session.screen.note("Everything else is compared with AWS when this is done.");
}

/// The plan on stderr: stdout is for the URLs.
pub(super) fn show(session: &Session, plan: &Plan) {
    let text = plan_text::text(plan, session.screen.color());
    if !text.is_empty() {
        session.screen.note(&text);
    }
    session.screen.note(&plan_text::summary(plan));
}

/// What a value is, now that what it waits for was made.
fn applied_value<'a>(applied: &'a Applied, value: &'a Value) -> Option<&'a str> {
    match value {
        Value::Known(text) => Some(text),
        Value::From(id, attribute) => {
            applied.attributes.get(id)?.get(attribute).map(String::as_str)
        }
    }
}

async fn finish(
    world: &World<'_>,
    desired: &Desired,
    plan: &Plan,
    applied: &Applied,
    took: Duration,
    events: &dyn Events,
) -> Result<(), Error> {
    let verdict = applied.verdict();
    let outcome = ending::outcome(verdict, plan).to_owned();
    events.emit(Event::Finished { outcome, seconds: took.as_secs() });
    if verdict != Verdict::Done {
        return Err(Error::Deployment(verdict));
    }
    for endpoint in &desired.endpoints {
        let known = |value| applied_value(applied, value);
        let arn = known(&endpoint.listener);
        let host = endpoint.host.as_deref().or_else(|| known(&endpoint.address));
        let plain = match endpoint.scheme.as_str() {
            "http" => endpoint.port == 80,
            scheme => scheme == "https" && endpoint.port == 443,
        };
        let url = match world.local_url(arn).await {
            Some(url) => url,
            None => match host {
                Some(host) if plain => format!("{}://{host}", endpoint.scheme),
                Some(host) => format!("{}://{host}:{}", endpoint.scheme, endpoint.port),
                None => continue,
            },
        };
        events.emit(Event::Endpoint { service: endpoint.service.clone(), url });
    }
    Ok(())
}
