use std::collections::BTreeMap;

use tempfile::TempDir;

use super::*;
use crate::images::event::{ImageEvent, LayerArrival};
use crate::images::oci::media_type;
use crate::images::oci::{ImageManifest, Platform};
use crate::images::registry::{Auth, Renewal};
use crate::images::source::Opened;

#[path = "tests/between.rs"]
mod between;
#[path = "tests/described.rs"]
mod described;
#[cfg(unix)]
#[path = "tests/exports.rs"]
mod exports;
#[path = "tests/fake.rs"]
mod fake;

use fake::{Fake, Fault};

/// An OCI layout with layers of these contents.
fn layout(layers: &[Vec<u8>], kind: &str) -> TempDir {
    let directory = tempfile::tempdir().expect("directory");
    let blobs = directory.path().join("blobs/sha256");
    std::fs::create_dir_all(&blobs).expect("create");
    let blob = |kind: &str, bytes: &[u8]| {
        let digest = Digest::of(bytes);
        std::fs::write(blobs.join(digest.hex()), bytes).expect("write");
        Descriptor::new(kind, digest, bytes.len() as u64)
    };
    let diff_ids: Vec<Digest> = layers.iter().map(|layer| Digest::of(layer)).collect();
    let config = serde_json::json!({
        "architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids},
    });
    let config = blob(media_type::OCI_CONFIG, config.to_string().as_bytes());
    let layers = layers.iter().map(|layer| blob(kind, layer)).collect();
    let manifest = ImageManifest::new(media_type::OCI_MANIFEST, config, layers);
    let manifest = blob(media_type::OCI_MANIFEST, &manifest.to_bytes());
    let index = serde_json::json!({"schemaVersion": 2, "manifests": [manifest]});
    std::fs::write(directory.path().join("index.json"), index.to_string()).expect("write");
    directory
}

const PACKED: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

fn opened(directory: &TempDir) -> Opened {
    Opened::open(directory.path(), None, Some(&Platform::parse("linux/amd64"))).expect("a layout")
}

/// Quick to try again, so that tests are.
const QUICK: Retry = Retry {
    attempts: 6,
    first_pause: Duration::from_millis(1),
    longest_pause: Duration::from_millis(5),
};

fn uploader(cache: Option<&TempDir>) -> Uploader {
    let mut uploader = Uploader::new(cache.map(TempDir::path));
    uploader.set_retry(QUICK);
    uploader
}

async fn send(
    uploader: &Uploader,
    registry: &Registry,
    repository: &str,
    image: &Opened,
) -> (Result<String, ImageError>, Vec<ImageEvent>) {
    let mut events = Vec::new();
    let target = Target { registry, repository, tag: "v1" };
    let mut on_event = |event| events.push(event);
    let result = uploader.send(&target, image, &Progress::new(&mut on_event)).await;
    (result, events)
}

fn arrivals(events: &[ImageEvent]) -> Vec<LayerArrival> {
    let layer = |event: &ImageEvent| match event {
        ImageEvent::Layer { arrival, .. } => Some(*arrival),
        _ => None,
    };
    events.iter().filter_map(layer).collect()
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|number| (number * number / 7 + number / 251) as u8).collect()
}

#[tokio::test]
async fn an_image_arrives_once() {
    let fake = Fake::start().await;
    let registry = fake.registry();
    let directory = layout(&[bytes(1000), bytes(300_000)], PACKED);
    let image = opened(&directory);
    let uploader = uploader(None);
    let (result, events) = send(&uploader, &registry, "shop/web", &image).await;
    let manifest = &image.manifest.as_ref().expect("kept as it is").1;
    assert_eq!(result.expect("uploaded"), Digest::of(manifest).as_str());
    assert_eq!(fake.blob("shop/web", &bytes(300_000)), Some(bytes(300_000)));
    assert_eq!(fake.manifest("shop/web", "v1").as_deref(), Some(&manifest[..]));
    assert_eq!(arrivals(&events), [LayerArrival::Uploaded; 2]);
    assert_eq!(events[0], ImageEvent::PushStarted);
    let last = events.iter().rev().find(|event| matches!(event, ImageEvent::Bytes { .. }));
    let sent = 301_000 + image.config.len() as u64;
    assert!(matches!(last, Some(ImageEvent::Bytes { done, .. }) if *done == sent), "{events:?}");

    // Another repository takes the layers over, the same one has them.
    fake.forget_requests();
    let (result, events) = send(&uploader, &registry, "shop/api", &image).await;
    result.expect("mounted");
    assert_eq!(arrivals(&events), [LayerArrival::Mounted; 2]);
    let (result, events) = send(&uploader, &registry, "shop/api", &image).await;
    result.expect("there");
    assert_eq!(arrivals(&events), [LayerArrival::Present; 2]);
    assert_eq!(fake.requests("PATCH"), Vec::<String>::new());
}

