//! Schedules written by hand: what rarely comes about by chance.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use decklift::release::{
    Author, Clock, Head, Place as Spot, Queue, Record, ReleaseCommand, State, Store, Timestamp,
};

use crate::model::{Fault, Flaws, Place, World};
use crate::program::{Machines, Task};

const FINE: Fault = Fault { lost: false, late: None, again: false, stale: 0 };

/// From the start to the moment at which a run holds the lock and is about to write.
fn takes(machines: &mut Machines, machine: usize, first: Fault) {
    machines.start(machine, Task { writes: 1, ..Task::default() });
    // The list, what is observed, the creation, the list again: question and answer.
    machines.step(machine, 0, first);
    for _ in 0..6 {
        machines.step(machine, 0, FINE);
    }
}

/// A renewal in the last moment, and a reader who does not see it yet.
fn late_renewal(flaws: Flaws) -> Machines {
    let mut machines = Machines::new(2, flaws);
    takes(&mut machines, 0, FINE);
    machines.pass(298, None);
    machines.poll(0);
    for _ in 0..4 {
        machines.step(0, 1, FINE);
    }
    machines.pass(3, None);
    takes(&mut machines, 1, Fault { stale: 24, ..FINE });
    machines.step(0, 0, FINE);
    machines
}

#[test]
fn a_lease_without_slack_is_caught() {
    let machines = late_renewal(Flaws { no_slack: true, ..Flaws::default() });
    assert_eq!(machines.world.borrow().violations.len(), 1);
    let machines = late_renewal(Flaws::default());
    let world = machines.world.borrow();
    assert_eq!(world.violations, Vec::<String>::new());
    assert_eq!((world.counts.taken, world.counts.expired, world.counts.writes), (1, 1, 0));
}

#[test]
fn a_creation_whose_answer_was_lost_is_found_again() {
    let mut machines = Machines::new(1, Flaws::default());
    machines.start(0, Task { writes: 1, ..Task::default() });
    for _ in 0..4 {
        machines.step(0, 0, FINE);
    }
    // The SDK repeats it, and is told that the parameter exists.
    machines.step(0, 0, Fault { lost: true, again: true, ..FINE });
    for _ in 0..2 {
        machines.step(0, 0, FINE);
    }
    assert_eq!(machines.world.borrow().counts.taken, 0, "whose it is must be read first");
    for _ in 0..4 {
        machines.step(0, 0, FINE);
    }
    assert_eq!(machines.world.borrow().counts.taken, 1);
    assert!(machines.world.borrow().current(2).is_none());
}

/// Whoever looked before the counter was deleted comes back when a new one has begun, and for a
/// moment there is a number far above that of the run that is at work.
#[test]
fn a_number_from_the_deleted_counter_lets_nobody_pass() {
    let mut machines = Machines::new(3, Flaws::default());
    let ends = |machines: &mut Machines, machine, task| {
        machines.start(machine, task);
        for _ in 0..100 {
            machines.step(machine, 0, FINE);
            machines.pass(1, None);
        }
        assert!(machines.is_idle(machine));
    };
    ends(&mut machines, 0, Task::default());
    ends(&mut machines, 0, Task::default());
    machines.start(1, Task { writes: 1, ..Task::default() });
    for _ in 0..2 {
        machines.step(1, 0, FINE);
    }
    ends(&mut machines, 0, Task { clear: true, ..Task::default() });
    machines.pass(31, None);
    takes(&mut machines, 0, FINE);
    assert_eq!(machines.world.borrow().counts.reset, 1);
    // Its place is worth nothing, which it sees only when it has made the number.
    for _ in 0..40 {
        machines.step(1, 0, FINE);
        machines.pass(2, None);
        machines.poll(1);
    }
    assert!(machines.world.borrow().current(3).is_some_and(|value| value.contains("abandoned")));
    machines.crash(1);
    // Somebody else sees that abandoned number as the highest.
    machines.start(2, Task { writes: 1, ..Task::default() });
    for _ in 0..20 {
        machines.step(2, 0, FINE);
    }
    for _ in 0..20 {
        machines.step(0, 0, FINE);
    }
    let world = machines.world.borrow();
    assert_eq!(world.violations, Vec::<String>::new());
    assert_eq!(world.counts.writes, 1);
    assert!(world.current(4).is_none());
}

