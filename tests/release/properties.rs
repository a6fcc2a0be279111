//! Random schedules, and what must hold in all of them.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use crate::model::{Counts, Fault, Flaws, STALE};
use crate::program::{Machines, Task};

const MACHINES: usize = 3;

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
enum Happens {
    /// A call goes one step further. On an idle machine a run starts.
    Step { machine: usize, which: usize, seconds: u64, fault: Fault, task: Task },
    /// Time passes, in which nothing runs; the machine sleeps, or is merely stopped.
    Pause { machine: usize, seconds: u64, sleeps: bool },
    /// A run is killed.
    Crash { machine: usize },
    /// A clock is set.
    SetClock { machine: usize, skew: i64 },
}

fn faults() -> impl Strategy<Value = Fault> {
    let lost = prop::bool::weighted(0.06);
    let late = prop::option::weighted(0.4, 1..400u64);
    let stale = prop_oneof![3 => Just(0), 2 => 1..=STALE];
    (lost, late, any::<bool>(), stale).prop_map(|(lost, late, again, stale)| Fault {
        lost,
        late,
        again,
        stale,
    })
}

fn tasks() -> impl Strategy<Value = Task> {
    let yes = |weight| prop::bool::weighted(weight);
    (yes(0.15), yes(0.5), 0..8u32, yes(0.2)).prop_map(|(force, wait, writes, clear)| Task {
        force,
        wait,
        writes,
        clear,
    })
}

fn happens() -> impl Strategy<Value = Happens> {
    let machine = 0..MACHINES;
    let seconds = prop_oneof![30 => 0..2u64, 4 => 2..15u64, 1 => 15..120u64];
    let step = (machine.clone(), 0..3usize, seconds, faults(), tasks()).prop_map(
        |(machine, which, seconds, fault, task)| Happens::Step {
            machine,
            which,
            seconds,
            fault,
            task,
        },
    );
    let pause = (machine.clone(), 1..700u64, any::<bool>())
        .prop_map(|(machine, seconds, sleeps)| Happens::Pause { machine, seconds, sleeps });
    let crash = machine.clone().prop_map(|machine| Happens::Crash { machine });
    let clock =
        (machine, -2000..2000i64).prop_map(|(machine, skew)| Happens::SetClock { machine, skew });
    prop_oneof![100 => step, 3 => pause, 2 => crash, 1 => clock]
}

/// Runs one schedule; gives what happened, or what must not have.
fn run(schedule: &[Happens], flaws: Flaws) -> Result<Counts, String> {
    let mut machines = Machines::new(MACHINES, flaws);
    for happens in schedule {
        match *happens {
            Happens::Step { machine, which, seconds, fault, task } => {
                machines.pass(seconds, None);
                if machines.is_idle(machine) {
                    machines.start(machine, task);
                } else {
                    machines.step(machine, which, fault);
                }
            }
            Happens::Pause { machine, seconds, sleeps } => {
                machines.pass(seconds, sleeps.then_some(machine));
                machines.pass(3, None);
                machines.poll(machine);
            }
            Happens::Crash { machine } => machines.crash(machine),
            Happens::SetClock { machine, skew } => {
                machines.world.borrow_mut().set_clock(machine, skew);
                // Between two readings of the clocks one is set or the machine sleeps, not both.
                machines.pass(3, None);
                machines.poll(machine);
            }
        }
        if let Some(violation) = machines.world.borrow().violations.first() {
            return Err(violation.clone());
        }
    }
    let counts = machines.world.borrow().counts;
    Ok(counts)
}

fn schedules() -> impl Strategy<Value = Vec<Happens>> {
    proptest::collection::vec(happens(), 20..400)
}

/// The same random schedules in every run.
fn runner(cases: u32, shrink: u32) -> TestRunner {
    let config =
        Config { cases, max_shrink_iters: shrink, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Two never write at a time, the lock is broken only by force, and a plan is never older than what
/// somebody else did.
///
/// The schedules are the same in every run. `DECKLIFT_TEST_SOAK=30000` runs so many others, that
/// are different each time, and shrinks the one that fails.
#[test]
fn the_lock_holds() {
    let soak = std::env::var("DECKLIFT_TEST_SOAK").ok();
    let mut runner = match soak.map(|cases| cases.parse().expect("a number of schedules")) {
        Some(cases) => {
            TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
        }
        None => runner(700, 0),
    };
    let result = runner.run(&schedules(), |schedule| {
        run(&schedule, Flaws::default()).map(|_| ()).map_err(TestCaseError::fail)
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// The property above says something only if these things happen in it.
#[test]
fn the_schedules_reach_every_corner() {
    let total = std::cell::Cell::new(Counts::default());
    let add = |counts: Counts| {
        let mut sum = total.get();
        sum.writes += counts.writes;
        sum.taken += counts.taken;
        sum.after_a_dead_one += counts.after_a_dead_one;
        sum.forced += counts.forced;
        sum.faster += counts.faster;
        sum.waited += counts.waited;
        sum.reset += counts.reset;
        sum.expired += counts.expired;
        sum.pushed_aside += counts.pushed_aside;
        sum.pruned += counts.pruned;
        total.set(sum);
    };
    let all = runner(400, 0).run(&schedules(), |schedule| {
        add(run(&schedule, Flaws::default()).map_err(TestCaseError::fail)?);
        Ok(())
    });
    assert!(all.is_ok());
    let Counts {
        writes,
        taken,
        after_a_dead_one,
        forced,
        faster,
        waited,
        reset,
        expired,
        pushed_aside,
        pruned,
    } = total.get();
    let seen = [
        writes,
        taken,
        after_a_dead_one,
        forced,
        faster,
        waited,
        reset,
        expired,
        pushed_aside,
        pruned,
    ];
    assert!(seen.iter().all(|count| *count >= 10), "{:?}", total.get());
}

/// Whether the property finds what is wrong.
#[track_caller]
fn is_caught(flaws: Flaws) {
    let result = runner(3000, 0).run(&schedules(), |schedule| {
        run(&schedule, flaws).map(|_| ()).map_err(TestCaseError::fail)
    });
    // The schedule itself would fill pages.
    let caught = matches!(result, Err(TestError::Fail(..)));
    assert!(caught, "{flaws:?} went unnoticed");
}

#[test]
fn a_creation_that_overwrites_is_caught() {
    is_caught(Flaws { overwrites: true, ..Flaws::default() });
}

#[test]
fn writing_without_asking_is_caught() {
    is_caught(Flaws { asks_nobody: true, ..Flaws::default() });
}

#[test]
fn judging_a_lease_by_ones_own_clock_is_caught() {
    is_caught(Flaws { own_clock: true, ..Flaws::default() });
}

#[test]
fn a_machine_that_does_not_notice_its_sleep_is_caught() {
    is_caught(Flaws { steady_only: true, ..Flaws::default() });
}
