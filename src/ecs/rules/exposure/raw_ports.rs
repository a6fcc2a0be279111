//! Ports on which no HTTP is spoken, by the image and by the number alone.
//!
//! Source: IANA's registry of service names, the `EXPOSE` lines of the images' Dockerfiles, and the
//! vendors' documentation of default ports.

use super::super::known_images::{PRIVATE_PORTS, repository, tag};

/// What is spoken on a port, as far as one can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    /// HTTP, with or without TLS.
    Http,
    /// gRPC, which an Application Load Balancer takes once it is told.
    Grpc,
    /// Something else, by the image or because a store of data is known to live there.
    Other,
}

/// Ports of [`PRIVATE_PORTS`] on which HTTP is spoken all the same.
const PRIVATE_HTTP: [u16; 12] =
    [2375, 2376, 2379, 5984, 6443, 7474, 8086, 8500, 8529, 9200, 9229, 15672];

/// Ports whose number alone says that they speak something else. Ports that frameworks for web
/// applications use, too, are not among them.
const OTHER: &[u16] = &[
    25, 53, 110, 143, 465, 514, 587, 853, 993, 995, 1025, 1080, 1194, 1414, 1935, 2003, 2004, 2222,
    2525, 3128, 3478, 4150, 4160, 4190, 4505, 4506, 4949, 5005, 5044, 5060, 5061, 5222, 5223, 5269,
    5349, 5433, 6380, 6432, 6514, 6650, 6667, 6697, 7077, 8125, 8300, 8301, 8554, 9418, 9997,
    10050, 10051, 11300, 12201, 24224, 25565, 27015, 61613, 64738,
];

/// Ports whose number alone says gRPC: the OpenTelemetry collector's, Temporal's, and the one of
/// gRPC's own examples.
const GRPC: [u16; 3] = [4317, 7233, 50051];

use Spoken::{Grpc, Http, Other};

/// What images speak where the number does not tell, or tells something else. Sorted by name.
const IMAGES: &[(&str, &[u16], Spoken)] = &[
    ("aerospike", &[3000, 3001, 3002, 3003], Other),
    ("aerospike/aerospike-server", &[3000, 3001, 3002, 3003], Other),
    ("aerospike/aerospike-server-enterprise", &[3000, 3001, 3002, 3003], Other),
    ("apache/activemq-artemis", &[5445, 61613, 61616], Other),
    ("apacheignite/ignite", &[10800, 11211, 47100, 47500], Other),
    // HTTP, where the number alone would be Kafka's (github.com/prometheus/alertmanager, EXPOSE 9093).
    ("bitnami/alertmanager", &[9093], Http),
    ("bitnami/cassandra", &[7000, 7001], Other),
    ("bitnami/clickhouse", &[9000, 9009], Other),
    ("cassandra", &[7000, 7001], Other),
    ("clickhouse-server", &[9000, 9009], Other),
    ("clickhouse/clickhouse-server", &[9000, 9009], Other),
    ("couchbase", &[11207, 11210], Other),
    ("db2", &[50000], Other),
    ("db2_community/db2", &[50000], Other),
    ("dgraph/dgraph", &[5080, 9080], Grpc),
    ("dgraph/standalone", &[5080, 9080], Grpc),
    ("dockage/mailcatcher", &[1080], Http),
    ("firebirdsql/firebird", &[3050], Other),
    ("grafana/loki", &[9095], Grpc),
    ("grafana/mimir", &[9095], Grpc),
    ("grafana/tempo", &[9095], Grpc),
    ("greenmail/standalone", &[3025, 3110, 3143, 3465, 3993, 3995], Other),
    ("hazelcast/hazelcast", &[5701], Other),
    ("hazelcast/hazelcast-enterprise", &[5701], Other),
    ("ibmcom/db2", &[50000], Other),
    ("jacobalberty/firebird", &[3050], Other),
    ("jaegertracing/all-in-one", &[14250], Grpc),
    ("jenkins/jenkins", &[50000], Other),
    ("maildev/maildev", &[1080], Http),
    ("manticoresearch/manticore", &[9306, 9312], Other),
    ("milvusdb/milvus", &[19530], Grpc),
    ("orientdb", &[2424], Other),
    ("pingcap/tidb", &[4000], Other),
    ("pingcap/tikv", &[20160], Grpc),
    ("prom/alertmanager", &[9093], Http),
    ("prometheus/alertmanager", &[9093], Http),
    ("qdrant/qdrant", &[6334], Grpc),
    ("questdb/questdb", &[8812, 9009], Other),
    ("rasa/rasa", &[5005], Http),
    ("ravendb/ravendb", &[38888], Other),
    ("schickling/mailcatcher", &[1080], Http),
    ("selenium/hub", &[4442, 4443], Other),
    ("starrocks/allin1-ubuntu", &[9030], Other),
    ("starrocks/fe-ubuntu", &[9010, 9020, 9030], Other),
    ("tarantool/tarantool", &[3301], Other),
    ("zookeeper", &[2888, 3888], Other),
];

