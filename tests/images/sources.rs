//! Images from wherever they come from, read back by docker and by skopeo.

use std::path::Path;
use std::process::{Command, Output};

use decklift::images::{
    Auth, Destination, Engine, ImageError, ImageEvent, Images, LayerArrival, Mode, Origin, Source,
};

use crate::sample::{GZIP, digest, gzip, tar};
use crate::support::{Cleanup, TestRegistry, context, docker, engine, run, skip, unique, write};

/// skopeo, where it is installed.
fn skopeo(arguments: &[&str]) -> Option<Output> {
    let output = Command::new("skopeo").args(arguments).output();
    match output {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "skopeo {arguments:?}: {said}");
            Some(output)
        }
        Err(_) => {
            skip("there is no skopeo");
            None
        }
    }
}

const ID: &str = "{{.Id}}";
const LAYERS: &str = "{{json .RootFS.Layers}}";

/// An image of three layers in the engine: text, bytes that do not compress, and an empty directory.
fn build(name: &str, text: &str) -> String {
    let dockerfile =
        "FROM scratch\nCOPY text /text\nCOPY noise /noise\nCOPY empty /empty\nCMD [\"/text\"]\n";
    let directory = context(&[("Dockerfile", dockerfile), ("empty/", "")]);
    write(directory.path(), "text", &format!("{text}\n").repeat(100_000));
    let mut state = 1_u64;
    let noise = std::iter::repeat_with(|| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    });
    let noise: Vec<u8> = text.bytes().chain(noise.take(3_000_000)).collect();
    std::fs::write(directory.path().join("noise"), noise).expect("write");
    let built = docker(&["build", "--quiet", "-t", name, &directory.path().display().to_string()]);
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    inspect(name, ID)
}

