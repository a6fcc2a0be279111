//! Files of variables: `.env` and `env_file`.

mod escapes;

use std::collections::HashMap;
use std::ops::Range;

use self::escapes::escapes;
use super::template::{Lookup, TemplateErrorKind, expand};

/// One variable of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    /// `None` for a bare name.
    pub(super) value: Option<String>,
    /// The bytes of the name.
    pub(super) range: Range<usize>,
}

/// Why a file of variables cannot be read. It never holds a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DotenvError {
    pub(super) message: String,
    pub(super) help: &'static str,
    pub(super) at: usize,
}

/// What a file of variables says, with the variables that were not set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dotenv {
    pub(super) variables: Vec<Variable>,
    pub(super) unset: Vec<(String, usize)>,
}

/// Reads a file in docker compose's own syntax: quotes, escapes, several lines inside quotes,
/// `export`, comments, variables.
///
/// `outer` is asked before the variables that stand further up in the file, `earlier` after them:
/// it has those of the files before. A bare name gets its value from `outer` alone.
///
/// # Errors
///
/// The first line that is none of this.
pub(super) fn parse(
    text: &str,
    outer: &dyn Lookup,
    earlier: &dyn Lookup,
) -> Result<Dotenv, DotenvError> {
    let index = HashMap::new();
    let mut parser = Parser { text, at: 0, earlier, index, out: Dotenv::default() };
    if text.starts_with('\u{feff}') {
        parser.at = '\u{feff}'.len_utf8();
    }
    while parser.skip_to_statement() {
        parser.statement(outer)?;
    }
    Ok(parser.out)
}

/// Reads a file with `format: raw`: one `NAME=value` a line, the value taken as it stands.
///
/// # Errors
///
/// A name with blanks in it, or no name at all.
pub(super) fn parse_raw(text: &str) -> Result<Vec<Variable>, DotenvError> {
    let mut variables = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']);
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = match line.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (line, None),
        };
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(DotenvError {
                message: "a variable's name is empty or holds blanks".into(),
                help: "write `NAME=value`",
                at: start,
            });
        }
        let from = start + text[start..at].find(name).unwrap_or(0);
        variables.push(Variable { name: name.to_owned(), value, range: from..from + name.len() });
    }
    Ok(variables)
}

/// No variables.
pub(super) struct Nothing;

impl Lookup for Nothing {
    fn value(&self, _: &str) -> Option<&str> {
        None
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    earlier: &'t dyn Lookup,
    /// Where the last variable of each name with a value is.
    index: HashMap<&'t str, usize>,
    out: Dotenv,
}

/// A blank that does not end the line.
fn is_blank(character: char) -> bool {
    matches!(character, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Skips blank lines and comment lines; `false` at the end.
    fn skip_to_statement(&mut self) -> bool {
        loop {
            self.at += self.rest().len() - self.rest().trim_start().len();
            if !self.rest().starts_with('#') {
                return !self.rest().is_empty();
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn statement(&mut self, outer: &dyn Lookup) -> Result<(), DotenvError> {
        if let Some(after) = self.rest().strip_prefix("export")
            && after.starts_with(char::is_whitespace)
        {
            self.at = self.text.len() - after.trim_start_matches(is_blank).len();
        }
        let start = self.at;
        let (name, bare) = self.name()?;
        let range = start..start + name.len();
        if bare {
            self.out.variables.push(Variable { name: name.to_owned(), value: None, range });
            return Ok(());
        }
        let value = self.value(name, start, outer)?;
        self.index.insert(name, self.out.variables.len());
        self.out.variables.push(Variable { name: name.to_owned(), value: Some(value), range });
        Ok(())
    }

    /// The name, and whether it stands alone on its line.
    fn name(&mut self) -> Result<(&'t str, bool), DotenvError> {
        let rest = self.rest();
        let start = self.at;
        let fault = |message: &str| DotenvError {
            message: message.to_owned(),
            help: "write `NAME=value`; quote a value of several lines",
            at: start,
        };
        for (at, character) in rest.char_indices() {
            match character {
                '=' | ':' | '\n' => {
                    let name = rest[..at].trim_end();
                    if name.contains(' ') {
                        return Err(fault("a variable's name holds a blank"));
                    }
                    self.at += at + 1;
                    let after = self.rest();
                    self.at += after.len() - after.trim_start_matches(is_blank).len();
                    return Ok((name, character == '\n'));
                }
                '_' | '.' | '-' | '[' | ']' => {}
                _ if is_blank(character) || character.is_alphanumeric() => {}
                _ => return Err(fault("a variable's name holds a character that it cannot")),
            }
        }
        // A bare name on a last line without a line break.
        self.at = self.text.len();
        let name = rest.trim_end();
        if name.contains(' ') {
            Err(fault("a variable's name holds a blank"))
        } else {
            Ok((name, true))
        }
    }

    fn value(
        &mut self,
        name: &str,
        start: usize,
        outer: &dyn Lookup,
    ) -> Result<String, DotenvError> {
        let rest = self.rest();
        match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let Some(raw) = self.quoted(quote) else {
                    return Err(DotenvError {
                        message: format!(
                            "the value of `{name}` opens a quote and does not close it"
                        ),
                        help: "close the quote, or write a quote inside the value as \\\" or \\'",
                        at: start,
                    });
                };
                if quote == '\'' {
                    return Ok(raw);
                }
                self.expand(name, &escapes(&raw), start, outer)
            }
            _ => {
                let line = rest.find('\n').unwrap_or(rest.len());
                self.at = (self.at + line + 1).min(self.text.len());
                let value = &rest[..line];
                let value = value.find(" #").map_or(value, |comment| &value[..comment]);
                self.expand(name, value.trim_end(), start, outer)
            }
        }
    }

    /// The text between quotes: an escaped quote loses its backslash, other escapes stay.
    fn quoted(&mut self, quote: char) -> Option<String> {
        let mut out = String::new();
        let mut escaped = false;
        for (at, character) in self.rest().char_indices().skip(1) {
            if character == quote && !escaped {
                self.at += at + 1;
                return Some(out);
            }
            if character == quote {
                escaped = false;
                out.push(character);
            } else if character == '\\' && !escaped {
                escaped = true;
            } else {
                if escaped {
                    out.push('\\');
                }
                escaped = false;
                out.push(character);
            }
        }
        None
    }

    fn expand(
        &mut self,
        name: &str,
        value: &str,
        start: usize,
        outer: &dyn Lookup,
    ) -> Result<String, DotenvError> {
        let (index, above) = (&self.index, self.out.variables.as_slice());
        let lookup = Above { outer, index, above, earlier: self.earlier };
        let expanded = expand(value, &lookup).map_err(|error| {
            let why = match error.kind {
                TemplateErrorKind::Required { name, .. } => {
                    format!("requires `{name}`, which is not set")
                }
                TemplateErrorKind::Invalid => "holds a `${…}` that cannot be read".to_owned(),
                TemplateErrorKind::TooDeep => "nests `${…}` too deep".to_owned(),
            };
            DotenvError {
                message: format!("the value of `{name}` {why}"),
                help: "write `$$` for a dollar sign, or put the value into single quotes",
                at: start,
            }
        })?;
        self.out.unset.extend(expanded.unset.iter().map(|unset| (unset.name.to_owned(), start)));
        Ok(expanded.text)
    }
}

/// The caller's variables, then those further up in the file, then those of earlier files.
struct Above<'a> {
    outer: &'a dyn Lookup,
    index: &'a HashMap<&'a str, usize>,
    above: &'a [Variable],
    earlier: &'a dyn Lookup,
}

impl Lookup for Above<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        let above = || self.above.get(*self.index.get(name)?)?.value.as_deref();
        self.outer.value(name).or_else(above).or_else(|| self.earlier.value(name))
    }
}

