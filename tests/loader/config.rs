use decklift::compose::{ConfigForm, canonical};
use decklift::yaml::to_yaml;

use crate::support::{Case, one};

const TEXT: &str = r#"
name: shop
x-common: &common {a: 0644, b: [1.10, ~], c: "$$x"}
services:
  web:
    build: ./web
    command: echo "$$HOME"
    environment: {A: 0644, B: , C: "a$$b"}
    ports: ["8080-8081:80-81", "9000-9005:90", {target: 1, published: 2, x-a: 1}]
    expose: ["3000-3001", 80]
    volumes: [data:/data, ./c:/c:ro, /x, {type: bind, source: ., target: /d, bind: {create_host_path: false}}]
    tmpfs: /run:size=1m
    depends_on: {db: {condition: service_healthy, restart: true}}
    networks: {default: , back: {aliases: [w, w]}}
    deploy: {replicas: 2, resources: {limits: {cpus: 0.1, memory: 1.5g}}, update_config: {delay: 0s, monitor: 90s}}
    restart: "no"
    cpus: 0.1
    x-ecs: {ports: {"80": public}}
  db:
    image: postgres
    healthcheck: {test: pg_isready, interval: 1m30s, disable: false}
networks: {back: {external: true}}
volumes: {data: {driver: local, driver_opts: {o: bind, device: ./d, type: none}}}
"#;

fn config(case: &Case, form: ConfigForm) -> serde_json::Value {
    let loaded = case.load();
    assert!(!loaded.diagnostics.has_errors(), "{}", case.drawn());
    canonical(&loaded, form).expect("a project")
}

#[test]
fn json() {
    let case = one(TEXT);
    let text = serde_json::to_string_pretty(&config(&case, ConfigForm::Json)).expect("JSON");
    insta::assert_snapshot!(text.replace(&*case.root.path().to_string_lossy(), "/tmp/case"));
}

#[test]
fn what_is_printed_prints_itself() {
    let case = one(TEXT);
    for form in [ConfigForm::Yaml, ConfigForm::Json] {
        let first = config(&case, form);
        let printed = Case::new(&[("compose.yaml", &to_yaml(&first))]);
        assert_eq!(config(&printed, form), first);
    }
}

#[test]
fn nothing_loaded_prints_nothing() {
    assert!(canonical(&Case::new(&[]).load(), ConfigForm::Json).is_none());
}

/// Values seen from the reference.
#[test]
fn names_with_x_are_one_extension_in_a_mapping() {
    let shown = |attributes: &str| {
        let loaded = crate::support::web(attributes).load();
        canonical(&loaded, ConfigForm::Json).expect("a document")["services"]["web"].clone()
    };
    let list = shown("    labels: [x-a=b]\n    environment: [x-a=b]\n");
    assert_eq!(list["labels"], serde_json::json!({"x-a": "b"}));
    assert_eq!(list["environment"], serde_json::json!({"x-a": "b"}));
    let mapping = shown(
        "    labels: {x-b: 5, x-a: b, c: d}\n    environment: {x-d: , x-e: true}\n    sysctls: {x-a: b}\n",
    );
    assert_eq!(mapping["labels"], serde_json::json!({"#extensions": "map[x-a:b x-b:5]", "c": "d"}));
    let variables = serde_json::json!({"#extensions": "map[x-d:<nil> x-e:true]"});
    assert_eq!(mapping["environment"], variables);
    assert_eq!(mapping["sysctls"], serde_json::json!({"#extensions": "map[x-a:b]"}));
}

#[test]
fn empty_texts_of_lists_are_kept() {
    let loaded = crate::support::web("    expose: [\"\"]\n    tmpfs: \"\"\n").load();
    let web = canonical(&loaded, ConfigForm::Json).expect("a document")["services"]["web"].clone();
    assert_eq!((&web["expose"], &web["tmpfs"]), (&[""][..].into(), &[""][..].into()));
}

#[test]
fn what_extends_nothing_says_so() {
    let case = crate::support::Case::new(&[
        (
            "compose.yaml",
            "services: {web: {image: nginx, extends: {file: sub/b.yaml, service: none}}}\n",
        ),
        ("sub/b.yaml", "services: {none: }\n"),
    ]);
    let loaded = case.load();
    let web = canonical(&loaded, ConfigForm::Json).expect("a document")["services"]["web"].clone();
    let file = case.path("sub/b.yaml");
    let wanted = serde_json::json!({"file": file.to_string_lossy(), "service": "none"});
    assert_eq!(web["extends"], wanted);
}
