//! Services that call themselves by name. Under Compose the name leads to the container itself. On ECS it
//! leads through the proxy to any of the service's tasks, and only tasks that started after the name was
//! there know it (ECS developer guide, "Amazon ECS Service Connect components"); a service alone has no
//! proxy, and so no name.

use std::collections::{HashMap, HashSet};

use super::calls::{Text, of_health, of_program};
use super::mentions::{Mention, mentions};
use super::own_names::Name;
use crate::compose::model::TaskNetwork;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;
use crate::source::Span;

/// Words, in what a value is called, of addresses that a program tells others, or by which the members of
/// a cluster know each other: they are not called, and `localhost` would be wrong there.
const TOLD: &[&str] = &[
    "ADVERTISE",
    "ALLOW",
    "BASE_URL",
    "CALLBACK",
    "CLUSTER",
    "CORS",
    "DOMAIN",
    "EXTERNAL",
    "ISSUER",
    "ORIGIN",
    "PUBLIC",
    "REDIRECT",
    "ROOT_URL",
    "SEED",
    "SITE",
    "VIRTUAL_HOST",
    "WEBHOOK",
];

/// Words of addresses at which a program listens.
const LISTENED_AT: &[&str] = &["BIND", "LISTEN"];

/// Variables that hold the name of a node of Erlang's, `rabbit@host` (RabbitMQ, "Environment Variables";
/// Elixir, `mix release`).
const NODES: &[&str] = &["NODENAME", "NODE_NAME", "RELEASE_NODE"];

/// Whether a mention is an address with a port, and not a bare word that may be the name of anything, such
/// as the node of a cluster that is called as its service is.
pub(super) fn is_address(mention: &Mention<'_>) -> bool {
    mention.address && mention.port.is_some()
}

/// Whether a token is a host with a port written beside it: `localhost:9092` is nobody else.
fn has_port(mention: &Mention<'_>) -> bool {
    let is_this = matches!(mention.name, "localhost" | "127.0.0.1" | "0.0.0.0");
    let is_word = mention.name.bytes().any(|byte| byte.is_ascii_alphabetic());
    is_address(mention) && is_word && !is_this
}

/// Says where services call themselves.
pub(super) fn check(members: &[Member<'_>], out: &mut Output) {
    let mut found: Vec<(Span, Diagnostic)> = Vec::new();
    for member in members {
        let names = OwnNames::of(member);
        let is_own = |token: &str| names.has(token);
        for text in of_health(member.service) {
            if let Some(mention) = first(text.text, is_own, |m, at| is_asked(&text, m, at)) {
                out.say(asks(member, &mention, text.span));
            }
        }
        let texts = of_program(member.service);
        found.extend(texts.filter_map(|text| Some((text.span, judged(member, &text, is_own)?))));
    }
    if found.is_empty() {
        return;
    }
    // What several services are told, by a file of variables or an anchor, is where others call one of them.
    let mut told: HashMap<Span, usize> = found.iter().map(|(span, _)| (*span, 0)).collect();
    for member in members {
        let places: HashSet<Span> = of_program(member.service).map(|text| text.span).collect();
        for place in places {
            told.entry(place).and_modify(|count| *count += 1);
        }
    }
    for (span, said) in found {
        if told.get(&span).is_none_or(|count| *count < 2) {
            out.say(said);
        }
    }
}

/// The names that lead to a container itself under Compose.
struct OwnNames<'m> {
    names: &'m [Name],
    hostname: Option<&'m str>,
    /// Whether the container knows its own host name, as under Docker.
    has_hostname: bool,
}

impl<'m> OwnNames<'m> {
    fn of(member: &'m Member<'_>) -> Self {
        let hostname = member.service.hostname.as_ref().map(|name| name.value.as_str());
        let has_hostname = member.network != TaskNetwork::AwsVpc;
        Self { names: &member.names, hostname, has_hostname }
    }

    fn has(&self, token: &str) -> bool {
        match self.hostname.is_some_and(|hostname| hostname.eq_ignore_ascii_case(token)) {
            true => !self.has_hostname && !self.names.is_empty(),
            false => self.names.iter().any(|name| name.dns.eq_ignore_ascii_case(token)),
        }
    }
}

/// The first mention that `wanted` takes, which also gets its place.
fn first<'t>(
    text: &'t str,
    is_own: impl Fn(&str) -> bool,
    wanted: impl Fn(&Mention<'_>, usize) -> bool,
) -> Option<Mention<'t>> {
    let mut found = None;
    mentions(text, is_own, |mention| {
        let at = mention.name.as_ptr() as usize - text.as_ptr() as usize;
        if found.is_none() && wanted(&mention, at) {
            found = Some(mention);
        }
    });
    found
}

