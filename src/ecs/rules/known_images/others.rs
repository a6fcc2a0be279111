//! Images that are neither data stores nor consoles.
//!
//! Source: the `EXPOSE` and `VOLUME` lines of the images' Dockerfiles.

use super::{Class, KnownImage, image};

/// Sorted by name.
pub(super) const OTHERS: &[KnownImage] = &[
    image("alpine", Class::Base, &[]),
    image("amazonlinux", Class::Base, &[]),
    image("bitnami/memcached", Class::Backend, &[11211]),
    image("busybox", Class::Base, &[]),
    image("caddy", Class::Web, &[80, 443]),
    image("confluentinc/cp-kafka-connect", Class::Backend, &[8083]),
    image("confluentinc/cp-kafka-connect-base", Class::Backend, &[8083]),
    image("confluentinc/cp-kafka-rest", Class::Backend, &[8082]),
    image("confluentinc/cp-ksqldb-server", Class::Backend, &[8088]),
    image("confluentinc/cp-schema-registry", Class::Backend, &[8081]),
    image("debezium/connect", Class::Backend, &[8083]),
    image("debian", Class::Base, &[]),
    image("ghost", Class::Web, &[2368]),
    // Several run beside each other, with their data in a bucket.
    image("grafana/loki", Class::Backend, &[3100]),
    image("grafana/mimir", Class::Backend, &[8080]),
    image("grafana/tempo", Class::Backend, &[3200]),
    image("haproxy", Class::Web, &[]),
    image("httpd", Class::Web, &[80]),
    image("joomla", Class::Web, &[80]),
    image("memcached", Class::Backend, &[11211]),
    image("nextcloud", Class::Web, &[80]),
    image("nginx", Class::Web, &[80]),
    image("nginxinc/nginx-unprivileged", Class::Web, &[8080]),
    image("ollama/ollama", Class::Backend, &[11434]),
    image("pingcap/tidb", Class::Backend, &[4000]),
    image("tomcat", Class::Web, &[8080]),
    image("traefik", Class::Web, &[80]),
    image("ubuntu", Class::Base, &[]),
    image("wordpress", Class::Web, &[80]),
];
