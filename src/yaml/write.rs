use serde_json::Value;

/// Writes a value as YAML, two spaces a level, in the value's own order.
///
/// Every string reads back as the same string with YAML 1.1 and 1.2 readers: whatever either
/// could take for a number, a boolean, null, a date or syntax is quoted.
#[must_use]
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => object(&mut out, map, 0, false),
        Value::Array(items) if !items.is_empty() => array(&mut out, items, 0, false),
        other => {
            scalar(&mut out, other, 0);
        }
    }
    out
}

/// Writes one key and its value, `depth` levels deep, as [`to_yaml`] writes those of a mapping.
pub fn write_entry(out: &mut String, depth: usize, key: &str, value: &Value) {
    indent(out, depth);
    entry(out, key, value, depth);
}

/// `inline`: the first line continues a line that was begun, `- ` say.
fn object(out: &mut String, map: &serde_json::Map<String, Value>, depth: usize, inline: bool) {
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 || !inline {
            indent(out, depth);
        }
        entry(out, key, value, depth);
    }
}

fn entry(out: &mut String, key: &str, value: &Value, depth: usize) {
    // A key beyond this length is no simple key to a reader.
    if key.len() > 120 {
        out.push_str("? ");
        quoted(out, key);
        out.push('\n');
        indent(out, depth);
    } else {
        text(out, key);
    }
    out.push(':');
    below(out, value, depth);
}

fn array(out: &mut String, items: &[Value], depth: usize, inline: bool) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 || !inline {
            indent(out, depth);
        }
        out.push('-');
        match item {
            Value::Object(map) if !map.is_empty() => {
                out.push(' ');
                object(out, map, depth + 1, true);
            }
            Value::Array(inner) if !inner.is_empty() => {
                out.push(' ');
                array(out, inner, depth + 1, true);
            }
            other => {
                out.push(' ');
                scalar(out, other, depth + 1);
            }
        }
    }
}

/// The value of a key.
fn below(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            object(out, map, depth + 1, false);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            array(out, items, depth + 1, false);
        }
        other => {
            out.push(' ');
            scalar(out, other, depth + 1);
        }
    }
}

fn scalar(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&self::number(number)),
        Value::String(value) if is_block(value) && depth > 0 => return block(out, value, depth),
        Value::String(value) => text(out, value),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
    out.push('\n');
}

/// YAML 1.1 takes `1e3` for text: it wants a point and a signed exponent.
fn number(number: &serde_json::Number) -> String {
    let text = number.to_string();
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return text };
    let mantissa =
        if mantissa.contains('.') { mantissa.to_owned() } else { format!("{mantissa}.0") };
    let exponent =
        if exponent.starts_with(['+', '-']) { exponent.to_owned() } else { format!("+{exponent}") };
    format!("{mantissa}e{exponent}")
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

/// A string or key on one line.
fn text(out: &mut String, value: &str) {
    if is_plain(value) { out.push_str(value) } else { quoted(out, value) }
}

/// Words that some reader takes for something else than text.
const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

fn is_plain(value: &str) -> bool {
    let starts = value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_');
    let bytes = value.as_bytes();
    let plain = bytes.iter().enumerate().all(|(at, &byte)| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => true,
        b'_' | b'-' | b'.' | b'/' | b'@' | b'+' | b'=' | b'$' | b'(' | b')' | b'%' | b'~' => true,
        b';' | b'<' | b'>' | b'*' | b'&' | b'^' => true,
        b':' => bytes.get(at + 1).is_some_and(|next| !next.is_ascii_whitespace()),
        b' ' => bytes.get(at + 1).is_some_and(|&next| next != b' ' && next != b'#'),
        _ => false,
    });
    starts && plain && !WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

fn quoted(out: &mut String, value: &str) {
    out.push('"');
    for character in value.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{a0}' => {
                out.push_str(&format!("\\x{:02x}", u32::from(character)));
            }
            '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}'
            | '\u{e000}'..='\u{f8ff}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            '\u{10000}'.. => out.push_str(&format!("\\U{:08x}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out.push('"');
}

/// Whether a text of several lines can be written as it stands, after `|`.
fn is_block(value: &str) -> bool {
    // Most texts have one line.
    if !value.contains('\n') {
        return false;
    }
    let mut lines = value.split('\n');
    let first = lines.clone().find(|line| !line.is_empty());
    first.is_some_and(|line| !line.starts_with([' ', '#']))
        && !value.starts_with('\n')
        && value.chars().all(|c| c == '\n' || matches!(c, ' '..='~'))
        && lines.all(|line| !line.ends_with(' '))
}

fn block(out: &mut String, value: &str, depth: usize) {
    let body = value.trim_end_matches('\n');
    out.push_str(match value.len() - body.len() {
        0 => "|-\n",
        1 => "|\n",
        _ => "|+\n",
    });
    let body = value.strip_suffix('\n').unwrap_or(value);
    for line in body.split('\n') {
        if !line.is_empty() {
            indent(out, depth);
            out.push_str(line);
        }
        out.push('\n');
    }
}
