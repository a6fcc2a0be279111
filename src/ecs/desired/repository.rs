use serde::{Deserialize, Serialize};

use super::{Asset, UpperTag};

/// `ecr CreateRepository`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Repository {
    /// Its name.
    pub repository_name: String,
    /// `MUTABLE` or `IMMUTABLE`
    pub image_tag_mutability: String,
    /// Whether a push starts a scan.
    pub image_scanning_configuration: ImageScanning,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<UpperTag>,
}

/// `ecr ImageScanningConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageScanning {
    /// Whether a push starts a scan.
    pub scan_on_push: bool,
}

/// An image that must stand in a repository before a task can use it. No single request makes it:
/// it is built, or copied, and pushed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// The repository's name.
    pub repository_name: String,
    /// The tag, which names what the image was made from; see `images`.
    pub image_tag: String,
    /// The image that it is a copy of, or that its assets are laid over; nothing when it is built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// What is laid over it. The tag stands for their content, which is written nowhere.
    #[serde(skip)]
    pub assets: Vec<Asset>,
}
