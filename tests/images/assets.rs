//! Files on top of an image, read back by the engine that runs it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use decklift::images::{
    Asset, AssetSource, Auth, BaseImage, BuildSpec, Destination, Engine, Extension, ImageError,
    ImageEvent, ImageSource, Images, Mode, Reference, Registry, Rewrites,
};
use decklift::sandbox::base_image::{self, BaseImage as Local};
use tempfile::TempDir;

use crate::python::BASE_IMAGE;
use crate::support::{Cleanup, TestRegistry, context, docker, engine, run, skip, unique, write};

/// What a container says of the image that it is of.
const LOOK: &str = "ls -ld /etc/app /etc/app/* /srv/site /srv/site/* /var/run /run /run/app/* \
    /new/dir/a.conf; cat /etc/app/a.conf /srv/site/index.html /run/app/socket.conf";

/// An image with all that files may come across; nothing where there is none to build it on.
async fn base(engine: &Engine, whose: &str) -> Option<(TempDir, BuildSpec)> {
    if let Local::Missing(why) = base_image::ensure(BASE_IMAGE).await {
        skip(&format!("there is no {BASE_IMAGE}: {why}"));
        return None;
    }
    let dockerfile = format!(
        "FROM {BASE_IMAGE}\n\
         RUN mkdir -p /etc/app /srv/site/old /run/app /var && rm -rf /var/run \
         && ln -s /run /var/run && echo old > /etc/app/old.conf && echo old > /srv/site/old.html \
         && echo {whose} > /whose && chmod 2750 /etc/app && chown 33:44 /etc/app\n\
         RUN rm /srv/site/old.html && echo older > /srv/site/index.html\n\
         STOPSIGNAL SIGINT\nENTRYPOINT [\"/bin/false\"]\n"
    );
    let folder = context(&[("Dockerfile", &dockerfile)]);
    let spec = BuildSpec::new(whose, folder.path(), engine.info().platform.clone());
    Some((folder, spec))
}

/// A project as one clone has it.
fn project(mode: u32) -> TempDir {
    let folder = context(&[
        ("conf/a.conf", "from a.conf\n"),
        ("site/index.html", "from the site\n"),
        ("site/run.sh", "#!/bin/sh\n"),
        ("site/sub/", ""),
    ]);
    let path = folder.path();
    std::os::unix::fs::symlink("../index.html", path.join("site/sub/l")).expect("a link");
    for (name, mode) in [("conf/a.conf", mode & 0o644), ("site/run.sh", mode), ("site/sub", mode)] {
        fs::set_permissions(path.join(name), fs::Permissions::from_mode(mode)).expect("a mode");
    }
    folder
}

fn extension(project: &Path, platform: &str) -> Extension {
    let path = |name: &str| AssetSource::Path(project.join(name));
    let text = AssetSource::Text("from a text\n".to_owned());
    Extension {
        service: "web".to_owned(),
        platform: platform.to_owned(),
        assets: vec![
            Asset::of_root("/etc/app/a.conf", path("conf/a.conf")),
            Asset::of_root("/srv/site", path("site")),
            Asset {
                uid: 33,
                mode: Some(0o440),
                ..Asset::of_root("/var/run/app/socket.conf", text)
            },
            Asset::of_root("/new/dir/a.conf", path("conf/a.conf")),
            Asset::of_root("/etc/key", AssetSource::Link("/run/secrets/key".to_owned())),
        ],
        rewrites: Rewrites {
            stop_signal: Some("SIGQUIT".to_owned()),
            clears_entrypoint: true,
            clears_command: false,
        },
        ..Extension::default()
    }
}

async fn ensure(
    images: &Images,
    base: BaseImage,
    extension: Extension,
    destination: &Destination,
) -> (Result<String, ImageError>, Vec<ImageEvent>) {
    let mut events = Vec::new();
    let name = images.name_extended(base, extension).await.expect("a name");
    let mut on_event = |event| events.push(event);
    let result = images.ensure_extended(&name, destination, Mode::Build, &mut on_event).await;
    (result, events)
}

/// What the engine says, and what a command in it says.
fn looked_at(destination: &Destination, digest: &str) -> (String, String) {
    let pinned = format!("{}@{digest}", destination.address);
    let pulled = docker(&["pull", &pinned]);
    assert!(pulled.status.success(), "{}", String::from_utf8_lossy(&pulled.stderr));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let format = "{{json .Config.Entrypoint}} {{json .Config.StopSignal}}";
    let config = docker(&["image", "inspect", "--format", format, &pinned]);
    let ran = docker(&["run", "--rm", "--network=none", &pinned, "/bin/sh", "-c", LOOK]);
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    (text(&config.stdout), text(&ran.stdout))
}

