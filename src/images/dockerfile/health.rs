//! `HEALTHCHECK [OPTIONS] CMD command`, or `NONE` (Dockerfile reference, `HEALTHCHECK`).

use std::time::Duration;

use super::lines;
use crate::images::config::ImageHealth;

/// What the instruction says; nothing where it cannot be read. Variables are the shell's.
pub(super) fn health(rest: &str) -> Option<ImageHealth> {
    let mut found = ImageHealth::default();
    let mut text = rest.trim_start();
    while text.starts_with("--") {
        let (flag, after) = text.split_once(char::is_whitespace)?;
        let (name, value) = flag.split_once('=')?;
        let value = value.trim_matches(['"', '\'']);
        match name {
            "--interval" => found.interval = Some(duration(value)?),
            "--timeout" => found.timeout = Some(duration(value)?),
            "--start-period" => found.start_period = Some(duration(value)?),
            "--retries" => found.retries = Some(value.parse().ok()?),
            // `--start-interval`, which ECS does not have.
            _ => {}
        }
        text = after.trim_start();
    }
    let (kind, command) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let command = command.trim();
    found.test = match kind.to_ascii_uppercase().as_str() {
        "NONE" => vec!["NONE".to_owned()],
        "CMD" if !command.is_empty() => match serde_json::from_str::<Vec<String>>(command) {
            Ok(words) if !words.is_empty() => {
                std::iter::once("CMD".to_owned()).chain(words).collect()
            }
            _ => vec!["CMD-SHELL".to_owned(), lines::words(command).join(" ")],
        },
        _ => return None,
    };
    Some(found)
}

/// `1m30s`, as Go writes durations (package `time`, `ParseDuration`).
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let unit = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * unit;
        rest = after;
    }
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(rest: &str) -> Option<Vec<String>> {
        Some(health(rest)?.test)
    }

    fn words(words: &[&str]) -> Option<Vec<String>> {
        Some(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn both_forms_none_and_what_is_none() {
        let shell = "curl -f http://localhost:3000/health || exit 1";
        assert_eq!(test(&format!("CMD {shell}")), words(&["CMD-SHELL", shell]));
        assert_eq!(test("cmd [\"ok\", \"-q\"]"), words(&["CMD", "ok", "-q"]));
        assert_eq!(test("NONE"), words(&["NONE"]));
        for bad in ["", "CMD", "curl x", "--interval=x CMD true", "--interval=1s"] {
            assert_eq!(test(bad), None, "{bad}");
        }
    }

    #[test]
    fn options() {
        let text = "--interval=1m30s --timeout=500ms \t--start-period=5s --start-interval=1s --retries=4 CMD true";
        let found = health(text).expect("a check");
        assert_eq!(found.interval, Some(Duration::from_secs(90)));
        assert_eq!(found.timeout, Some(Duration::from_millis(500)));
        assert_eq!((found.start_period, found.retries), (Some(Duration::from_secs(5)), Some(4)));
        assert_eq!(health("CMD true").expect("a check").interval, None);
    }
}
