//! Memory without which known images do not start, or die under load.
//!
//! Sources: the heaps that start scripts and configuration set when nobody says otherwise (Kafka's
//! `kafka-server-start.sh`, `connect-distributed.sh` and `zookeeper-server-start.sh`, ZooKeeper's
//! `zkEnv.sh`, Logstash's and OpenSearch's `jvm.options`, Solr's `bin/solr`, Cassandra's
//! `cassandra-env.sh`, the Dockerfiles of Nexus and of `itzg/minecraft-server`), and the vendors'
//! requirements (SQL Server, GitLab, SonarQube, Oracle Database Free, Elasticsearch, Kibana, Airflow).

/// What an image needs.
pub(super) struct Needs {
    /// The repository.
    pub(super) image: &'static str,
    /// MiB
    pub(super) least: u64,
    /// What takes it.
    pub(super) why: &'static str,
    /// The variables that set its heap.
    pub(super) variables: &'static [&'static str],
}

const fn needs(
    image: &'static str,
    least: u64,
    why: &'static str,
    variables: &'static [&'static str],
) -> Needs {
    Needs { image, least, why, variables }
}

const GIB_OF_HEAP: &str = "its Java heap alone is 1024 MiB";
const KAFKA: &[&str] = &["KAFKA_HEAP_OPTS"];
const CONNECT: &str = "its Java heap grows to 2048 MiB";
const ORACLE: &str = "Oracle asks for 2048 MiB";
const GITLAB: &str = "GitLab asks for 4096 MiB";

/// Sorted by name.
pub(super) const NEEDS: &[Needs] = &[
    needs("apache/airflow", 1024, "each of its processes loads all of Airflow", &[]),
    needs("apache/kafka", 1280, GIB_OF_HEAP, KAFKA),
    needs("bitnami/kafka", 1280, GIB_OF_HEAP, KAFKA),
    needs("bitnamilegacy/kafka", 1280, GIB_OF_HEAP, KAFKA),
    needs(
        "cassandra",
        1536,
        "its Java heap is half of the memory that there is, and it does not start with 256 MiB",
        &["MAX_HEAP_SIZE"],
    ),
    needs("confluentinc/cp-kafka", 1280, GIB_OF_HEAP, KAFKA),
    needs("confluentinc/cp-kafka-connect", 2304, CONNECT, KAFKA),
    needs("confluentinc/cp-kafka-connect-base", 2304, CONNECT, KAFKA),
    needs("confluentinc/cp-server", 1280, GIB_OF_HEAP, KAFKA),
    needs("confluentinc/cp-zookeeper", 768, "its Java heap alone is 512 MiB", KAFKA),
    needs("database/express", 2048, ORACLE, &[]),
    needs("database/free", 2048, ORACLE, &[]),
    needs("debezium/connect", 2304, CONNECT, &["HEAP_OPTS", "KAFKA_HEAP_OPTS"]),
    needs("elasticsearch", 1024, "its documentation starts with 1024 MiB", &["ES_JAVA_OPTS"]),
    needs(
        "elasticsearch/elasticsearch",
        1024,
        "its documentation starts with 1024 MiB",
        &["ES_JAVA_OPTS"],
    ),
    needs("gitlab/gitlab-ce", 4096, GITLAB, &[]),
    needs("gitlab/gitlab-ee", 4096, GITLAB, &[]),
    needs("gvenzl/oracle-free", 2048, ORACLE, &[]),
    needs("gvenzl/oracle-xe", 2048, ORACLE, &[]),
    needs("itzg/minecraft-server", 1536, GIB_OF_HEAP, &["MAX_MEMORY", "MEMORY"]),
    needs("kibana", 1024, "it asks for 1024 MiB", &["NODE_OPTIONS"]),
    needs("kibana/kibana", 1024, "it asks for 1024 MiB", &["NODE_OPTIONS"]),
    needs("logstash", 1536, GIB_OF_HEAP, &["LS_JAVA_OPTS"]),
    needs("logstash/logstash", 1536, GIB_OF_HEAP, &["LS_JAVA_OPTS"]),
    needs("mssql/server", 2000, "it does not start with less than 2000 MiB", &[]),
    needs("opensearchproject/opensearch", 1280, GIB_OF_HEAP, &["OPENSEARCH_JAVA_OPTS"]),
    needs("solr", 768, "its Java heap alone is 512 MiB", &["SOLR_HEAP"]),
    needs("sonarqube", 2048, "its three Java programs have 512 MiB of heap each", &[]),
    needs("sonatype/nexus3", 3072, "its Java heap alone is 2703 MiB", &["INSTALL4J_ADD_VM_PARAMS"]),
    needs(
        "zookeeper",
        1280,
        "its Java heap grows to 1000 MiB",
        &["JVMFLAGS", "SERVER_JVMFLAGS", "ZK_SERVER_HEAP"],
    ),
];

/// The MiB of heap that the value of such a variable sets: `-Xms1g -Xmx2g`, or all of it is a size.
pub(super) fn heap(value: &str) -> Option<u64> {
    let option = value.split_whitespace().filter_map(|word| word.strip_prefix("-Xmx")).next_back();
    let size = option.or_else(|| (!value.contains([' ', '-'])).then_some(value))?;
    let digits = size.find(|c: char| !c.is_ascii_digit()).unwrap_or(size.len());
    let (number, unit) = size.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let mib = match unit.to_ascii_lowercase().as_str() {
        "g" => number.checked_mul(1024),
        "m" => Some(number),
        "k" => Some(number / 1024),
        // ZooKeeper's is a number of MiB, Java's of bytes: neither is guessed.
        _ => None,
    };
    mib.filter(|mib| *mib <= 1 << 30)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heaps_that_variables_set() {
        for (value, mib) in [
            ("-Xms512m -Xmx2g", Some(2048)),
            ("-Xmx700M", Some(700)),
            ("-Xmx1g -Xmx3g", Some(3072)),
            ("2G", Some(2048)),
            ("1000", None),
            ("-Xms1g", None),
            ("--max-old-space-size=2048", None),
            ("", None),
            ("-Xmx", None),
            ("18446744073709551615m", None),
            ("99999999999999999999g", None),
        ] {
            assert_eq!(heap(value), mib, "{value}");
        }
    }

    #[test]
    fn each_image_stands_once_in_order() {
        assert!(NEEDS.is_sorted_by(|one, next| one.image < next.image));
    }
}
