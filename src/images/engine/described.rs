//! What an image says of itself, in the words of `docker image inspect`, whoever is asked.

use serde_json::{Map, Value, json};

use super::{Builder, Engine};
use crate::images::error::ImageError;

impl Engine {
    /// Nothing when there is no image of that name.
    pub(super) async fn described(&self, name: &str) -> Result<Option<Vec<u8>>, ImageError> {
        let output = match self.info.builder {
            Builder::Buildah => self.output(&["inspect", "--type", "image", "--", name]).await?,
            _ => self.output(&["image", "inspect", "--format", "{{json .}}", "--", name]).await?,
        };
        if output.status.success() {
            return Ok(match self.info.builder {
                Builder::Buildx | Builder::Legacy => Some(output.stdout),
                Builder::Podman => {
                    let list = &["images", "--format", "json", "--", name];
                    of_podman(&output.stdout, &self.output(list).await?.stdout)
                }
                Builder::Buildah => {
                    let list = &["images", "--json", "--", name];
                    of_buildah(&output.stdout, &self.output(list).await?.stdout)
                }
            });
        }
        let lower = String::from_utf8_lossy(&output.stderr).to_lowercase();
        // Odd names are refused before anything is looked up: no image has them.
        let none = ["no such", "not found", "not known", "invalid reference"];
        if none.iter().any(|text| lower.contains(text)) {
            return Ok(None);
        }
        Err(self.failed(&output.stderr))
    }
}

/// The digest by which an image was asked for, out of a list of images. That of an inspection may be
/// the one of its platform's manifest alone.
fn listed_digest(list: &[u8]) -> Option<String> {
    let list: Value = serde_json::from_slice(list).ok()?;
    let digest = list[0].get("Digest").or_else(|| list[0].get("digest"))?;
    digest.as_str().map(str::to_owned)
}

/// podman writes a list where docker writes one image, an id without its algorithm, the health check
/// beside the settings, and as digests what no registry ever saw.
fn of_podman(inspected: &[u8], listed: &[u8]) -> Option<Vec<u8>> {
    let mut image = match serde_json::from_slice(inspected).ok()? {
        Value::Array(images) => images.into_iter().next()?,
        one => one,
    };
    let fields = image.as_object_mut()?;
    let id = with_algorithm(fields.get("Id")?.as_str()?);
    fields.insert("Id".to_owned(), id.into());
    if let Some(check) = fields.remove("Healthcheck").filter(|check| !check.is_null()) {
        let settings = fields.entry("Config").or_insert(Value::Null);
        if settings.is_null() {
            *settings = Value::Object(Map::new());
        }
        settings.as_object_mut()?.insert("Healthcheck".to_owned(), check);
    }
    if let Some(Value::Array(digests)) = fields.get_mut("RepoDigests") {
        foreign_digests(digests, listed_digest(listed).as_deref());
    }
    serde_json::to_vec(&image).ok()
}

/// Those that a registry may know, and first the one that the image was asked for by. Of an image for
/// several platforms there are two, that of the index and that of the platform's own manifest; one that
/// was built here and pulled again has a third.
fn foreign_digests(digests: &mut Vec<Value>, asked_for: Option<&str>) {
    fn split(digest: &Value) -> (&str, &str) {
        digest.as_str().and_then(|text| text.split_once('@')).unwrap_or_default()
    }
    // What was only built here is in a registry that there is not.
    digests.retain(|digest| !split(digest).0.starts_with("localhost/"));
    digests.sort_by_key(|digest| Some(split(digest).1) != asked_for);
}

