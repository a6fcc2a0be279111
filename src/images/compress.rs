//! Packing layers: gzip, in blocks that several threads work at.
//!
//! The same bytes give the same gzip, on every machine: no name, no time, no threads' order. Each
//! block is a gzip member of its own, which every engine reads (it is what eStargz images are made
//! of). A block of which samples do not get smaller is stored as it is: compressing what is
//! compressed already is what takes docker and skopeo their time.

mod block;

use std::io::{self, Read};
use std::num::NonZeroUsize;
use std::sync::mpsc;

use block::{Packed, Packer};

use super::oci::{Digest, Hasher};

/// Bytes of a layer that are packed at a time.
const BLOCK: usize = 512 * 1024;

/// More threads than this wait for the hash.
const MAX_THREADS: usize = 6;

/// What came of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Compressed {
    /// Of what went in.
    pub(super) diff_id: Digest,
    /// Bytes that went in.
    pub(super) diff_size: u64,
    /// Of what came out.
    pub(super) digest: Digest,
    /// Bytes that came out.
    pub(super) size: u64,
}

/// Packs what `input` has, and gives it to `output` piece by piece. For a thread that may block.
///
/// # Errors
///
/// What `input` or `output` come to.
pub(super) fn compress(
    input: &mut dyn Read,
    mut output: impl FnMut(&[u8]) -> io::Result<()> + Send,
) -> io::Result<Compressed> {
    let mut hasher = Hasher::new();
    let first = block(input)?;
    hasher.update(&first);
    if first.len() < BLOCK {
        // Most layers are small: threads would take longer than they save.
        let packed = Packer::new().pack(&first);
        output(&packed.bytes)?;
        return Ok(Compressed {
            diff_id: hasher.finish(),
            diff_size: first.len() as u64,
            digest: Digest::of(&packed.bytes),
            size: packed.bytes.len() as u64,
        });
    }
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    in_parallel(input, first, hasher, threads.min(MAX_THREADS), &mut output)
}

/// One thread reads and hashes (the caller's), some pack, one hashes what they made and hands it on.
fn in_parallel(
    input: &mut dyn Read,
    first: Vec<u8>,
    mut hasher: Hasher,
    threads: usize,
    output: &mut (dyn FnMut(&[u8]) -> io::Result<()> + Send),
) -> io::Result<Compressed> {
    std::thread::scope(|scope| {
        // As many blocks are under way as can be worked at, and one on either side.
        let (ordered, results) = mpsc::sync_channel::<mpsc::Receiver<Packed>>(threads + 1);
        let (jobs, waiting) = crossing(threads, scope);
        let writer = scope.spawn(move || {
            let mut hasher = Hasher::new();
            let mut size = 0;
            for result in results {
                let packed = result.recv().map_err(|_| io::Error::other("a packer stopped"))?;
                hasher.update(&packed.bytes);
                size += packed.bytes.len() as u64;
                output(&packed.bytes)?;
            }
            io::Result::Ok((hasher.finish(), size))
        });
        let mut diff_size = 0;
        let mut next = first;
        let send = |bytes: Vec<u8>, number: usize| {
            let (answer, result) = mpsc::sync_channel(1);
            // Either fails only when the writer has failed, which then says why.
            ordered.send(result).is_ok() && jobs[number % jobs.len()].send((bytes, answer)).is_ok()
        };
        let mut read = Ok(());
        for number in 0.. {
            let length = next.len();
            diff_size += length as u64;
            if length == 0 || !send(next, number) || length < BLOCK {
                break;
            }
            next = match block(input) {
                Ok(bytes) => bytes,
                Err(error) => {
                    read = Err(error);
                    break;
                }
            };
            hasher.update(&next);
        }
        drop((ordered, jobs));
        drop(waiting);
        let written = writer.join().map_err(|_| io::Error::other("the writer stopped"))?;
        read?;
        let (digest, size) = written?;
        Ok(Compressed { diff_id: hasher.finish(), diff_size, digest, size })
    })
}

type Job = (Vec<u8>, mpsc::SyncSender<Packed>);

/// Packers, each with a queue of its own; blocks are dealt out in turn.
fn crossing<'scope>(
    threads: usize,
    scope: &'scope std::thread::Scope<'scope, '_>,
) -> (Vec<mpsc::SyncSender<Job>>, Vec<std::thread::ScopedJoinHandle<'scope, ()>>) {
    (0..threads)
        .map(|_| {
            let (send, receive) = mpsc::sync_channel::<Job>(1);
            let packer = move || {
                let mut packer = Packer::new();
                for (bytes, answer) in receive {
                    // Nobody waits for it when the writer has failed.
                    let _ = answer.send(packer.pack(&bytes));
                }
            };
            (send, scope.spawn(packer))
        })
        .unzip()
}

/// The next block; less than a block at the end.
fn block(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(BLOCK);
    input.take(BLOCK as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
#[path = "compress/tests.rs"]
mod tests;
