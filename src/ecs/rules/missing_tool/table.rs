//! Programs that known images do not have.
//!
//! Source: the Dockerfiles of the Docker Official Images and of the vendors. Images based on
//! `debian:*-slim`, and those of Ubuntu, have neither curl nor wget unless they install them; those
//! based on `alpine` have busybox's wget, and neither curl nor bash.

use super::super::known_images::{repository, tag};

/// Images by repository, and what their Dockerfiles do not install. Sorted.
const LACKS: &[(&str, &[&str])] = &[
    ("alpine", &["bash", "curl"]),
    ("busybox", &["bash", "curl"]),
    ("debian", &["curl", "wget"]),
    ("dotnet/aspnet", &["curl", "wget"]),
    ("dotnet/runtime", &["curl", "wget"]),
    ("httpd", &["curl", "wget"]),
    ("mariadb", &["curl", "wget"]),
    ("memcached", &["curl", "wget"]),
    // The Dockerfile installs curl.
    ("nginx", &["wget"]),
    ("ollama/ollama", &["curl", "wget"]),
    ("php", &["wget"]),
    ("postgres", &["curl", "wget"]),
    ("prom/prometheus", &["bash", "curl"]),
    ("qdrant/qdrant", &["curl", "wget"]),
    ("redis", &["curl"]),
    ("semitechnologies/weaviate", &["bash", "curl"]),
    ("traefik", &["bash", "curl"]),
    ("ubuntu", &["curl", "wget"]),
    ("weaviate/weaviate", &["bash", "curl"]),
];

/// What later versions dropped: repository, the first version without, and the programs. A tag that is
/// no version (`latest`) is a later one.
const DROPPED: &[(&str, u32, &[&str])] = &[
    // `ubi-micro` is the base (Dockerfile of 22.0.11; the release notes of 21.0).
    ("keycloak/keycloak", 21, &["curl", "wget"]),
    // The clients are called `mariadb…` (MariaDB 11.0, release notes of the image).
    ("mariadb", 11, &["mysql", "mysqladmin", "mysqlcheck", "mysqldump", "mysqlshow"]),
    // The legacy shell is `mongosh` (MongoDB 6.0, compatibility changes).
    ("mongo", 6, &["mongo"]),
];

/// Official images of languages, whose smaller variants have what their base has.
const LANGUAGES: &[&str] = &["node", "openjdk", "perl", "python", "ruby", "rust"];

/// Images without a shell (README of GoogleContainerTools/distroless; Dockerfiles that end in
/// `FROM scratch`). A name that ends in `/` is that of everything below it.
const NO_SHELL: &[&str] = &[
    "cloudflare/cloudflared",
    "containrrr/watchtower",
    "distroless/",
    "hashicorp/http-echo",
    "hello-world",
    "otel/opentelemetry-collector",
    "otel/opentelemetry-collector-contrib",
    "otel/opentelemetry-collector-k8s",
    "portainer/portainer-ce",
    "portainer/portainer-ee",
    "scratch",
    "traefik/whoami",
];

/// Whether an image has no shell, nor anything else that a health check could call but its own program.
pub(super) fn has_no_shell(reference: &str) -> bool {
    let repository = repository(reference);
    let is_alpine = tag(reference).is_some_and(is_alpine);
    // distroless's own variants for debugging have busybox.
    let is_debug = tag(reference).is_some_and(|tag| tag.split('-').any(|part| part == "debug"));
    let has_busybox = is_alpine || is_debug && repository.starts_with("distroless/");
    !has_busybox
        && NO_SHELL.iter().any(|name| match name.ends_with('/') {
            true => repository.starts_with(name),
            false => repository == *name,
        })
}

fn is_alpine(tag: &str) -> bool {
    tag.split('-').any(|part| part.starts_with("alpine"))
}

/// Whether an image does not have a program.
pub(super) fn lacks(reference: &str, tool: &str) -> bool {
    let (repository, tag) = (repository(reference), tag(reference).unwrap_or_default());
    let is_slim = tag.split('-').any(|part| part == "slim");
    if has_no_shell(reference) {
        return matches!(tool, "sh" | "bash" | "curl" | "wget" | "nc");
    }
    if LANGUAGES.contains(&repository) {
        return match tool {
            "bash" => is_alpine(tag),
            "curl" => is_alpine(tag) || is_slim,
            "wget" => is_slim && !is_alpine(tag),
            _ => false,
        };
    }
    let version = || {
        let number = tag.trim_start_matches('v').split(['.', '-']).next().unwrap_or_default();
        number.parse::<u32>().unwrap_or(u32::MAX)
    };
    let is_dropped = |(name, first, tools): &(&str, u32, &[&str])| {
        *name == repository && tools.contains(&tool) && version() >= *first
    };
    if DROPPED.iter().any(is_dropped) {
        return true;
    }
    let found = LACKS.iter().find(|(name, _)| *name == repository).map_or(&[][..], |(_, l)| l);
    match (repository, is_alpine(tag)) {
        // The whole variant on alpine installs curl, the slim one does not.
        ("nginx", true) => tool == "curl" && is_slim,
        ("php", true) => false,
        // The variants on alpine have a wget.
        (_, true) if found.contains(&"wget") => tool == "curl",
        _ => found.contains(&tool),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_variants() {
        for (image, tool, is_missing) in [
            ("mariadb:11.4", "mysqladmin", true),
            ("mariadb:lts", "mysqladmin", true),
            ("mariadb:10.11", "mysqladmin", false),
            ("mariadb:11.4", "healthcheck.sh", false),
            ("mongo:7", "mongo", true),
            ("mongo", "mongo", true),
            ("mongo:4.4", "mongo", false),
            ("mongo:7", "mongosh", false),
            ("quay.io/keycloak/keycloak:25.0", "curl", true),
            ("quay.io/keycloak/keycloak:20.0.3", "curl", false),
            ("nginx:1.27", "wget", true),
            ("nginx:1.27", "curl", false),
            ("nginx:alpine", "wget", false),
            ("nginx:alpine", "curl", false),
            ("nginx:alpine-slim", "curl", true),
            ("qdrant/qdrant:v1.10.0", "curl", true),
            ("otel/opentelemetry-collector:0.104.0", "wget", true),
            ("portainer/portainer-ce:2.20-alpine", "wget", false),
            ("mcr.microsoft.com/dotnet/aspnet:8.0", "curl", true),
            ("mcr.microsoft.com/dotnet/aspnet:8.0-alpine", "wget", false),
            ("node:20-bookworm-slim", "wget", true),
            ("php:8.3-fpm-alpine", "curl", false),
            ("acme/web", "curl", false),
        ] {
            assert_eq!(lacks(image, tool), is_missing, "{image} {tool}");
        }
    }

    #[test]
    fn the_tables_are_in_order() {
        assert!(LACKS.is_sorted() && NO_SHELL.is_sorted() && DROPPED.is_sorted());
    }
}
