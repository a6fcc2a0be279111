use std::fmt;

/// The name of an image, taken apart as docker does: `alpine` is
/// `registry-1.docker.io/library/alpine:latest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Host, and port where one is written.
    pub registry: String,
    /// Without the registry.
    pub repository: String,
    /// A tag, `latest`, or a digest with its algorithm.
    pub tag: String,
}

impl Reference {
    /// Reads a name as it stands in a Dockerfile; `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        // A colon before the last slash belongs to the registry's port.
        let last = name.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match name[last..].find(':') {
            Some(colon) => (&name[..last + colon], &name[last + colon + 1..]),
            None => (name, "latest"),
        };
        let (registry, repository) = match name.split_once('/') {
            Some((first, rest)) if is_registry(first) => (first, rest.to_owned()),
            Some(_) => ("docker.io", name.to_owned()),
            None => ("docker.io", format!("library/{name}")),
        };
        let registry = match registry {
            "docker.io" | "index.docker.io" => "registry-1.docker.io",
            other => other,
        };
        let tag = digest.unwrap_or(tag);
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let fits = !repository.is_empty()
            && repository.split('/').all(|part| !part.is_empty() && part.chars().all(plain))
            && !tag.is_empty()
            && tag.chars().all(|c| plain(c) || c == ':')
            && registry.chars().all(|c| plain(c) || "[]:".contains(c));
        fits.then(|| Self { registry: registry.to_owned(), repository, tag: tag.to_owned() })
    }

    /// Reads `<registry>/<repository>`, where the registry must be written.
    #[must_use]
    pub fn address(text: &str) -> Option<(String, String)> {
        let (registry, _) = text.split_once('/').filter(|(first, _)| is_registry(first))?;
        let parsed = Self::parse(text)?;
        let bare = parsed.tag == "latest" && text.ends_with(&parsed.repository);
        bare.then(|| (registry.to_owned(), parsed.repository))
    }

    /// A name as it is written, as far as its tag or digest.
    #[must_use]
    pub fn without_tag(text: &str) -> &str {
        let name = text.split('@').next().unwrap_or(text);
        let last = name.rfind('/').map_or(0, |slash| slash + 1);
        name[last..].find(':').map_or(name, |colon| &name[..last + colon])
    }

    /// Whether the name itself says which bytes it means.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.tag.contains(':')
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.is_pinned() { '@' } else { ':' };
        write!(f, "{}/{}{separator}{}", self.registry, self.repository, self.tag)
    }
}

fn is_registry(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_its_tag() {
        for (text, name) in [
            ("redis", "redis"),
            ("redis:7", "redis"),
            ("r:5000/a/b:7", "r:5000/a/b"),
            ("r:5000/a", "r:5000/a"),
            ("redis:7@sha256:0", "redis"),
        ] {
            assert_eq!(Reference::without_tag(text), name, "{text}");
        }
    }

    #[test]
    fn as_docker_reads_names() {
        for (text, expected) in [
            ("alpine", "registry-1.docker.io/library/alpine:latest"),
            ("alpine:3.20", "registry-1.docker.io/library/alpine:3.20"),
            ("docker.io/grafana/grafana", "registry-1.docker.io/grafana/grafana:latest"),
            ("grafana/grafana:1@sha256:ab", "registry-1.docker.io/grafana/grafana@sha256:ab"),
            ("localhost/x", "localhost/x:latest"),
            ("127.0.0.1:5000/a/b:c", "127.0.0.1:5000/a/b:c"),
            ("public.ecr.aws/docker/library/busybox:1", "public.ecr.aws/docker/library/busybox:1"),
        ] {
            assert_eq!(Reference::parse(text).expect(text).to_string(), expected);
        }
        for text in ["", "/", "a//b", "a b", "a:", "x/", "a@", "ä", "a?b"] {
            assert_eq!(Reference::parse(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_name_their_registry() {
        let address = Reference::address("127.0.0.1:5000/shop/web");
        assert_eq!(address, Some(("127.0.0.1:5000".to_owned(), "shop/web".to_owned())));
        for text in
            ["shop/web", "web", "127.0.0.1:5000/web:tag", "127.0.0.1:5000/", "r.io/a@sha256:0"]
        {
            assert_eq!(Reference::address(text), None, "{text}");
        }
    }
}
