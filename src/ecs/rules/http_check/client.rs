//! Programs that make requests, and their options (manuals of curl, GNU and BusyBox wget, HTTPie, xh,
//! grpc-health-probe and grpcurl).

mod curl;
mod grpc;
mod httpie;
mod wget;

use super::address::{self, Place};
use super::codes::Codes;
use crate::compose::model::Service;

/// Why a load balancer cannot make a request, which is a plain GET.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// POST, or a body.
    Method,
    /// A user and a password, a token, a cookie, a certificate.
    Credentials,
    /// Another header than those that change nothing.
    Header,
    /// It goes through a proxy.
    Proxy,
    /// None of the statuses that are good is one that a load balancer takes for good.
    Status,
    /// One of several, and nobody can say which.
    Several,
}

/// A call of a program that makes requests.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) asks: Vec<Place>,
    pub(super) need: Option<Need>,
    /// With what answers it ends well.
    pub(super) passes: Codes,
    /// Whether it follows redirects, and ends as the last answer says.
    pub(super) follows: bool,
    /// What it writes of the status.
    pub(super) prints: Prints,
}

/// What a program writes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Prints {
    /// `HTTP/1.1 200 OK`
    pub(super) line: bool,
    /// `%{http_code}`, in which the status is put.
    pub(super) template: Option<String>,
    /// The text of the answer.
    pub(super) body: bool,
    /// Only what is written to the standard error is so.
    pub(super) line_to_error: bool,
}

/// What stands for a status in [`Prints::template`].
pub(super) const STATUS: char = '\u{1}';

/// The requests of a program with these arguments; `None` among them is what nobody knows here.
pub(super) fn read(service: &Service, name: &str, args: &[Option<String>]) -> Option<Call> {
    let call = match name {
        "curl" => Some(curl::read(service, args)),
        "wget" => Some(wget::read(service, args)),
        "http" | "https" | "xh" | "xhs" => httpie::read(service, name, args),
        "grpc_health_probe" | "grpc-health-probe" => grpc::probe(service, args),
        "grpcurl" => grpc::grpcurl(service, args),
        _ => any(service, args),
    }?;
    (!call.asks.is_empty()).then_some(call)
}

fn call(passes: Codes, follows: bool) -> Call {
    Call {
        asks: Vec::new(),
        need: None,
        passes,
        follows,
        prints: Prints { body: true, ..Prints::default() },
    }
}

impl Call {
    fn needs(&mut self, need: Need) {
        self.need.get_or_insert(need);
    }

    fn method(&mut self, method: Option<&str>) {
        let same = |known: &str| method.is_some_and(|method| method.eq_ignore_ascii_case(known));
        // HEAD is answered as GET is, without a body (RFC 9110, "HEAD").
        if !same("GET") && !same("HEAD") {
            self.needs(Need::Method);
        }
    }

    fn header(&mut self, header: Option<&str>) {
        let name = header.and_then(|header| header.split([':', ';', '=']).next());
        if let Some(need) = name.map_or(Some(Need::Header), needs_of_header) {
            self.needs(need);
        }
    }

    /// Asks for an address, where it is one of the container.
    fn ask(&mut self, service: &Service, text: &str, bare: bool) {
        if let Some(found) = address::parse(service, text, bare) {
            if found.credentials {
                self.needs(Need::Credentials);
            }
            self.asks.push(found.place);
        }
    }
}

/// What a header means for whoever cannot send it.
pub(super) fn needs_of_header(name: &str) -> Option<Need> {
    let name = name.trim().to_ascii_lowercase();
    let secret = ["auth", "cookie", "token", "key", "secret", "password", "signature"];
    if secret.iter().any(|word| name.contains(word)) {
        return Some(Need::Credentials);
    }
    // Of these no server makes its status depend.
    let plain = [
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "content-type",
        "origin",
        "pragma",
        "referer",
        "user-agent",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-request-id",
    ];
    (!plain.contains(&&*name)).then_some(Need::Header)
}

/// Programs of which an address in their arguments is not asked for.
const SILENT: [&str; 14] = [
    "[", "[[", "awk", "cat", "echo", "export", "grep", "logger", "printf", "rm", "sed", "set",
    "sleep", "test",
];

/// Whether a program makes no requests.
pub(super) fn is_silent(name: &str) -> bool {
    SILENT.contains(&name)
}

/// Any other program: an address of the container among its arguments is what it asks for.
fn any(service: &Service, args: &[Option<String>]) -> Option<Call> {
    let mut call = call(Codes::range(100, 399), true);
    let mut before = "";
    for arg in args.iter().map(|arg| arg.as_deref().unwrap_or_default()) {
        let option = arg.starts_with('-').then(|| arg.split('=').next().unwrap_or(arg));
        let value = if option.is_some() { arg.split_once('=').map(|(_, v)| v) } else { Some(arg) };
        let name = option.or_else(|| before.starts_with('-').then_some(before)).unwrap_or_default();
        let name = name.to_ascii_lowercase();
        if ["proxy", "refer", "origin", "header", "callback", "host"]
            .iter()
            .any(|w| name.contains(w))
            || name == "-h"
        {
            if let Some(header) = value.filter(|_| name.contains("header") || name == "-h") {
                call.header(Some(header));
            }
        } else {
            value.into_iter().for_each(|value| call.ask(service, value, false));
        }
        before = arg;
    }
    Some(call)
}

/// What a text asks for that is sent over a bare connection: `GET /health HTTP/1.0`.
pub(super) fn raw(service: &Service, host: &str, port: &str, text: &str) -> Option<Call> {
    let port = port.parse().ok().filter(|port| *port > 0)?;
    if !address::is_own(service, host) {
        return None;
    }
    let text = text.replace("\\r", "\n").replace("\\n", "\n").replace("\\x0d", "\n");
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut words = lines.next()?.split_ascii_whitespace();
    let (method, path) = (words.next()?, words.next().filter(|path| path.starts_with('/'))?);
    let mut call = call(Codes::answers(), false);
    call.prints.line = true;
    call.method(Some(method));
    for line in lines {
        match line.split_once(':') {
            Some((name, host)) if name.eq_ignore_ascii_case("host") => {
                let host = host.trim().rsplit_once(':').map_or(host.trim(), |(host, _)| host);
                if !address::is_own(service, host) {
                    call.needs(Need::Header);
                }
            }
            Some((name, _)) => call.header(Some(name)),
            None => {}
        }
    }
    call.asks.push(address::place(port, false, path)?);
    Some(call)
}
