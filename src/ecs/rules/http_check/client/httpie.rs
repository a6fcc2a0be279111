//! HTTPie and xh (their manuals).

use super::{Call, Need, call};
use crate::compose::model::Service;
use crate::ecs::rules::http_check::codes::Codes;
use crate::ecs::rules::http_check::options::{Item, options};

/// `http [METHOD] [http://]:8080/x [ITEM …]`
pub(super) fn read(service: &Service, name: &str, args: &[Option<String>]) -> Option<Call> {
    const VALUES: [&str; 8] =
        ["auth", "auth-type", "cert", "print", "pretty", "style", "timeout", "verify"];
    let mut call = call(Codes::answers(), false);
    let (mut method, mut words) = ("GET".to_owned(), Vec::new());
    for item in options(args, "aAopsP", &VALUES) {
        match item {
            Item::Operand(text) => words.push(text?),
            Item::Option(name, value) => match &*name {
                "check-status" => call.passes = Codes::range(100, 399),
                "F" | "follow" => call.follows = true,
                "h" | "headers" => (call.prints.line, call.prints.body) = (true, false),
                "p" | "print" => call.prints.line = value.is_some_and(|what| what.contains('h')),
                "a" | "auth" | "cert" => call.needs(Need::Credentials),
                _ => {}
            },
        }
    }
    if name.starts_with('x') {
        call.passes = Codes::range(100, 399);
    }
    let is_method = words.first().is_some_and(|w| w.bytes().all(|b| b.is_ascii_uppercase()));
    if is_method {
        method = words.remove(0);
    }
    call.method(Some(&method));
    let (url, items) = words.split_first()?;
    for item in items {
        match item.split_once(':') {
            _ if item.contains("==") => {}
            Some((header, _)) if !header.contains('=') => call.header(Some(header)),
            _ => call.needs(Need::Method),
        }
    }
    let url = if url.starts_with(':') { format!("localhost{url}") } else { url.clone() };
    let scheme = if name == "https" || name == "xhs" { "https" } else { "http" };
    // `localhost:/x` is port 80.
    let url = if url.contains("://") { url } else { format!("{scheme}://{url}") };
    call.ask(service, &url, false);
    Some(call)
}
