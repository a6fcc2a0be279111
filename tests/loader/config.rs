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
