//! The tokens of a program that stands in a command line, in whichever language: words, numbers, texts
//! and signs, with what is known put in for variables of the environment and for names of constants.

use std::collections::HashMap;

use crate::compose::model::Service;

/// How deep texts may stand within texts.
const DEEPEST: u32 = 6;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    Number(String),
    Text(String),
    /// A text with code in it.
    Template(Vec<Piece>),
    Sign(&'static str),
    /// A value that nobody knows here.
    Unknown,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Code(Vec<Token>),
}

impl Token {
    /// The text of what is written out.
    pub(super) fn literal(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is(&self, sign: &str) -> bool {
        matches!(self, Self::Sign(found) if *found == sign)
    }

    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }
}

/// Longest first.
const SIGNS: [&str; 41] = [
    "===", "!==", "<=>", "...", "==", "!=", "<=", ">=", "=>", "->", "&&", "||", "??", "::", "//",
    "++", "--", "(", ")", "[", "]", "{", "}", "<", ">", "=", "+", "-", "*", "/", "%", "!", "?",
    ":", ";", ",", ".", "&", "|", "@", "~",
];

/// The tokens of a program, its constants put in.
pub(super) fn tokens(service: &Service, program: &str) -> Vec<Token> {
    let mut tokens = split(program, 0);
    let mut constants = HashMap::new();
    // What is put in may make a constant of what follows.
    for _ in 0..3 {
        let before = tokens.clone();
        tokens = folded(service, &tokens, &constants, 0);
        find_constants(&tokens, &mut constants);
        if tokens == before {
            break;
        }
    }
    tokens
}

fn split(program: &str, depth: u32) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = program;
    while let Some(c) = rest.chars().next() {
        let is_address = ["http://", "https://"].iter().any(|scheme| rest.starts_with(scheme));
        if is_address {
            // PowerShell takes addresses without quotes.
            let end = rest.find(|c: char| c.is_whitespace() || "\"'`)};,|".contains(c));
            let (text, left) = rest.split_at(end.unwrap_or(rest.len()));
            tokens.push(Token::Text(text.to_owned()));
            rest = left;
        } else if matches!(c, '"' | '\'' | '`') {
            let (token, left) = quoted(rest, c, tokens.last(), depth);
            if matches!(tokens.last(), Some(Token::Word(word)) if is_prefix(word)) {
                tokens.pop();
            }
            tokens.push(token);
            rest = left;
        } else if c.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            tokens.push(Token::Number(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if is_name(c) {
            let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            rest = &rest[c.len_utf8()..];
        }
    }
    tokens
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

/// What stands before the quotes of Python's texts.
fn is_prefix(word: &str) -> bool {
    matches!(word.to_ascii_lowercase().as_str(), "f" | "b" | "r" | "u" | "fr" | "rf" | "br" | "rb")
}

/// A text, and what is left behind it.
fn quoted<'a>(all: &'a str, quote: char, before: Option<&Token>, depth: u32) -> (Token, &'a str) {
    let formatted = matches!(before, Some(Token::Word(w)) if is_prefix(w) && w.to_ascii_lowercase().contains('f'));
    let (mut pieces, mut text) = (Vec::new(), String::new());
    let mut chars = all.char_indices().skip(1).peekable();
    let mut end = all.len();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            end = at + c.len_utf8();
            break;
        }
        let next = chars.peek().map(|(_, next)| *next);
        let opens = match c {
            '{' => formatted && next != Some('{'),
            '$' => next == Some('{') && quote != '\'' || next == Some('(') && quote == '"',
            '#' => next == Some('{') && quote == '"',
            _ => false,
        };
        if c == '\\' {
            match chars.next().map(|(_, c)| c) {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some(c) => text.push(c),
                None => {}
            }
        } else if opens && depth < DEEPEST {
            if c != '{' {
                chars.next();
            }
            let start = chars.peek().map_or(all.len(), |(at, _)| *at);
            let stop = closing(&mut chars).unwrap_or(all.len());
            pieces.push(Piece::Text(std::mem::take(&mut text)));
            pieces.push(Piece::Code(split(&all[start..stop], depth + 1)));
        } else if c == '$'
            && quote == '"'
            && next.is_some_and(|c| is_name(c) && !c.is_ascii_digit())
        {
            let start = at;
            let mut stop = all.len();
            while let Some((at, c)) = chars.peek().copied() {
                if !(is_name(c) || c == ':' && &all[start..at] == "$env") {
                    stop = at;
                    break;
                }
                chars.next();
            }
            pieces.push(Piece::Text(std::mem::take(&mut text)));
            pieces.push(Piece::Code(split(&all[start..stop], depth + 1)));
        } else {
            text.push(c);
        }
    }
    let left = &all[end..];
    if pieces.is_empty() {
        return (Token::Text(text), left);
    }
    pieces.push(Piece::Text(text));
    (Token::Template(pieces), left)
}

