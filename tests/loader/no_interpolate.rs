//! The document of `--no-interpolate`. The values are those of docker compose 2.40.3.

use decklift::compose::{ConfigForm, load, uninterpolated};
use serde_json::{Value, json};

use crate::support::{Case, messages, web};

fn in_form(case: &Case, form: ConfigForm) -> Value {
    let mut options = case.options.clone();
    options.no_interpolate = true;
    let loaded = load(&options);
    let faults = messages(&loaded);
    assert!(faults.is_empty() && loaded.project.is_none(), "{faults:?}");
    uninterpolated(&loaded, form).expect("a document")
}

fn printed(case: &Case) -> Value {
    in_form(case, ConfigForm::Json)
}

/// What is wrong with a service `web` that has these attributes.
fn faults(attributes: &str) -> Vec<String> {
    let mut case = web(attributes);
    case.options.no_interpolate = true;
    messages(&case.load())
}

#[test]
fn a_project_can_be_shown_without_its_variables_replaced() {
    let case = Case::new(&[(
        "compose.yaml",
        "services:\n  web:\n    image: \"x:${TAG}\"\n    build: ./ctx\n    ports: [\"${P}:80\"]\n    depends_on: [db]\n    scale: \"${N}\"\n  db: {image: y, ports: [\"80\"]}\n",
    )]);
    let out = printed(&case);
    let web = &out["services"]["web"];
    assert_eq!(web["image"], "x:${TAG}");
    assert_eq!(web["ports"], json!(["${P}:80"]));
    assert_eq!(web["scale"], "${N}");
    assert_eq!(web["build"]["context"], case.path("ctx").to_string_lossy().as_ref());
    let needs = json!({"db": {"condition": "service_started", "required": true}});
    assert_eq!(web["depends_on"], needs);
    let port = json!([{"mode": "ingress", "target": 80, "protocol": "tcp"}]);
    assert_eq!(out["services"]["db"]["ports"], port);
}

#[test]
fn short_mounts_are_taken_apart_around_their_variables() {
    let case = Case::new(&[(
        "compose.yaml",
        "services:\n  web:\n    image: x\n    secrets: [s]\n    volumes: [\"${DIR:-.}/dags:/dags\", \"data:/d:z\"]\nsecrets: {s: {file: ./s}}\nvolumes: {data: }\n",
    )]);
    let out = printed(&case);
    let web = &out["services"]["web"];
    let secret = json!([{"source": "s", "target": "/run/secrets/s"}]);
    assert_eq!(web["secrets"], secret);
    let mounts = json!([
        {"type": "volume", "source": "${DIR:-.}/dags", "target": "/dags", "volume": {}},
        {"type": "volume", "source": "data", "target": "/d", "bind": {"selinux": "z"}, "volume": {}},
    ]);
    assert_eq!(web["volumes"], mounts);
}

#[test]
fn what_is_implied_is_shown_without_interpolation_too() {
    let case = Case::new(&[(
        "compose.yaml",
        "services:\n  a:\n    image: x\n    links: [\"b:c\", d]\n    network_mode: service:e\n    volumes_from: [\"b:ro\", \"container:z\", f]\n",
    )]);
    let out = printed(&case);
    let on = |restart: bool| json!({"condition": "service_started", "restart": restart, "required": true});
    let want = json!({"b": on(true), "d": on(true), "e": on(true), "f": on(false)});
    assert_eq!(out["services"]["a"]["depends_on"], want);
}

