//! An output that is made in parts, on all processors.

use std::io;
use std::num::NonZero;
use std::sync::mpsc::sync_channel;
use std::thread;

/// How many parts of each thread may wait to be written.
const AHEAD: usize = 4;

/// Makes `count` parts and writes them in their order. `maker` gives what makes them: one for each
/// thread.
///
/// # Errors
///
/// The first of `write`, which ends it.
pub(super) fn in_order<M: FnMut(usize) -> Vec<u8>>(
    count: usize,
    maker: impl Fn() -> M + Sync,
    mut write: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(count);
    if workers < 2 {
        let mut make = maker();
        return (0..count).try_for_each(|part| write(&make(part)));
    }
    let maker = &maker;
    thread::scope(|scope| {
        let made: Vec<_> = (0..workers)
            .map(|worker| {
                let (sender, receiver) = sync_channel(AHEAD);
                scope.spawn(move || {
                    let mut make = maker();
                    // Nobody takes any more once writing failed.
                    (worker..count).step_by(workers).all(|part| sender.send(make(part)).is_ok())
                });
                receiver
            })
            .collect();
        // A part that never comes is that of a thread that panicked, as this will when it ends.
        (0..count).try_for_each(|part| match made[part % workers].recv() {
            Ok(text) => write(&text),
            Err(_) => Ok(()),
        })
    })
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
                || |part| format!("{part} ").into_bytes(),
                |text| {
                    all.push_str(std::str::from_utf8(text).expect("text"));
                    Ok(())
                },
            );
            made.expect("written");
            let wanted: String = (0..count).map(|part| format!("{part} ")).collect();
            assert_eq!(all, wanted);
        }
    }

    #[test]
    fn it_ends_where_nothing_can_be_written() {
        let mut written = 0;
        let made = in_order(
            1000,
            || |_| vec![b'x'],
            |_| {
                written += 1;
                if written == 3 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
            },
        );
        assert_eq!(made.map_err(|error| error.kind()), Err(io::ErrorKind::BrokenPipe));
        assert_eq!(written, 3);
    }
}
