use std::collections::BTreeMap;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, select};

use super::store::{Created, Entry, Listing};
use super::{Clock, Held, Meter, Record, Revisions, State, Store, Terms, Timestamp};
use crate::apply::CloudError;

/// How often something is read again that must be there and is not seen yet.
const READS: u32 = 4;

/// Whoever wants to take a release.
#[derive(Debug)]
pub struct Queue<S, C> {
    pub(super) store: S,
    pub(super) clock: C,
    pub(super) terms: Terms,
    meter: Meter,
}

/// A release that is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub number: u64,
    /// Its record.
    pub record: Record,
    /// How long its lease still lasts, unless it is renewed.
    pub left: Duration,
    /// The release by which it was pushed aside: for so long it may not have noticed.
    pub aside: Option<u64>,
}

/// A release that ended before it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Its number.
    pub number: u64,
    /// Its record.
    pub record: Record,
}

/// A place in front of the lock: the next number may be taken, as long as nobody else takes it.
///
/// Whatever is observed after it was given is still true when [`Queue::take`] succeeds: everybody
/// who changes something takes a number first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The highest number; 0 when there is none.
    pub highest: u64,
    /// Its nonce, or its whole value where that cannot be understood: after the counter was deleted
    /// the same number may stand for another release.
    pub mark: String,
    /// That release, when it was never finished: its holder was killed, was interrupted, or is
    /// being pushed aside.
    pub unfinished: Option<Box<Unfinished>>,
    /// The lowest number in the unbroken run of unfinished deploys up to the highest.
    pub resumes: Option<u64>,
    /// What the releases say of the revisions that they deployed: fingerprints by `family:revision`.
    pub fingerprints: BTreeMap<String, String>,
    /// Whether the highest came to an end at which nothing can be half done.
    pub is_settled: bool,
    /// What the highest deployed, when it reached all of it.
    pub reached: Option<Box<Revisions>>,
    /// Further releases that are to be pushed aside, because the next number does not do that.
    pub aside: Vec<u64>,
}

/// What stands at the head of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// Nobody, or nobody who still counts.
    Free(Place),
    /// Somebody.
    Held(Box<Holder>),
    /// A record that cannot be understood.
    Unreadable {
        /// Its number.
        number: u64,
        /// What is wrong with it.
        why: String,
    },
}

/// What came of taking a number.
#[derive(Debug)]
pub enum Taken<S, C> {
    /// It is ours.
    Ours(Box<Held<S, C>>),
    /// Somebody else has it, or a higher one.
    Faster {
        /// The number.
        number: u64,
        /// Who, when that could be read.
        record: Option<Box<Record>>,
    },
    /// The release that was the highest is gone: the counter was deleted, and with it, it may be,
    /// everything else.
    Reset,
}

impl<S: Store, C: Clock> Queue<S, C> {
    /// A queue in front of the releases in `store`.
    pub fn new(store: S, clock: C, terms: Terms) -> Rc<Self> {
        Rc::new(Self { store, clock, terms, meter: Meter::default() })
    }

    /// Where the releases are.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// This machine's clocks.
    pub fn clock(&self) -> &C {
        &self.clock
    }

    /// Looks who is at the head. `force` passes by a lease that still runs, or a record that cannot
    /// be understood.
    ///
    /// # Errors
    ///
    /// When the releases cannot be read.
    pub async fn look(&self, force: bool) -> Result<Head, CloudError> {
        loop {
            let listing = self.store.list().await?;
            let Some(last) = listing.entries.last() else {
                return Ok(Head::Free(Place::default()));
            };
            let number = last.number;
            let mut place = Place { highest: number, mark: mark(&last.value), ..Place::default() };
            let record = match Record::parse(&last.value) {
                Err(why) if !force => return Ok(Head::Unreadable { number, why }),
                record => record.ok(),
            };
            let mut holders = self.holders(&listing);
            if !force && let Some(holder) = holders.pop() {
                return Ok(Head::Held(Box::new(holder)));
            }
            let young = self.terms.settled().saturating_sub(known_for(&listing));
            if !young.is_zero() {
                self.clock.sleep(young).await;
                continue;
            }
            let aside = holders.iter().map(|holder| holder.number).filter(|held| *held < number);
            place.aside = aside.collect();
            place.fingerprints = fingerprints(&listing);
            if let Some(record) = record {
                place.resumes = chain(&listing.entries);
                place.is_settled = record.state.is_settled();
                let is_reached = matches!(record.state, State::Succeeded | State::Detached);
                place.reached = is_reached.then(|| Box::new(record.revisions.clone()));
                place.unfinished =
                    record.state.is_unfinished().then(|| Box::new(Unfinished { number, record }));
            }
            return Ok(Head::Free(place));
        }
    }

