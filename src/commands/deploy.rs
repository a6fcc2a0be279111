use std::time::{Duration, Instant};

use super::ending::StoppedTasks;
use super::planning::Planning;
use super::prepare::{self, Purpose, Wish};
use super::saved::{self, Taken};
use super::turn::{self, Line, Turn};
use super::world::{self, ScanGate, World};
use super::{Session, ending, rows, signals};
use crate::apply::{Applied, Cloud, Options, Verdict, WatchOptions, apply};
use crate::cli::DeployArgs;
use crate::ecs::desired::{Desired, ResourceId, Value};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::plan::Plan;
use crate::release::ReleaseCommand;
use crate::report::closing;
use crate::report::plan_text;

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
    let (desired, plan, turn) = loop {
        let place = stop.or_interrupted(session, line.reach()).await?;
        world.know(place.is_settled.then_some(&place.fingerprints));
        let actual = stop.or_interrupted(session, world.observe(&desired)).await?;
        let mut desired = desired.clone();
        let plan = planning.plan(&mut desired, &actual)?;
        if !session.json() {
            show(session, &plan);
            world.explain_network(session, &plan);
        }
        taken.map_or(Ok(()), |taken| taken.check_world(&world, &plan, &desired))?;
        built(arguments, &plan)?;
        stop.or_interrupted(session, agree(session, arguments, &plan)).await?;
        stop.or_interrupted(session, let_go(session, arguments, &plan, taken)).await?;
        let plan = match gate.filter(|_| !plan.is_empty()) {
            None => plan,
            Some(gate) => {
                let there = world::standing(&desired, &actual);
                stop.or_interrupted(session, world.pass_all(&there, gate)).await?;
                plan.images_first()
            }
        };
        stop.begin();
        if plan.is_empty() {
            break (desired, plan, Turn::idle(stop.receiver()));
        }
        if let Some(turn) = line.take(&place, &desired).await? {
            break (desired, plan, turn);
        }
    };

    events.emit(Event::Started {
        command: "deploy".to_owned(),
        stack: desired.stack.clone(),
        region: world.region().to_owned(),
        services: app.project.services.len(),
        steps: plan.steps.len(),
        environment: session.global.environment.clone(),
        rows: rows::of_those(&app.project, &desired, &plan, &|name| planning.takes(name)),
        images: rows::images(&plan),
    });
    let rollout = WatchOptions { poll: world.poll(), timeout: arguments.timeout };
    let options = Options {
        limit: LIMIT,
        watch: rollout,
        detach: arguments.is_detached(),
        release: turn.run(),
    };
    let told = turn.stop();
    if let Some(gate) = gate {
        world.gate(gate, &told);
    }
    let work = apply(&world, &desired, &plan, options, &told, events);
    let applied = turn.hold(&world, work).await;
    if let (Verdict::Done, Some((number, over))) = (applied.verdict(), turn.numbers())
        && let Err(error) = world.keep_images(&desired, &applied, number, &over).await
    {
        session.screen.warning(&format!(
            "the images of release {number} could not be marked, and may be deleted when they are \
             old: {error}"
        ));
    }
    let state = turn::state(applied.verdict(), arguments.is_detached());
    let about = |id: &ResourceId| planning.options.is_about(&desired, id);
    let revisions = turn::revisions(&desired, &applied, &about);
    let kept = turn.finish(session, state, revisions).await;
    if kept.is_err() {
        let seconds = start.elapsed().as_secs();
        events.emit(Event::Finished { outcome: "lock-lost".to_owned(), seconds });
        return kept;
    }
    let result = finish(&world, &desired, &plan, &applied, start.elapsed(), events).await;
    if result.is_err() && !session.json() {
        let closing = ending::closing("deploy", &app, &desired, &plan, &applied, &tasks.all());
        session.screen.block(&closing::text(&closing));
    }
    result
}

/// With `--no-build`, every image must be there.
fn built(arguments: &DeployArgs, plan: &Plan) -> Result<(), Error> {
    let missing = rows::images(plan);
    if !arguments.no_build || missing.is_empty() {
        return Ok(());
    }
    Err(Error::Usage {
        message: format!("nothing is built, and ECR lacks the images of {}", missing.join(", ")),
        help: "leave out --no-build, or build and push with a deploy that may".to_owned(),
    })
}

/// The plan on stderr: stdout is for the URLs.
pub(super) fn show(session: &Session, plan: &Plan) {
    let text = plan_text::text(plan, session.screen.color());
    if !text.is_empty() {
        session.screen.note(&text);
    }
    session.screen.note(&plan_text::summary(plan));
}

/// What makes something reachable from the Internet that was not before needs a yes.
async fn agree(session: &Session, arguments: &DeployArgs, plan: &Plan) -> Result<(), Error> {
    let new = plan_text::opened(plan);
    if new.is_empty() || arguments.yes || arguments.allow_public || session.global.sandbox {
        return Ok(());
    }
    let list = new.join(", ");
    if session.screen.can_ask() {
        if session.ask("Deploy?").await {
            return Ok(());
        }
        return Err(Error::Usage {
            message: "nothing was deployed".to_owned(),
            help: "answer `y`, or deploy with --yes".to_owned(),
        });
    }
    Err(Error::Usage {
        message: format!("this deploy opens {list} to the Internet, and there is nobody to ask"),
        help: "agree with --allow-public or --yes, or set `x-ecs: {ports: {PORT: none}}` on the service"
            .to_owned(),
    })
}

/// What goes with its data, and was not named in the option, is typed by whoever is there.
async fn let_go(
    session: &Session,
    arguments: &DeployArgs,
    plan: &Plan,
    taken: Option<&Taken>,
) -> Result<(), Error> {
    let named = &arguments.scope.allow_destroy;
    let asks = session.screen.can_ask() && !arguments.yes && !session.global.sandbox;
    if !asks || taken.is_some() {
        return Ok(());
    }
    let is_named = |id: &ResourceId| named.contains(&id.name) || named.contains(&id.to_string());
    for id in plan.destroyed().filter(|id| !is_named(id)) {
        let name = id.to_string();
        let question = format!("Type {name} to delete it, and what it holds");
        if !session.ask_name(&question, &name).await {
            return Err(Error::Usage {
                message: format!("nothing was deployed: {name} was not agreed to"),
                help: format!("type its name, or deploy with --allow-destroy={name}"),
            });
        }
    }
    Ok(())
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
