//! From one registry to another.

use std::sync::Arc;

use super::fake::{Fake, Fault};
use super::{PACKED, bytes, layout, opened, send, uploader};
use crate::images::error::ImageError;
use crate::images::oci::{Digest, OciError, Platform, media_type};
use crate::images::reference::Reference;
use crate::images::registry::Auth;
use crate::images::source::Opened;
use crate::images::{Destination, Images, Mode, Origin};

#[tokio::test]
async fn from_registry_to_registry() {
    let source = Fake::start().await;
    let target = Fake::start().await;
    let layers = [bytes(400_000), bytes(1000)];
    let directory = layout(&layers, PACKED);
    let image = opened(&directory);
    let (digest, _) = send(&uploader(None), &source.registry(), "base", &image).await;
    let digest = digest.expect("uploaded");
    let size = image.manifest.as_ref().expect("a manifest").1.len();
    let index = serde_json::json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX,
        "manifests": [{"mediaType": media_type::OCI_MANIFEST, "digest": digest, "size": size,
            "platform": {"os": "linux", "architecture": "amd64"}}]});
    source.put_manifest("base", "multi", media_type::OCI_INDEX, index.to_string().as_bytes());

    let registry = Arc::new(source.registry());
    let name = format!("{}/base:multi", source.host);
    let reference = Reference::parse(&name).expect("a reference");
    let platform = Platform::parse("linux/amd64");
    let found = Opened::remote(&registry, &reference, &platform).await.expect("an answer");
    // The layer goes through, breaks off, and is asked for from where the other side is.
    target.fault("PATCH", Fault::ResetAfter(100_000));
    let (copied, _) = send(&uploader(None), &target.registry(), "a", &found.expect("found")).await;
    assert_eq!(copied.expect("copied"), digest);
    for layer in layers {
        assert_eq!(target.blob("a", &layer), Some(layer));
    }

    let arm = Platform::parse("linux/arm64");
    let error = Opened::remote(&registry, &reference, &arm).await.err().expect("not for arm");
    assert!(error.to_string().contains("there it is for linux/amd64"), "{error}");
    assert!(
        matches!(error, ImageError::Document { source: OciError::NoPlatform { .. }, .. }),
        "{error}"
    );
    let reference = Reference::parse(&format!("{}/base:none", source.host)).expect("a reference");
    assert!(Opened::remote(&registry, &reference, &arm).await.expect("an answer").is_none());
}

#[tokio::test]
async fn a_private_registry_is_read_with_the_login_for_it() {
    let source = Fake::start().await;
    let directory = layout(&[bytes(1000)], PACKED);
    let image = opened(&directory);
    send(&uploader(None), &source.registry(), "base", &image).await.0.expect("uploaded");
    source.expect_password("right");
    let target = Fake::start().await;
    let destination = Destination { address: format!("{}/a", target.host), auth: Auth::Anonymous };
    let origin = Origin {
        reference: format!("{}/base:v1", source.host),
        platform: "linux/amd64".to_owned(),
        tag: "v1".to_owned(),
    };
    let copy =
        async |images: Images| images.copy(&origin, &destination, Mode::Build, &mut |_| {}).await;
    let refused = copy(Images::default()).await.expect_err("nobody in particular");
    assert!(refused.to_string().contains("not logged in"), "{refused}");
    let auth = Auth::Basic { user: "AWS".to_owned(), password: "right".to_owned() };
    let digest = copy(Images::default().with_login(&source.host, auth)).await.expect("copied");
    assert_eq!(digest, Digest::of(&image.manifest.as_ref().expect("a manifest").1).as_str());
}
