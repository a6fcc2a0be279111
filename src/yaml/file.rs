use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::diagnostic::{Code, Diagnostic};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Reads a file as text. `name` is what messages call it.
///
/// # Errors
///
/// A diagnostic when there is no such file, when it is no regular file (a pipe would block), when
/// it is larger than [`MAX_BYTES`], or when it is not text; see [`read_text`].
pub fn read_file(path: &Path, name: &str) -> Result<String, Diagnostic> {
    let meta = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Diagnostic::error(Code::FileNotFound, format!("`{name}` does not exist"))
                .help("correct the path, or make the file")
        }
        _ => unreadable(name, &error.to_string()),
    })?;
    if meta.is_dir() {
        return Err(unreadable(name, "it is a directory")
            .help("name the file itself, for example with `-f compose.yaml`"));
    }
    if !meta.is_file() {
        return Err(unreadable(name, "it is a pipe, a socket or a device")
            .help("save it to a regular file, or pass it on standard input with `-f -`"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len().min(MAX_BYTES)).unwrap_or(0) + 1);
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(name, &error.to_string()))?;
    read_text(bytes, name)
}

/// Takes bytes as text.
///
/// # Errors
///
/// A diagnostic when there are more than [`MAX_BYTES`], when they are not UTF-8 (it says where),
/// or when they hold a NUL or another control character that no text has.
pub fn read_text(bytes: Vec<u8>, name: &str) -> Result<String, Diagnostic> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Diagnostic::error(
            Code::FileTooLarge,
            format!("`{name}` is larger than {} MiB", MAX_BYTES / (1024 * 1024)),
        )
        .help("a Compose file this large is most likely not a Compose file"));
    }
    // Most texts have none, which `contains` sees many bytes at a time.
    if bytes.contains(&0)
        && let Some(position) = bytes.iter().position(|&byte| byte == 0)
    {
        let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
        let help = if wide {
            "the file is UTF-16; save it as UTF-8"
        } else {
            "the file looks binary; give a YAML file in UTF-8"
        };
        let message = format!("`{name}` is not text: byte {position} is NUL");
        return Err(Diagnostic::error(Code::NotText, message).help(help));
    }
    String::from_utf8(bytes).map_err(|error| {
        let position = error.utf8_error().valid_up_to();
        let before = &error.as_bytes()[..position];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let byte = error.as_bytes()[position];
        Diagnostic::error(
            Code::NotText,
            format!("`{name}` is not UTF-8: byte {position} (line {line}) is 0x{byte:02x}"),
        )
        .help("save the file as UTF-8")
    })
}

fn unreadable(name: &str, why: &str) -> Diagnostic {
    Diagnostic::error(Code::FileUnreadable, format!("`{name}` cannot be read: {why}"))
        .help("make it readable for whoever runs decklift")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_text_stops_being_text() {
        let fault = |bytes: &[u8]| read_text(bytes.to_vec(), "x").expect_err("refused").message;
        assert_eq!(fault(b"a: 1\nb: \xff"), "`x` is not UTF-8: byte 8 (line 2) is 0xff");
        assert_eq!(fault(b"ab\0"), "`x` is not text: byte 2 is NUL");
        assert_eq!(fault(&vec![b'a'; 17 << 20]), "`x` is larger than 16 MiB");
        assert_eq!(read_text(b"a: 1".to_vec(), "x").expect("text"), "a: 1");
    }
}
