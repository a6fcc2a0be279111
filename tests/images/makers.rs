//! All that builds images on this machine. podman and buildah share a store that is the test's own;
//! docker's two builders share the engine.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use decklift::images::{Builder, Engine};
use tempfile::TempDir;

use crate::support::skip;

/// Something that builds.
pub(crate) struct Maker {
    pub(crate) engine: Engine,
    /// Takes docker's words and sees the images.
    command: PathBuf,
}

/// What builds, while it is needed.
pub(crate) struct Makers {
    pub(crate) all: Vec<Maker>,
    files: TempDir,
}

impl Maker {
    pub(crate) fn builder(&self) -> Builder {
        self.engine.info().builder
    }

    /// Whether images go to podman's store and not to docker's.
    pub(crate) fn is_podman(&self) -> bool {
        matches!(self.builder(), Builder::Podman | Builder::Buildah)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Command::new(&self.command).args(arguments).output().expect("a command")
    }

    /// What a command says that has to work.
    pub(crate) fn said(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{:?} {arguments:?}: {complaint}", self.builder());
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A field of an image, in the form that `docker image inspect --format` gives it.
    pub(crate) fn inspect(&self, image: &str, field: &str) -> String {
        self.said(&["image", "inspect", "--format", &format!("{{{{{field}}}}}"), image])
    }

    /// `sha256:…`
    pub(crate) fn id(&self, image: &str) -> String {
        let id = self.inspect(image, ".Id");
        if id.contains(':') { id } else { format!("sha256:{id}") }
    }

    /// Whether an image's id is the digest of its configuration, and its digests come from registries.
    /// In containerd's store (an engine's choice since 23) it is that of its manifest, or of its index.
    pub(crate) fn ids_are_configurations(&self) -> bool {
        self.is_podman()
            || !self.said(&["info", "--format", "{{.DriverStatus}}"]).contains("containerd")
    }

    pub(crate) fn layers(&self, image: &str) -> String {
        self.inspect(image, ".RootFS.Layers")
    }

    /// Brings an image from a test's registry.
    pub(crate) fn pull(&self, image: &str) {
        self.said(&["pull", image]);
    }

    /// What is in a container of an image, as a tar.
    pub(crate) fn exported(&self, image: &str) -> Result<Vec<u8>, String> {
        let created = self.run(&["create", "--network=none", image, "none"]);
        let id = String::from_utf8_lossy(&created.stdout).trim().to_owned();
        let exported = self.run(&["export", &id]);
        self.run(&["rm", &id]);
        if created.status.success() && exported.status.success() {
            return Ok(exported.stdout);
        }
        let said = [created.stderr, exported.stderr].concat();
        Err(String::from_utf8_lossy(&said).into_owned())
    }

    /// The text of a file in an image.
    pub(crate) fn file(&self, image: &str, path: &str) -> String {
        let exported = self.exported(image).unwrap_or_else(|said| panic!("{said}"));
        let directory = tempfile::tempdir().expect("directory");
        let tar = directory.path().join("image.tar");
        fs::write(&tar, exported).expect("write");
        let output = Command::new("tar").arg("-xOf").arg(tar).arg(path).output().expect("tar");
        assert!(output.status.success(), "no {path} in {image}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Makers {
    /// Of the four, those that are here.
    pub(crate) async fn all() -> Self {
        let files = tempfile::tempdir().expect("directory");
        let root = files.path();
        let configuration = std::env::var("DECKLIFT_TEST_DOCKER_CONFIG").ok();
        let configuration = configuration.map(|path| format!("export DOCKER_CONFIG='{path}'\n"));
        let legacy = "[ \"$1\" != buildx ] || exit 1\nDOCKER_BUILDKIT=0 exec docker \"$@\"\n";
        let buildx = format!("{}exec docker \"$@\"\n", configuration.unwrap_or_default());
        let store = format!(
            // The one path for root, the other for everybody else.
            "[storage]\ndriver = \"vfs\"\ngraphroot = \"{0}/images\"\nrunroot = \"{0}/run\"\n\
             rootless_storage_path = \"{0}/images\"\n",
            root.display()
        );
        let registries =
            "[[registry]]\nprefix = \"127.0.0.1\"\nlocation = \"127.0.0.1\"\ninsecure = true\n";
        fs::write(root.join("storage.conf"), store).expect("write");
        fs::write(root.join("registries.conf"), registries).expect("write");
        let own = |program: &str| {
            format!(
                "export CONTAINERS_STORAGE_CONF='{0}/storage.conf'\n\
                 export CONTAINERS_REGISTRIES_CONF='{0}/registries.conf'\nexec {program} \"$@\"\n",
                root.display()
            )
        };
        let wanted = [
            (Builder::Legacy, "docker-legacy", legacy.to_owned()),
            (Builder::Buildx, "docker-buildx", buildx),
            (Builder::Podman, "podman", own("podman")),
            (Builder::Buildah, "buildah", own("buildah")),
        ];
        let mut all = Vec::new();
        for (builder, name, script) in wanted {
            let path = root.join(name);
            write_script(&path, &script);
            match Engine::detect_program(path.clone().into()).await {
                Ok(engine) if engine.info().builder == builder => {
                    // buildah has no word for much of what is looked at.
                    let command =
                        if builder == Builder::Buildah { root.join("podman") } else { path };
                    all.push(Maker { engine, command });
                }
                Ok(engine) => skip(&format!(
                    "{name} turns out to be {:?} (buildx is looked for in DECKLIFT_TEST_DOCKER_CONFIG, too)",
                    engine.info().builder
                )),
                Err(error) => skip(&format!("{name} does not work: failed to {error}")),
            }
        }
        let makers = Self { all, files };
        if let Some(podman) = makers.podman() {
            assert!(makers.has_own_store(podman), "podman does not take another store");
        }
        makers
    }

    fn has_own_store(&self, podman: &Maker) -> bool {
        let place = podman.run(&["info", "--format", "{{.Store.GraphRoot}}"]);
        let place = String::from_utf8_lossy(&place.stdout).trim().to_owned();
        Path::new(&place).starts_with(self.files.path())
    }

    pub(crate) fn docker(&self) -> Option<&Maker> {
        self.all.iter().find(|maker| !maker.is_podman())
    }

    pub(crate) fn podman(&self) -> Option<&Maker> {
        self.all.iter().find(|maker| maker.builder() == Builder::Podman)
    }
}

impl Drop for Makers {
    fn drop(&mut self) {
        // Whoever is not root may own files in there that are another's from outside.
        if let Some(podman) = self.podman().filter(|podman| self.has_own_store(podman)) {
            podman.run(&["image", "rm", "--all", "--force"]);
        }
    }
}

/// Another process writes it: a file that is open for writing here would be so in every child that
/// another test's thread forks just then, and could not be run ("text file busy").
fn write_script(path: &Path, text: &str) {
    let mut writer = Command::new("sh")
        .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .expect("sh");
    let mut input = writer.stdin.take().expect("input");
    input.write_all(format!("#!/bin/sh\n{text}").as_bytes()).expect("write");
    drop(input);
    assert!(writer.wait().expect("sh").success());
}
