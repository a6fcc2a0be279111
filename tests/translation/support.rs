//! Projects of a few files, loaded and translated.

use std::fs;

use decklift::compose::{LoadOptions, Loaded, load};
use decklift::ecs::facts::Facts;
use decklift::ecs::{Translation, translate};
use decklift::export::requests;
use serde_json::Value;
use tempfile::TempDir;

/// Loads and translates a project that has no fault. `ecs-params.yml` is read where it is among the
/// files beside the Compose file.
pub(crate) fn read(text: &str, files: &[(&str, &str)]) -> (Loaded, Translation) {
    let directory = TempDir::new().expect("a directory");
    for (name, text) in files.iter().chain(&[("compose.yaml", text)]) {
        fs::write(directory.path().join(name), text).expect("a file");
    }
    let params = "ecs-params.yml";
    let options = LoadOptions {
        cwd: directory.path().to_path_buf(),
        project_name: Some("shop".to_owned()),
        ecs_params: files.iter().any(|(name, _)| *name == params).then(|| params.into()),
        ..LoadOptions::default()
    };
    let loaded = load(&options);
    assert!(!loaded.diagnostics.has_errors(), "{:?}", loaded.diagnostics);
    let project = loaded.project.as_ref().expect("a project");
    let done = translate(project, None, &Facts::offline(Some("eu-west-1")));
    (loaded, done)
}

/// One request of a project.
pub(crate) fn request(done: &Translation, path: &str) -> Value {
    let files = requests(&done.desired);
    let all: Vec<_> = files.iter().map(|file| file.path.clone()).collect();
    let file = files.iter().find(|file| file.path == path);
    serde_json::from_str(&file.unwrap_or_else(|| panic!("no {path} in {all:?}")).text)
        .expect("JSON")
}
