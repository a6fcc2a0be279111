//! Every attribute of the Compose Specification has its row in the table of what becomes of it on
//! ECS, and `docs/compose-support.md` is that table.
//!
//! `DECKLIFT_UPDATE_DOCS=1 cargo test --test support` writes the page anew.
//! `tests/data/compose-spec.json` is the schema of the specification, of July 2026.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use decklift::compose::support::{Outcome, Support, extension_keys, support};
use decklift::compose::{LoadOptions, coverage, load};
use decklift::ecs::facts::Facts;
use decklift::ecs::translate;
use serde_json::Value;

const PAGE: &str = "docs/compose-support.md";

const HEAD: &str = "# What becomes of each Compose attribute

<!-- Written by `DECKLIFT_UPDATE_DOCS=1 cargo test --test support` from src/compose/support/. -->

The outcome of each attribute of the Compose Specification on ECS with Fargate. `decklift check` says
the same of your own file, with the line of each attribute that does not carry over as it stands; a
value may have another outcome than the attribute usually has.

- **mapped**: it works.
- **approximated**: it works, and differs; a warning or a note says how.
- **ignored**: it has no effect on ECS; a note says why, or a warning where it may matter.
- **refused**: deploying without it would break the application; an error says what to do.
- **resolved**: it is dealt with before ECS comes into it, as in `docker compose`.
";

/// The part of the page about `x-ecs`.
fn extensions() -> String {
    let mut page = "
## `x-ecs`

What Compose has no words for. `decklift schema` prints these keys as a JSON Schema, which editors
that know `# yaml-language-server: $schema=FILE` check and complete them with.
"
    .to_owned();
    for (title, keys) in extension_keys() {
        let _ = write!(page, "\n### {title}\n\n| key | |\n|---|---|\n");
        for (key, text) in keys {
            let _ = writeln!(page, "| `{key}` | {text} |");
        }
    }
    page
}

/// The paths of all attributes below a part of the schema.
fn walk(schema: &Value, node: &Value, path: &str, chain: &[&str], out: &mut BTreeSet<String>) {
    if let Some(name) = node["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
        // Of what holds itself, once is enough.
        if !chain.contains(&name) {
            let chain: Vec<_> = chain.iter().copied().chain([name]).collect();
            walk(schema, &schema["$defs"][name], path, &chain, out);
        }
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        for part in node[choice].as_array().into_iter().flatten() {
            walk(schema, part, path, chain, out);
        }
    }
    for (name, part) in node["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        out.insert(path.clone());
        walk(schema, part, &path, chain, out);
    }
    for (pattern, part) in node["patternProperties"].as_object().into_iter().flatten() {
        if pattern != "^x-" {
            walk(schema, part, &format!("{path}.*"), chain, out);
        }
    }
    if node["additionalProperties"].is_object() {
        walk(schema, &node["additionalProperties"], &format!("{path}.*"), chain, out);
    }
    if node["items"].is_object() {
        walk(schema, &node["items"], &format!("{path}[]"), chain, out);
    }
}

fn attributes() -> BTreeSet<String> {
    let text = fs::read_to_string("tests/data/compose-spec.json").expect("the schema");
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    let mut out = BTreeSet::new();
    walk(&schema, &schema, "", &[], &mut out);
    assert!(out.len() > 300, "the schema has changed its shape: {} attributes", out.len());
    out
}

fn rows() -> Vec<Support> {
    support().flat_map(|(_, rows)| rows).collect()
}

/// What a row with `**` at the end stands for starts with this.
fn stem(path: &str) -> Option<&str> {
    path.strip_suffix("**")
}

#[test]
fn every_attribute_has_a_row() {
    let rows = rows();
    let has = |attribute: &String| {
        rows.iter().any(|row| match stem(&row.path) {
            Some(stem) => attribute.starts_with(stem),
            None => *attribute == row.path,
        })
    };
    let missing: Vec<_> = attributes().into_iter().filter(|attribute| !has(attribute)).collect();
    assert!(missing.is_empty(), "no row in src/compose/support/: {missing:#?}");
}