#[tokio::test]
async fn an_upload_goes_on_where_it_broke_off() {
    let fake = Fake::start().await;
    let registry = fake.registry();
    let content = bytes(2_000_000);
    let directory = layout(std::slice::from_ref(&content), PACKED);
    // Twice in the middle of the layer, and once when it is over and the answer gets lost.
    fake.fault("PATCH", Fault::ResetAfter(700_000));
    fake.fault("PATCH", Fault::ResetAfter(400_000));
    fake.fault("PUT /v2/a/blobs", Fault::ResetAfterwards);
    let (result, _) = send(&uploader(None), &registry, "a", &opened(&directory)).await;
    result.expect("uploaded");
    assert_eq!(fake.blob("a", &content), Some(content));
    let ranges: Vec<u64> = fake.steps().into_iter().filter_map(|step| step.from).collect();
    assert_eq!(ranges, [700_000, 1_100_000]);
}

#[tokio::test]
async fn a_registry_in_trouble_is_asked_again() {
    for (request, status, headers) in [
        ("HEAD", "503 Service Unavailable", ""),
        ("POST", "500 Internal Server Error", ""),
        ("PATCH", "429 Too Many Requests", "Retry-After: 0\r\n"),
        ("PATCH", "502 Bad Gateway", ""),
        ("PUT /v2/a/blobs", "503 Service Unavailable", ""),
        ("PUT /v2/a/manifests", "500 Internal Server Error", ""),
        // It has forgotten the upload.
        ("PATCH", "404 Not Found", ""),
        ("PUT /v2/a/blobs", "404 Not Found", ""),
    ] {
        let fake = Fake::start().await;
        let content = bytes(100_000);
        let directory = layout(std::slice::from_ref(&content), PACKED);
        fake.fault(request, Fault::Answer(status, headers));
        let (result, _) = send(&uploader(None), &fake.registry(), "a", &opened(&directory)).await;
        result.unwrap_or_else(|error| panic!("{request} {status}: {error}"));
        assert_eq!(fake.blob("a", &content), Some(content), "{request} {status}");
        assert!(fake.is_used_up());
    }
}

#[tokio::test]
async fn patience_ends() {
    let fake = Fake::start().await;
    let directory = layout(&[bytes(500_000)], PACKED);
    for _ in 0..50 {
        fake.fault("PATCH", Fault::ResetAfter(0));
    }
    let (result, _) = send(&uploader(None), &fake.registry(), "a", &opened(&directory)).await;
    let error = result.expect_err("it is down");
    match &error {
        ImageError::UploadBroken { host, total, attempts, .. } => {
            assert_eq!((host, *total, *attempts), (&fake.host, Some(500_000), 6));
        }
        other => panic!("{other}"),
    }
    assert!(error.help().is_some_and(|help| help.contains("not uploaded twice")));
}

