//! What checks came to: a line each, with the way out below those that need one.

use std::collections::BTreeMap;

use super::table::wrap;
use crate::verify::{Finding, Level};

/// The word of a level; as long as the others, so that lines stand below each other.
fn word(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok  ",
        Level::Note => "note",
        Level::Warning => "warn",
        Level::Failure => "FAIL",
    }
}

/// The lines; `place` says where in the files a finding stands.
#[must_use]
pub fn lines(
    found: &[Finding],
    place: &dyn Fn(&Finding) -> Option<String>,
    width: usize,
) -> Vec<String> {
    let column = found.iter().map(|finding| finding.check.len()).max().unwrap_or(0);
    let indent = " ".repeat(word(Level::Ok).len() + column + 4);
    let room = width.saturating_sub(indent.len()).max(40);
    let mut lines = Vec::new();
    for finding in found {
        let head = format!("{}  {:<column$}  ", word(finding.level), finding.check);
        let mut text = wrap(&super::harmless(&finding.message), &indent, room + indent.len());
        if let Some(first) = text.first_mut() {
            first.replace_range(..indent.len(), &head);
        }
        lines.append(&mut text);
        if finding.level < Level::Warning {
            continue;
        }
        let place = place(finding);
        let of = finding.service.as_ref().map(|service| format!("service {service}"));
        let place: Vec<String> = place.into_iter().chain(of).collect();
        if !place.is_empty() {
            lines.push(format!("{indent}at {}", place.join(", ")));
        }
        if let Some(help) = &finding.help {
            let help = format!("help: {}", super::harmless(help));
            lines.extend(wrap(&help, &indent, room + indent.len()));
        }
    }
    lines
}

/// How many there are of each level.
#[must_use]
pub fn counts(found: &[Finding]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::from([("ok", 0), ("note", 0), ("warning", 0), ("failure", 0)]);
    for finding in found {
        let name = match finding.level {
            Level::Ok => "ok",
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Failure => "failure",
        };
        *counts.entry(name).or_default() += 1;
    }
    counts
}

/// One line about all of them.
#[must_use]
pub fn summary(found: &[Finding]) -> String {
    let counts = counts(found);
    let count = |name: &str| counts.get(name).copied().unwrap_or_default();
    let many = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    format!(
        "{}: {}, {}",
        many(found.len(), "check"),
        many(count("failure"), "failure"),
        many(count("warning"), "warning")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_says_where_and_the_way_out() {
        let mut failed = Finding::failure("roles", "there is no role ops").help("make it");
        failed.service = Some("web".to_owned());
        let found = [Finding::ok("connection", "arn in 1"), failed];
        let place = |_: &Finding| Some("compose.yaml:3:5".to_owned());
        assert_eq!(
            lines(&found, &place, 80),
            [
                "ok    connection  arn in 1",
                "FAIL  roles       there is no role ops",
                "                  at compose.yaml:3:5, service web",
                "                  help: make it",
            ]
        );
        assert_eq!(summary(&found), "2 checks: 1 failure, 0 warnings");
        assert_eq!(counts(&found)["ok"], 1);
    }
}
