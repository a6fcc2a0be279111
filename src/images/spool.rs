//! A file that one thread writes while others read it, and that is gone when nobody needs it.
//!
//! A layer that is being made goes through one: it can be uploaded from its first byte on, and from
//! any byte again when an upload breaks off, in constant memory. An upload in many requests would
//! need no file, but ECR loses what comes after the first
//! (<https://github.com/aws/containers-roadmap/issues/2831>).

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

/// What is read at a time, bytes.
pub(super) const PIECE: usize = 512 * 1024;

/// Buffers that are kept for what is read next: as many as uploads are under way, and one each in hand.
const SPARE: usize = 12;

/// How far the writer is.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    written: u64,
    /// Whether that is all there is.
    is_whole: bool,
}

/// The end that writes. Dropped before [`SpoolWriter::finish`], its readers learn that nothing more
/// comes.
pub(super) struct SpoolWriter {
    file: Arc<File>,
    state: watch::Sender<State>,
}

/// The end that reads, from wherever it likes.
#[derive(Clone, Debug)]
pub(super) struct Spool {
    file: Arc<File>,
    state: watch::Receiver<State>,
}

/// A new file in `directory`, which is made where it is missing.
///
/// # Errors
///
/// The system's word; [`io::ErrorKind::StorageFull`] where the disk is.
pub(super) fn spool(directory: &Path) -> io::Result<(SpoolWriter, Spool)> {
    let file = Arc::new(nameless(directory)?);
    let (send, receive) = watch::channel(State::default());
    Ok((SpoolWriter { file: file.clone(), state: send }, Spool { file, state: receive }))
}

/// A file without a name where the system knows such: nothing is left behind, however the program
/// ends.
fn nameless(directory: &Path) -> io::Result<File> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    fs::create_dir_all(directory)?;
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path: PathBuf =
            directory.join(format!("decklift-layer-{}-{number}", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        #[cfg(windows)]
        // FILE_FLAG_DELETE_ON_CLOSE
        std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, 0x0400_0000);
        match options.open(&path) {
            Ok(file) => {
                #[cfg(unix)]
                fs::remove_file(&path)?;
                return Ok(file);
            }
            // Left by another process of the same number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

impl SpoolWriter {
    /// # Errors
    ///
    /// The system's word, or that nobody is going to read it.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.state.is_closed() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        (&*self.file).write_all(bytes)?;
        self.state.send_modify(|state| state.written += bytes.len() as u64);
        Ok(())
    }

    /// Nothing more comes.
    pub(super) fn finish(self) {
        self.state.send_modify(|state| state.is_whole = true);
    }
}

impl Spool {
    /// The bytes from `offset` on, as soon as there are any; nothing at the end.
    ///
    /// # Errors
    ///
    /// Whoever wrote gave up, or the file cannot be read.
    pub(super) async fn read(&mut self, offset: u64) -> io::Result<Option<Bytes>> {
        loop {
            let state = *self.state.borrow_and_update();
            if offset < state.written {
                let length = (state.written - offset).min(PIECE as u64);
                return piece(self.file.clone(), offset, length).await.map(Some);
            }
            if state.is_whole {
                return Ok(None);
            }
            if self.state.changed().await.is_err() && !self.state.borrow().is_whole {
                return Err(io::Error::other("the layer was not made to its end"));
            }
        }
    }

    /// Whether the reader at `offset` has to wait for the writer.
    pub(super) fn is_behind(&self, offset: u64) -> bool {
        let state = *self.state.borrow();
        offset >= state.written && !state.is_whole
    }

    /// Whether whoever wrote stopped before the end.
    pub(super) fn is_given_up(&self) -> bool {
        self.state.has_changed().is_err() && !self.state.borrow().is_whole
    }

    /// How many bytes there are, once that is known.
    pub(super) fn length(&self) -> Option<u64> {
        let state = *self.state.borrow();
        state.is_whole.then_some(state.written)
    }
}

/// At most `length` bytes of a file.
pub(super) async fn piece(file: Arc<File>, offset: u64, length: u64) -> io::Result<Bytes> {
    let read = move || {
        let mut piece = Piece::new();
        let room = length.min(PIECE as u64) as usize;
        piece.length = read_at(&file, &mut piece.buffer[..room], offset)?;
        if piece.length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Bytes::from_owner(piece))
    };
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
}

/// Bytes in a buffer that goes round: what one thread allocates and another frees piles up in
/// allocators, and clearing a new one takes as long as a tenth of reading into it.
struct Piece {
    buffer: Vec<u8>,
    length: usize,
}

static SPARES: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

impl Piece {
    fn new() -> Self {
        let spare = SPARES.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Self { buffer: spare.unwrap_or_else(|| vec![0; PIECE]), length: 0 }
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let mut spares = SPARES.lock().unwrap_or_else(PoisonError::into_inner);
        if spares.len() < SPARE {
            spares.push(std::mem::take(&mut self.buffer));
        }
    }
}

/// Reads without moving anybody's place in the file.
pub(super) fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, bytes, offset);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, bytes, offset);
}

/// Where layers lie while they are uploaded: `TMPDIR` where it is set, else under `cache`. Not
/// `/tmp` by itself: that is memory on many systems.
pub(super) fn directory(cache: Option<&Path>) -> PathBuf {
    match (std::env::var_os("TMPDIR").filter(|path| !path.is_empty()), cache) {
        (None, Some(cache)) => cache.join("spool"),
        _ => std::env::temp_dir(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn read_while_it_is_written() {
        let directory = tempfile::tempdir().expect("directory");
        let (mut writer, mut reader) = spool(directory.path()).expect("spool");
        assert!(reader.is_behind(0));
        let written = std::thread::spawn(move || {
            for piece in [&b"abc"[..], b"", b"def"] {
                writer.write(piece).expect("write");
            }
            writer.finish();
        });
        let mut all = Vec::new();
        while let Some(bytes) = reader.read(all.len() as u64).await.expect("read") {
            all.extend(bytes);
        }
        written.join().expect("thread");
        assert_eq!((all.as_slice(), reader.length()), (&b"abcdef"[..], Some(6)));
        // And again, from anywhere.
        assert_eq!(reader.read(4).await.expect("read").as_deref(), Some(&b"ef"[..]));
        assert_eq!(std::fs::read_dir(directory.path()).expect("list").count(), 0);
    }

    #[tokio::test]
    async fn whoever_gives_up_is_not_waited_for() {
        let directory = tempfile::tempdir().expect("directory");
        let (mut writer, mut reader) = spool(directory.path()).expect("spool");
        writer.write(b"half").expect("write");
        drop(writer);
        assert!(reader.read(0).await.expect("what there is").is_some());
        assert!(reader.read(4).await.is_err());
    }
}
