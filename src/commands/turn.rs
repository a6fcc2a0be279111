//! The turn of a command that changes AWS: it waits for the lock, takes a release number, keeps it
//! while it works, and says in the end what came of it. What a release is, `crate::release` says.

mod origin;
mod words;

use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::future::pending;
use std::hash::{BuildHasher, Hash, Hasher};
use std::pin::pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use tokio::sync::watch;

use super::Session;
use super::commit::commit;
use super::prepare::App;
use super::world::World;
use crate::apply::{Applied, CloudError, CloudErrorKind, Verdict};
use crate::aws::Parameters;
use crate::cli::LockArgs;
use crate::compose::Project;
use crate::ecs::desired::{Attribute, Desired, Kind, ResourceId};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::plan::fingerprint;
use crate::release::{
    Head, Held, Place, Queue, Record, Refusal, ReleaseCommand, Revisions, State, Store,
    SystemClock, Taken, Terms,
};

/// The environment of a project that names none.
pub(super) const DEFAULT_ENVIRONMENT: &str = "default";
/// The longest time between two looks at somebody else's lock.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Between two lines that say who is waited for.
const SAY: Duration = Duration::from_secs(30);

type ReleaseQueue = Queue<Parameters, SystemClock>;
type ReleaseHeld = Held<Parameters, SystemClock>;

/// The releases of the project and environment that the command line names.
pub(super) fn queue(
    session: &Session,
    project: &Project,
    aws: &crate::aws::Aws,
) -> Rc<ReleaseQueue> {
    let environment = session.global.environment.as_deref().unwrap_or(DEFAULT_ENVIRONMENT);
    // Tests cannot wait for minutes.
    let seconds = std::env::var("DECKLIFT_LEASE_SECONDS").ok().and_then(|text| text.parse().ok());
    let terms = seconds.map_or_else(Terms::default, |s| Terms::of(Duration::from_secs(s)));
    let tags = project.extension.tags.iter().map(|(key, tag)| (key.clone(), tag.value.clone()));
    let releases = aws.releases(&project.name, environment).tagged(tags);
    Queue::new(releases, SystemClock::default(), terms)
}

/// In front of the lock.
pub(super) struct Line<'a> {
    session: &'a Session,
    app: &'a App,
    world: &'a World<'a>,
    command: ReleaseCommand,
    arguments: LockArgs,
    stop: &'a watch::Receiver<bool>,
    events: &'a dyn Events,
    queue: Rc<ReleaseQueue>,
    /// Whether a lock may still be broken: one is enough.
    force: Cell<bool>,
    /// Since when somebody is waited for.
    waits: Cell<Option<Instant>>,
}

impl<'a> Line<'a> {
    pub(super) fn new(
        session: &'a Session,
        app: &'a App,
        world: &'a World<'a>,
        command: ReleaseCommand,
        arguments: LockArgs,
        stop: &'a watch::Receiver<bool>,
        events: &'a dyn Events,
    ) -> Self {
        let queue = queue(session, &app.project, world.aws());
        let force = Cell::new(arguments.break_lock);
        let waits = Cell::new(None);
        Self { session, app, world, command, arguments, stop, events, queue, force, waits }
    }