#[test]
fn files_are_on_the_image_as_they_were_mounted() {
    run(async {
        let Some(engine) = engine().await else { return };
        for registry in TestRegistry::all().await {
            on_an_image(&engine, &registry).await;
        }
    });
}

async fn on_an_image(engine: &Engine, registry: &TestRegistry) {
    let service = unique("assets");
    let _cleanup = Cleanup(format!("decklift/{service}"));
    let Some((_base, spec)) = base(engine, &service).await else { return };
    let images = Images::new(Some(engine.clone()));
    let destination = registry.repository().await;
    let _pulled = Cleanup(destination.address.clone());
    let built = images.name(&spec).await.expect("a name");
    let base = BaseImage::Built(Box::new(spec.clone()), built);
    let one = project(0o755);
    let first = extension(one.path(), &spec.platform);
    let (digest, events) = ensure(&images, base.clone(), first.clone(), &destination).await;
    let digest = digest.expect("a digest");
    let pushed = events.iter().filter(|event| matches!(event, ImageEvent::Pushed { .. })).count();
    assert_eq!((pushed, events.last()), (1, Some(&ImageEvent::Pushed { digest: digest.clone() })));

    let (config, said) = looked_at(&destination, &digest);
    assert_eq!(config.trim(), "null \"SIGQUIT\"");
    let line = |path: &str| {
        let found = said.lines().find(|line| line.split_whitespace().any(|word| word == path));
        found.unwrap_or_else(|| panic!("{path} is not in\n{said}")).to_owned()
    };
    assert!(
        line("/etc/app").starts_with("drwxr-s---") && line("/etc/app").contains(" 33 "),
        "{said}"
    );
    assert!(line("/etc/app/a.conf").starts_with("-rw-r--r--"), "{said}");
    assert!(said.contains("/etc/app/old.conf"), "a sibling of a file is not hidden: {said}");
    assert!(!said.contains("/srv/site/old"), "a directory hides: {said}");
    assert!(line("/srv/site/run.sh").starts_with("-rwxr-xr-x"), "{said}");
    assert!(line("/srv/site").starts_with("drwxr-xr-x"), "{said}");
    assert!(line("/var/run").starts_with("lrwxrwxrwx"), "it still is a link: {said}");
    assert!(line("/run/app/socket.conf").starts_with("-r--r-----"), "{said}");
    assert!(line("/new/dir/a.conf").contains("root"), "{said}");
    for text in ["from a.conf\n", "from the site\n", "from a text\n"] {
        assert!(said.contains(text), "{text} is not in {said}");
    }

    // The same from another clone: the name says that there is nothing to do.
    let other = project(0o700);
    let second = extension(other.path(), &spec.platform);
    let (again, events) = ensure(&images, base.clone(), second.clone(), &destination).await;
    assert_eq!((again.expect("a digest"), events), (digest.clone(), vec![]));
    // And where nothing is known of it, the same comes of it again.
    let elsewhere = registry.repository().await;
    let (anew, _) = ensure(&images, base.clone(), second, &elsewhere).await;
    assert_eq!(anew.expect("a digest"), digest);

    // Another file is another image.
    write(one.path(), "conf/a.conf", "changed\n");
    let (changed, _) = ensure(&images, base, first, &destination).await;
    assert_ne!(changed.expect("a digest"), digest);
}

#[test]
fn a_base_in_another_registry_needs_no_engine() {
    run(async {
        let Some(engine) = engine().await else { return };
        let registries = TestRegistry::all().await;
        let service = unique("assets");
        let _cleanup = Cleanup(format!("decklift/{service}"));
        let Some((_base, spec)) = base(&engine, &service).await else { return };
        let Some(source) = registries.last() else { return };
        let built = Images::new(Some(engine.clone()));
        let place = source.repository().await;
        let name = built.name(&spec).await.expect("a name");
        let pushed = built.ensure(&spec, &name, &place, Mode::Build, &mut |_| {}).await;
        let reference = format!("{}:{}", place.address, name.tag());

        let project = project(0o755);
        let mut wanted = extension(project.path(), &spec.platform);
        let images = Images::new(None);
        for registry in &registries {
            let destination = registry.repository().await;
            let _pulled = Cleanup(destination.address.clone());
            let base = BaseImage::Existing(reference.clone());
            let (digest, _) = ensure(&images, base, wanted.clone(), &destination).await;
            let digest = digest.expect("a digest");
            let (_, said) = looked_at(&destination, &digest);
            assert!(said.contains("from a.conf") && !said.contains("/srv/site/old"), "{said}");
        }
        // By its digest it is the same; and what stands in the way is told.
        let pinned = format!("{}@{}", place.address, pushed.expect("a digest"));
        wanted.mounts.push("/run/app".to_owned());
        let base = BaseImage::Existing(pinned);
        let destination = source.repository().await;
        let (hidden, _) = ensure(&images, base, wanted, &destination).await;
        let said = hidden.expect_err("a fault").to_string();
        assert!(said.contains("the mount at /run/app hides it"), "{said}");
    });
}

