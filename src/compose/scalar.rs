//! What an unquoted scalar means. The rules are those of the YAML library that docker compose is
//! built on, so that `0644`, `1_000`, `yes`, `1.10` and `22:22` mean here what they mean there.

use std::borrow::Cow;

use crate::yaml::{Scalar, Style};

/// A scalar with its type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Typed<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer beyond `i64`.
    Unsigned(u64),
    Float(f64),
    /// A date, with or without a time; Compose takes none anywhere.
    Timestamp,
    Text(&'a str),
}

impl Typed<'_> {
    /// The type in words, with its article.
    pub(super) fn name(self) -> &'static str {
        match self {
            Typed::Null => "nothing",
            Typed::Bool(_) => "a boolean",
            Typed::Int(_) | Typed::Unsigned(_) | Typed::Float(_) => "a number",
            Typed::Timestamp => "a date",
            Typed::Text(_) => "text",
        }
    }
}

/// The type of a scalar. Quoted text, and text that a variable took part in, is text.
pub(super) fn typed(scalar: &Scalar) -> Typed<'_> {
    if scalar.style == Style::Plain && !scalar.interpolated {
        plain(&scalar.text)
    } else {
        Typed::Text(&scalar.text)
    }
}

/// The type of an unquoted text.
pub(super) fn plain(text: &str) -> Typed<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Typed::Null,
        "true" | "True" | "TRUE" => return Typed::Bool(true),
        "false" | "False" | "FALSE" => return Typed::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Typed::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Typed::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Typed::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let first = text.as_bytes()[0];
    if first == b'.' {
        return number_or_text(text, text);
    }
    if !first.is_ascii_digit() && first != b'+' && first != b'-' {
        return Typed::Text(text);
    }
    if is_timestamp(text) {
        return Typed::Timestamp;
    }
    let digits: Cow<'_, str> =
        if text.contains('_') { text.replace('_', "").into() } else { text.into() };
    if let Some(number) = integer(&digits) {
        return match i64::try_from(number) {
            Ok(number) => Typed::Int(number),
            Err(_) => match u64::try_from(number) {
                Ok(number) => Typed::Unsigned(number),
                Err(_) => number_or_text(&digits, text),
            },
        };
    }
    number_or_text(&digits, text)
}

/// A float, where `digits` are one in the range of floats.
fn number_or_text<'a>(digits: &str, text: &'a str) -> Typed<'a> {
    match digits.parse::<f64>() {
        Ok(number) if is_float(digits) && number.is_finite() => Typed::Float(number),
        _ => Typed::Text(text),
    }
}

/// Go's base 0: `0x`, `0o`, `0b` and a leading zero for octal.
fn integer(text: &str) -> Option<i128> {
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = body.get(..2).map(str::to_ascii_lowercase);
    let (base, digits) = match lower.as_deref() {
        Some("0x") => (16, &body[2..]),
        Some("0o") => (8, &body[2..]),
        Some("0b") => (2, &body[2..]),
        _ if body.len() > 1 && body.starts_with('0') => (8, &body[1..]),
        _ => (10, body),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let number = i128::from_str_radix(digits, base).ok()?;
    Some(if negative { -number } else { number })
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    mantissa
        && exponent
            .is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
}

/// `2024-1-2`, or the same with a time.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let within = |part: Option<&str>, low: u32, high: u32| {
        part.is_some_and(|part| {
            (1..=2).contains(&part.len())
                && part.parse::<u32>().is_ok_and(|number| (low..=high).contains(&number))
        })
    };
    let mut parts = date.split('-').skip(1);
    let is_date =
        within(parts.next(), 1, 12) && within(parts.next(), 1, 31) && parts.next().is_none();
    let is_time = time.is_none_or(|time| {
        let clock = time.split(['Z', '+', '-', '.']).next().unwrap_or_default();
        let mut parts = clock.split(':');
        within(parts.next(), 0, 23) && within(parts.next(), 0, 59) && within(parts.next(), 0, 59)
    });
    is_date && is_time
}

/// The text that docker compose makes of a scalar where an attribute takes any scalar: `0644`
/// becomes `420`, `1.10` becomes `1.1`. `None` for null.
pub(super) fn as_text(scalar: &Scalar) -> Option<Cow<'_, str>> {
    Some(match typed(scalar) {
        Typed::Null => return None,
        Typed::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        Typed::Int(value) => value.to_string().into(),
        Typed::Unsigned(value) => value.to_string().into(),
        Typed::Float(value) => go_float(value).into(),
        Typed::Timestamp => Cow::Borrowed(&*scalar.text),
        Typed::Text(text) => Cow::Borrowed(text),
    })
}

/// Go's `%v` of a float.
fn go_float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        format!("{value}")
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}e{sign}{:02}", exponent.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        as_text(&Scalar::new(text, Style::Plain)).map_or("null".into(), Cow::into_owned)
    }

    #[test]
    fn scalars_read_as_the_reference_reads_them() {
        // The right column is what docker compose 2.40.3 printed.
        for (from, to) in [
            ("0644", "420"),
            ("1_000", "1000"),
            ("1e3", "1000"),
            ("0x1F", "31"),
            (".5", "0.5"),
            ("yes", "yes"),
            ("1.10", "1.1"),
            ("18446744073709551615", "18446744073709551615"),
            ("99999999999999999999", "1e+20"),
            ("0o17", "15"),
            ("22:22", "22:22"),
            ("True", "true"),
            ("~", "null"),
            ("1e21", "1e+21"),
            ("0.000001", "1e-06"),
            ("123456789.0", "1.23456789e+08"),
            ("1234567.5", "1.2345675e+06"),
            ("12345678901.5", "1.23456789015e+10"),
            ("089", "89"),
            ("-0", "0"),
            ("1.2.3", "1.2.3"),
            ("65e1234", "65e1234"),
            ("-", "-"),
            ("+1", "1"),
        ] {
            assert_eq!(text(from), to, "{from}");
        }
        assert_eq!(plain("2024-01-01"), Typed::Timestamp);
        assert_eq!(plain("2024-13-01"), Typed::Text("2024-13-01"));
    }
}