#[test]
fn merged_names_and_values_are_lists() {
    let base = "services:\n  web:\n    image: x\n    environment: {B: \"1\", A: true, C: , N: 0644}\n    labels: [l=1, m=2]\n    sysctls: {a.b: 1}\n    build: {context: ., args: [X, Y=1], labels: {q: 1}}\n";
    let over = "services:\n  web:\n    environment: [D=2, B=3]\n    labels: {m: 3, n: \"${N}\"}\n    sysctls: [a.b=2]\n    build: {args: {Z: 2}, labels: }\n";
    let case = Case::new(&[("a.yaml", base), ("b.yaml", over)]).file("a.yaml").file("b.yaml");
    let out = printed(&case);
    let web = &out["services"]["web"];
    assert_eq!(web["environment"], json!(["A=true", "B=3", "C", "N=420", "D=2"]));
    assert_eq!(web["labels"], json!(["l=1", "m=3", "n=${N}"]));
    assert_eq!(web["sysctls"], json!(["a.b=2"]));
    assert_eq!(web["build"]["args"], json!(["Y=1", "Z=2"]));
    assert_eq!(web["build"]["labels"], json!(["q=1"]));
}

#[test]
fn ports_and_mounts_are_unique_across_files() {
    let base = "services:\n  web:\n    image: x\n    ports: [\"80:80\", \"90:90\"]\n    volumes: [\"data:/d\"]\nvolumes: {data: , other: }\n";
    let over = "services:\n  web:\n    ports: [\"${P}:1\", {target: 80, published: \"80\", mode: host}]\n    volumes: [\"other:/d\"]\n";
    let case = Case::new(&[("a.yaml", base), ("b.yaml", over)]).file("a.yaml").file("b.yaml");
    let out = printed(&case);
    let port = |port: u16, mode: &str| json!({"mode": mode, "protocol": "tcp", "published": port.to_string(), "target": port});
    let ports = json!([port(80, "host"), port(90, "ingress"), "${P}:1"]);
    assert_eq!(out["services"]["web"]["ports"], ports);
    let mount = json!([{"type": "volume", "source": "other", "target": "/d", "volume": {}}]);
    assert_eq!(out["services"]["web"]["volumes"], mount);
}

#[test]
fn bare_names_have_the_values_of_included_projects_alone() {
    let names = "      args: [OUT, IN]\n    environment: [OUT, IN]\n";
    let service = |name: &str| format!("services:\n  {name}:\n    build:\n{names}");
    let case = Case::new(&[
        ("compose.yaml", &format!("include: [in/compose.yaml]\n{}", service("web"))),
        (".env", "OUT=1\n"),
        ("in/compose.yaml", &service("db")),
        ("in/.env", "IN=2\n"),
    ]);
    let out = printed(&case);
    let services = &out["services"];
    assert_eq!(services["web"]["environment"], json!(["OUT", "IN"]));
    assert_eq!(services["db"]["environment"], json!(["OUT", "IN=2"]));
    assert_eq!(services["web"]["build"]["args"], Value::Null);
    assert_eq!(in_form(&case, ConfigForm::Yaml)["services"]["web"]["build"]["args"], json!([]));
}

#[test]
fn of_an_empty_list_json_has_nothing() {
    let case = web(
        "    command: []\n    cap_add: []\n    environment: []\n    dns: [\"\", a]\n    develop: {watch: [{path: ., action: sync, include: a}]}\n",
    );
    let out = printed(&case);
    let web = &out["services"]["web"];
    let lists = ["command", "cap_add", "environment", "dns"].map(|key| web[key].clone());
    assert_eq!(lists, [Value::Null, json!([]), Value::Null, json!(["a"])]);
    assert_eq!(web["develop"]["watch"][0]["include"], json!(["a"]));
    assert_eq!(in_form(&case, ConfigForm::Yaml)["services"]["web"]["command"], json!([]));
}

#[test]
fn device_requests_ask_for_all() {
    let out = printed(&web(
        "    gpus: [{driver: a}, {device_ids: [\"1\"]}]\n    deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}\n",
    ));
    let web = &out["services"]["web"];
    assert_eq!(web["gpus"], json!([{"driver": "a", "count": "all"}, {"device_ids": ["1"]}]));
    let devices = &web["deploy"]["resources"]["reservations"]["devices"];
    assert_eq!(*devices, json!([{"capabilities": ["gpu"], "count": "all"}]));
}

