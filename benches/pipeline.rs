//! How long the pure part of the pipeline takes: `cargo bench`.
//!
//! Wall times of whole commands, and how many calls they make, are measured by
//! `benches/commands.py`; those of `config` beside docker compose by `benches/compose.py`.

use std::path::Path;

use decklift::compose::{ConfigForm, LoadOptions, Loaded, Project, load, print_canonical};
use decklift::diagnostic::Diagnostics;
use decklift::ecs::desired::Desired;
use decklift::ecs::facts::Facts;
use decklift::ecs::{translate, validate};
use decklift::export::{Export, requests};
use decklift::plan::{Actual, plan};
use decklift::source::Sources;
use decklift::yaml;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

/// A project of `count` services, each of which calls the one before.
fn generated(count: usize) -> (tempfile::TempDir, LoadOptions) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = "name: bench\nservices:\n".to_owned();
    for index in 0..count {
        text.push_str(&format!(
            "  s{index}:\n    image: acme/s{index}:1\n    expose: [80]\n    environment:\n      \
             PEER: http://s{}:80\n      LEVEL: info\n    deploy: {{replicas: 2}}\n",
            index.saturating_sub(1)
        ));
    }
    std::fs::write(folder.path().join("compose.yaml"), text).expect("written");
    let options = LoadOptions { cwd: folder.path().to_owned(), ..LoadOptions::default() };
    (folder, options)
}

/// A file of [`generated`], read, whose places are kept.
#[divan::bench(args = [10, 1000, 10_000], sample_count = 20)]
fn read_yaml(bencher: Bencher<'_, '_>, count: usize) {
    let (folder, _) = generated(count);
    let text = std::fs::read_to_string(folder.path().join("compose.yaml")).expect("text");
    bencher.bench(|| {
        let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
        let id = sources.add("compose.yaml", black_box(text.as_str()));
        yaml::parse(id, &sources, &mut diagnostics)
    });
}

/// What `config` prints.
#[divan::bench(args = [10, 1000, 10_000], sample_count = 20)]
fn print_config(bencher: Bencher<'_, '_>, count: usize) {
    let (_folder, options) = generated(count);
    let loaded = load(&options);
    bencher.bench(|| print_canonical(black_box(&loaded), ConfigForm::Json));
}

fn shop() -> LoadOptions {
    let cwd = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    LoadOptions { cwd, ..LoadOptions::default() }
}

fn project(options: &LoadOptions) -> Project {
    let Loaded { project, diagnostics, .. } = load(options);
    assert!(!diagnostics.has_errors(), "{diagnostics:?}");
    project.expect("a project")
}

fn desired(project: &Project) -> Desired {
    translate(project, None, &Facts::offline(Some("eu-west-1"))).desired
}

#[divan::bench]
fn convert_the_shop(bencher: Bencher<'_, '_>) {
    let options = shop();
    bencher.bench(|| {
        let desired = desired(&project(black_box(&options)));
        (validate(&desired), requests(&desired))
    });
}

/// All that `config` does before it prints: [`read_yaml`], and everything behind it.
#[divan::bench(args = [10, 1000, 10_000], sample_count = 20)]
fn load_services(bencher: Bencher<'_, '_>, count: usize) {
    let (_folder, options) = generated(count);
    bencher.bench(|| load(black_box(&options)));
}

#[divan::bench(args = [10, 100, 1000])]
fn translate_services(bencher: Bencher<'_, '_>, count: usize) {
    let (_folder, options) = generated(count);
    let project = project(&options);
    bencher.bench(|| desired(black_box(&project)));
}

#[divan::bench(args = [10, 100, 1000])]
fn validate_services(bencher: Bencher<'_, '_>, count: usize) {
    let (_folder, options) = generated(count);
    let desired = desired(&project(&options));
    bencher.bench(|| validate(black_box(&desired)));
}

#[divan::bench(args = [10, 100, 1000])]
fn plan_a_first_deploy(bencher: Bencher<'_, '_>, count: usize) {
    let (_folder, options) = generated(count);
    let desired = desired(&project(&options));
    let nothing = Actual::default();
    bencher.bench(|| plan(black_box(&desired), &nothing));
}

/// What `convert` prints.
#[divan::bench(args = [10, 1000, 10_000], sample_count = 20)]
fn print_requests(bencher: Bencher<'_, '_>, count: usize) {
    let (_folder, options) = generated(count);
    let desired = desired(&project(&options));
    bencher.bench(|| Export::new(black_box(&desired)).document(&mut std::io::sink()));
}
