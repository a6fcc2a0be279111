use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::images::{BuildSecret, SecretSource, external_bases};

/// A context with one of everything.
fn context() -> TempDir {
    let directory = tempfile::tempdir().expect("directory");
    let root = directory.path();
    fs::create_dir_all(root.join("src/empty")).expect("create");
    fs::create_dir(root.join("logs")).expect("create");
    for (path, text) in [
        ("Dockerfile", "FROM base:1\nCOPY . /\n"),
        (".dockerignore", "logs\n!logs/keep\n*.tmp\n"),
        ("run.sh", "#!/bin/sh\n"),
        ("src/a", "one"),
        ("logs/keep", "kept"),
        ("logs/x", "dropped"),
        ("x.tmp", "dropped"),
    ] {
        fs::write(root.join(path), text).expect("write");
    }
    set_mode(&root.join("run.sh"), 0o755);
    symlink("src/a", root.join("link")).expect("link");
    symlink("loop", root.join("loop")).expect("link");
    symlink("..", root.join("src/up")).expect("link");
    directory
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("mode");
}

fn spec(root: &Path) -> BuildSpec {
    BuildSpec::new("web", root, "linux/amd64")
}

fn bases(digest: &str) -> BaseDigests {
    BaseDigests::from([("base:1".to_owned(), BaseDigest::Registry(digest.to_owned()))])
}

fn tag(spec: &BuildSpec) -> String {
    content_name(spec, &bases("sha256:1")).expect("name").tag()
}

#[test]
fn what_is_listed() {
    let directory = context();
    let context = Context::read(&spec(directory.path())).expect("context");
    let names: Vec<_> = context.entries.keys().map(|key| String::from_utf8_lossy(key)).collect();
    assert_eq!(
        names,
        [
            ".dockerignore",
            "Dockerfile",
            "link",
            "logs",
            "logs/keep",
            "loop",
            "run.sh",
            "src",
            "src/a",
            "src/empty",
            "src/up"
        ]
    );
}

#[test]
fn a_name_is_a_valid_tag_and_stays() {
    let directory = context();
    // A constant on purpose: when it changes, every image of every user is built again.
    assert_eq!(tag(&spec(directory.path())), "decklift-cb944721c8b6fa5eba6411bb");
}

#[test]
fn two_clones_have_one_name() {
    let (one, two) = (context(), context());
    let root = two.path();
    for path in ["Dockerfile", "src/a", "logs/keep"] {
        set_mode(&root.join(path), 0o660);
    }
    set_mode(&root.join("run.sh"), 0o700);
    set_mode(&root.join("src"), 0o777);
    let past = std::time::SystemTime::UNIX_EPOCH;
    File::options()
        .append(true)
        .open(root.join("src/a"))
        .and_then(|file| file.set_modified(past))
        .expect("time");
    fs::write(root.join("logs/x"), "ignored, and different").expect("write");
    fs::write(root.join("y.tmp"), "ignored, and new").expect("write");
    std::os::unix::net::UnixListener::bind(root.join("socket")).expect("socket");
    fs::create_dir(root.join(".git")).expect("create");
    fs::write(root.join(".git/index"), "times, and more").expect("write");
    fs::write(root.join("src/.git"), "gitdir: ../.git/modules/src").expect("write");
    assert_eq!(tag(&spec(one.path())), tag(&spec(root)));
    let leaves_out_git =
        |root| content_name(&spec(root), &BaseDigests::new()).expect("name").leaves_out_git();
    assert!(leaves_out_git(root) && !leaves_out_git(one.path()));

    let mut ordered = spec(one.path());
    let mut reversed = spec(root);
    ordered.args = vec![("A".into(), "1".into()), ("B".into(), "2".into())];
    reversed.args = vec![("B".into(), "2".into()), ("A".into(), "1".into())];
    reversed.service = "other".to_owned();
    reversed.provenance = vec![("org.opencontainers.image.revision".into(), "abc".into())];
    assert_eq!(tag(&ordered), tag(&reversed));
}