#[test]
fn a_release_whose_deletion_was_not_confirmed_does_not_come_back() {
    let mut machines = Machines::new(1, Flaws::default());
    machines.start(0, Task { clear: true, ..Task::default() });
    // List, observe, create, list; then list, and the deletion but for its answer.
    for _ in 0..10 {
        machines.step(0, 0, FINE);
    }
    assert_eq!(machines.world.borrow().counts.reset, 1);
    assert!(!machines.is_idle(0));
    machines.step(0, 0, Fault { lost: true, ..FINE });
    for _ in 0..10 {
        machines.step(0, 0, FINE);
    }
    assert!(machines.is_idle(0));
    assert_eq!(machines.world.borrow().current(1), None);
}

/// A store that answers at once, and how to wait for it.
struct Desk {
    place: Place,
    queue: std::rc::Rc<Queue<Place, Place>>,
}

impl Desk {
    fn new() -> Self {
        let world = World::new(1, Flaws::default());
        let process = world.borrow_mut().process(0, false);
        let place = Place { world: world.clone(), process };
        let terms = world.borrow().terms;
        Self { place: place.clone(), queue: Queue::new(place.clone(), place, terms) }
    }

    fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..1000 {
            if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
                return done;
            }
            self.place.world.borrow_mut().open(self.place.process, 0, FINE);
            self.place.world.borrow_mut().pass(Duration::from_secs(1), None);
        }
        panic!("it does not end");
    }

    fn put(&self, number: u64, command: ReleaseCommand, state: State) {
        let mut record = Record::new(command, Author::default(), format!("nonce {number}"));
        (record.state, record.lease) = (state, 300);
        record.started = Timestamp::new(self.place.now().wall.as_secs());
        self.place.world.borrow_mut().put(number, Some(record.to_value()));
    }

    fn free(&self, force: bool) -> Spot {
        match self.wait(self.queue.look(force)) {
            Ok(Head::Free(place)) => place,
            other => panic!("not free: {other:?}"),
        }
    }

    fn take(&self, place: &Spot) -> String {
        let record = Record::new(ReleaseCommand::Deploy, Author::default(), "mine".to_owned());
        let taken = self.wait(self.queue.take(place, record)).expect("an answer");
        format!("{taken:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned()
    }
}

#[test]
fn what_was_begun_goes_on_until_something_came_to_an_end() {
    use ReleaseCommand::{Deploy, Down};
    let desk = Desk::new();
    assert_eq!(desk.free(false).resumes, None);
    let states = [
        (Deploy, State::Interrupted),
        (Deploy, State::Failed),
        (Deploy, State::Interrupted),
        (Deploy, State::LockLost),
        (Deploy, State::Running),
    ];
    let expected = [Some(1), None, Some(3), Some(3), Some(3)];
    for ((number, (command, state)), resumes) in (1..).zip(states).zip(expected) {
        desk.put(number, command, state);
        assert_eq!(desk.free(true).resumes, resumes, "{number}");
    }
    // Its lease is over.
    desk.place.world.borrow_mut().pass(Duration::from_secs(331), None);
    let place = desk.free(false);
    assert_eq!((place.highest, place.resumes), (5, Some(3)));
    assert_eq!(place.unfinished.map(|unfinished| unfinished.number), Some(5));
    desk.put(6, Down, State::Interrupted);
    assert_eq!(desk.free(false).resumes, None);
    desk.put(7, Deploy, State::Interrupted);
    assert_eq!(desk.free(false).resumes, Some(7));
}

#[test]
fn a_record_that_nobody_understands_blocks_until_it_is_pushed_aside() {
    let desk = Desk::new();
    desk.put(1, ReleaseCommand::Deploy, State::Succeeded);
    desk.place.world.borrow_mut().put(2, Some("oops".to_owned()));
    let head = desk.wait(desk.queue.look(false));
    assert!(matches!(head, Ok(Head::Unreadable { number: 2, .. })), "{head:?}");
    let place = desk.free(true);
    assert_eq!(desk.take(&place), "Ours");
    let history = desk.wait(desk.queue.history()).expect("history");
    let outcomes: Vec<_> = history.iter().map(|r| (r.number, r.outcome())).collect();
    assert_eq!(outcomes, [(3, "running"), (2, "unreadable"), (1, "succeeded")]);
}

