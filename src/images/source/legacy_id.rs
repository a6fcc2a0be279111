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
    chain.iter().position(|layer| {
        let mut all: Vec<(&str, String)> = members
            .iter()
            .filter(|(name, _)| !matches!(*name, "id" | "parent"))
            .map(|&(name, value)| (name, value.to_owned()))
            .collect();
        all.push(("layer_id", format!("\"{layer}\"")));
        if let Some(parent) = parent {
            let hex = parent.trim_matches('"');
            let prefix = if hex.contains(':') { "" } else { "sha256:" };
            all.push(("parent", format!("\"{prefix}{hex}\"")));
        }
        all.sort();
        let text: Vec<String> =
            all.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        Digest::of(format!("{{{}}}", text.join(",")).as_bytes()).hex() == id
    })
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