#[test]
fn two_clones_with_other_line_ends_have_one_name() {
    let base = tempfile::tempdir().expect("directory");
    let git = |directory: &Path, arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let mut command = std::process::Command::new("git");
        command.args(identity).arg("-C").arg(directory).args(arguments);
        // Whoever runs the tests may have settings of their own.
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        let output = command.output().expect("git");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let origin = context();
    let root = origin.path();
    fs::write(root.join("unix.bat"), "a\n").expect("write");
    fs::write(root.join(".gitattributes"), "*.bat text eol=crlf\n").expect("write");
    fs::write(root.join("binary"), b"a\r\nb\0").expect("write");
    git(root, &["init", "-q"]);
    git(root, &["add", "-A", "-f"]);
    git(root, &["commit", "-q", "-m", "all"]);
    let clone = |name: &str, setting: &str| {
        let to = base.path().join(name);
        let address = root.to_str().expect("a path");
        git(base.path(), &["clone", "-q", "-c", setting, address, to.to_str().expect("a path")]);
        to
    };
    let (unix, windows) =
        (clone("unix", "core.autocrlf=false"), clone("win", "core.autocrlf=true"));
    let bytes = |root: &Path, path: &str| fs::read(root.join(path)).expect("read");
    assert_ne!(bytes(&unix, "Dockerfile"), bytes(&windows, "Dockerfile"));
    assert_ne!(bytes(&unix, "run.sh"), bytes(&windows, "run.sh"));
    assert_eq!(tag(&spec(&unix)), tag(&spec(&windows)));
    // What git would store as a change is one.
    fs::write(unix.join("run.sh"), "#!/bin/sh\r\n").expect("write");
    assert_ne!(tag(&spec(&unix)), tag(&spec(&windows)));
    fs::write(windows.join("src/a"), "two").expect("write");
    assert_ne!(tag(&spec(root)), tag(&spec(&windows)));
}

#[test]
fn other_contexts_are_a_part_of_the_name_and_secrets_are_not() {
    let (directory, other) = (context(), tempfile::tempdir().expect("directory"));
    fs::write(other.path().join("o"), "1").expect("write");
    let mut spec = spec(directory.path());
    let plain = tag(&spec);
    spec.secrets = vec![BuildSecret { id: "s".into(), source: SecretSource::Value("1".into()) }];
    spec.ssh = vec!["default".to_owned()];
    assert_eq!(tag(&spec), plain);
    let path = other.path().to_string_lossy().into_owned();
    spec.contexts = vec![("other".to_owned(), path)];
    let first = tag(&spec);
    assert_ne!(first, plain);
    fs::write(other.path().join("o"), "2").expect("write");
    let second = tag(&spec);
    assert_ne!(second, first);
    fs::write(other.path().join("x"), "1").expect("write");
    fs::write(other.path().join(".dockerignore"), "x\n.dockerignore\n").expect("write");
    assert_eq!(tag(&spec), second, "what is not sent does not count");
    // A context of the base's name stands in its place.
    spec.contexts = vec![("base:1".to_owned(), "docker-image://else:2".to_owned())];
    assert_eq!(external_bases(&spec).expect("bases"), ["else:2"]);
    spec.contexts = vec![("far".to_owned(), "https://example.org/a.git".to_owned())];
    let name = content_name(&spec, &bases("sha256:1")).expect("a name");
    assert_eq!(name.unresolved_bases(), ["https://example.org/a.git"]);
}

#[test]
fn every_change_changes_the_name() {
    type Change = fn(&Path, &mut BuildSpec);
    let changes: [(&str, Change); 16] = [
        ("nothing", |_, _| {}),
        ("content", |root, _| fs::write(root.join("src/a"), "two").expect("write")),
        ("rename", |root, _| fs::rename(root.join("src/a"), root.join("src/b")).expect("rename")),
        ("executable", |root, _| set_mode(&root.join("run.sh"), 0o644)),
        ("link", |root, _| {
            fs::remove_file(root.join("link")).expect("remove");
            symlink("src/b", root.join("link")).expect("link");
        }),
        ("link to file", |root, _| {
            fs::remove_file(root.join("link")).expect("remove");
            fs::write(root.join("link"), "src/a").expect("write");
        }),
        ("directory", |root, _| fs::create_dir(root.join("new")).expect("create")),
        ("re-included", |root, _| fs::write(root.join("logs/keep"), "new").expect("write")),
        ("ignore", |root, _| fs::write(root.join(".dockerignore"), "logs\n*.tmp").expect("write")),
        ("own ignore", |root, _| {
            fs::write(root.join("Dockerfile.dockerignore"), "logs").expect("write")
        }),
        ("Dockerfile", |root, _| fs::write(root.join("Dockerfile"), "FROM base:1").expect("write")),
        ("arg", |_, spec| spec.args.push(("A".into(), "1".into()))),
        ("arg value", |_, spec| spec.args.push(("A".into(), "2".into()))),
        ("label", |_, spec| spec.labels.push(("A".into(), "1".into()))),
        ("target", |_, spec| spec.target = Some("0".into())),
        ("platform", |_, spec| spec.platform = "linux/arm64".into()),
    ];
    let mut names = std::collections::BTreeMap::new();
    for (what, change) in changes {
        let directory = context();
        let mut spec = spec(directory.path());
        change(directory.path(), &mut spec);
        if let Some(other) = names.insert(tag(&spec), what) {
            panic!("{what} and {other} have one name");
        }
    }
    let directory = context();
    let moved = content_name(&spec(directory.path()), &bases("sha256:2")).expect("name");
    let unknown = content_name(&spec(directory.path()), &BaseDigests::new()).expect("name");
    assert!(!names.contains_key(&moved.tag()) && !names.contains_key(&unknown.tag()));
    assert_ne!(moved.tag(), unknown.tag());
    assert_eq!(unknown.unresolved_bases(), ["base:1"]);
    assert!(moved.unresolved_bases().is_empty());
}

