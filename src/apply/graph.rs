//! The scheduler: a ready list and at most so many steps in flight, on one thread.

use std::collections::BTreeSet;
use std::future::Future;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::watch;

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<E> {
    /// It succeeded.
    Done,
    /// It failed.
    Failed(E),
    /// It was not started, because the step of this index failed.
    Skipped {
        /// The step that failed.
        because: usize,
    },
    /// It was not started, because the run was told to stop.
    NotStarted,
}

/// Runs steps so that each starts after those in its `after` set have succeeded.
///
/// At most `limit` of the steps that `counts` picks run at a time; the others, which only wait, are
/// not limited. A failed step stops only what depends on it. Once `stop` is true nothing new starts,
/// and what runs is waited for.
pub async fn run_graph<E, F, Fut>(
    after: &[BTreeSet<usize>],
    limit: usize,
    counts: impl Fn(usize) -> bool,
    stop: &watch::Receiver<bool>,
    start: F,
) -> Vec<Outcome<E>>
where
    F: Fn(usize) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    let mut graph = Graph::new(after);
    let mut running = FuturesUnordered::new();
    let mut counted = 0;
    loop {
        if !*stop.borrow() {
            let free: Vec<usize> = graph.ready.iter().copied().collect();
            for id in free {
                if counts(id) {
                    if counted >= limit.max(1) {
                        continue;
                    }
                    counted += 1;
                }
                graph.ready.remove(&id);
                let step = start(id);
                running.push(async move { (id, step.await) });
            }
        }
        let Some((id, result)) = running.next().await else { break };
        counted -= usize::from(counts(id));
        match result {
            Ok(()) => graph.succeed(id),
            Err(error) => graph.fail(id, error),
        }
    }
    graph.outcomes()
}

struct Graph<E> {
    dependents: Vec<Vec<usize>>,
    missing: Vec<usize>,
    ready: BTreeSet<usize>,
    outcomes: Vec<Option<Outcome<E>>>,
}

impl<E> Graph<E> {
    fn new(after: &[BTreeSet<usize>]) -> Self {
        let mut dependents = vec![Vec::new(); after.len()];
        for (id, before) in after.iter().enumerate() {
            for &other in before.iter().filter(|&&other| other < after.len()) {
                dependents[other].push(id);
            }
        }
        let missing: Vec<usize> = after.iter().map(BTreeSet::len).collect();
        let ready = (0..after.len()).filter(|&id| missing[id] == 0).collect();
        let outcomes = after.iter().map(|_| None).collect();
        Self { dependents, missing, ready, outcomes }
    }

    fn succeed(&mut self, id: usize) {
        self.outcomes[id] = Some(Outcome::Done);
        for &dependent in &self.dependents[id] {
            self.missing[dependent] -= 1;
            if self.missing[dependent] == 0 && self.outcomes[dependent].is_none() {
                self.ready.insert(dependent);
            }
        }
    }

    fn fail(&mut self, id: usize, error: E) {
        self.outcomes[id] = Some(Outcome::Failed(error));
        let mut stack = self.dependents[id].clone();
        while let Some(next) = stack.pop() {
            if self.outcomes[next].is_none() {
                self.outcomes[next] = Some(Outcome::Skipped { because: id });
                stack.extend(&self.dependents[next]);
            }
        }
    }

    fn outcomes(self) -> Vec<Outcome<E>> {
        self.outcomes.into_iter().map(|o| o.unwrap_or(Outcome::NotStarted)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use proptest::prelude::*;

    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
    }

    /// A random graph whose edges point backwards, and which of its steps fail.
    fn graphs() -> impl Strategy<Value = (Vec<BTreeSet<usize>>, BTreeSet<usize>, usize)> {
        (1usize..24, 1usize..6).prop_flat_map(|(n, limit)| {
            let edges = proptest::collection::vec((0..n, 0..n), 0..n * 2);
            let failing = proptest::collection::btree_set(0..n, 0..3);
            (edges, failing, Just(limit)).prop_map(move |(edges, failing, limit)| {
                let mut after = vec![BTreeSet::new(); n];
                for (a, b) in edges {
                    if a < b {
                        after[b].insert(a);
                    }
                }
                (after, failing, limit)
            })
        })
    }

    proptest! {
        #[test]
        fn no_step_starts_before_its_after_and_no_more_than_the_limit_run(
            (after, failing, limit) in graphs()
        ) {
            let (_sender, stop) = watch::channel(false);
            let done = RefCell::new(BTreeSet::new());
            let running = Cell::new(0usize);
            let most = Cell::new(0usize);
            let early = Cell::new(false);
            let outcomes = block_on(run_graph(&after, limit, |_| true, &stop, |id| {
                early.set(early.get() || !after[id].iter().all(|o| done.borrow().contains(o)));
                running.set(running.get() + 1);
                most.set(most.get().max(running.get()));
                let (done, running, failing) = (&done, &running, &failing);
                async move {
                    tokio::task::yield_now().await;
                    running.set(running.get() - 1);
                    if failing.contains(&id) {
                        return Err(id);
                    }
                    done.borrow_mut().insert(id);
                    Ok(())
                }
            }));
            prop_assert!(!early.get());
            prop_assert!(most.get() <= limit);
            // Exactly what hangs off a failure is skipped; everything else ran.
            for (id, outcome) in outcomes.iter().enumerate() {
                let spoiled = after[id].iter().any(|&o| outcomes[o] != Outcome::Done);
                match outcome {
                    Outcome::Done => prop_assert!(!spoiled && !failing.contains(&id)),
                    Outcome::Failed(_) => prop_assert!(!spoiled && failing.contains(&id)),
                    Outcome::Skipped { because } => {
                        prop_assert!(spoiled && failing.contains(because));
                    }
                    Outcome::NotStarted => prop_assert!(false, "step {id} was forgotten"),
                }
            }
        }
    }

    #[test]
    fn nothing_starts_after_a_stop_and_what_runs_is_drained() {
        let (sender, stop) = watch::channel(false);
        let after = vec![BTreeSet::new(), BTreeSet::from([0])];
        let outcomes = block_on(run_graph(
            &after,
            4,
            |_| true,
            &stop,
            |_| async {
                sender.send_replace(true);
                tokio::task::yield_now().await;
                Ok::<(), ()>(())
            },
        ));
        assert_eq!(outcomes, [Outcome::Done, Outcome::NotStarted]);
    }

    #[test]
    fn a_circle_never_starts_and_never_hangs() {
        let (_sender, stop) = watch::channel(false);
        let after = vec![BTreeSet::from([1]), BTreeSet::from([0])];
        let outcomes =
            block_on(run_graph(&after, 4, |_| true, &stop, |_| async { Ok::<(), ()>(()) }));
        assert_eq!(outcomes, [Outcome::NotStarted, Outcome::NotStarted]);
    }
}
