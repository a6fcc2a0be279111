//! The tokens of a line of the shell.

use super::{DEEPEST, Part, Word, parse_at};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(Word),
    /// `||`, `;`, `(` …
    Operator(&'static str),
    Redirect(Option<u32>, String),
}

/// All tokens; nothing where the line is not understood.
pub(super) fn tokens(line: &str, depth: u32) -> Option<Vec<Token>> {
    let mut lexer = Lexer { chars: line.chars().collect(), at: 0, depth };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.token()? {
        tokens.push(token);
    }
    Some(tokens)
}

/// Longest first.
const OPERATORS: [&str; 9] = ["||", "&&", ";;", "|", "&", ";", "(", ")", "\n"];

struct Lexer {
    chars: Vec<char>,
    at: usize,
    depth: u32,
}

impl Lexer {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn starts(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(n, c)| self.chars.get(self.at + n) == Some(&c))
    }

    /// The next token; the outer nothing where the line is not understood.
    fn token(&mut self) -> Option<Option<Token>> {
        loop {
            match self.peek() {
                None => return Some(None),
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('\\') if self.chars.get(self.at + 1) == Some(&'\n') => self.at += 2,
                Some('#') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                Some(_) => break,
            }
        }
        if !self.starts("&>")
            && let Some(operator) = OPERATORS.into_iter().find(|operator| self.starts(operator))
        {
            self.at += operator.len();
            return Some(Some(Token::Operator(operator)));
        }
        if let Some(redirect) = self.redirect() {
            return Some(Some(redirect));
        }
        Some(Some(Token::Word(self.word()?)))
    }

    fn redirect(&mut self) -> Option<Token> {
        let rest = self.chars.get(self.at..)?;
        let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
        if !matches!(rest.get(digits), Some('<' | '>')) && !self.starts("&>") {
            return None;
        }
        let from = rest.get(..digits)?.iter().collect::<String>().parse().ok();
        let operator: String =
            rest.iter().skip(digits).take_while(|c| matches!(c, '<' | '>' | '&')).collect();
        self.at += digits + operator.len();
        Some(Token::Redirect(from, operator))
    }

    fn word(&mut self) -> Option<Word> {
        let mut word = Word::new();
        let mut any = false;
        while let Some(c) = self.peek() {
            match c {
                c if c.is_whitespace() => break,
                '|' | '&' | ';' | '(' | ')' | '<' | '>' => break,
                '\'' => {
                    self.at += 1;
                    let mut text = String::new();
                    loop {
                        match self.next()? {
                            '\'' => break,
                            c => text.push(c),
                        }
                    }
                    push(&mut word, &text);
                }
                '"' => {
                    self.at += 1;
                    self.quoted(&mut word)?;
                }
                '$' if self.chars.get(self.at + 1) == Some(&'\'') => self.at += 1,
                '\\' => {
                    self.at += 1;
                    match self.next()? {
                        '\n' => {}
                        c => push(&mut word, &c.to_string()),
                    }
                }
                '$' | '`' => word.push(self.dollar()?),
                c => {
                    self.at += 1;
                    push(&mut word, c.encode_utf8(&mut [0; 4]));
                }
            }
            any = true;
        }
        if word.is_empty() {
            word.push(Part::Text(String::new()));
        }
        any.then_some(word)
    }

    fn quoted(&mut self, word: &mut Word) -> Option<()> {
        push(word, "");
        loop {
            match self.peek()? {
                '"' => {
                    self.at += 1;
                    return Some(());
                }
                '\\' => {
                    self.at += 1;
                    match self.next()? {
                        c @ ('"' | '\\' | '$' | '`') => push(word, c.encode_utf8(&mut [0; 4])),
                        '\n' => {}
                        c => push(word, &format!("\\{c}")),
                    }
                }
                '$' | '`' => word.push(self.dollar()?),
                c => {
                    self.at += 1;
                    push(word, c.encode_utf8(&mut [0; 4]));
                }
            }
        }
    }

    /// `$NAME`, `${…}`, `$(…)`, `$((…))` or what stands between two backticks.
    fn dollar(&mut self) -> Option<Part> {
        if self.next()? == '`' {
            let mut inner = String::new();
            loop {
                match self.next()? {
                    '`' => break,
                    '\\' => inner.push(self.next()?),
                    c => inner.push(c),
                }
            }
            return Some(Part::Output(Box::new(parse_at(&inner, self.depth + 1)?)));
        }
        match self.peek() {
            Some('(') => {
                let inner = self.balanced('(', ')')?;
                if inner.starts_with('(') {
                    return Some(Part::Unknown);
                }
                Some(Part::Output(Box::new(parse_at(&inner, self.depth + 1)?)))
            }
            Some('{') => {
                let inner = self.balanced('{', '}')?;
                self.parameter(&inner)
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let mut name = String::new();
                while let Some(c) = self.peek().filter(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(c);
                    self.at += 1;
                }
                Some(Part::Variable(name, None))
            }
            Some(c) if "?$!#@*0123456789-".contains(c) => {
                self.at += 1;
                Some(Part::Variable(c.to_string(), None))
            }
            _ => Some(Part::Text("$".to_owned())),
        }
    }

    fn parameter(&self, inner: &str) -> Option<Part> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = inner.find(|c| !is_name(c)).unwrap_or(inner.len());
        let (name, rest) = inner.split_at(end);
        let default = match rest {
            "" => None,
            rest => match rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-')) {
                Some(default) => {
                    let mut lexer =
                        Lexer { chars: default.chars().collect(), at: 0, depth: self.depth + 1 };
                    (lexer.depth <= DEEPEST).then_some(())?;
                    Some(if default.is_empty() { Vec::new() } else { lexer.word()? })
                }
                None => return Some(Part::Unknown),
            },
        };
        Some(if name.is_empty() { Part::Unknown } else { Part::Variable(name.to_owned(), default) })
    }

    /// What stands between a bracket and its end, quotes looked at.
    fn balanced(&mut self, open: char, close: char) -> Option<String> {
        self.at += 1;
        let (mut depth, mut inner, mut quote) = (1_u32, String::new(), None);
        loop {
            let c = self.next()?;
            match (quote, c) {
                (None, '\'' | '"') => quote = Some(c),
                (Some(q), c) if q == c => quote = None,
                (None | Some('"'), '\\') => {
                    inner.push(c);
                    inner.push(self.next()?);
                    continue;
                }
                (None, c) if c == open => depth += 1,
                (None, c) if c == close => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(inner);
                    }
                }
                _ => {}
            }
            inner.push(c);
        }
    }
}

fn push(word: &mut Word, text: &str) {
    if let Some(Part::Text(last)) = word.last_mut() {
        last.push_str(text);
    } else {
        word.push(Part::Text(text.to_owned()));
    }
}
