use std::fmt;

use serde::{Deserialize, Serialize};

use super::OciError;

/// `sha256:` and 64 digits: nothing else can be part of a path or of an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(in crate::images) struct Digest(String);

impl Digest {
    /// The digest of `bytes`.
    pub(in crate::images) fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(bytes);
        hasher.finish()
    }

    /// With its algorithm.
    pub(in crate::images) fn as_str(&self) -> &str {
        &self.0
    }

    /// Without its algorithm.
    pub(in crate::images) fn hex(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, hex)| hex)
    }
}

impl TryFrom<String> for Digest {
    type Error = OciError;

    fn try_from(text: String) -> Result<Self, OciError> {
        let digits = |hex: &str| {
            hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        match text.split_once(':') {
            Some(("sha256", hex)) if digits(hex) => Ok(Self(text)),
            Some((algorithm, _)) if algorithm != "sha256" && is_plain(algorithm) => {
                Err(OciError::Malformed(format!(
                    "its digests are of the kind `{algorithm}`, and only sha256 is known"
                )))
            }
            _ => Err(OciError::Malformed("it has a digest that is none".to_owned())),
        }
    }
}

fn is_plain(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

impl std::str::FromStr for Digest {
    type Err = OciError;

    fn from_str(text: &str) -> Result<Self, OciError> {
        Self::try_from(text.to_owned())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256, bit by bit.
pub(in crate::images) struct Hasher(ring::digest::Context);

impl Hasher {
    pub(in crate::images) fn new() -> Self {
        Self(ring::digest::Context::new(&ring::digest::SHA256))
    }

    pub(in crate::images) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(in crate::images) fn finish(self) -> Digest {
        Digest(format!("sha256:{}", hex::encode(self.0.finish())))
    }
}
