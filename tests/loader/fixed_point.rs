//! What `config` prints, printed again: nothing changes any more.

use std::path::Path;

use decklift::compose::{LoadOptions, load};
use decklift::yaml::to_yaml;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::any_input::prints_itself;
use crate::support::one;

/// Texts that some reader takes for something else, or that mean something to Compose.
const BITING: &[&str] = &[
    "",
    " ",
    "y",
    "No",
    "on",
    "true",
    "Null",
    "~",
    "1",
    "-1",
    "0644",
    "0o17",
    "0x1f",
    "1_000",
    "1.10",
    "1e3",
    ".5",
    ".inf",
    "22:22",
    "1:2:3",
    "2024-01-01",
    "=",
    "<<",
    "-",
    "? a",
    "a: b",
    "a #b",
    "#a",
    "&a",
    "*a",
    "!a",
    "|",
    "> ",
    "%a",
    "@a",
    "`a`",
    "{a}",
    "[a]",
    "'a'",
    "\"a\"",
    "a\nb",
    "a\n",
    "\n",
    " a\n b\n",
    "a\tb",
    "\u{e9}",
    "\u{1f600}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "a\\b",
    "$$",
    "$$A",
    "$${A}",
    "a$$",
    "${A:-$$}",
    "---",
    "...",
    "a:",
    ":a",
    "a,b",
    "a]",
    "\u{1}",
    "\u{7f}",
    "a \nb",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(BITING).prop_map(str::to_owned),
        1 => "[a-z0-9 .:/_-]{1,8}",
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9_.-]{0,5}",
        prop::sample::select(&["y", "no", "1", "0x1", "1e3", "null"][..]).prop_map(str::to_owned)
    ]
}

fn map(value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    prop::collection::vec((name(), value), 0..4)
        .prop_map(|entries| Value::Object(entries.into_iter().collect()))
        .boxed()
}

fn texts() -> BoxedStrategy<Value> {
    prop::collection::vec(text(), 0..4).prop_map(Value::from).boxed()
}

fn of(given: &'static [&'static str]) -> BoxedStrategy<Value> {
    prop::sample::select(given).prop_map(|text| serde_json::from_str(text).expect("JSON")).boxed()
}

