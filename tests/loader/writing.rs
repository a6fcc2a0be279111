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
                text if starts => {
                    assert!(!is_typed_in_1_1(text), "{text:?} is no text to YAML 1.1");
                    text.into()
                }
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

/// What a reader of YAML 1.1 takes for something else than text, by the patterns of its type
/// repository (yaml.org/type: bool, null, int, float, timestamp, merge, value). Wider than those where
/// that is simpler.
fn is_typed_in_1_1(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "y", "n", "yes", "no", "true", "false", "on", "off", "null", "~", "", "<<", "=", ".inf",
        ".nan",
    ];
    let lower = text.to_lowercase();
    let unsigned = lower.strip_prefix(['-', '+']).unwrap_or(&lower);
    WORDS.contains(&&*lower)
        || unsigned == ".inf"
        || unsigned
            .strip_prefix("0x")
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'_'))
        || (unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && unsigned.bytes().all(|byte| byte.is_ascii_digit() || b"_.:e+-tz bo".contains(&byte)))
}

/// What another reader makes of it: `serde_yaml` is one of YAML 1.2's core schema.
fn elsewhere(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn readers_of_both_versions_agree_on_texts() {
    let words = [
        "YES",
        "oN",
        "tRUE",
        "nULL",
        "0b1010_0111",
        "190:20:30",
        "190:20:30.15",
        "685.230_15e+03",
        "-.inf",
        "+.INF",
        ".NaN",
        "0_",
        "-_1",
        "+0x_A",
        "0.",
        "1.",
        "-.5",
        "+.5e+3",
        "1e+3",
        "1E3",
        "e3",
        "2001-12-14t21:59:43.10-05:00",
        "2001-12-14 21:59:43",
        "0o",
        "0x",
        "08",
        "09.1",
        "1,000",
        "\u{a0}",
        "\u{200b}",
        "\u{200e}",
        "a\u{2029}",
        "\u{d7ff}",
        "\u{e000}",
        "\u{fffd}",
        "\u{10ffff}",
        "a\r",
        "\ra",
        "\r\n",
        "a\r\nb",
        "\n ",
        " \n",
        "a\n b",
        "#\n",
        "\ta\nb",
        "a\t\nb",
        "a\n\n\n",
        "\n\na",
        "- a\n- b\n",
        "---\na\n",
        "...\n",
        "a\n...\n",
        "a\n---\nb",
        "%TAG\nb",
        "k: v\nl: w\n",
        "\u{feff}a\nb",
        "a\n\u{85}b",
        "!!str",
        "&",
        "*",
        "a & b",
        "a*",
        ",",
        "a ,b",
        "a: ",
        "a:b",
        "::",
        "a#",
        "'",
        "''",
        "\"",
        "\\",
        "\\n",
        "~a",
        "?a",
        "-a",
        "=a",
        "a\n\nb\n",
        " a\nb",
        "a\n  \nb",
        "a \nb",
        "\u{7f}\n",
        "null ",
        "a\u{0}",
        "y\n",
        "n\nn",
    ];
    for word in words {
        let whole = json!({ "k": word, "l": [word, [word]], "m": { word: word } });
        let text = to_yaml(&whole);
        assert_eq!(back(&text), whole, "{text}");
        assert_eq!(elsewhere(&text), whole, "{text}");
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
        prop_assert_eq!(elsewhere(&text), whole.clone(), "{}", text);
        prop_assert_eq!(back(&text), whole, "{}", text);
    }
}
