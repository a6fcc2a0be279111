//! What holds for every input, however broken: shared by the fuzz targets and the tests that run the
//! inputs they once found.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Component, Path};

use decklift::compose::{ConfigForm, LoadOptions, Loaded, canonical, load};
use decklift::diagnostic::Diagnostics;
use decklift::report::diagnostics::{RenderOptions, render, render_github, render_json};
use decklift::source::{Sources, Span};
use decklift::yaml::{Kind, MAX_NODES, Node, parse, read_text, to_yaml};

/// What is kept of the diagnostics, and one error more where none was among them.
const MOST_DIAGNOSTICS: usize = 10_001;

/// Attributes that take `-1` as a number and not as a text.
const SIZES: [&str; 5] =
    ["mem_limit", "mem_reservation", "memswap_limit", "mem_swappiness", "shm_size"];

/// Beyond this a test would only take longer.
const MOST_FILES: usize = 8;

/// Reads bytes as YAML.
///
/// # Panics
///
/// When a place does not lie in the text.
pub(crate) fn read(bytes: &[u8]) {
    let Ok(text) = read_text(bytes.to_vec(), "x.yaml") else { return };
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let id = sources.add("x.yaml", text);
    match parse(id, &sources, &mut diagnostics) {
        Some(node) => node_holds(&node, &sources),
        None => assert!(diagnostics.has_errors(), "nothing was read, and nothing was said"),
    }
    diagnostics_hold(&diagnostics, &sources);
}

/// Loads a project and prints it. `bytes` hold files, one after the other, each below a line with its
/// name, `-- compose.yaml --`, as in the format `txtar`; what stands above the first such line is
/// `compose.yaml`. `-- variables --` holds the environment, `NAME=value` lines; `-- options --` the
/// words of a command line.
///
/// # Panics
///
/// When a place does not lie in its text, or when a project that was printed does not load again, or
/// prints as something else.
pub(crate) fn load_project(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let options = unpack(bytes, &folder.path().join("app"));
    let loaded = load(&options);
    diagnostics_hold(&loaded.diagnostics, &loaded.sources);
    diagnostics_hold(&loaded.outcomes, &loaded.sources);
    if !loaded.diagnostics.has_errors() {
        prints_itself(&loaded, &options).unwrap_or_else(|why| panic!("{why}"));
    }
}

/// Whether what is printed of a project prints itself: as YAML, and as JSON.
///
/// # Errors
///
/// What is printed otherwise, or why it does not load again.
pub(crate) fn prints_itself(loaded: &Loaded, options: &LoadOptions) -> Result<(), String> {
    for form in [ConfigForm::Yaml, ConfigForm::Json] {
        let Some(first) = canonical(loaded, form).filter(stands_alone) else { continue };
        // Ranges of ports, which are short to write, may be more than is read.
        if count(&first) > MAX_NODES {
            continue;
        }
        let text = match form {
            ConfigForm::Yaml => to_yaml(&first),
            ConfigForm::Json => serde_json::to_string(&first).expect("JSON"),
        };
        // One value in brackets may hold so much, and JSON is one value.
        let marks = text.bytes().filter(|byte| b",:[{".contains(byte)).count();
        if form == ConfigForm::Json && (!is_yaml_too(&text) || marks > 300_000) {
            continue;
        }
        let again = load(&LoadOptions {
            files: vec!["-".into()],
            project_directory: loaded.project.as_ref().map(|project| project.directory.clone()),
            profiles: options.profiles.clone(),
            variables: profiles_of(options),
            cwd: options.cwd.clone(),
            stdin: Some(text.clone()),
            ..LoadOptions::default()
        });
        if again.diagnostics.has_errors() {
            let said = drawn(&again.diagnostics, &again.sources);
            return Err(format!("{form:?} does not load:\n{text}\n{said}"));
        }
        let second = canonical(&again, form).unwrap_or_default();
        if second != first {
            return Err(format!("{form:?}:\n{}", difference(&first, &second)));
        }
    }
    Ok(())
}

/// How many keys and values there are.
fn count(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        serde_json::Value::Object(map) => {
            1 + map.values().map(|value| 1 + count(value)).sum::<usize>()
        }
        _ => 1,
    }
}

/// Some things are printed that are no project of their own, by docker compose as well: one whose
/// profiles leave no service, a service that would depend on one that its profiles leave out, a build
/// whose `dockerfile` is empty, which would become `Dockerfile`, a limit of zero, which is left out,
/// models, which JSON lacks, a size of `-1`, which is a number in a file alone, and rates of devices, whose keys JSON writes in capitals.
fn stands_alone(printed: &serde_json::Value) -> bool {
    let Some(services) = printed["services"].as_object() else { return false };
    !services.is_empty()
        && services.values().all(|service| {
            let names = service["depends_on"].as_object();
            let build = service["build"].as_object();
            let limits = [&service["ulimits"], &service["build"]["ulimits"]];
            let has_limits = limits.iter().filter_map(|limits| limits.as_object()).all(|limits| {
                limits.values().all(|limit| limit.as_object().is_none_or(|limit| !limit.is_empty()))
            });
            let has_models = service["models"].is_null() || !printed["models"].is_null();
            let rates = service["blkio_config"].as_object();
            let has_rates = rates.is_none_or(|rates| {
                let lists = rates.values().filter_map(|rates| rates.as_array());
                lists.flatten().all(|rate| rate["Path"].is_null())
            });
            // Keys of `build.ssh`, which YAML gets as `id: path` in one text.
            let keys = service["build"]["ssh"].as_array().into_iter().flatten();
            let has_keys = keys.filter_map(|key| key.as_str()).all(|key| !key.contains(": "));
            // Port 0, which is left out as well.
            let mut ports = service["ports"].as_array().into_iter().flatten();
            let has_targets = ports.all(|port| !port["target"].is_null());
            // A name that is empty, which a list may give and a mapping may not.
            let lists =
                ["environment", "labels", "annotations", "sysctls"].map(|key| &service[key]);
            let mut lists = lists.into_iter().chain([&service["build"]["args"]]);
            let has_names =
                lists.all(|list| list.as_object().is_none_or(|list| !list.contains_key("")));
            has_limits
                && has_names
                && has_keys
                && has_targets
                && has_models
                && has_rates
                && !SIZES
                    .iter()
                    .any(|&key| service[key].as_str().is_some_and(|size| size.starts_with('-')))
                && names.is_none_or(|names| names.keys().all(|name| services.contains_key(name)))
                && build.is_none_or(|build| build.keys().any(|key| key.starts_with("dockerfile")))
        })
}

