//! The registry client against real registries.

use bytes::Bytes;
use decklift::images::{BlobSource, Placeholder, Registry, RegistryCode, RegistryError};
use sha2::{Digest, Sha256};

use crate::support::{TestRegistry, run};

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

#[test]
fn blobs_and_manifests() {
    run(async {
        for test in TestRegistry::all().await {
            let destination = test.repository().await;
            let repository = destination.address.split_once('/').expect("repository").1.to_owned();
            let registry = Registry::new(&test.host, destination.auth).expect("client");
            blobs(&registry, &repository).await;
            manifests(&registry, &repository).await;
        }
    });
}

async fn blobs(registry: &Registry, repository: &str) {
    let content = Bytes::from(vec![7; 3 << 20]);
    let name = digest(&content);
    assert!(!registry.has_blob(repository, &name).await.expect("answer"));
    // A file is streamed, memory is sent: the registry cannot tell.
    let directory = tempfile::tempdir().expect("directory");
    let path = directory.path().join("blob");
    std::fs::write(&path, &content).expect("write");
    let file = BlobSource::File(path);
    assert!(registry.upload(repository, &name, &file).await.expect("upload"));
    assert!(registry.has_blob(repository, &name).await.expect("answer"));
    assert!(!registry.upload(repository, &name, &file).await.expect("upload"));

    let wrong = digest(b"something else");
    let refused = registry.upload(repository, &wrong, &BlobSource::Bytes(content)).await;
    assert!(refused.is_err(), "{refused:?}");
    assert!(!registry.has_blob(repository, &wrong).await.expect("answer"));
}

async fn manifests(registry: &Registry, repository: &str) {
    assert_eq!(registry.manifest_digest(repository, "v1").await.expect("answer"), None);
    assert_eq!(registry.manifest(repository, "v1").await.expect("answer"), None);
    let placeholder = Placeholder::new("web", "v1", "linux/arm64");
    let pushed = placeholder.push(registry, repository, "v1").await.expect("push");
    assert_eq!(pushed, placeholder.digest());
    let found = registry.manifest_digest(repository, "v1").await.expect("answer");
    assert_eq!(found.as_ref(), Some(&pushed));
    for reference in ["v1", &pushed] {
        let found = registry.manifest(repository, reference).await.expect("answer").expect("found");
        assert_eq!(found.digest, pushed);
        assert_eq!(found.media_type, "application/vnd.oci.image.manifest.v1+json");
        assert!(Placeholder::is_placeholder(&found.bytes));
    }
}

#[test]
fn a_repository_that_is_missing() {
    run(async {
        for test in TestRegistry::all().await {
            // The other one makes repositories as they are named.
            if test.name != "ministack" {
                continue;
            }
            let registry = Registry::new(&test.host, Default::default()).expect("client");
            let blob = BlobSource::Bytes(Bytes::from_static(b"x"));
            match registry.upload("decklift-test/none", &digest(b"x"), &blob).await {
                Err(RegistryError::Refused { code, .. }) => {
                    assert_eq!(code, RegistryCode::NameUnknown)
                }
                other => panic!("{other:?}"),
            }
        }
    });
}