#[test]
fn every_row_is_an_attribute() {
    let attributes = attributes();
    let is_one = |row: &&Support| match stem(&row.path) {
        Some(stem) => attributes.iter().any(|attribute| attribute.starts_with(stem)),
        None => attributes.contains(&row.path),
    };
    let rows = rows();
    let stale: Vec<_> = rows.iter().filter(|row| !is_one(row)).map(|row| &row.path).collect();
    assert!(stale.is_empty(), "the specification has no such attribute: {stale:#?}");
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for ((title, prefix), rows) in support() {
        let _ = write!(page, "\n## {title}\n\n| attribute | outcome | |\n|---|---|---|\n");
        for Support { path, outcome, becomes } in &rows {
            let path = path.strip_prefix(prefix).unwrap_or(path);
            // A whole group has one line.
            if stem(path).is_none() {
                let _ = writeln!(page, "| `{path}` | {} | {becomes} |", outcome.as_str());
            }
        }
    }
    page + &extensions()
}

#[test]
fn the_page_is_the_table() {
    let page = page();
    if std::env::var_os("DECKLIFT_UPDATE_DOCS").is_some() {
        fs::write(PAGE, &page).expect("the page");
    }
    let there = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        there == page,
        "{PAGE} is stale: run `DECKLIFT_UPDATE_DOCS=1 cargo test --test support`"
    );
}

/// A project whose service `web` has this attribute, and what it may name.
fn project(section: &str, path: &str, value: &Value) -> Value {
    let group = section.strip_prefix("services.*.").expect("a service's attribute");
    let mut value = value.clone();
    for key in format!("{group}{path}").rsplit('.') {
        value = Value::Object([(key.to_owned(), value)].into_iter().collect());
    }
    let mut web = value;
    if web.get("build").is_none() {
        web["image"] = "acme/web:1".into();
    } else if web["build"].get("context").is_none() {
        web["build"]["context"] = ".".into();
    }
    // Without a test there is no health check to speak of.
    if path.starts_with("healthcheck.") && web["healthcheck"].get("disable").is_none() {
        web["healthcheck"]["test"] = "true".into();
    }
    serde_json::json!({
        "services": {"web": web, "other": {"image": "acme/other:1", "expose": [80]}},
        "secrets": {"key": {"environment": "KEY"}},
        "configs": {"page": {"content": "hello"}},
        "networks": {"front": {}},
        "volumes": {"data": {}},
    })
}

/// What `decklift check` says of that attribute.
fn told(project: &Value, path: &str) -> (&'static str, String) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("compose.yaml"), project.to_string()).expect("a file");
    let variables = [("KEY".to_owned(), "canary".to_owned())].into_iter().collect();
    let options = LoadOptions { cwd: folder.path().into(), variables, ..LoadOptions::default() };
    let mut loaded = load(&options);
    let mut said = std::mem::take(&mut loaded.diagnostics);
    assert!(!said.has_errors(), "{path}: {said:?}");
    said.extend(std::mem::take(&mut loaded.outcomes));
    let project = loaded.project.as_ref().expect("a project");
    said.extend(translate(project, None, &Facts::offline(None)).diagnostics);
    let all = coverage(&loaded, &said);
    let web = all.iter().find(|service| service.service == "web").expect("web");
    let has = |list: &[String]| list.iter().any(|name| name == path);
    let word = match () {
        () if has(&web.mapped) => "mapped",
        () if has(&web.approximated) => "approximated",
        () if has(&web.ignored) => "ignored",
        () if has(&web.refused) => "refused",
        () => "nothing",
    };
    (word, said.iter().map(|found| format!("\n  {}: {}", found.code, found.message)).collect())
}