/// Where the bracket is closed behind which these stand.
fn closing(chars: &mut impl Iterator<Item = (usize, char)>) -> Option<usize> {
    let mut open = 1_u32;
    chars.find_map(|(at, c)| {
        match c {
            '{' | '(' => open += 1,
            '}' | ')' => open -= 1,
            _ => {}
        }
        (open == 0).then_some(at)
    })
}

/// Names that are given a value once and for all: `const port = 3000`, `p=8000`.
fn find_constants(tokens: &[Token], constants: &mut HashMap<String, Token>) {
    for (at, window) in tokens.windows(3).enumerate() {
        let [Token::Word(name), Token::Sign("="), value] = window else { continue };
        let is_member = at > 0 && tokens[at - 1].is(".");
        // What more follows makes another value of it.
        let follows = tokens.get(at + 3);
        let ends = follows.is_none_or(|token| {
            [";", ",", ")", "}"].iter().any(|sign| token.is(sign)) || token.word().is_some()
        });
        if value.literal().is_some() && ends && !is_member {
            constants.insert(name.clone(), value.clone());
        }
    }
}

/// The tokens with values in the place of what has them.
fn folded(
    service: &Service,
    tokens: &[Token],
    constants: &HashMap<String, Token>,
    depth: u32,
) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        let next = tokens.get(at);
        match token {
            Token::Template(pieces) if depth < DEEPEST => {
                out.push(template(service, pieces, constants, depth));
            }
            Token::Word(word) => {
                if let Some((value, used)) = environment(service, word, &tokens[at..]) {
                    // `process.env`, `os.environ`
                    while matches!(out.last(), Some(Token::Sign("."))) {
                        out.pop();
                        out.pop();
                    }
                    out.push(value);
                    at += used;
                } else if let Some(value) = constants.get(word)
                    && !next.is_some_and(|t| [":", "=", "(", "=>"].iter().any(|sign| t.is(sign)))
                    && !matches!(out.last(), Some(Token::Sign(".")))
                {
                    out.push(value.clone());
                } else {
                    out.push(token.clone());
                }
            }
            token => out.push(token.clone()),
        }
        join(&mut out);
    }
    out
}

fn template(
    service: &Service,
    pieces: &[Piece],
    constants: &HashMap<String, Token>,
    depth: u32,
) -> Token {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Code(code) => match folded(service, code, constants, depth + 1).as_slice() {
                [value] if value.literal().is_some() => {
                    text.push_str(value.literal().unwrap_or_default());
                }
                _ => return Token::Template(pieces.to_vec()),
            },
        }
    }
    Token::Text(text)
}

