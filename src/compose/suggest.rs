//! Finds what somebody meant to write.

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
