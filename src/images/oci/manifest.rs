use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Descriptor, OciError, media_type};

/// Engines stop at 125 layers or so; whoever names more than this means harm.
const MAX_LAYERS: usize = 10_000;

/// One image: its configuration and its layers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::images) struct ImageManifest {
    /// Always 2.
    schema_version: u32,
    /// Its own kind; older OCI images leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::images) media_type: Option<String>,
    /// A JSON document.
    pub(in crate::images) config: Descriptor,
    /// Lowest first.
    pub(in crate::images) layers: Vec<Descriptor>,
    /// Anyone's notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::images) annotations: Option<BTreeMap<String, String>>,
}

impl ImageManifest {
    /// A manifest of a kind.
    pub(in crate::images) fn new(
        media_type: &str,
        config: Descriptor,
        layers: Vec<Descriptor>,
    ) -> Self {
        let media_type = Some(media_type.to_owned());
        Self { schema_version: 2, media_type, config, layers, annotations: None }
    }

    pub(super) fn check(&self) -> Result<(), OciError> {
        if self.layers.len() > MAX_LAYERS {
            let count = self.layers.len();
            return Err(OciError::Malformed(format!("it has {count} layers")));
        }
        // Helm charts, WebAssembly and the like come in the same envelope.
        if !media_type::CONFIGS.contains(&self.config.media_type.as_str()) {
            return Err(OciError::UnknownMediaType(self.config.media_type.clone()));
        }
        Ok(())
    }

    /// The bytes to store. The same manifest gives the same bytes.
    pub(in crate::images) fn to_bytes(&self) -> Vec<u8> {
        // Strings and numbers alone: there is nothing that could not be written.
        serde_json::to_vec(self).unwrap_or_default()
    }
}