#[tokio::test]
async fn what_no_patience_helps_against() {
    let answers = [
        ("PATCH", "413 Payload Too Large", "larger than the registry takes"),
        ("POST", "403 Forbidden", "not allowed"),
        ("PUT /v2/a/manifests", "400 Bad Request", "it answered 400"),
    ];
    for (request, status, words) in answers {
        let fake = Fake::start().await;
        let directory = layout(&[bytes(1000)], PACKED);
        fake.fault(request, Fault::Answer(status, ""));
        let (result, _) = send(&uploader(None), &fake.registry(), "a", &opened(&directory)).await;
        let error = result.expect_err(status).to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_login_that_expires_in_the_middle_is_renewed() {
    let basic = |password: &str| Auth::Basic { user: "AWS".into(), password: password.into() };
    let directory = layout(&[bytes(1000), bytes(2000)], PACKED);
    let fake = Fake::start().await;
    fake.expect_password("first");
    fake.fault("PATCH", Fault::Password("second"));
    let asked = Arc::new(Mutex::new(0));
    let count = asked.clone();
    let renewal = Renewal::new(basic("first"), move || {
        *count.lock().expect("count") += 1;
        async move { Some(Auth::Basic { user: "AWS".into(), password: "second".into() }) }
    });
    let registry = Registry::new(&fake.host, Auth::Renewed(renewal)).expect("client");
    let (result, _) = send(&uploader(None), &registry, "a", &opened(&directory)).await;
    result.expect("uploaded");
    assert_eq!(*asked.lock().expect("count"), 1);

    // Without another login it is over, and the password is in no message.
    let fake = Fake::start().await;
    fake.expect_password("first");
    fake.fault("PATCH", Fault::Password("second"));
    let registry = Registry::new(&fake.host, basic("first")).expect("client");
    let (result, _) = send(&uploader(None), &registry, "b", &opened(&directory)).await;
    let error = result.expect_err("expired");
    assert!(matches!(error, ImageError::LoginExpired { .. }), "{error}");
    assert!(!format!("{error:?}").contains("first"));
}

#[tokio::test]
async fn a_registry_that_hashes_otherwise() {
    // Once may be an accident on the way, twice is not.
    let directory = layout(&[bytes(1000)], PACKED);
    let image = opened(&directory);
    for (times, ends_well) in [(1, true), (2, false)] {
        for invalid in [Fault::Answer("400 Bad Request", "digest"), Fault::OtherDigest] {
            let fake = Fake::start().await;
            for _ in 0..times {
                fake.fault("PUT /v2/a/blobs", invalid.clone());
            }
            let (result, _) = send(&uploader(None), &fake.registry(), "a", &image).await;
            match result {
                Ok(_) => assert!(ends_well),
                Err(ImageError::DigestRefused { .. }) => assert!(!ends_well),
                Err(other) => panic!("{other}"),
            }
        }
    }
}

#[tokio::test]
async fn plain_layers_are_packed_once() {
    let cache = tempfile::tempdir().expect("directory");
    let content = b"the same again, and again. ".repeat(100_000);
    let directory = layout(std::slice::from_ref(&content), media_type::OCI_LAYER);
    let image = opened(&directory);
    assert!(image.manifest.is_none());
    let fake = Fake::start().await;
    // It breaks off while the layer is being made.
    fake.fault("PATCH", Fault::ResetAfter(1000));
    let first = send(&uploader(Some(&cache)), &fake.registry(), "a", &image).await;
    let digest = first.0.expect("uploaded");
    let manifest = fake.manifest("a", "v1").expect("a manifest");
    let manifest: ImageManifest = serde_json::from_slice(&manifest).expect("readable");
    assert_eq!(manifest.layers[0].media_type, PACKED);
    assert!(manifest.layers[0].size < content.len() as u64);

    // Another run: neither packed nor sent.
    fake.forget_requests();
    let (again, events) = send(&uploader(Some(&cache)), &fake.registry(), "a", &image).await;
    assert_eq!((again.expect("there"), arrivals(&events)), (digest, vec![LayerArrival::Present]));
    assert_eq!(fake.requests("PATCH"), Vec::<String>::new());
    // In another repository: mounted, from what an earlier run has seen.
    let (_, events) = send(&uploader(Some(&cache)), &fake.registry(), "b", &image).await;
    assert_eq!(arrivals(&events), [LayerArrival::Mounted]);
    // And where the registry has lost it, it is packed again, to the same digest.
    fake.forget_blobs();
    let (result, events) = send(&uploader(Some(&cache)), &fake.registry(), "a", &image).await;
    result.expect("uploaded");
    assert_eq!(arrivals(&events), [LayerArrival::Uploaded]);
    let now: ImageManifest =
        serde_json::from_slice(&fake.manifest("a", "v1").expect("a manifest")).expect("readable");
    assert_eq!(now, manifest);
}

#[tokio::test]
async fn a_layer_that_is_not_what_its_image_says() {
    let fake = Fake::start().await;
    let content = bytes(10_000);
    let directory = layout(std::slice::from_ref(&content), media_type::OCI_LAYER);
    let path = directory.path().join("blobs/sha256").join(Digest::of(&content).hex());
    std::fs::write(path, vec![1; 10_000]).expect("write");
    let (result, _) = send(&uploader(None), &fake.registry(), "a", &opened(&directory)).await;
    assert!(matches!(result, Err(ImageError::Corrupt { .. })), "{result:?}");
    assert_eq!(fake.manifest("a", "v1"), None);
}

#[tokio::test]
async fn a_packed_layer_that_was_damaged_is_blamed_on_its_file() {
    let fake = Fake::start().await;
    let content = bytes(10_000);
    let directory = layout(std::slice::from_ref(&content), PACKED);
    let path = directory.path().join("blobs/sha256").join(Digest::of(&content).hex());
    std::fs::write(path, vec![1; 10_000]).expect("write");
    let (result, _) = send(&uploader(None), &fake.registry(), "a", &opened(&directory)).await;
    match result.expect_err("damaged") {
        ImageError::Corrupt { expected, actual, .. } => {
            assert_eq!(expected, Digest::of(&content).as_str());
            assert_eq!(actual, Digest::of(&[1; 10_000]).as_str());
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn no_place_for_a_layer_on_its_way() {
    let fake = Fake::start().await;
    let directory = layout(&[bytes(10_000)], media_type::OCI_LAYER);
    let mut uploader = uploader(None);
    let file = tempfile::NamedTempFile::new().expect("file");
    uploader.spool = file.path().join("below");
    let (result, _) = send(&uploader, &fake.registry(), "a", &opened(&directory)).await;
    assert!(matches!(result, Err(ImageError::Spool { .. })), "{result:?}");
    let full = uploader.cannot_keep(std::io::ErrorKind::StorageFull.into());
    assert!(matches!(&full, ImageError::DiskFull(_)));
    assert!(full.help().is_some_and(|help| help.contains("TMPDIR")));
}

#[tokio::test]
async fn of_two_images_with_one_layer_one_brings_it() {
    let fake = Fake::start().await;
    let registry = fake.registry();
    let shared = bytes(1_000_000);
    let directories: Vec<TempDir> =
        (1..=2).map(|own| layout(&[shared.clone(), bytes(own * 100)], PACKED)).collect();
    let images: Vec<Opened> = directories.iter().map(opened).collect();
    let uploader = uploader(None);
    let (one, two) = tokio::join!(
        send(&uploader, &registry, "one", &images[0]),
        send(&uploader, &registry, "two", &images[1])
    );
    one.0.expect("uploaded");
    two.0.expect("uploaded");
    let mut all = arrivals(&[one.1, two.1].concat());
    all.sort_by_key(|arrival| *arrival == LayerArrival::Mounted);
    let up = LayerArrival::Uploaded;
    assert_eq!(all, [up, up, up, LayerArrival::Mounted]);
}

#[test]
fn ecr_is_sent_a_layer_from_its_beginning() {
    for (host, resumes) in [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", false),
        ("123456789012.dkr-ecr.eu-west-1.on.aws", false),
        ("public.ecr.aws", false),
        ("127.0.0.1:5000", true),
        ("ghcr.io", true),
    ] {
        // The loopback transport is enough: nothing is sent.
        let registry = Registry::new(host, Auth::Anonymous).expect("client");
        assert_eq!(registry.resumes(), resumes, "{host}");
    }
}
