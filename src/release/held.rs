use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::Mutex;

use super::store::Entry;
use super::{Clock, Queue, Record, State, Store};
use crate::apply::{CloudError, CloudErrorKind};

/// How often AWS is asked again because its answer was too old when it came.
const LOOKS: u32 = 10;
/// How often the own record is looked for before it counts as deleted.
const READS: u32 = 4;

/// Why a lock is not ours any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Somebody took the next number.
    Taken {
        /// The number.
        number: u64,
        /// By whom, when that could be read.
        record: Option<Box<Record>>,
    },
    /// Our own record is gone, or not ours.
    Deleted,
    /// The lease could not be renewed in time: the machine slept, was paused, or had no network.
    Expired,
}

/// Why a write may not begin.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// The lock is lost, for good.
    Lost(Loss),
    /// It is not known whether it is.
    Unknown(CloudError),
}

/// A release that is ours, and the lock with it.
#[derive(Debug)]
pub struct Held<S, C> {
    queue: Rc<Queue<S, C>>,
    number: u64,
    record: RefCell<Record>,
    /// When, on the queue's meter, the newest renewal that AWS is known to have noted was sent.
    renewed: Cell<Duration>,
    /// When the newest question was sent to which AWS said that there is no higher number.
    checked: Cell<Option<Duration>>,
    /// Held by the one write that looks for all.
    looking: Mutex<()>,
    loss: RefCell<Option<Loss>>,
    /// Whether the deletion of this release was asked for.
    discarded: Cell<bool>,
    /// The numbers that were there when this one was taken.
    known: RefCell<BTreeSet<u64>>,
}

impl<S: Store, C: Clock> Held<S, C> {
    pub(super) fn new(queue: Rc<Queue<S, C>>, number: u64, record: Record, sent: Duration) -> Self {
        Self {
            queue,
            number,
            record: RefCell::new(record),
            renewed: Cell::new(sent),
            checked: Cell::new(None),
            looking: Mutex::new(()),
            loss: RefCell::new(None),
            discarded: Cell::new(false),
            known: RefCell::default(),
        }
    }

    pub(super) fn know(&self, numbers: impl Iterator<Item = u64>) {
        self.known.borrow_mut().extend(numbers);
    }

    /// Takes a list in which there is no higher number for an answer to the first question whether it
    /// may write, when that was asked at `sent`.
    pub(super) fn was_seen(&self, entries: &[Entry], sent: Duration) {
        let own = |entry: &Entry| entry.number == self.number && self.is_ours(&entry.value);
        if entries.last().is_some_and(own) {
            self.checked.set(Some(sent));
        }
    }

    /// The number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The first of the unfinished releases that this one goes on with.
    #[must_use]
    pub fn resumes(&self) -> Option<u64> {
        self.record.borrow().resumes
    }

    /// Why the lock is lost, once it is.
    #[must_use]
    pub fn loss(&self) -> Option<Loss> {
        self.loss.borrow().clone()
    }

    /// Asked before each write: whether it may begin. At the moment of this answer the lease runs,
    /// and nobody has taken the next number for longer than [`Terms::fresh`](super::Terms::fresh)
    /// and the age of AWS's answer.
    ///
    /// # Errors
    ///
    /// When the lock is lost, or AWS does not say whether it is.
    pub async fn permit(&self) -> Result<(), Refusal> {
        for _ in 0..LOOKS {
            let now = self.still()?;
            let fresh = self.queue.terms.fresh;
            let before = self.checked.get();
            if self.checked.get().is_some_and(|checked| now.saturating_sub(checked) <= fresh) {
                return Ok(());
            }
            // Many writes begin at once: one look serves those that waited for it.
            let _alone = self.looking.lock().await;
            if self.checked.get() == before {
                self.check().await?;
            }
        }
        let message = "AWS takes too long to say whether the lock is still ours";
        Err(Refusal::Unknown(
            CloudError::new(CloudErrorKind::Unreachable, "ssm:GetParameters", message)
                .help("run the same command again: it goes on where this one stopped"),
        ))
    }

    /// Renews the lease for as long as it is polled, and looks whether it still is ours. Ends when it
    /// is not.
    pub async fn keep(&self) -> Loss {
        loop {
            let terms = &self.queue.terms;
            let (now, renewed) = (self.queue.time(), self.renewed.get());
            let checked = self.checked.get().unwrap_or(renewed);
            let renewal = (renewed + terms.renewal()).saturating_sub(now);
            let look = (checked + terms.look()).saturating_sub(now);
            // A call that failed is tried again soon, and not at once.
            self.queue.clock.sleep(renewal.min(look).max(terms.look() / 10)).await;
            let due = self.queue.time() >= renewed + terms.renewal();
            let result = if due { self.renew().await } else { self.check().await };
            if let Err(Refusal::Lost(loss)) = result {
                return loss;
            }
        }
    }

    /// Does some work while the lease is kept. `lost` is called at most once, as soon as it is known
    /// that the lock is lost; the work is then expected to end by itself.
    pub async fn hold<T>(&self, work: impl Future<Output = T>, lost: impl FnOnce(&Loss)) -> T {
        let work = pin!(work);
        let keep = pin!(self.queue.reading_clocks(self.keep()));
        match select(work, keep).await {
            // A renewal that is under way is not waited for. Should it reach AWS after the final
            // record, the release looks unfinished for one lease: late, and safe.
            Either::Left((done, _)) => done,
            Either::Right((loss, work)) => {
                lost(&loss);
                work.await
            }
        }
    }

