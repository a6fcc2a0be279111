//! `.dockerignore`, as the docker builders read it.
//!
//! Rules: a byte order mark is skipped; a line that starts with `#` is a comment; the rest is
//! trimmed, cleaned as a path (`./a//b/` is `a/b`), and loses one leading slash; `!` makes an
//! exception. A pattern that matches a directory matches all below it, and the last pattern that
//! matches decides. [`pattern`] says what the wildcards mean.

mod pattern;

use pattern::Pattern;

/// The patterns of one `.dockerignore`.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    rules: Vec<Rule>,
    has_exceptions: bool,
    /// An exception with a wildcard may re-include something in any excluded directory.
    has_wild_exceptions: bool,
}

#[derive(Clone, Debug)]
struct Rule {
    pattern: Pattern,
    exception: bool,
}

/// A line that no builder accepts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: pattern `{pattern}` {reason}")]
pub struct IgnoreError {
    /// Counted from one.
    pub line: usize,
    /// As it is written.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Which patterns a directory matched: its children need not ask again.
#[derive(Clone, Debug, Default)]
pub(super) struct Matched(Vec<bool>);

impl Ignore {
    /// Reads the text of a `.dockerignore`.
    ///
    /// # Errors
    ///
    /// A pattern that Go's `filepath.Match` refuses, or a lone `!`.
    pub fn parse(text: &[u8]) -> Result<Self, IgnoreError> {
        let text = String::from_utf8_lossy(text);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut ignore = Self::default();
        for (index, line) in text.lines().enumerate() {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let wrong =
                |reason| IgnoreError { line: index + 1, pattern: line.trim().to_owned(), reason };
            ignore.push(line.trim()).map_err(wrong)?;
        }
        Ok(ignore)
    }

    fn push(&mut self, line: &str) -> Result<(), &'static str> {
        let (exception, pattern) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, line),
        };
        let cleaned = if pattern.is_empty() { String::new() } else { clean(pattern) };
        let relative = match cleaned.strip_prefix('/') {
            Some(rest) if !rest.is_empty() => rest,
            // A lone slash is only left alone when it is not an exception.
            Some(_) if exception => "",
            _ => &cleaned,
        };
        if relative.is_empty() {
            return Err("is an exception from nothing");
        }
        let pattern = Pattern::compile(relative)?;
        if exception {
            self.has_exceptions = true;
            self.has_wild_exceptions |= pattern.prefix().contains(['*', '[', ']', '?', '^', '\\']);
        }
        self.rules.push(Rule { pattern, exception });
        Ok(())
    }

    /// Whether an exception with a wildcard may bring back something out of any excluded directory.
    pub(super) fn has_wild_exceptions(&self) -> bool {
        self.has_wild_exceptions
    }

    /// Whether the file at `path` (relative, with slashes) is left out of the context.
    #[must_use]
    pub fn excludes(&self, path: &str) -> bool {
        let mut matched = Matched::default();
        let mut excluded = false;
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            (excluded, matched) = self.excludes_under(&path[..end], &matched);
        }
        excluded
    }

    /// [`Ignore::excludes`] for a walk: `parent` is what came out for the directory around it,
    /// and the default for what lies in the root.
    pub(super) fn excludes_under(&self, path: &str, parent: &Matched) -> (bool, Matched) {
        let mut excluded = false;
        let mut matched = Vec::with_capacity(self.rules.len());
        for (index, rule) in self.rules.iter().enumerate() {
            let inherited = parent.0.get(index).copied().unwrap_or(false);
            // A rule that could not change the answer is not even asked, so that a child does
            // not inherit from it: the builders do the same.
            let hit = inherited || (rule.exception == excluded && rule.pattern.matches(path));
            matched.push(hit);
            if hit {
                excluded = !rule.exception;
            }
        }
        (excluded, Matched(matched))
    }

    /// Whether an exception may bring back something inside an excluded directory.
    pub(super) fn may_return_below(&self, directory: &str) -> bool {
        if !self.has_exceptions {
            return false;
        }
        self.has_wild_exceptions
            || self.rules.iter().filter(|rule| rule.exception).any(|rule| {
                let prefix = rule.pattern.prefix();
                prefix
                    .strip_prefix(directory)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
    }
}

/// The shortest path with the same meaning, by Go's `path.Clean`.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&last) if last != ".." => {
                    parts.pop();
                }
                _ if rooted => {}
                _ => parts.push(".."),
            },
            name => parts.push(name),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
#[path = "ignore/tests.rs"]
mod tests;
