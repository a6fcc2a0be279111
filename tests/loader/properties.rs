use std::collections::BTreeMap;

use decklift::compose::{ConfigForm, LoadOptions, canonical, load};
use decklift::diagnostic::Diagnostics;
use decklift::source::{Sources, Span};
use decklift::yaml::{Kind, Node, parse};
use proptest::prelude::*;

use crate::support::{Case, draw};

/// A file that uses much of what there is, to be mutated.
const SEED: &str = "x-base: &base\n  image: \"nginx:${TAG:-1.25}\"\n  environment: {A: 1, Ü: \"€\"}\nservices:\n  web:\n    <<: *base\n    ports: [\"80:80\", {target: 81}]\n    command: run 'a b'\n    depends_on: {db: {condition: service_healthy}}\n    healthcheck: {test: [CMD, x], interval: 10s}\n    volumes:\n      - data:/data:ro\n      - ./x:/y\n    deploy: {resources: {limits: {cpus: \"0.5\", memory: 64m}}}\n  db:\n    <<: [*base]\n    build: {context: ., args: [A=$B]}\n    text: |\n      block ${X?must}\nvolumes: {data: }\n";

/// Everything that can be done with a text, and all spans checked.
fn try_all(text: &str) {
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let id = sources.add("x.yaml", text);
    if let Some(node) = parse(id, &sources, &mut diagnostics) {
        check_node(&node, &sources);
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
            check(label.span, &loaded.sources);
        }
    }
    let _ = draw(&loaded, "/nowhere".as_ref());
    let _ = canonical(&loaded, ConfigForm::Yaml);
}

fn check(span: Span, sources: &Sources) {
    let text = &sources.get(span.source).text;
    assert!(text.get(span.range()).is_some(), "{span:?} in {text:?}");
}

fn check_node(node: &Node, sources: &Sources) {
    check(node.span, sources);
    node.alias.into_iter().for_each(|alias| check(alias, sources));
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::Sequence(items) => items.iter().for_each(|item| check_node(item, sources)),
        Kind::Mapping(mapping) => {
            for entry in &mapping.entries {
                check(entry.key.span, sources);
                check_node(&entry.value, sources);
            }
        }
    }
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
            });
            project
        });
        if !alone.diagnostics.has_errors() {
            prop_assert_eq!(strip(alone.project), strip(merged.project));
        }
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
