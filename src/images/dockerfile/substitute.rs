//! `$NAME` and its forms, in `FROM` and in the defaults of `ARG`.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

/// Deeper than anybody writes; keeps `${A:-${A:-${…` from using up the stack.
const MAX_DEPTH: usize = 32;

/// Fills in variables and takes quotes away.
pub(super) fn substitute(
    text: &str,
    escape: char,
    values: &BTreeMap<String, String>,
) -> Result<String, String> {
    let mut reader = Reader { chars: text.chars().peekable(), escape, values, depth: 0 };
    reader.word(None)
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    escape: char,
    values: &'a BTreeMap<String, String>,
    depth: usize,
}

impl Reader<'_> {
    /// Up to `end`, or to the end of the text.
    fn word(&mut self, end: Option<char>) -> Result<String, String> {
        let mut out = String::new();
        let mut quoted = false;
        while let Some(c) = self.chars.next() {
            match c {
                c if Some(c) == end && !quoted => return Ok(out),
                '\'' if !quoted => {
                    // Everything up to the next quote, as it is.
                    loop {
                        match self.chars.next() {
                            Some('\'') => break,
                            Some(c) => out.push(c),
                            None => return Err("a quote is not closed".to_owned()),
                        }
                    }
                }
                '"' => quoted = !quoted,
                '$' => out.push_str(&self.variable()?),
                c if c == self.escape => match self.chars.next() {
                    Some(next) if quoted && !matches!(next, '"' | '$') && next != self.escape => {
                        out.extend([c, next]);
                    }
                    Some(next) => out.push(next),
                    None => out.push(c),
                },
                c => out.push(c),
            }
        }
        match (end, quoted) {
            (_, true) => Err("a quote is not closed".to_owned()),
            (Some(_), _) => Err("a `${` is not closed".to_owned()),
            (None, _) => Ok(out),
        }
    }

    fn variable(&mut self) -> Result<String, String> {
        if self.chars.next_if_eq(&'{').is_none() {
            let name = self.name();
            return Ok(if name.is_empty() { "$".to_owned() } else { self.value(&name) });
        }
        let name = self.name();
        if name.is_empty() {
            return Err("a `${` has no name after it".to_owned());
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("variables are nested too deeply".to_owned());
        }
        let result = self.braced(&name);
        self.depth -= 1;
        result
    }

    fn braced(&mut self, name: &str) -> Result<String, String> {
        let value = self.value(name);
        let mut operator = self.chars.next();
        // With a colon, an empty value counts as none.
        let set = if operator == Some(':') {
            operator = self.chars.next();
            !value.is_empty()
        } else {
            self.values.contains_key(name)
        };
        match operator {
            Some('}') => Ok(value),
            Some('-') => {
                let default = self.word(Some('}'))?;
                Ok(if set { value } else { default })
            }
            Some('+') => {
                let other = self.word(Some('}'))?;
                Ok(if set { other } else { String::new() })
            }
            Some('?') => {
                let message = self.word(Some('}'))?;
                if set { Ok(value) } else { Err(format!("`{name}` is not set: {message}")) }
            }
            None => Err("a `${` is not closed".to_owned()),
            Some(other) => {
                Err(format!("`${{{name}{other}…}}` is not understood here: use a build argument"))
            }
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.chars.next_if(|&c| c == '_' || c.is_ascii_alphanumeric()) {
            name.push(c);
        }
        name
    }

    fn value(&self, name: &str) -> String {
        self.values.get(name).cloned().unwrap_or_default()
    }
}
