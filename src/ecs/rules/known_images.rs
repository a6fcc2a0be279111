//! Images that decklift knows by name: the ports that they listen on, and what kind they are.
//!
//! Source: the `EXPOSE` and `VOLUME` lines of the images' Dockerfiles (docker-library's
//! repositories for the Docker Official Images, the vendors' own repositories for the others) and
//! the vendors' documentation of default ports.

/// What kind of program an image holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Keeps data in files that two copies must not share.
    Database,
    /// Speaks to the application alone and keeps nothing that must not be shared.
    Backend,
    /// A console for administrators.
    Admin,
    /// Answers HTTP to anybody.
    Web,
    /// A base system: runs nothing by itself, and has nothing in the directories that people mount
    /// volumes over.
    Base,
}

/// An image that is known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KnownImage {
    /// The repository without registry, `library/` and tag.
    pub(crate) name: &'static str,
    /// What kind it is.
    pub(crate) class: Class,
    /// The TCP ports that it listens on.
    pub(crate) ports: &'static [u16],
}

impl KnownImage {
    /// Whether published ports stay private unless the user says otherwise.
    pub(crate) fn is_private(&self) -> bool {
        matches!(self.class, Class::Database | Class::Backend | Class::Admin)
    }

    /// The TCP ports that it listens on under this reference: variants of web applications are PHP's
    /// process manager alone, or a tool for the command line (Docker Hub, descriptions of `wordpress`
    /// and `nextcloud`).
    pub(crate) fn ports_of(&self, reference: &str) -> &'static [u16] {
        let tag = tag(reference).filter(|_| self.class == Class::Web).unwrap_or_default();
        let is = |variant: &str| tag.split('-').any(|part| part == variant);
        if is("cli") {
            &[]
        } else if is("fpm") {
            &[9000]
        } else {
            self.ports
        }
    }
}

/// Ports of data stores, brokers and admin surfaces, which Compose files often publish for the
/// developer's convenience (mapping.md, "Ports and load balancing", rule 3).
pub(crate) const PRIVATE_PORTS: &[u16] = &[
    21, 22, 23, 111, 139, 389, 445, 636, 873, 1433, 1521, 1883, 2049, 2181, 2375, 2376, 2379, 2380,
    3306, 3389, 4222, 4369, 5432, 5671, 5672, 5900, 5984, 6379, 6443, 7474, 7687, 8086, 8500, 8529,
    8883, 9042, 9092, 9093, 9094, 9200, 9300, 10250, 11211, 15672, 25672, 26257, 27017, 27018,
    27019, 28015, 33060, 61616,
];

const fn image(name: &'static str, class: Class, ports: &'static [u16]) -> KnownImage {
    KnownImage { name, class, ports }
}

