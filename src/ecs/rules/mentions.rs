//! Where one service's text names another: `api:8000`, `postgres://db/shop`, `DB_HOST=db`.
//!
//! It only looks at tokens and compares them with nothing: the caller looks each one up, so that
//! the work grows with the text and not with the number of services.

/// How far back the scheme of an address is looked for, in bytes.
const LOOK_BACK: usize = 256;

/// How far ahead the port beside a host is looked for, in bytes.
const LOOK_AHEAD: usize = 64;

/// What a container calls itself.
pub(crate) const HERE: [&str; 3] = ["localhost", "127.0.0.1", "0.0.0.0"];

/// A token that may be the name of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mention<'a> {
    /// The token.
    pub(crate) name: &'a str,
    /// The port beside it, or the usual port of the address's scheme.
    pub(crate) port: Option<u16>,
    /// The scheme of the address: `postgresql` of `postgresql+asyncpg://`.
    pub(crate) scheme: Option<&'a str>,
    /// Whether it stands where only an address makes sense.
    pub(crate) address: bool,
}

impl Mention<'_> {
    /// Whether it is somebody to call, in the text that is the value of a variable or an option.
    pub(crate) fn is_called(&self, variable: Option<&str>, text: &str) -> bool {
        let is_name = |item: &str| item.bytes().all(self::is_name) || port_of(item).is_some();
        // One name, or a list of nothing else.
        let mut items = text.split([',', ';', ' ']).map(str::trim).filter(|item| !item.is_empty());
        let mut is_all = || items.all(is_name);
        let variable = variable.filter(|_| !self.address);
        self.address
            || variable.is_some_and(|variable| {
                names_an_address(variable) && is_all()
                    || self.name == text && (names_a_store(variable) || is_host_option(variable))
            })
    }
}

/// Calls `f` with each token of `text` that `known` takes for a name.
pub(crate) fn mentions<'a>(
    text: &'a str,
    known: impl Fn(&str) -> bool,
    mut f: impl FnMut(Mention<'a>),
) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !is_name(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && is_name(bytes[at]) {
            at += 1;
        }
        // Both ends are beside ASCII, so they are character boundaries.
        let Some(token) = text.get(start..at) else { continue };
        let name = token.trim_end_matches('.');
        if !known(name) {
            continue;
        }
        let port = port_after(&bytes[start + name.len()..]);
        let before = &bytes[start.saturating_sub(LOOK_BACK)..start];
        let scheme = scheme_before(before);
        let is_value =
            port.is_none() && scheme.is_none() && key_before(before).is_some_and(names_an_address);
        let beside = || port_beside(&bytes[start + name.len()..]).filter(|_| is_value);
        // Behind a colon stands a port that the shell fills in.
        let has_port = bytes.get(start + name.len()) == Some(&b':');
        let usual = || scheme.filter(|_| !has_port).and_then(usual_port);
        f(Mention {
            name,
            port: port.or_else(usual).or_else(beside),
            scheme,
            address: port.is_some() || scheme.is_some() || is_value,
        });
    }
}

/// Whether a variable's name says that its value is an address.
pub(crate) fn names_an_address(variable: &str) -> bool {
    const WORDS: [&str; 12] = [
        "HOST",
        "ADDR",
        "SERVER",
        "URL",
        "URI",
        "ENDPOINT",
        "BROKER",
        "UPSTREAM",
        "BOOTSTRAP",
        "NODES",
        "SEEDS",
        "DSN",
    ];
    let upper = variable.to_ascii_uppercase();
    // `SERVER_NAME` is what a server calls itself.
    let is_name = upper.ends_with("NAME")
        && !["HOSTNAME", "HOST_NAME", "HOSTNAMES"].iter().any(|word| upper.ends_with(word));
    !is_name && WORDS.iter().any(|word| upper.contains(word))
}

/// Whether a variable is called as a data store is, and nothing more: `REDIS`, `APP_REDIS`.
fn names_a_store(variable: &str) -> bool {
    const STORES: [&str; 12] = [
        "ELASTICSEARCH",
        "ETCD",
        "KAFKA",
        "MARIADB",
        "MEMCACHED",
        "MONGO",
        "MONGODB",
        "MYSQL",
        "NATS",
        "POSTGRES",
        "RABBITMQ",
        "REDIS",
    ];
    let upper = variable.to_ascii_uppercase();
    let last = upper.rsplit('_').next().unwrap_or(&upper);
    STORES.contains(&last)
}

