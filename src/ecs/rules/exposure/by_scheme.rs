//! Ports whose protocol stands in an address: `amqp://mq:5000`.
//!
//! Source: IANA's registry of URI schemes, and the vendors' documentation of their clients' addresses.

use std::collections::BTreeMap;

use super::super::calls::{Text, of_program};
use super::super::mentions::{HERE, Mention, mentions};
use super::protocol::how_to_open;
use super::raw_ports::Spoken;
use super::{Face, PublicPort};
use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;
use crate::source::Span;

/// Schemes of addresses at which no HTTP is spoken, sorted. Those of databases that HTTP serves, too,
/// such as `clickhouse`, are not among them.
const OTHER: &[&str] = &[
    "amqp",
    "amqps",
    "beanstalk",
    "bolt",
    "cassandra",
    "ftp",
    "ftps",
    "gelf",
    "hdfs",
    "imap",
    "imaps",
    "kafka",
    "ldap",
    "ldaps",
    "mariadb",
    "memcached",
    "mongodb",
    "mqtt",
    "mqtts",
    "mssql",
    "mysql",
    "mysql2",
    "nats",
    "neo4j",
    "oracle",
    "plaintext",
    "pop3",
    "postgres",
    "postgresql",
    "pulsar",
    "redis",
    "rediss",
    "rtmp",
    "rtmps",
    "rtsp",
    "sftp",
    "sip",
    "smtp",
    "smtps",
    "spark",
    "sqlserver",
    "ssh",
    "statsd",
    "stomp",
    "syslog",
    "thrift",
    "tls",
    "valkey",
    "zookeeper",
];

/// Who says so, and where.
struct Said {
    scheme: String,
    user: usize,
    span: Span,
}

/// What addresses in the project say of ports.
#[derive(Default)]
pub(crate) struct Schemes {
    /// By service and port: nothing where an address says HTTP.
    found: BTreeMap<(usize, u16), Option<Said>>,
}

impl Schemes {
    /// Takes note of what a service's text says of another's port, or of its own.
    pub(in crate::ecs::rules) fn note(
        &mut self,
        user: usize,
        owner: usize,
        mention: &Mention<'_>,
        text: &Text<'_>,
    ) {
        let (Some(port), Some(scheme)) = (mention.port, mention.scheme) else { return };
        let scheme = scheme.to_ascii_lowercase();
        let said = match scheme.as_str() {
            "http" | "https" | "ws" | "wss" => None,
            "grpc" | "grpcs" => Some(scheme),
            // Of what they wait for programs say `tcp://` whatever it speaks, and servers of HTTP of what
            // they listen on (`dockerize -wait`, puma's `--bind`).
            "tcp" if user == owner || !text.is_of_a_variable() || is_waiting(text) => return,
            "tcp" => Some(scheme),
            other if OTHER.binary_search(&other).is_ok() => Some(scheme),
            _ => return,
        };
        let said = said.map(|scheme| Said { scheme, user, span: text.span });
        let slot = self.found.entry((owner, port));
        match said {
            None => _ = slot.insert_entry(None),
            Some(_) => _ = slot.or_insert(said),
        }
    }

