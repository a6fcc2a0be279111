/// How many bytes the files of one mount may have that become a part of an image: 100 MiB
/// (mapping.md, "Volumes").
pub const MOST_BYTES: u64 = 100 << 20;

/// What a mounted path is at home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// There is nothing.
    Missing,
    /// A file.
    File,
    /// A directory.
    Directory {
        /// Whether nothing is in it.
        empty: bool,
    },
    /// A socket, a device, a pipe, or what may not be read.
    Other,
}

/// What is known of a file or a directory of the project that is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathFacts {
    /// What it is.
    pub kind: PathKind,
    /// Bytes of the file, or of all files in the directory as far as they were counted: what is
    /// beyond [`MOST_BYTES`] is not.
    pub size: u64,
    /// The first file, by its path, that looks like a key or credentials.
    pub key: Option<String>,
    /// Whether git leaves it, or a file in it, out of the repository: the path.
    pub ignored: Option<String>,
    /// Whether it is a link to somewhere outside the project.
    pub leaves: bool,
    /// The first link in the directory whose end is not mounted along with it: its path, and what it
    /// says.
    pub link_out: Option<(String, String)>,
    /// What may be configuration that names other services, as far as it is text and short: of a
    /// directory that of all files.
    pub text: String,
}

impl PathFacts {
    /// A path of this kind with nothing remarkable about it.
    #[must_use]
    pub fn plain(kind: PathKind) -> Self {
        Self {
            kind,
            size: 0,
            key: None,
            ignored: None,
            leaves: false,
            link_out: None,
            text: String::new(),
        }
    }
}

/// Names of files that hold private keys or passwords.
const KEYS: &[&str] = &[
    ".env",
    ".git-credentials",
    ".htpasswd",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
    "credentials",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_rsa",
    "kubeconfig",
    "wallet.json",
];

/// Ends of the names of files that hold private keys.
const ENDS: &[&str] =
    &[".jks", ".kdbx", ".key", ".keystore", ".ovpn", ".p12", ".p8", ".pfx", ".ppk", ".keytab"];

/// Whether a file's name says that it is a key or holds credentials; `path` has slashes.
#[must_use]
pub fn looks_like_a_key(path: &str) -> bool {
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let is_example =
        [".example", ".sample", ".template", ".dist"].iter().any(|e| name.ends_with(e));
    !is_example
        && (KEYS.contains(&name.as_str())
            || name.starts_with(".env.")
            || ENDS.iter().any(|end| name.ends_with(end))
            || name.ends_with(".pem") && (name.contains("key") || name.contains("priv"))
            || path.split('/').any(|part| matches!(part, ".ssh" | ".aws" | ".gnupg" | ".kube")))
}

/// Whether a text has a private key in it (RFC 7468, section 2: the label of what follows).
#[must_use]
pub fn holds_a_key(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("-----BEGIN ") && line.contains("PRIVATE KEY"))
}

/// Whether programs read their configuration there, and write nothing.
#[must_use]
pub fn is_configuration(target: &str) -> bool {
    if target.starts_with("/etc/letsencrypt") {
        return false;
    }
    target.starts_with("/etc/")
        || target.starts_with("/usr/local/etc/")
        || target.contains("/docker-entrypoint-")
        || target.len() > 2 && target.ends_with(".d")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_by_their_names() {
        for path in [
            "tls/server.key",
            "id_rsa",
            "./.env",
            ".env.production",
            "certs/privkey.pem",
            "/home/me/.aws",
            "/home/me/.ssh/config",
            "store.JKS",
        ] {
            assert!(looks_like_a_key(path), "{path}");
        }
        for path in [
            "nginx.conf",
            ".env.example",
            "ca.pem",
            "cert.crt",
            "keys.yaml",
            "keycloak.json",
            "monkey",
            "environment",
        ] {
            assert!(!looks_like_a_key(path), "{path}");
        }
    }
}