    /// Everybody who may still be at work, whoever lasts longest last.
    ///
    /// The highest need not be the only one. Whoever looked before the counter was deleted may come
    /// back and make a number far above those of the new counter; so may a request that arrives
    /// late. The holder below looks at the number next to its own alone.
    fn holders(&self, listing: &Listing) -> Vec<Holder> {
        // AWS's clock noted the renewal, and AWS's clock says how long ago that was: the clocks of
        // holder and reader need not agree.
        let age = |entry: &Entry| listing.now.saturating_sub(entry.modified);
        let following = listing.entries.iter().skip(1).map(Some).chain([None]);
        let mut holders: Vec<Holder> = Vec::new();
        for (entry, following) in listing.entries.iter().zip(following) {
            let Ok(record) = Record::parse(&entry.value) else { continue };
            let lease = record.lease().saturating_add(self.terms.grace).saturating_sub(age(entry));
            let next = following.filter(|next| next.number - 1 == entry.number);
            let left = match next {
                // Its holder learns of the next number, if not at once.
                Some(next) => lease.min(self.terms.settled().saturating_sub(age(next))),
                None => lease,
            };
            if record.state == State::Running && !left.is_zero() {
                let aside = next.map(|next| next.number);
                holders.push(Holder { number: entry.number, record, left, aside });
            }
        }
        holders.sort_by_key(|holder| holder.left);
        holders
    }

    /// Takes the number after `place`. `record` is filled in with time, lease and chain.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer, so that it is not known whether the number was taken.
    /// It then blocks others for one lease at most.
    pub async fn take(
        self: &Rc<Self>,
        place: &Place,
        record: Record,
    ) -> Result<Taken<S, C>, CloudError> {
        self.reading_clocks(self.create(place, record)).await
    }

    async fn create(
        self: &Rc<Self>,
        place: &Place,
        mut record: Record,
    ) -> Result<Taken<S, C>, CloudError> {
        let number = place.highest.saturating_add(1);
        let sent = self.time();
        record.state = State::Running;
        record.started = self.wall();
        record.resumes = place.resumes;
        let started = record.started;
        self.lease(&mut record, started);
        match self.store.create(number, &record.to_value()).await {
            Ok(Created::Made) => {}
            // Our own creation, when its answer was lost and the call was repeated.
            Ok(Created::Exists) => {
                let found = self.holder_of(number).await?;
                if found.as_ref().is_none_or(|found| found.nonce != record.nonce) {
                    return Ok(Taken::Faster { number, record: found.map(Box::new) });
                }
            }
            Err(error) => match self.holder_of(number).await {
                Ok(Some(found)) if found.nonce == record.nonce => {}
                _ => return Err(error),
            },
        }
        let held = Held::new(Rc::clone(self), number, record, sent);
        self.confirm(place, held).await
    }

