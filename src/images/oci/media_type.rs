//! The names of the kinds of documents and layers, in both families.

pub(in crate::images) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(in crate::images) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(in crate::images) const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(in crate::images) const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

pub(in crate::images) const DOCKER_INDEX: &str =
    "application/vnd.docker.distribution.manifest.list.v2+json";
pub(in crate::images) const DOCKER_MANIFEST: &str =
    "application/vnd.docker.distribution.manifest.v2+json";
pub(in crate::images) const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
pub(in crate::images) const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";

/// Configurations of images that an engine can run.
pub(in crate::images) const CONFIGS: [&str; 2] = [OCI_CONFIG, DOCKER_CONFIG];

/// What nobody has made since 2016.
pub(in crate::images) const SCHEMA_1: [&str; 2] = [
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
];

/// How a layer is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::images) enum Packing {
    /// Not at all.
    Plain,
    /// gzip
    Gzip,
    /// Zstandard
    Zstd,
}

impl Packing {
    /// By the first bytes of a layer.
    pub(in crate::images) fn of(first: &[u8]) -> Self {
        match first {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

/// The kind of a layer in the family of its manifest. Docker's knows no Zstandard: engines go by
/// the OCI name there, too.
pub(in crate::images) fn layer(family: &str, packing: Packing) -> String {
    let is_docker = family == DOCKER_MANIFEST;
    match packing {
        Packing::Plain if is_docker => DOCKER_LAYER.to_owned(),
        Packing::Plain => OCI_LAYER.to_owned(),
        Packing::Gzip if is_docker => format!("{DOCKER_LAYER}.gzip"),
        Packing::Gzip => format!("{OCI_LAYER}+gzip"),
        Packing::Zstd => format!("{OCI_LAYER}+zstd"),
    }
}

/// Whether a layer's kind says that it is not packed.
pub(in crate::images) fn is_plain_layer(media_type: &str) -> bool {
    media_type == OCI_LAYER || media_type == DOCKER_LAYER
}

/// Layers that only their makers may hand out: a manifest names where they lie, and no registry has
/// them (Windows' base images).
pub(in crate::images) fn is_foreign(media_type: &str) -> bool {
    media_type.contains(".foreign.") || media_type.contains(".nondistributable.")
}
