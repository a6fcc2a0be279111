//! Requests of programs that stand in a command line: `node -e`, `python -c`, `php -r`, `ruby -e`,
//! `perl -e`, `bun -e`, `deno eval`, PowerShell's `-Command`.
//!
//! No language is parsed: an address of the container is a request wherever it stands, unless it is
//! what is written or the value of a header; a host and a port beside each other are one, where a path
//! stands by them.

mod condition;
mod tokens;

use self::tokens::{Token, tokens};
use super::address::{self, Place};
use super::client::{Call, Need, Prints, needs_of_header};
use super::codes::Codes;
use crate::compose::model::Service;

/// The program that an interpreter is handed; nothing for another program, or for a file of its own.
pub(super) fn of<'a>(name: &str, args: &'a [Option<String>]) -> Option<&'a str> {
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let takes = |flag: &str| match name {
        "node" | "nodejs" | "bun" => {
            matches!(flag, "-e" | "--eval" | "-p" | "--print" | "-pe" | "-ep")
        }
        "deno" => flag == "eval",
        "python" | "pypy" => {
            flag.starts_with('-') && !flag.starts_with("--") && flag.ends_with('c')
        }
        "php" => matches!(flag, "-r" | "--run"),
        // `-ne`, but neither `-MLWP::Simple` nor `-rbase`
        "ruby" | "perl" | "jruby" => flag.strip_prefix('-').is_some_and(|letters| {
            letters.ends_with(['e', 'E'])
                && !letters.starts_with(['M', 'r'])
                && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
        }),
        "pwsh" | "powershell" => {
            matches!(flag.to_ascii_lowercase().as_str(), "-command" | "-c" | "/c")
        }
        _ => false,
    };
    let at = args.iter().position(|arg| arg.as_deref().is_some_and(takes))?;
    let behind = args.get(at + 1..)?.iter();
    // `deno eval --quiet "…"`
    behind.flatten().map(String::as_str).find(|arg| !arg.starts_with("--"))
}

/// What a program asks for, and with which answers it ends well.
pub(super) fn read(service: &Service, program: &str) -> Option<Call> {
    if program.len() > 8192 {
        return None;
    }
    let tokens = tokens(service, program);
    let mut need = None;
    let mut asks = addresses(service, &tokens, &mut need);
    if asks.is_empty() {
        asks.extend(options(service, &tokens));
        asks.extend(connection(service, &tokens));
    }
    if asks.is_empty() {
        return None;
    }
    let need = method(&tokens).or(need).or_else(|| credentials(&tokens));
    let (fails, follows) = library(&tokens);
    let seen = condition::passes(&tokens);
    let passes = match (seen, fails) {
        (Some(codes), _) => codes,
        (None, true) => Codes::range(100, 399),
        (None, false) => Codes::answers(),
    };
    let prints = Prints { body: true, ..Prints::default() };
    Some(Call { asks, need, passes, follows, prints })
}

/// Whether the library fails on an error, and whether it follows redirects.
fn library(tokens: &[Token]) -> (bool, bool) {
    let has = |words: &[&str]| {
        tokens.iter().any(|token| token.word().is_some_and(|word| words.contains(&word)))
    };
    // PowerShell's names have a hyphen.
    let web = ["WebRequest", "RestMethod", "iwr", "irm", "DownloadString"];
    let fails =
        has(&["urlopen", "axios", "got", "file_get_contents", "open", "URI", "LWP", "get_text"])
            || has(&web)
            || has(&["raise_for_status", "EnsureSuccessStatusCode"]);
    // Perl's `get` gives nothing back of an error.
    let simple = tokens.windows(2).enumerate().any(|(at, window)| {
        matches!(window, [Token::Word(get), Token::Sign("(") | Token::Text(_)] if get == "get")
            && !tokens[..at].last().is_some_and(|t| [".", "->", "::"].iter().any(|s| t.is(s)))
    });
    let bare = has(&["HTTPConnection", "HTTPSConnection", "Net", "fsockopen"])
        || has(&["require"]) && !has(&["fetch", "axios", "got"]);
    ((fails || simple) && !bare, !bare)
}

/// The addresses of the container that stand in the program as such.
fn addresses(service: &Service, tokens: &[Token], need: &mut Option<Need>) -> Vec<Place> {
    let mut asks = Vec::new();
    let mut calls: Vec<Option<&str>> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.is("(") {
            calls.push(at.checked_sub(1).and_then(|at| tokens[at].word()));
        } else if token.is(")") {
            calls.pop();
        }
        let Token::Text(text) = token else { continue };
        let is_told = matches!(
            calls.last(),
            Some(Some("log" | "print" | "puts" | "warn" | "error" | "info" | "die" | "write"))
        );
        let Some(found) = address::parse(service, text, false).filter(|_| !is_told) else {
            continue;
        };
        let key = match at.checked_sub(2).map(|before| &tokens[before..at]) {
            Some([key, Token::Sign(":" | "=>" | "=" | ",")]) => {
                key.word().or(key.literal()).unwrap_or_default().to_ascii_lowercase()
            }
            _ => String::new(),
        };
        if ["origin", "refer", "proxy", "proxies", "host", "callback"]
            .iter()
            .any(|w| key.contains(w))
            && !key.contains("hostname")
        {
            continue;
        }
        if found.credentials {
            *need = Some(Need::Credentials);
        }
        asks.push(found.place);
    }
    asks
}

