//! How long a request is.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// How long a request is as JSON, in bytes: with a blank after each separator, and all but ASCII
/// escaped, as Python's `json` has it unasked. AWS does not say how it counts, and no client writes it longer.
pub(super) fn length(request: &impl Serialize) -> usize {
    let mut count = Count(0);
    let is_counted = request.serialize(&mut Serializer::with_formatter(&mut count, Wide)).is_ok();
    if is_counted { count.0 } else { 0 }
}

struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Wide;

impl Wide {
    fn separate<W: io::Write + ?Sized>(to: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { to.write_all(b", ") }
    }
}

impl Formatter for Wide {
    fn begin_array_value<W: io::Write + ?Sized>(
        &mut self,
        to: &mut W,
        first: bool,
    ) -> io::Result<()> {
        Self::separate(to, first)
    }

    fn begin_object_key<W: io::Write + ?Sized>(
        &mut self,
        to: &mut W,
        first: bool,
    ) -> io::Result<()> {
        Self::separate(to, first)
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        to.write_all(b": ")
    }

    /// What needs no escape in JSON itself.
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        to: &mut W,
        text: &str,
    ) -> io::Result<()> {
        // Nearly every text.
        if text.is_ascii() && !text.contains('\u{7f}') {
            return to.write_all(text.as_bytes());
        }
        for part in text.split_inclusive(|c: char| !c.is_ascii() || c == '\u{7f}') {
            let last = part.chars().next_back().filter(|c| !c.is_ascii() || *c == '\u{7f}');
            let plain = part.len() - last.map_or(0, char::len_utf8);
            to.write_all(&part.as_bytes()[..plain])?;
            // One escape for each half of what lies beyond the first plane.
            for _ in 0..last.map_or(0, char::len_utf16) {
                to.write_all(b"\\u0000")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_python_s_json_writes_it() {
        // len(json.dumps(…)) of each.
        for (text, wanted) in [
            (r#"{"a": [1, 2, {"b": null}], "c": {}}"#, 35),
            (r#"["\"\\\n", "plain"]"#, 19),
            ("[\"\u{e4}\"]", 10),
            ("[\"x\u{1f980}y\u{7f}\"]", 24),
        ] {
            let value: serde_json::Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(length(&value), wanted, "{text}");
        }
    }
}
