//! Where one service's text names another: `api:8000`, `postgres://db/shop`, `DB_HOST=db`.
//!
//! It only looks at tokens and compares them with nothing: the caller looks each one up, so that
//! the work grows with the text and not with the number of services.

/// How far back the scheme of an address is looked for, in bytes.
const LOOK_BACK: usize = 256;

/// A token that may be the name of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mention<'a> {
    /// The token.
    pub(crate) name: &'a str,
    /// The port beside it, or the usual port of the address's scheme.
    pub(crate) port: Option<u16>,
    /// Whether it stands where only an address makes sense.
    pub(crate) address: bool,
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
        let scheme = scheme_before(&bytes[start.saturating_sub(LOOK_BACK)..start]);
        f(Mention {
            name,
            port: port.or_else(|| scheme.and_then(usual_port)),
            address: port.is_some() || scheme.is_some(),
        });
    }
}

/// Whether a variable's name says that its value is an address.
pub(crate) fn names_an_address(variable: &str) -> bool {
    let upper = variable.to_ascii_uppercase();
    ["HOST", "ADDR", "SERVER", "URL", "URI", "ENDPOINT", "BROKER", "UPSTREAM"]
        .iter()
        .any(|word| upper.contains(word))
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
    let start = head.iter().rposition(|b| !b.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
    std::str::from_utf8(&head[start..]).ok().filter(|scheme| !scheme.is_empty())
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
