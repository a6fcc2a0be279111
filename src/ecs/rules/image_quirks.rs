//! What certain images need to run on ECS as they run under Compose.

use std::collections::BTreeMap;

use super::data_directories;
use crate::compose::model::TaskNetwork;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;

/// Images with the entrypoint of the official `postgres` image.
pub(super) const POSTGRES: &[&str] = &[
    "ankane/pgvector",
    "citusdata/citus",
    "pgvector/pgvector",
    "postgis/postgis",
    "postgres",
    "tensorchord/pgvecto-rs",
    "tensorchord/vchord-postgres",
    "timescale/timescaledb",
    "timescale/timescaledb-ha",
];

/// Where those images keep their data, and so what is built on them.
pub(super) const POSTGRES_DATA: &str = "/var/lib/postgresql";

/// Where RabbitMQ's image keeps its data.
const RABBITMQ_DATA: &str = "/var/lib/rabbitmq";

/// Adds variables that the user did not set.
pub(crate) fn add(
    member: &Member<'_>,
    environment: &mut BTreeMap<String, String>,
    out: &mut Output,
) {
    // Of an image that is not known, the directory that it writes to tells what is in it.
    let is_of = |names: &[&str], data: &str| match member.known {
        Some(known) => names.contains(&known.name),
        None => data_directories::kept(&member.stored)
            .any(|stored| data_directories::is_in(&stored.mount.value.target, data)),
    };
    if member.connected && is_of(POSTGRES, POSTGRES_DATA) {
        postgres(member, environment, out);
    }
    // RabbitMQ keeps its data under its host name, which is new with each task (image
    // documentation, "Running the daemon").
    if member.stateful && is_of(&["rabbitmq"], RABBITMQ_DATA) {
        let unset = !environment.contains_key("RABBITMQ_NODENAME");
        // On awsvpc a host name that was given is not set either.
        let named = member.service.hostname.is_some() && member.network != TaskNetwork::AwsVpc;
        if unset && !named {
            set(member, environment, "RABBITMQ_NODENAME", "rabbit@localhost", out);
        }
    }
}

/// Through Service Connect a server sees its clients as 127.0.0.1, which the `pg_hba.conf` that
/// `initdb` writes by default trusts without a password.
fn postgres(member: &Member<'_>, environment: &mut BTreeMap<String, String>, out: &mut Output) {
    const ARGUMENTS: &str = "POSTGRES_INITDB_ARGS";
    // Whoever lets everybody in means it: clients that have no password would be turned away.
    if environment.get("POSTGRES_HOST_AUTH_METHOD").is_some_and(|method| method == "trust") {
        return;
    }
    match environment.get(ARGUMENTS) {
        None => set(member, environment, ARGUMENTS, "--auth-host=scram-sha-256", out),
        Some(given) if given.contains("--auth") => {}
        Some(_) => out.say(
            Diagnostic::warning(
                Code::Approximated,
                "postgres lets its peers in without a password",
            )
            .at(
                member.service.environment.get(ARGUMENTS).map_or(member.service.span(), |v| v.span),
                "",
            )
            .help(
                "add `--auth-host=scram-sha-256`: through Service Connect, clients come \
                from 127.0.0.1, which postgres trusts by default",
            )
            .service(member.name()),
        ),
    }
}

fn set(
    member: &Member<'_>,
    environment: &mut BTreeMap<String, String>,
    name: &str,
    value: &str,
    out: &mut Output,
) {
    environment.insert(name.to_owned(), value.to_owned());
    out.say(
        Diagnostic::note(Code::Approximated, format!("{name} is set to {value:?}"))
            .at(member.service.image.as_ref().map_or(member.service.span(), |i| i.span), "")
            .help("the image needs it on ECS; set the variable yourself for another value")
            .service(member.name()),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::{Launch, Service};
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{at, container, env, exposed, loud, run, service, volume_mount};

    fn variable(services: Vec<Service>, name: &str) -> Option<String> {
        let first = services[0].name.value.clone();
        let done = run(services);
        let environment = &container(&done, &first).environment;
        environment.iter().find(|pair| pair.name == name).map(|pair| pair.value.clone())
    }

    #[test]
    fn postgres_asks_its_peers_for_a_password() {
        const NAME: &str = "POSTGRES_INITDB_ARGS";
        let web = service("web", "acme/web:1");
        let mut db = service("db", "postgres:16");
        let mut own = service("db", "acme/db:1");
        own.mounts = vec![volume_mount("db", "/var/lib/postgresql/data")];
        own.expose = vec![exposed(5432)];
        let wanted = Some("--auth-host=scram-sha-256".to_owned());
        assert_eq!(variable(vec![db.clone(), web.clone()], NAME), wanted);
        assert_eq!(variable(vec![own, web.clone()], NAME), wanted);
        assert_eq!(variable(vec![db.clone()], NAME), None);
        let mut open = db.clone();
        env(&mut open, "POSTGRES_HOST_AUTH_METHOD", "trust");
        assert_eq!(variable(vec![open, web.clone()], NAME), None);
        env(&mut db, NAME, "--data-checksums");
        let done = run(vec![db, web]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    }

    #[test]
    fn rabbitmq_keeps_its_node_name() {
        const NAME: &str = "RABBITMQ_NODENAME";
        let mut mq = service("mq", "rabbitmq:3");
        assert_eq!(variable(vec![mq.clone()], NAME), None);
        mq.mounts = vec![volume_mount("mq", "/var/lib/rabbitmq")];
        assert_eq!(variable(vec![mq.clone()], NAME), Some("rabbit@localhost".to_owned()));
        let mut own = mq.clone();
        own.image = Some(at("acme/queue:1".to_owned()));
        assert_eq!(variable(vec![own], NAME), Some("rabbit@localhost".to_owned()));
        // A task has no host name of the user's on awsvpc.
        mq.hostname = Some(at("my-rabbit".to_owned()));
        assert_eq!(variable(vec![mq.clone()], NAME), Some("rabbit@localhost".to_owned()));
        mq.extension.launch = Some(at(Launch::Ec2));
        mq.extension.network_mode = Some(at(TaskNetwork::Bridge));
        assert_eq!(variable(vec![mq.clone()], NAME), None);
        mq.environment.insert(NAME.to_owned(), at("x@y".to_owned()));
        assert_eq!(variable(vec![mq], NAME), Some("x@y".to_owned()));
    }
}