    /// Comes to the head of the line. Whatever is observed from here on holds when
    /// [`Line::take`] gives a turn.
    pub(super) async fn reach(&self) -> Result<Place, Error> {
        let mut said: Option<(u64, Instant)> = None;
        let mut pause = self.world.poll();
        loop {
            let holder = match self.queue.look(self.force.get()).await? {
                Head::Free(place) => return Ok(place),
                Head::Unreadable { number, why } => {
                    return Err(words::unreadable(&self.queue.store().name(number), &why));
                }
                Head::Held(holder) => holder,
            };
            let Some(limit) = self.arguments.wait_lock else {
                return Err(words::held(&holder, None));
            };
            let since = self.waits.get().unwrap_or_else(Instant::now);
            self.waits.set(Some(since));
            let waited = since.elapsed();
            if waited >= limit {
                return Err(words::held(&holder, Some(waited)));
            }
            if said.is_none_or(|(number, at)| number != holder.number || at.elapsed() >= SAY) {
                self.events.emit(Event::Note { message: words::waits(&holder, waited) });
                said = Some((holder.number, Instant::now()));
            }
            let sleep = tokio::time::sleep(pause.min(limit - waited));
            if let Either::Left(_) = select(pin!(stopped(self.stop)), pin!(sleep)).await {
                return Err(Error::Deployment(Verdict::Interrupted));
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Takes the number after the place's. Nothing when somebody was faster and the command waits
    /// for others: then come to the head again, and observe again.
    pub(super) async fn take(
        &self,
        place: &Place,
        desired: &Desired,
    ) -> Result<Option<Turn>, Error> {
        let taken = self.queue.take(place, self.record(desired).await?).await?;
        self.force.set(false);
        let (number, error) = match taken {
            Taken::Ours(held) => {
                let number = held.number();
                if let Some(unfinished) = &place.unfinished {
                    let message = words::follows(number, unfinished);
                    self.events.emit(Event::Note { message });
                }
                self.events.emit(Event::Release { number });
                return Ok(Some(Turn::new(Some(Rc::from(held)), self.stop.clone())));
            }
            Taken::Faster { number, record } => (number, words::faster(number, record.as_deref())),
            Taken::Reset => return Err(words::reset()),
        };
        if self.arguments.wait_lock.is_none() {
            return Err(error);
        }
        let message =
            format!("release {number} was faster: what there is to do is looked at again");
        self.events.emit(Event::Note { message });
        Ok(None)
    }

    async fn record(&self, desired: &Desired) -> Result<Record, Error> {
        let variable = |name: &str| std::env::var(name).ok();
        let identity = self.world.aws().identity().await?;
        let author = origin::author(identity, variable);
        let mut record = Record::new(self.command, author, nonce(&self.session.global.files));
        record.set_commit(commit(&self.app.project.directory, variable).await);
        record.compose = Some(origin::hash(desired));
        Ok(record)
    }
}

/// Random: the standard library seeds its hash maps from the operating system.
fn nonce(salt: &impl Hash) -> String {
    let half = || {
        let mut hasher = RandomState::new().build_hasher();
        salt.hash(&mut hasher);
        std::process::id().hash(&mut hasher);
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(), half())
}

/// Until the user says stop; for ever where nobody can.
async fn stopped(stop: &watch::Receiver<bool>) {
    if stop.clone().wait_for(|stop| *stop).await.is_err() {
        pending::<()>().await;
    }
}

/// Asked before each write.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    held: Rc<ReleaseHeld>,
    stop: watch::Sender<bool>,
}

impl Guard {
    /// Whether a write may begin. Once the lock is lost, nothing new starts.
    pub(super) async fn permit(&self) -> Result<(), CloudError> {
        match self.held.permit().await {
            Ok(()) => Ok(()),
            Err(Refusal::Unknown(error)) => Err(error),
            Err(Refusal::Lost(_)) => {
                self.stop.send_replace(true);
                Err(CloudError::new(CloudErrorKind::Lock, "begin", "the lock is lost"))
            }
        }
    }
}

/// A command whose turn it is. Without a release when there is nothing to do.
#[derive(Debug)]
pub(super) struct Turn {
    held: Option<Rc<ReleaseHeld>>,
    /// What the user says.
    user: watch::Receiver<bool>,
    /// What the work is told: the user's stop, or that the lock is lost.
    stop: watch::Sender<bool>,
}

impl Turn {
    fn new(held: Option<Rc<ReleaseHeld>>, user: watch::Receiver<bool>) -> Self {
        let stop = watch::Sender::new(*user.borrow());
        Self { held, user, stop }
    }

    /// A turn in which nothing is done: it needs no number.
    pub(super) fn idle(user: &watch::Receiver<bool>) -> Self {
        Self::new(None, user.clone())
    }

    /// The number that jobs run under: the lowest one in the unbroken run of unfinished deploys
    /// that ends here, so that what was begun under it goes on. After a release that came to any end
    /// it is the release's own.
    pub(super) fn run(&self) -> u64 {
        let own = |held: &Rc<ReleaseHeld>| held.resumes().unwrap_or_else(|| held.number());
        self.held.as_ref().map_or(0, own)
    }

    /// The number of the release, and those that end with it because too many are kept.
    pub(super) fn numbers(&self) -> Option<(u64, Vec<u64>)> {
        self.held.as_ref().map(|held| (held.number(), held.surplus()))
    }

    /// Becomes true when nothing new may be started.
    pub(super) fn stop(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Works, with the lock kept and asked for before each write.
    pub(super) async fn hold<T>(&self, world: &World<'_>, work: impl Future<Output = T>) -> T {
        let Some(held) = &self.held else { return self.forward(work).await };
        world.guard(Guard { held: Rc::clone(held), stop: self.stop.clone() });
        let lost = |_: &_| {
            self.stop.send_replace(true);
        };
        held.hold(self.forward(work), lost).await
    }

    /// Works, and hands the user's stop on.
    async fn forward<T>(&self, work: impl Future<Output = T>) -> T {
        match select(pin!(work), pin!(stopped(&self.user))).await {
            Either::Left((done, _)) => done,
            Either::Right(((), work)) => {
                self.stop.send_replace(true);
                work.await
            }
        }
    }

    /// Writes down what came of it.
    ///
    /// # Errors
    ///
    /// When the lock was lost on the way. That the record could not be written is only a warning:
    /// what was deployed is deployed.
    pub(super) async fn finish(
        &self,
        session: &Session,
        state: State,
        revisions: Revisions,
    ) -> Result<(), Error> {
        let Some(held) = &self.held else { return Ok(()) };
        let written = held.finish(state, |record| record.revisions = revisions).await;
        if let Some(loss) = held.loss() {
            return Err(words::lost(held.number(), &loss));
        }
        if let Err(error) = written {
            let number = held.number();
            session.screen.warning(&format!(
                "the record of release {number} could not be written, so that it looks unfinished: \
                 {error}"
            ));
        }
        Ok(())
    }

    /// Deletes the release counter, which is the lock: the very last thing of a `down` that leaves
    /// nothing.
    pub(super) async fn discard(&self, session: &Session) -> Result<(), Error> {
        let Some(held) = &self.held else { return Ok(()) };
        match held.discard().await {
            Ok(()) => Ok(()),
            Err(Refusal::Lost(_)) => {
                self.finish(session, State::LockLost, Revisions::default()).await
            }
            Err(Refusal::Unknown(error)) => {
                self.finish(session, State::Failed, Revisions::default()).await?;
                Err(error.into())
            }
        }
    }
}

/// The state of a release whose plan was carried out.
pub(super) fn state(verdict: Verdict, detached: bool) -> State {
    match verdict {
        Verdict::Done if detached => State::Detached,
        Verdict::Done => State::Succeeded,
        Verdict::Failed => State::Failed,
        Verdict::RolledBack => State::RolledBack,
        Verdict::DeploymentFailed => State::DeploymentFailed,
        Verdict::TimedOut => State::TimedOut,
        Verdict::JobFailed => State::JobFailed,
        Verdict::Interrupted => State::Interrupted,
    }
}

/// The revisions that the services and jobs were to have; of what was not registered, none.
///
/// Of what the deploy is not `about`, nobody has compared what is desired with what runs.
pub(super) fn revisions(
    desired: &Desired,
    applied: &Applied,
    about: &dyn Fn(&ResourceId) -> bool,
) -> Revisions {
    let mut revisions = Revisions::default();
    for id in desired.resources.keys() {
        let list = match id.kind {
            Kind::Service => &mut revisions.services,
            Kind::Job => &mut revisions.jobs,
            _ => continue,
        };
        let definition = ResourceId::new(Kind::TaskDefinition, &id.name);
        let given =
            |id: &ResourceId, attribute| applied.attributes.get(id)?.get(&attribute).cloned();
        let arn = given(&definition, Attribute::Arn);
        if let Some((_, revision)) = arn.as_deref().and_then(|arn| arn.rsplit_once('/')) {
            list.insert(id.name.clone(), revision.to_owned());
            let body = desired.resources.get(&definition).map(|task| task.body.resolve(&given));
            let print = body
                .as_ref()
                .and_then(fingerprint)
                .filter(|_| id.kind == Kind::Service && about(id));
            revisions.prints.extend(print.map(|print| (id.name.clone(), print)));
        }
    }
    revisions
}
