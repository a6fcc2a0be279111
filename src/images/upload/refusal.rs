//! What a registry's no to an upload means.

use crate::images::registry::{RegistryCode, RegistryError};

/// Whether the upload at hand is lost, but another one may do.
pub(super) fn is_upload_lost(error: &RegistryError) -> bool {
    matches!(error.code(), Some(RegistryCode::UploadUnknown)) || error.status() == Some(404)
}

/// Whether the registry got other bytes than it was told.
pub(super) fn is_wrong_digest(error: &RegistryError) -> bool {
    matches!(error.code(), Some(RegistryCode::DigestInvalid))
        || matches!(error, RegistryError::DigestMismatch { .. })
}

/// Whether the registry has another idea of how much it has.
pub(super) fn is_wrong_offset(error: &RegistryError) -> bool {
    error.status() == Some(416)
}