#[test]
fn a_project_is_called_what_is_left_of_its_name() {
    let text = |name: &str| format!("name: {name}\nservices: {{web: {{image: x}}}}\n");
    let out = printed(&Case::new(&[("compose.yaml", &text("test-${TEST}-test"))]));
    assert_eq!(out["name"], "test-test-test");
    assert_eq!(out["networks"]["default"]["name"], "test-test-test_default");
    let out = printed(&Case::new(&[("compose.yaml", &text("${Ä}"))]));
    assert_eq!(out["name"], "app");
}

#[test]
fn values_are_not_read_before_their_variables_are() {
    for taken in [
        "privileged: $V",
        "privileged: what",
        "mem_limit: $V",
        "healthcheck: {interval: 1x, retries: $V}",
        "ports: [{target: $V, published: $V, mode: $V, protocol: $V}]",
        "deploy: {replicas: $V, resources: {limits: {cpus: $V, memory: $V}}}",
        "volumes: [{type: tmpfs, target: $V, tmpfs: {size: $V, mode: $V}}]",
        "blkio_config: {weight: $V}",
        "healthcheck: {test: [curl, x]}",
        "develop: {watch: [{path: ., action: sync}]}",
        "ulimits: {n: {soft: $V, hard: 2}}",
        "build: {dockerfile: $V, dockerfile_inline: $V}",
        "environment: [\"A = b\"]",
        "container_name: ${NAME}",
        "ports: [\"a:b\"]",
        "devices: [\"a:b:c:d\"]",
        "build: {context: ., ulimits: {n: {soft: $V, hard: 2}}}",
        "networks: [nowhere]",
    ] {
        assert_eq!(faults(&format!("    {taken}\n")), [""; 0], "{taken}");
    }
}

#[test]
fn what_is_wrong_with_any_value_is_refused() {
    for refused in [
        "cgroup: $V",
        "pull_policy: $V",
        "gpus: $V",
        "depends_on: $V",
        "depends_on: {web: {condition: $V}}",
        "ports: [{target: 1, host_ip: $V}]",
        "volumes: [{type: $V, source: a, target: /x}]",
        "deploy: {update_config: {order: $V}}",
        "develop: {watch: [{path: ., action: $V}]}",
        "ulimits: {n: $V}",
        "networks: {default: {priority: $V}}",
        "environment: $V",
        "colour: $V",
        "develop: {watch: [{path: .}]}",
        "volumes: [{type: tmpfs, target: /x, tmpfs: {size: -1}}]",
        "volumes: [{type: bind, target: /x}]",
        "volumes: [\"$V:$V:$V:$V\"]",
        "container_name: $V",
        "build: {context: ., ssh: [$V]}",
        "build: {context: ., ulimits: {n: {soft: $V}}}",
        "ports: [-1]",
        "cpu_count: 1.5",
    ] {
        let found = faults(&format!("    {refused}\n"));
        assert_eq!(found.len(), 1, "{refused}: {found:?}");
    }
}

#[test]
fn what_a_later_file_replaces_is_refused_too() {
    let over = "services: {web: !override {image: x}}\n";
    for (attribute, want) in [
        ("restart: 5", vec!["error wrong-type: `restart` must be text"]),
        ("cgroup: $v", vec!["error invalid-value: `cgroup`: `$v` is neither `host` nor `private`"]),
        ("tty: $V", vec![]),
        ("ports: [{target: 1, host_ip: $V}]", vec![]),
    ] {
        let base = format!("services:\n  web:\n    image: x\n    {attribute}\n");
        let case = Case::new(&[("a.yaml", &base), ("b.yaml", over)]);
        let mut case = case.file("a.yaml").file("b.yaml");
        case.options.no_interpolate = true;
        assert_eq!(messages(&case.load()), want, "{attribute}");
    }
}
