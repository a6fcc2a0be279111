//! Which layer a directory of an older engine's export holds.
//!
//! Engines before version 25 name the directory of each layer by a hash over its parent, its chain
//! of layers and a few settings (moby, `image/v1/imagev1.go`, `CreateID`), and put those settings
//! into a file ahead of the layer. So whether a layer is needed is known before its first byte.

use super::super::oci::Digest;

/// The layer, counted from the lowest, that the directory `id` is of; nothing when it cannot be told.
pub(super) fn layer_of(id: &str, settings: &[u8], chain: &[Digest]) -> Option<usize> {
    let members = members(std::str::from_utf8(settings).ok()?)?;
    let parent = members.iter().find(|(name, _)| *name == "parent").map(|(_, value)| *value);
    let id_of = |layer: &Digest, left_out: &[&str]| {
        let mut all: Vec<(&str, String)> = members
            .iter()
            .filter(|(name, _)| !left_out.contains(name))
            .map(|&(name, value)| (name, value.to_owned()))
            .collect();
        all.push(("layer_id", format!("\"{layer}\"")));
        if let Some(parent) = parent {
            all.push(("parent", format!("\"sha256:{}\"", parent.trim_matches('"'))));
        }
        all.sort();
        let text: Vec<String> =
            all.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        Digest::of(format!("{{{}}}", text.join(",")).as_bytes())
    };
    // The system is written into the settings before the hash is taken for the last layer, and after
    // it for the others.
    let ways: [&[&str]; 2] = [&["id", "parent"], &["id", "parent", "os"]];
    chain.iter().position(|layer| ways.iter().any(|left_out| id_of(layer, left_out).hex() == id))
}

/// The chain of each layer: what is known of it and of all below (OCI image specification, "Layer
/// ChainID").
pub(super) fn chain(diff_ids: &[Digest]) -> Vec<Digest> {
    let mut chain: Vec<Digest> = Vec::new();
    for diff_id in diff_ids {
        let next = match chain.last() {
            Some(below) => Digest::of(format!("{below} {diff_id}").as_bytes()),
            None => diff_id.clone(),
        };
        chain.push(next);
    }
    chain
}

/// The members of a JSON object, each value as it is written: the hash is over the very bytes.
fn members(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let end = value_end(rest)?;
        let name = rest[..end].strip_prefix('"')?.strip_suffix('"')?;
        rest = rest[end..].strip_prefix(':')?;
        let end = value_end(rest)?;
        found.push((name, &rest[..end]));
        rest = &rest[end..];
        if !rest.is_empty() {
            rest = rest.strip_prefix(',')?;
        }
    }
    Some(found)
}

/// Where the first value of a compact JSON text ends.
fn value_end(text: &str) -> Option<usize> {
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    for (place, byte) in text.bytes().enumerate() {
        if in_text {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b',' | b':' if depth == 0 => return Some(place),
            _ => {}
        }
    }
    (depth == 0 && !in_text).then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by an engine of version 20.10, of an image of two layers.
    #[test]
    fn as_an_older_engine_writes_them() {
        const LOWER: &str = r#"{"id":"0aae9db3227b4c0b1c74c57a75f437b7530e9c8cd76e382a0a07d17cefc5af15","created":"1970-01-01T00:00:00Z","container_config":{"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":null,"Cmd":null,"Image":"","Volumes":null,"WorkingDir":"","Entrypoint":null,"OnBuild":null,"Labels":null},"os":"linux"}"#;
        const UPPER: &str = r##"{"id":"ab36eb82ea9c46f5409bfcee18004022bde828df3b9c60db0e9995a17f3d7af5","parent":"0aae9db3227b4c0b1c74c57a75f437b7530e9c8cd76e382a0a07d17cefc5af15","created":"2026-11-21T21:47:57.252842937Z","container_config":{"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/bin/sh","-c","#(nop) COPY file:22619d6d926d8c1b7c26ea18f41428879b887b2e646970032e80ea5a6b0099da in /b "],"Image":"sha256:67eeedb9dc04d2a29fd6d945d8962b5300d04fb30ebe12ab75c3772dde3875cd","Volumes":null,"WorkingDir":"","Entrypoint":null,"OnBuild":null,"Labels":null},"docker_version":"20.10.24+dfsg1","config":{"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":false,"AttachStderr":false,"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":null,"Image":"sha256:67eeedb9dc04d2a29fd6d945d8962b5300d04fb30ebe12ab75c3772dde3875cd","Volumes":null,"WorkingDir":"","Entrypoint":null,"OnBuild":null,"Labels":null},"architecture":"amd64","os":"linux"}"##;
        let diff_ids: Vec<Digest> = [
            "sha256:2dab3c7e6b90ab9fd1f17e079ae737a113f3be939ac17998df6302f50694608c",
            "sha256:698b0054682cef6d514570026f97239857d5412d70a8b08bda38497faff118e2",
        ]
        .iter()
        .map(|text| text.parse().expect("a digest"))
        .collect();
        let chain = chain(&diff_ids);
        for (number, settings) in [LOWER, UPPER].into_iter().enumerate() {
            let id = members(settings).expect("members")[0].1.trim_matches('"');
            assert_eq!(layer_of(id, settings.as_bytes(), &chain), Some(number));
            // Of another image, or with other settings, it is no layer of ours.
            assert_eq!(layer_of(id, settings.as_bytes(), &chain[..number]), None);
            let other = settings.replace("linux\"}", "plan9\"}").replace("1970", "1971");
            assert_eq!(layer_of(id, other.replace("2026", "2027").as_bytes(), &chain), None);
        }
    }

    #[test]
    fn members_are_taken_as_they_are_written() {
        let text = r#"{"id":"a","config":{"x":[1,"}\""],"y":null},"os":"linux"}"#;
        let found = members(text).expect("members");
        assert_eq!(found[1], ("config", r#"{"x":[1,"}\""],"y":null}"#));
        assert_eq!((found.len(), found[2]), (3, ("os", r#""linux""#)));
        assert_eq!(members("{}").map(|found| found.len()), Some(0));
        for bad in ["", "[]", r#"{"a"}"#, r#"{"a":"b}"#, r#"{"a":]}"#] {
            assert_eq!(members(bad), None, "{bad}");
        }
    }
}
