use std::time::Duration;

use serde_json::{Number, Value};

use crate::compose::scalar::{Typed, as_text, typed};
use crate::yaml::{Kind, Node};

/// A scalar as the text that Compose makes of it.
pub(super) fn text(node: &Node) -> Option<String> {
    as_text(node.as_scalar()?).map(std::borrow::Cow::into_owned).filter(|text| !text.is_empty())
}

/// The texts of a list, or of one scalar; empty ones, too.
pub(super) fn texts(node: &Node) -> Vec<String> {
    let items = match &node.kind {
        Kind::Scalar(_) => std::slice::from_ref(node),
        Kind::Sequence(items) => items.as_slice(),
        Kind::Mapping(_) => &[],
    };
    let texts = items.iter().filter_map(|item| as_text(item.as_scalar()?));
    texts.map(std::borrow::Cow::into_owned).collect()
}

/// A number in the precision of the reference.
pub(super) fn number(value: f64) -> Value {
    float(short(value))
}

/// A number in the precision of the reference.
pub(in crate::compose) fn short(value: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "the reference keeps 32 bits")]
    let short = value as f32;
    let exact = short.to_string().parse();
    exact.unwrap_or(value)
}

pub(super) fn float(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// The value of an `x-…` attribute, typed.
pub(in crate::compose) fn extension_value(node: &Node) -> Value {
    match &node.kind {
        Kind::Scalar(scalar) => match typed(scalar) {
            Typed::Null => Value::Null,
            Typed::Bool(value) => Value::Bool(value),
            Typed::Int(value) => value.into(),
            Typed::Unsigned(value) => value.into(),
            Typed::Float(value) => float(value),
            Typed::Timestamp => timestamp(&scalar.text).into(),
            Typed::Text(text) => text.into(),
        },
        Kind::Sequence(items) => items.iter().map(extension_value).collect(),
        Kind::Mapping(mapping) => {
            let entries = mapping.entries.iter();
            entries
                .map(|entry| (entry.key.text.to_string(), extension_value(&entry.value)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
    }
}

/// A date without a time is midnight.
fn timestamp(text: &str) -> String {
    if text.contains([':', 'T', 't']) { text.to_owned() } else { format!("{text}T00:00:00Z") }
}

/// A duration as Go prints it: `1m30s`, `1.5s`, `500ms`.
pub(in crate::compose) fn duration(value: Duration) -> String {
    let nanos = value.as_nanos();
    let fraction = |whole: u128, unit: u128, width: usize| {
        let rest = format!("{:0width$}", whole % unit);
        let rest = rest.trim_end_matches('0');
        if rest.is_empty() {
            format!("{}", whole / unit)
        } else {
            format!("{}.{rest}", whole / unit)
        }
    };
    match nanos {
        0 => return "0s".into(),
        1..1_000 => return format!("{nanos}ns"),
        1_000..1_000_000 => return format!("{}µs", fraction(nanos, 1_000, 3)),
        1_000_000..1_000_000_000 => return format!("{}ms", fraction(nanos, 1_000_000, 6)),
        _ => {}
    }
    let seconds = nanos / 1_000_000_000;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let last = format!("{}s", fraction(nanos % 60_000_000_000, 1_000_000_000, 9));
    match (hours, minutes) {
        (0, 0) => last,
        (0, minutes) => format!("{minutes}m{last}"),
        (hours, minutes) => format!("{hours}h{minutes}m{last}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_print_as_in_go() {
        for (millis, want) in [
            (0, "0s"),
            (500, "500ms"),
            (1500, "1.5s"),
            (10_000, "10s"),
            (90_000, "1m30s"),
            (3_600_000, "1h0m0s"),
            (90_061_500, "25h1m1.5s"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), want);
        }
        assert_eq!(duration(Duration::from_nanos(1_500_000)), "1.5ms");
    }
}
