//! One image, whoever builds it: docker's legacy builder, buildx, podman and buildah. What they and
//! skopeo make is pushed, and read back by docker, podman and skopeo.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use decklift::images::{
    Auth, BuildSpec, Builder, Destination, ImageEvent, Images, Mode, Registry, Source,
};
use tempfile::TempDir;

use crate::makers::{Maker, Makers};
use crate::support::{Cleanup, TestRegistry, context, run, skip, unique, write};

/// 2023-11-14
const THEN: i64 = 1_700_000_000;

fn git(directory: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .current_dir(directory)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(["-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Two clones of a commit: another umask, other times, another path, other ends of lines.
fn clones(dockerfile: &str) -> (TempDir, [PathBuf; 2]) {
    let directory = context(&[("origin/run.sh", "#!/bin/sh\n"), ("origin/src/page", "one\ntwo\n")]);
    let root = directory.path();
    write(root, "origin/Dockerfile", dockerfile);
    write(root, "origin/.gitattributes", "* text=auto\n");
    write(root, "origin/.dockerignore", ".git\n*.md\n!src/**/*.md\n");
    write(root, "origin/src/deep/kept.md", "kept\n");
    write(root, "origin/left-out.md", "left out\n");
    let origin = root.join("origin");
    let run_it = origin.join("run.sh");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(run_it, mode).expect("mode");
    git(&origin, &["init", "-q"]);
    git(&origin, &["add", "."]);
    git(&origin, &["commit", "-qm", "all"]);
    let clone = |umask: &str, place: &str, line_ends: &str, time: &str| {
        let script = format!(
            "umask {umask} && git -c core.autocrlf={line_ends} clone -q origin '{place}' && \
             git -C '{place}' config core.autocrlf {line_ends} && find '{place}' -exec touch -hd '{time}' {{}} +"
        );
        let status = Command::new("sh").current_dir(root).args(["-c", &script]).status();
        assert!(status.expect("sh").success());
        root.join(place)
    };
    let first = clone("022", "a", "false", "2001-01-01");
    let second = clone("077", "elsewhere/a longer place", "true", "2020-02-02");
    let read = |root: &Path| fs::read_to_string(root.join("src/page")).expect("text");
    assert_eq!((&*read(&first), &*read(&second)), ("one\ntwo\n", "one\r\ntwo\r\n"));
    (directory, [first, second])
}

/// Puts a new image, which is there for more than one platform, under the tag `base`.
async fn move_base(maker: &Maker, destination: &Destination) {
    let name = unique("decklift-test/new-base");
    let _cleanup = Cleanup(name.clone());
    let files = context(&[("Dockerfile", "FROM scratch\nCOPY is /\n"), ("is", &unique("base"))]);
    let spec = BuildSpec::new("base", files.path(), maker.engine.info().platform.clone());
    maker.engine.build(&spec, &name, &mut |_| {}).await.expect("build");
    let images = Images::new(Some(maker.engine.clone()));
    let source = Source::Engine { name };
    let sent = images.send(&source, &spec.platform, "one", destination, &mut |_| {}).await;
    let digest = sent.expect("sent");
    let (host, repository) = destination.address.split_once('/').expect("an address");
    let registry = Registry::new(host, destination.auth.clone()).expect("registry");
    let manifest = registry.manifest(repository, &digest).await.expect("asked").expect("there");
    let of = |architecture: &str| {
        serde_json::json!({"mediaType": manifest.media_type, "digest": digest,
            "size": manifest.bytes.len(), "platform": {"os": "linux", "architecture": architecture}})
    };
    let kind = "application/vnd.oci.image.index.v1+json";
    let index = serde_json::json!({"schemaVersion": 2, "mediaType": kind,
        "manifests": [of("amd64"), of("arm64")]});
    let index = index.to_string().into_bytes().into();
    registry.put_manifest(repository, "base", kind, index).await.expect("index");
}

#[test]
fn two_clones_have_one_name_with_every_builder() {
    run(async {
        let makers = Makers::all().await;
        for registry in TestRegistry::all().await {
            one_name(&makers, &registry).await;
        }
    });
}

async fn one_name(makers: &Makers, registry: &TestRegistry) {
    let Some(first) = makers.all.first() else { return };
    let mut destination = registry.repository().await;
    // Bases are asked for as their user would be, and this one is nobody.
    destination.auth = Auth::Anonymous;
    move_base(first, &destination).await;
    let base = format!("{}:base", destination.address);
    let (_directory, places) = clones(&format!("FROM {base}\nCOPY . /app\n"));
    let service = unique("clones");
    let _cleanup = [Cleanup(format!("decklift/{service}")), Cleanup(destination.address.clone())];
    let spec = |place: &Path, maker: &Maker| {
        BuildSpec::new(&service, place, maker.engine.info().platform.clone())
    };
    // Whoever has no engine asks the registry.
    let without = Images::default().name(&spec(&places[0], first)).await.expect("name");
    assert!(without.unresolved_bases().is_empty());
    let mut digest = None;
    for (number, maker) in makers.all.iter().enumerate() {
        maker.pull(&base);
        let images = Images::new(Some(maker.engine.clone()));
        for place in &places {
            let name = images.name(&spec(place, maker)).await.expect("name");
            assert_eq!(name.tag(), without.tag(), "{:?} {}", maker.builder(), registry.name);
        }
        // It builds under that name, once.
        let spec = spec(&places[number % 2], maker);
        let mut events = Vec::new();
        let mut on_event = |event| events.push(event);
        let made = images.ensure(&spec, &without, &destination, Mode::Build, &mut on_event).await;
        let made = made.unwrap_or_else(|error| panic!("{:?}: {error}", maker.builder()));
        assert_eq!(events.contains(&ImageEvent::BuildStarted), number == 0);
        assert_eq!(*digest.get_or_insert_with(|| made.clone()), made);
    }
    move_base(first, &destination).await;
    let mut moved = Vec::new();
    for maker in &makers.all {
        maker.pull(&base);
        let images = Images::new(Some(maker.engine.clone()));
        let name = images.name(&spec(&places[1], maker)).await.expect("name");
        assert_ne!(name.tag(), without.tag(), "{:?}", maker.builder());
        moved.push(name.tag());
    }
    moved.dedup();
    assert_eq!(moved.len(), 1, "{moved:?}");
}

/// A context that makes layers of every kind, and settings that one format has no place for.
fn files(text: &str) -> TempDir {
    let dockerfile = "FROM scratch\nCOPY text /dir/text\nCOPY more /dir/more\nEXPOSE 8080\n\
                      USER 1000\nHEALTHCHECK CMD [\"/check\"]\nCMD [\"/dir/text\"]\n";
    let directory = context(&[("Dockerfile", dockerfile), ("text", text)]);
    write(directory.path(), "more", &format!("{text}\n").repeat(10_000));
    directory
}

#[test]
fn what_any_builder_makes_is_read_by_all() {
    run(async {
        let makers = Makers::all().await;
        let registries = TestRegistry::all().await;
        for maker in &makers.all {
            let name = unique("decklift-test/read-back");
            let _cleanup = Cleanup(name.clone());
            let text = unique("text");
            let files = files(&text);
            let spec = BuildSpec::new("web", files.path(), maker.engine.info().platform.clone());
            maker.engine.build(&spec, &name, &mut |_| {}).await.expect("build");
            let config = maker.engine.config(&name).await.expect("asked").expect("there");
            assert_eq!((&*config.user, config.exposed.len()), ("1000", 1), "{:?}", maker.builder());
            if maker.ids_are_configurations() {
                assert!(!config.is_public, "{:?}", maker.builder());
            }
            let check = config.health.expect("a health check").test;
            assert_eq!(check, ["CMD", "/check"], "{:?}", maker.builder());
            for (number, registry) in registries.iter().enumerate() {
                let destination = registry.repository().await;
                let text = (number == 0).then_some(&*text);
                let images = Images::new(Some(maker.engine.clone()));
                let source = Source::Engine { name: name.clone() };
                let digest = send(&images, &source, &spec.platform, &destination).await;
                let id = maker.ids_are_configurations().then(|| maker.id(&name));
                let expected = Expected { id, layers: maker.layers(&name), text };
                read_back(&makers, &destination, &digest, &expected);
                // There is nothing to send a second time.
                assert_eq!(send(&images, &source, &spec.platform, &destination).await, digest);
            }
        }
    });
}

#[test]
fn what_skopeo_makes_is_read_by_all() {
    run(async {
        let makers = Makers::all().await;
        let Some(maker) = makers.all.first() else { return };
        let name = unique("decklift-test/skopeo");
        let _cleanup = Cleanup(name.clone());
        let text = unique("text");
        let files = files(&text);
        let spec = BuildSpec::new("web", files.path(), maker.engine.info().platform.clone());
        maker.engine.build(&spec, &name, &mut |_| {}).await.expect("build");
        let path = |file: &str| files.path().join(file);
        let saved = path("saved.tar").display().to_string();
        maker.said(&["image", "save", "-o", &saved, &name]);
        let layout = path("layout").display().to_string();
        let to = format!("oci:{layout}:v1");
        if skopeo(&["copy", "-q", &format!("docker-archive:{saved}"), &to]).is_none() {
            return;
        }
        let config = skopeo(&["inspect", "--raw", &to]).expect("a manifest");
        let config: serde_json::Value = serde_json::from_str(&config).expect("a manifest");
        let id = config["config"]["digest"].as_str().expect("a digest").to_owned();
        for registry in TestRegistry::all().await {
            let destination = registry.repository().await;
            let text = Some(&*text);
            let source = Source::Layout { path: path("layout"), name: None };
            let digest = send(&Images::default(), &source, &spec.platform, &destination).await;
            let expected = Expected { id: Some(id.clone()), layers: maker.layers(&name), text };
            read_back(&makers, &destination, &digest, &expected);
        }
    });
}

async fn send(images: &Images, source: &Source, platform: &str, to: &Destination) -> String {
    images.send(source, platform, "v1", to, &mut |_| {}).await.expect("sent")
}

/// What an image has to be like when it comes back.
struct Expected<'a> {
    /// The digest of its configuration, where that is known.
    id: Option<String>,
    layers: String,
    /// Of a file in it, where that is to be looked at.
    text: Option<&'a str>,
}

fn read_back(makers: &Makers, destination: &Destination, digest: &str, expected: &Expected<'_>) {
    let pinned = format!("{}@{digest}", destination.address);
    for reader in makers.docker().into_iter().chain(makers.podman()) {
        reader.pull(&pinned);
        if let Some(id) = expected.id.as_ref().filter(|_| reader.ids_are_configurations()) {
            assert_eq!(&reader.id(&pinned), id, "{:?}", reader.builder());
        }
        assert_eq!(reader.layers(&pinned), expected.layers, "{:?}", reader.builder());
        if let Some(text) = expected.text {
            assert_eq!(reader.file(&pinned, "dir/text"), text, "{:?}", reader.builder());
        }
        // Its name alone: the image may be the one that is still needed.
        reader.said(&["image", "rm", &pinned]);
    }
    let directory = tempfile::tempdir().expect("directory");
    let copy = format!("dir:{}", directory.path().display());
    let from = format!("docker://{}:v1", destination.address);
    let login = match &destination.auth {
        Auth::Basic { user, password } => format!("{user}:{password}"),
        _ => "nobody:".to_owned(),
    };
    // Reads every layer and checks its digest.
    skopeo(&["copy", "-q", "--src-tls-verify=false", "--src-creds", &login, &from, &copy]);
    let raw = skopeo(&["inspect", "--raw", "--tls-verify=false", "--creds", &login, &from]);
    if let Some(raw) = raw {
        let manifest: serde_json::Value = serde_json::from_str(&raw).expect("a manifest");
        if let Some(id) = &expected.id {
            assert_eq!(&manifest["config"]["digest"], id);
        }
    }
}

/// skopeo, where it is installed.
fn skopeo(arguments: &[&str]) -> Option<String> {
    match Command::new("skopeo").args(arguments).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "skopeo {arguments:?}: {said}");
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Err(_) => {
            skip("there is no skopeo");
            None
        }
    }
}

