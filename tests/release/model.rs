//! A small world: one store with a clock, and machines whose clocks and networks are bad.
//!
//! Nothing happens by itself. Each call to the store waits at two gates, before it is carried out
//! and before its answer arrives; whoever drives the world opens one gate at a time and says what
//! goes wrong there.

#[path = "model/place.rs"]
mod place;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use decklift::apply::{CloudError, CloudErrorKind};
pub(crate) use place::Place;

use decklift::release::{Created, Entry, Terms};

/// How old a read may be, in seconds. Less than the grace, as the store promises.
pub(crate) const STALE: u64 = 25;

/// What goes wrong at a gate.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fault {
    /// The request, or the answer, is lost.
    pub(crate) lost: bool,
    /// Of a request that is lost: it arrives all the same, so many seconds later.
    pub(crate) late: Option<u64>,
    /// Of a lost answer: the SDK repeats the call.
    pub(crate) again: bool,
    /// How old what is read may be, in seconds.
    pub(crate) stale: u64,
}

/// What is wrong with the program under test, on purpose.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flaws {
    /// Creating overwrites.
    pub(crate) overwrites: bool,
    /// Nobody asks before a write.
    pub(crate) asks_nobody: bool,
    /// Leases are judged by the reader's clock.
    pub(crate) own_clock: bool,
    /// A sleeping machine does not notice that it slept.
    pub(crate) steady_only: bool,
    /// A holder goes on to the very end of its lease, and others begin right there.
    pub(crate) no_slack: bool,
}

#[derive(Clone, Debug)]
struct Version {
    at: Duration,
    value: Option<String>,
}

#[derive(Clone, Debug)]
enum Call {
    Create(u64, String),
    Overwrite(u64, String),
}

/// A call that arrives after it was given up.
#[derive(Clone, Debug)]
struct Late {
    at: Duration,
    process: usize,
    call: Call,
    /// How many creations had made a number when it was sent.
    turns: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Machine {
    /// How far its wall clock is off, in seconds.
    skew: i64,
    /// For how long its steady clock stood still.
    slept: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Process {
    machine: usize,
    forced: bool,
    /// How many writes there were when it began to observe.
    seen: usize,
    observed: Duration,
    from_nothing: bool,
    begun: Option<Begun>,
}

/// That a process took up work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Begun {
    /// Which of all creations made its number.
    turn: usize,
    number: u64,
    made: Duration,
    at: Duration,
}

/// What happened so far, for whoever wants to know that the model gets anywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) writes: u32,
    pub(crate) taken: u32,
    pub(crate) after_a_dead_one: u32,
    pub(crate) forced: u32,
    pub(crate) faster: u32,
    pub(crate) waited: u32,
    pub(crate) reset: u32,
    pub(crate) expired: u32,
    pub(crate) pushed_aside: u32,

    pub(crate) pruned: u32,
}

pub(crate) struct World {
    pub(crate) now: Duration,
    pub(crate) flaws: Flaws,
    pub(crate) terms: Terms,
    pub(crate) counts: Counts,
    pub(crate) violations: Vec<String>,
    machines: Vec<Machine>,
    processes: Vec<Process>,
    parameters: BTreeMap<u64, Vec<Version>>,
    gates: Vec<(usize, Rc<Cell<Option<Fault>>>)>,
    late: Vec<Late>,
    /// All creations that ever made a number, in their order.
    turns: Vec<(usize, u64, Duration)>,
    reset: Option<Duration>,
    writes: Vec<(usize, u64, Duration)>,
}

pub(crate) type Shared = Rc<RefCell<World>>;

/// Long ago enough that a clock may be set back.
const START: Duration = Duration::from_secs(1_790_000_000);

