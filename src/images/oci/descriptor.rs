use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Digest, Platform};

/// Names a blob or a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::images) struct Descriptor {
    /// What the bytes are.
    #[serde(default)]
    pub(in crate::images) media_type: String,
    /// Bytes.
    pub(in crate::images) size: u64,
    /// The digest of the bytes.
    pub(in crate::images) digest: Digest,
    /// In an index: what the image runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::images) platform: Option<Platform>,
    /// Anyone's notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::images) annotations: Option<BTreeMap<String, String>>,
}

impl Descriptor {
    /// Without notes.
    pub(in crate::images) fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        let media_type = media_type.to_owned();
        Self { media_type, size, digest, platform: None, annotations: None }
    }

    /// A note.
    pub(in crate::images) fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(name).map(String::as_str)
    }
}
