use crate::diagnostic::{Code, Diagnostic};
use crate::source::{SourceId, Span};

/// What to say about one fault of the syntax.
struct Advice {
    message: String,
    help: &'static str,
    /// Bytes of the text to underline.
    start: usize,
    end: usize,
}

/// Puts the parser's complaint about the byte `at` into plain words.
///
/// The usual causes are looked for on the line of the complaint and on the one before it, because
/// the parser often notices a fault only on the next line.
pub(super) fn explain(source: SourceId, text: &str, at: usize, info: &str) -> Diagnostic {
    let at = floor(text, at);
    let code = match info {
        "recursion limit exceeded" => Code::YamlLimit,
        "while parsing node, found unknown anchor" => Code::UnknownAnchor,
        _ => Code::YamlSyntax,
    };
    let advice = match code {
        Code::YamlLimit => Advice {
            message: "brackets nest too deep".into(),
            help: "no Compose attribute nests this deep; check the brackets",
            start: at,
            end: at,
        },
        Code::UnknownAnchor => unknown_anchor(text, at),
        _ => usual_cause(text, at, info).unwrap_or_else(|| general(text, at, info)),
    };
    let end = advice.end.max(advice.start);
    Diagnostic::error(code, advice.message)
        .at(Span::new(source, floor(text, advice.start), floor(text, end)), "")
        .help(advice.help)
}

/// The nearest character boundary at or before a byte, inside the text.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The byte range of the line that holds `at`, without its line break.
fn line_of(text: &str, at: usize) -> (usize, usize) {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..].find(['\n', '\r']).map_or(text.len(), |newline| at + newline);
    (start, end)
}

fn unknown_anchor(text: &str, at: usize) -> Advice {
    let rest = &text[at..];
    let length = rest.find([' ', '\t', '\n', '\r', ',', ']', '}']).unwrap_or(rest.len());
    Advice {
        message: format!("the alias `{}` has no anchor above it", &rest[..length]),
        help: "mark the value with `&name` before the first `*name`; quote a text that starts with `*`",
        start: at,
        end: at + length,
    }
}

/// Looks for what people usually get wrong, near the complaint.
fn usual_cause(text: &str, at: usize, info: &str) -> Option<Advice> {
    let here = line_of(text, at);
    let before = here.0.checked_sub(1).map(|end| line_of(text, end));
    let after = text[here.1..].find('\n').map(|newline| line_of(text, here.1 + newline + 1));
    let line = |range: (usize, usize)| text.get(range.0..range.1).unwrap_or_default();
    let lines: Vec<_> = std::iter::once(here).chain(before).chain(after).collect();
    let colon = info.contains("mapping values are not allowed") || info.contains("':'");
    lines
        .iter()
        .find_map(|&range| tab(line(range), range.0))
        .or_else(|| lines.iter().take(2).find_map(|&range| bad_start(line(range), range.0)))
        .or_else(|| {
            let open = colon || info.contains("expected ','");
            before.filter(|_| open).and_then(|range| open_bracket(line(range), range.0))
        })
        .or_else(|| before.filter(|_| colon).and_then(|range| no_colon(line(range), range.0)))
        .or_else(|| colon.then(|| colon_in_value(line(here), here.0)).flatten())
        .or_else(|| lines.iter().find_map(|&range| missing_space(line(range), range.0)))
}

/// `[a, b` with no closing bracket on its line.
fn open_bracket(line: &str, start: usize) -> Option<Advice> {
    let (at, value) = value_of(line);
    let opens = |c: char| value.matches(c).count();
    let open = value.starts_with('[') && opens('[') > opens(']')
        || value.starts_with('{') && opens('{') > opens('}');
    open.then(|| Advice {
        message: "a bracket is not closed".into(),
        help: "close it on the same line, or indent the lines below it further than the key",
        start: start + at,
        end: start + at + value.len(),
    })
}

/// A word alone on its line, above a line with a key.
fn no_colon(line: &str, start: usize) -> Option<Advice> {
    let word = line.trim();
    let indent = line.len() - line.trim_start().len();
    (!word.is_empty() && !word.contains([':', '#', ' ']) && !word.starts_with(['-', '"', '\'']))
        .then(|| Advice {
            message: "a colon is missing after this key".into(),
            help: "write `key:` above an indented mapping, `key: value` for a value",
            start: start + indent,
            end: start + indent + word.len(),
        })
}

fn tab(line: &str, start: usize) -> Option<Advice> {
    let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
    let tab = line[..indent].find('\t')?;
    let tabs = line[tab..indent].bytes().take_while(|&byte| byte == b'\t').count();
    Some(Advice {
        message: "a tab stands in the indentation".into(),
        help: "YAML takes spaces only; replace each tab by two spaces",
        start: start + tab,
        end: start + tab + tabs,
    })
}

/// The part of a line after `- ` and `key: `, and where it starts.
fn value_of(line: &str) -> (usize, &str) {
    let mut at = line.len() - line.trim_start().len();
    while line[at..].starts_with("- ") {
        at += 2;
        at += line[at..].len() - line[at..].trim_start().len();
    }
    let rest = &line[at..];
    let is_name =
        |key: &str| key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./<".contains(&b));
    match rest.split_once(": ") {
        Some((key, value)) if is_name(key) => {
            let blank = value.len() - value.trim_start().len();
            (at + key.len() + 2 + blank, value.trim())
        }
        _ => (at, rest.trim_end()),
    }
}