/// Sorted by name.
const IMAGES: &[KnownImage] = &[
    image("adminer", Class::Admin, &[8080]),
    image("alpine", Class::Base, &[]),
    image("amazonlinux", Class::Base, &[]),
    image("apache/activemq-artemis", Class::Database, &[61616, 8161]),
    image("apache/kafka", Class::Database, &[9092]),
    image("arangodb", Class::Database, &[8529]),
    image("axllent/mailpit", Class::Admin, &[1025, 8025]),
    image("bitnami/cassandra", Class::Database, &[9042, 7000]),
    image("bitnami/elasticsearch", Class::Database, &[9200, 9300]),
    image("bitnami/etcd", Class::Database, &[2379, 2380]),
    image("bitnami/kafka", Class::Database, &[9092]),
    image("bitnami/mariadb", Class::Database, &[3306]),
    image("bitnami/memcached", Class::Backend, &[11211]),
    image("bitnami/mongodb", Class::Database, &[27017]),
    image("bitnami/mysql", Class::Database, &[3306]),
    image("bitnami/postgresql", Class::Database, &[5432]),
    image("bitnami/rabbitmq", Class::Database, &[5672, 15672]),
    image("bitnami/redis", Class::Database, &[6379]),
    image("bitnami/zookeeper", Class::Database, &[2181]),
    image("busybox", Class::Base, &[]),
    image("caddy", Class::Web, &[80, 443]),
    image("cassandra", Class::Database, &[9042, 7000]),
    image("chromadb/chroma", Class::Database, &[8000]),
    image("clickhouse/clickhouse-server", Class::Database, &[8123, 9000]),
    image("clickhouse-server", Class::Database, &[8123, 9000]),
    image("cockroachdb/cockroach", Class::Database, &[26257, 8080]),
    image("confluentinc/cp-kafka", Class::Database, &[9092]),
    image("confluentinc/cp-schema-registry", Class::Backend, &[8081]),
    image("confluentinc/cp-zookeeper", Class::Database, &[2181]),
    image("consul", Class::Database, &[8500]),
    image("couchbase", Class::Database, &[8091, 11210]),
    image("couchdb", Class::Database, &[5984]),
    image("debian", Class::Base, &[]),
    image("dpage/pgadmin4", Class::Admin, &[80]),
    image("eclipse-mosquitto", Class::Database, &[1883]),
    image("elasticsearch", Class::Database, &[9200, 9300]),
    image("elasticsearch/elasticsearch", Class::Database, &[9200, 9300]),
    image("eqalpha/keydb", Class::Database, &[6379]),
    image("getmeili/meilisearch", Class::Database, &[7700]),
    image("ghost", Class::Web, &[2368]),
    image("grafana/grafana", Class::Admin, &[3000]),
    image("grafana/loki", Class::Backend, &[3100]),
    image("haproxy", Class::Web, &[]),
    image("hashicorp/consul", Class::Database, &[8500]),
    image("hashicorp/vault", Class::Database, &[8200]),
    image("httpd", Class::Web, &[80]),
    image("influxdb", Class::Database, &[8086]),
    image("jaegertracing/all-in-one", Class::Admin, &[16686, 4317, 4318, 14268]),
    image("joomla", Class::Web, &[80]),
    image("kafka", Class::Database, &[9092]),
    image("kibana", Class::Admin, &[5601]),
    image("kibana/kibana", Class::Admin, &[5601]),
    image("mailhog/mailhog", Class::Admin, &[1025, 8025]),
    image("mariadb", Class::Database, &[3306]),
    image("memcached", Class::Backend, &[11211]),
    image("milvusdb/milvus", Class::Database, &[19530]),
    image("minio/minio", Class::Database, &[9000]),
    image("mongo", Class::Database, &[27017]),
    image("mongo-express", Class::Admin, &[8081]),
    image("mongodb", Class::Database, &[27017]),
    image("mssql/server", Class::Database, &[1433]),
    image("mysql", Class::Database, &[3306]),
    image("nats", Class::Backend, &[4222, 8222]),
    image("neo4j", Class::Database, &[7474, 7687]),
    image("nextcloud", Class::Web, &[80]),
    image("nginx", Class::Web, &[80]),
    image("nginxinc/nginx-unprivileged", Class::Web, &[8080]),
    image("opensearch", Class::Database, &[9200]),
    image("opensearchproject/opensearch", Class::Database, &[9200]),
    image("opensearchproject/opensearch-dashboards", Class::Admin, &[5601]),
    image("percona", Class::Database, &[3306]),
    image("pgvector/pgvector", Class::Database, &[5432]),
    image("phpmyadmin", Class::Admin, &[80]),
    image("phpmyadmin/phpmyadmin", Class::Admin, &[80]),
    image("portainer/portainer-ce", Class::Admin, &[9000]),
    image("postgis", Class::Database, &[5432]),
    image("postgis/postgis", Class::Database, &[5432]),
    image("postgres", Class::Database, &[5432]),
    image("postgresql", Class::Database, &[5432]),
    image("prom/alertmanager", Class::Admin, &[9093]),
    image("prom/prometheus", Class::Admin, &[9090]),
    image("provectuslabs/kafka-ui", Class::Admin, &[8080]),
    image("qdrant/qdrant", Class::Database, &[6333, 6334]),
    image("questdb/questdb", Class::Database, &[9000, 8812]),
    image("rabbitmq", Class::Database, &[5672]),
    image("rediscommander/redis-commander", Class::Admin, &[8081]),
    image("redis", Class::Database, &[6379]),
    image("redis/redis-stack", Class::Database, &[6379]),
    image("redis/redis-stack-server", Class::Database, &[6379]),
    image("redis/redisinsight", Class::Admin, &[5540]),
    image("rethinkdb", Class::Database, &[28015]),
    image("scylladb/scylla", Class::Database, &[9042]),
    image("semitechnologies/weaviate", Class::Database, &[8080]),
    image("solr", Class::Database, &[8983]),
    image("surrealdb/surrealdb", Class::Database, &[8000]),
    image("timescale/timescaledb", Class::Database, &[5432]),
    image("timescale/timescaledb-ha", Class::Database, &[5432]),
    image("timescaledb", Class::Database, &[5432]),
    image("tomcat", Class::Web, &[8080]),
    image("traefik", Class::Web, &[80]),
    image("typesense/typesense", Class::Database, &[8108]),
    image("ubuntu", Class::Base, &[]),
    image("valkey/valkey", Class::Database, &[6379]),
    image("victoriametrics/victoria-metrics", Class::Database, &[8428]),
    image("wordpress", Class::Web, &[80]),
    image("zookeeper", Class::Database, &[2181]),
];

