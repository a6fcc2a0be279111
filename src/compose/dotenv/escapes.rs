//! Backslashes in values, as the reference's library for `.env` files reads them.

/// `\n` and the like, inside double quotes.
pub(super) fn escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let mut used = 1;
        match after.as_bytes().first() {
            Some(b'a') => out.push('\u{7}'),
            Some(b'b') => out.push('\u{8}'),
            Some(b'f') => out.push('\u{c}'),
            Some(b'n') => out.push('\n'),
            Some(b'r') => out.push('\r'),
            Some(b't') => out.push('\t'),
            Some(b'v') => out.push('\u{b}'),
            Some(b'"') => out.push('"'),
            Some(b'\\') => out.push('\\'),
            // The variables are replaced afterwards, where `$$` is a dollar sign.
            Some(b'$') => out.push_str("$$"),
            Some(b'0') => match octal(after) {
                Some((character, length)) => {
                    out.push(character);
                    used = length;
                }
                // As in the reference, what is no character loses its zero.
                None => {
                    let digits = after[1..].bytes().take(3).take_while(u8::is_ascii_digit).count();
                    out.push('\\');
                    out.push_str(&after[1..=digits]);
                    used = 1 + digits;
                }
            },
            _ => {
                out.push('\\');
                used = 0;
            }
        }
        rest = &after[used..];
    }
    out.push_str(rest);
    out
}

/// `0123`: three octal digits after the zero.
fn octal(text: &str) -> Option<(char, usize)> {
    let digits = text.get(1..4)?;
    let number = u8::from_str_radix(digits, 8).ok()?;
    Some((char::from(number), 4))
}