#[test]
fn a_place_from_long_ago_is_worth_nothing() {
    let desk = Desk::new();
    desk.put(5, ReleaseCommand::Deploy, State::Succeeded);
    let place = desk.free(false);
    // Many more came, and those right after it were cleared away.
    desk.put(60, ReleaseCommand::Deploy, State::Succeeded);
    assert_eq!(desk.take(&place), "Faster");
    let value = desk.place.world.borrow().current(6).map(str::to_owned).expect("a record");
    assert_eq!(Record::parse(&value).expect("a record").state, State::Abandoned);

    // The counter was deleted, and has come up to the same number again.
    let desk = Desk::new();
    desk.put(5, ReleaseCommand::Deploy, State::Succeeded);
    let place = desk.free(false);
    desk.wait(desk.place.delete(&[5])).expect("deleted");
    assert_eq!(desk.take(&place), "Reset");
    let place = desk.free(false);
    assert_eq!(place.highest, 6);
}

#[test]
fn only_the_newest_are_kept() {
    let desk = Desk::new();
    for number in 1..=9 {
        desk.put(number, ReleaseCommand::Deploy, State::Succeeded);
    }
    let place = desk.free(false);
    let record = Record::new(ReleaseCommand::Deploy, Author::default(), "mine".to_owned());
    let taken = desk.wait(desk.queue.take(&place, record)).expect("an answer");
    let decklift::release::Taken::Ours(held) = taken else { panic!("{taken:?}") };
    desk.wait(held.finish(State::Succeeded, |_| {})).expect("finished");
    let history = desk.wait(desk.queue.history()).expect("history");
    let numbers: Vec<_> = history.iter().map(|release| release.number).collect();
    assert_eq!(numbers, [10, 9, 8, 7]);
}

#[test]
fn force_reaches_whoever_works_under_a_lower_number() {
    let desk = Desk::new();
    desk.put(4, ReleaseCommand::Deploy, State::Succeeded);
    desk.put(5, ReleaseCommand::Deploy, State::Abandoned);
    desk.put(1, ReleaseCommand::Deploy, State::Running);
    let head = desk.wait(desk.queue.look(false));
    assert!(matches!(&head, Ok(Head::Held(holder)) if holder.number == 1), "{head:?}");
    let place = desk.free(true);
    assert_eq!((place.highest, &*place.aside), (5, &[1][..]));
    assert_eq!(desk.take(&place), "Ours");
    // The former holder looks at the number next to its own.
    let value = desk.place.world.borrow().current(2).map(str::to_owned).expect("a record");
    assert_eq!(Record::parse(&value).expect("a record").state, State::Abandoned);
}

#[test]
fn a_number_above_a_gap_counts_once_everybody_below_knows_of_it() {
    let desk = Desk::new();
    let settled = desk.place.world.borrow().terms.settled();
    desk.put(1, ReleaseCommand::Deploy, State::Succeeded);
    desk.put(5, ReleaseCommand::Deploy, State::Abandoned);
    for force in [false, true] {
        desk.put(5, ReleaseCommand::Deploy, State::Abandoned);
        let before = desk.place.world.borrow().now;
        assert_eq!(desk.free(force).highest, 5);
        assert!(desk.place.world.borrow().now >= before + settled);
    }
    // Without a gap nobody waits.
    for number in 2..5 {
        desk.put(number, ReleaseCommand::Deploy, State::Succeeded);
    }
    desk.put(5, ReleaseCommand::Deploy, State::Abandoned);
    let before = desk.place.world.borrow().now;
    desk.free(false);
    assert!(desk.place.world.borrow().now < before + settled);
}

#[test]
fn whoever_is_pushed_aside_may_take_a_moment_to_see_it() {
    let desk = Desk::new();
    desk.put(1, ReleaseCommand::Deploy, State::Running);
    desk.put(2, ReleaseCommand::Deploy, State::Succeeded);
    let head = desk.wait(desk.queue.look(false));
    let settled = desk.place.world.borrow().terms.settled();
    assert!(
        matches!(&head, Ok(Head::Held(holder)) if holder.number == 1 && holder.left <= settled),
        "{head:?}"
    );
    desk.place.world.borrow_mut().pass(settled, None);
    assert_eq!(desk.free(false).highest, 2);
}
