//! Building, and whether we read a context as the builder does.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use decklift::images::{
    BaseDigest, BuildSecret, BuildSpec, Builder, ImageError, ImageEvent, Images, SecretSource,
};
use tempfile::TempDir;

use crate::makers::{Maker, Makers};
use crate::support::{Cleanup, context, own_context, run, skip, unique, write};

/// One of everything that patterns speak about.
const FILES: [(&str, &str); 18] = [
    ("Dockerfile", "FROM scratch\nCOPY . /\n"),
    ("a.md", "1"),
    ("b.txt", "1"),
    ("README.md", "1"),
    ("README-secret.md", "1"),
    ("docs/a.md", "1"),
    ("docs/keep/a.md", "1"),
    ("docs/keep/b.txt", "1"),
    ("docs/sub/deep/c.md", "1"),
    ("node_modules/x/index.js", "1"),
    ("src/node_modules/y.js", "1"),
    ("src/main.rs", "1"),
    ("src/foo/bar", "1"),
    ("foo/bar/baz", "1"),
    ("foo bar", "1"),
    ("[x]", "1"),
    ("café/é", "1"),
    ("empty/", ""),
];

/// Files that both builders agree on.
const IGNORES: [&str; 24] = [
    "",
    "*",
    "**",
    "*.md",
    "**/*.md",
    "*/*.md",
    "docs",
    "/docs/",
    "./docs/./keep/../sub",
    "docs/*\n!docs/keep",
    "docs\n!docs/keep/a.md",
    "*\n!src\nsrc/node_modules",
    "*\n!src/foo/",
    "**/node_modules",
    "node_modules\n# src\n  foo  \n",
    "*.md\n!README*.md\nREADME-secret.md",
    "*.md\nREADME-secret.md\n!README*.md",
    "**\n!foo/bar/baz",
    "foo bar\n\\[x\\]",
    "[a-b].*",
    "[^a]*",
    "caf?/*",
    "**/bar/**",
    "Dockerfile\n.dockerignore",
];

/// What a builder with BuildKit's reading sees, and the legacy one by itself does not.
const WILD_EXCEPTIONS: (&str, &[&str]) =
    ("docs\nsrc\n!**/*.md", &["docs/a.md", "docs/keep/a.md", "docs/sub/deep/c.md"]);

