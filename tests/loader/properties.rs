use std::collections::BTreeMap;

use decklift::compose::{ConfigForm, LoadOptions, canonical, load, uninterpolated};
use decklift::diagnostic::Diagnostics;
use decklift::source::Sources;
use decklift::yaml::{parse, to_yaml};
use proptest::prelude::*;

use crate::any_input::{node_holds, place_holds};
use crate::support::{Case, draw};

/// A file that uses much of what there is, to be mutated.
const SEED: &str = "x-base: &base\n  image: \"nginx:${TAG:-1.25}\"\n  environment: {A: 1, Ü: \"€\"}\nservices:\n  web:\n    <<: *base\n    ports: [\"80:80\", {target: 81}]\n    command: run 'a b'\n    depends_on: {db: {condition: service_healthy}}\n    healthcheck: {test: [CMD, x], interval: 10s}\n    volumes:\n      - data:/data:ro\n      - ./x:/y\n    deploy: {resources: {limits: {cpus: \"0.5\", memory: 64m}}}\n  db:\n    <<: [*base]\n    build: {context: ., args: [A=$B]}\n    text: |\n      block ${X?must}\nvolumes: {data: }\n";

/// Everything that can be done with a text, and all spans checked.
fn try_all(text: &str) {
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let id = sources.add("x.yaml", text);
    if let Some(node) = parse(id, &sources, &mut diagnostics) {
        node_holds(&node, &sources);
    }
    let options = LoadOptions {
        files: vec!["-".into()],
        stdin: Some(text.to_owned()),
        cwd: "/nowhere/app".into(),
        variables: BTreeMap::from([("B".into(), "b".into())]),
        ..LoadOptions::default()
    };
    let loaded = load(&options);
    for found in loaded.diagnostics.iter() {
        for label in &found.labels {
            place_holds(label.span, &loaded.sources);
        }
    }
    let _ = draw(&loaded, "/nowhere".as_ref());
    let _ = canonical(&loaded, ConfigForm::Yaml);
}

fn mutated() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("&a ".to_owned()),
        Just("*a".to_owned()),
        Just("*base".to_owned()),
        Just("<<: ".to_owned()),
        Just("${".to_owned()),
        Just("}".to_owned()),
        Just("[".to_owned()),
        Just("]".to_owned()),
        Just("{".to_owned()),
        Just("\"".to_owned()),
        Just("'".to_owned()),
        Just("- ".to_owned()),
        Just(": ".to_owned()),
        Just("\n".to_owned()),
        Just("\t".to_owned()),
        Just("!reset ".to_owned()),
        Just("!override ".to_owned()),
        Just("null".to_owned()),
        Just("-1".to_owned()),
        Just("99999999999".to_owned()),
        Just("€".to_owned()),
        Just("# ".to_owned()),
        Just("|".to_owned()),
        Just("\r\n".to_owned()),
        Just("? ".to_owned()),
        Just("---\n".to_owned()),
        "\\PC{1,3}",
    ];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, piece), 1..6);
    edits.prop_map(|edits| {
        let mut characters: Vec<char> = SEED.chars().collect();
        for (at, remove, insert) in edits {
            let at = at.index(characters.len() + 1);
            let end = (at + remove).min(characters.len());
            characters.splice(at..end, insert.chars());
        }
        characters.into_iter().collect()
    })
}

/// An expression, and what it must become, with `SET=value`, `EMPTY=` and `GONE` not set.
fn expressions() -> impl Strategy<Value = (String, String)> {
    let name =
        prop_oneof![Just(("SET", Some("value"))), Just(("EMPTY", Some(""))), Just(("GONE", None)),];
    let leaf = prop_oneof![
        "[a-z /.-]{1,5}".prop_map(|text| (text.clone(), text)),
        Just(("$$".to_owned(), "$".to_owned())),
        name.clone().prop_map(|(name, value)| {
            (format!("${{{name}}}"), value.unwrap_or_default().to_owned())
        }),
    ];
    leaf.prop_recursive(4, 20, 3, move |inner| {
        let operator = prop_oneof![Just(":-"), Just("-"), Just(":+"), Just("+")];
        let braced = (name.clone(), operator, inner.clone()).prop_map(
            |((name, value), operator, (word, meaning))| {
                let is_filled = value.is_some_and(|value| !value.is_empty());
                let is_taken = match operator {
                    ":-" => !is_filled,
                    "-" => value.is_none(),
                    ":+" => is_filled,
                    _ => value.is_some(),
                };
                let own = value.unwrap_or_default().to_owned();
                let out = if is_taken { meaning } else { own };
                (format!("${{{name}{operator}{word}}}"), out)
            },
        );
        let joined = (inner.clone(), inner)
            .prop_map(|((a, x), (b, y))| (format!("{a}{b}"), format!("{x}{y}")));
        prop_oneof![braced, joined]
    })
}

