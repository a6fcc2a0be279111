use std::path::PathBuf;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{HeaderMap, RETRY_AFTER};

/// Why a registry could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// No connection.
    #[error("reach the registry {host}: {message}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// The system's word.
        message: String,
    },
    /// A connection that came to an end too early.
    #[error("talk to the registry {host}: {message}")]
    BrokeOff {
        /// Host and port.
        host: String,
        /// The system's word.
        message: String,
    },
    /// No answer.
    #[error("get an answer from the registry {host} in time")]
    Timeout {
        /// Host and port.
        host: String,
    },
    /// The registry said no.
    #[error("{operation} {path} at the registry {host}: {}{message}", code_and_colon(.code))]
    Refused {
        /// Host and port.
        host: String,
        /// What was tried.
        operation: &'static str,
        /// Of which address.
        path: String,
        /// The HTTP status.
        status: u16,
        /// The registry's own code.
        code: RegistryCode,
        /// The registry's own words.
        message: String,
        /// When to ask again.
        retry_after: Option<Duration>,
    },
    /// Bytes that are not what their name says.
    #[error("trust the registry: it has {expected} where the bytes are {actual}")]
    DigestMismatch {
        /// As promised.
        expected: String,
        /// As hashed.
        actual: String,
    },
    /// Something that the protocol does not know.
    #[error("understand the registry {host}: {message}")]
    Protocol {
        /// Host and port.
        host: String,
        /// What was wrong.
        message: String,
    },
    /// A file to upload cannot be read.
    #[error("read {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// Of the registry that the bytes come from, which was asked again as often as is worth it.
    #[error(transparent)]
    Origin(Box<RegistryError>),
    /// TLS cannot be set up.
    #[error(
        "set up TLS: {0}; install the system's certificates (package ca-certificates), or set SSL_CERT_FILE"
    )]
    Tls(String),
}

/// The error codes of the OCI distribution specification, and those that ECR adds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryCode {
    /// No such repository.
    NameUnknown,
    /// No such manifest.
    ManifestUnknown,
    /// No such blob.
    BlobUnknown,
    /// Not logged in, or the token has expired.
    Unauthorized,
    /// Logged in, and not allowed.
    Denied,
    /// The tag exists and may not move.
    TagInvalid,
    /// The bytes have another digest.
    DigestInvalid,
    /// Try later.
    TooManyRequests,
    /// The registry has forgotten the upload.
    UploadUnknown,
    /// The layer is larger than the registry takes.
    TooLarge,
    /// Any other code, or none.
    Other(String),
}

impl RegistryCode {
    fn parse(code: &str) -> Self {
        match code {
            "NAME_UNKNOWN" => Self::NameUnknown,
            "MANIFEST_UNKNOWN" => Self::ManifestUnknown,
            "BLOB_UNKNOWN" => Self::BlobUnknown,
            "UNAUTHORIZED" => Self::Unauthorized,
            "DENIED" => Self::Denied,
            "TAG_INVALID" => Self::TagInvalid,
            "DIGEST_INVALID" => Self::DigestInvalid,
            "TOOMANYREQUESTS" => Self::TooManyRequests,
            "BLOB_UPLOAD_UNKNOWN" => Self::UploadUnknown,
            "SIZE_INVALID" => Self::TooLarge,
            other => Self::Other(other.to_owned()),
        }
    }
}

fn code_and_colon(code: &RegistryCode) -> String {
    match code {
        RegistryCode::Other(code) if code.is_empty() => String::new(),
        RegistryCode::Other(code) => format!("{code}: "),
        RegistryCode::NameUnknown => "no such repository: ".to_owned(),
        RegistryCode::ManifestUnknown => "no such image: ".to_owned(),
        RegistryCode::BlobUnknown => "no such layer: ".to_owned(),
        RegistryCode::Unauthorized => "not logged in, or no longer: ".to_owned(),
        RegistryCode::Denied => "not allowed: ".to_owned(),
        RegistryCode::TagInvalid => "the tag cannot be used: ".to_owned(),
        RegistryCode::DigestInvalid => "the digest is wrong: ".to_owned(),
        RegistryCode::UploadUnknown => "no such upload: ".to_owned(),
        RegistryCode::TooLarge => "too large: ".to_owned(),
        RegistryCode::TooManyRequests => "too many requests, try later: ".to_owned(),
    }
}

/// As much of a stranger's words as fits into a message.
const MAX_MESSAGE: usize = 300;

impl RegistryError {
    pub(super) fn from_answer(
        host: &str,
        operation: &'static str,
        path: &str,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Self {
        #[derive(serde::Deserialize)]
        struct Answer {
            errors: Vec<Fault>,
        }
        #[derive(serde::Deserialize)]
        struct Fault {
            #[serde(default)]
            code: String,
            #[serde(default)]
            message: String,
        }
        let fault = serde_json::from_slice::<Answer>(body)
            .ok()
            .and_then(|answer| answer.errors.into_iter().next());
        let (code, message) = match fault {
            Some(fault) => (RegistryCode::parse(&fault.code), fault.message),
            // The answer to HEAD has no body.
            None => (by_status(status), format!("it answered {status}")),
        };
        let message = message.chars().filter(|c| !c.is_control()).take(MAX_MESSAGE).collect();
        Self::Refused {
            host: host.to_owned(),
            operation,
            path: path.to_owned(),
            status: status.as_u16(),
            code,
            message,
            // Dates are allowed there, too, and not worth a clock of the registry's.
            retry_after: headers
                .get(RETRY_AFTER)
                .and_then(|value| value.to_str().ok()?.trim().parse().ok())
                .map(Duration::from_secs),
        }
    }

    /// The HTTP status of a refusal.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The registry's own code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<&RegistryCode> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// When the registry wants to be asked again.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the same request may well succeed in a moment.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::BrokeOff { .. } | Self::Timeout { .. } => true,
            Self::Refused { status, .. } => is_passing(*status),
            _ => false,
        }
    }

    /// Whether there was not even a connection.
    pub(super) fn is_about_connecting(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// The registry that it is about, where one is named.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Unreachable { host, .. }
            | Self::BrokeOff { host, .. }
            | Self::Timeout { host }
            | Self::Refused { host, .. }
            | Self::Protocol { host, .. } => Some(host),
            Self::Origin(error) => error.host(),
            _ => None,
        }
    }
}

/// Whether another answer may well come in a moment.
pub(super) fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

fn by_status(status: StatusCode) -> RegistryCode {
    match status {
        StatusCode::UNAUTHORIZED => RegistryCode::Unauthorized,
        StatusCode::FORBIDDEN => RegistryCode::Denied,
        StatusCode::TOO_MANY_REQUESTS => RegistryCode::TooManyRequests,
        StatusCode::PAYLOAD_TOO_LARGE => RegistryCode::TooLarge,
        _ => RegistryCode::Other(String::new()),
    }
}
