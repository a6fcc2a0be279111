use std::io::Write;
use std::process::{Command, Stdio};

use super::*;

/// Bytes that nothing makes smaller, the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn text(length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in 0_u64.. {
        if bytes.len() >= length {
            break;
        }
        bytes.extend(format!("line {number} says {}\n", number.wrapping_mul(7919)).bytes());
    }
    bytes.truncate(length);
    bytes
}

fn packed(bytes: &[u8]) -> (Vec<u8>, Compressed) {
    let mut output = Vec::new();
    let mut input = bytes;
    let result = compress(&mut input, |piece| {
        output.extend(piece);
        Ok(())
    });
    (output, result.expect("packed"))
}

fn gunzip(bytes: Vec<u8>) -> Vec<u8> {
    let mut child = Command::new("gzip")
        .arg("-dc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("gzip");
    let mut input = child.stdin.take().expect("input");
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().expect("gzip");
    writer.join().expect("thread").expect("write");
    assert!(output.status.success());
    output.stdout
}

#[test]
fn gzip_reads_it() {
    let mut mixed = text(3 * BLOCK / 2);
    mixed.extend(noise(2 * BLOCK));
    mixed.extend(vec![0; BLOCK]);
    for content in [Vec::new(), b"x".to_vec(), text(BLOCK), text(BLOCK + 1), noise(70_000), mixed] {
        let (bytes, result) = packed(&content);
        assert_eq!(result.diff_id, Digest::of(&content));
        assert_eq!(result.digest, Digest::of(&bytes));
        assert_eq!((result.diff_size, result.size), (content.len() as u64, bytes.len() as u64));
        assert_eq!(gunzip(bytes.clone()), content);
        assert_eq!(packed(&content).0, bytes, "the same again");
    }
}

#[test]
fn threads_do_not_show() {
    let content = text(9 * BLOCK + 77);
    let packed_by = |threads| {
        let mut output: Vec<u8> = Vec::new();
        let mut input = &content[BLOCK..];
        let first = content[..BLOCK].to_vec();
        let mut hasher = Hasher::new();
        hasher.update(&first);
        let mut write = |piece: &[u8]| {
            output.extend(piece);
            Ok(())
        };
        let result = in_parallel(&mut input, first, hasher, threads, &mut write).expect("packed");
        assert_eq!(result.diff_id, Digest::of(&content));
        output
    };
    assert_eq!(packed_by(1), packed_by(5));
}

#[test]
fn small_where_it_helps_and_no_larger_where_it_does_not() {
    let (_, result) = packed(&text(4 * BLOCK));
    assert!(result.size * 3 < result.diff_size, "{result:?}");
    let (bytes, result) = packed(&noise(4 * BLOCK));
    assert!(result.size < result.diff_size + result.diff_size / 1000, "{result:?}");
    // Stored, not compressed in vain: the content is there as it is.
    assert_eq!(bytes[HEADER_AND_LENGTH..][..100], noise(100));
}

/// Of a gzip member, and of the first stored piece in it.
const HEADER_AND_LENGTH: usize = 15;

#[test]
fn what_is_written_in_pieces_is_packed_as_what_is_read() {
    for size in [0, 5, BLOCK - 1, BLOCK, 3 * BLOCK + 7] {
        let content = text(size);
        let mut packing = Packing::new(Vec::new());
        for piece in content.chunks(100_003) {
            packing.write_all(piece).expect("written");
        }
        let bytes = packing.finish().expect("packed");
        let mut unpacked = Vec::new();
        let mut reader = flate2::read::MultiGzDecoder::new(bytes.as_slice());
        reader.read_to_end(&mut unpacked).expect("gzip");
        assert!(unpacked == content, "{size}");
        assert!(size == 0 || size % BLOCK == 0 || bytes == packed(&content).0, "{size}");
    }
}

#[test]
fn faults_come_through() {
    struct Broken(usize);
    impl Read for Broken {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            self.0 -= 1;
            bytes.fill(b'a');
            Ok(bytes.len())
        }
    }
    let error = compress(&mut Broken(50), |_| Ok(())).expect_err("no input");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    let content = text(20 * BLOCK);
    let error = compress(&mut content.as_slice(), |_| Err(io::ErrorKind::StorageFull.into()));
    assert_eq!(error.expect_err("no room").kind(), io::ErrorKind::StorageFull);
}
