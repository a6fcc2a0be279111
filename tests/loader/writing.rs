use decklift::diagnostic::Diagnostics;
use decklift::source::Sources;
use decklift::yaml::{Kind, Node, Style, parse, to_yaml};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Reads YAML back: what is quoted, or could be nothing but text, is text.
fn back(text: &str) -> Value {
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let id = sources.add("out.yaml", text);
    let node = parse(id, &sources, &mut diagnostics);
    value(&node.unwrap_or_else(|| panic!("{diagnostics:?}\n{text}")))
}

fn value(node: &Node) -> Value {
    match &node.kind {
        Kind::Scalar(scalar) if scalar.style == Style::Plain => {
            let starts = scalar.text.starts_with(|c: char| c.is_alphabetic() || "/_".contains(c));
            match &*scalar.text {
                "true" => true.into(),
                "false" => false.into(),
                "null" => Value::Null,
                text if starts => text.into(),
                text => text.parse::<serde_json::Number>().expect("a number").into(),
            }
        }
        Kind::Scalar(scalar) => (&*scalar.text).into(),
        Kind::Sequence(items) => items.iter().map(value).collect(),
        Kind::Mapping(mapping) => mapping
            .entries
            .iter()
            .map(|entry| (entry.key.text.to_string(), value(&entry.value)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

#[test]
fn texts_that_look_like_something_else_are_quoted() {
    let words = [
        "yes",
        "No",
        "on",
        "OFF",
        "y",
        "N",
        "true",
        "False",
        "null",
        "Null",
        "~",
        "",
        "22:22",
        "1_000",
        "2024-01-01",
        "1e3",
        "0o7",
        "0644",
        "1.10",
        "0x1f",
        "-",
        "- a",
        "a: b",
        "a #b",
        "#a",
        "*a",
        "&a",
        "!a",
        "|",
        ">",
        "@a",
        "`a`",
        "%a",
        "{a}",
        "[a]",
        "'a'",
        "\"a\"",
        "a:",
        " a",
        "a ",
        "?",
        "? a",
        "=",
        "<<",
        ".inf",
        ".5",
        "+1",
        "-1",
        "---",
        "...",
        "a\tb",
        "ü",
        "\u{1}",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "😀",
        "a\u{0}b",
        "1:2:3",
        "0b1",
        "0777",
        "12e03",
    ];
    for word in words {
        let text = to_yaml(&json!({ "k": word }));
        assert!(text.starts_with("k: \""), "{text}");
        assert_eq!(back(&text), json!({ "k": word }));
        let key = to_yaml(&json!({ word: 1 }));
        assert_eq!(back(&key), json!({ word: 1 }), "{key}");
    }
    for word in ["nginx:1.25", "a b", "/a/b", "http://x/y?z".split('?').next().expect("a part")] {
        assert_eq!(to_yaml(&json!({ "k": word })), format!("k: {word}\n"));
    }
}

#[test]
fn shapes() {
    let value = json!({
        "a": [], "b": {}, "c": [1, -2.5, null, true], "d": [{"e": 1, "f": [1, [2, 3]]}, {}],
        "g": "one\ntwo\n", "h": "one\ntwo", "i": "one\n\n", "j": " one\ntwo", "k": {"l": {"m": "n"}},
        "o": 1e300, "p": 18446744073709551615_u64,
    });
    let text = to_yaml(&value);
    assert_eq!(back(&text), value, "{text}");
    insta::assert_snapshot!(text);
    assert_eq!(to_yaml(&json!("x")), "x\n");
    assert_eq!(to_yaml(&json!([])), "[]\n");
}

fn values() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        "[a-zA-Z0-9:#\\-_. \n/]{0,12}",
        "[ \n\\-|>]{0,6}",
        "[0-9_.:eExo+\\-]{1,6}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((text.clone(), inner), 0..5)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_written_reads_back(value in values()) {
        let whole = json!({ "value": value });
        let text = to_yaml(&whole);
        prop_assert_eq!(back(&text), whole, "{}", text);
    }
}
