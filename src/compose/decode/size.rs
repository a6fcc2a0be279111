use std::time::Duration;

/// Bytes from a text such as `512m`, `1.5g`, `64MiB` or `1000`: powers of 1024, as Docker reads it.
pub(in crate::compose) fn parse_bytes(text: &str) -> Option<u64> {
    // A float would lose the last digits of a large number.
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().filter(|bytes| i64::try_from(*bytes).is_ok());
    }
    let split = text.rfind(|c: char| c.is_ascii_digit() || c == '.' || c == ' ')?;
    let number = if text.as_bytes()[split] == b' ' { &text[..split] } else { &text[..=split] };
    let suffix = text[split + 1..].to_ascii_lowercase();
    let number: f64 = number.trim_start_matches('+').parse().ok()?;
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    let power = match suffix.as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        "p" | "pb" | "pib" => 5,
        _ => return None,
    };
    let bytes = number * 1024_f64.powi(power);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be positive and in range; Docker cuts fractions off, too"
    )]
    (bytes < 9e18).then_some(bytes as u64)
}

/// A duration such as `1m30s`: numbers with `w`, `d`, `h`, `m`, `s`, `ms`, `us` or `ns`.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    if rest.is_empty() {
        return None;
    }
    let mut seconds = 0.0_f64;
    let mut exact = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let unit = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let nanos: u64 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            "w" => 604_800_000_000_000,
            _ => return None,
        };
        if let Ok(whole) = number.parse::<u64>() {
            exact = exact.checked_add(Duration::from_nanos(whole.checked_mul(nanos)?))?;
        } else {
            #[expect(clippy::cast_precision_loss, reason = "units are exact in a float")]
            let part = number.parse::<f64>().ok()? * (nanos as f64 / 1e9);
            seconds += part;
        }
        rest = after;
    }
    exact.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, want) in [
            ("512m", Some(512 << 20)),
            ("1.5g", Some(3 << 29)),
            ("64MiB", Some(64 << 20)),
            ("64 MB", Some(64 << 20)),
            ("1000", Some(1000)),
            ("10b", Some(10)),
            ("1e3", Some(1000)),
            ("", None),
            ("m", None),
            ("-1", None),
            ("5x", None),
            ("5mbb", None),
            ("1..5g", None),
            ("99999999999p", None),
        ] {
            assert_eq!(parse_bytes(text), want, "{text}");
        }
    }

    #[test]
    fn durations() {
        let millis = |text| parse_duration(text).map(|duration| duration.as_millis());
        for (text, want) in [
            ("1m30s", Some(90_000)),
            ("10s", Some(10_000)),
            ("500ms", Some(500)),
            ("1.5s", Some(1500)),
            ("1h1m", Some(3_660_000)),
            ("1d", Some(86_400_000)),
            ("0", Some(0)),
            ("30", None),
            ("s", None),
            ("", None),
            ("-1s", None),
            ("1x", None),
            ("99999999999999w", None),
        ] {
            assert_eq!(millis(text), want, "{text}");
        }
    }
}
