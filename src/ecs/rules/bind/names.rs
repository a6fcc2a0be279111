//! What the names of paths say, where nobody can look: on this machine and in the container.

/// Where images have the code that they run.
pub(super) const CODE: &[&str] = &[
    "/app",
    "/application",
    "/code",
    "/go/src/app",
    "/home/node/app",
    "/opt/app",
    "/project",
    "/srv",
    "/srv/app",
    "/src",
    "/usr/src",
    "/usr/src/app",
    "/var/www",
    "/var/www/app",
    "/var/www/html",
    "/work",
    "/workdir",
    "/workspace",
];

/// Ends of the names of files that are mounted one by one.
const FILES: &[&str] = &[
    "alloy",
    "bash",
    "cer",
    "cf",
    "cfg",
    "cnf",
    "conf",
    "config",
    "crt",
    "css",
    "csv",
    "db",
    "env",
    "hcl",
    "html",
    "ico",
    "ini",
    "jar",
    "jpg",
    "js",
    "json",
    "key",
    "lua",
    "md",
    "mjs",
    "pem",
    "php",
    "png",
    "properties",
    "ps1",
    "py",
    "rb",
    "rules",
    "service",
    "sh",
    "sql",
    "sqlite",
    "sqlite3",
    "svg",
    "template",
    "tf",
    "tmpl",
    "toml",
    "ts",
    "txt",
    "vcl",
    "war",
    "xml",
    "yaml",
    "yml",
];

/// Names of files without an end.
const NAMES: &[&str] = &[
    ".env",
    ".htpasswd",
    ".npmrc",
    ".pgpass",
    "Caddyfile",
    "Dockerfile",
    "Gemfile",
    "Makefile",
    "Procfile",
    "group",
    "hosts",
    "passwd",
    "resolv.conf",
    "sudoers",
];

fn last(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The end of a name after its last dot; `.env` has none.
fn extension(name: &str) -> Option<&str> {
    name.rsplit_once('.')
        .filter(|(stem, end)| !stem.is_empty() && !end.is_empty())
        .map(|(_, end)| end)
}

/// Whether a path that cannot be looked at is a file, by its name and by where it is mounted.
pub(super) fn is_file_name(path: &str, target: &str) -> bool {
    let (name, there) = (last(path), last(target));
    if NAMES.contains(&name) || name.starts_with(".env.") {
        return true;
    }
    match extension(name) {
        Some(end) => {
            FILES.contains(&end.to_ascii_lowercase().as_str())
                || end != "d" && extension(there) == Some(end)
        }
        None => extension(there).is_some_and(|end| FILES.contains(&end)) && name == there,
    }
}

/// Whether programs keep their data there, or the directory at home says that it is data.
pub(super) fn is_data(path: &str, target: &str) -> bool {
    const BELOW: [&str; 12] = [
        "/bitnami",
        "/data",
        "/etc/letsencrypt",
        "/logs",
        "/root/.",
        "/var/backups",
        "/var/cache",
        "/var/lib",
        "/var/log",
        "/var/mail",
        "/var/opt",
        "/var/spool",
    ];
    const WORDS: [&str; 13] = [
        "backup", "backups", "cache", "data", "database", "db", "log", "logs", "media", "pgdata",
        "storage", "tmp", "uploads",
    ];
    let is_word = |name: &str| {
        let mut parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
        parts.any(|part| WORDS.contains(&part.to_ascii_lowercase().as_str()))
    };
    let is_below = |top: &str| {
        let rest = target.strip_prefix(top);
        rest.is_some_and(|rest| top.ends_with('.') || rest.is_empty() || rest.starts_with('/'))
    };
    BELOW.into_iter().any(is_below) || is_word(last(target)) || is_word(last(path))
}

/// Whether programs keep their state there, among configuration.
pub(super) fn keeps_state(target: &str) -> bool {
    const BELOW: [&str; 6] = [
        "/etc/gitlab",
        "/etc/ldap/slapd.d",
        "/etc/letsencrypt",
        "/etc/openvpn",
        "/etc/pihole",
        "/etc/wireguard",
    ];
    BELOW.into_iter().any(|top| {
        target.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_by_name() {
        for (path, target) in [
            ("./nginx.conf", "/etc/nginx/nginx.conf"),
            ("./.env", "/app/.env"),
            ("./Caddyfile", "/etc/caddy/Caddyfile"),
            ("./config.alloy", "/etc/alloy/config.alloy"),
            ("./run.me", "/bin/run.me"),
        ] {
            assert!(is_file_name(path, target), "{path}");
        }
        for (path, target) in [
            ("./conf.d", "/etc/nginx/conf.d"),
            ("./.data", "/data"),
            ("./example.com", "/var/www"),
            ("./src", "/app"),
            ("./v1.2", "/models"),
        ] {
            assert!(!is_file_name(path, target), "{path}");
        }
    }
}