/// How far a builder goes in making the same again.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Again {
    /// Nothing is the same.
    Nothing,
    /// The image says the time that it was told; its files have their own.
    Time,
    /// Its layers are the same, and its configuration has something that is not.
    Layers,
    /// Everything, and so the digest.
    Image,
}

#[test]
fn two_builds_at_one_time() {
    run(async {
        for maker in &Makers::all().await.all {
            let first = build_at(maker, "2001-01-01").await;
            std::thread::sleep(std::time::Duration::from_millis(1100));
            let second = build_at(maker, "2002-02-02").await;
            let said_time = first.created.starts_with("2023-11-14");
            let found = match (first.layers == second.layers, first.id == second.id) {
                (_, true) => Again::Image,
                (true, false) => Again::Layers,
                (false, false) if said_time => Again::Time,
                (false, false) => Again::Nothing,
            };
            let info = maker.engine.info();
            let major: u32 =
                info.version.split('.').next().and_then(|n| n.parse().ok()).unwrap_or(0);
            let minor: u32 =
                info.version.split('.').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
            let expected = match maker.builder() {
                // It knows nothing of it.
                Builder::Legacy => Again::Nothing,
                // BuildKit does since 0.11, which engines have since 23; what writes the image
                // into the engine's store leaves the files alone.
                Builder::Buildx if major >= 23 => Again::Time,
                Builder::Buildx => Again::Nothing,
                // Older ones write a container's random id into the configuration.
                Builder::Podman if major >= 5 => Again::Image,
                Builder::Buildah if (major, minor) >= (1, 41) => Again::Image,
                Builder::Podman | Builder::Buildah => Again::Layers,
            };
            assert!(found >= expected, "{info:?}: {found:?}, not {expected:?}");
            if expected >= Again::Time {
                assert!(said_time, "{info:?}: {}", first.created);
            }
        }
    });
}

struct Made {
    id: String,
    layers: String,
    created: String,
}

/// Builds from nothing what has files of a time of their own.
async fn build_at(maker: &Maker, time: &str) -> Made {
    let name = unique("decklift-test/again");
    let _cleanup = Cleanup(name.clone());
    let files = context(&[
        ("Dockerfile", "FROM scratch\nWORKDIR /made\nCOPY a /dir/a\nENV A=1\n"),
        ("a", "the same"),
    ]);
    let touched = Command::new("touch").args(["-d", time]).arg(files.path().join("a")).status();
    assert!(touched.expect("touch").success());
    let mut spec = BuildSpec::new("web", files.path(), maker.engine.info().platform.clone());
    spec.made_at = Some(THEN);
    spec.options.no_cache = true;
    let built = maker.engine.build(&spec, &name, &mut |_| {}).await;
    built.unwrap_or_else(|error| panic!("{:?}: {error}", maker.builder()));
    Made {
        id: maker.id(&name),
        layers: maker.layers(&name),
        created: maker.inspect(&name, ".Created"),
    }
}