/// A value that is made of the last tokens: of two that are joined, one in brackets, one that is
/// converted, or one that stands in for another.
fn join(out: &mut Vec<Token>) {
    loop {
        let value = match out.as_slice() {
            [.., a, Token::Sign("+" | "."), b] => match (a, b) {
                (Token::Text(a), b) => b.literal().map(|b| (3, Token::Text(format!("{a}{b}")))),
                (a, Token::Text(b)) => a.literal().map(|a| (3, Token::Text(format!("{a}{b}")))),
                _ => None,
            },
            // What is not set is nothing, and the other one holds.
            [.., a, Token::Sign("||" | "??" | "//"), b] => otherwise(a, b),
            [.., a, Token::Word(or), b] if or == "or" => otherwise(a, b),
            [.., a, Token::Sign("?"), Token::Sign(":"), b] => {
                otherwise(a, b).map(|(_, value)| (4, value))
            }
            [.., before, Token::Sign("("), a, Token::Sign(")")] if a.literal().is_some() => {
                match before {
                    Token::Word(word) if is_conversion(word) => Some((4, a.clone())),
                    Token::Word(_) => None,
                    _ => Some((3, a.clone())),
                }
            }
            [Token::Sign("("), a, Token::Sign(")")] if a.literal().is_some() => {
                Some((3, a.clone()))
            }
            _ => None,
        };
        let Some((used, value)) = value else { return };
        out.truncate(out.len() - used);
        out.push(value);
    }
}

fn otherwise(a: &Token, b: &Token) -> Option<(usize, Token)> {
    match (a, b) {
        (_, b) if b.literal().is_none() => None,
        (Token::Unknown, b) => Some((3, b.clone())),
        (a, _) if a.literal().is_some() => Some((3, a.clone())),
        _ => None,
    }
}

fn is_conversion(word: &str) -> bool {
    matches!(word, "int" | "str" | "String" | "Number" | "parseInt" | "URI" | "URL" | "Integer")
}

/// The value of a variable of the environment that is asked for behind this word, and how many tokens
/// that takes: `env.PORT`, `environ['PORT']`, `getenv("PORT", "8000")`, `$env:PORT`, `$ENV{PORT}`.
fn environment(service: &Service, word: &str, rest: &[Token]) -> Option<(Token, usize)> {
    const PLACES: [&str; 8] =
        ["env", "environ", "ENV", "getenv", "$_ENV", "$_SERVER", "$ENV", "$env"];
    if !PLACES.contains(&word) {
        return None;
    }
    let (name, default, used) = match rest {
        [Token::Sign("."), Token::Word(get), Token::Sign("("), Token::Text(name), more @ ..]
            if get == "get" || get == "getenv" =>
        {
            let (default, used) = argument(more)?;
            (name, default, used + 4)
        }
        [Token::Sign("."), Token::Word(fetch), Token::Sign("("), Token::Text(name), more @ ..]
            if fetch == "fetch" =>
        {
            let (default, used) = argument(more)?;
            (name, default, used + 4)
        }
        [Token::Sign("("), Token::Text(name), more @ ..] => {
            let (default, used) = argument(more)?;
            (name, default, used + 2)
        }
        [Token::Sign("["), Token::Text(name), Token::Sign("]"), ..] => (name, None, 3),
        [Token::Sign("{"), Token::Word(name) | Token::Text(name), Token::Sign("}"), ..] => {
            (name, None, 3)
        }
        [Token::Sign("." | ":"), Token::Word(name), ..] => (name, None, 2),
        _ => return None,
    };
    let value = service.environment.get(name).map(|value| value.value.clone());
    let value = value.filter(|value| !value.is_empty()).map(Token::Text);
    Some((value.or(default).unwrap_or(Token::Unknown), used))
}

/// A default, and the bracket that ends the arguments.
fn argument(rest: &[Token]) -> Option<(Option<Token>, usize)> {
    match rest {
        [Token::Sign(")"), ..] => Some((None, 1)),
        [Token::Sign(","), value, Token::Sign(")"), ..] => {
            Some((value.literal().is_some().then(|| value.clone()), 3))
        }
        _ => None,
    }
}
