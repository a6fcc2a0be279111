//! wget's options (manuals of GNU's and of BusyBox's).

use super::{Call, Need, call};
use crate::compose::model::Service;
use crate::ecs::rules::http_check::codes::Codes;
use crate::ecs::rules::http_check::options::{Item, options};

/// Options of wget that take a value.
const WGET: (&str, &[&str]) = (
    "aABDeiIloOPQRtTUwXY",
    &[
        "body-data",
        "body-file",
        "ca-certificate",
        "certificate",
        "connect-timeout",
        "directory-prefix",
        "dns-timeout",
        "execute",
        "header",
        "http-password",
        "http-user",
        "max-redirect",
        "method",
        "output-document",
        "output-file",
        "password",
        "post-data",
        "post-file",
        "private-key",
        "proxy",
        "read-timeout",
        "referer",
        "timeout",
        "tries",
        "user",
        "user-agent",
        "wait",
        "waitretry",
    ],
);

pub(super) fn read(service: &Service, args: &[Option<String>]) -> Call {
    // Without `-O` the answer goes to a file.
    let mut call = call(Codes::range(100, 399), true);
    call.prints.body = false;
    for item in options(args, WGET.0, WGET.1) {
        let (name, value) = match item {
            Item::Operand(text) => {
                text.into_iter().for_each(|text| call.ask(service, &text, true));
                continue;
            }
            Item::Option(name, value) => (name, value),
        };
        let value = value.as_deref();
        match &*name {
            "O" | "output-document" => call.prints.body = value == Some("-"),
            "S" | "server-response" => {
                (call.prints.line, call.prints.line_to_error) = (true, true);
            }
            "max-redirect" => call.follows = value != Some("0"),
            "header" => call.header(value),
            "method" => call.method(value),
            "post-data" | "post-file" | "body-data" | "body-file" => call.needs(Need::Method),
            "user" | "password" | "http-user" | "http-password" | "certificate" => {
                call.needs(Need::Credentials);
            }
            _ => {}
        }
    }
    call
}