/// What an image speaks on a port, where the image tells.
pub(super) fn by_image(reference: &str, port: u16) -> Option<Spoken> {
    // PHP's process manager speaks FastCGI (docker-library's `php`, variant `fpm`: EXPOSE 9000).
    if port == 9000 && is_fpm(reference) {
        return Some(Other);
    }
    let name = repository(reference);
    let found = IMAGES.iter().find(|(image, ports, _)| *image == name && ports.contains(&port));
    found.map(|(_, _, spoken)| *spoken)
}

/// What the number of a port says.
pub(super) fn by_number(port: u16) -> Spoken {
    match port {
        _ if GRPC.contains(&port) => Grpc,
        _ if PRIVATE_HTTP.contains(&port) => Http,
        _ if PRIVATE_PORTS.contains(&port) || OTHER.contains(&port) => Other,
        _ => Http,
    }
}

/// Whether an image, by its tag or its own name, is the variant `fpm` of something.
fn is_fpm(reference: &str) -> bool {
    let name = repository(reference).rsplit('/').next().unwrap_or_default();
    let mut words = tag(reference).into_iter().chain([name]).flat_map(|t| t.split(['-', '_', '.']));
    words.any(|word| word.starts_with("fpm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_tells_where_the_number_does_not() {
        assert_eq!(by_image("php:8.3-fpm-alpine", 9000), Some(Other));
        assert_eq!(by_image("ghcr.io/acme/php-fpm:1", 9000), Some(Other));
        assert_eq!(by_image("php:8.3-fpm", 80), None);
        assert_eq!(by_image("php:8.3-apache", 9000), None);
        assert_eq!(by_image("selenium/hub:4", 4442), Some(Other));
        assert_eq!(by_image("selenium/hub:4", 4444), None);
        assert_eq!(by_image("qdrant/qdrant:v1.9.0", 6334), Some(Grpc));
        assert_eq!(by_image("rasa/rasa:3", 5005), Some(Http));
        for image in ["prom/alertmanager:v0.27.0", "quay.io/prometheus/alertmanager"] {
            assert_eq!(by_image(image, 9093), Some(Http), "{image}");
            assert_eq!(by_image(image, 9094), None, "{image}: what the cluster's members say");
        }
    }

    #[test]
    fn the_number_tells_of_what_no_web_application_uses() {
        for port in [25, 1025, 5044, 5432, 7077, 24224] {
            assert_eq!(by_number(port), Other, "{port}");
        }
        for port in [4317, 7233, 50051] {
            assert_eq!(by_number(port), Grpc, "{port}");
        }
        for port in [80, 3000, 4000, 4318, 5000, 7000, 8000, 8080, 8081, 8888, 9000, 9200] {
            assert_eq!(by_number(port), Http, "{port}");
        }
    }

    #[test]
    fn images_stand_in_order_and_no_port_in_two_lists() {
        assert!(IMAGES.is_sorted_by_key(|(name, _, _)| *name));
        assert!(OTHER.is_sorted());
        for port in OTHER.iter().chain(&GRPC) {
            assert!(!PRIVATE_PORTS.contains(port), "{port}");
        }
    }
}
