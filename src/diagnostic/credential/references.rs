//! Variables in a text: their values are elsewhere, and their defaults may be credentials.

use std::ops::Range;

use super::names_a_credential;

/// How much of a text is a variable, as far as its default: `${NAME:-`, `${NAME:?message}`, `$NAME`.
pub(super) fn length(text: &str) -> usize {
    let Some(rest) = text.strip_prefix('$') else { return 0 };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let Some(inner) = rest.strip_prefix('{') else {
        return 1 + rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    };
    let name = inner.find(|c| !is_name(c)).unwrap_or(inner.len());
    let operator = inner[name..].find(|c| !":-+?".contains(c)).unwrap_or(inner.len() - name);
    let end = match inner[name..name + operator].contains('?') {
        true => inner.find('}').unwrap_or(inner.len()),
        false => name + operator,
    };
    2 + end
}

/// Where the defaults of variables stand that are called like credentials: `${API_TOKEN:-x}`.
pub(super) fn defaults(line: &str) -> Vec<Range<usize>> {
    let default = |(at, near): (usize, &str)| {
        let kept = length(near);
        let end = near.get(kept..)?.find('}').map_or(near.len(), |end| kept + end);
        let has_one = near.starts_with("${") && kept < end && names_a_credential(name_in(near));
        has_one.then_some(at + kept..at + end)
    };
    variables(line).filter_map(default).collect()
}

/// How far a variable is looked at, in bytes: a text may be made of nothing else.
const NEAR: usize = 512;

/// Where variables start in a text, and what stands there.
fn variables(text: &str) -> impl Iterator<Item = (usize, &str)> {
    // Of several dollar signs the last one has the name.
    let starts = text.match_indices('$').filter(|(at, _)| !text[at + 1..].starts_with('$'));
    starts.map(|(at, _)| {
        let mut end = text.len().min(at + NEAR);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        (at, &text[at..end])
    })
}

/// The name of the variable that a text starts with.
fn name_in(text: &str) -> &str {
    let name = text.trim_start_matches('$').trim_start_matches('{');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &name[..end.unwrap_or(name.len())]
}

/// Whether a text has a variable in it that is called like a credential.
#[must_use]
pub fn takes_one(text: &str) -> bool {
    variables(text).any(|(_, near)| names_a_credential(name_in(near)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_are_called_like_credentials() {
        assert!(
            takes_one("a/${DB_PASSWORD}/b") && takes_one("$API_TOKEN") && takes_one("$$X$TOKEN")
        );
        assert!(!takes_one("${ENV_FILE:-.env}") && !takes_one("token") && !takes_one("$"));
        let text = format!("${{TOKEN:-{}}}", "é".repeat(NEAR));
        assert_eq!(defaults(&text).first().map(|found| found.start), Some(9));
    }
}
