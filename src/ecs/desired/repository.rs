use serde::{Deserialize, Serialize};

use super::{Asset, UpperTag};
use crate::compose::model::ecr_host;

/// How the tags start that say which release needs an image.
pub const RELEASE_TAG: &str = "release-";

/// `ecr CreateRepository` and `ecr PutLifecyclePolicy`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Repository {
    /// Its name.
    pub repository_name: String,
    /// `MUTABLE` or `IMMUTABLE`
    pub image_tag_mutability: String,
    /// Whether a push starts a scan.
    pub image_scanning_configuration: ImageScanning,
    /// What images are encrypted with; fixed when the repository is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_configuration: Option<RepositoryEncryption>,
    /// `PutLifecyclePolicy`, which is a request of its own: a JSON document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle_policy_text: Option<String>,
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

/// `ecr EncryptionConfiguration`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryEncryption {
    /// `KMS`
    pub encryption_type: String,
    /// Alias, id or ARN of the key.
    pub kms_key: String,
}

/// An image that must stand in a repository before a task can use it. No single request makes it:
/// it is built, or copied, and pushed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// The repository's name.
    pub repository_name: String,
    /// Whose registry it stands in, where that is not this account's in this region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<ImageRegistry>,
    /// Whether the repository is somebody else's, in which images of other services stand, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
    /// The tag, which names what the image was made from; see `images`.
    pub image_tag: String,
    /// What it runs on, as Docker calls it: `linux/amd64` or `linux/arm64`.
    pub platform: String,
    /// The image that it is a copy of, or that the assets go on; absent where it is built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// What is put on top of it, sorted by target. The tag stands for the content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<Asset>,
    /// The signal that ends its containers, where it is to be another than the image's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// Which of the image's own `entrypoint` and `command` are taken out of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleared: Vec<String>,
}

/// The registry of ECR that an account has in a region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageRegistry {
    /// Twelve digits.
    pub account: String,
    /// Such as `eu-west-1`.
    pub region: String,
}

impl ImageRegistry {
    /// Of the host's name; nothing when it is no registry of ECR's.
    #[must_use]
    pub fn of_host(host: &str) -> Option<Self> {
        let (account, region) = ecr_host(host)?;
        Some(Self { account: account.to_owned(), region: region.to_owned() })
    }

    /// Of an image's reference; nothing when that is in another registry.
    #[must_use]
    pub fn of_image(reference: &str) -> Option<Self> {
        Self::of_host(reference.split_once('/')?.0)
    }

    /// Where it answers (Amazon ECR user guide, "Amazon ECR private registries"; China's regions have a
    /// domain of their own).
    #[must_use]
    pub fn host(&self) -> String {
        let Self { account, region } = self;
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("{account}.dkr.ecr.{region}.{domain}")
    }
}

impl Image {
    /// Whether anything is put on top of an image, or written into it, once that is there.
    #[must_use]
    pub fn is_extended(&self) -> bool {
        !self.assets.is_empty() || self.stop_signal.is_some() || !self.cleared.is_empty()
    }
}
