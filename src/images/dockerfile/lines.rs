//! The lines of a Dockerfile: directives, comments, continuations, heredocs.

use super::Fault;

/// One instruction, its continuation lines joined and its heredocs skipped.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    /// Where it starts, counted from one.
    pub(super) line: usize,
    /// In capitals.
    pub(super) keyword: String,
    pub(super) rest: String,
}

#[derive(Debug)]
pub(super) struct Lines {
    /// A backslash, or what `# escape=` says.
    pub(super) escape: char,
    pub(super) instructions: Vec<Instruction>,
}

impl Lines {
    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let escape = escape_directive(text)?;
        let mut lines = text.lines().enumerate();
        let mut instructions = Vec::new();
        while let Some((index, first)) = lines.next() {
            if is_blank(first) {
                continue;
            }
            let mut joined = String::new();
            let mut part = first;
            while let Some(cut) = continued(part, escape) {
                joined.push_str(cut);
                // Comments and blank lines inside an instruction do not end it.
                match lines.by_ref().map(|(_, line)| line).find(|line| !is_blank(line)) {
                    Some(line) => part = line,
                    None => part = "",
                }
            }
            joined.push_str(part);
            let trimmed = joined.trim();
            let (keyword, rest) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
            let keyword = keyword.to_ascii_uppercase();
            if matches!(keyword.as_str(), "RUN" | "COPY" | "ADD" | "ONBUILD") {
                for (name, strips_tabs) in heredocs(rest) {
                    let ends = |line: &str| {
                        (if strips_tabs { line.trim_start_matches('\t') } else { line }) == name
                    };
                    if !lines.any(|(_, line)| ends(line)) {
                        let message = format!("the heredoc `{name}` has no end");
                        return Err(Fault { line: index + 1, message });
                    }
                }
            }
            instructions.push(Instruction {
                line: index + 1,
                keyword,
                rest: rest.trim().to_owned(),
            });
        }
        Ok(Self { escape, instructions })
    }
}

fn is_blank(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

/// The line without its continuation mark, when it has one. A doubled mark is text.
fn continued(line: &str, escape: char) -> Option<&str> {
    let cut = line.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    (!cut.ends_with(escape)).then_some(cut)
}

/// `# name=value` lines stand before everything else, comments included.
fn escape_directive(text: &str) -> Result<char, Fault> {
    for (index, line) in text.lines().enumerate() {
        let Some(comment) = line.trim_start().strip_prefix('#') else { break };
        let Some((name, value)) = comment.split_once('=') else { break };
        let name = name.trim();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
            break;
        }
        if name.eq_ignore_ascii_case("escape") {
            return match value.trim() {
                "\\" => Ok('\\'),
                "`" => Ok('`'),
                other => {
                    let message =
                        format!("`# escape=` takes a backslash or a backtick, not `{other}`");
                    Err(Fault { line: index + 1, message })
                }
            };
        }
    }
    Ok('\\')
}

/// Names of the heredocs that a line opens, and whether tabs before their text are dropped.
fn heredocs(rest: &str) -> Vec<(String, bool)> {
    words(rest)
        .into_iter()
        .filter_map(|word| {
            let name = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
            let (name, strips_tabs) = match name.strip_prefix('-') {
                Some(name) => (name, true),
                None => (name, false),
            };
            let name: String = name.chars().filter(|c| !matches!(c, '"' | '\'')).collect();
            (!name.is_empty() && !name.contains('<')).then_some((name, strips_tabs))
        })
        .collect()
}

/// Splits at blanks outside quotes; the quotes stay.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in text.chars() {
        match quote {
            None if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                continue;
            }
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ => {}
        }
        word.push(c);
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}