/// A value whose first character means something to YAML.
fn bad_start(line: &str, start: usize) -> Option<Advice> {
    let (at, value) = value_of(line);
    let first = value.chars().next()?;
    let (message, help) = match first {
        '%' if at == 0 => return None,
        '@' | '%' => {
            (format!("a value cannot start with `{first}`"), "put the value into double quotes")
        }
        '`' => {
            ("a value cannot start with a backtick".to_owned(), "put the value into double quotes")
        }
        '{' if value.starts_with("{{") => {
            ("`{{` starts a mapping in YAML".to_owned(), "put the value into quotes: \"{{ … }}\"")
        }
        '*' if value.len() == 1 || !value.as_bytes()[1].is_ascii_alphanumeric() => {
            ("`*` starts an alias in YAML".to_owned(), "put the value into quotes: \"*\"")
        }
        '&' if value.as_bytes().get(1).is_none_or(|byte| byte.is_ascii_whitespace()) => {
            ("`&` starts an anchor in YAML".to_owned(), "put the value into quotes")
        }
        '"' | '\'' => return after_quote(value, start + at),
        _ => return None,
    };
    Some(Advice { message, help, start: start + at, end: start + at + value.len() })
}

/// Text after a closing quote: `"a" b`.
fn after_quote(value: &str, start: usize) -> Option<Advice> {
    let quote = value.chars().next()?;
    let mut end = None;
    let mut characters = value.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if quote == '"' && character == '\\' {
            characters.next();
        } else if character == quote {
            if quote == '\'' && characters.peek().is_some_and(|&(_, next)| next == '\'') {
                characters.next();
            } else {
                end = Some(at + 1);
                break;
            }
        }
    }
    let end = end?;
    let rest = value.get(end..)?;
    let tail = rest.trim_start();
    if tail.is_empty() || tail.starts_with(['#', ':', ',', ']', '}']) {
        return None;
    }
    Some(Advice {
        message: "text follows the closing quote".into(),
        help: "quote the whole value, and write a quote inside it as \\\" or, in single quotes, as ''",
        start: start + end + (rest.len() - tail.len()),
        end: start + value.len(),
    })
}

/// `a: b: c`
fn colon_in_value(line: &str, start: usize) -> Option<Advice> {
    let (at, value) = value_of(line);
    if value.starts_with(['"', '\'', '[', '{', '|', '>', '#']) {
        return None;
    }
    let colon = value.find(": ").or_else(|| value.ends_with(':').then(|| value.len() - 1))?;
    (at > line.len() - line.trim_start().len()).then(|| Advice {
        message: "a second `: ` stands in the value".into(),
        help: "put the value into quotes when the colon is part of it",
        start: start + at + colon,
        end: start + at + colon + 1,
    })
}

/// `key:value`
fn missing_space(line: &str, start: usize) -> Option<Advice> {
    let (at, value) = value_of(line);
    let name = value.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"_-".contains(b)).count();
    let next = value.as_bytes().get(name + 1)?;
    let colon = value.as_bytes().get(name) == Some(&b':');
    let looks = name > 0 && colon && !next.is_ascii_whitespace() && !value.contains("://");
    looks.then(|| Advice {
        message: "a space is missing after the colon".into(),
        help: "write `key: value`, with a space",
        start: start + at,
        end: start + at + name + 1,
    })
}

fn general(text: &str, at: usize, info: &str) -> Advice {
    let (message, help) = words(info);
    let (start, end) = line_of(text, at);
    let (start, end) = if at < end { (at, end) } else { (start.max(at.saturating_sub(1)), at) };
    Advice { message: message.into(), help, start, end }
}

const INDENTATION: &str =
    "keys of one mapping start in the same column, and values below a key are indented further";

/// The parser's words in ours.
fn words(info: &str) -> (&'static str, &'static str) {
    let has = |part: &str| info.contains(part);
    if has("did not find expected ',' or '}'") || has("expected ',' or ']'") {
        ("a bracket is not closed, or a comma is missing", "check `[ … ]` and `{ … }`")
    } else if has("misplaced bracket") {
        ("a closing bracket has no opening one", "check `[ … ]` and `{ … }`")
    } else if has("quoted scalar, found unexpected") || has("indentation in quoted") {
        ("a quote is not closed", "close it, and indent the lines of a quoted text below their key")
    } else if has("escape character") || has("hexadecimal") || has("escape code") {
        (
            "a backslash in double quotes starts no known escape",
            "write `\\\\`, or use single quotes",
        )
    } else if has("mapping values are not allowed") || has("illegal placement of ':'") {
        ("a colon stands where no key can be", "check the indentation, and quote values with `: `")
    } else if has("simple key") {
        ("a key without a colon", "write `key: value`")
    } else if has("block sequence entries are not allowed") || has("'-' indicator") {
        ("a list item stands where none can be", "indent all `- ` of one list alike, below its key")
    } else if has("block scalar") {
        (
            "the text block after `|` or `>` is indented wrongly",
            "indent each of its lines below the key",
        )
    } else if has("anchor or alias") {
        ("`&` or `*` without a name", "put the value into quotes when the sign is part of it")
    } else if has("TAG") || has("tag") {
        ("the tag after `!` cannot be read", "put the value into quotes when `!` is part of it")
    } else if has("directive") || has("document") {
        (
            "a line that starts with `%` or `---` cannot be read",
            "delete it; Compose files need neither",
        )
    } else if has("tab") {
        ("a tab stands where YAML takes spaces only", "replace it by spaces")
    } else if has("unexpected character") || has("next token") || has("plain scalar") {
        ("a value starts with a character that YAML keeps for itself", "put the value into quotes")
    } else if has("eof") {
        ("the file ends in the middle of a value", "check the brackets and quotes above")
    } else {
        ("the indentation does not fit the lines above", INDENTATION)
    }
}
