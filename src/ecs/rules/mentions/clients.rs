//! Hosts in the words of a command: `nc -z db 5432`, `pg_isready -h db -p 5433`, `/dev/tcp/db/5432`.

/// How far back the command is looked for that a host stands in, in bytes.
const LOOK_BACK: usize = 128;

/// How far ahead the option with the port is looked for, in bytes.
const LOOK_AHEAD: usize = 64;

/// A command of the shell that reaches a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Client {
    /// What its program's name begins with.
    program: &'static str,
    /// The port that it calls when none is said (the programs' manuals).
    port: Option<u16>,
    /// The option with the port; none where host and port are two words.
    option: Option<&'static str>,
}

const fn client(program: &'static str, port: u16, option: &'static str) -> Client {
    Client { program, port: Some(port), option: Some(option) }
}

/// Whose host and port are two words of the command.
const fn pair(program: &'static str) -> Client {
    Client { program, port: None, option: None }
}

const CLIENTS: [Client; 16] = [
    client("createdb", 5432, "-p"),
    client("dropdb", 5432, "-p"),
    client("maria", 3306, "-P"),
    client("mongo", 27017, "-p"),
    client("mysql", 3306, "-P"),
    pair("nc"),
    pair("ncat"),
    pair("netcat"),
    client("pg_dump", 5432, "-p"),
    client("pg_isready", 5432, "-p"),
    client("pg_restore", 5432, "-p"),
    client("psql", 5432, "-p"),
    client("redis-cli", 6379, "-p"),
    client("redis-benchmark", 6379, "-p"),
    pair("telnet"),
    client("valkey-cli", 6379, "-p"),
];

/// The port of the host between two texts, where they are those of a command that reaches it.
pub(super) fn port_in_command(before: &[u8], after: &[u8]) -> Option<u16> {
    if before.ends_with(b"/dev/tcp/") {
        return number(after.strip_prefix(b"/")?);
    }
    let before = &before[before.len().saturating_sub(LOOK_BACK)..];
    let begin = before.iter().rposition(|byte| ends_command(*byte)).map_or(0, |at| at + 1);
    let before = std::str::from_utf8(before.get(begin..)?).ok()?;
    let end = after.len().min(LOOK_AHEAD);
    let end = after[..end].iter().position(|byte| ends_command(*byte)).unwrap_or(end);
    // What is cut in the middle of a character is no word of a command's.
    let after = String::from_utf8_lossy(&after[..end]);
    let mut words: Vec<&str> = before.split_ascii_whitespace().collect();
    // The host is a word of its own.
    if !before.ends_with(|c: char| c.is_ascii_whitespace()) {
        return None;
    }
    words.push("");
    let host = words.len() - 1;
    words.extend(after.split_ascii_whitespace());
    port_in_words(&words, host)
}

/// The port of the host that is one of a command's words.
pub(in crate::ecs::rules) fn port_in_words(words: &[&str], host: usize) -> Option<u16> {
    let before = words.get(..host)?;
    let client = before.iter().find_map(|word| client_of(word))?;
    let after = words.get(host + 1..)?;
    let Some(option) = client.option else { return after.first().and_then(|word| port(word)) };
    if !before.last().is_some_and(|word| ["-h", "--host"].contains(word)) {
        return None;
    }
    let said = |words: &[&str]| {
        let at = words.iter().position(|word| [option, "--port"].contains(word))?;
        words.get(at + 1).and_then(|word| port(word))
    };
    said(after).or_else(|| said(before)).or(client.port)
}

fn client_of(word: &str) -> Option<Client> {
    let program = word.rsplit('/').next().unwrap_or(word);
    CLIENTS.into_iter().find(|client| match client.option {
        Some(_) => program.starts_with(client.program),
        None => program == client.program,
    })
}

fn ends_command(byte: u8) -> bool {
    matches!(byte, b';' | b'|' | b'&' | b'(' | b')' | b'`' | b'"' | b'\'' | b'\n')
}

fn port(word: &str) -> Option<u16> {
    word.parse().ok().filter(|port| *port != 0)
}

/// The number that a text begins with, where it ends there.
fn number(text: &[u8]) -> Option<u16> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    if text.get(end).is_some_and(|byte| super::is_name(*byte)) {
        return None;
    }
    port(std::str::from_utf8(text.get(..end)?).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_commands() {
        for (text, found) in [
            ("until nc -z @ 4000; do sleep 1; done", Some(4000)),
            ("/usr/bin/nc -zv -w 5 @ 4000", Some(4000)),
            ("echo > /dev/tcp/@/4000", Some(4000)),
            ("bash -c '</dev/tcp/@/4000'", Some(4000)),
            ("while ! telnet @ 23; do :; done", Some(23)),
            ("pg_isready -h @ -p 5433", Some(5433)),
            ("pg_isready -p 5433 -h @", Some(5433)),
            ("pg_isready -h @", Some(5432)),
            ("x && mysqladmin ping -h @ -P 3307 -psecret", Some(3307)),
            ("mysql -h @ -p 12", Some(3306)),
            ("redis-cli -h @ ping", Some(6379)),
            ("mongosh --host @ --port 27018", Some(27018)),
            ("nc -z @ four", None),
            ("nc -l 4000; echo @ 4000", None),
            ("echo @ 4000", None),
            ("psql -d @ -p 5433", None),
            ("psql -h x@ -p 5433", None),
            ("nc -z @ 99999", None),
            ("</dev/tcp/@/4000x", None),
        ] {
            let (before, after) = text.split_once('@').expect("a host");
            assert_eq!(port_in_command(before.as_bytes(), after.as_bytes()), found, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_fine(before in "\\PC{0,60}", after in "\\PC{0,90}") {
            port_in_command(format!("nc {before} ").as_bytes(), after.as_bytes());
        }
    }
}
