//! Every example is whole, and a file that decklift has nothing to say against.

use std::fs;
use std::path::{Path, PathBuf};

use decklift::compose::{LoadOptions, load};
use decklift::diagnostic::{Diagnostics, Severity};
use decklift::ecs::facts::Facts;
use decklift::ecs::{translate, validate};
use decklift::report::diagnostics::{RenderOptions, render};

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = fs::read_dir(folder).expect("examples").flatten();
    let mut found: Vec<_> =
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

#[test]
fn examples_are_explained() {
    for example in examples() {
        let compose = example.join("compose.yaml");
        assert!(compose.is_file(), "{} is missing", compose.display());
        let readme = example.join("README.md");
        let text = fs::read_to_string(&readme).expect("a README.md");
        let name = example.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert!(text.starts_with(&format!("# {name}\n")), "{}", readme.display());
        let command = format!("-f examples/{name}/compose.yaml");
        assert!(text.contains(&command), "{} does not say `{command}`", readme.display());
    }
}

#[test]
fn examples_translate_without_a_word() {
    for example in examples() {
        let options = LoadOptions { cwd: example.clone(), ..LoadOptions::default() };
        let loaded = load(&options);
        let mut found: Diagnostics = loaded.diagnostics;
        if let Some(project) = &loaded.project {
            let translation = translate(project, None, &Facts::offline(None));
            found.extend(translation.diagnostics);
            found.extend(validate(&translation.desired));
            assert!(!translation.desired.resources.is_empty(), "{}", example.display());
        }
        let options = RenderOptions { color: false, width: 100, verbose: true };
        let drawn = render(&found, &loaded.sources, options);
        let silent = found.sorted().into_iter().all(|one| one.severity == Severity::Note);
        assert!(loaded.project.is_some() && silent, "{}:\n{drawn}", example.display());
    }
}
