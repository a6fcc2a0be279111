use std::fs;
use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};

use super::super::asset::{Asset, AssetSource};
use super::super::prepared::Extension;
use super::super::rewrite::Rewrites;
use super::super::testing::{dir, entries, file, layer, link};
use super::*;

fn blob(layout: &Path, media_type: &str, bytes: &[u8]) -> Value {
    let digest = sha256(bytes);
    let folder = layout.join("blobs/sha256");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(&digest["sha256:".len()..]), bytes).expect("a blob");
    json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Packing::new(Vec::new());
    out.write_all(bytes).expect("write");
    out.finish().expect("finish")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

const OCI: &str = "application/vnd.oci.image";

/// An image of one layer of each compression, in an index beside its attestation.
fn layout(platform: (&str, &str)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let archives = [
        layer(&[dir("etc", 0o711), dir("etc/app", 0o700), file("etc/app/a", "old")]),
        layer(&[link("var/run", "/run")]),
        layer(&[dir("run", 0o750)]),
    ];
    let tar = format!("{OCI}.layer.v1.tar");
    let layers = [
        blob(path, &tar, &archives[0]),
        blob(path, &format!("{tar}+gzip"), &gzip(&archives[1])),
        blob(path, &format!("{tar}+zstd"), &zstd(&archives[2])),
    ];
    let diff_ids: Vec<_> = archives.iter().map(|archive| sha256(archive)).collect();
    let (os, architecture) = platform;
    let config = json!({ "os": os, "architecture": architecture,
        "rootfs": { "type": "layers", "diff_ids": diff_ids } });
    let config = blob(path, &format!("{OCI}.config.v1+json"), config.to_string().as_bytes());
    let manifest = json!({ "schemaVersion": 2, "config": config, "layers": layers });
    let mut manifest =
        blob(path, &format!("{OCI}.manifest.v1+json"), manifest.to_string().as_bytes());
    manifest["platform"] = json!({ "os": os, "architecture": architecture });
    let note = json!({ "digest": sha256(b""), "size": 0, "platform": { "os": "unknown", "architecture": "unknown" },
        "annotations": { "vnd.docker.reference.type": "attestation-manifest" } });
    let index = json!({ "manifests": [note, manifest] });
    let index_type = format!("{OCI}.index.v1+json");
    let inner = blob(path, &index_type, index.to_string().as_bytes());
    let outer = json!({ "schemaVersion": 2, "manifests": [inner] });
    fs::write(path.join("index.json"), outer.to_string()).expect("an index");
    folder
}

fn extension() -> Extension {
    let text = AssetSource::Text("new".to_owned());
    Extension {
        service: "web".to_owned(),
        platform: "linux/amd64".to_owned(),
        assets: vec![
            Asset::of_root("/etc/app/b", text.clone()),
            Asset::of_root("/var/run/c", text),
        ],
        ..Extension::default()
    }
}

async fn extended(layout: &Path, extension: Extension) -> Result<Extended, ImageError> {
    extension.prepare().await?.extend(Base::Layout(layout)).await
}

fn unpacked(file: &TemporaryFile) -> Vec<u8> {
    let mut bytes = Vec::new();
    let packed = fs::File::open(file.path()).expect("a layer");
    flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).expect("gzip");
    bytes
}

