//! What engines of version 25 and later hand out: an OCI layout in a tar, with `manifest.json` beside it.
//! As version 28.5.2 writes it with its own storage, where layers lie unpacked, and with containerd's,
//! where they lie as they were pulled or built.

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::*;
use crate::images::engine::Engine;
use crate::images::engine::tests::fake as docker;

const PLAIN: &str = "application/vnd.oci.image.layer.v1.tar";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).expect("write");
    encoder.finish().expect("finish")
}

/// An engine with one image, and the digest of the manifest that the image has there.
struct Saved {
    _files: (TempDir, TempDir),
    engine: Engine,
    manifest: String,
    config: Vec<u8>,
}

async fn saved(layers: &[Vec<u8>], is_packed: bool) -> Saved {
    let diff_ids: Vec<Digest> = layers.iter().map(|layer| Digest::of(layer)).collect();
    let config = json!({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/t"]},
        "rootfs": {"type": "layers", "diff_ids": diff_ids}});
    let config = config.to_string().into_bytes();
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut blob = |kind: &str, bytes: &[u8]| -> Value {
        let digest = Digest::of(bytes);
        files.push((format!("blobs/sha256/{}", digest.hex()), bytes.to_vec()));
        json!({"mediaType": kind, "digest": digest, "size": bytes.len()})
    };
    let kind = if is_packed { PACKED } else { PLAIN };
    let pack = |layer: &Vec<u8>| if is_packed { gzip(layer) } else { layer.clone() };
    let layers: Vec<Value> = layers.iter().map(|layer| blob(kind, &pack(layer))).collect();
    let manifest = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST,
        "config": blob(media_type::OCI_CONFIG, &config), "layers": layers});
    let entry = blob(media_type::OCI_MANIFEST, manifest.to_string().as_bytes());
    let paths: Vec<String> = layers
        .iter()
        .filter_map(|layer| Some(format!("blobs/sha256/{}", &layer["digest"].as_str()?[7..])))
        .collect();
    let config_path = format!("blobs/sha256/{}", Digest::of(&config).hex());
    // The tar is in the order of the names, so that documents and layers come as it happens.
    files.sort();
    let list = json!([{"Config": config_path, "RepoTags": ["x:1"], "Layers": paths}]);
    let index =
        json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [entry]});
    files.push(("index.json".to_owned(), index.to_string().into_bytes()));
    files.push(("manifest.json".to_owned(), list.to_string().into_bytes()));
    files.push(("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()));
    let mut tar = ::tar::Builder::new(Vec::new());
    for (path, content) in &files {
        let mut header = ::tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, path, &content[..]).expect("append");
    }
    let directory = tempfile::tempdir().expect("directory");
    let archive = directory.path().join("saved.tar");
    std::fs::write(&archive, tar.into_inner().expect("tar")).expect("write");
    let manifest = entry["digest"].as_str().expect("a digest").to_owned();
    // containerd's images are named by their manifests, the others by their configurations.
    let id = if is_packed { manifest.clone() } else { Digest::of(&config).to_string() };
    let inspected = json!({"Id": id, "Os": "linux", "Architecture": "amd64",
        "RootFS": {"Type": "layers", "Layers": diff_ids}});
    let version = r#"{"Client":{},"Server":{"Version":"28.5.2","Os":"linux","Arch":"amd64"}}"#;
    let script = format!(
        "case \"$1 $2\" in 'image save') exec cat '{}';; 'image inspect') echo '{inspected}';; \
         version*) echo '{version}';; *) exit 1;; esac",
        archive.display()
    );
    let (program_directory, program) = docker(&script);
    let engine = Engine::piped(program).await;
    Saved { _files: (directory, program_directory), engine, manifest, config }
}

async fn pushed(saved: &Saved, fake: &Fake) -> (String, ImageManifest) {
    let registry = fake.registry();
    let target = Target { registry: &registry, repository: "a", tag: "v1" };
    let platform = Platform::parse("linux/amd64");
    let mut none = |_| {};
    let progress = Progress::new(&mut none);
    let uploader = uploader(None);
    let sent = uploader.send_from_engine(&target, &saved.engine, "x:1", &platform, &progress).await;
    let digest = sent.expect("uploaded").expect("it is there");
    let stored = fake.manifest("a", "v1").expect("a manifest");
    assert_eq!(Digest::of(&stored).as_str(), digest);
    assert_eq!(fake.blob("a", &saved.config).as_ref(), Some(&saved.config));
    (digest, serde_json::from_slice(&stored).expect("readable"))
}

#[tokio::test]
async fn layers_that_lie_unpacked_are_packed() {
    let layers = [bytes(300_000), bytes(2048), b"text ".repeat(50_000)];
    let saved = saved(&layers, false).await;
    let fake = Fake::start().await;
    let (_, manifest) = pushed(&saved, &fake).await;
    assert_eq!(manifest.layers.len(), 3);
    for (descriptor, layer) in manifest.layers.iter().zip(&layers) {
        let stored = fake.blob_of("a", &descriptor.digest).expect("stored");
        assert_eq!(stored.len() as u64, descriptor.size);
        let mut unpacked = Vec::new();
        let mut decoder = flate2::read::MultiGzDecoder::new(&stored[..]);
        std::io::Read::read_to_end(&mut decoder, &mut unpacked).expect("gzip");
        assert_eq!(&unpacked, layer);
    }
}

#[tokio::test]
async fn layers_that_lie_packed_keep_their_digests_and_the_image_its_own() {
    let layers = [bytes(300_000), bytes(2048), b"text ".repeat(50_000)];
    let saved = saved(&layers, true).await;
    let fake = Fake::start().await;
    let (digest, manifest) = pushed(&saved, &fake).await;
    assert_eq!(digest, saved.manifest);
    for (descriptor, layer) in manifest.layers.iter().zip(&layers) {
        assert_eq!(fake.blob_of("a", &descriptor.digest), Some(gzip(layer)));
    }
    // Where they are, they are not sent again.
    fake.forget_requests();
    assert_eq!(pushed(&saved, &fake).await.0, digest);
    assert_eq!(fake.requests("PATCH"), Vec::<String>::new());
}
