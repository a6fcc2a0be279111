use std::path::Path;

use decklift::compose::{LoadOptions, Loaded, load};
use decklift::diagnostic::Diagnostics;
use decklift::report::diagnostics::{RenderOptions, render};
use tempfile::TempDir;

/// A directory `app` with files in it, and the options to load them with.
pub(crate) struct Case {
    pub(crate) root: TempDir,
    pub(crate) options: LoadOptions,
}

impl Case {
    /// `files` are paths below `app` and what stands in them.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        let case = Self {
            options: LoadOptions { cwd: root.path().join("app"), ..LoadOptions::default() },
            root,
        };
        for (path, text) in files {
            case.write(path, text.as_bytes());
        }
        case
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        let parent = path.parent().expect("a parent");
        std::fs::create_dir_all(parent).expect("directories");
        std::fs::write(path, bytes).expect("a file");
    }

    pub(crate) fn path(&self, path: &str) -> std::path::PathBuf {
        self.options.cwd.join(path)
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.options.variables.insert(name.into(), value.into());
        self
    }

    pub(crate) fn file(mut self, path: &str) -> Self {
        self.options.files.push(path.into());
        self
    }

    pub(crate) fn profile(mut self, name: &str) -> Self {
        self.options.profiles.push(name.into());
        self
    }

    pub(crate) fn load(&self) -> Loaded {
        load(&self.options)
    }

    /// Loads and draws, notes too, with the temporary directory's name replaced.
    pub(crate) fn drawn(&self) -> String {
        draw(&self.load(), self.root.path())
    }
}

/// Draws what a load came to.
pub(crate) fn draw(loaded: &Loaded, root: &Path) -> String {
    let options = RenderOptions { color: false, width: 100, verbose: true };
    let drawn = render(&all(loaded), &loaded.sources, options);
    drawn.replace(&*root.to_string_lossy(), "/tmp/case")
}

/// One `compose.yaml`.
pub(crate) fn one(text: &str) -> Case {
    Case::new(&[("compose.yaml", text)])
}

/// One service `web`, given its attributes, each line indented by four blanks.
pub(crate) fn web(attributes: &str) -> Case {
    one(&format!("services:\n  web:\n    image: nginx\n{attributes}"))
}

/// The faults of the files and what does not carry over to ECS.
fn all(loaded: &Loaded) -> Diagnostics {
    let mut all = Diagnostics::default();
    all.extend(loaded.diagnostics.iter().chain(loaded.outcomes.iter()).cloned());
    all
}

/// The messages, with their severity and code.
pub(crate) fn messages(loaded: &Loaded) -> Vec<String> {
    let line = |found: &decklift::diagnostic::Diagnostic| {
        format!("{:?} {}: {}", found.severity, found.code, found.message).to_lowercase()
    };
    all(loaded).sorted().into_iter().map(line).collect()
}