fn inspect(name: &str, format: &str) -> String {
    let output = docker(&["image", "inspect", "--format", format, name]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

async fn send(
    images: &Images,
    source: &Source,
    destination: &Destination,
) -> (Result<String, ImageError>, Vec<LayerArrival>) {
    let mut arrivals = Vec::new();
    let mut on_event = |event| {
        if let ImageEvent::Layer { arrival, .. } = event {
            arrivals.push(arrival);
        }
    };
    let result = images.send(source, "linux/amd64", "v1", destination, &mut on_event).await;
    (result, arrivals)
}

/// The image comes back as the one that it was: `expected` of it is what the engine says of it, in the
/// form of `format`. Its name alone goes again: the image is the one that is still needed.
fn pulled_again(destination: &Destination, digest: &str, (format, expected): (&str, &str)) {
    let pinned = format!("{}@{digest}", destination.address);
    let pulled = docker(&["pull", &pinned]);
    assert!(pulled.status.success(), "{}", String::from_utf8_lossy(&pulled.stderr));
    let found = inspect(&pinned, format);
    docker(&["image", "rm", &pinned]);
    // Engines with containerd's storage say nothing of the layers of what they pulled.
    if found != "null" {
        assert_eq!(found, expected);
    }
    let login = match &destination.auth {
        Auth::Basic { user, password } => format!("{user}:{password}"),
        _ => "nobody:".to_owned(),
    };
    let directory = tempfile::tempdir().expect("directory");
    let copy = format!("dir:{}", directory.path().display());
    let from = format!("docker://{}:v1", destination.address);
    // Reads every layer and checks its digest.
    skopeo(&["copy", "-q", "--src-tls-verify=false", "--src-creds", &login, &from, &copy]);
}

fn amd64(engine: &Engine) -> bool {
    let is = engine.info().platform == "linux/amd64";
    if !is {
        skip("the engine does not build for linux/amd64");
    }
    is
}

#[test]
fn from_the_engine() {
    run(async {
        let Some(engine) = engine().await.filter(amd64) else { return };
        for registry in TestRegistry::all().await {
            let name = unique("decklift-test/source");
            let _cleanup = Cleanup(name.clone());
            let id = build(&name, &unique("text"));
            let cache = tempfile::tempdir().expect("directory");
            let images = || Images::new(Some(engine.clone())).with_cache(cache.path());
            let source = Source::Engine { name: name.clone() };
            let destination = registry.repository().await;
            let (digest, arrivals) = send(&images(), &source, &destination).await;
            let digest = digest.expect("uploaded");
            assert_eq!(arrivals, [LayerArrival::Uploaded; 3], "{}", registry.name);
            pulled_again(&destination, &digest, (ID, &id));

            // What was pulled is as good as what was built.
            let pinned = format!("{}@{digest}", destination.address);
            assert!(docker(&["pull", &pinned]).status.success());
            let other = registry.repository().await;
            let pulled = Source::Engine { name: pinned.clone() };
            let images_of = Images::new(Some(engine.clone()));
            let (second, _) = send(&images_of, &pulled, &other).await;
            pulled_again(&other, &second.expect("uploaded"), (ID, &id));
            docker(&["image", "rm", &pinned]);

            // Another run, with nothing but what was remembered.
            let (again, arrivals) = send(&images(), &source, &destination).await;
            assert_eq!((again.expect("there"), arrivals), (digest, vec![LayerArrival::Present; 3]));

            // An image with one layer more brings that layer, out of the same export.
            let more = context(&[("Dockerfile", &format!("FROM {name}\nCOPY more /more\n"))]);
            write(more.path(), "more", &unique("more"));
            let larger = format!("{name}:larger");
            let path = more.path().display().to_string();
            assert!(docker(&["build", "--quiet", "-t", &larger, &path]).status.success());
            let id = inspect(&larger, ID);
            let source = Source::Engine { name: larger };
            let (digest, mut arrivals) = send(&images(), &source, &destination).await;
            arrivals.sort_by_key(|arrival| *arrival == LayerArrival::Uploaded);
            let there = LayerArrival::Present;
            assert_eq!(arrivals, [there, there, there, LayerArrival::Uploaded]);
            pulled_again(&destination, &digest.expect("uploaded"), (ID, &id));

            let missing = Source::Engine { name: unique("decklift-test/none") };
            let (result, _) = send(&images(), &missing, &destination).await;
            assert!(matches!(result, Err(ImageError::NoSuchImage { .. })), "{result:?}");
            let mut none = |_| {};
            let arm = images().send(&source, "linux/arm64", "v1", &destination, &mut none).await;
            let message = arm.expect_err("not for arm").to_string();
            assert!(message.contains("there it is for linux/amd64"), "{message}");
        }
    });
}

#[test]
fn from_layouts_and_archives() {
    run(async {
        let Some(_) = engine().await.filter(amd64) else { return };
        let name = unique("decklift-test/archive");
        let _cleanup = Cleanup(name.clone());
        build(&name, &unique("text"));
        // skopeo writes a configuration of its own, and with it another id.
        let layers = inspect(&name, LAYERS);
        let directory = tempfile::tempdir().expect("directory");
        let path = |name: &str| directory.path().join(name);
        let text = |name: &str| path(name).display().to_string();
        assert!(docker(&["image", "save", "-o", &text("docker.tar"), &name]).status.success());
        let saved = format!("docker-archive:{}", text("docker.tar"));
        for (kind, place) in [("oci", "layout"), ("oci-archive", "oci.tar")] {
            let to = format!("{kind}:{}:v1", text(place));
            if skopeo(&["copy", "-q", &saved, &to]).is_none() {
                return;
            }
        }
        // A directory of files is a tar of files.
        let layout_tar = Command::new("tar")
            .args(["-C", &text("layout"), "-cf", &text("layout.tar"), "."])
            .status();
        assert!(layout_tar.expect("tar").success());
        for registry in TestRegistry::all().await {
            let mut digests = Vec::new();
            for place in ["docker.tar", "layout", "oci.tar", "layout.tar"] {
                let destination = registry.repository().await;
                let source = Source::Archive { path: path(place), name: None };
                let (digest, arrivals) = send(&Images::default(), &source, &destination).await;
                let digest = digest.unwrap_or_else(|error| panic!("{place}: {error}"));
                assert_eq!(arrivals.len(), 3, "{place}");
                pulled_again(&destination, &digest, (LAYERS, &layers));
                digests.push(digest);
            }
            // What has a manifest keeps it.
            assert_eq!(digests[1], digests[2]);
            assert_eq!(digests[1], digests[3]);
        }
    });
}

#[test]
fn from_another_registry_without_an_engine() {
    run(async {
        let Some(engine) = engine().await.filter(amd64) else { return };
        let registries = TestRegistry::all().await;
        let name = unique("decklift-test/copy");
        let _cleanup = Cleanup(name.clone());
        let id = build(&name, &unique("text"));
        for (from, to) in registries.iter().zip(registries.iter().rev()) {
            let first = from.repository().await;
            let source = Source::Engine { name: name.clone() };
            let (digest, _) = send(&Images::new(Some(engine.clone())), &source, &first).await;
            let digest = digest.expect("uploaded");
            let second = to.repository().await;
            let origin = Origin {
                reference: format!("{}:v1", first.address),
                platform: "linux/amd64".to_owned(),
                tag: "v1".to_owned(),
            };
            let images = Images::default();
            let copied = images.copy(&origin, &second, Mode::Build, &mut |_| {}).await;
            assert_eq!(copied.expect("copied"), digest, "{} to {}", from.name, to.name);
            pulled_again(&second, &digest, (ID, &id));

            let other =
                Origin { platform: "linux/arm64".to_owned(), tag: "v2".to_owned(), ..origin };
            let refused = images.copy(&other, &second, Mode::Build, &mut |_| {}).await;
            let message = refused.expect_err("not for arm").to_string();
            assert!(message.contains("there it is for linux/amd64"), "{message}");
        }
    });
}

#[test]
fn what_is_no_image() {
    run(async {
        let destination =
            Destination { address: "127.0.0.1:1/web".to_owned(), auth: Auth::Anonymous };
        let directory = context(&[("text", "no image"), ("empty/", ""), ("bad/index.json", "{")]);
        let root = directory.path();
        for (place, words) in [
            ("text", "tar"),
            ("empty", "neither an index.json nor a manifest.json"),
            ("bad", "index.json"),
            ("none", "No such file"),
        ] {
            let source = Source::Archive { path: root.join(place), name: None };
            let (result, _) = send(&Images::default(), &source, &destination).await;
            let message = result.expect_err(place).to_string();
            assert!(message.contains(words), "{message}");
            assert!(message.contains(&Path::new(place).display().to_string()), "{message}");
        }
    });
}

/// A layout of documents alone; the manifest is called `digest` in its index.
fn layout_of(manifest: &str, config: Option<&str>) -> tempfile::TempDir {
    let directory = context(&[("blobs/sha256/", "")]);
    let blob = |text: &str| {
        let digest = digest(text.as_bytes());
        write(directory.path(), &format!("blobs/sha256/{}", &digest[7..]), text);
        digest
    };
    let config = config.map(blob).unwrap_or_else(|| digest(b""));
    let digest = blob(&manifest.replace("{config}", &config));
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let entry = format!(r#"{{"mediaType":"{kind}","digest":"{digest}","size":1}}"#);
    write(directory.path(), "index.json", &format!(r#"{{"manifests":[{entry}]}}"#));
    directory
}

#[test]
fn documents_that_mean_harm_or_nothing() {
    let layer = format!(r#"{{"digest":"{}","size":1,"mediaType":"{GZIP}"}}"#, digest(b"x"));
    let with = |layers: &str, size: usize| {
        format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{config}}","size":{size}}},"layers":[{layers}]}}"#
        )
    };
    let many = |count: usize| vec![layer.as_str(); count].join(",");
    let good = r#"{"architecture":"amd64","os":"linux"}"#;
    let arm = r#"{"architecture":"arm64","os":"linux"}"#;
    run(async {
        let destination =
            Destination { address: "127.0.0.1:1/web".to_owned(), auth: Auth::Anonymous };
        for (manifest, config, words) in [
            (with("", 1), Some("no JSON"), "its configuration: expected ident"),
            (with("", 1), Some("[1, 2]"), "its configuration: "),
            (with("", 1), None, "it names a configuration and does not have it"),
            (with("", 1), Some(arm), "there it is for linux/arm64"),
            (with(&many(1), 1), Some(good), "it names a layer and does not have it"),
            (with(&many(20_000), 1), Some(good), "it has 20000 layers"),
            // As many as this are more than a manifest may have.
            (with(&many(1_000_000), 1), Some(good), "4194304 are allowed"),
            ("{\"schemaVersion\":1}".to_owned(), None, "schema 1"),
            ("{".to_owned(), None, "understand the image's manifest"),
        ] {
            let directory = layout_of(&manifest, config);
            let source = Source::Layout { path: directory.path().to_owned(), name: None };
            let (result, _) = send(&Images::default(), &source, &destination).await;
            let message = result.expect_err(words).to_string();
            assert!(message.contains(words), "{words}: {message}");
            assert!(message.contains(&directory.path().display().to_string()), "{message}");
        }
    });
}

#[test]
fn archives_that_mean_harm() {
    let config = r#"{"architecture":"amd64","os":"linux","rootfs":{"diff_ids":["ID"]}}"#;
    let list = |layer: &str| format!(r#"[{{"Config":"config.json","Layers":["{layer}"]}}]"#);
    let id = digest(b"content");
    let config = config.replace("ID", &id);
    let archive = |list: &str, layer: &[u8]| {
        tar(&[
            ("config.json", config.as_bytes()),
            ("layer.tar", layer),
            ("manifest.json", list.as_bytes()),
        ])
    };
    // The header of a file says that it has an exabyte.
    let mut huge = archive(&list("layer.tar"), b"content");
    let at = 1024;
    assert_eq!(&huge[at..at + 9], b"layer.tar");
    huge[at + 124..at + 136]
        .copy_from_slice(&[0x80, 0, 0, 0, 0x0d, 0xe0, 0xb6, 0xb3, 0xa7, 0x64, 0, 0]);
    let sum: u32 = (at..at + 512)
        .map(
            |place| if (at + 148..at + 156).contains(&place) { 32 } else { u32::from(huge[place]) },
        )
        .sum();
    huge[at + 148..at + 155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let cases = [
        ("up", archive(&list("../../../../etc/passwd"), b"content"), "does not have it"),
        ("absolute", archive(&list("/etc/passwd"), b"content"), "does not have it"),
        ("huge", huge, "cut short"),
        ("other", archive(&list("layer.tar"), b"other"), "it names"),
        ("twice", archive(&list("layer.tar\",\"layer.tar"), b"content"), "number of layers"),
        ("none", archive("[]", b""), "no image of that name"),
        ("packed", gzip(&archive(&list("layer.tar"), b"content")), "unpack it"),
    ];
    run(async {
        let registries = TestRegistry::all().await;
        let Some(registry) = registries.first() else { return };
        let directory = tempfile::tempdir().expect("directory");
        for (name, bytes, words) in cases {
            let path = directory.path().join(name);
            std::fs::write(&path, bytes).expect("write");
            let destination = registry.repository().await;
            let source = Source::Archive { path: path.clone(), name: None };
            let (result, _) = send(&Images::default(), &source, &destination).await;
            let message = result.expect_err(name).to_string();
            assert!(message.contains(words), "{name}: {message}");
            assert!(message.contains(&path.display().to_string()), "{name}: {message}");
            let there = Images::default().has(&destination, "v1").await;
            assert_eq!(there.expect("an answer"), None, "{name}");
        }
    });
}
