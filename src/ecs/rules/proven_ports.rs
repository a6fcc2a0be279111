//! Ports that nobody declares and that something proves all the same: a service's own health check asks
//! there, or a database keeps its files where it does.

use std::collections::BTreeMap;

use super::data_directories::{self, is_in};
use super::discovery::offer;
use super::http_check::split;
use super::mentions::{HERE, mentions};
use super::other_program::runs_a_tool;
use crate::compose::model::{HealthTest, Protocol, Service, TaskNetwork};
use crate::ecs::translate::survey::Member;

/// Options of curl and wget whose values are no addresses that are asked.
const OTHER_VALUES: &[&str] = &[
    "-A",
    "-b",
    "-d",
    "-e",
    "-H",
    "-o",
    "-O",
    "-u",
    "-w",
    "-x",
    "--cookie",
    "--data",
    "--header",
    "--output",
    "--preproxy",
    "--proxy",
    "--referer",
    "--user",
    "--user-agent",
    "--write-out",
];

/// A program that asks one kind of server, and its option for the port.
struct Client {
    names: &'static [&'static str],
    option: &'static str,
    usual: u16,
    /// The variable in which it finds the port otherwise.
    variable: &'static str,
}

/// Source: the manuals of the clients.
const CLIENTS: &[Client] = &[
    Client { names: &["pg_isready", "psql"], option: "-p", usual: 5432, variable: "PGPORT" },
    Client {
        names: &["mariadb", "mariadb-admin", "mysql", "mysqladmin"],
        option: "-P",
        usual: 3306,
        variable: "MYSQL_TCP_PORT",
    },
    Client { names: &["redis-cli", "valkey-cli"], option: "-p", usual: 6379, variable: "" },
    Client { names: &["mongo", "mongosh"], option: "--port", usual: 27017, variable: "" },
];

/// Directories in which one kind of server alone keeps its files, its usual port, and the variables of
/// images that name another one (PostgreSQL documentation, "Environment Variables": `PGPORT`; bitnami's
/// `POSTGRESQL_PORT_NUMBER`; images that hand `POSTGRES_PORT` on).
const HOMES: &[(&str, u16, &[&str])] = &[
    ("/bitnami/postgresql", 5432, &["POSTGRESQL_PORT_NUMBER", "PGPORT"]),
    ("/home/postgres/pgdata", 5432, &["PGPORT", "POSTGRES_PORT"]),
    ("/var/lib/postgresql", 5432, &["PGPORT", "POSTGRES_PORT"]),
];

/// Adds them to the services that others may call.
pub(super) fn add(members: &mut [Member<'_>]) {
    let mut units: BTreeMap<&str, (&str, bool)> = BTreeMap::new();
    for member in members.iter() {
        for network in &member.networks {
            let (first, several) = units.entry(network).or_insert((member.unit, false));
            *several |= *first != member.unit;
        }
    }
    let mut found = Vec::new();
    for (index, member) in members.iter().enumerate() {
        let may_be_called = matches!(member.network, TaskNetwork::AwsVpc | TaskNetwork::Bridge)
            && member.job.is_none()
            && !member.ends
            && member.networks.iter().any(|network| units.get(network).is_some_and(|u| u.1));
        if may_be_called {
            found.extend(of(member).into_iter().map(|port| (index, port)));
        }
    }
    offer(members, found);
}

fn of(member: &Member<'_>) -> Vec<u16> {
    let mut ports = checked(member.service);
    let is_offering = member.ports.iter().any(|(_, protocol)| *protocol == Protocol::Tcp);
    if ports.is_empty() && !is_offering && member.known.is_none() && !runs_a_tool(member.service) {
        ports.extend(of_a_database(member));
    }
    ports
}

/// The port of the database that has its files in one of the mounts.
fn of_a_database(member: &Member<'_>) -> Option<u16> {
    let mut kept = data_directories::kept(&member.stored);
    let (_, usual, variables) = kept.find_map(|stored| {
        HOMES.iter().find(|(home, ..)| is_in(&stored.mount.value.target, home))
    })?;
    let mut set = variables.iter().filter_map(|name| number(member.service, name));
    Some(set.next().unwrap_or(*usual))
}

fn number(service: &Service, variable: &str) -> Option<u16> {
    service.environment.get(variable).and_then(|value| port(&value.value))
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

/// The ports at which a service's own health check asks its container.
fn checked(service: &Service) -> Vec<u16> {
    let test = service.healthcheck.as_ref().and_then(|check| check.value.test.as_ref());
    let words = match test.map(|test| &test.value) {
        None | Some(HealthTest::None) => return Vec::new(),
        Some(HealthTest::Shell(line)) => split(line),
        Some(HealthTest::Command(words)) => match words.as_slice() {
            [_, flag, line] if flag.starts_with('-') && flag.ends_with('c') => split(line),
            words => words.to_vec(),
        },
    };
    let words: Vec<String> = words.iter().map(|word| filled(service, word)).collect();
    let mut ports = Vec::new();
    for command in words.split(|word| matches!(word.as_str(), "|" | ";" | "||" | "&&" | "&")) {
        addresses(command, &mut ports);
        ports.extend(by_client(service, command));
    }
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// Adds the ports of the addresses of the container itself in the words of a command.
fn addresses(command: &[String], ports: &mut Vec<u16>) {
    for (at, word) in command.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| command.get(before));
        if before.is_some_and(|before| OTHER_VALUES.contains(&before.as_str())) {
            continue;
        }
        let known = |token: &str| HERE.contains(&token);
        mentions(word, known, |mention| ports.extend(mention.port));
        // `nc -z localhost 9000`
        if HERE.contains(&word.as_str()) {
            ports.extend(command.get(at + 1).and_then(|next| port(next)));
        }
        // `/dev/tcp/localhost/9000` is bash's; `[::1]:9000` is the same in IPv6.
        let device = HERE.iter().find_map(|here| {
            let (_, rest) = word.split_once("/dev/tcp/")?;
            rest.strip_prefix(here)?.strip_prefix('/')
        });
        let v6 = word.split_once("[::1]:").map(|(_, rest)| rest);
        ports.extend(device.into_iter().chain(v6).filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            port(&rest[..end])
        }));
    }
}