#[test]
fn layers_of_zstd_are_read() {
    run(async {
        let Some(engine) = engine().await else { return };
        if std::process::Command::new("skopeo").arg("--version").output().is_err() {
            return skip("there is no skopeo");
        }
        let service = unique("assets");
        let _cleanup = Cleanup(format!("decklift/{service}"));
        let Some((_base, spec)) = base(&engine, &service).await else { return };
        let Some(registry) = TestRegistry::all().await.pop() else { return };
        let local = format!("decklift/{service}:zstd");
        engine.build(&spec, &local, &mut |_| {}).await.expect("an image");
        let place = registry.repository().await;
        // What comes of an engine is not compressed.
        let from = format!("docker-daemon:{local}");
        let zstd = format!("{}:zstd", place.address);
        let copied = std::process::Command::new("skopeo")
            .args(["copy", "--dest-tls-verify=false", "--format=oci"])
            .args(["--dest-compress-format=zstd", &from, &format!("docker://{zstd}")])
            .output()
            .expect("skopeo");
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));

        let project = project(0o755);
        let wanted = extension(project.path(), &spec.platform);
        let destination = registry.repository().await;
        let base = BaseImage::Existing(zstd);
        let (digest, _) = ensure(&Images::new(None), base, wanted, &destination).await;
        let digest = digest.expect("a digest");
        let (host, repository) = Reference::address(&destination.address).expect("an address");
        let found = Registry::new(&host, Auth::Anonymous).expect("a registry");
        let manifest = found.manifest(&repository, &digest).await.expect("asked").expect("found");
        let text = String::from_utf8(manifest.bytes.to_vec()).expect("text");
        assert!(manifest.media_type.contains("oci"), "{}", manifest.media_type);
        assert!(text.contains("tar+zstd") && text.contains("tar+gzip"), "{text}");
    });
}

#[test]
fn without_an_engine_a_sandbox_has_a_placeholder() {
    run(async {
        for registry in TestRegistry::all().await {
            let destination = registry.repository().await;
            let project = project(0o755);
            let images = Images::new(None);
            // Nobody listens there.
            let base = BaseImage::Existing("127.0.0.1:1/nothing:1".to_owned());
            let wanted = extension(project.path(), "linux/amd64");
            let name = images.name_extended(base, wanted).await.expect("a name");
            let unresolved: Vec<_> = name.unresolved_images().collect();
            assert_eq!(unresolved, ["127.0.0.1:1/nothing:1"]);
            let mut quiet = |_| {};
            let mode = Mode::Placeholder;
            let made = images.ensure_extended(&name, &destination, mode, &mut quiet).await;
            let made = made.expect("a placeholder");
            let found = images.existing(name.tag(), &destination, mode).await.expect("asked");
            assert_eq!(found, Some(made));
            // It counts for a sandbox that cannot build, and for nobody else.
            let found = images.existing(name.tag(), &destination, Mode::Build).await;
            assert_eq!(found.expect("asked"), None);
            let built = images.ensure_extended(&name, &destination, Mode::Build, &mut quiet).await;
            assert!(matches!(built, Err(ImageError::Unavailable { .. })), "{built:?}");
        }
    });
}

/// What a container says of a part of another image.
const LOOK_AT_PAGES: &str = "cd /srv/site && ls -lnA . sub && ls -di one two && cat one sub/b && \
    readlink l && ls -A /srv";

/// An image with pages: two names of one file, what a later layer takes away, owners and links.
async fn pages(engine: &Engine, whose: &str) -> Option<(TempDir, BuildSpec)> {
    if let Local::Missing(why) = base_image::ensure(BASE_IMAGE).await {
        skip(&format!("there is no {BASE_IMAGE}: {why}"));
        return None;
    }
    let dockerfile = format!(
        "FROM {BASE_IMAGE}\n\
         RUN mkdir -p /pages/sub && cd /pages && echo {whose} > one && ln one two \
         && echo gone > gone && echo a > sub/a && ln -s /etc/away l && chown 33:44 one \
         && chmod 2711 sub\n\
         RUN rm /pages/gone && rm -r /pages/sub && mkdir /pages/sub && chmod 2711 /pages/sub \
         && echo of b > /pages/sub/b && chmod 600 /pages/sub/b && ln -s pages /shown\n"
    );
    let folder = context(&[("Dockerfile", &dockerfile)]);
    let spec = BuildSpec::new(whose, folder.path(), engine.info().platform.clone());
    Some((folder, spec))
}

