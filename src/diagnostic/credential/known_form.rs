//! Values that are credentials by their form, whatever their setting is called.

use std::ops::Range;

/// What tokens begin with, and how many letters and digits follow at least. Sources: the vendors'
/// documentation (Stripe, "API keys"; Slack, "Token types"; GitHub, "About authentication", token
/// formats; GitLab, "Token prefixes"; AWS IAM user guide, "Unique identifiers"; SendGrid; npm).
const PREFIXES: &[(&str, usize)] = &[
    ("AKIA", 16),
    ("ASIA", 16),
    ("SG.", 20),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghs_", 20),
    ("ghu_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("npm_", 20),
    ("rk_live_", 8),
    ("sk_live_", 8),
    ("sk_test_", 8),
    ("xapp-", 8),
    ("xoxa-", 8),
    ("xoxb-", 8),
    ("xoxp-", 8),
];

/// Fields of JSON objects that are credentials, in small letters without underscores and hyphens.
const FIELDS: &[&str] = &[
    "accesskey",
    "apikey",
    "clientsecret",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "secretkey",
    "token",
];

/// Options of commands whose next word is a credential (Redis, `redis.conf`; Docker Hub, Valkey).
const OPTIONS: &[&str] = &["--masterauth", "--password", "--requirepass", "--token"];

fn is_of_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-.".contains(c)
}

/// Whether a value is a token, or an object with a password in it.
#[must_use]
pub fn has_known_form(value: &str) -> bool {
    !tokens(value).is_empty() || !fields(value).is_empty() || value.contains(PRIVATE_KEY)
}

/// What stands in the first line of a private key in PEM (RFC 7468).
const PRIVATE_KEY: &str = "PRIVATE KEY-----";

/// Whether the words of a command hand over a password: `--requirepass x`, `--password=x`.
#[must_use]
pub fn in_command(words: &[String]) -> bool {
    let line: Vec<&str> = words.iter().flat_map(|word| word.split_whitespace()).collect();
    line.iter().enumerate().any(|(place, word)| match word.split_once('=') {
        Some((name, value)) => OPTIONS.contains(&name) && is_given(value),
        None => {
            let next = line.get(place + 1).filter(|next| !next.starts_with("--"));
            OPTIONS.contains(word) && next.is_some_and(|next| is_given(next))
        }
    }) || words.iter().any(|word| !tokens(word).is_empty())
}

fn is_given(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    super::is_literal(value) && !value.starts_with('$')
}

/// Where the values of known form stand in a line, for [`hide`](super::hide).
pub(super) fn places(line: &str) -> Vec<Range<usize>> {
    tokens(line).into_iter().chain(fields(line)).chain(options(line)).collect()
}

fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (prefix, least) in PREFIXES {
        for (at, _) in text.match_indices(prefix) {
            let before = text[..at].chars().next_back();
            let rest = &text[at + prefix.len()..];
            let length = rest.find(|c| !is_of_token(c)).unwrap_or(rest.len());
            if length >= *least && !before.is_some_and(is_of_token) {
                found.push(at..at + prefix.len() + length);
            }
        }
    }
    found
}

/// `"password": "x"`
fn fields(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('"').map(|open| at + open + 1) {
        let Some(close) = text[open..].find('"').map(|close| open + close) else { break };
        // What closes one text may open the next: outer quotes may be YAML's.
        at = open;
        let name = text[open..close].trim_end_matches('\\').to_ascii_lowercase();
        let name = name.replace(['_', '-'], "");
        let rest = text[close + 1..].trim_start();
        let Some(value) = rest.strip_prefix(':') else { continue };
        let value = value.trim_start();
        // Within YAML's double quotes, those of JSON are escaped.
        let quoted = value.strip_prefix('"').or_else(|| value.strip_prefix("\\\""));
        let Some(value) = quoted else { continue };
        let from = text.len() - value.len();
        let length = value.find('"').unwrap_or(value.len());
        let length = value[..length].trim_end_matches('\\').len();
        if FIELDS.contains(&name.as_str()) && super::is_literal(&value[..length]) {
            found.push(from..from + length);
        }
    }
    found
}

/// `--requirepass x`, also as words of a list.
fn options(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for option in OPTIONS {
        for (at, _) in line.match_indices(option) {
            let rest = &line[at + option.len()..];
            let is_gap = |c: char| c.is_whitespace() || "\"',=".contains(c);
            let Some(start) = rest.find(|c| !is_gap(c)).filter(|start| *start > 0) else {
                continue;
            };
            let value = &rest[start..];
            let length = value.find(is_end).unwrap_or(value.len());
            let from = at + option.len() + start;
            if !value.starts_with("--") && is_given(&value[..length]) {
                found.push(from..from + length);
            }
        }
    }
    found
}

fn is_end(c: char) -> bool {
    c.is_whitespace() || "\"',]".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_that_say_what_they_are() {
        for value in [
            "sk_live_0123456789abcdef",
            "xoxb-1234-5678-abcdefghijkl",
            "ghp_012345678901234567890123456789012345",
            "AKIAIOSFODNN7EXAMPLE",
            "Bearer ghp_012345678901234567890123456789012345",
            r#"{"spring":{"datasource":{"password":"hunter2"}}}"#,
            r#"{"user": "a", "client_secret" : "hunter2"}"#,
            "-----BEGIN RSA PRIVATE KEY-----abc",
        ] {
            assert!(has_known_form(value), "{value}");
        }
        for value in [
            "",
            "sk_live_",
            "pk_live_0123456789abcdef",
            "AKIA",
            "task_live_0123456789abcdef",
            r#"{"password":""}"#,
            r#"{"password": {"min": 8}}"#,
            r#"{"user":"password"}"#,
            "-----BEGIN PUBLIC KEY-----abc",
            "\"",
        ] {
            assert!(!has_known_form(value), "{value}");
        }
    }

    #[test]
    fn passwords_of_commands() {
        let has = |words: &[&str]| {
            in_command(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        assert!(has(&["redis-server", "--requirepass", "hunter2"]));
        assert!(has(&["sh", "-c", "redis-server --requirepass hunter2"]));
        assert!(has(&["app", "--password=hunter2"]));
        assert!(!has(&["redis-server", "--requirepass"]));
        assert!(!has(&["redis-server", "--requirepass", "--appendonly", "yes"]));
        assert!(!has(&["sh", "-c", "redis-server --requirepass $REDIS_PASSWORD"]));
        assert!(!has(&["sh", "-c", "redis-server --requirepass \"$$PASS\""]));
        assert!(!has(&["app", "--password-file=/x"]));
    }
}