/// `-h` of the clients of data stores.
fn is_host_option(option: &str) -> bool {
    option == "-h"
}

/// The port of `name:8000`.
fn port_of(item: &str) -> Option<u16> {
    let (name, _) = item.split_once(':')?;
    name.bytes().all(is_name).then(|| port_after(&item.as_bytes()[name.len()..]))?
}

/// What a name is the value of, where the text ends with one: `host=`, `"host": "`, `--db-host `.
fn key_before(before: &[u8]) -> Option<&str> {
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'');
    let head = before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'")).unwrap_or(before);
    let spaced = head.trim_ascii_end();
    let (key, is_option) = match spaced.split_last() {
        Some((b'=' | b':', key)) => (key.trim_ascii_end(), false),
        _ if spaced.len() < head.len() => (spaced, true),
        _ => return None,
    };
    let end = key.len() - key.iter().rev().take_while(|byte| is_quote(byte)).count();
    let key = &key[..end];
    let start = key.iter().rposition(|byte| !is_name(*byte)).map_or(0, |at| at + 1);
    let key = std::str::from_utf8(&key[start..]).ok().filter(|key| !key.is_empty())?;
    (!is_option || key.starts_with('-')).then_some(key)
}

/// The port in `port=5432`, `"port": 5432` or `--port 5432` close behind a host.
fn port_beside(after: &[u8]) -> Option<u16> {
    let near = after.get(..LOOK_AHEAD.min(after.len()))?;
    let at = near.windows(4).position(|word| word.eq_ignore_ascii_case(b"port"))?;
    let rest = &near[at + 4..];
    // `port_value: 80` (Envoy's API reference, `config.core.v3.SocketAddress`).
    let rest = rest.strip_prefix(b"_value").unwrap_or(rest);
    let skipped =
        rest.iter().take_while(|b| matches!(b, b'"' | b'\'' | b'=' | b':' | b' ')).count();
    let digits = &rest[skipped..];
    let end = digits.iter().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
    let port =
        std::str::from_utf8(digits.get(..end).filter(|_| skipped > 0)?).ok()?.parse().ok()?;
    (port != 0).then_some(port)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

/// The port in `:8000`, where it ends there.
fn port_after(after: &[u8]) -> Option<u16> {
    let digits = after.strip_prefix(b":")?;
    let end = digits.iter().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
    // `name:1234@host` is a user and a password; `redis:7-alpine` is an image.
    if digits.get(end).is_some_and(|&b| is_name(b) || b == b'@') {
        return None;
    }
    let port = std::str::from_utf8(digits.get(..end)?).ok()?.parse().ok()?;
    (port != 0).then_some(port)
}

/// The scheme in `scheme://` or `scheme://user:password@`, where the text ends with one.
fn scheme_before(before: &[u8]) -> Option<&str> {
    let head = match before.last()? {
        b'@' => {
            let slashes = before.windows(3).rposition(|window| window == b"://")?;
            let between = &before[slashes + 3..];
            if between.iter().any(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'')) {
                return None;
            }
            &before[..slashes]
        }
        _ => before.strip_suffix(b"://")?,
    };
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || *b == b'+';
    let start = head.iter().rposition(|b| !is_part(b)).map_or(0, |at| at + 1);
    // Behind a plus stands the driver, or what carries it: `postgresql+asyncpg`, `mongodb+srv`.
    let scheme = head[start..].split(|b| *b == b'+').find(|part| !part.is_empty())?;
    std::str::from_utf8(scheme).ok()
}

