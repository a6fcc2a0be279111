//! The image of one machine, out of an index of many.

use serde_json::Value;

use super::error::AssetError;

/// How deep indexes may lie in indexes.
pub(super) const MAX_DEPTH: usize = 3;

/// Media types of indexes.
const INDEXES: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// What BuildKit says on the manifests that carry attestations
/// (BuildKit, "Image attestation storage").
const ATTESTATION: &str = "vnd.docker.reference.type";

/// The digest of the manifest for `platform`, such as `linux/arm64`, when this is an index; nothing
/// when it is a manifest itself.
pub(super) fn choose(
    media_type: &str,
    bytes: &[u8],
    platform: &str,
) -> Result<Option<String>, AssetError> {
    let Ok(index) = serde_json::from_slice::<Value>(bytes) else {
        return Err(AssetError::Base("its manifest is no JSON".to_owned()));
    };
    let named = index["mediaType"].as_str().unwrap_or(media_type);
    let Some(manifests) = index["manifests"].as_array() else { return Ok(None) };
    if !INDEXES.contains(&named) && !named.is_empty() {
        return Ok(None);
    }
    let images: Vec<_> = manifests
        .iter()
        .filter(|entry| entry["annotations"][ATTESTATION].is_null())
        .filter_map(|entry| Some((offered(&entry["platform"])?, entry["digest"].as_str()?)))
        .collect();
    let fits = |offered: &str| offered == plain(platform);
    if let Some((_, digest)) = images.iter().find(|(offered, _)| fits(offered)) {
        return Ok(Some((*digest).to_owned()));
    }
    // An index of one image that says nothing of its machine is that image.
    if let ([only], []) = (manifests.as_slice(), images.as_slice())
        && only["platform"].is_null()
        && let Some(digest) = only["digest"].as_str()
    {
        return Ok(Some(digest.to_owned()));
    }
    let mut offered: Vec<_> = images.into_iter().map(|(offered, _)| offered).collect();
    offered.sort();
    offered.dedup();
    let offered = if offered.is_empty() { "none".to_owned() } else { offered.join(", ") };
    Err(AssetError::Platform { wanted: platform.to_owned(), offered })
}

fn offered(platform: &Value) -> Option<String> {
    let text = |key: &str| platform[key].as_str().filter(|text| !text.is_empty());
    let (os, architecture) = (text("os")?, text("architecture")?);
    if os == "unknown" {
        return None;
    }
    Some(plain(&match text("variant") {
        Some(variant) => format!("{os}/{architecture}/{variant}"),
        None => format!("{os}/{architecture}"),
    }))
}

/// `linux/arm64/v8` is what every `linux/arm64` is, and `linux/amd64/v1` every `linux/amd64`.
fn plain(platform: &str) -> String {
    match platform {
        "linux/arm64/v8" | "linux/aarch64" => "linux/arm64".to_owned(),
        "linux/amd64/v1" | "linux/x86_64" | "linux/x86-64" => "linux/amd64".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OCI: &str = INDEXES[0];

    fn entry(os: &str, architecture: &str, variant: Option<&str>, digest: &str) -> Value {
        let mut platform = json!({ "os": os, "architecture": architecture });
        if let Some(variant) = variant {
            platform["variant"] = variant.into();
        }
        json!({ "digest": digest, "platform": platform })
    }

    #[test]
    fn the_machine_decides_and_attestations_are_none() {
        let mut attestation = entry("unknown", "unknown", None, "note");
        attestation["annotations"] = json!({ ATTESTATION: "attestation-manifest" });
        let index = json!({ "manifests": [
            attestation, entry("windows", "amd64", None, "w"), entry("linux", "arm", Some("v7"), "7"),
            entry("linux", "arm64", Some("v8"), "8"), entry("linux", "amd64", None, "a"),
        ]});
        let bytes = index.to_string().into_bytes();
        let chosen = |platform: &str| choose(OCI, &bytes, platform);
        assert_eq!(chosen("linux/arm64").expect("chosen"), Some("8".to_owned()));
        assert_eq!(chosen("linux/arm64/v8").expect("chosen"), Some("8".to_owned()));
        assert_eq!(chosen("linux/amd64").expect("chosen"), Some("a".to_owned()));
        let missing = chosen("linux/s390x").expect_err("a fault").to_string();
        assert!(missing.ends_with("linux/amd64, linux/arm/v7, linux/arm64, windows/amd64"));
    }

    #[test]
    fn a_manifest_is_no_index() {
        assert_eq!(choose("", b"{\"layers\": []}", "linux/amd64").expect("read"), None);
        assert!(choose("", b"no", "linux/amd64").is_err());
        let one = br#"{"manifests": [{"digest": "x"}]}"#;
        assert_eq!(choose(OCI, one, "linux/amd64").expect("read"), Some("x".to_owned()));
        assert!(choose(OCI, br#"{"manifests": []}"#, "linux/amd64").is_err());
    }
}
