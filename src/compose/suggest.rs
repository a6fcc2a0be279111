//! Finds what somebody meant to write.

use crate::diagnostic::credential;
use crate::source::{Sources, Span};

/// The candidate closest to `word`, when one is close enough to be a slip.
pub(super) fn closest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Long words are no slips of short names, and the comparison costs the product of the lengths.
    if word.len() > 64 {
        return None;
    }
    let limit = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word && candidate.len().abs_diff(word.len()) <= limit)
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|&(distance, _)| distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// ``did you mean `x`?``, when something is close.
#[must_use]
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    closest(word, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// The candidates, the closest to `word` first, those that are equally close in their order.
#[must_use]
pub fn closest_first<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Vec<&'a str> {
    let mut list: Vec<&str> = candidates.into_iter().collect();
    list.sort_by_cached_key(|candidate| {
        // The comparison costs the product of the lengths.
        let is_short = word.len().max(candidate.len()) <= 64;
        if is_short { distance(word, candidate) } else { usize::MAX }
    });
    list
}

/// A name as messages may show it. Where it does not stand in the file as it is, a variable's value
/// is part of it, and what stands in the file is shown instead.
pub(super) fn shown(name: &str, span: Span, sources: &Sources) -> String {
    let raw = sources.slice(span);
    if raw.contains(name) {
        format!("`{name}`")
    } else {
        format!("`{}`", raw.trim_matches(['"', '\'']))
    }
}

/// The path of a file as messages may show it: the one that was looked for, unless a variable that is
/// called like a credential is part of what is written, or what came of it looks like one.
pub(super) fn shown_path(path: String, written: &str) -> String {
    let is_secret = written.contains('$')
        && (credential::takes_one(written)
            || credential::has_known_form(&path)
            || credential::has_userinfo(&path));
    if is_secret { credential::hide(written) } else { path }
}

/// How many letters must be typed, left out, replaced or swapped; case counts nothing.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().collect();
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i);
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_come_first() {
        assert_eq!(closest_first("prod", ["base", "dev", "prd"]), ["prd", "base", "dev"]);
        assert_eq!(closest_first("x", ["b", "a"]), ["b", "a"]);
    }

    #[test]
    fn paths_are_shown_unless_they_may_hold_a_credential() {
        let shown = |path: &str, written| shown_path(path.to_owned(), written);
        assert_eq!(shown("conf/.env", "${ENV_FILE:-.env}"), "conf/.env");
        assert_eq!(shown(".env", ".env"), ".env");
        assert_eq!(shown("hunter2/.env", "$DB_PASSWORD/.env"), "$DB_PASSWORD/.env");
        assert_eq!(shown("hunter2/x", "${TOKEN:-hunter2}/x"), "${TOKEN:-*******}/x");
        assert_eq!(shown("sk_live_hunter22", "${A}"), "${A}");
    }

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let keys = ["image", "ports", "environment", "depends_on", "build"];
        assert_eq!(closest("imgae", keys), Some("image"));
        assert_eq!(closest("enviroment", keys), Some("environment"));
        assert_eq!(closest("port", keys), Some("ports"));
        assert_eq!(closest("dependsOn", keys), Some("depends_on"));
        assert_eq!(closest("Image", keys), Some("image"));
        assert_eq!(closest("volumes", keys), None);
        assert_eq!(closest("", keys), None);
    }
}