fn of_buildah(inspected: &[u8], listed: &[u8]) -> Option<Vec<u8>> {
    let answer: Value = serde_json::from_slice(inspected).ok()?;
    let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
    let stored: Value = serde_json::from_str(text("Config")).ok()?;
    let own = text("FromImageDigest");
    let asked_for = listed_digest(listed).unwrap_or_else(|| own.to_owned());
    let name = text("FromImage");
    let start = name.rfind('/').map_or(0, |slash| slash + 1);
    let end = name[start..].find([':', '@']).map_or(name.len(), |end| start + end);
    let mut digests: Vec<Value> =
        [&*asked_for, own].map(|digest| format!("{}@{digest}", &name[..end]).into()).into();
    digests.dedup();
    foreign_digests(&mut digests, Some(&asked_for));
    serde_json::to_vec(&json!({
        "Id": with_algorithm(Some(text("FromImageID")).filter(|id| !id.is_empty())?),
        "RepoDigests": digests,
        "Os": stored["os"].as_str().unwrap_or_default(),
        "Architecture": stored["architecture"].as_str().unwrap_or_default(),
        "Variant": stored["variant"],
        "Config": stored["config"],
        "RootFS": { "Layers": stored["rootfs"]["diff_ids"] },
    }))
    .ok()
}

fn with_algorithm(id: &str) -> String {
    match id.contains(':') {
        true => id.to_owned(),
        false => format!("sha256:{id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::local_image;
    use super::*;
    use crate::images::config::ImageConfig;

    #[test]
    fn podman_in_the_words_of_docker() {
        let json =
            br#"[{"Id":"ab","Digest":"sha256:own","RepoDigests":["docker.io/library/b@sha256:own",
            "docker.io/library/b@sha256:index","localhost/b@sha256:own","quay.io/b@sha256:own"],
            "Os":"linux","Architecture":"arm64","Config":{"User":"app"},
            "Healthcheck":{"Test":["CMD","/x"]}}]"#;
        let described = of_podman(json, br#"[{"Digest":"sha256:index"}]"#).expect("an image");
        let image = local_image(&described).expect("an image");
        assert_eq!(image.id, "sha256:ab");
        let [index, own] = ["docker.io/library/b@sha256:index", "docker.io/library/b@sha256:own"];
        assert_eq!(image.repo_digests, [index, own, "quay.io/b@sha256:own"]);
        let config = ImageConfig::read(&described).expect("settings");
        assert_eq!(config.user, "app");
        assert_eq!(config.health.expect("a check").test, ["CMD", "/x"]);
        // Newer ones write the image alone, and perhaps no settings.
        let one = br#"{"Id":"sha256:ab","Config":null,"Healthcheck":{"Test":["NONE"]}}"#;
        let config = ImageConfig::read(&of_podman(one, b"").expect("an image")).expect("settings");
        assert_eq!(config.health.expect("a check").test, ["NONE"]);
        for bad in
            ["", "[]", "[1]", "{}", r#"{"Id":1}"#, r#"{"Id":"a","Config":1,"Healthcheck":{}}"#]
        {
            assert_eq!(of_podman(bad.as_bytes(), b"[]"), None, "{bad}");
        }
    }

    #[test]
    fn buildah_in_the_words_of_docker() {
        let config = r#"{"os":"linux","architecture":"arm","variant":"v7",
            "config":{"Healthcheck":{"Test":["CMD","/x"]},"ExposedPorts":{"80/tcp":{}}},
            "rootfs":{"diff_ids":["sha256:1"]}}"#;
        let json = |name: &str| {
            let answer = json!({"FromImage": name, "FromImageID": "ab",
                "FromImageDigest": "sha256:own", "Config": config});
            let listed = br#"[{"digest":"sha256:index"}]"#;
            of_buildah(answer.to_string().as_bytes(), listed).expect("an image")
        };
        let described = json("my.io:5000/a/b:1");
        let image = local_image(&described).expect("an image");
        assert_eq!((image.id.as_str(), image.platform.as_str()), ("sha256:ab", "linux/arm/v7"));
        assert_eq!(
            image.repo_digests,
            ["my.io:5000/a/b@sha256:index", "my.io:5000/a/b@sha256:own"]
        );
        let config = ImageConfig::read(&described).expect("settings");
        assert_eq!(config.exposed, [(80, "tcp".to_owned())]);
        assert!(config.health.is_some());
        assert!(local_image(&json("localhost/b:1")).expect("an image").repo_digests.is_empty());
        for bad in ["", "{}", r#"{"FromImageID":"a","Config":"{"}"#, r#"{"Config":"{}"}"#] {
            assert_eq!(of_buildah(bad.as_bytes(), b""), None, "{bad}");
        }
    }
}
