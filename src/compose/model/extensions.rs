/// The `x-…` entries of a mapping, typed as YAML types them. They mean nothing to decklift and are
/// kept for the printed form alone.
pub type Extensions = serde_json::Map<String, serde_json::Value>;