/// An attribute of a service, and values that it takes, mostly.
fn attribute() -> BoxedStrategy<(&'static str, Value)> {
    let key = |key: &'static str| move |value: Value| (key, value);
    let some_text = || text().prop_map(Value::from).boxed();
    let scalar = || {
        prop_oneof![
            some_text(),
            any::<i32>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            Just(Value::Null)
        ]
        .boxed()
    };
    prop_oneof![
        texts().prop_map(key("command")),
        some_text().prop_map(key("command")),
        texts().prop_map(key("entrypoint")),
        some_text().prop_map(key("entrypoint")),
        map(scalar()).prop_map(key("environment")),
        map(scalar()).prop_map(key("labels")),
        map(scalar()).prop_map(key("annotations")),
        some_text().prop_map(key("user")),
        some_text().prop_map(key("hostname")),
        some_text().prop_map(key("working_dir")),
        some_text().prop_map(key("x-a")),
        map(scalar()).prop_map(key("x-b")),
        texts().prop_map(key("cap_add")),
        texts().prop_map(key("security_opt")),
        of(&["\"no\"", "\"always\"", "\"on-failure:3\"", "\"unless-stopped\""])
            .prop_map(key("restart")),
        of(&[
            "[\"80\"]",
            "[\"8080:80\"]",
            "[\"127.0.0.1:1-3:1-3/udp\"]",
            "[{\"target\":1,\"published\":\"2-3\"}]",
            "[80,80]",
            "[\"::1:1:1\"]"
        ])
        .prop_map(key("ports")),
        of(&["[80]", "[\"1-3/udp\"]"]).prop_map(key("expose")),
        of(&[
            "[\"./a:/b:ro\"]",
            "[\"v:/b\"]",
            "[\"/b\"]",
            "[\"~/a:/b\"]",
            "[{\"type\":\"tmpfs\",\"target\":\"/t\",\"tmpfs\":{\"size\":\"1m\"}}]",
            "[{\"type\":\"bind\",\"source\":\"$$a\",\"target\":\"/t\"}]"
        ])
        .prop_map(key("volumes")),
        of(&["0.5", "\"1.50\"", "1"]).prop_map(key("cpus")),
        of(&["\"64m\"", "1048576", "\"1.5gb\""]).prop_map(key("mem_limit")),
        of(&["\"1m30s\"", "\"90\"", "\"1.5s\"", "\"0s\""]).prop_map(key("stop_grace_period")),
        of(&[
            "{\"replicas\":2,\"resources\":{\"limits\":{\"cpus\":0.1,\"memory\":\"1g\"}}}",
            "{\"update_config\":{\"delay\":\"1ms\",\"max_failure_ratio\":0.1}}",
            "{\"labels\":{\"a\":1}}",
            "{}"
        ])
        .prop_map(key("deploy")),
        of(&[
            "{\"test\":\"a $$b\",\"interval\":\"1m30s\"}",
            "{\"disable\":true}",
            "{\"test\":[\"NONE\"]}",
            "{\"test\":[\"CMD\",\"y\",\"~\"]}"
        ])
        .prop_map(key("healthcheck")),
        of(&["[\"a\"]", "[]", "[\"y\",\"1\"]"]).prop_map(key("profiles")),
        of(&["true", "\"yes\"", "false"]).prop_map(key("init")),
        of(&["{\"nofile\":1,\"nproc\":{\"soft\":1,\"hard\":2}}"]).prop_map(key("ulimits")),
        of(&["{\"driver\":\"none\",\"options\":{\"a\":1}}"]).prop_map(key("logging")),
        of(&[
            "\".\"",
            "{\"context\":\"./a\",\"args\":{\"A\":null,\"B\":\"$$\"},\"dockerfile\":\"y\"}",
            "{\"context\":\"https://example.com/a.git#b:c\"}",
            "{\"dockerfile_inline\":\"FROM a\\n# $$b\\n\"}"
        ])
        .prop_map(key("build")),
        of(&["\"/run\"", "[\"/run:size=1m\"]"]).prop_map(key("tmpfs")),
        of(&["[\"a=1.1.1.1\"]", "{\"a\":\"::1\"}"]).prop_map(key("extra_hosts")),
        of(&["{\"a\":1}", "[\"a=1\"]"]).prop_map(key("sysctls")),
        of(&["\"bridge\"", "\"none\""]).prop_map(key("network_mode")),
    ]
    .boxed()
}

fn project() -> impl Strategy<Value = Value> {
    let service = prop::collection::vec(attribute(), 0..6).prop_map(|attributes| {
        let mut service: Map<String, Value> =
            attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        service.insert("image".into(), "a".into());
        Value::Object(service)
    });
    let more = prop_oneof![
        text().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(Value::Null)
    ];
    (prop::collection::vec((name(), service), 1..4), text(), more).prop_map(
        |(services, text, more)| {
            let services: Map<String, Value> = services.into_iter().collect();
            json!({
                "services": services,
                "volumes": {"v": {"driver_opts": {"o": text}, "labels": {"a": text}}},
                "x-a": {text: more},
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_projects_print_themselves(project in project()) {
        let case = one(&to_yaml(&project));
        let loaded = case.load();
        if !loaded.diagnostics.has_errors()
            && let Err(why) = prints_itself(&loaded, &case.options)
        {
            return Err(TestCaseError::fail(why));
        }
    }
}

/// Without this the property could hold because nothing loads.
#[test]
fn most_generated_projects_load() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let loads = (0..200).filter(|_| {
        let tree = project().new_tree(&mut runner).expect("a project");
        let case = one(&to_yaml(&proptest::strategy::ValueTree::current(&tree)));
        !case.load().diagnostics.has_errors()
    });
    let count = loads.count();
    assert!(count > 60, "{count} of 200 load");
}

#[test]
fn examples_print_themselves() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("examples").flatten() {
        if !entry.path().join("compose.yaml").is_file() {
            continue;
        }
        let options = LoadOptions { cwd: entry.path(), ..LoadOptions::default() };
        let loaded = load(&options);
        assert!(!loaded.diagnostics.has_errors(), "{}", entry.path().display());
        prints_itself(&loaded, &options).unwrap_or_else(|why| panic!("{why}"));
        count += 1;
    }
    assert!(count > 0);
}
