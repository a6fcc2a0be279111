use serde::Serialize;

use super::Moment;

/// An image as its repository describes it (ECR API reference, `ImageDetail`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StoredImage {
    /// `sha256:…`
    pub digest: String,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// Bytes in the repository, compressed.
    pub size: Option<u64>,
    /// When it was pushed.
    pub pushed: Option<Moment>,
}

/// The image that a service of the file needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServiceImage {
    /// The Compose service.
    pub service: String,
    /// The repository: of the project, or anywhere.
    pub repository: String,
    /// The tag that the file asks for, or the digest.
    pub tag: String,
    /// What stands there; nothing where it has to be pushed, or where it is not ours.
    pub stored: Option<StoredImage>,
    /// Whether it stands in a repository of the project, or will.
    pub own: bool,
    /// What else is in the repository, the newest first.
    pub others: Vec<StoredImage>,
}