#[test]
fn the_table_says_what_check_says() {
    let text = fs::read_to_string("tests/data/support-samples.yaml").expect("the samples");
    let samples: BTreeMap<String, BTreeMap<String, Value>> =
        serde_yaml::from_str(&text).expect("the samples");
    let rows = rows();
    let mut wrong = Vec::new();
    for (section, samples) in &samples {
        for (path, value) in samples {
            let whole = format!("{section}{path}");
            let row = rows.iter().find(|row| row.path == whole).expect("a row of this sample");
            let name = whole.strip_prefix("services.*.").expect("a service's attribute");
            let (word, said) = told(&project(section, path, value), name);
            let wanted =
                if row.outcome == Outcome::Resolved { "mapped" } else { row.outcome.as_str() };
            if word != wanted {
                wrong.push(format!("{whole}: the table says {wanted}, check says {word}{said}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The pieces of the schema that a text has to match, each with the path to it.
fn patterns(schema: &Value, path: &str, out: &mut BTreeMap<String, Value>) {
    if schema["pattern"].is_string() {
        out.insert(path.to_owned(), schema["pattern"].clone());
    }
    for (name, part) in schema["properties"].as_object().into_iter().flatten() {
        patterns(part, &format!("{path}/{name}"), out);
    }
    for (below, key) in [("additionalProperties", "*"), ("items", "[]")] {
        if schema[below].is_object() {
            patterns(&schema[below], &format!("{path}/{key}"), out);
        }
    }
}

/// A file with a text at a path that no pattern takes.
fn with_text_at(path: &str) -> Value {
    let wrong = Value::from("no such thing!");
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let value = parts.iter().rev().fold(wrong, |value, part| match *part {
        "[]" => Value::from(vec![value]),
        "*" => serde_json::json!({ "a": value }),
        name => serde_json::json!({ name: value }),
    });
    let mut file = serde_json::json!({
        "name": "app",
        "services": {"a": {"image": "acme/a:1", "x-ecs": {"launch": "ec2"}}},
        "volumes": {"a": {}}
    });
    merge(&mut file, value);
    // A mount is of something.
    if let Some(mount) = file["services"]["a"]["volumes"].get_mut(0) {
        merge(mount, serde_json::json!({"type": "volume", "source": "a", "target": "/a"}));
    }
    file
}

fn merge(target: &mut Value, more: Value) {
    match (target, more) {
        (Value::Object(target), Value::Object(more)) => {
            for (key, value) in more {
                merge(target.entry(key).or_insert(Value::Null), value);
            }
        }
        (target, more) => *target = more,
    }
}

#[test]
fn what_the_schema_does_not_take_is_refused() {
    let mut found = BTreeMap::new();
    patterns(&decklift::compose::support::schema(), "", &mut found);
    assert!(found.len() > 15, "{found:#?}");
    let mut silent = Vec::new();
    for path in found.keys() {
        let text = with_text_at(path).to_string();
        let loaded = load(&LoadOptions {
            files: vec!["-".into()],
            stdin: Some(text.clone()),
            cwd: "/".into(),
            ..LoadOptions::default()
        });
        let mut said: Vec<_> =
            loaded.diagnostics.iter().chain(loaded.outcomes.iter()).cloned().collect();
        if let Some(project) = &loaded.project {
            let done = translate(project, None, &Facts::offline(None));
            said.extend(done.diagnostics.iter().cloned());
        }
        let at_it = |diagnostic: &decklift::diagnostic::Diagnostic| {
            diagnostic.severity == decklift::diagnostic::Severity::Error
                && diagnostic.labels.first().is_some_and(|label| {
                    loaded.sources.slice(label.span).contains("no such thing!")
                })
        };
        if !said.iter().any(at_it) {
            silent.push(format!("{path}: {text}"));
        }
    }
    assert!(silent.is_empty(), "taken in silence:\n{}", silent.join("\n"));
}
