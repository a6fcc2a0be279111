//! Which statuses a program takes for good: `r.statusCode === 200`, `status in (200, 302)`, `r.ok`.

use super::tokens::Token;
use crate::ecs::rules::http_check::codes::Codes;

/// What programs call the status of an answer.
const NAMES: [&str; 11] = [
    "code",
    "getcode",
    "http_code",
    "httpCode",
    "is_success",
    "responseCode",
    "rc",
    "status",
    "statusCode",
    "status_code",
    "StatusCode",
];

/// What programs call an answer that is no error.
const GOOD: [&str; 5] = ["ok", "is_success", "HTTPSuccess", "raise_for_status", "success"];

/// The statuses with which the program ends well, where it looks at them.
pub(super) fn passes(tokens: &[Token]) -> Option<Codes> {
    let mut found: Option<(Codes, usize, usize)> = None;
    let mut at = 0;
    while at < tokens.len() {
        let Some((codes, end)) = comparison(tokens, at) else {
            at += 1;
            continue;
        };
        found = Some(match found {
            None => (codes, at, end),
            Some((before, start, last)) => match is_choice(&tokens[last..at]) {
                true => (before.or(codes), start, end),
                // Of two conditions of their own, too, both are met.
                false => (before.and(codes), start, end),
            },
        });
        at = end;
    }
    let (codes, start, end) = found?;
    let (head, tail) = (&tokens[..start], &tokens[end..]);
    let codes = if is_fault(head, tail) { Codes::answers().without(codes) } else { codes };
    Some(codes)
}

/// Whether of two comparisons one is enough.
fn is_choice(between: &[Token]) -> bool {
    let is = |sign: &str, name: &str| {
        between.iter().any(|token| token.is(sign) || token.word() == Some(name))
    };
    is("||", "or") && !is("?", "?") && !is(";", ";")
}

/// A comparison of a status that starts here, and where it ends.
fn comparison(tokens: &[Token], at: usize) -> Option<(Codes, usize)> {
    let token = tokens.get(at)?;
    if let Token::Word(word) = token {
        if GOOD.contains(&&**word)
            && (at == 0
                || tokens[at - 1].is(".")
                || word == "HTTPSuccess"
                || tokens[at - 1].is("::"))
        {
            return Some((Codes::good(), at + 1));
        }
        if NAMES.contains(&&**word) {
            return behind(tokens, at);
        }
    }
    // `200 === r.statusCode`
    if let Token::Number(number) = token
        && let Some((operator, width)) = operator(tokens.get(at + 1..)?)
        && tokens.get(at + 1 + width..)?.iter().take(6).any(is_name)
        && !tokens.get(at + 1 + width..)?.iter().take(3).any(|t| t.is(";"))
    {
        let codes = compared(mirrored(operator), number.parse().ok()?);
        let name = tokens.iter().skip(at + 1 + width).position(is_name)?;
        return Some((codes, at + 2 + width + name));
    }
    // `[200, 204].includes(r.statusCode)`
    if token.is("[") {
        let (codes, end) = list(tokens, at)?;
        let rest = tokens.get(end..)?;
        let is_call = rest
            .iter()
            .take(2)
            .any(|t| t.word() == Some("includes") || t.word() == Some("include"));
        let name = rest.iter().take(8).position(is_name)?;
        return is_call.then_some((codes, end + name + 1));
    }
    None
}

fn is_name(token: &Token) -> bool {
    token.word().is_some_and(|word| NAMES.contains(&word))
}

/// `status`, `getcode()` or `status / 100` and what it is compared with.
fn behind(tokens: &[Token], at: usize) -> Option<(Codes, usize)> {
    let mut end = at + 1;
    let mut hundreds = false;
    loop {
        match tokens.get(end..)? {
            [Token::Sign("("), Token::Sign(")"), ..] => end += 2,
            [Token::Sign(")"), Token::Sign("/"), ..] => end += 1,
            [Token::Sign("/" | "//"), Token::Number(n), ..] if n == "100" => {
                end += 2;
                hundreds = true;
            }
            // `.to_i`, `.code`, `Math.floor(…)`
            [Token::Sign("."), Token::Word(_), ..] => end += 2,
            [Token::Sign(")"), more @ ..] if hundreds && operator(more).is_some() => end += 1,
            _ => break,
        }
    }
    let rest = tokens.get(end..)?;
    let not = matches!(rest, [Token::Word(not), Token::Word(is), ..] if not == "not" && is == "in");
    let list_at = match rest {
        [Token::Word(is), ..] if is == "in" => Some(end + 1),
        _ if not => Some(end + 2),
        _ => None,
    };
    if let Some(start) = list_at {
        let (codes, end) = list(tokens, start)?;
        return Some((if not { Codes::answers().without(codes) } else { codes }, end));
    }
    let (operator, width) = operator(rest)?;
    let number: u16 = rest.get(width)?.literal()?.parse().ok()?;
    let codes = match hundreds {
        true => Codes::of(|code| code > 0 && compare(operator, code / 100, number)),
        false => compared(operator, number),
    };
    Some((codes, end + width + 1))
}

