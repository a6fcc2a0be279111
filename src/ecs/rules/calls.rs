//! What services say of each other in their text: where they do, and calls that lead nowhere on ECS.

use std::collections::{BTreeSet, HashMap};

use super::mentions::{mentions, port_in_words};
use super::namespaces;
use super::own_calls;
use crate::compose::model::{HealthTest, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;
use crate::source::Span;

/// A text of a service.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    /// The variable, or the option, that it is the value of.
    pub(super) variable: Option<&'a str>,
    pub(super) text: &'a str,
    pub(super) span: Span,
    /// The words among which it stands.
    words: &'a [String],
}

impl<'a> Text<'a> {
    /// What stands alone.
    pub(super) fn alone(text: &'a str, span: Span) -> Self {
        Self { variable: None, text, span, words: &[] }
    }

    /// Whether it is the value of a variable.
    pub(super) fn is_of_a_variable(&self) -> bool {
        self.variable.is_some() && self.words.is_empty()
    }

    /// The port that stands beside all of a text that is a host: in another variable, or behind another
    /// option.
    pub(super) fn port_beside(&self, service: &Service, name: &str) -> Option<u16> {
        if self.words.is_empty() {
            return self
                .variable
                .filter(|_| name == self.text)
                .and_then(|v| of_variable(service, v));
        }
        let words: Vec<_> = self.words.iter().map(String::as_str).collect();
        let host = words.iter().position(|word| *word == self.text).filter(|_| name == self.text);
        if let Some(port) = host.and_then(|host| port_in_words(&words, host)) {
            return Some(port);
        }
        let option = self.text.split_once('=').map(|(option, _)| option).or(self.variable)?;
        let stem = HOSTS.iter().find_map(|host| {
            let at = option.len().checked_sub(host.len())?;
            let (stem, last) = (option.get(..at)?, option.get(at..)?);
            last.eq_ignore_ascii_case(host).then_some(stem)
        })?;
        let mut words = self.words.iter();
        let port = words.find_map(|word| {
            let rest = word.strip_prefix(stem)?;
            rest.get(..4).filter(|port| port.eq_ignore_ascii_case("port")).and(rest.get(4..))
        })?;
        let port = match port.strip_prefix('=') {
            Some(port) => port,
            None => words.next().filter(|_| port.is_empty())?,
        };
        port.parse().ok().filter(|port| *port != 0)
    }
}

/// How names of what holds a host end.
const HOSTS: [&str; 5] = ["HOST", "HOSTNAME", "SERVER", "ADDR", "ADDRESS"];

/// Everything of a service in which it may name another.
pub(super) fn texts(service: &Service) -> impl Iterator<Item = Text<'_>> {
    of_program(service).chain(of_health(service))
}

/// What the program of a service is told.
pub(super) fn of_program(service: &Service) -> impl Iterator<Item = Text<'_>> {
    let environment = service.environment.iter().map(|(name, value)| Text {
        variable: Some(name.as_str()),
        text: &value.value,
        span: value.span,
        words: &[],
    });
    let words = service.command.iter().chain(&service.entrypoint);
    let words = words.flat_map(|words| of_words(&words.value, words.span));
    environment.chain(words)
}

/// The words of a health check.
pub(super) fn of_health(service: &Service) -> impl Iterator<Item = Text<'_>> {
    let test = service.healthcheck.iter().filter_map(|check| check.value.test.as_ref());
    test.flat_map(|test| {
        let words: &[String] = match &test.value {
            HealthTest::None => &[],
            HealthTest::Command(words) => words,
            HealthTest::Shell(line) => std::slice::from_ref(line),
        };
        of_words(words, test.span)
    })
}

/// Words, each with the option before it.
fn of_words(words: &[String], span: Span) -> impl Iterator<Item = Text<'_>> {
    words.iter().enumerate().map(move |(at, word)| {
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        let option = before.map(String::as_str).filter(|before| before.starts_with('-'));
        Text { variable: option, text: word, span, words }
    })
}

/// The port in `DB_PORT` beside `DB_HOST`, or in `REDIS_PORT` beside `REDIS`.
fn of_variable(service: &Service, variable: &str) -> Option<u16> {
    let stem = HOSTS.iter().find_map(|word| variable.strip_suffix(word));
    let names = [stem.map(|stem| format!("{stem}PORT")), Some(format!("{variable}_PORT"))];
    let port = names.iter().flatten().find_map(|name| service.environment.get(name))?;
    port.value.parse().ok().filter(|port| *port != 0)
}

/// Says of calls by name that lead nowhere: to what has no name of its own, and to the caller itself.
pub(super) fn check(members: &[Member<'_>], out: &mut Output) {
    nameless(members, out);
    own_calls::check(members, out);
}

/// Why nobody can call a service by name.
#[derive(Clone, Copy)]
enum Why<'a> {
    Job,
    /// It is in the network of this one.
    Within(&'a str),
}

fn nameless(members: &[Member<'_>], out: &mut Output) {
    let taken: BTreeSet<&str> =
        members.iter().flat_map(|member| &member.names).map(|name| name.dns.as_str()).collect();
    let mut without: HashMap<String, (usize, Why<'_>)> = HashMap::new();
    for (index, member) in members.iter().enumerate() {
        let service = member.service;
        let mode = service.network_mode().and_then(|mode| mode.value.strip_prefix("service:"));
        let why = match mode {
            Some(owner) if !namespaces::has_names(service) => Why::Within(owner),
            _ if member.job.is_some() => Why::Job,
            _ => continue,
        };
        let given =
            [Some(&service.name), service.container_name.as_ref(), service.hostname.as_ref()];
        for name in given.into_iter().flatten().map(|name| name.value.to_ascii_lowercase()) {
            if !taken.contains(name.as_str()) {
                without.insert(name, (index, why));
            }
        }
    }
    let mut told = BTreeSet::new();
    for (user, member) in members.iter().enumerate().filter(|_| !without.is_empty()) {
        for Text { variable, text, span, words: _ } in texts(member.service) {
            let known = |token: &str| without.contains_key(&token.to_ascii_lowercase());
            mentions(text, known, |mention| {
                let Some((owner, why)) = without.get(&mention.name.to_ascii_lowercase()) else {
                    return;
                };
                if *owner != user && mention.is_called(variable, text) && told.insert(*owner) {
                    out.say(leads_nowhere(member, &members[*owner], *why, span));
                }
            });
        }
    }
}

fn leads_nowhere(user: &Member<'_>, owner: &Member<'_>, why: Why<'_>, span: Span) -> Diagnostic {
    let (user, name) = (user.name(), owner.name());
    let (message, help) = match why {
        Why::Job => (
            format!("{user} calls {name}, which is a job and has no name"),
            "a job ends by itself, and nobody finds its tasks: let it be a service, or leave what it \
             makes where others find it"
                .to_owned(),
        ),
        Why::Within(other) => (
            format!("{user} calls {name}, which has no name: it is in the network of {other}"),
            format!("call {other}, as under Compose: its names lead to the task of both"),
        ),
    };
    Diagnostic::warning(Code::NothingOffered, message)
        .at(span, "called here")
        .at(owner.service.span(), "this one")
        .help(help)
        .service(user)
}