fn with_pages(reference: &str, subpath: Option<&str>, platform: &str) -> Extension {
    let source = ImageSource {
        reference: reference.to_owned(),
        subpath: subpath.map(str::to_owned),
        identity: reference.to_owned(),
    };
    Extension {
        service: "web".to_owned(),
        platform: platform.to_owned(),
        assets: vec![Asset::of_root("/srv/site", AssetSource::Image(source))],
        rewrites: Rewrites { clears_entrypoint: true, ..Rewrites::default() },
        ..Extension::default()
    }
}

#[test]
fn a_part_of_another_image_is_on_the_image() {
    run(async {
        let Some(engine) = engine().await else { return };
        let (service, source) = (unique("assets"), unique("pages"));
        let _cleanup = Cleanup(format!("decklift/{service}"));
        let local = format!("decklift/{source}");
        let _other = Cleanup(local.clone());
        let Some((_base, spec)) = base(&engine, &service).await else { return };
        let Some((_pages, of_pages)) = pages(&engine, &source).await else { return };
        let images = Images::new(Some(engine.clone()));
        let built = images.name(&spec).await.expect("a name");
        let base = BaseImage::Built(Box::new(spec.clone()), built);
        let Some(registry) = TestRegistry::all().await.pop() else { return };
        let place = registry.repository().await;
        let destination = registry.repository().await;
        let _pulled = Cleanup(destination.address.clone());

        // One that only the engine has.
        let reference = format!("{local}:1");
        engine.build(&of_pages, &reference, &mut |_| {}).await.expect("an image");
        let wanted = with_pages(&reference, Some("shown"), &spec.platform);
        let (of_engine, _) = ensure(&images, base.clone(), wanted, &destination).await;
        looks_right(&destination, &of_engine.expect("a digest"), &source);

        // One of a registry, without asking the engine, under a tag that moves.
        let name = images.name(&of_pages).await.expect("a name");
        let pushed = images.ensure(&of_pages, &name, &place, Mode::Build, &mut |_| {}).await;
        let reference = format!("{}:{}", place.address, name.tag());
        let wanted = with_pages(&reference, Some("/pages/"), &spec.platform);
        let (of_registry, _) = ensure(&images, base.clone(), wanted.clone(), &destination).await;
        let of_registry = of_registry.expect("a digest");
        looks_right(&destination, &of_registry, &source);
        // By its digest it is the same image, and has the same name.
        let pinned = format!("{}@{}", place.address, pushed.expect("a digest"));
        let by_digest = with_pages(&pinned, Some("/pages/"), &spec.platform);
        let (again, events) = ensure(&images, base.clone(), by_digest, &destination).await;
        assert_eq!((again.expect("a digest"), events), (of_registry, vec![]));

        let nothing = with_pages(&reference, Some("nothing"), &spec.platform);
        let (refused, _) = ensure(&images, base, nothing, &destination).await;
        let said = refused.expect_err("a fault").to_string();
        assert!(said.contains("nothing is at nothing"), "{said}");
    });
}

#[track_caller]
fn looks_right(destination: &Destination, digest: &str, whose: &str) {
    let pinned = format!("{}@{digest}", destination.address);
    let ran = docker(&["run", "--rm", "--network=none", &pinned, "/bin/sh", "-c", LOOK_AT_PAGES]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let line = |name: &str| {
        let found = said.lines().find(|line| line.split_whitespace().any(|word| word == name));
        found.unwrap_or_else(|| panic!("{name} is not in\n{said}")).to_owned()
    };
    assert!(line("one").starts_with("-rw-r--r--    2 33       44"), "{said}");
    assert!(line("sub").starts_with("drwx--s--x"), "{said}");
    assert!(line("b").starts_with("-rw-------"), "{said}");
    assert!(said.contains(&format!("{whose}\nof b\n/etc/away\n")), "{said}");
    for gone in ["gone", "index.html", "whose"] {
        assert!(!said.split_whitespace().any(|word| word == gone), "{gone} is in\n{said}");
    }
    let inodes: Vec<_> = said
        .lines()
        .filter_map(|line| line.trim().split_once(' '))
        .filter(|(_, name)| matches!(*name, "one" | "two"))
        .map(|(inode, _)| inode)
        .collect();
    assert!(inodes.len() == 2 && inodes[0] == inodes[1], "{said}");
}
