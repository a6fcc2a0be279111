//! Whom known images run as.
//!
//! Source: the `USER` lines of the images' Dockerfiles, and the `adduser` and `useradd` lines that make
//! those users; the vendors' documentation of whom a mounted directory must belong to. Images that
//! start as root and hand their directories over to a user themselves (postgres, mysql, mariadb, mongo,
//! redis, rabbitmq, cassandra …) are not here: they need none.

use super::{repository, tag};

/// A user and a group.
pub(crate) type Ids = (i64, i64);

/// Images that run as a user of their own from their first moment, sorted by repository. A name that
/// ends in `/` is that of everything below it.
const USERS: &[(&str, Ids)] = &[
    ("apache/airflow", (50000, 0)),
    ("apache/kafka", (1000, 1000)),
    ("apache/kafka-native", (1000, 1000)),
    ("apache/nifi", (1000, 1000)),
    ("apache/superset", (1000, 1000)),
    ("apachepulsar/pulsar", (10000, 0)),
    ("apachepulsar/pulsar-all", (10000, 0)),
    ("bitnami/", (1001, 0)),
    ("bitnamilegacy/", (1001, 0)),
    ("codercom/code-server", (1000, 1000)),
    ("confluentinc/", (1000, 1000)),
    ("directus/directus", (1000, 1000)),
    ("dpage/pgadmin4", (5050, 5050)),
    ("elasticsearch", (1000, 0)),
    ("elasticsearch/elasticsearch", (1000, 0)),
    ("emqx", (1000, 1000)),
    ("emqx/emqx", (1000, 1000)),
    ("grafana/grafana", (472, 0)),
    ("grafana/grafana-enterprise", (472, 0)),
    ("grafana/grafana-oss", (472, 0)),
    ("grafana/loki", (10001, 10001)),
    ("grafana/tempo", (10001, 10001)),
    ("jenkins/agent", (1000, 1000)),
    ("jenkins/inbound-agent", (1000, 1000)),
    ("jenkins/jenkins", (1000, 1000)),
    ("jupyter/", (1000, 100)),
    ("keycloak/keycloak", (1000, 0)),
    ("kibana", (1000, 0)),
    ("kibana/kibana", (1000, 0)),
    ("logstash", (1000, 0)),
    ("logstash/logstash", (1000, 0)),
    ("mattermost/mattermost-enterprise-edition", (2000, 2000)),
    ("mattermost/mattermost-team-edition", (2000, 2000)),
    ("n8nio/n8n", (1000, 1000)),
    ("nginxinc/nginx-unprivileged", (101, 101)),
    ("nodered/node-red", (1000, 1000)),
    ("odoo", (101, 101)),
    ("opensearchproject/opensearch", (1000, 1000)),
    ("opensearchproject/opensearch-dashboards", (1000, 1000)),
    ("otel/", (10001, 10001)),
    ("outlinewiki/outline", (1001, 1001)),
    ("percona", (1001, 1001)),
    ("percona/percona-server", (1001, 1001)),
    ("percona/percona-server-mongodb", (1001, 0)),
    ("prom/alertmanager", (65534, 65534)),
    ("prom/node-exporter", (65534, 65534)),
    ("prom/prometheus", (65534, 65534)),
    ("prom/pushgateway", (65534, 65534)),
    ("prometheus/alertmanager", (65534, 65534)),
    ("prometheus/node-exporter", (65534, 65534)),
    ("prometheus/prometheus", (65534, 65534)),
    ("redis/redisinsight", (1000, 1000)),
    ("redpandadata/redpanda", (101, 101)),
    ("solr", (8983, 8983)),
    ("sonarqube", (1000, 0)),
    ("sonatype/nexus3", (200, 200)),
    ("surrealdb/surrealdb", (65532, 65532)),
    ("timescale/timescaledb-ha", (1000, 1000)),
    ("verdaccio/verdaccio", (10001, 65533)),
];

/// Images whose variants of a tag run as a user of their own: repository, part of the tag, ids.
const VARIANTS: &[(&str, &str, Ids)] = &[
    ("forgejo/forgejo", "rootless", (1000, 1000)),
    ("gitea/gitea", "rootless", (1000, 1000)),
    // SQL Server 2017 runs as root (Microsoft, "Configure and customize SQL Server Linux containers").
    ("mssql/server", "2019", (10001, 0)),
    ("mssql/server", "2022", (10001, 0)),
    ("mssql/server", "2025", (10001, 0)),
    ("odoo", "18", (100, 101)),
    ("odoo", "latest", (100, 101)),
    ("qdrant/qdrant", "unprivileged", (1000, 1000)),
];