/// Whether YAML allows each character, as JSON does: no reader of YAML takes the others unescaped.
fn is_yaml_too(text: &str) -> bool {
    let refused = |c| matches!(c, '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    !text.contains(refused)
}

/// Which profiles are active may stand in the environment.
fn profiles_of(options: &LoadOptions) -> BTreeMap<String, String> {
    let name = "COMPOSE_PROFILES";
    options.variables.get(name).map(|list| (name.to_owned(), list.clone())).into_iter().collect()
}

fn difference(first: &serde_json::Value, second: &serde_json::Value) -> String {
    let (first, second) = (to_yaml(first), to_yaml(second));
    let mut out = String::new();
    for (at, (a, b)) in first.lines().zip(second.lines()).enumerate().filter(|(_, (a, b))| a != b) {
        let _ = writeln!(out, "line {}: {a:?} became {b:?}", at + 1);
        if out.len() > 2000 {
            break;
        }
    }
    format!("{out}{first}")
}

fn unpack(bytes: &[u8], app: &Path) -> LoadOptions {
    std::fs::create_dir_all(app).expect("a folder");
    let mut options = LoadOptions { cwd: app.to_owned(), ..LoadOptions::default() };
    for (name, body) in sections(bytes).into_iter().take(MOST_FILES) {
        match name {
            "variables" => {
                let text = String::from_utf8_lossy(body);
                let pairs = text.lines().filter_map(|line| line.split_once('='));
                options.variables.extend(pairs.map(|(k, v)| (k.to_owned(), v.to_owned())));
            }
            "options" => set(&mut options, &String::from_utf8_lossy(body)),
            name if is_inside(name) => {
                let path = app.join(name);
                let parent = path.parent().unwrap_or(app);
                // Two names may ask for a file and for a folder of the same name.
                let _ = std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, body));
            }
            _ => {}
        }
    }
    options
}

fn set(options: &mut LoadOptions, words: &str) {
    let mut words = words.split_whitespace();
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        match name {
            "-f" => options.files.push(value.into()),
            "-p" => options.project_name = Some(value.to_owned()),
            "-E" => options.environment_name = Some(value.to_owned()),
            "--env-file" => options.env_files.push(value.into()),
            "--profile" => options.profiles.push(value.to_owned()),
            _ => {}
        }
    }
}

/// Names, and what stands below them.
fn sections(bytes: &[u8]) -> Vec<(&str, &[u8])> {
    let mut list = Vec::new();
    let (mut name, mut start, mut at) = ("compose.yaml", 0, 0);
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        if let Some(next) = marker(line) {
            if at > start || !list.is_empty() || name != "compose.yaml" {
                list.push((name, &bytes[start..at]));
            }
            (name, start) = (next, at + line.len());
        }
        at += line.len();
    }
    list.push((name, &bytes[start..]));
    list
}

fn marker(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?.trim_end();
    line.strip_prefix("-- ")?.strip_suffix(" --")
}

/// Whether a name stays in its folder.
fn is_inside(name: &str) -> bool {
    let path = Path::new(name);
    name.len() < 100
        && !name.contains('\0')
        && path.components().count() < 5
        && path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Draws diagnostics for people, notes too.
fn drawn(diagnostics: &Diagnostics, sources: &Sources) -> String {
    render(diagnostics, sources, RenderOptions { color: false, width: 100, verbose: true })
}

/// Every place lies in its text, there are not too many, and all of it can be drawn.
///
/// # Panics
///
/// When that is not so.
pub(crate) fn diagnostics_hold(diagnostics: &Diagnostics, sources: &Sources) {
    assert!(diagnostics.len() <= MOST_DIAGNOSTICS, "{} diagnostics", diagnostics.len());
    for label in diagnostics.iter().flat_map(|found| &found.labels) {
        place_holds(label.span, sources);
    }
    let text = drawn(diagnostics, sources);
    let steers = |c: char| c.is_control() && c != '\n';
    assert!(!text.contains(steers), "a control character is printed: {text:?}");
    for line in render_json(diagnostics, sources, &|_| Vec::new()).lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    }
    let _ = render_github(diagnostics, sources);
}

/// # Panics
///
/// When a place does not lie in its text.
pub(crate) fn place_holds(span: Span, sources: &Sources) {
    let text = &sources.get(span.source).text;
    assert!(text.get(span.range()).is_some(), "{span:?} is no place in {text:?}");
}

/// [`place_holds`] for a value and all below it.
pub(crate) fn node_holds(node: &Node, sources: &Sources) {
    place_holds(node.span, sources);
    node.alias.into_iter().for_each(|alias| place_holds(alias, sources));
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::Sequence(items) => items.iter().for_each(|item| node_holds(item, sources)),
        Kind::Mapping(mapping) => {
            for entry in &mapping.entries {
                place_holds(entry.key.span, sources);
                node_holds(&entry.value, sources);
            }
        }
    }
}
