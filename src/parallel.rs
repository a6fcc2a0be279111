//! Work that is done in parts, on all processors, with the same result as on one.

use std::convert::Infallible;
use std::num::NonZero;
use std::sync::mpsc::sync_channel;
use std::thread;

/// How many parts of each thread may wait to be taken.
const AHEAD: usize = 4;

/// Makes `count` parts and hands them to `take` in their order. `maker` gives what makes them: one
/// for each thread. Where there is one part alone, or one processor, there is no thread.
///
/// # Errors
///
/// The first of `take`, which ends it.
pub(crate) fn in_order<T: Send, E, M: FnMut(usize) -> T>(
    count: usize,
    maker: impl Fn() -> M + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let workers = match count {
        0 | 1 => count,
        _ => thread::available_parallelism().map_or(1, NonZero::get).min(count),
    };
    if workers < 2 {
        let mut make = maker();
        return (0..count).try_for_each(|part| take(make(part)));
    }
    let maker = &maker;
    thread::scope(|scope| {
        let made: Vec<_> = (0..workers)
            .map(|worker| {
                let (sender, receiver) = sync_channel(AHEAD);
                scope.spawn(move || {
                    let mut make = maker();
                    // Nobody takes any more once `take` failed.
                    (worker..count).step_by(workers).all(|part| sender.send(make(part)).is_ok())
                });
                receiver
            })
            .collect();
        // A part that never comes is that of a thread that panicked, as this will when it ends.
        (0..count).try_for_each(|part| made[part % workers].recv().map_or(Ok(()), &mut take))
    })
}

/// Looks at each of many things, which costs enough that a few of them are worth a thread.
pub(crate) fn each<T: Sync, R: Send>(items: &[T], look: impl Fn(&T) -> R + Sync) -> Vec<R> {
    const A_PART: usize = 64;
    let parts: Vec<_> = items.chunks(A_PART).collect();
    let mut found = Vec::with_capacity(items.len());
    let Ok(()) = in_order(
        parts.len(),
        || |part: usize| parts[part].iter().map(&look).collect::<Vec<_>>(),
        |part| {
            found.extend(part);
            Ok::<_, Infallible>(())
        },
    );
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_in_their_order() {
        for count in [0, 1, 2, 3, 100] {
            let mut all = String::new();
            let made = in_order(
                count,
                || |part| format!("{part} "),
                |text: String| {
                    all.push_str(&text);
                    Ok::<_, ()>(())
                },
            );
            assert_eq!(made, Ok(()));
            let wanted: String = (0..count).map(|part| format!("{part} ")).collect();
            assert_eq!(all, wanted);
        }
    }

    #[test]
    fn each_is_looked_at_once() {
        for count in [0, 1, 64, 65, 1000] {
            let all: Vec<usize> = (0..count).collect();
            assert_eq!(each(&all, |number| number + 1), (1..=count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn it_ends_where_nothing_is_taken_any_more() {
        let mut taken = 0;
        let made = in_order(
            1000,
            || |part| part,
            |part| {
                taken += 1;
                if part == 2 { Err("full") } else { Ok(()) }
            },
        );
        assert_eq!((made, taken), (Err("full"), 3));
    }

    #[test]
    #[should_panic = "a scoped thread panicked"]
    fn what_panics_in_a_thread_panics_here() {
        let taken = in_order(1000, || |part| assert!(part < 500, "{part}"), |()| Ok::<_, ()>(()));
        // With one processor it panics as it is.
        assert!(taken.is_err() && thread::available_parallelism().is_ok_and(|n| n.get() > 1));
    }
}
