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

/// Where the values of known form stand in a line, for [`hide`](super::hide).
pub(super) fn places(line: &str) -> Vec<Range<usize>> {
    tokens(line).into_iter().chain(fields(line)).collect()
}

pub(super) fn tokens(text: &str) -> Vec<Range<usize>> {
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
}