/// Users that images have besides root: what their repository begins with, the name, its ids, and those
/// of the variants on alpine.
const NAMES: &[(&str, &str, Ids, Ids)] = &[
    ("denoland/deno", "deno", (1993, 1993), (1993, 1993)),
    ("distroless/", "nonroot", (65532, 65532), (65532, 65532)),
    ("dotnet/", "$APP_UID", (1654, 1654), (1654, 1654)),
    ("dotnet/", "app", (1654, 1654), (1654, 1654)),
    ("mariadb", "mysql", (999, 999), (999, 999)),
    ("mongo", "mongodb", (999, 999), (999, 999)),
    ("mysql", "mysql", (999, 999), (999, 999)),
    ("nginx", "nginx", (101, 101), (101, 101)),
    ("node", "node", (1000, 1000), (1000, 1000)),
    ("oven/bun", "bun", (1000, 1000), (1000, 1000)),
    ("postgres", "postgres", (999, 999), (70, 70)),
    ("redis", "redis", (999, 999), (999, 1000)),
    ("valkey/valkey", "valkey", (999, 999), (999, 1000)),
];

/// Whom an image runs as that is known not to run as root.
pub(crate) fn user_of(reference: &str) -> Option<Ids> {
    let (repository, tag) = (repository(reference), tag(reference).unwrap_or_default());
    let is_variant = |part: &str| tag.split(['-', '_']).any(|word| word == part);
    let variant = VARIANTS.iter().find(|(name, part, _)| *name == repository && is_variant(part));
    let is_of = |name: &str| match name.ends_with('/') {
        true => repository.starts_with(name),
        false => repository == name,
    };
    let user = || USERS.iter().find(|(name, _)| is_of(name)).map(|(_, ids)| *ids);
    variant.map(|(_, _, ids)| *ids).or_else(user)
}

/// Who a user is that an image, or what is built on it, calls by a name.
pub(crate) fn named_user(reference: &str, name: &str) -> Option<Ids> {
    let repository = repository(reference);
    let tag = tag(reference).unwrap_or_default();
    let is_alpine = repository == "alpine" || tag.split('-').any(|part| part.starts_with("alpine"));
    let name = name.replace(['{', '}'], "");
    let is_of = |start: &str| match start.ends_with('/') {
        true => repository.starts_with(start),
        false => repository == start,
    };
    let known = NAMES.iter().find(|(start, known, ..)| is_of(start) && *known == name);
    match (known, name.as_str()) {
        (Some((_, _, _, ids)), _) if is_alpine => Some(*ids),
        (Some((_, _, ids, _)), _) => Some(*ids),
        // In Debian's and Alpine's `/etc/passwd` alike.
        (None, "nobody") => Some((65534, 65534)),
        (None, "www-data") if is_alpine => Some((82, 82)),
        (None, "www-data") => Some((33, 33)),
        // Back from root to whom it ran as.
        (None, _) => user_of(reference),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_that_do_not_run_as_root() {
        for (image, ids) in [
            ("prom/prometheus:v2.53.0", Some((65534, 65534))),
            ("quay.io/prometheus/prometheus", Some((65534, 65534))),
            ("grafana/grafana-oss:11.1.0", Some((472, 0))),
            ("docker.n8n.io/n8nio/n8n:1.50.0", Some((1000, 1000))),
            ("docker.elastic.co/elasticsearch/elasticsearch:8.14.1", Some((1000, 0))),
            ("confluentinc/cp-kafka:7.6.1", Some((1000, 1000))),
            ("bitnami/postgresql:16", Some((1001, 0))),
            ("gitea/gitea:1.22-rootless", Some((1000, 1000))),
            ("gitea/gitea:1.22", None),
            ("mcr.microsoft.com/mssql/server:2022-latest", Some((10001, 0))),
            ("mcr.microsoft.com/mssql/server:2017-latest", None),
            ("postgres:16", None),
            ("acme/elasticsearch", None),
        ] {
            assert_eq!(user_of(image), ids, "{image}");
        }
    }

    #[test]
    fn users_that_are_called_by_a_name() {
        for (image, name, ids) in [
            ("node:20", "node", Some((1000, 1000))),
            ("node:20-alpine", "nobody", Some((65534, 65534))),
            ("php:8.3-fpm-alpine", "www-data", Some((82, 82))),
            ("php:8.3-apache", "www-data", Some((33, 33))),
            ("postgres:16-alpine", "postgres", Some((70, 70))),
            ("mcr.microsoft.com/dotnet/aspnet:8.0", "${APP_UID}", Some((1654, 1654))),
            ("gcr.io/distroless/static-debian12", "nonroot", Some((65532, 65532))),
            ("jenkins/jenkins:lts", "jenkins", Some((1000, 1000))),
            ("python:3.12", "app", None),
            ("golang", "node", None),
        ] {
            assert_eq!(named_user(image, name), ids, "{image} {name}");
        }
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(USERS.is_sorted() && VARIANTS.is_sorted() && NAMES.is_sorted());
    }
}
