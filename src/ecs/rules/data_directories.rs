//! Directories in containers that say that a database keeps its files there, whatever the image is
//! called.
//!
//! Source: the `VOLUME` lines of the images' Dockerfiles and the data directories that the vendors'
//! documentation has people mount. `/data`, which half of them use, says nothing, and is left out.

use super::mounts::Stored;

/// Each with what is below it, sorted.
const DIRECTORIES: &[&str] = &[
    "/bitnami/cassandra",
    "/bitnami/clickhouse",
    "/bitnami/couchdb",
    "/bitnami/elasticsearch",
    "/bitnami/etcd",
    "/bitnami/influxdb",
    "/bitnami/kafka",
    "/bitnami/mariadb",
    "/bitnami/minio",
    "/bitnami/mongodb",
    "/bitnami/mysql",
    "/bitnami/neo4j",
    "/bitnami/opensearch",
    "/bitnami/postgresql",
    "/bitnami/rabbitmq",
    "/bitnami/redis",
    "/bitnami/valkey",
    "/bitnami/zookeeper",
    "/chroma/chroma",
    "/cockroach/cockroach-data",
    "/consul/data",
    "/data/db",
    "/datalog",
    "/dgraph",
    "/etcd-data",
    "/firebird",
    "/home/postgres/pgdata",
    "/meili_data",
    "/mosquitto/data",
    "/opt/aerospike/data",
    "/opt/apache-activemq/data",
    "/opt/couchbase/var",
    "/opt/couchdb/data",
    "/opt/emqx/data",
    "/opt/oracle/oradata",
    "/opt/starrocks/be/storage",
    "/opt/starrocks/fe/meta",
    "/opt/vespa/var",
    "/orientdb/databases",
    "/prometheus",
    "/pulsar/data",
    "/qdrant/storage",
    "/usr/share/elasticsearch/data",
    "/usr/share/opensearch/data",
    "/var/lib/arangodb3",
    "/var/lib/artemis-instance",
    "/var/lib/cassandra",
    "/var/lib/clickhouse",
    "/var/lib/couchdb",
    "/var/lib/elasticsearch",
    "/var/lib/etcd",
    "/var/lib/eventstore",
    "/var/lib/firebird",
    "/var/lib/influxdb",
    "/var/lib/influxdb2",
    "/var/lib/influxdb3",
    "/var/lib/kafka",
    "/var/lib/kurrentdb",
    "/var/lib/ldap",
    "/var/lib/manticore",
    "/var/lib/memgraph",
    "/var/lib/milvus",
    "/var/lib/mongodb",
    "/var/lib/mysql",
    "/var/lib/neo4j/data",
    "/var/lib/postgresql",
    "/var/lib/questdb",
    "/var/lib/rabbitmq",
    "/var/lib/ravendb/data",
    "/var/lib/redis",
    "/var/lib/redpanda",
    "/var/lib/scylla",
    "/var/lib/tarantool",
    "/var/lib/valkey",
    "/var/lib/weaviate",
    "/var/lib/zookeeper",
    "/var/opt/mssql",
    "/var/solr",
    "/vault/file",
    "/victoria-metrics-data",
];

/// Whether a database's files live at a path of the container.
pub(crate) fn is_one(path: &str) -> bool {
    DIRECTORIES.iter().any(|directory| is_in(path, directory))
}

/// Whether a path is a directory or below it.
pub(crate) fn is_in(path: &str, directory: &str) -> bool {
    let rest = path.strip_prefix(directory);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The mounts among these in which a database's files outlive the task, and may be written to.
pub(crate) fn kept<'a, 'b>(
    stored: &'b [Stored<'a>],
) -> impl Iterator<Item = &'b Stored<'a>> + use<'a, 'b> {
    stored.iter().filter(|stored| stored.is_kept() && is_one(&stored.mount.value.target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_of_databases_and_what_is_below() {
        for path in [
            "/var/lib/mysql",
            "/var/lib/mysql/",
            "/var/lib/postgresql/data/pgdata",
            "/var/lib/postgresql/18/docker",
            "/data/db",
            "/prometheus",
        ] {
            assert!(is_one(path), "{path}");
        }
        for path in ["/data", "/var/lib", "/var/lib/mysql-files", "/var/lib/grafana", "/", ""] {
            assert!(!is_one(path), "{path}");
        }
    }

    #[test]
    fn directories_stand_once_in_order_and_not_below_each_other() {
        assert!(DIRECTORIES.is_sorted());
        for (place, directory) in DIRECTORIES.iter().enumerate() {
            let others = DIRECTORIES.iter().enumerate().filter(|(other, _)| *other != place);
            assert!(others.into_iter().all(|(_, other)| !is_in(directory, other)), "{directory}");
        }
    }
}
