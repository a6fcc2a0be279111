use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::deploy::{LIMIT, show};
use super::plan::print;
use super::prepare::{self, Purpose};
use super::world::{self, ScanGate};
use super::{Session, ending, rows, signals};
use crate::apply::{Applied, Options, Verdict, WatchOptions, apply};
use crate::cli::PushArgs;
use crate::ecs::desired::{Attribute, Body, Desired, Image, ResourceId};
use crate::error::Error;
use crate::event::{Event, Events, ImageReady};
use crate::plan::{Plan, PlanOptions, plan_with};
use crate::report::closing;

/// `decklift push`
pub(super) async fn run(session: &Session, arguments: &PushArgs) -> Result<(), Error> {
    let start = Instant::now();
    let app = prepare::read_to_push(session, arguments.strict, &arguments.given)?;
    let known: Vec<&str> = app.project.services.keys().map(String::as_str).collect();
    prepare::check_names(&arguments.services, &known)?;
    let app = app.building(arguments.build).taking(&arguments.given)?;
    let stop = signals::listen(session);
    let reporter = session.reporter();
    let emit = |event: Event| reporter.event(&event);
    let events: &dyn Events = &emit;
    let connect = prepare::connect(session, &app, Purpose::Push, events);
    let world = stop.or_interrupted(session, connect).await?;
    let mut desired = prepare::desired(session, &app, &world)?;
    let gate = ScanGate::new(&arguments.scan, arguments.strict);
    if gate.is_some() && arguments.services.is_empty() {
        world::warn_of_unscanned(session, &desired);
    }
    desired.retain_images(&arguments.services);
    let actual = stop.or_interrupted(session, world.observe_images(&desired)).await?;
    let options = PlanOptions { build: arguments.build.again(), ..PlanOptions::default() };
    let plan = plan_with(&desired, &actual, options);
    if arguments.dry_run {
        print(session, &plan);
        return Ok(());
    }
    if !session.json() {
        show(session, &plan);
    }
    let told = stop.begin();
    events.emit(Event::Started {
        command: "push".to_owned(),
        stack: desired.stack.clone(),
        region: world.region().to_owned(),
        services: images(&desired).count(),
        steps: plan.steps.len(),
        environment: session.global.environment.clone(),
        rows: Vec::new(),
        images: rows::images(&plan),
    });
    // There is no rollout to watch, and no job to run under a release.
    let watch = WatchOptions { poll: world.poll(), timeout: Duration::ZERO };
    let options = Options { limit: LIMIT, watch, detach: false, release: 0, before: 0 };
    let applied = apply(&world, &desired, &plan, options, told, events).await;
    let verdict = applied.verdict();
    let ready = ready(&desired, &plan, &applied);
    let passed = match gate.filter(|_| verdict == Verdict::Done) {
        Some(gate) => {
            let images: Vec<_> = ready
                .iter()
                .map(|(id, image, ready)| (*id, *image, ready.digest.clone()))
                .collect();
            stop.or_interrupted(session, world.pass_all(&images, gate)).await
        }
        None => Ok(()),
    };
    let outcome = match &passed {
        Ok(()) => ending::outcome(verdict, &plan),
        Err(Error::Deployment(verdict)) => ending::outcome(*verdict, &plan),
        Err(_) => "failed",
    };
    let seconds = start.elapsed().as_secs();
    events.emit(Event::Finished { outcome: outcome.to_owned(), seconds });
    passed?;
    if verdict == Verdict::Done {
        for (id, image, ready) in &ready {
            world.tag(id, image, &ready.digest, &arguments.tags).await?;
        }
    }
    for (_, _, ready) in ready {
        events.emit(Event::ImageReady(ready));
    }
    if verdict == Verdict::Done {
        return Ok(());
    }
    if !session.json() {
        let closing = ending::closing("push", &app, &desired, &plan, &applied, &[]);
        session.screen.block(&closing::text(&closing));
    }
    Err(Error::Deployment(verdict))
}

/// The images, in the order of the file.
fn images(desired: &Desired) -> impl Iterator<Item = (&ResourceId, &Image)> {
    desired.resources.iter().filter_map(|(id, resource)| match &resource.body {
        Body::Image(image) => Some((id, &**image)),
        _ => None,
    })
}

/// An image that stands where it should.
type Ready<'a> = (&'a ResourceId, &'a Image, ImageReady);

/// Which images stand where: those that were pushed, and those that were there.
fn ready<'a>(desired: &'a Desired, plan: &Plan, applied: &Applied) -> Vec<Ready<'a>> {
    let ready = images(desired).filter_map(|(id, image)| {
        let uri = |found: &BTreeMap<Attribute, String>| found.get(&Attribute::Uri).cloned();
        // What was built again stands under the same tag with another digest.
        let pushed = !plan.known.contains_key(id);
        let uri = applied.attributes.get(id).and_then(uri)?;
        let (_, digest) = uri.rsplit_once('@')?;
        let ready = ImageReady {
            service: id.name.clone(),
            repository: image.repository_name.clone(),
            tag: image.image_tag.clone(),
            digest: digest.to_owned(),
            uri: uri.clone(),
            pushed,
        };
        Some((id, image, ready))
    });
    ready.collect()
}