    /// Closes the ports of which an address says that they do not speak HTTP, and of which the file says
    /// nothing else.
    pub(crate) fn settle(mut self, members: &mut [Member<'_>], out: &mut Output) {
        for (index, member) in members.iter().enumerate().filter(|(_, m)| !m.public.is_empty()) {
            for text in of_program(member.service) {
                mentions(
                    text.text,
                    |token| HERE.contains(&token),
                    |mention| {
                        self.note(index, index, &mention, &text);
                    },
                );
            }
        }
        for ((owner, port), said) in self.found {
            let Some(said) = said else { continue };
            let user = members[said.user].name().to_owned();
            let Some(member) = members.get_mut(owner) else { continue };
            let closed: Vec<PublicPort> =
                member.public.extract_if(.., |p| is_unsaid(member.service, p, port)).collect();
            for closed in closed {
                out.say(not_http(member.service, &closed, &said, &user));
            }
        }
    }
}

/// Whether a variable says what a program waits for.
fn is_waiting(text: &Text<'_>) -> bool {
    text.variable.is_some_and(|name| name.to_ascii_uppercase().contains("WAIT"))
}

/// Whether a port is open to the Internet only because it is published, and nothing says what it speaks.
fn is_unsaid(service: &Service, public: &PublicPort, port: u16) -> bool {
    let mut declared = service.ports.iter().chain(&service.expose).map(|port| &port.value);
    public.target == port
        && public.face == Face::Public
        && !service.extension.ports.contains_key(&port)
        && !declared.any(|given| given.target == port && given.app_protocol.is_some())
}

fn not_http(service: &Service, port: &PublicPort, said: &Said, user: &str) -> Diagnostic {
    let (spoken, what) = match said.scheme.starts_with("grpc") {
        true => (Spoken::Grpc, "gRPC"),
        false => (Spoken::Other, "no HTTP"),
    };
    let open = how_to_open(port.target, spoken);
    let who = if user == service.name.value { "the service itself" } else { user };
    let message = format!(
        "port {} is not reachable from the Internet: {who} calls it {}://, which is {what}",
        port.published, said.scheme
    );
    Diagnostic::warning(Code::PortNotPublic, message)
        .at(port.span, "published here")
        .at(said.span, "called so here")
        .help(format!("{open}; if it speaks HTTP, write `app_protocol: http` at the port"))
        .service(&service.name.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::PortExposure;
    use crate::ecs::desired::Kind;
    use crate::ecs::testing::{at, env, find, port, run, service};

    /// What is said of the one port, published at 6000, of a service that another one calls like this;
    /// nothing where it is open.
    fn closed(text: &str, edit: impl FnOnce(&mut Service)) -> Option<String> {
        let mut broker = service("broker", "acme/broker:1");
        broker.ports = vec![port(6000, 6000)];
        let mut app = service("app", "acme/app:1");
        env(&mut app, "BROKER_URL", text);
        edit(&mut broker);
        let done = run(vec![broker, app]);
        let said = find(&done.diagnostics, Code::PortNotPublic);
        let listeners = done.desired.resources.keys().filter(|id| id.kind == Kind::Listener);
        assert_eq!(said.is_none(), listeners.count() == 1);
        said.map(|said| said.message.clone())
    }

    #[test]
    fn what_is_called_otherwise_than_over_http_stays_private() {
        for scheme in ["amqp", "hdfs", "tcp", "grpc", "PLAINTEXT", "postgresql+asyncpg"] {
            assert!(closed(&format!("{scheme}://u:p@broker:6000/x"), |_| {}).is_some(), "{scheme}");
        }
        for text in ["http://broker:6000", "broker:6000", "x://broker:6000", "amqp://broker:6001"] {
            assert_eq!(closed(text, |_| {}), None, "{text}");
        }
        assert_eq!(
            closed("amqp://u:SECRET@broker:6000", |_| {}).as_deref(),
            Some(
                "port 6000 is not reachable from the Internet: app calls it amqp://, which is no HTTP"
            )
        );
    }

    #[test]
    fn what_the_file_says_of_the_port_counts() {
        let text = "amqp://broker:6000";
        let http = |broker: &mut Service| {
            broker.ports[0].value.app_protocol = Some("http".to_owned());
        };
        assert_eq!(closed(text, http), None);
        let asked = |broker: &mut Service| {
            broker.extension.ports.insert(6000, at(PortExposure::Public));
        };
        assert_eq!(closed(text, asked), None);
    }

    #[test]
    fn a_service_says_it_of_itself() {
        let listens = |text: &'static str| move |broker: &mut Service| env(broker, "LISTEN", text);
        assert!(closed("", listens("amqp://0.0.0.0:6000")).is_some());
        // Servers of HTTP listen like this, too.
        assert_eq!(closed("", listens("tcp://0.0.0.0:6000")), None);
        assert_eq!(closed("amqp://broker:6000", listens("http://0.0.0.0:6000")), None);
    }

    #[test]
    fn what_somebody_waits_for_may_speak_http() {
        let mut web = service("web", "acme/web:1");
        web.ports = vec![port(80, 80)];
        let mut app = service("app", "acme/app:1");
        env(&mut app, "WAIT_FOR", "tcp://web:80");
        app.command = Some(at(vec!["dockerize".into(), "-wait".into(), "tcp://web:80".into()]));
        assert!(find(&run(vec![web, app]).diagnostics, Code::PortNotPublic).is_none());
    }

    #[test]
    fn schemes_stand_in_order() {
        assert!(OTHER.is_sorted());
    }
}
