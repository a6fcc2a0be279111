//! `$NAME` and `${NAME…}` inside a text, as docker compose reads them.

use std::collections::HashMap;
use std::ops::Range;

/// Where the values of variables come from.
pub(super) trait Lookup {
    /// The value of a variable, `None` when it is not set.
    fn value(&self, name: &str) -> Option<&str>;
}

/// What went wrong, and the bytes of the text that it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TemplateError {
    pub(super) kind: TemplateErrorKind,
    pub(super) range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TemplateErrorKind {
    /// `${` that is no expression.
    Invalid,
    /// Defaults inside defaults, too deep.
    TooDeep,
    /// `${NAME:?message}`: the message is as it was written, with no values in it.
    Required { name: String, message: String },
}

/// A text with its variables replaced.
#[derive(Clone, Debug, Default)]
pub(super) struct Expanded<'t> {
    pub(super) text: String,
    /// The variables that were not set and had no default.
    pub(super) unset: Vec<Unset<'t>>,
    /// Where they are in the list, once that is long.
    index: HashMap<&'t str, usize>,
}

/// A variable that is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unset<'t> {
    pub(super) name: &'t str,
    /// Where it stands first.
    pub(super) range: Range<usize>,
    /// In how many places it stands.
    pub(super) places: usize,
}

impl<'t> Expanded<'t> {
    fn add_unset(&mut self, unset: Unset<'t>) {
        const INDEX_FROM: usize = 16;
        let at = if self.unset.len() < INDEX_FROM {
            self.unset.iter().position(|known| known.name == unset.name)
        } else {
            if self.index.is_empty() {
                let places = self.unset.iter().enumerate();
                self.index = places.map(|(at, known)| (known.name, at)).collect();
            }
            self.index.get(unset.name).copied()
        };
        match at {
            Some(at) => self.unset[at].places += unset.places,
            None => {
                if !self.index.is_empty() {
                    self.index.insert(unset.name, self.unset.len());
                }
                self.unset.push(unset);
            }
        }
    }
}

const MAX_NESTING: usize = 32;

/// Replaces the variables of a text.
///
/// # Errors
///
/// The first expression that is malformed, or that requires a variable which is not set.
pub(super) fn expand<'t>(
    text: &'t str,
    lookup: &dyn Lookup,
) -> Result<Expanded<'t>, TemplateError> {
    let text_out = String::with_capacity(text.len());
    let mut out = Expanded { text: text_out, ..Expanded::default() };
    expand_into(text, 0, lookup, 0, &mut out)?;
    Ok(out)
}

/// `base` is where `text` starts in the whole text.
fn expand_into<'t>(
    text: &'t str,
    base: usize,
    lookup: &dyn Lookup,
    depth: usize,
    out: &mut Expanded<'t>,
) -> Result<(), TemplateError> {
    let mut at = 0;
    while let Some(dollar) = text[at..].find('$') {
        let dollar = at + dollar;
        out.text.push_str(&text[at..dollar]);
        let rest = &text[dollar + 1..];
        if rest.starts_with('$') {
            out.text.push('$');
            at = dollar + 2;
        } else if rest.starts_with('{') {
            let length = braced(&text[dollar..], base + dollar, lookup, depth, out)?;
            at = dollar + length;
        } else {
            let name = name_length(rest);
            at = dollar + 1 + name;
            if name == 0 {
                out.text.push('$');
            } else {
                variable(&rest[..name], base + dollar..base + at, lookup, out);
            }
        }
    }
    out.text.push_str(&text[at..]);
    Ok(())
}

fn variable<'t>(name: &'t str, range: Range<usize>, lookup: &dyn Lookup, out: &mut Expanded<'t>) {
    match lookup.value(name) {
        Some(value) => out.text.push_str(value),
        None => out.add_unset(Unset { name, range, places: 1 }),
    }
}

/// How many bytes at the start of `text` are a variable's name.
fn name_length(text: &str) -> usize {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if starts { text.bytes().take_while(|byte| is_part(byte)).count() } else { 0 }
}