impl World {
    pub(crate) fn new(machines: usize, flaws: Flaws) -> Shared {
        let mut terms = Terms { keep: 4, ..Terms::default() };
        if flaws.no_slack {
            (terms.grace, terms.margin) = (Duration::ZERO, Duration::ZERO);
        }
        Rc::new(RefCell::new(Self {
            now: START,
            flaws,
            terms,
            counts: Counts::default(),
            violations: Vec::new(),
            machines: vec![Machine::default(); machines],
            processes: Vec::new(),
            parameters: BTreeMap::new(),
            gates: Vec::new(),
            late: Vec::new(),
            turns: Vec::new(),
            reset: None,
            writes: Vec::new(),
        }))
    }

    pub(crate) fn process(&mut self, machine: usize, forced: bool) -> usize {
        let (observed, seen) = (self.now, self.writes.len());
        self.processes.push(Process {
            machine,
            forced,
            seen,
            observed,
            from_nothing: true,
            begun: None,
        });
        self.processes.len() - 1
    }

    /// Time passes; the machine in question sleeps meanwhile.
    pub(crate) fn pass(&mut self, time: Duration, sleeper: Option<usize>) {
        self.now += time;
        if let Some(machine) = sleeper {
            self.machines[machine].slept += time;
        }
        let (due, later) = self.late.drain(..).partition(|late| late.at <= self.now);
        self.late = later;
        let due: Vec<Late> = due;
        for Late { process, call, turns, .. } in due {
            match call {
                Call::Create(number, value) => {
                    self.create(process, number, &value);
                }
                Call::Overwrite(number, value) => {
                    // What the lock cannot withstand, and says so.
                    let again = self.turns[turns..].iter().any(|(_, made, _)| *made == number);
                    if !again {
                        self.put(number, Some(value));
                    }
                }
            }
        }
    }

    pub(crate) fn set_clock(&mut self, machine: usize, skew: i64) {
        self.machines[machine].skew = skew;
    }

    /// Opens a gate at which a process waits; `false` when it waits at none.
    pub(crate) fn open(&mut self, process: usize, which: usize, fault: Fault) -> bool {
        // Whoever does not wait any more has let go of its end.
        self.gates.retain(|(_, gate)| Rc::strong_count(gate) > 1);
        let mine: Vec<_> =
            self.gates.iter().filter(|(p, g)| *p == process && g.get().is_none()).collect();
        let Some((_, gate)) = mine.get(which % mine.len().max(1)) else { return false };
        gate.set(Some(fault));
        true
    }

    /// Begins to look at what there is.
    pub(crate) fn observe(&mut self, process: usize, from_nothing: bool) {
        self.processes[process].observed = self.now;
        self.processes[process].seen = self.writes.len();
        self.processes[process].from_nothing = from_nothing;
    }

    /// Takes up work under a number: what was observed must still be true.
    pub(crate) fn begin(&mut self, process: usize, number: u64) {
        self.counts.taken += 1;
        let Process { seen, observed, forced, from_nothing, .. } = self.processes[process];
        let is = |(maker, made, _): &(usize, u64, Duration)| (*maker, *made) == (process, number);
        let turn = self.turns.iter().rposition(is).expect("nobody takes what they did not make");
        let made = self.turns[turn].2;
        self.processes[process].begun = Some(Begun { turn, number, made, at: self.now });
        self.counts.forced += u32::from(forced);
        // Of a counter that was deleted meanwhile no trace is left where there was none before; nor
        // is anything left of what was written under it.
        let excused = from_nothing && self.reset.is_some_and(|at| at >= observed);
        for (other, theirs, at) in self.writes[seen..].iter().copied() {
            // What was written under a number that was made later is for `write` to judge.
            let before = self.processes[other].begun.is_some_and(|other| other.turn < turn);
            if before && !forced && !excused && !self.is_late_by_force(other, at) {
                self.violations.push(format!(
                    "process {process} took {number} with a plan from {observed:?}, \
                     and {other} wrote under {theirs} at {at:?}"
                ));
            }
        }
    }

