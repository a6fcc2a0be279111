//! `convert --resolve-digests`: images by what their registries have under their tags.

use sha2::{Digest, Sha256};

use crate::support::{Answer, Project, Server};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn digest(text: &str) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(text)))
}

/// A registry with one image, `acme/web:1`, for one platform; and its digest.
fn registry() -> (Server, String) {
    let config =
        r#"{"os": "linux", "architecture": "arm64", "rootfs": {"type": "layers", "diff_ids": []}}"#;
    let manifest = format!(
        r#"{{"schemaVersion": 2, "mediaType": "{MANIFEST}", "config": {{"mediaType":
        "application/vnd.oci.image.config.v1+json", "digest": "{}", "size": {}}}, "layers": []}}"#,
        digest(config),
        config.len()
    );
    let found = digest(&manifest);
    let own = found.clone();
    let server = Server::new(move |request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let is = |rest: &str| path == format!("/v2/acme/web/{rest}");
        match path {
            "/v2/" => Answer { kind: "application/json", ..Answer::default() },
            _ if is("manifests/1") || is(&format!("manifests/{own}")) => {
                Answer { kind: MANIFEST, body: manifest.clone(), ..Answer::default() }
            }
            _ if is(&format!("blobs/{}", digest(config))) => Answer {
                kind: "application/octet-stream",
                body: config.to_owned(),
                ..Answer::default()
            },
            _ => Answer { status: 404, kind: "application/json", body: "{}".to_owned() },
        }
    });
    (server, found)
}

fn project(text: &str) -> Project {
    Project::of(text).variable("DOCKER", "/nonexistent").variable("DECKLIFT_CACHE_DIR", "cache")
}

#[test]
fn tags_become_digests() {
    let (server, digest) = registry();
    let host = server.url.trim_start_matches("http://");
    let text = format!(
        "services:\n  web:\n    image: {host}/acme/web:1\n    platform: linux/arm64\n  other:\n    \
         image: 127.0.0.1:1/acme/other:1\n"
    );
    let project = project(&text);
    let before = project.run("convert").to_string();
    assert!(before.contains(&format!("\"{host}/acme/web:1\"")), "{before}");
    assert_eq!(server.asked(), 0);
    let after = project.run("convert --resolve-digests").to_string();
    assert!(after.contains(&format!("\"{host}/acme/web@{digest}\"")), "{after}");
    // Of what nobody answers for, the tag stays.
    assert!(after.contains("\"127.0.0.1:1/acme/other:1\""), "{after}");
    // That it is for the platform is remembered. The tag is looked at again: twice, because this
    // registry does not say a digest when it is only asked for the head.
    let asked = server.asked();
    assert_eq!(project.run("convert --resolve-digests").to_string(), after);
    assert_eq!(server.asked(), asked + 2);
}

#[test]
fn an_image_that_is_not_for_the_machine_is_refused() {
    let (server, _) = registry();
    let host = server.url.trim_start_matches("http://");
    let text = format!("services:\n  web:\n    image: {host}/acme/web:1\n");
    let told = project(&text).run("convert --resolve-digests").to_string();
    let place = "compose.yaml:3:12";
    for part in ["error[wrong-machine]", place, "linux/amd64", "linux/arm64", "help: "] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn an_image_that_its_registry_does_not_have_is_named() {
    let (server, _) = registry();
    let host = server.url.trim_start_matches("http://");
    let text = format!("services:\n  web:\n    image: {host}/acme/gone:1\n");
    let told = project(&text).run("convert --resolve-digests").to_string();
    assert!(told.contains(&format!("there is no image {host}/acme/gone:1")), "{told}");
    assert!(told.contains(&format!("\"{host}/acme/gone:1\"")), "{told}");
}