/// One `${…}` at the start of `text`; answers its length.
fn braced<'t>(
    text: &'t str,
    base: usize,
    lookup: &dyn Lookup,
    depth: usize,
    out: &mut Expanded<'t>,
) -> Result<usize, TemplateError> {
    let line = text.find('\n').unwrap_or(text.len());
    let fault = |kind, length: usize| TemplateError { kind, range: base..base + length };
    let invalid = || {
        let shown = text[..line].find('}').map_or(line, |brace| brace + 1);
        fault(TemplateErrorKind::Invalid, shown)
    };
    let name = name_length(&text[2..]);
    let after = 2 + name;
    if name == 0 {
        return Err(invalid());
    }
    if text[after..].starts_with('}') {
        variable(&text[2..after], base..base + after + 1, lookup, out);
        return Ok(after + 1);
    }
    let colon = usize::from(text[after..].starts_with(':'));
    let operator = text[after + colon..].chars().next().filter(|c| "-?+".contains(*c));
    let Some(operator) = operator else { return Err(invalid()) };
    let Some(close) = closing_brace(&text[..line]).or_else(|| text[..line].rfind('}')) else {
        return Err(invalid());
    };
    let word = after + colon + 1;
    if close < word {
        return Err(invalid());
    }
    if depth >= MAX_NESTING {
        return Err(fault(TemplateErrorKind::TooDeep, close + 1));
    }
    let name = &text[2..after];
    let value = lookup.value(name);
    let counts = value.is_some_and(|value| colon == 0 || !value.is_empty());
    // The word is expanded even where it is not taken, and its faults count.
    let mut expanded = Expanded::default();
    expand_into(&text[word..close], base + word, lookup, depth + 1, &mut expanded)?;
    match operator {
        '?' if !counts => {
            let message = text[word..close].to_owned();
            let kind = TemplateErrorKind::Required { name: name.to_owned(), message };
            return Err(fault(kind, close + 1));
        }
        '-' if !counts => out.text.push_str(&expanded.text),
        '+' if counts => out.text.push_str(&expanded.text),
        _ => out.text.push_str(value.unwrap_or_default()),
    }
    expanded.unset.into_iter().for_each(|unset| out.add_unset(unset));
    Ok(close + 1)
}

/// The brace that closes the one at byte 1. As in the reference, the character after an opening
/// brace is skipped.
fn closing_brace(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        if byte == b'}' {
            open = open.checked_sub(1)?;
            if open == 0 {
                return Some(at);
            }
        } else if byte == b'{' {
            open += 1;
            bytes.next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Lookup for Fixed {
        fn value(&self, name: &str) -> Option<&str> {
            match name {
                "SET" => Some("value"),
                "EMPTY" => Some(""),
                _ => None,
            }
        }
    }

    fn text(template: &str) -> String {
        expand(template, &Fixed).map_or_else(|error| format!("{error:?}"), |out| out.text)
    }

    #[test]
    fn every_form() {
        for (template, want) in [
            ("a $SET b", "a value b"),
            ("${SET}${EMPTY}${GONE}|", "value|"),
            ("${SET:-d} ${EMPTY:-d} ${GONE:-d}", "value d d"),
            ("${SET-d} ${EMPTY-d} ${GONE-d}", "value  d"),
            ("${SET:+a} ${EMPTY:+a} ${GONE:+a}|", "a  |"),
            ("${SET+a} ${EMPTY+a} ${GONE+a}|", "a a |"),
            ("${SET:?e} ${SET?e} ${EMPTY?e}|", "value value |"),
            ("${GONE:-${EMPTY:-${SET}}}", "value"),
            ("${GONE:-a${SET}b}c", "avaluebc"),
            ("$$SET $${SET} $1 $ $(x) a$", "$SET ${SET} $1 $ $(x) a$"),
            ("${GONE:-{}}", "{}"),
            ("${GONE:-http://x:80/?a=b}", "http://x:80/?a=b"),
            ("$SET_x|$SET-x|${GONE:-}", "|value-x|"),
            ("${GONE:-a}-${GONE:-b}", "a-b"),
        ] {
            assert_eq!(text(template), want, "{template}");
        }
    }

    #[test]
    fn faults_point_at_the_expression() {
        let fault = |template| expand(template, &Fixed).expect_err("refused");
        let error = fault("ab ${EMPTY:?please ${SET}} c");
        assert_eq!(error.range, 3..26);
        let message = "please ${SET}".to_owned();
        assert_eq!(error.kind, TemplateErrorKind::Required { name: "EMPTY".into(), message });
        assert_eq!(fault("x ${} y").range, 2..5);
        assert_eq!(fault("${1A}").kind, TemplateErrorKind::Invalid);
        assert_eq!(fault("${A!x}").kind, TemplateErrorKind::Invalid);
        assert_eq!(fault("${A").range, 0..3);
        assert_eq!(fault("${A:-b\n}").kind, TemplateErrorKind::Invalid);
        let deep = format!("{}{}", "${A:-".repeat(100_000), "}".repeat(100_000));
        assert_eq!(fault(&deep).kind, TemplateErrorKind::TooDeep);
    }

    #[test]
    fn unset_variables_are_named_with_their_place() {
        let out = expand("x$A ${B} ${C:-$D} $A", &Fixed).expect("expands");
        let want = [("A", 1..3, 2), ("B", 4..8, 1), ("D", 14..16, 1)];
        assert_eq!(out.unset, want.map(|(name, range, places)| Unset { name, range, places }));
        let text: String = (0..300).map(|n| format!("$V{}", n % 100)).collect();
        let out = expand(&text, &Fixed).expect("expands");
        assert_eq!(out.unset.len(), 100);
        assert!(out.unset.iter().all(|unset| unset.places == 3), "{:?}", out.unset);
    }
}
