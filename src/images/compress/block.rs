//! One block: compressed, or stored where that would not help.

use std::io;

use libdeflater::{CompressionLvl, Compressor, Crc};

/// Within two hundredths of the size that zlib's level 6 gives, in half its time.
const LEVEL: i32 = 4;

/// Looked at before a block is compressed: so many pieces of so many bytes.
const SAMPLES: usize = 8;
const SAMPLE: usize = 2048;

/// The most that deflate stores in one piece (RFC 1951, 3.2.4).
const STORED: usize = 65535;

/// A gzip header without name and time, made by a system unknown (RFC 1952, 2.3).
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// A gzip member. The buffer is that in which the block came, to be used again.
pub(super) enum Packed {
    /// Compressed.
    Whole(Vec<u8>),
    /// To be stored as it is, with its checksum.
    Stored(Vec<u8>, u32),
}

impl Packed {
    /// Hands out the bytes of the member, in order.
    pub(super) fn write(&self, output: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::Whole(bytes) => output(bytes),
            Self::Stored(block, checksum) => stored(block, *checksum, output),
        }
    }

    /// The buffer, for the next block.
    pub(super) fn into_buffer(self) -> Vec<u8> {
        match self {
            Self::Whole(buffer) | Self::Stored(buffer, _) => buffer,
        }
    }
}

/// Packs blocks, one after the other.
pub(super) struct Packer {
    compressor: Compressor,
    prober: Compressor,
    scratch: Vec<u8>,
}

impl Packer {
    pub(super) fn new() -> Self {
        let level = |level| CompressionLvl::new(level).unwrap_or_default();
        Self {
            compressor: Compressor::new(level(LEVEL)),
            prober: Compressor::new(level(1)),
            scratch: Vec::new(),
        }
    }

    pub(super) fn pack(&mut self, mut block: Vec<u8>) -> Packed {
        let checksum = checksum(&block);
        if !self.is_worth_it(&block) || !self.compress(&block) {
            return Packed::Stored(block, checksum);
        }
        let trailer = trailer(&block, checksum);
        block.clear();
        block.extend_from_slice(&HEADER);
        block.extend_from_slice(&self.scratch);
        block.extend_from_slice(&trailer);
        Packed::Whole(block)
    }

    /// Whether any sample gets smaller by more than a fiftieth.
    fn is_worth_it(&mut self, block: &[u8]) -> bool {
        if block.len() <= SAMPLES * SAMPLE * 4 {
            return true;
        }
        let bound = self.prober.deflate_compress_bound(SAMPLE);
        self.scratch.resize(bound, 0);
        let step = (block.len() - SAMPLE) / (SAMPLES - 1);
        (0..SAMPLES).any(|number| {
            let sample = &block[number * step..][..SAMPLE];
            let length = self.prober.deflate_compress(sample, &mut self.scratch);
            // No room is no gain, either.
            length.is_ok_and(|length| length * 50 < SAMPLE * 49)
        })
    }

    /// Whether the block got smaller, into the scratch.
    fn compress(&mut self, block: &[u8]) -> bool {
        // More than storing takes is not wanted.
        self.scratch.resize(block.len() + 64, 0);
        match self.compressor.deflate_compress(block, &mut self.scratch) {
            Ok(length) => {
                self.scratch.truncate(length);
                true
            }
            Err(_) => false,
        }
    }
}

fn stored(
    block: &[u8],
    checksum: u32,
    output: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    output(&HEADER)?;
    let mut rest = block;
    loop {
        let (piece, after) = rest.split_at(rest.len().min(STORED));
        // At most 65535.
        let length = (piece.len() as u16).to_le_bytes();
        let is_last = u8::from(after.is_empty());
        output(&[is_last, length[0], length[1], !length[0], !length[1]])?;
        output(piece)?;
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    output(&trailer(block, checksum))
}

fn checksum(block: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(block);
    crc.sum()
}

fn trailer(block: &[u8], checksum: u32) -> [u8; 8] {
    let mut trailer = [0; 8];
    trailer[..4].copy_from_slice(&checksum.to_le_bytes());
    trailer[4..].copy_from_slice(&(block.len() as u32).to_le_bytes());
    trailer
}
