//! The signals that images name to be stopped with.

use super::{repository, tag};

/// Images by repository, and the signal of all of their variants without `SIG`, sorted.
///
/// Source: the `STOPSIGNAL` lines of their Dockerfiles as of 2026 (docker-library's repositories, nginx's
/// and openresty's own), and that there is none.
const SIGNALS: &[(&str, &str)] = &[
    ("alpine", "TERM"),
    ("busybox", "TERM"),
    ("debian", "TERM"),
    ("haproxy", "USR1"),
    ("httpd", "WINCH"),
    ("mariadb", "TERM"),
    ("memcached", "TERM"),
    ("mongo", "TERM"),
    ("mysql", "TERM"),
    ("nginx", "QUIT"),
    ("nginxinc/nginx-unprivileged", "QUIT"),
    ("openresty/openresty", "QUIT"),
    ("postgres", "INT"),
    ("rabbitmq", "TERM"),
    ("redis", "TERM"),
    ("ubuntu", "TERM"),
];

/// Images that are built on PHP's, and have its variants: Apache, which is what they are without a
/// word, or PHP's process manager, or a tool for the command line (docker-library/php,
/// `Dockerfile-linux.template`).
const PHP: &[&str] = &["drupal", "joomla", "nextcloud", "php", "phpmyadmin", "wordpress"];

/// The signal that an image is stopped with, without `SIG`, where that is known.
pub(crate) fn signal(reference: &str) -> Option<&'static str> {
    let repository = repository(reference);
    if PHP.contains(&repository) {
        let is =
            |variant: &str| tag(reference).is_some_and(|tag| tag.split('-').any(|p| p == variant));
        // PHP's own image is the command line without a word.
        let apache = is("apache") || repository != "php" && !is("cli");
        return Some(match apache {
            _ if is("fpm") => "QUIT",
            true => "WINCH",
            false => "TERM",
        });
    }
    let place = SIGNALS.binary_search_by(|(name, _)| (*name).cmp(repository)).ok()?;
    SIGNALS.get(place).map(|(_, signal)| *signal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_by_image_and_variant() {
        assert!(SIGNALS.is_sorted());
        for (image, expected) in [
            ("nginx:1.27-alpine", Some("QUIT")),
            ("docker.io/library/postgres:17", Some("INT")),
            ("php:8.4-fpm-alpine", Some("QUIT")),
            ("php:8.4-apache", Some("WINCH")),
            ("php:8.4", Some("TERM")),
            ("wordpress", Some("WINCH")),
            ("wordpress:cli", Some("TERM")),
            ("nextcloud:30-fpm", Some("QUIT")),
            ("acme/nginx:1", None),
        ] {
            assert_eq!(signal(image), expected, "{image}");
        }
    }
}