    /// Whether the number that was taken is the one after the place's. A number can be taken long
    /// after the place was given: when the releases after it came, went and were cleared away
    /// meanwhile, or the counter was deleted.
    async fn confirm(&self, place: &Place, held: Held<S, C>) -> Result<Taken<S, C>, CloudError> {
        let number = held.number();
        let mut reads = 0;
        loop {
            // The number is held already: an error here must not leave it to run out by itself.
            let sent = self.time();
            let listing = match self.store.list().await {
                Ok(listing) => listing,
                Err(error) => {
                    held.abandon().await;
                    return Err(error);
                }
            };
            if let Some(entry) = listing.entries.last().filter(|entry| entry.number > number) {
                held.abandon().await;
                let record = Record::parse(&entry.value).ok().map(Box::new);
                return Ok(Taken::Faster { number: entry.number, record });
            }
            let is =
                |entry: &Entry| entry.number == place.highest && mark(&entry.value) == place.mark;
            let is_whole = place.highest == 0 || listing.entries.iter().any(is);
            if is_whole && listing.entries.iter().any(|entry| entry.number == number) {
                if let Err(error) = held.push_aside(&place.aside).await {
                    held.abandon().await;
                    return Err(error);
                }
                held.know(listing.entries.iter().map(|entry| entry.number));
                held.was_seen(&listing.entries, sent);
                return Ok(Taken::Ours(Box::new(held)));
            }
            reads += 1;
            if reads >= READS {
                held.abandon().await;
                return Ok(Taken::Reset);
            }
            self.clock.sleep(self.pause()).await;
        }
    }

    /// Between two reads that together must be sure: all of them span the time by which a read may
    /// be old.
    pub(super) fn pause(&self) -> Duration {
        self.terms.grace / (READS - 1)
    }

    /// Who made a release that exists; `None` when it is not seen, or not understood.
    async fn holder_of(&self, number: u64) -> Result<Option<Record>, CloudError> {
        for _ in 0..READS {
            let found = self.store.read(&[number]).await?;
            if let Some(entry) = found.iter().find(|entry| entry.number == number) {
                return Ok(Record::parse(&entry.value).ok());
            }
            self.clock.sleep(self.pause()).await;
        }
        Ok(None)
    }

    /// Does something, and reads the clocks meanwhile, so that no jump of theirs hides another,
    /// however long a call takes.
    pub(super) async fn reading_clocks<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            let tick = pin!(self.clock.sleep(self.terms.tick()));
            match select(work, tick).await {
                Either::Left((done, _)) => return done,
                Either::Right(((), rest)) => work = rest,
            }
            self.time();
        }
    }

    /// The time that has passed on this machine, sleep included.
    pub(super) fn time(&self) -> Duration {
        self.meter.read(self.clock.now())
    }

    /// This machine's idea of the time of day.
    pub(super) fn wall(&self) -> Timestamp {
        Timestamp::new(self.clock.now().wall.as_secs())
    }

    /// Writes a lease that begins at this moment into a record.
    pub(super) fn lease(&self, record: &mut Record, from: Timestamp) {
        record.lease = self.terms.lease.as_secs();
        record.lease_until = from.plus(self.terms.lease);
    }
}

/// What the releases say of revisions.
fn fingerprints(listing: &Listing) -> BTreeMap<String, String> {
    let records = listing.entries.iter().filter_map(|entry| Record::parse(&entry.value).ok());
    records.flat_map(|record| record.revisions.fingerprints()).collect()
}

/// What tells a release from another of the same number.
fn mark(value: &str) -> String {
    Record::parse(value).map_or_else(|_| value.to_owned(), |record| record.nonce)
}

/// For how long whoever takes a number that is missing in a list could have seen that there is a
/// higher one: for ever when none below the highest is missing.
fn known_for(listing: &Listing) -> Duration {
    let mut oldest = Duration::MAX;
    let mut below = None;
    for entry in listing.entries.iter().rev() {
        if below.is_some_and(|number| number != entry.number) {
            return listing.now.saturating_sub(oldest);
        }
        oldest = oldest.min(entry.modified);
        below = entry.number.checked_sub(1);
    }
    if below.unwrap_or(0) == 0 { Duration::MAX } else { listing.now.saturating_sub(oldest) }
}

/// The lowest number in the unbroken run of unfinished deploys that ends with the highest.
fn chain(entries: &[Entry]) -> Option<u64> {
    let mut lowest: Option<u64> = None;
    for entry in entries.iter().rev() {
        let Ok(record) = Record::parse(&entry.value) else { break };
        let follows = lowest.is_none_or(|lowest| entry.number + 1 == lowest);
        let is_deploy = record.command == super::ReleaseCommand::Deploy;
        if !follows || !is_deploy || !record.state.is_unfinished() {
            break;
        }
        lowest = Some(entry.number);
    }
    lowest
}