/// The value of a key: `port: 80`, `'port' => 80`, `port=80`.
fn value<'a>(tokens: &'a [Token], names: &[&str]) -> Option<&'a Token> {
    tokens.windows(3).find_map(|window| {
        let [key, Token::Sign(":" | "=>" | "="), value] = window else { return None };
        let key = key.word().or(key.literal())?;
        names.contains(&key).then_some(value)
    })
}

/// `{host: 'localhost', port: 3000, path: '/health'}`
fn options(service: &Service, tokens: &[Token]) -> Option<Place> {
    let host = value(tokens, &["host", "hostname"]);
    if host.is_some_and(|host| host.literal().is_none_or(|host| !address::is_own(service, host))) {
        return None;
    }
    let path = value(tokens, &["path", "pathname"]);
    let port = value(tokens, &["port"]);
    if path.is_none() && port.is_none() {
        return None;
    }
    let calls = |word: &str| tokens.iter().any(|token| token.word() == Some(word));
    let speaks = calls("http") || calls("https") || calls("request") || calls("fetch");
    let tls = calls("https") && !calls("http")
        || tokens.iter().any(
            |token| matches!(token, Token::Text(name) if name == "https" || name == "node:https"),
        );
    let port = match port {
        Some(port) => port.literal()?.parse().ok().filter(|port| *port > 0)?,
        None if tls => 443,
        None => 80,
    };
    let path = path.map_or(Some("/"), Token::literal)?;
    let named = tokens.iter().any(|token| {
        matches!(token, Token::Text(name) if matches!(&**name, "http" | "https" | "node:http" | "node:https"))
    });
    (speaks || named).then(|| address::place(port, tls, path))?
}

/// `HTTPConnection('localhost', 8000)` and `request('GET', '/health')`, in whichever order.
fn connection(service: &Service, tokens: &[Token]) -> Option<Place> {
    let is_path = |token: &Token| matches!(token, Token::Text(text) if text.starts_with('/'));
    let own = |token: &Token| match token {
        Token::Text(text) => match text.split_once(':') {
            Some((host, port)) => {
                address::is_own(service, host).then(|| port.parse::<u16>().ok())?
            }
            None => (!text.is_empty() && address::is_own(service, text)).then_some(0),
        },
        _ => None,
    };
    let at = tokens.iter().position(|token| own(token).is_some())?;
    let tls = tokens.iter().any(|token| {
        token.word().is_some_and(|word| matches!(word, "HTTPSConnection" | "use_ssl" | "HTTPS"))
    });
    let written = own(&tokens[at]).filter(|port| *port > 0);
    let behind = tokens.get(at + 1..)?;
    // `('localhost', 8000)`, or `('localhost', '/health', 8000)`
    let number = behind.iter().take(5).find_map(|token| match token {
        Token::Number(number) => number.parse::<u16>().ok(),
        Token::Text(text) => text.parse::<u16>().ok(),
        _ => None,
    });
    let port = written.or(number).unwrap_or(if tls { 443 } else { 80 });
    let path = behind.iter().find(|token| is_path(token))?.literal()?;
    address::place(port, tls, path)
}

/// Another method than GET and HEAD.
fn method(tokens: &[Token]) -> Option<Need> {
    let called = tokens.windows(2).any(|window| match window {
        [Token::Word(word), Token::Sign("(")] => {
            matches!(
                word.to_ascii_lowercase().as_str(),
                "post" | "put" | "patch" | "delete" | "post_form"
            )
        }
        _ => false,
    });
    let named = tokens.iter().any(|token| {
        let name = match token {
            Token::Text(text) | Token::Word(text) => text,
            _ => return false,
        };
        ["POST", "PUT", "PATCH", "DELETE"].iter().any(|method| name == method)
    });
    (called || named).then_some(Need::Method)
}

/// Headers that a load balancer does not send.
fn credentials(tokens: &[Token]) -> Option<Need> {
    let mut found = None;
    let mut is_headers = false;
    for (at, token) in tokens.iter().enumerate() {
        let Some(name) = token.word().or(token.literal()) else { continue };
        let lower = name.to_ascii_lowercase();
        let next = tokens.get(at + 1);
        let is_key = next.is_some_and(|t| [":", "=>", "=", ","].iter().any(|sign| t.is(sign)));
        if is_key && matches!(&*lower, "headers" | "-headers") {
            is_headers = true;
            continue;
        }
        if is_key && matches!(&*lower, "auth" | "authorization" | "basic_auth" | "credential") {
            return Some(Need::Credentials);
        }
        if is_key && (is_headers || lower == "host" && token.literal().is_some()) {
            found = found.or(needs_of_header(&lower));
        }
        if tokens.get(at + 1).is_some_and(|t| t.is("}")) {
            is_headers = false;
        }
    }
    found
}