/// What is known of an image reference, if anything. Somebody's own `…/postgres` is taken for a
/// postgres: a data store too many that stays private does less harm than one too few.
pub(crate) fn known_image(reference: &str) -> Option<&'static KnownImage> {
    let repository = repository(reference);
    let last = repository.rsplit('/').next().unwrap_or(repository);
    let exact = IMAGES.iter().find(|image| image.name == repository);
    exact.or_else(|| IMAGES.iter().find(|image| image.name == last && image.is_private()))
}

/// The repository of an image reference without registry, `library/`, tag and digest.
pub(crate) fn repository(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or(reference);
    let name = match name.rsplit_once(':') {
        // A colon before a slash belongs to the registry's port.
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    };
    let name = match name.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => rest,
        _ => name,
    };
    // The public ECR mirror keeps Docker's official images under `docker/library`.
    let name = name.strip_prefix("docker/").unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}

/// The tag of an image reference, where it has one.
pub(crate) fn tag(reference: &str) -> Option<&str> {
    let name = reference.split('@').next().unwrap_or(reference);
    let (_, tag) = name.rsplit_once(':')?;
    (!tag.contains('/')).then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_lose_registry_tag_and_digest() {
        for reference in [
            "postgres",
            "postgres:16.1-alpine",
            "library/postgres",
            "docker.io/library/postgres:16",
            "public.ecr.aws/docker/library/postgres:16",
            "localhost:5000/postgres:16",
            "registry.example.com:5000/postgres@sha256:00",
            "postgres:16@sha256:00",
        ] {
            assert_eq!(known_image(reference).map(|i| i.name), Some("postgres"), "{reference}");
        }
        assert_eq!(
            known_image("mcr.microsoft.com/mssql/server:2022-latest").map(|i| i.name),
            Some("mssql/server")
        );
        assert_eq!(known_image("ghcr.io/acme/postgres:14").map(|i| i.name), Some("postgres"));
        assert_eq!(known_image("acme/nginx"), None);
        assert_eq!(known_image("acme/server"), None);
        assert_eq!(known_image(""), None);
    }

    #[test]
    fn variants_of_web_applications_listen_elsewhere() {
        let ports = |reference| known_image(reference).map(|image| image.ports_of(reference));
        assert_eq!(ports("wordpress:6"), Some(&[80][..]));
        assert_eq!(ports("wordpress:php8.2-fpm-alpine"), Some(&[9000][..]));
        assert_eq!(ports("wordpress:cli-2.10"), Some(&[][..]));
        assert_eq!(ports("redis:7-cli"), Some(&[6379][..]));
    }

    #[test]
    fn every_name_stands_once() {
        let names: std::collections::BTreeSet<_> = IMAGES.iter().map(|i| i.name).collect();
        assert_eq!(names.len(), IMAGES.len());
    }
}
