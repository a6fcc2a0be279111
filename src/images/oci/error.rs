/// Why a document of an image cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OciError {
    /// Docker's form of before 2016: without digests of its layers.
    #[error(
        "use the image: it is of the old form \"schema 1\", which ECR does not take; pull it and push it again with a Docker of today"
    )]
    Schema1,
    /// A kind of document that is no image.
    #[error(
        "use the image: it is of the unknown kind `{0}`; only OCI images and Docker images (schema 2) can run on ECS"
    )]
    UnknownMediaType(String),
    /// An index without the platform that the task has.
    #[error("find the image for {wanted}: there it is for {}", list(.has))]
    NoPlatform {
        /// What was asked for.
        wanted: String,
        /// What there is.
        has: Vec<String>,
    },
    /// An index in which an index is.
    #[error("use the image: its index leads to another index")]
    NestedIndex,
    /// A document that is larger than any registry takes.
    #[error("read the image's manifest: it has {size} bytes, and {limit} are allowed")]
    TooLarge {
        /// Bytes.
        size: u64,
        /// Bytes.
        limit: u64,
    },
    /// Not what it should be.
    #[error("understand the image's manifest: {0}")]
    Malformed(String),
}

impl OciError {
    pub(super) fn malformed(error: serde_json::Error) -> Self {
        // The text may quote a stranger's bytes.
        let text = error.to_string();
        Self::Malformed(text.chars().filter(|c| !c.is_control()).take(200).collect())
    }
}

fn list(platforms: &[String]) -> String {
    if platforms.is_empty() { "no platform at all".to_owned() } else { platforms.join(", ") }
}