/// Whether a health check asks whom it mentions: what is quoted within a line is what somebody is told.
fn is_asked(text: &Text<'_>, mention: &Mention<'_>, at: usize) -> bool {
    let is_quoted = text.text.get(..at).is_some_and(|head| head.ends_with(['"', '\'']));
    !is_quoted && mention.is_called(text.variable, text.text)
}

fn asks(member: &Member<'_>, mention: &Mention<'_>, span: Span) -> Diagnostic {
    let name = member.name();
    let message =
        format!("the health check of {name} asks {:?}, and not its own container", mention.name);
    Diagnostic::warning(Code::Approximated, message)
        .at(span, "")
        .help("write `localhost`: on ECS the name leads to any of the service's tasks, or nowhere")
        .service(name)
}

/// What is to be said of the first call in a text.
fn judged(
    member: &Member<'_>,
    text: &Text<'_>,
    is_own: impl Fn(&str) -> bool + Copy,
) -> Option<Diagnostic> {
    let called = |at: usize| called_what(text, at).to_ascii_uppercase().replace(['-', '.'], "_");
    let holds = |called: &str, words: &[&str]| words.iter().any(|word| called.contains(word));
    let node = first(text.text, is_own, |mention, at| {
        let head = text.text.get(..at).unwrap_or_default();
        let is_last = at + mention.name.len() == text.text.len();
        is_last && head.ends_with('@') && !head.contains("://") && holds(&called(at), NODES)
    });
    if let Some(mention) = node {
        return Some(named_after(member, &mention, text));
    }
    let mention =
        first(text.text, is_own, |mention, at| is_address(mention) && !holds(&called(at), TOLD))?;
    // The members of a cluster, itself among them; a line of a shell may call several.
    let mut others = 0;
    mentions(text.text, |token| !is_own(token), |m| others += u32::from(has_port(&m)));
    if others > 0 && text.variable.is_some() {
        return None;
    }
    let at = mention.name.as_ptr() as usize - text.text.as_ptr() as usize;
    let port = mention.port?;
    Some(match holds(&called(at), LISTENED_AT) {
        true => listens(member, &mention, port, text.span),
        false => calls(member, &mention, port, text.span),
    })
}

/// What an address at a place of a text is called: the variable, the options before it, its key.
fn called_what(text: &Text<'_>, at: usize) -> String {
    let head = text.text.get(..at).unwrap_or_default();
    let words: Vec<&str> = head.split_whitespace().collect();
    let (last, before) = match words.split_last() {
        Some((last, before)) if !head.ends_with(char::is_whitespace) => (*last, before),
        _ => ("", &words[..]),
    };
    let option = before.last().filter(|word| word.starts_with('-')).copied().unwrap_or_default();
    let key = last.split_once('=').map_or("", |(key, _)| key);
    // A line of a shell says more than the option before it.
    let variable = text.variable.filter(|_| before.is_empty()).unwrap_or_default();
    format!("{variable} {option} {key}")
}

fn calls(member: &Member<'_>, mention: &Mention<'_>, port: u16, span: Span) -> Diagnostic {
    let name = member.name();
    let message = format!("{name} calls itself at {}:{port}", mention.name);
    let help = format!(
        "write `localhost:{port}` where the container calls itself, and leave what it tells others: on ECS \
         its own name leads through a proxy to any of its tasks, and to none before one is in service"
    );
    Diagnostic::warning(Code::Approximated, message).at(span, "").help(help).service(name)
}

fn listens(member: &Member<'_>, mention: &Mention<'_>, port: u16, span: Span) -> Diagnostic {
    let name = member.name();
    let message = format!("{name} listens at its own name, {}:{port}", mention.name);
    let help = format!(
        "write `0.0.0.0:{port}`, and the name where it tells others how to call it: on ECS its own name is \
         no address of the container, so that nobody would reach it there"
    );
    Diagnostic::warning(Code::Approximated, message).at(span, "").help(help).service(name)
}

fn named_after(member: &Member<'_>, mention: &Mention<'_>, text: &Text<'_>) -> Diagnostic {
    let name = member.name();
    let message = format!("the node of {name} is named after its host, {:?}", mention.name);
    let node = text.text.strip_suffix(mention.name).unwrap_or_default();
    let help = format!(
        "write `{node}localhost`, which each new task can call: on ECS the name is no address of the \
         container"
    );
    Diagnostic::warning(Code::Approximated, message).at(text.span, "").help(help).service(name)
}