/// Attributes whose rules of merging the Compose Specification gives: mappings by key, lists by the
/// key of their items, single values and commands as a whole.
fn overlay() -> impl Strategy<Value = String> {
    let attribute = prop_oneof![
        Just("    environment: [A=1, B=2]\n"),
        Just("    environment: {A: x, C: \"3\"}\n"),
        Just("    labels: {a: one, b: two}\n"),
        Just("    labels: [a=other]\n"),
        Just("    ports: [\"80:80\", \"81:81\"]\n"),
        Just("    ports: [{target: 80, published: \"80\"}, \"82:82/udp\"]\n"),
        Just("    volumes: [data:/data, logs:/logs]\n"),
        Just("    volumes: [{type: volume, source: other, target: /data, read_only: true}]\n"),
        Just("    command: [run, it]\n"),
        Just("    command: stop it\n"),
        Just("    expose: [\"1\", \"2\"]\n"),
        Just("    expose: [\"2\", \"3\"]\n"),
        Just("    cap_add: [NET_ADMIN]\n"),
        Just("    cap_add: [SYS_TIME, NET_ADMIN]\n"),
        Just("    dns: 10.0.0.1\n"),
        Just("    dns: [10.0.0.2, 10.0.0.1]\n"),
        Just("    hostname: one\n"),
        Just("    hostname: two\n"),
        Just("    healthcheck: {test: [CMD, a], retries: 2}\n"),
        Just("    healthcheck: {test: b, interval: 3s}\n"),
        Just("    deploy: {replicas: 2, labels: {x: \"1\"}}\n"),
        Just("    deploy: {labels: [x=2, y=3]}\n"),
        Just("    logging: {driver: json-file, options: {max-size: 1m}}\n"),
        Just("    logging: {driver: json-file, options: {max-file: \"3\"}}\n"),
    ];
    proptest::collection::vec(attribute, 0..6).prop_map(|attributes| {
        let key = |text: &str| text.trim().split(':').next().map(str::to_owned);
        let mut seen = Vec::new();
        let mut text = String::new();
        for attribute in attributes {
            if !seen.contains(&key(attribute)) {
                seen.push(key(attribute));
                text.push_str(attribute);
            }
        }
        format!("{text}volumes: {{data: , logs: , other: }}\n")
    })
}

fn printed(options: &LoadOptions) -> serde_json::Value {
    let loaded = load(options);
    assert!(!loaded.diagnostics.has_errors(), "{}", draw(&loaded, &options.cwd));
    canonical(&loaded, ConfigForm::Json).expect("a project")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,60}") {
        try_all(&text);
    }

    #[test]
    fn arbitrary_lines_never_panic(text in "([ \t]{0,4}[a-z&*!<|>'\"{}\\[\\]:,?#%@$-]{1,8}[: \n]{1,2}){0,12}") {
        try_all(&text);
    }

    #[test]
    fn mutated_files_never_panic(text in mutated()) {
        try_all(&text);
    }

    #[test]
    fn merging_with_an_empty_file_changes_nothing(text in mutated()) {
        let files = [("compose.yaml", text.as_str()), ("empty.yaml", "services: {}\n")];
        let alone = Case::new(&files).file("compose.yaml").load();
        let case = Case::new(&files).file("compose.yaml").file("empty.yaml");
        let merged = case.load();
        let strip = |project: Option<decklift::compose::Project>| project.map(|mut project| {
            project.directory = "/".into();
            project.services.values_mut().for_each(|service| {
                service.build = None;
                service.mounts.clear();
                service.written.build = None;
                service.written.volumes.clear();
            });
            project
        });
        if !alone.diagnostics.has_errors() {
            prop_assert_eq!(strip(alone.project), strip(merged.project));
        }
    }

    #[test]
    fn merging_is_associative(
        (first, second, third) in (overlay(), overlay(), overlay()),
    ) {
        let base = format!("services:\n  web:\n    image: a\n{first}");
        let over = |attributes: &str| format!("services:\n  web:\n    init: true\n{attributes}");
        let (second, third) = (over(&second), over(&third));
        let all = Case::new(&[("a.yaml", &base), ("b.yaml", &second), ("c.yaml", &third)]);
        let all = all.file("a.yaml").file("b.yaml").file("c.yaml");
        let left = printed(&all.options);
        // The later two alone, as one file.
        let later = LoadOptions {
            files: vec!["b.yaml".into(), "c.yaml".into()],
            no_interpolate: true,
            ..all.options.clone()
        };
        let later = uninterpolated(&load(&later), ConfigForm::Yaml).expect("a document");
        std::fs::write(all.options.cwd.join("bc.yaml"), to_yaml(&later)).expect("a file");
        let files = vec!["a.yaml".into(), "bc.yaml".into()];
        let right = printed(&LoadOptions { files, ..all.options.clone() });
        prop_assert_eq!(left, right, "{}{}{}", base, second, third);
    }

    #[test]
    fn interpolation_agrees_with_its_meaning((text, want) in expressions()) {
        let quoted = serde_json::to_string(&format!("x{text}x")).expect("JSON");
        let file = format!("services: {{web: {{image: a, hostname: {quoted}}}}}\n");
        let options = LoadOptions {
            files: vec!["-".into()],
            stdin: Some(file.clone()),
            cwd: "/nowhere/app".into(),
            variables: BTreeMap::from([("SET".into(), "value".into()), ("EMPTY".into(), String::new())]),
            ..LoadOptions::default()
        };
        let project = load(&options).project.expect("a project");
        let hostname = project.services["web"].hostname.as_ref().expect("a name");
        prop_assert_eq!(&hostname.value, &format!("x{}x", want), "{}", file);
    }
}
