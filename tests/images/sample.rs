//! An image as a layout, an archive and in the engine, made without any tool.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use decklift::images::{Destination, Registry, Source};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::{Cleanup, docker};

pub(crate) const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// Bytes that do not get smaller.
pub(crate) fn noise(seed: &str, length: usize) -> Vec<u8> {
    let first = Sha256::digest(seed);
    let mut state = u64::from_le_bytes(first[..8].try_into().expect("eight bytes"));
    let next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// A tar of files.
pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, *content).expect("append");
    }
    tar.into_inner().expect("tar")
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("write");
    encoder.finish().expect("finish")
}

/// One image of several layers.
pub(crate) struct Sample {
    pub(crate) directory: TempDir,
    /// Of the manifest in the layout.
    pub(crate) digest: String,
    /// Of the packed layers in the layout.
    pub(crate) layers: Vec<String>,
    name: String,
}

impl Sample {
    /// With layers of these sizes, and content that `what` decides: the same in each run, so that the
    /// same goes wrong. Its name is in it, too, so that no two have one id.
    pub(crate) fn new(name: &str, what: &str, sizes: &[usize]) -> Self {
        let layer = |(number, size): (usize, &usize)| {
            let path = format!("file-{number}");
            let half = noise(&format!("{what} {number}"), size / 2);
            // Half of it can be packed.
            let content = [half, vec![b'x'; size - size / 2]].concat();
            tar(&[(&path, &content)])
        };
        let plain: Vec<Vec<u8>> = sizes.iter().enumerate().map(layer).collect();
        let diff_ids: Vec<String> = plain.iter().map(|layer| digest(layer)).collect();
        let config = json!({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/x"], "Labels": {"name": name}},
            "rootfs": {"type": "layers", "diff_ids": diff_ids}})
        .to_string();
        let directory = tempfile::tempdir().expect("directory");
        let root = directory.path();
        let blobs = root.join("layout/blobs/sha256");
        fs::create_dir_all(&blobs).expect("create");
        let blob = |kind: &str, bytes: &[u8]| -> Value {
            let digest = digest(bytes);
            fs::write(blobs.join(&digest[7..]), bytes).expect("write");
            json!({"mediaType": kind, "digest": digest, "size": bytes.len()})
        };
        let layers: Vec<Value> = plain.iter().map(|layer| blob(GZIP, &gzip(layer))).collect();
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST,
            "config": blob(CONFIG, config.as_bytes()), "layers": layers})
        .to_string();
        let mut entry = blob(MANIFEST, manifest.as_bytes());
        entry["platform"] = json!({"os": "linux", "architecture": "amd64"});
        let index = json!({"schemaVersion": 2, "manifests": [entry]}).to_string();
        fs::write(root.join("layout/index.json"), index).expect("write");
        fs::write(root.join("layout/oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)
            .expect("write");

        let paths: Vec<String> = diff_ids.iter().map(|id| format!("{}.tar", &id[7..])).collect();
        let config_path = format!("{}.json", &digest(config.as_bytes())[7..]);
        let list = json!([{"Config": config_path, "RepoTags": [name], "Layers": paths}]);
        let list = list.to_string();
        let mut files = vec![(config_path.as_str(), config.as_bytes())];
        files.extend(paths.iter().zip(&plain).map(|(path, layer)| (path.as_str(), &layer[..])));
        files.push(("manifest.json", list.as_bytes()));
        fs::write(root.join("image.tar"), tar(&files)).expect("write");
        let packed = layers.iter().filter_map(|layer| layer["digest"].as_str());
        Self {
            layers: packed.map(str::to_owned).collect(),
            digest: digest(manifest.as_bytes()),
            name: name.to_owned(),
            directory,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// With packed layers.
    pub(crate) fn layout(&self) -> Source {
        Source::Layout { path: self.path("layout"), name: None }
    }

    /// With layers that are packed on their way.
    pub(crate) fn archive(&self) -> Source {
        Source::Archive { path: self.path("image.tar"), name: None }
    }

    /// In the engine, until the second is dropped.
    pub(crate) fn loaded(&self) -> (Source, Cleanup) {
        let path = self.path("image.tar").display().to_string();
        let loaded = docker(&["image", "load", "-i", &path]);
        assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
        let repository = self.name.rsplit_once(':').map_or(&*self.name, |(before, _)| before);
        (Source::Engine { name: self.name.clone() }, Cleanup(repository.to_owned()))
    }
}

/// Reads an image back, every byte of it, and holds it against its digests. What its layers are
/// called.
pub(crate) async fn read_back(destination: &Destination, tag: &str, digest: &str) -> Vec<String> {
    let (host, repository) = destination.address.split_once('/').expect("a repository");
    let registry = Registry::new(host, destination.auth.clone()).expect("client");
    let found = registry.manifest(repository, tag).await.expect("an answer").expect("a manifest");
    assert_eq!(found.digest, digest);
    assert_eq!(self::digest(&found.bytes), digest);
    let manifest: Value = serde_json::from_slice(&found.bytes).expect("JSON");
    let mut layers = Vec::new();
    for blob in
        [&manifest["config"]].into_iter().chain(manifest["layers"].as_array().expect("layers"))
    {
        let name = blob["digest"].as_str().expect("a digest");
        let mut body = registry.open_blob(repository, name).await.expect("a blob");
        let (mut hash, mut size) = (Sha256::new(), 0);
        while let Some(piece) = body.chunk().await.expect("bytes") {
            hash.update(&piece);
            size += piece.len() as u64;
        }
        assert_eq!(format!("sha256:{}", hex::encode(hash.finalize())), name);
        assert_eq!(Some(size), blob["size"].as_u64());
        layers.push(name.to_owned());
    }
    layers.remove(0);
    layers
}
