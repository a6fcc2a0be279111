//! Images that decklift knows by name: the ports that they listen on, and what kind they are.
//!
//! Source: the `EXPOSE` and `VOLUME` lines of the images' Dockerfiles (docker-library's
//! repositories for the Docker Official Images, the vendors' own repositories for the others) and
//! the vendors' documentation of default ports.

mod consoles;
mod data_stores;
mod embedded;
mod others;
mod signals;
mod users;

use self::consoles::CONSOLES;
use self::data_stores::DATA_STORES;
pub(crate) use self::embedded::own_files;
use self::others::OTHERS;
pub(crate) use self::signals::signal;
pub(crate) use self::users::{Ids, named_user, user_of};

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
        let is = |variant| self.class == Class::Web && has_variant(reference, variant);
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
    8883, 9042, 9092, 9093, 9094, 9200, 9229, 9300, 10250, 11211, 15672, 25672, 26257, 27017,
    27018, 27019, 28015, 33060, 61616,
];

const fn image(name: &'static str, class: Class, ports: &'static [u16]) -> KnownImage {
    KnownImage { name, class, ports }
}

/// The tables, each sorted by name.
const TABLES: [&[KnownImage]; 3] = [DATA_STORES, CONSOLES, OTHERS];

/// What is known of an image reference, if anything. Somebody's own `…/postgres` is taken for a
/// postgres: a data store too many that stays private does less harm than one too few.
pub(crate) fn known_image(reference: &str) -> Option<&'static KnownImage> {
    let repository = repository(reference);
    let last = repository.rsplit('/').next().unwrap_or(repository);
    named(repository).or_else(|| named(last).filter(|image| image.is_private()))
}

/// The TCP ports that an image listens on, as far as its name says: PHP's process manager has one port
/// in whatever image (php.net, "FPM configuration"; Docker Hub, descriptions of the images with `fpm`).
pub(crate) fn listening_ports(reference: &str) -> &'static [u16] {
    match known_image(reference) {
        Some(known) => known.ports_of(reference),
        None if has_variant(reference, "fpm") => &[9000],
        None => &[],
    }
}

/// Whether a tag names a variant: `fpm` in `8.3-fpm-alpine`.
fn has_variant(reference: &str, variant: &str) -> bool {
    tag(reference).is_some_and(|tag| tag.split('-').any(|part| part == variant))
}

fn named(name: &str) -> Option<&'static KnownImage> {
    TABLES.iter().find_map(|table| {
        let place = table.binary_search_by(|image| image.name.cmp(name)).ok()?;
        table.get(place)
    })
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
    let name = name.strip_prefix("library/").unwrap_or(name);
    match architecture_of(reference) {
        Some(architecture) => name[architecture.len()..].trim_start_matches('/'),
        None => name,
    }
}

/// Docker Hub's namespaces of official images for one architecture (github.com/docker-library/official-images,
/// "Architectures other than amd64?").
const ARCHITECTURES: &[&str] = &[
    "amd64", "arm32v5", "arm32v6", "arm32v7", "arm64v8", "i386", "mips64le", "ppc64le", "riscv64",
    "s390x",
];

/// The namespace of an official image that is made for one architecture.
pub(crate) fn architecture_of(reference: &str) -> Option<&'static str> {
    let name =
        ["docker.io/", "index.docker.io/"].iter().find_map(|hub| reference.strip_prefix(hub));
    let (first, _) = name.unwrap_or(reference).split_once('/')?;
    ARCHITECTURES.iter().copied().find(|name| *name == first)
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
    fn members_of_a_cluster_reach_each_other() {
        for (image, port) in [
            ("zookeeper:3.9", 3888),
            ("opensearchproject/opensearch:2", 9300),
            ("hashicorp/consul:1.19", 8301),
            ("rabbitmq:4-management-alpine", 25672),
            ("nats:2", 6222),
            ("clickhouse/clickhouse-server", 9009),
            ("flink:1.20", 6123),
        ] {
            assert!(listening_ports(image).contains(&port), "{image} {port}");
        }
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
        let names: std::collections::BTreeSet<_> =
            TABLES.iter().copied().flatten().map(|image| image.name).collect();
        assert_eq!(names.len(), TABLES.iter().map(|table| table.len()).sum::<usize>());
        for image in TABLES.iter().copied().flatten() {
            assert_eq!(known_image(image.name), Some(image), "a table is not sorted");
        }
    }
}
