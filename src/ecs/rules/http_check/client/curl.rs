//! curl's options (its manual).

use super::{Call, Need, STATUS, call};
use crate::compose::model::Service;
use crate::ecs::rules::http_check::codes::Codes;
use crate::ecs::rules::http_check::options::{Item, options};

/// Options of curl that take a value.
const CURL: (&str, &[&str]) = (
    "AbcCdDeEFHKmoPQrtTuUwxXyYz",
    &[
        "aws-sigv4",
        "cacert",
        "capath",
        "cert",
        "ciphers",
        "config",
        "connect-timeout",
        "connect-to",
        "cookie",
        "cookie-jar",
        "data",
        "data-ascii",
        "data-binary",
        "data-raw",
        "data-urlencode",
        "dump-header",
        "form",
        "form-string",
        "header",
        "interface",
        "json",
        "keepalive-time",
        "key",
        "limit-rate",
        "local-port",
        "max-filesize",
        "max-redirs",
        "max-time",
        "noproxy",
        "oauth2-bearer",
        "output",
        "preproxy",
        "proto",
        "proxy",
        "proxy-user",
        "range",
        "referer",
        "request",
        "request-target",
        "resolve",
        "retry",
        "retry-delay",
        "retry-max-time",
        "socks5",
        "socks5-hostname",
        "speed-limit",
        "speed-time",
        "unix-socket",
        "upload-file",
        "url",
        "user",
        "user-agent",
        "write-out",
    ],
);

pub(super) fn read(service: &Service, args: &[Option<String>]) -> Call {
    let mut call = call(Codes::answers(), false);
    for item in options(args, CURL.0, CURL.1) {
        let (name, value) = match item {
            Item::Operand(text) => {
                text.into_iter().for_each(|text| call.ask(service, &text, true));
                continue;
            }
            Item::Option(name, value) => (name, value),
        };
        let value = value.as_deref();
        match &*name {
            "f" | "fail" | "fail-with-body" | "fail-early" => {
                call.passes = call.passes.without(Codes::range(400, 599));
            }
            "L" | "location" | "location-trusted" => call.follows = true,
            "I" | "head" => (call.prints.line, call.prints.body) = (true, false),
            "i" | "include" | "show-headers" => call.prints.line = true,
            "D" | "dump-header" if value == Some("-") => call.prints.line = true,
            "v" | "verbose" => (call.prints.line, call.prints.line_to_error) = (true, true),
            "w" | "write-out" => {
                let mark = STATUS.to_string();
                call.prints.template = Some(match value {
                    Some(format) => format
                        .replace("%{http_code}", &mark)
                        .replace("%{response_code}", &mark)
                        .replace("\\n", "\n"),
                    None => mark,
                });
            }
            "o" | "output" if value != Some("-") => call.prints.body = false,
            "O" | "remote-name" => call.prints.body = false,
            "url" => value.into_iter().for_each(|text| call.ask(service, text, true)),
            "X" | "request" => call.method(value),
            "H" | "header" => call.header(value),
            "d" | "F" | "T" | "form" | "form-string" | "json" | "upload-file" => {
                call.needs(Need::Method);
            }
            name if name == "data" || name.starts_with("data-") => call.needs(Need::Method),
            "u" | "b" | "E" | "user" | "cookie" | "cert" | "key" | "oauth2-bearer" | "n"
            | "netrc" | "aws-sigv4" => call.needs(Need::Credentials),
            "x" | "proxy" | "preproxy" | "socks5" | "socks5-hostname" | "connect-to"
            | "unix-socket" => call.needs(Need::Proxy),
            _ => {}
        }
    }
    call
}
