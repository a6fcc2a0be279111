//! Packing layers: gzip, in blocks that several threads work at.
//!
//! The same bytes give the same gzip, on every machine: no name, no time, no threads' order. Each
//! block is a gzip member of its own, which every engine reads (it is what eStargz images are made
//! of). A block of which samples do not get smaller is stored as it is: compressing what is
//! compressed already is what takes docker and skopeo their time.

mod block;

use std::io::{self, Read, Write};
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
    let first = block(input, Vec::new())?;
    hasher.update(&first);
    if first.len() < BLOCK {
        // Most layers are small: threads would take longer than they save.
        let diff_size = first.len() as u64;
        let packed = Packer::new().pack(first);
        let (digest, size) = written([Ok(packed)], &mut output, |_| {})?;
        return Ok(Compressed { diff_id: hasher.finish(), diff_size, digest, size });
    }
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    in_parallel(input, first, hasher, threads.min(MAX_THREADS), &mut output)
}

/// Packs what is written to it as [`compress`] does what it reads, on the thread that writes.
pub(super) struct Packing<W> {
    packer: Packer,
    block: Vec<u8>,
    /// Whether a block was handed on.
    has_begun: bool,
    out: W,
}

impl<W: Write> Packing<W> {
    /// Hands on to `out` what it packs.
    pub(super) fn new(out: W) -> Self {
        let block = Vec::with_capacity(BLOCK + 128);
        Self { packer: Packer::new(), block, has_begun: false, out }
    }

    /// Packs the rest.
    ///
    /// # Errors
    ///
    /// What `out` comes to.
    pub(super) fn finish(mut self) -> io::Result<W> {
        if !self.block.is_empty() || !self.has_begun {
            self.hand_on()?;
        }
        Ok(self.out)
    }

    fn hand_on(&mut self) -> io::Result<()> {
        let packed = self.packer.pack(std::mem::take(&mut self.block));
        let out = &mut self.out;
        packed.write(&mut |bytes| out.write_all(bytes))?;
        self.block = packed.into_buffer();
        self.block.clear();
        self.has_begun = true;
        Ok(())
    }
}

impl<W: Write> Write for Packing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        if self.block.len() == BLOCK {
            self.hand_on()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
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
        let (back, spare) = mpsc::channel::<Vec<u8>>();
        let writer = scope.spawn(move || {
            let results = results
                .into_iter()
                .map(|result| result.recv().map_err(|_| io::Error::other("a packer stopped")));
            // Buffers go round: what one thread allocates and another frees piles up in allocators.
            written(results, output, |buffer| drop(back.send(buffer)))
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
            next = match block(input, spare.try_recv().unwrap_or_default()) {
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

/// Hashes what was packed and hands it on; its digest and its size.
fn written(
    packed: impl IntoIterator<Item = io::Result<Packed>>,
    output: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    done: impl Fn(Vec<u8>),
) -> io::Result<(Digest, u64)> {
    let mut hasher = Hasher::new();
    let mut size = 0;
    // Stored blocks come in small pieces; files are written in large ones.
    let mut waiting = Vec::with_capacity(BLOCK + BLOCK / 8);
    for packed in packed {
        let packed = packed?;
        packed.write(&mut |bytes| {
            hasher.update(bytes);
            size += bytes.len() as u64;
            waiting.extend_from_slice(bytes);
            Ok(())
        })?;
        done(packed.into_buffer());
        output(&waiting)?;
        waiting.clear();
    }
    Ok((hasher.finish(), size))
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
                    let _ = answer.send(packer.pack(bytes));
                }
            };
            (send, scope.spawn(packer))
        })
        .unzip()
}

/// The next block; less than a block at the end.
fn block(input: &mut dyn Read, mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    bytes.clear();
    // What compressing adds at most, too.
    bytes.reserve_exact(BLOCK + 128);
    input.take(BLOCK as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
#[path = "compress/tests.rs"]
mod tests;