#[cfg(test)]
mod tests {
    use crate::compose::model::Service;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, ecs_service, env, loud, run, service};
    use crate::source::{Located, Span};

    fn kafka() -> Service {
        let mut kafka = service("kafka", "acme/kafka:1");
        env(&mut kafka, "KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://kafka:9092");
        kafka
    }

    fn said(mut one: Service, variable: &str, value: &str) -> Vec<String> {
        let place = Span { start: 3, ..crate::ecs::testing::span() };
        one.environment.insert(variable.to_owned(), Located::new(value.to_owned(), place));
        let done = run(vec![one, service("web", "acme/web:1")]);
        done.diagnostics.iter().map(|said| said.message.clone()).collect()
    }

    #[test]
    fn a_port_at_which_only_the_service_calls_itself_is_offered() {
        let mut kafka = kafka();
        env(&mut kafka, "KAFKA_CONTROLLER_QUORUM_VOTERS", "1@kafka:9093");
        let done = run(vec![kafka, service("web", "acme/web:1")]);
        let connect = ecs_service(&done, "kafka").service_connect_configuration.as_ref();
        let names: Vec<_> =
            connect.expect("a proxy").services.iter().map(|s| s.discovery_name.as_str()).collect();
        assert_eq!(names, ["kafka-9092", "kafka-9093"]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
        let help = done.diagnostics.iter().find_map(|said| said.help.clone()).expect("help");
        assert!(help.contains("`localhost:9093`"), "{help}");
    }

    #[test]
    fn addresses_that_are_told_others_stay() {
        assert_eq!(
            said(kafka(), "CONTROLLER", "1@kafka:9093"),
            ["kafka calls itself at kafka:9093"]
        );
        for (variable, value) in [
            ("ETCD_INITIAL_CLUSTER", "kafka=http://kafka:2380"),
            ("PUBLIC_URL", "http://kafka:9000"),
            ("cluster.initial_master_nodes", "kafka"),
            ("node.name", "kafka"),
            ("SERVER_HOST", "kafka"),
            ("VOTERS", "1@kafka:9093,2@kafka2:9093"),
            ("DSN", "postgres://kafka@db/kafka"),
        ] {
            assert_eq!(said(kafka(), variable, value), [""; 0], "{variable}");
        }
        let mut etcd = service("etcd", "acme/etcd:1");
        let words = ["etcd", "--initial-advertise-peer-urls", "http://etcd:2380"];
        etcd.command = Some(at(words.map(str::to_owned).to_vec()));
        assert_eq!(said(etcd.clone(), "A", "b"), [""; 0]);
        let line = "exec etcd --advertise-client-urls=http://etcd:2379 --join http://etcd:2380";
        etcd.command = Some(at(["sh", "-c", line].map(str::to_owned).to_vec()));
        assert_eq!(said(etcd, "A", "b"), ["etcd calls itself at etcd:2380"]);
    }

    #[test]
    fn what_several_services_are_told_is_no_call_of_one() {
        let mut kafka = kafka();
        let mut web = service("web", "acme/web:1");
        let place = crate::ecs::testing::span();
        let shared = Located::new("kafka:9093".to_owned(), Span { start: 7, ..place });
        for one in [&mut kafka, &mut web] {
            one.environment.insert("KAFKA_ADDR".to_owned(), shared.clone());
        }
        let done = run(vec![kafka, web]);
        assert_eq!(loud(&done.diagnostics), []);
    }

    #[test]
    fn what_listens_at_its_own_name_is_said() {
        let said = said(kafka(), "KAFKA_LISTENERS", "PLAINTEXT://kafka:9092");
        assert_eq!(said, ["kafka listens at its own name, kafka:9092"]);
    }

    #[test]
    fn nodes_of_erlang_s_are_not_named_after_a_service() {
        let mut mq = service("mq", "acme/mq:1");
        mq.hostname = Some(at("rabbit".to_owned()));
        let message = "the node of mq is named after its host, \"rabbit\"";
        let all = said(mq.clone(), "RABBITMQ_NODENAME", "shop@rabbit");
        assert!(all.iter().any(|said| said == message), "{all:?}");
        let all = said(mq, "RABBITMQ_NODENAME", "shop@localhost");
        assert!(all.iter().all(|said| said != message), "{all:?}");
    }
}