/// The paths in an image of one layer.
fn listing(maker: &Maker, image: &str) -> BTreeSet<String> {
    // An engine of old may fail where another removes a layer at that moment.
    let mut attempts = (0..5).map(|_| maker.exported(image));
    let first = attempts.next().expect("an attempt");
    let exported = first.or_else(|said| attempts.find_map(Result::ok).ok_or(said));
    let exported = exported.unwrap_or_else(|said| panic!("{said}"));
    let mut tar = Command::new("tar")
        .args(["tf", "-", "--quoting-style=literal"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("tar");
    let mut input = tar.stdin.take().expect("input");
    let writer = std::thread::spawn(move || input.write_all(&exported));
    let listed = tar.wait_with_output().expect("tar").stdout;
    writer.join().expect("thread").expect("write");
    // What the engine puts into every container.
    let engines_own = ["dev", "etc", "proc", "run", "sys", ".dockerenv"];
    String::from_utf8(listed)
        .expect("text")
        .lines()
        .map(|line| line.trim_end_matches('/').to_owned())
        .filter(|path| !engines_own.contains(&path.split('/').next().unwrap_or_default()))
        .collect()
}

/// Runs a test with all that builds.
fn with_each(test: impl AsyncFn(&Maker)) {
    run(async {
        for maker in &Makers::all().await.all {
            test(maker).await;
        }
    });
}

fn lines(output: &std::process::Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

async fn built(maker: &Maker, root: &Path, tag: &str) -> BTreeSet<String> {
    let spec = BuildSpec::new("web", root, maker.engine.info().platform.clone());
    let mut lines = Vec::new();
    let result = maker.engine.build(&spec, tag, &mut |event| lines.push(event)).await;
    result.unwrap_or_else(|error| panic!("{error} {lines:?}"));
    assert_eq!(lines.first(), Some(&ImageEvent::BuildStarted));
    assert_eq!(lines.last(), Some(&ImageEvent::Built));
    listing(maker, tag)
}

#[test]
fn contexts_are_read_as_docker_reads_them() {
    run(async {
        let makers = Makers::all().await;
        let Some(docker) = makers.docker() else { return };
        let name = unique("decklift-test/context");
        let _cleanup = Cleanup(name.clone());
        let ours = format!("{name}:ours");
        let directory = own_files();
        for (number, ignore) in IGNORES.into_iter().enumerate() {
            // A name each: an image whose name another takes would outlive the test.
            let theirs = format!("{name}:theirs-{number}");
            write(directory.path(), ".dockerignore", ignore);
            let expected = built_plainly(docker, &theirs, directory.path());
            // What is in the image decides the name, and nothing else does.
            check_names(directory.path(), &expected).await;
        }
        let (ignore, kept) = WILD_EXCEPTIONS;
        write(directory.path(), ".dockerignore", ignore);
        for maker in &makers.all {
            let found = built(maker, directory.path(), &ours).await;
            let has_all = kept.iter().all(|path| found.contains(*path));
            assert!(has_all && !found.contains("src/main.rs"), "{:?} {found:?}", maker.builder());
        }
    });
}

/// What the engine's own command puts into an image; nothing where nothing is left to copy.
fn built_plainly(maker: &Maker, name: &str, root: &Path) -> BTreeSet<String> {
    let mut said = String::new();
    // An engine of old fails now and then where another removes a layer at that moment.
    for _ in 0..5 {
        let plain = maker.run(&["build", "-t", name, &root.display().to_string()]);
        if plain.status.success() {
            return listing(maker, name);
        }
        said = String::from_utf8_lossy(&plain.stderr).into_owned();
        if said.contains("no source files") {
            return BTreeSet::new();
        }
    }
    panic!("{said}");
}

/// [`FILES`], built into images that no other test has: see [`own_context`].
fn own_files() -> TempDir {
    let directory = context(&FILES);
    let dockerfile = format!("FROM scratch\nLABEL whose={}\nCOPY . /\n", unique("files"));
    write(directory.path(), "Dockerfile", &dockerfile);
    directory
}

async fn check_names(root: &Path, in_image: &BTreeSet<String>) {
    let images = Images::new(None);
    let spec = BuildSpec::new("web", root, "linux/amd64");
    let before = images.name(&spec).await.expect("name").tag();
    for (path, text) in FILES {
        if path.ends_with('/') || path == "Dockerfile" {
            continue;
        }
        write(root, path, "changed");
        let changed = images.name(&spec).await.expect("name").tag() != before;
        write(root, path, text);
        assert_eq!(changed, in_image.contains(path), "{path}");
    }
}

#[test]
fn a_dockerfiles_own_ignore_file_wins_with_every_builder() {
    with_each(own_ignore_file);
}

async fn own_ignore_file(maker: &Maker) {
    let name = unique("decklift-test/own-ignore");
    let _cleanup = Cleanup(name.clone());
    let directory = own_files();
    write(directory.path(), ".dockerignore", "src");
    write(directory.path(), "Dockerfile.dockerignore", "docs\nDockerfile*\n.dockerignore\n");
    let found = built(maker, directory.path(), &name).await;
    assert!(found.contains("src/main.rs") && !found.contains("docs"), "{found:?}");
    assert!(!found.iter().any(|path| path.contains("ockerfile")), "{found:?}");
}

#[test]
fn everything_reaches_the_builder() {
    with_each(everything);
}

async fn everything(maker: &Maker) {
    let engine = &maker.engine;
    let name = unique("decklift-test/options");
    let _cleanup = Cleanup(name.clone());
    let directory = context(&[("ctx/file", "x"), ("Dockerfile.prod", "")]);
    // The Dockerfile lies outside the context.
    write(
        directory.path(),
        "Dockerfile.prod",
        "FROM scratch AS other\nLABEL decklift-test=stage\nCOPY none /\n\
         FROM scratch AS prod\nARG SECRET_ARG\nARG HTTP_PROXY\n\
         LABEL got=\"$SECRET_ARG\"\nCOPY . /\n\
         FROM scratch AS last\nCOPY none /\n",
    );
    let root = directory.path().join("ctx");
    let mut spec = BuildSpec::new("web", root, engine.info().platform.clone());
    spec.dockerfile = Some("../Dockerfile.prod".to_owned());
    spec.target = Some("prod".to_owned());
    spec.args = vec![
        ("SECRET_ARG".to_owned(), "a value, with = and 'quotes'".to_owned()),
        ("HTTP_PROXY".to_owned(), "http://127.0.0.1:1".to_owned()),
    ];
    spec.labels = vec![("mine".to_owned(), "--yes x".to_owned())];
    spec.provenance = vec![("org.opencontainers.image.revision".to_owned(), "abc".to_owned())];
    // The legacy builder goes through every stage before the target.
    if engine.info().builder == Builder::Legacy {
        write(spec.context.as_path(), "none", "");
    }
    engine.build(&spec, &name, &mut |_| {}).await.expect("build");
    let labels =
        maker.run(&["image", "inspect", "--format", "{{json .Config.Labels}}", &name]).stdout;
    let labels: serde_json::Value = serde_json::from_slice(&labels).expect("labels");
    assert_eq!(labels["got"], "a value, with = and 'quotes'");
    assert_eq!(labels["mine"], "--yes x");
    assert_eq!(labels["org.opencontainers.image.revision"], "abc");
    // The legacy builder leaves the image of each stage behind.
    for id in lines(&maker.run(&["image", "ls", "-q", "--filter", "label=decklift-test=stage"])) {
        maker.run(&["image", "rm", &id]);
    }
    assert!(listing(maker, &name).contains("file"));
    assert!(!listing(maker, &name).iter().any(|path| path.contains("ockerfile")));
}

#[test]
fn a_failing_build_shows_its_last_lines() {
    with_each(failing);
}

async fn failing(maker: &Maker) {
    let engine = &maker.engine;
    let name = unique("decklift-test/failing");
    let _cleanup = Cleanup(name.clone());
    let directory = context(&[("Dockerfile", "FROM scratch\nCOPY no-such-file /\n")]);
    let spec = BuildSpec::new("web", directory.path(), engine.info().platform.clone());
    let mut events = Vec::new();
    let error = engine.build(&spec, &name, &mut |event| events.push(event)).await;
    match error.expect_err("it fails") {
        ImageError::BuildFailed { service, lines } => {
            assert_eq!(service, "web");
            assert!(lines.iter().any(|line| line.contains("no-such-file")), "{lines:?}");
        }
        other => panic!("{other}"),
    }
    assert!(!events.contains(&ImageEvent::Built));
}

#[test]
fn another_platform_is_built_or_refused_but_never_mistaken() {
    with_each(other_platform);
}

async fn other_platform(maker: &Maker) {
    let engine = &maker.engine;
    let name = unique("decklift-test/platform");
    let _cleanup = Cleanup(name.clone());
    let directory = own_context();
    let other = match engine.info().platform.as_str() {
        "linux/arm64" => "linux/amd64",
        _ => "linux/arm64",
    };
    let spec = BuildSpec::new("web", directory.path(), other);
    match engine.build(&spec, &name, &mut |_| {}).await {
        Ok(()) => {
            let image = engine.inspect(&name).await.expect("inspect").expect("image");
            assert!(image.platform.starts_with(other), "{image:?}");
        }
        Err(ImageError::PlatformUnsupported { platform, .. }) => {
            assert_eq!(engine.info().builder, Builder::Legacy);
            assert_eq!(platform, other);
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn local_bases_count_by_their_id() {
    with_each(local_base);
}

async fn local_base(maker: &Maker) {
    let engine = &maker.engine;
    let name = unique("decklift-test/base");
    let _cleanup = Cleanup(name.clone());
    let base = own_context();
    built(maker, base.path(), &format!("{name}:1")).await;

    let directory = context(&[("Dockerfile", &format!("FROM {name}:1\nCOPY . /app\n"))]);
    let spec = BuildSpec::new("web", directory.path(), engine.info().platform.clone());
    let first = Images::new(Some(engine.clone())).name(&spec).await.expect("name");
    assert!(first.unresolved_bases().is_empty());
    let again = Images::new(Some(engine.clone())).name(&spec).await.expect("name");
    assert_eq!(first, again);

    write(base.path(), "new", "file");
    maker.run(&["image", "tag", &format!("{name}:1"), &format!("{name}:old")]);
    built(maker, base.path(), &format!("{name}:1")).await;
    let moved = Images::new(Some(engine.clone())).name(&spec).await.expect("name");
    assert_ne!(first.tag(), moved.tag());
    let digest = decklift::images::resolve_base(Some(engine), &format!("{name}:1")).await;
    if maker.ids_are_configurations() {
        assert!(matches!(digest, BaseDigest::Local(_)), "{digest:?}");
    }
}

/// What only BuildKit has of docker's builders, podman and buildah have, too.
#[test]
fn secrets_and_other_contexts_reach_the_steps() {
    with_each(secrets_and_contexts);
}

async fn secrets_and_contexts(maker: &Maker) {
    let name = unique("decklift-test/steps");
    let _cleanup = Cleanup(name.clone());
    let directory = context(&[
        (
            "ctx/Dockerfile",
            "FROM scratch\nCOPY busybox /bin/busybox\nCOPY --from=other page /page\n\
             RUN --mount=type=secret,id=key --mount=type=secret,id=file [\"/bin/busybox\", \"sh\", \"-c\", \
             \"busybox sha256sum /run/secrets/key /run/secrets/file >/out; \
             busybox grep db /etc/hosts >>/out; ulimit -n >>/out\"]\n",
        ),
        ("other/page", "of the other context"),
        ("file", "canary in a file"),
    ]);
    let root = directory.path();
    if std::fs::copy("/bin/busybox", root.join("ctx/busybox")).is_err() {
        return skip("there is no /bin/busybox");
    }
    let mut spec = BuildSpec::new("web", root.join("ctx"), maker.engine.info().platform.clone());
    spec.contexts = vec![("other".to_owned(), root.join("other").display().to_string())];
    let secret = |id: &str, source| BuildSecret { id: id.to_owned(), source };
    spec.secrets = vec![
        secret("key", SecretSource::Value("canary".to_owned())),
        secret("file", SecretSource::File(root.join("file"))),
    ];
    spec.options.extra_hosts = vec!["db:10.1.2.3".to_owned()];
    spec.options.ulimits = vec!["nofile=512:512".to_owned()];
    // Some machines have no other to give.
    spec.options.network = Some("host".to_owned());
    let built = maker.engine.build(&spec, &name, &mut |_| {}).await;
    match maker.builder() {
        Builder::Legacy => {
            let Err(ImageError::NoBuildKit { needed, .. }) = built else { panic!("{built:?}") };
            assert_eq!(needed, ["additional_contexts", "secrets"]);
            return;
        }
        // Engines have other contexts since 23.
        Builder::Buildx => return,
        Builder::Podman | Builder::Buildah => {}
    }
    built.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(maker.file(&name, "page"), "of the other context");
    let out = maker.file(&name, "out");
    for expected in [hash("canary"), hash("canary in a file"), "10.1.2.3".into(), "512".into()] {
        assert!(out.contains(&expected), "{expected}: {out}");
    }
    let history = maker.said(&["image", "history", "--no-trunc", &name]);
    assert!(!history.contains("canary"), "{history}");

    spec.options.allow = vec!["network.host".to_owned()];
    let refused = maker.engine.build(&spec, &name, &mut |_| {}).await;
    let Err(ImageError::BuilderLacks { needed, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(needed, ["entitlements"]);
}

fn hash(text: &str) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(text))
}
