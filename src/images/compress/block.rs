//! One block: compressed, or stored where that would not help.

use libdeflater::{CompressionLvl, Compressor, Crc};

/// About the size that zlib's level 6 gives, in half its time.
const LEVEL: i32 = 4;

/// Looked at before a block is compressed: so many pieces of so many bytes.
const SAMPLES: usize = 8;
const SAMPLE: usize = 2048;

/// The most that deflate stores in one piece (RFC 1951, 3.2.4).
const STORED: usize = 65535;

/// A gzip header without name and time, made by a system unknown (RFC 1952, 2.3).
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// A gzip member.
pub(super) struct Packed {
    pub(super) bytes: Vec<u8>,
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

    pub(super) fn pack(&mut self, block: &[u8]) -> Packed {
        let bytes = if self.is_worth_it(block) { self.compressed(block) } else { None };
        Packed { bytes: bytes.unwrap_or_else(|| stored(block)) }
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

    fn compressed(&mut self, block: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = HEADER.to_vec();
        // More than storing takes is not wanted.
        bytes.resize(HEADER.len() + block.len() + 64, 0);
        let length = self.compressor.deflate_compress(block, &mut bytes[HEADER.len()..]).ok()?;
        bytes.truncate(HEADER.len() + length);
        trailer(&mut bytes, block);
        bytes.shrink_to_fit();
        Some(bytes)
    }
}

fn stored(block: &[u8]) -> Vec<u8> {
    let pieces = block.len().div_ceil(STORED).max(1);
    let mut bytes = Vec::with_capacity(HEADER.len() + 8 + block.len() + 5 * pieces);
    bytes.extend(HEADER);
    let mut rest = block;
    loop {
        let (piece, after) = rest.split_at(rest.len().min(STORED));
        // At most 65535.
        let length = piece.len() as u16;
        bytes.push(u8::from(after.is_empty()));
        bytes.extend(length.to_le_bytes());
        bytes.extend((!length).to_le_bytes());
        bytes.extend(piece);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    trailer(&mut bytes, block);
    bytes
}

fn trailer(bytes: &mut Vec<u8>, block: &[u8]) {
    let mut crc = Crc::new();
    crc.update(block);
    bytes.extend(crc.sum().to_le_bytes());
    bytes.extend((block.len() as u32).to_le_bytes());
}