/// The port that the client of a server asks, unless it asks another host.
fn by_client(service: &Service, command: &[String]) -> Option<u16> {
    let base = |word: &String| word.rsplit('/').next().unwrap_or(word).to_owned();
    let (at, client) = command.iter().enumerate().find_map(|(at, word)| {
        let name = base(word);
        Some((at, CLIENTS.iter().find(|client| client.names.contains(&name.as_str()))?))
    })?;
    let rest = &command[at + 1..];
    let value = |options: &[&str]| {
        rest.iter().enumerate().find_map(|(at, word)| {
            options.iter().find_map(|option| {
                let glued = word.strip_prefix(option)?;
                match glued.strip_prefix('=') {
                    Some(value) => Some(value.to_owned()),
                    None if glued.is_empty() => rest.get(at + 1).cloned(),
                    None if option.starts_with("--") => None,
                    None => Some(glued.to_owned()),
                }
            })
        })
    };
    let host = value(&["-h", "--host"]);
    if host.is_some_and(|host| !HERE.contains(&host.as_str()) && !host.starts_with('/')) {
        return None;
    }
    match value(&["--port", client.option]) {
        Some(written) => port(&written),
        None => Some(number(service, client.variable).unwrap_or(client.usual)),
    }
}

/// A word in which the variables of the container stand as their values: `$PORT`, `${PORT}`.
fn filled(service: &Service, word: &str) -> String {
    let mut filled = String::new();
    let mut rest = word;
    while let Some((head, tail)) = rest.split_once('$') {
        filled.push_str(head);
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let (name, after) = match tail.strip_prefix('{').and_then(|tail| tail.split_once('}')) {
            Some((name, after)) => (name.split(":-").next().unwrap_or(name), after),
            None => tail.split_at(tail.find(|c| !is_name(c)).unwrap_or(tail.len())),
        };
        match service.environment.get(name) {
            Some(value) => filled.push_str(&value.value),
            None => {
                filled.push('$');
                filled.push_str(&tail[..tail.len() - after.len()]);
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::testing::{env, healthcheck, service};

    fn asked(line: &str) -> Vec<u16> {
        let mut web = service("web", "acme/web:1");
        env(&mut web, "PORT", "3000");
        web.healthcheck = Some(healthcheck(HealthTest::Shell(line.to_owned())));
        checked(&web)
    }

    #[test]
    fn a_check_proves_the_port_that_it_asks() {
        for (line, port) in [
            ("wget --spider http://localhost:9999/health", 9999),
            ("curl -f http://127.0.0.1/up || exit 1", 80),
            ("curl -f http://[::1]:81/", 81),
            ("curl -f http://localhost:${PORT}/", 3000),
            ("curl -f http://localhost:$PORT", 3000),
            ("nc -z localhost 9000", 9000),
            ("nc -z 127.0.0.1 9000; exit $?", 9000),
            ("pg_isready -U x -p 5433", 5433),
            ("pg_isready -U x", 5432),
            ("pg_isready -h localhost --port=5434", 5434),
            ("mysqladmin ping -h 127.0.0.1 -pSECRET -P3307", 3307),
            ("redis-cli -p 6380 ping | grep PONG", 6380),
            ("mongosh --port 27018 --eval x", 27018),
            ("bash -c ':> /dev/tcp/127.0.0.1/9000'", 9000),
            ("grpc_health_probe -addr=localhost:50051", 50051),
        ] {
            assert_eq!(asked(line), [port], "{line}");
        }
    }

    #[test]
    fn other_checks_prove_nothing() {
        for line in [
            "",
            "true",
            "curl -f http://api:9000",
            "curl -H http://localhost:3000 http://api:9000",
            "pg_isready -h db -p 5432",
            "nc -z db 9000",
            "curl -f http://localhost:$NOBODY/",
            "curl -f http://localhost:0/",
        ] {
            assert_eq!(asked(line), [0; 0], "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_fine(line in "(curl |\\$|\\{|\\}|localhost:|-p|pg_isready |\\PC){0,12}") {
            asked(&line);
        }
    }
}
