//! Databases whose files somebody else's file system, or an instance, may have already: what their image
//! does when it makes a database it does not do again.

use super::data_directories::is_in;
use super::image_quirks::{POSTGRES, POSTGRES_DATA};
use super::mounts::{Place, Stored};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;

/// What an image reads where it finds no database, and nowhere else.
struct Family {
    images: &'static [&'static str],
    /// Where its files are.
    data: &'static str,
    /// What the names of the variables begin with.
    prefixes: &'static [&'static str],
    /// How they go on, `_FILE` left aside.
    variables: &'static [&'static str],
}

/// Source: the images' documentation ("none of the variables below will have any effect if you start the
/// container with a data directory that already contains a database") and their entrypoints.
const FAMILIES: [Family; 3] = [
    Family {
        images: POSTGRES,
        data: POSTGRES_DATA,
        prefixes: &["POSTGRES_"],
        variables: &["DB", "HOST_AUTH_METHOD", "INITDB_ARGS", "INITDB_WALDIR", "PASSWORD", "USER"],
    },
    Family {
        images: &["mariadb", "mysql", "mysql/mysql-server", "percona", "percona/percona-server"],
        data: "/var/lib/mysql",
        prefixes: &["MARIADB_", "MYSQL_"],
        variables: &[
            "ALLOW_EMPTY_PASSWORD",
            "ALLOW_EMPTY_ROOT_PASSWORD",
            "DATABASE",
            "INITDB_SKIP_TZINFO",
            "ONETIME_PASSWORD",
            "PASSWORD",
            "PASSWORD_HASH",
            "RANDOM_ROOT_PASSWORD",
            "ROOT_HOST",
            "ROOT_PASSWORD",
            "ROOT_PASSWORD_HASH",
            "USER",
        ],
    },
    Family {
        images: &["mongo"],
        data: "/data/db",
        prefixes: &["MONGO_INITDB_"],
        variables: &["DATABASE", "ROOT_PASSWORD", "ROOT_USERNAME"],
    },
];

/// Where those images have the scripts that they run with a new database.
const SCRIPTS: &str = "/docker-entrypoint-initdb.d";

/// Says what has no effect on the database that may be there, and who gets in.
pub(crate) fn check(member: &Member<'_>, out: &mut Output) {
    let has_data = |stored: &&Stored<'_>, data: &str| {
        let target = &stored.mount.value.target;
        may_be_filled(stored) && (is_in(target, data) || is_in(data, target))
    };
    for family in &FAMILIES {
        if !member.known.is_none_or(|known| family.images.contains(&known.name)) {
            continue;
        }
        let Some(stored) = member.stored.iter().find(|stored| has_data(stored, family.data)) else {
            continue;
        };
        without_effect(member, family, stored, out);
        if family.data == POSTGRES_DATA && member.connected {
            lets_in(member, stored, out);
        }
    }
}

/// Whether somebody else may have written where a mount lives.
fn may_be_filled(stored: &Stored<'_>) -> bool {
    matches!(stored.place, Place::Other(_) | Place::S3(_) | Place::Host(_)) && stored.is_kept()
}

fn without_effect(member: &Member<'_>, family: &Family, stored: &Stored<'_>, out: &mut Output) {
    let service = member.service;
    let is_one = |name: &str| {
        let name = name.strip_suffix("_FILE").unwrap_or(name);
        let rest = family.prefixes.iter().find_map(|prefix| name.strip_prefix(prefix));
        rest.is_some_and(|rest| family.variables.contains(&rest))
    };
    let given = service.environment.iter().map(|(name, value)| (name.as_str(), value.span));
    let fetched = &service.extension.secret_env;
    let fetched = fetched.iter().map(|(name, value)| (name.as_str(), value.span));
    let mut found: Vec<_> = given.chain(fetched).filter(|(name, _)| is_one(name)).collect();
    let scripts = member.stored.iter().find(|stored| is_in(&stored.mount.value.target, SCRIPTS));
    found.extend(scripts.map(|stored| (SCRIPTS, stored.mount.span)));
    let Some((_, first)) = found.first() else { return };
    let names: Vec<_> = found.iter().map(|(name, _)| *name).collect();
    let names = match names.as_slice() {
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
        [] => return,
    };
    let has = if found.len() == 1 { "has" } else { "have" };
    let message = format!("{names} {has} no effect on a database that is there already");
    out.say(
        Diagnostic::note(Code::Conflict, message)
            .at(stored.mount.span, "somebody else may have made one here")
            .at(*first, "")
            .help(
                "the image only looks there where it makes a database: change one that is there with its \
                own commands",
            )
            .service(member.name()),
    );
}

/// Which addresses a postgres trusts stands beside its data; `initdb` wrote that 127.0.0.1 is one.
fn lets_in(member: &Member<'_>, stored: &Stored<'_>, out: &mut Output) {
    let message = "a postgres that is there already may let its peers in without a password";
    out.say(
        Diagnostic::warning(Code::Approximated, message)
            .at(stored.mount.span, "its `pg_hba.conf` is here")
            .help(
                "let the lines for 127.0.0.1/32 and ::1/128 there say `scram-sha-256` in place of \
                `trust`: through Service Connect, clients come from 127.0.0.1",
            )
            .service(member.name()),
    );
}