#[test]
fn an_ignored_dockerfile_still_counts() {
    let directory = context();
    fs::write(directory.path().join(".dockerignore"), "Dockerfile\n").expect("write");
    let before = tag(&spec(directory.path()));
    fs::write(directory.path().join("Dockerfile"), "FROM base:1\n# new\n").expect("write");
    assert_ne!(before, tag(&spec(directory.path())));
}

#[test]
fn what_cannot_be_named() {
    let directory = context();
    let root = directory.path();
    let error = |spec: &BuildSpec| content_name(spec, &BaseDigests::new()).expect_err("refused");
    assert!(matches!(error(&spec(&root.join("none"))), ImageError::ContextMissing(_)));
    assert!(matches!(error(&spec(&root.join("src/a"))), ImageError::ContextNotDirectory(_)));
    let mut other = spec(root);
    other.dockerfile = Some("Dockerfile.prod".to_owned());
    assert!(matches!(error(&other), ImageError::DockerfileMissing(_)));
    fs::write(root.join(".dockerignore"), "a\n[").expect("write");
    let message = error(&spec(root)).to_string();
    assert!(message.contains(".dockerignore, line 2: pattern `[`"), "{message}");
}

#[test]
fn special_files() {
    let directory = context();
    let before = tag(&spec(directory.path()));
    let fifo = directory.path().join("src/fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo");
    assert!(made.success());
    assert_ne!(before, tag(&spec(directory.path())));
}

// Elsewhere the file system may insist on text.
#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let directory = context();
    let before = tag(&spec(directory.path()));
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
    fs::write(directory.path().join(name), "x").expect("write");
    assert_ne!(before, tag(&spec(directory.path())));
}

#[test]
fn many_files_are_shared_among_threads() {
    let directory = context();
    for number in 0..200 {
        fs::write(directory.path().join(format!("src/{number}")), number.to_string())
            .expect("write");
    }
    let before = tag(&spec(directory.path()));
    assert_eq!(before, tag(&spec(directory.path())));
    fs::write(directory.path().join("src/199"), "x").expect("write");
    assert_ne!(before, tag(&spec(directory.path())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The order in which files come to be on the disk means nothing; any one byte does.
    #[test]
    fn stable_and_sensitive(
        files in prop::collection::btree_map("[a-c]{1,3}", prop::collection::vec(any::<u8>(), 1..40), 1..8),
        change in any::<prop::sample::Index>(),
    ) {
        let write = |root: &Path, files: &mut dyn Iterator<Item = (&String, &Vec<u8>)>| {
            fs::write(root.join("Dockerfile"), "FROM scratch").expect("write");
            for (name, content) in files {
                fs::write(root.join(name), content).expect("write");
            }
        };
        let (one, two) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("two"));
        write(one.path(), &mut files.iter());
        write(two.path(), &mut files.iter().rev());
        prop_assert_eq!(tag(&spec(one.path())), tag(&spec(two.path())));
        let (name, content) = files.iter().nth(change.index(files.len())).expect("one");
        let mut content = content.clone();
        let at = change.index(content.len());
        content[at] ^= 1;
        fs::write(two.path().join(name), content).expect("write");
        prop_assert_ne!(tag(&spec(one.path())), tag(&spec(two.path())));
    }
}

#[test]
fn a_text_is_a_dockerfile_of_its_own() {
    let directory = context();
    let mut text = spec(directory.path());
    text.dockerfile_inline = Some("FROM base:2\n".to_owned());
    let bases = BaseDigests::new();
    let name = content_name(&text, &bases).expect("a name");
    assert_eq!(name.unresolved_bases(), ["base:2"]);
    let mut other = text.clone();
    other.dockerfile_inline = Some("FROM base:2\nRUN true\n".to_owned());
    assert_ne!(content_name(&other, &bases).expect("a name").tag(), name.tag());
}

#[test]
fn options_that_make_another_image_make_another_name() {
    let directory = context();
    let plain = spec(directory.path());
    let bases = BaseDigests::new();
    let tag = |spec: &BuildSpec| content_name(spec, &bases).expect("a name").tag();
    let mut other = plain.clone();
    other.options.no_cache = true;
    other.options.cache_from = vec!["x".to_owned()];
    assert_eq!(tag(&other), tag(&plain));
    other.options.network = Some("none".to_owned());
    assert_ne!(tag(&other), tag(&plain));
}