    /// Writes the last state. When the lock was lost, [`State::LockLost`] stands for it. The oldest
    /// releases beyond those that are kept are deleted.
    ///
    /// # Errors
    ///
    /// When it could not be written. The release then looks unfinished.
    pub async fn finish(
        &self,
        state: State,
        fill: impl FnOnce(&mut Record),
    ) -> Result<(), CloudError> {
        // It may be gone although no answer said so, and must not come back. If it is still there, its
        // lease runs out.
        if self.discarded.get() {
            return Ok(());
        }
        let lost = self.loss.borrow().is_some();
        let value = {
            let mut record = self.record.borrow_mut();
            fill(&mut record);
            record.state = if lost { State::LockLost } else { state };
            record.finished = Some(self.queue.wall());
            record.to_value()
        };
        // Whoever took the lock may have deleted our record with all others.
        if lost && !self.is_there().await? {
            return Ok(());
        }
        self.queue.store.overwrite(self.number, &value).await?;
        if !lost {
            // What was not deleted now is deleted next time.
            let _ = self.queue.store.delete(&self.surplus()).await;
        }
        Ok(())
    }

    /// Deletes the counter and this release with it, as the last thing of a `down` that leaves
    /// nothing. Nothing may be done after it; [`Held::finish`] then does nothing either, whether the
    /// deletion is known to have succeeded or not.
    ///
    /// # Errors
    ///
    /// When the lock is lost, or AWS refuses.
    pub async fn discard(&self) -> Result<(), Refusal> {
        self.permit().await?;
        let store = &self.queue.store;
        let listing = store.list().await.map_err(Refusal::Unknown)?;
        let mut numbers = self.known.borrow().clone();
        numbers.extend(listing.entries.iter().map(|entry| entry.number));
        // Our own is the last: it is the lock.
        numbers.retain(|number| *number < self.number);
        let numbers: Vec<u64> = numbers.into_iter().collect();
        store.delete(&numbers).await.map_err(Refusal::Unknown)?;
        // That took its time. Somebody who finds the lease over goes on from our number, and others
        // must not begin with a new counter meanwhile.
        self.permit().await?;
        self.discarded.set(true);
        store.delete(&[self.number]).await.map_err(Refusal::Unknown)
    }

    /// Takes the numbers next to these, so that their holders see that they are holders no more.
    pub(super) async fn push_aside(&self, numbers: &[u64]) -> Result<(), CloudError> {
        for number in numbers {
            let mut record = self.record.borrow().clone();
            (record.state, record.resumes) = (State::Abandoned, None);
            record.finished = Some(self.queue.wall());
            // It does not matter by whom it was taken.
            self.queue.store.create(number.saturating_add(1), &record.to_value()).await?;
        }
        Ok(())
    }

    /// Gives a number up under which nothing was done. Should that fail, its lease runs out.
    pub(super) async fn abandon(&self) {
        let value = {
            let mut record = self.record.borrow_mut();
            record.state = State::Abandoned;
            record.finished = Some(self.queue.wall());
            record.to_value()
        };
        let _ = self.queue.store.overwrite(self.number, &value).await;
    }

    /// The numbers beyond those that are kept, the lowest first.
    #[must_use]
    pub fn surplus(&self) -> Vec<u64> {
        let mut known = self.known.borrow().clone();
        known.insert(self.number);
        let surplus = known.len().saturating_sub(self.queue.terms.keep.max(1));
        known.into_iter().take(surplus).filter(|number| *number < self.number).collect()
    }

    fn lose(&self, loss: Loss) -> Refusal {
        Refusal::Lost(self.loss.borrow_mut().get_or_insert(loss).clone())
    }

    /// Whether the lease still runs, by this machine's clocks; gives the moment.
    fn still(&self) -> Result<Duration, Refusal> {
        if let Some(loss) = self.loss() {
            return Err(Refusal::Lost(loss));
        }
        let now = self.queue.time();
        if now.saturating_sub(self.renewed.get()) > self.queue.terms.valid() {
            return Err(self.lose(Loss::Expired));
        }
        Ok(now)
    }

    async fn renew(&self) -> Result<(), Refusal> {
        self.check().await?;
        let sent = self.still()?;
        let value = {
            let mut record = self.record.borrow_mut();
            self.queue.lease(&mut record, self.queue.wall());
            record.to_value()
        };
        self.queue.store.overwrite(self.number, &value).await.map_err(Refusal::Unknown)?;
        // The lease counts as renewed only when that is known before the old one is over: between
        // its end and the renewal somebody may have read that it is over.
        self.still()?;
        self.renewed.set(sent);
        Ok(())
    }

    /// Asks AWS whether our record is there and no higher one.
    async fn check(&self) -> Result<(), Refusal> {
        for read in 1.. {
            let sent = self.still()?;
            let numbers = [self.number, self.number + 1];
            let found = self.queue.store.read(&numbers).await.map_err(Refusal::Unknown)?;
            if let Some(next) = found.iter().find(|entry| entry.number > self.number) {
                let record = Record::parse(&next.value).ok().map(Box::new);
                return Err(self.lose(Loss::Taken { number: next.number, record }));
            }
            match found.iter().find(|entry| entry.number == self.number) {
                Some(own) if self.is_ours(&own.value) => {
                    self.checked.set(Some(sent));
                    return Ok(());
                }
                Some(_) => break,
                // A read may be older than our own creation.
                None if read < READS => self.queue.clock.sleep(self.queue.pause()).await,
                None => break,
            }
        }
        Err(self.lose(Loss::Deleted))
    }

    async fn is_there(&self) -> Result<bool, CloudError> {
        let found = self.queue.store.read(&[self.number]).await?;
        Ok(found.iter().any(|entry| entry.number == self.number && self.is_ours(&entry.value)))
    }

    fn is_ours(&self, value: &str) -> bool {
        Record::parse(value).is_ok_and(|record| record.nonce == self.record.borrow().nonce)
    }
}
