//! Where one service's text names another: `api:8000`, `postgres://db/shop`, `DB_HOST=db`.
//!
//! It only looks at tokens and compares them with nothing: the caller looks each one up, so that
//! the work grows with the text and not with the number of services.

mod clients;

pub(super) use self::clients::port_in_words;

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
        let after = &bytes[start + name.len()..];
        let before = &bytes[start.saturating_sub(LOOK_BACK)..start];
        let port = port_after(after).or_else(|| clients::port_in_command(before, after));
        let scheme = scheme_before(before);
        // `scheme://user:password@host`
        let scheme = scheme.filter(|_| !is_user(after));
        let is_value =
            port.is_none() && scheme.is_none() && key_before(before).is_some_and(names_an_address);
        let beside = || port_beside(after).filter(|_| is_value);
        // Behind a colon stands a port that the shell fills in.
        let usual = || scheme.filter(|_| after.first() != Some(&b':')).and_then(usual_port);
        f(Mention {
            name,
            port: port.or_else(usual).or_else(beside),
            scheme,
            address: port.is_some() || scheme.is_some() || is_value,
        });
        for port in further_ports(after) {
            f(Mention { name, port: Some(port), scheme: None, address: true });
        }
    }
}

/// The ports behind the first one, of members of an ensemble: `zoo1:2888:3888;2181` (ZooKeeper
/// administrator's guide, "Cluster Options": quorum, election and client port).
fn further_ports(after: &[u8]) -> impl Iterator<Item = u16> {
    let digits = |rest: &[u8]| rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let first = match after.strip_prefix(b":") {
        Some(rest) if port_after(after).is_some() => digits(rest) + 1,
        _ => 0,
    };
    let after = &after[first..];
    let second = port_after(after).filter(|_| first > 0);
    let after = match after.strip_prefix(b":").filter(|_| second.is_some()) {
        Some(rest) => &rest[digits(rest)..],
        None => &[],
    };
    // What the member is stands before the client's port.
    let role = [&b":participant"[..], b":observer"].into_iter().find_map(|r| after.strip_prefix(r));
    let client = role.unwrap_or(after).strip_prefix(b";").and_then(|rest| {
        let digits = std::str::from_utf8(&rest[..digits(rest)]).ok()?;
        digits.parse().ok().filter(|port| *port != 0)
    });
    second.into_iter().chain(client)
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

/// Whether what stands behind a name within an address makes it the name of a user.
fn is_user(after: &[u8]) -> bool {
    let is_end = |b: u8| b.is_ascii_whitespace() || b"/?#,;\"'@".contains(&b);
    let near = &after[..LOOK_BACK.min(after.len())];
    near.iter().copied().find(|b| is_end(*b)) == Some(b'@')
}

/// The scheme in `scheme://` or `scheme://user:password@`, where the text ends with one, or with one
/// and other hosts: `mongodb://m1:27017,`.
fn scheme_before(before: &[u8]) -> Option<&str> {
    let mut before = before;
    if before.last() == Some(&b',') {
        let is_of_hosts = |byte: &u8| is_name(*byte) || matches!(byte, b':' | b',');
        before = &before[..=before.iter().rposition(|byte| !is_of_hosts(byte))?];
    }
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
        "postgres" | "postgresql" | "postgis" | "pgsql" => 5432,
        "mysql" | "mysql2" | "mariadb" => 3306,
        "sqlserver" | "mssql" => 1433,
        "redis" | "rediss" | "valkey" => 6379,
        "mongodb" => 27017,
        "amqp" => 5672,
        "amqps" => 5671,
        "nats" => 4222,
        "mqtt" => 1883,
        "mqtts" => 8883,
        "pulsar" => 6650,
        "hdfs" => 8020,
        "bolt" | "neo4j" => 7687,
        "memcached" => 11211,
        "ldap" => 389,
        "ldaps" => 636,
        "smtp" => 25,
        "smtps" => 465,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
