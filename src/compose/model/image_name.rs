/// The longest name of an image, without tag and digest.
const LONGEST: usize = 255;
/// The longest tag.
const LONGEST_TAG: usize = 128;

/// Why docker takes a text for no name of an image, by the grammar that it reads by
/// (distribution/reference, `reference.go` and `ParseNormalizedNamed`); nothing where it is one.
#[must_use]
pub fn fault_of_image_name(text: &str) -> Option<&'static str> {
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return Some("behind `@` stands a digest: `sha256:` and 64 hexadecimal digits");
    }
    let (domain, rest) = match rest.split_once('/') {
        Some((first, path)) if is_domain(first) => (Some(first), path),
        _ => (None, rest),
    };
    let (path, tag) = match rest.split_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (rest, None),
    };
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return Some("a tag has up to 128 letters, digits, `_`, `.` and `-`, and no colon");
    }
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some("the name of a repository is in small letters");
    }
    let is_whole = domain.is_none_or(is_host)
        && path.split('/').all(is_component)
        && domain.map_or(0, |domain| domain.len() + 1) + path.len() <= LONGEST;
    if !is_whole {
        return Some("write `NAME:TAG` or `HOST/NAME:TAG`");
    }
    let is_id = path.len() == 64 && path.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_id && domain.is_none()).then_some("this is an id, which means nothing to a registry")
}

/// Whether the first part of a name is a registry's.
fn is_domain(first: &str) -> bool {
    first == "localhost"
        || first.contains(['.', ':'])
        || first.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// A name or an address, and a port.
fn is_host(domain: &str) -> bool {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    if let Some(rest) = domain.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        return !address.is_empty()
            && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':')
            && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let (host, port) = match domain.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (domain, None),
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.split('.').all(is_label) && port.is_none_or(is_port)
}

/// Small letters and digits, with `.`, `_`, `__` or hyphens between them.
fn is_component(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(plain)
        && text.ends_with(plain)
        && text
            .split(plain)
            .all(|run| matches!(run, "" | "." | "_" | "__") || run.bytes().all(|b| b == b'-'))
}

fn is_tag(tag: &str) -> bool {
    (1..=LONGEST_TAG).contains(&tag.len())
        && !tag.starts_with(['.', '-'])
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let is_hex = hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    match algorithm {
        "sha256" => hex.len() == 64 && is_hex,
        "sha384" => hex.len() == 96 && is_hex,
        "sha512" => hex.len() == 128 && is_hex,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_docker_takes() {
        let digest = format!("redis@sha256:{}", "a".repeat(64));
        let both = format!("redis:7@sha256:{}", "0".repeat(64));
        for text in [
            "redis",
            "redis:7",
            "library/redis:7.2-alpine",
            "localhost/x",
            "localhost:5000/a/b:c",
            "127.0.0.1:5000/x",
            "[::1]:5000/x",
            "ghcr.io/acme/web_app__x--y:V1",
            "UPPER/case",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a:b",
            "sha256:abc",
            &digest,
            &both,
        ] {
            assert_eq!(fault_of_image_name(text), None, "{text}");
        }
    }

    #[test]
    fn what_docker_refuses() {
        let id = "a".repeat(64);
        let tag = format!("a:{}", "b".repeat(129));
        let long = "a".repeat(256);
        for text in [
            "",
            "UPPER/Case:1",
            "Redis",
            "a:b:c",
            "foo@sha256:abc",
            "foo@",
            "a b",
            "a//b",
            "/a",
            "a/",
            "a:",
            "a___b",
            "-a",
            "a.",
            "a:-x",
            "host:port/a",
            "https://host/a",
            "ä",
            &id,
            &tag,
            &long,
        ] {
            assert!(fault_of_image_name(text).is_some(), "{text}");
        }
    }
}