#[tokio::test]
async fn an_image_of_a_directory_gets_a_layer() {
    let folder = layout(("linux", "amd64"));
    let made = extended(folder.path(), extension()).await.expect("an image");
    let (blob, file) = made.layer.as_ref().expect("a layer");
    let packed = fs::read(file.path()).expect("a layer");
    assert_eq!((blob.digest.clone(), blob.size), (sha256(&packed), packed.len() as u64));
    let archive = unpacked(file);
    let found: Vec<_> = entries(&archive).into_iter().map(|(path, n)| (path, n.mode)).collect();
    let expected = [
        ("etc", 0o711),
        ("etc/app", 0o700),
        ("etc/app/b", 0o644),
        ("run", 0o750),
        ("run/c", 0o644),
    ];
    assert_eq!(found, expected.map(|(path, mode)| (path.to_owned(), mode)));

    let manifest: Value = serde_json::from_slice(&made.manifest).expect("JSON");
    let config: Value = serde_json::from_slice(&made.config.1).expect("JSON");
    assert_eq!(
        (manifest["layers"][3]["digest"].as_str(), made.base_layers.len()),
        (Some(&*blob.digest), 3)
    );
    assert_eq!(manifest["config"]["digest"], made.config.0.digest);
    assert_eq!(config["rootfs"]["diff_ids"][3], sha256(&archive));
    assert_eq!(made.digest(), sha256(&made.manifest));

    // The same again, and nothing stays behind.
    let again = extended(folder.path(), extension()).await.expect("an image");
    assert_eq!(again.digest(), made.digest());
    let place = file.path().to_owned();
    drop(made);
    assert!(!place.exists());
}

#[tokio::test]
async fn settings_alone_read_no_layer() {
    let folder = layout(("linux", "amd64"));
    let rewrites = Rewrites { stop_signal: Some("SIGINT".to_owned()), ..Rewrites::default() };
    let alone = Extension { assets: Vec::new(), rewrites, ..extension() };
    // Even where none could be read.
    let archive = layer(&[link("var/run", "/run")]);
    let gone = folder.path().join("blobs/sha256").join(&sha256(&gzip(&archive))[7..]);
    fs::write(gone, "damaged").expect("a blob");
    let made = extended(folder.path(), alone).await.expect("an image");
    assert!(made.layer.is_none());
    let config: Value = serde_json::from_slice(&made.config.1).expect("JSON");
    assert_eq!(config["config"]["StopSignal"], "SIGINT");
    let said = extended(folder.path(), extension()).await.expect_err("a fault").to_string();
    assert!(said.contains("should be sha256:"), "{said}");
}

#[tokio::test]
async fn another_machine_or_system() {
    let folder = layout(("linux", "arm64"));
    let said = extended(folder.path(), extension()).await.expect_err("a fault").to_string();
    assert!(said.contains("linux/amd64") && said.contains("linux/arm64"), "{said}");
    let folder = layout(("windows", "amd64"));
    let wanted = Extension { platform: "windows/amd64".to_owned(), ..extension() };
    let said = extended(folder.path(), wanted).await.expect_err("a fault").to_string();
    assert!(said.contains("windows"), "{said}");
    let said = extended(Path::new("/nowhere"), extension()).await.expect_err("a fault").to_string();
    assert!(said.contains("/nowhere/index.json"), "{said}");
}

#[tokio::test]
async fn two_checkouts_give_one_image() {
    use std::os::unix::fs::PermissionsExt;
    let folder = layout(("linux", "amd64"));
    let mut digests = Vec::new();
    for (umask, seconds) in [(0o755, 1), (0o700, 1_000_000_000)] {
        let project = tempfile::tempdir().expect("a folder");
        let conf = project.path().join("conf");
        fs::create_dir_all(conf.join("d")).expect("a folder");
        for (name, mode) in [("d/run.sh", umask), ("a.conf", umask & 0o644)] {
            let file = fs::File::create(conf.join(name)).expect("a file");
            (&file).write_all(name.as_bytes()).expect("write");
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            file.set_modified(time).expect("a time");
            file.set_permissions(fs::Permissions::from_mode(mode)).expect("a mode");
        }
        fs::set_permissions(conf.join("d"), fs::Permissions::from_mode(umask)).expect("a mode");
        let assets = vec![Asset::of_root("/etc/app", AssetSource::Path(conf))];
        let wanted = Extension { assets, ..extension() };
        let name = wanted.clone().prepare().await.expect("files").tag("base");
        let made = extended(folder.path(), wanted).await.expect("an image");
        digests.push((name, made.digest()));
    }
    assert_eq!(digests[0], digests[1]);
}
