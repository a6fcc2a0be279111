//! How fast calls of one operation may follow each other, once AWS has refused some as too many.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Between two calls of an operation, once one was refused; half as long again when a later one is.
const FIRST_GAP: Duration = Duration::from_millis(100);
/// The longest such gap. The slowest rate that AWS documents for calls of a deploy is one in a second
/// ("Request throttling for the Amazon ECS API"), shared with everybody else in the account.
const LONGEST_GAP: Duration = Duration::from_secs(8);
/// A gap that was halved to less than this is none.
const NO_GAP: Duration = Duration::from_millis(50);

/// AWS fills a bucket of tokens for each operation (or group of them) and account, and refuses calls
/// while it is empty. Who is refused and comes back alone learns nothing from the others: so all calls
/// of an operation share one gap, which grows while AWS refuses and halves with each call that it takes.
#[derive(Debug, Default)]
pub(super) struct Lanes(HashMap<String, Lane>);

#[derive(Debug)]
struct Lane {
    gap: Duration,
    /// When the next call may go.
    next: Instant,
    /// When the gap was last raised: what was sent before says nothing about it.
    raised: Instant,
}

impl Lanes {
    /// Lets a call go, or says how long it has to wait until it may ask again: by then another one may
    /// have gone before it, or the gap have changed. `chance`, from 0 to 1, keeps several runs out of
    /// step.
    pub(super) fn turn(&mut self, operation: &str, now: Instant, chance: f64) -> Duration {
        let Some(lane) = self.0.get_mut(operation) else { return Duration::ZERO };
        let wait = lane.next.saturating_duration_since(now);
        if wait.is_zero() {
            lane.next = now + lane.gap.mul_f64(0.75 + chance / 2.0);
        }
        wait
    }

    /// A call that was sent at `sent` was refused as one too many.
    pub(super) fn refused(&mut self, operation: &str, sent: Instant, now: Instant) {
        let Some(lane) = self.0.get_mut(operation) else {
            let lane = Lane { gap: FIRST_GAP, next: now + FIRST_GAP, raised: now };
            self.0.insert(operation.to_owned(), lane);
            return;
        };
        if sent > lane.raised {
            lane.gap = LONGEST_GAP.min(lane.gap * 3 / 2);
            lane.raised = now;
            lane.next = now + lane.gap;
        }
    }

    /// A call that was sent at `sent` was not refused.
    pub(super) fn taken(&mut self, operation: &str, sent: Instant) {
        let Some(lane) = self.0.get_mut(operation) else { return };
        if sent <= lane.raised {
            return;
        }
        lane.gap /= 2;
        if lane.gap < NO_GAP {
            self.0.remove(operation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = "ecs:RegisterTaskDefinition";

    fn after(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    #[test]
    fn nobody_waits_before_a_refusal_and_other_operations_never_do() {
        let (mut lanes, start) = (Lanes::default(), Instant::now());
        assert_eq!(lanes.turn(CALL, start, 0.5), Duration::ZERO);
        lanes.refused(CALL, start, start);
        assert_eq!(lanes.turn(CALL, start, 0.5), FIRST_GAP);
        assert_eq!(lanes.turn("ecs:CreateService", start, 0.5), Duration::ZERO);
    }

    #[test]
    fn calls_that_were_refused_together_come_back_one_after_the_other() {
        let (mut lanes, start) = (Lanes::default(), Instant::now());
        for _ in 0..3 {
            lanes.refused(CALL, start, after(start, 10));
        }
        // All three were sent before the first refusal was heard: it is raised once.
        let mut ask = |millis| lanes.turn(CALL, after(start, millis), 0.5).as_millis();
        assert_eq!([ask(10), ask(10), ask(10)], [100, 100, 100]);
        // One goes, and the others wait again.
        assert_eq!([ask(110), ask(110), ask(110)], [0, 100, 100]);
        assert_eq!([ask(210), ask(210)], [0, 100]);
    }

    #[test]
    fn a_gap_grows_up_to_its_bound_and_goes_when_calls_are_taken() {
        let (mut lanes, mut now) = (Lanes::default(), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..13 {
            lanes.refused(CALL, now, now);
            let wait = lanes.turn(CALL, now, 0.5);
            waits.push(wait.as_millis());
            now += wait;
        }
        assert_eq!(waits, [100, 150, 225, 337, 506, 759, 1139, 1708, 2562, 3844, 5766, 8000, 8000]);
        // What was sent before the last refusal says nothing.
        lanes.taken(CALL, now - 2 * LONGEST_GAP);
        assert_eq!(lanes.0[CALL].gap, LONGEST_GAP);
        for _ in 0..8 {
            lanes.taken(CALL, now);
        }
        assert_eq!(lanes.turn(CALL, now, 0.5), Duration::ZERO);
    }

    /// A bucket that is filled once in so many milliseconds, and a crowd of callers.
    #[test]
    fn a_slow_bucket_is_emptied_as_fast_as_it_fills_with_few_refusals() {
        let (every, callers) = (500, 40);
        let (mut lanes, start) = (Lanes::default(), Instant::now());
        let (mut tokens, mut filled, mut refusals) = (5_u64, 0_u64, 0);
        let mut arrivals: Vec<u64> = vec![0; callers];
        let mut end = 0;
        while let Some((place, &at)) = arrivals.iter().enumerate().min_by_key(|(_, at)| **at) {
            let now = after(start, at);
            let wait = lanes.turn(CALL, now, 0.5).as_millis() as u64;
            if wait > 0 {
                arrivals[place] = at + wait;
                continue;
            }
            let fresh = at / every - filled;
            (tokens, filled) = ((tokens + fresh).min(5), filled + fresh);
            if tokens > 0 {
                tokens -= 1;
                lanes.taken(CALL, now);
                end = at;
                arrivals.swap_remove(place);
            } else {
                refusals += 1;
                lanes.refused(CALL, now, after(start, at + 1));
                arrivals[place] = at + 1;
            }
        }
        let ideal = (callers as u64 - 5) * every;
        assert!(end < 2 * ideal, "{end} ms instead of {ideal} ms");
        assert!(refusals < 3 * callers, "{refusals} refusals of {callers} callers");
    }
}