    /// Changes AWS under a number: nobody may have taken up work under a number that was made since,
    /// be it higher or, in a new counter, lower. Whoever made one and does not work under it, because
    /// the creation arrived long after its sender had given it up, is in nobody's way.
    pub(crate) fn write(&mut self, process: usize, number: u64) {
        self.counts.writes += 1;
        let mine = self.processes[process].begun;
        let later = self.processes.iter().filter_map(|other| other.begun).max();
        if later > mine && !self.is_late_by_force(process, self.now) {
            self.violations.push(format!(
                "process {process} wrote under {number} at {:?} though {later:?}",
                self.now
            ));
        }
        self.writes.push((process, number, self.now));
    }

    /// Whether a write of a process at that moment is one of the few that `--break-lock` lets
    /// through.
    fn is_late_by_force(&self, process: usize, at: Duration) -> bool {
        let window = self.terms.fresh + Duration::from_secs(STALE);
        let Some(mine) = self.processes[process].begun else { return false };
        let pushes = |other: &Process| {
            let Some(theirs) = other.begun else { return false };
            // When it is not the next number, that one is taken as well before work is.
            let from = if theirs.number == mine.number + 1 { theirs.made } else { theirs.at };
            other.forced && theirs.turn > mine.turn && at <= from + window
        };
        self.processes.iter().any(pushes)
    }

    pub(crate) fn current(&self, number: u64) -> Option<&str> {
        self.parameters.get(&number)?.last()?.value.as_deref()
    }

    pub(crate) fn put(&mut self, number: u64, value: Option<String>) {
        let version = Version { at: self.now, value };
        self.parameters.entry(number).or_default().push(version);
    }

    fn create(&mut self, process: usize, number: u64, value: &str) -> Created {
        if self.current(number).is_some() && !self.flaws.overwrites {
            return Created::Exists;
        }
        if self.current(number).is_some() {
            self.violations.push(format!("{number} was made once more, by {process}"));
        }
        self.turns.push((process, number, self.now));
        self.put(number, Some(value.to_owned()));
        Created::Made
    }

    fn delete(&mut self, number: u64) {
        if self.current(number).is_none() {
            return;
        }
        self.put(number, None);
        // The lowest are deleted first.
        if self.parameters.keys().all(|number| self.current(*number).is_none()) {
            self.reset = Some(self.now);
            self.counts.reset += 1;
        } else {
            self.counts.pruned += 1;
        }
    }

    /// AWS asks to wait 30 s before a deleted name is made again, and does not say what happens
    /// otherwise. Here it does not work.
    fn is_just_deleted(&self, number: u64) -> bool {
        let last = self.parameters.get(&number).and_then(|versions| versions.last());
        let wait = Duration::from_secs(30);
        last.is_some_and(|last| last.value.is_none() && last.at + wait > self.now)
    }

    /// One parameter as a read of this age sees it.
    fn seen(&self, number: u64, stale: u64) -> Option<Entry> {
        let horizon = self.now - Duration::from_secs(stale.min(STALE));
        let versions = self.parameters.get(&number)?;
        let version = versions.iter().rev().find(|version| version.at <= horizon)?;
        let value = version.value.clone()?;
        Some(Entry { number, modified: version.at, value })
    }

    fn wall(&self, machine: usize) -> Duration {
        let skew = self.machines[machine].skew;
        let off = Duration::from_secs(skew.unsigned_abs());
        if skew < 0 { self.now - off } else { self.now + off }
    }
}

/// Waits until somebody opens the gate.
pub(crate) async fn gate(world: &Shared, process: usize) -> Fault {
    let mine = Rc::new(Cell::new(None));
    world.borrow_mut().gates.push((process, Rc::clone(&mine)));
    poll_fn(|_| mine.get().map_or(Poll::Pending, Poll::Ready)).await
}

fn lost() -> CloudError {
    CloudError::new(CloudErrorKind::Unreachable, "ssm", "lost")
}
