//! What a copy of an image that exists elsewhere is called.

use sha2::{Digest, Sha256};

use super::bases::{BaseDigest, current_base};
use super::{Images, Origin, Reference};

impl Images {
    /// Names the copy of an image as it is now. Nothing but a tag that moves tells two copies of one
    /// reference apart; where the digest cannot be learned, the copy's tag stands for the reference,
    /// and the second value is false.
    pub async fn name_copy(&self, reference: &str, platform: &str) -> (Origin, bool) {
        let found = current_base(self.engine(), reference, self.given_for(reference)).await;
        let (identity, pinned) = match &found {
            BaseDigest::Registry(digest) => (digest.as_str(), pinned(reference, digest)),
            BaseDigest::Local(id) => (id.as_str(), reference.to_owned()),
            BaseDigest::Unknown => ("", reference.to_owned()),
        };
        let whole = Sha256::digest(format!("{reference}\n{identity}\n{platform}"));
        let tag = format!("decklift-copy-{}", hex::encode(&whole[..12]));
        let origin = Origin { reference: pinned, platform: platform.to_owned(), tag };
        (origin, found != BaseDigest::Unknown)
    }
}

/// The reference by digest, so that what is copied is what was named.
fn pinned(reference: &str, digest: &str) -> String {
    if Reference::parse(reference).is_none_or(|reference| reference.is_pinned()) {
        return reference.to_owned();
    }
    let last = reference.rfind('/').map_or(0, |slash| slash + 1);
    let name = match reference[last..].find(':') {
        Some(colon) => &reference[..last + colon],
        None => reference,
    };
    format!("{name}@{digest}")
}

#[cfg(test)]
mod tests {
    use super::pinned;

    #[test]
    fn references_by_digest() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let by = |name: &str| pinned(name, &digest);
        assert_eq!(by("redis"), format!("redis@{digest}"));
        assert_eq!(by("redis:7"), format!("redis@{digest}"));
        assert_eq!(by("localhost:5000/a/b:1"), format!("localhost:5000/a/b@{digest}"));
        assert_eq!(by("localhost:5000/a"), format!("localhost:5000/a@{digest}"));
        let other = format!("redis@sha256:{}", "1".repeat(64));
        assert_eq!(by(&other), other);
    }
}