/// An operator, and how many tokens it has.
fn operator(tokens: &[Token]) -> Option<(&'static str, usize)> {
    match tokens {
        [Token::Sign("==" | "==="), ..] => Some(("==", 1)),
        [Token::Sign("!=" | "!=="), ..] => Some(("!=", 1)),
        [Token::Sign(sign @ ("<" | "<=" | ">" | ">=")), ..] => Some((sign, 1)),
        [Token::Sign("-"), Token::Word(word), ..] => {
            let operator = match word.to_ascii_lowercase().as_str() {
                "eq" => "==",
                "ne" => "!=",
                "lt" => "<",
                "le" => "<=",
                "gt" => ">",
                "ge" => ">=",
                _ => return None,
            };
            Some((operator, 2))
        }
        [Token::Word(word), ..] if word == "eq" => Some(("==", 1)),
        [Token::Word(word), ..] if word == "ne" => Some(("!=", 1)),
        _ => None,
    }
}

fn mirrored(operator: &'static str) -> &'static str {
    match operator {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        same => same,
    }
}

fn compare(operator: &str, code: u16, number: u16) -> bool {
    match operator {
        "==" => code == number,
        "!=" => code != number,
        "<" => code < number,
        "<=" => code <= number,
        ">" => code > number,
        _ => code >= number,
    }
}

fn compared(operator: &str, number: u16) -> Codes {
    Codes::of(|code| code > 0 && compare(operator, code, number))
}

/// `(200, 302)`, `[200]`, `{200}`, and where it ends.
fn list(tokens: &[Token], at: usize) -> Option<(Codes, usize)> {
    let mut codes = Codes::NONE;
    for (n, token) in tokens.iter().enumerate().skip(at + 1) {
        match token {
            Token::Number(number) => codes.add(number.parse().ok()?),
            Token::Text(text) => codes.add(text.parse().ok()?),
            Token::Sign(",") => {}
            Token::Sign(")" | "]" | "}") => return (!codes.is_empty()).then_some((codes, n + 1)),
            _ => return None,
        }
    }
    None
}

/// Whether the program fails where its conditions hold, rather than where they do not.
fn is_fault(head: &[Token], tail: &[Token]) -> bool {
    let (head, negated) = negation(head);
    let skip = tail.iter().take_while(|t| t.is(")")).count();
    negated != leads_to_fault(head, &tail[skip..])
}

/// What stands before a condition and what leads to the status (`!(r.`), and whether it is turned round.
fn negation(head: &[Token]) -> (&[Token], bool) {
    let mut head = head;
    loop {
        head = match head {
            [rest @ .., Token::Word(_), Token::Sign("." | "::")] => rest,
            [rest @ .., Token::Sign("(")]
                if matches!(rest.last(), Some(Token::Sign("!" | "(")))
                    || matches!(rest.last(), Some(Token::Word(not)) if not == "not") =>
            {
                rest
            }
            [rest @ .., Token::Sign("!")] => return (rest, true),
            [rest @ .., Token::Word(not)] if not == "not" => return (rest, true),
            head => return (head, false),
        }
    }
}

fn leads_to_fault(head: &[Token], tail: &[Token]) -> bool {
    match (head, tail) {
        // `… ? 0 : 1`
        (_, [Token::Sign("?"), first, ..]) => match first.literal() {
            Some(value) => value != "0",
            None => fails(&tail[1..]) == Some(true),
        },
        // `0 if … else 1`
        ([.., first, Token::Word(word)], _) if word == "if" && first.literal().is_some() => {
            first.literal() != Some("0")
        }
        // `… || exit(1)`
        (_, [Token::Sign("||"), ..]) => false,
        (_, [Token::Word(or), ..]) if or == "or" => false,
        _ => {
            let words = head.iter().rev().take_while(|t| !t.is(";")).filter_map(Token::word);
            let opens = words.clone().find(|word| OPENS.contains(word));
            match opens {
                Some("assert" | "unless") => false,
                Some(_) => fails(tail) == Some(true),
                // `exit(… != 200)`, of which truth is 1; in Ruby it is 0.
                None => {
                    let is_ruby = head.iter().any(|token| token.is("::"));
                    words.take(6).any(|word| word == "exit") && !is_ruby
                }
            }
        }
    }
}

/// What a condition follows.
const OPENS: [&str; 6] = ["assert", "elif", "elsif", "if", "unless", "when"];

/// Whether the first way out that is taken is one of failure.
fn fails(tokens: &[Token]) -> Option<bool> {
    tokens.iter().enumerate().find_map(|(at, token)| match token.word()? {
        "throw" | "raise" | "reject" | "die" | "abort" | "fail" => Some(true),
        "resolve" | "pass" => Some(false),
        "exit" | "exitCode" | "quit" => {
            let number = tokens.iter().skip(at + 1).take(2).find_map(|token| match token {
                Token::Number(number) => Some(number != "0"),
                _ => None,
            });
            Some(number.unwrap_or(false))
        }
        _ => None,
    })
}
