//! What a layer is compressed with, taken off while it streams.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::error::AssetError;
use super::tar_entries::{broken, fault};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A frame that only carries notes starts with this, and any last four bits
/// (RFC 8878, 3.1.2).
const ZSTD_NOTE: [u8; 3] = [0x2a, 0x4d, 0x18];

/// A layer without its compression. Its first bytes say what that is: media types are known to be
/// wrong, and every engine looks at the bytes, too.
pub(in crate::images) fn unpack<R: Read>(mut input: R) -> Result<Unpacked<R>, AssetError> {
    let mut head = Vec::new();
    (&mut input).take(4).read_to_end(&mut head).map_err(broken)?;
    let is_gzip = head.starts_with(&GZIP);
    let is_zstd = head.starts_with(&ZSTD)
        || head.len() == 4 && head[0] & 0xf0 == 0x50 && head[1..] == ZSTD_NOTE;
    let is_other = head.starts_with(b"BZh") || head.starts_with(&[0xfd, b'7', b'z', b'X']);
    let whole = io::Cursor::new(head).chain(input);
    if is_gzip {
        return Ok(Unpacked::Gzip(MultiGzDecoder::new(whole)));
    }
    if is_zstd {
        return Ok(Unpacked::Zstd(Box::new(Zstd::new(whole))));
    }
    if is_other {
        return Err(fault("it is compressed with neither gzip nor zstd"));
    }
    Ok(Unpacked::Plain(whole))
}

type Whole<R> = io::Chain<io::Cursor<Vec<u8>>, R>;

/// A layer without its compression.
pub(in crate::images) enum Unpacked<R> {
    Plain(Whole<R>),
    Gzip(MultiGzDecoder<Whole<R>>),
    Zstd(Box<Zstd<Whole<R>>>),
}

impl<R: Read> Unpacked<R> {
    /// What is read from.
    pub(super) fn into_inner(self) -> R {
        let whole = match self {
            Self::Plain(whole) => whole,
            Self::Gzip(decoder) => decoder.into_inner(),
            Self::Zstd(zstd) => zstd.input,
        };
        whole.into_inner().1
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(whole) => whole.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Zstd(zstd) => zstd.read(buffer),
        }
    }
}

/// Frame after frame: the tools that can be read in part write many.
pub(in crate::images) struct Zstd<R> {
    input: R,
    decoder: FrameDecoder,
    is_open: bool,
}

impl<R: Read> Zstd<R> {
    fn new(input: R) -> Self {
        // Its own limit holds for the window, and so for its memory.
        Self { input, decoder: FrameDecoder::new(), is_open: false }
    }

    /// Goes to the next frame that has content; false at the end.
    fn open(&mut self) -> io::Result<bool> {
        loop {
            let mut head = Vec::new();
            (&mut self.input).take(4).read_to_end(&mut head)?;
            if head.is_empty() {
                return Ok(false);
            }
            let mut whole = io::Cursor::new(head).chain(&mut self.input);
            match self.decoder.reset(&mut whole) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    if io::copy(&mut (&mut self.input).take(length), &mut io::sink())? < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.is_open && !self.open()? {
                return Ok(0);
            }
            self.is_open = true;
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.input, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(io::Error::other)?;
            }
            let read = self.decoder.read(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            self.is_open = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn read(packed: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut unpacked = unpack(packed).map_err(|error| error.to_string())?;
        unpacked.read_to_end(&mut out).map_err(|error| error.to_string())?;
        Ok(out)
    }

    fn zstd(content: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).expect("write");
        encoder.finish().expect("finish")
    }

    #[test]
    fn each_by_its_first_bytes() {
        let content = b"some content ".repeat(40_000);
        assert_eq!(read(&content), Ok(content.clone()));
        assert_eq!(read(&gzip(&content)), Ok(content.clone()));
        assert_eq!(read(&zstd(&content)), Ok(content.clone()));
        assert_eq!(read(b""), Ok(Vec::new()));
        assert_eq!(read(b"ab"), Ok(b"ab".to_vec()));
        assert!(read(b"BZh91AY").is_err_and(|error| error.contains("neither")));
    }

    #[test]
    fn several_members_and_frames_are_one_stream() {
        assert_eq!(read(&[gzip(b"one "), gzip(b"two")].concat()), Ok(b"one two".to_vec()));
        let note = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        let frames = [&note, &zstd(b"one ")[..], &note, &zstd(b"two"), &note].concat();
        assert_eq!(read(&frames), Ok(b"one two".to_vec()));
    }

    #[test]
    fn what_breaks_off_is_a_fault() {
        for packed in [gzip(&[7; 1000]), zstd(&b"some content ".repeat(100))] {
            assert!(read(&packed[..packed.len() - 3]).is_err());
        }
        assert!(read(&[0x53, 0x2a, 0x4d, 0x18, 200, 0, 0, 0]).is_err());
    }
}