/// The text of a file of variables with all that could be a value made unreadable, so that a
/// diagnostic can show its lines. Bytes and lines stay where they are; names of variables stay.
pub(super) fn masked(text: &str, names: &[Range<usize>]) -> String {
    let mut names = names.iter().peekable();
    let mut out = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        while names.peek().is_some_and(|name| name.end <= at) {
            names.next();
        }
        let shown = names.peek().is_some_and(|name| name.contains(&at));
        if shown || character == '\n' || character == '\r' {
            out.push(character);
        } else {
            out.extend(std::iter::repeat_n('*', character.len_utf8()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Outer;

    impl Lookup for Outer {
        fn value(&self, name: &str) -> Option<&str> {
            (name == "OUTER").then_some("outer")
        }
    }

    fn value(line: &str) -> String {
        let out = parse(line, &Outer, &Nothing).expect("parses");
        out.variables.last().and_then(|last| last.value.clone()).unwrap_or("-".into())
    }

    #[test]
    fn values() {
        for (line, want) in [
            ("A=b", "b"),
            ("A = b  ", "b"),
            ("A: b", "b"),
            ("export A=b", "b"),
            ("A=b # c", "b"),
            ("A=b#c", "b#c"),
            ("A=", ""),
            ("A='b # $OUTER \\n'", "b # $OUTER \\n"),
            ("A=\"b\\nc\\$d\\\\e\\x\"", "b\nc$d\\e\\x"),
            ("A=\"one\ntwo\" # c", "one\ntwo"),
            ("A='it\\'s'", "it's"),
            ("A=$OUTER-${NONE:-x}", "outer-x"),
            ("B=1\nA=${B}2", "12"),
            ("A=\"\\0101\"", "A"),
            ("\u{feff}A=b", "b"),
            ("A=b\r\n", "b"),
            ("A", "-"),
            ("# c\n\nA=b\n# d", "b"),
            ("A=a b c", "a b c"),
        ] {
            assert_eq!(value(line), want, "{line}");
        }
    }

    #[test]
    fn faults_name_the_variable_and_never_its_value() {
        let fault = |text: &str| parse(text, &Outer, &Nothing).expect_err("refused");
        assert_eq!(
            fault("OK=1\nA=\"s3cret").message,
            "the value of `A` opens a quote and does not close it"
        );
        assert_eq!(fault("OK=1\nA=\"s3cret").at, 5);
        assert_eq!(fault("A B=1").message, "a variable's name holds a blank");
        assert_eq!(fault("A!=1").message, "a variable's name holds a character that it cannot");
        assert_eq!(
            fault("A=${s3cret").message,
            "the value of `A` holds a `${…}` that cannot be read"
        );
        assert_eq!(masked("A=s3cret\nB ü", std::slice::from_ref(&(0..1))), "A*******\n****");
    }

    #[test]
    fn raw_values_are_taken_as_they_stand() {
        let raw = parse_raw("# c\nA=\"b\" # $X\n  B\nC=\n").expect("parses");
        let values: Vec<_> = raw.iter().map(|v| (v.name.as_str(), v.value.as_deref())).collect();
        assert_eq!(values, [("A", Some("\"b\" # $X")), ("B", None), ("C", Some(""))]);
        assert!(parse_raw("A B=1").is_err());
    }
}
