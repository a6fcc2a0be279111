//! Consoles and other surfaces for administrators, which often ask for no password.
//!
//! Source: the `EXPOSE` lines of the images' Dockerfiles, and the vendors' documentation.

use super::{Class, KnownImage, image};

const fn console(name: &'static str, ports: &'static [u16]) -> KnownImage {
    image(name, Class::Admin, ports)
}

/// What only administrators and developers are to reach, sorted by name.
pub(super) const CONSOLES: &[KnownImage] = &[
    console("adminer", &[8080]),
    console("amir20/dozzle", &[8080]),
    console("axllent/mailpit", &[1025, 8025]),
    console("cadvisor/cadvisor", &[8080]),
    console("cars10/elasticvue", &[8080]),
    console("dbeaver/cloudbeaver", &[8978]),
    console("dpage/pgadmin4", &[80]),
    console("erikdubbelboer/phpredisadmin", &[80]),
    console("google/cadvisor", &[8080]),
    console("grafana/grafana", &[3000]),
    console("grafana/grafana-enterprise", &[3000]),
    console("grafana/grafana-oss", &[3000]),
    console("jaegertracing/all-in-one", &[16686, 4317, 4318, 14268]),
    console("jaegertracing/jaeger", &[16686, 4317, 4318]),
    console("kafbat/kafka-ui", &[8080]),
    console("kibana", &[5601]),
    console("kibana/kibana", &[5601]),
    console("lmenezes/cerebro", &[9000]),
    console("maildev/maildev", &[1025, 1080]),
    console("mailhog/mailhog", &[1025, 8025]),
    console("mher/flower", &[5555]),
    console("mongo-express", &[8081]),
    console("obsidiandynamics/kafdrop", &[9000]),
    console("opensearchproject/opensearch-dashboards", &[5601]),
    console("openzipkin/zipkin", &[9411]),
    console("phpmyadmin", &[80]),
    console("phpmyadmin/phpmyadmin", &[80]),
    console("portainer/agent", &[9001]),
    console("portainer/portainer", &[9000]),
    console("portainer/portainer-ce", &[9000]),
    console("portainer/portainer-ee", &[9000]),
    console("prom/alertmanager", &[9093]),
    console("prom/blackbox-exporter", &[9115]),
    console("prom/node-exporter", &[9100]),
    console("prom/prometheus", &[9090]),
    console("prom/pushgateway", &[9091]),
    console("prometheus/alertmanager", &[9093]),
    console("prometheus/blackbox-exporter", &[9115]),
    console("prometheus/node-exporter", &[9100]),
    console("prometheus/prometheus", &[9090]),
    console("provectuslabs/kafka-ui", &[8080]),
    console("redis/redisinsight", &[5540]),
    console("rediscommander/redis-commander", &[8081]),
    console("redislabs/redisinsight", &[8001]),
    console("redpandadata/console", &[8080]),
    console("rnwood/smtp4dev", &[25, 80]),
    console("sosedoff/pgweb", &[8081]),
    console("tchiotludo/akhq", &[8080]),
    console("temporalio/ui", &[8080]),
];