/// The port of an address that names none (IANA's registry, and the vendors' own defaults).
fn usual_port(scheme: &str) -> Option<u16> {
    Some(match scheme.to_ascii_lowercase().as_str() {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        "postgres" | "postgresql" => 5432,
        "mysql" | "mysql2" | "mariadb" => 3306,
        "redis" | "rediss" | "valkey" => 6379,
        "mongodb" => 27017,
        "amqp" => 5672,
        "amqps" => 5671,
        "nats" => 4222,
        "mqtt" => 1883,
        "bolt" | "neo4j" => 7687,
        "memcached" => 11211,
        "ldap" => 389,
        "smtp" => 25,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, Option<u16>, bool)> {
        let mut list = Vec::new();
        mentions(
            text,
            |name| ["api", "db", "kafka", "kafka2", "api.local"].contains(&name),
            |m| list.push((m.name, m.port, m.address)),
        );
        list
    }

    #[test]
    fn names_with_ports() {
        assert_eq!(found("http://api:8000/x"), [("api", Some(8000), true)]);
        assert_eq!(
            found("--brokers=kafka:9092,kafka2:9093"),
            [("kafka", Some(9092), true), ("kafka2", Some(9093), true)]
        );
        assert_eq!(found("api.local:1"), [("api.local", Some(1), true)]);
    }

    #[test]
    fn addresses_without_a_port_take_the_scheme_s() {
        assert_eq!(found("http://api/"), [("api", Some(80), true)]);
        assert_eq!(found("jdbc:postgresql://db/shop"), [("db", Some(5432), true)]);
        assert_eq!(found("postgres://u:p@db/shop"), [("db", Some(5432), true)]);
        assert_eq!(found("tcp://api/"), [("api", None, true)]);
        assert_eq!(found("http://api:$PORT/"), [("api", None, true)]);
        assert_eq!(found("postgresql+asyncpg://db/shop"), [("db", Some(5432), true)]);
    }

    #[test]
    fn values_of_hosts_are_addresses() {
        for (text, port) in [
            ("host=db port=5433 user=x", Some(5433)),
            (r#"{"host": "db", "port": 7000}"#, Some(7000)),
            ("socket_address: {address: db, port_value: 7001}", Some(7001)),
            ("psql --host db -U x", None),
            ("serve --db-host=db --db-port=3307", Some(3307)),
            ("Server=db;Database=x", None),
            ("-Dspring.redis.host=db", None),
        ] {
            assert_eq!(found(text), [("db", port, true)], "{text}");
        }
        for text in ["dbname=db", "user=db", "a db", "psql -d db", "SERVER_NAME=db", "x: db"] {
            assert_eq!(found(text), [("db", None, false)], "{text}");
        }
    }

    #[test]
    fn values_of_variables_are_called_by_their_names() {
        let called = |variable: &str, text: &str| {
            let mut called = false;
            mentions(text, |name| name == "db", |m| called |= m.is_called(Some(variable), text));
            called
        };
        for (variable, text) in [
            ("DB_HOST", "db"),
            ("HOSTS", "other, db"),
            ("ES_NODES", "a:9200,db"),
            ("REDIS", "db"),
            ("APP_REDIS", "db"),
            ("--db-host", "db"),
            ("-h", "db"),
        ] {
            assert!(called(variable, text), "{variable}={text}");
        }
        for (variable, text) in [
            ("SERVER_NAME", "db"),
            ("DB_NAME", "db"),
            ("CACHE_DRIVER", "db"),
            ("REDIS_PREFIX", "db"),
            ("HOST_RULE", "Host(`db`)"),
            ("REDIS", "a db"),
            ("-d", "db"),
        ] {
            assert!(!called(variable, text), "{variable}={text}");
        }
    }

    #[test]
    fn bare_words_are_no_addresses() {
        assert_eq!(found("db"), [("db", None, false)]);
        assert_eq!(found("talk to db."), [("db", None, false)]);
    }

    #[test]
    fn what_only_looks_like_a_port() {
        assert_eq!(found("x://db:5432@api"), [("db", None, true), ("api", None, true)]);
        assert_eq!(found("db:16-alpine"), [("db", None, false)]);
        assert_eq!(found("db:0"), [("db", None, false)]);
        assert_eq!(found("db:99999"), [("db", None, false)]);
        assert_eq!(found("mydb:80 db2:80 a-db:80"), []);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_fine(text in "\\PC{0,60}") {
            mentions(&text, |_| true, |_| {});
        }
    }
}
