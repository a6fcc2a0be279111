//! Attributes that are read in full: what the reference printed for each.

use decklift::compose::{ConfigForm, canonical};
use decklift::source::Located;
use serde_json::{Value, json};

use crate::support::Case;

const TOP: &str = "name: p
services: { web: { image: nginx, SERVICE }, other: { build: . } }
networks: { n: {} }
volumes: { data: {} }
secrets: { s: { file: ./s } }
configs: { c: { content: hello } }
";

fn web(attributes: &str) -> Option<Value> {
    let case = Case::new(&[("compose.yaml", &TOP.replace("SERVICE", attributes))]);
    let loaded = case.load();
    if loaded.diagnostics.has_errors() {
        return None;
    }
    let text = canonical(&loaded, ConfigForm::Json)?.to_string();
    let text = text.replace(&*case.root.path().to_string_lossy(), "");
    serde_json::from_str::<Value>(&text).ok()?["services"].get("web").cloned()
}

#[test]
fn what_is_printed() {
    let volume = |target: &str| json!([{ "type": "volume", "source": "data", "target": target, "volume": {} }]);
    for (attributes, key, want) in [
        ("secrets: [s]", "secrets", json!([{ "source": "s", "target": "/run/secrets/s" }])),
        ("configs: [c]", "configs", json!([{ "source": "c" }])),
        (
            "secrets: [{ source: s, target: t, uid: \"1\", mode: 0440 }]",
            "secrets",
            json!([{ "source": "s", "target": "t", "uid": "1", "mode": "0440" }]),
        ),
        ("volumes: ['data:/a/']", "volumes", volume("/a")),
        ("volumes: ['./x:/a', 'data:/a']", "volumes", volume("/a")),
        (
            "volumes: [{ type: image, source: i, target: /i, image: { subpath: s } }]",
            "volumes",
            json!([{ "type": "image", "source": "i", "target": "/i", "image": { "subpath": "s" } }]),
        ),
        (
            "ports: [{ target: 80, published: 8080, name: http }]",
            "ports",
            json!([{
                "name": "http", "mode": "ingress", "target": 80, "published": "8080",
                "protocol": "tcp"
            }]),
        ),
        (
            "networks: { n: { aliases: [a, a], priority: 5, ipv4_address: 10.0.0.1 } }",
            "networks",
            json!({ "n": { "aliases": ["a"], "priority": 5, "ipv4_address": "10.0.0.1" } }),
        ),
        (
            "deploy: { restart_policy: { delay: 0s, max_attempts: \"3\" } }",
            "deploy",
            json!({
                "resources": {}, "placement": {},
                "restart_policy": { "delay": "0s", "max_attempts": 3 }
            }),
        ),
        (
            "deploy: { resources: { reservations: { devices: [{ capabilities: [gpu] }] } } }",
            "deploy",
            json!({
                "placement": {},
                "resources": {
                    "reservations": { "devices": [{ "capabilities": ["gpu"], "count": -1 }] }
                }
            }),
        ),
        (
            "develop: { watch: [{ path: ./a, action: rebuild, ignore: x }] }",
            "develop",
            json!({ "watch": [{
                "path": "/app/a", "action": "rebuild", "ignore": ["x"],
                "exec": { "command": null }
            }] }),
        ),
        (
            "build: { context: 'https://x/y.git', dockerfile_inline: FROM x, provenance: true }",
            "build",
            json!({
                "context": "https://x/y.git", "dockerfile_inline": "FROM x", "provenance": "true"
            }),
        ),
        (
            "build: { additional_contexts: [a=./b, o=service:other], extra_hosts: { h: '[::1]' } }",
            "build",
            json!({
                "context": "/app", "dockerfile": "Dockerfile", "extra_hosts": ["h=::1"],
                "additional_contexts": { "a": "/app/b", "o": "service:other" }
            }),
        ),
        (
            "build: { ulimits: { nofile: 5, nproc: { soft: 1, hard: 2 } }, shm_size: 1m }",
            "build",
            json!({
                "context": "/app", "dockerfile": "Dockerfile", "shm_size": "1048576",
                "ulimits": { "nofile": 5, "nproc": { "soft": 1, "hard": 2 } }
            }),
        ),
    ] {
        let found = web(attributes).unwrap_or_else(|| panic!("{attributes} was refused"));
        assert_eq!(found[key], want, "{attributes}");
    }
}

#[test]
fn what_is_refused() {
    for attributes in [
        "secrets: [missing]",
        "configs: [missing]",
        "x-ecs: { secret_env: { A: missing } }",
        "x-ecs: { secret_env: [A] }",
        "secrets: [{ source: s, uid: 1 }]",
        "build: { secrets: [missing] }",
        "build: { dockerfile: a, dockerfile_inline: b }",
        "build: { additional_contexts: [a=service:missing] }",
        "build: { additional_contexts: [a=service:web], x-a: 1 }, scale: -1",
        "build: { ulimits: { nofile: { soft: 1 } } }",
        "deploy: { update_config: { order: sideways } }",
        "deploy: { resources: { reservations: { devices: [{ driver: nvidia }] } } }",
        "deploy: { resources: { reservations: { devices: [{ capabilities: [gpu], count: 1, device_ids: [a] }] } } }",
        "develop: { watch: [{ path: ./a, action: sync }] }",
        "develop: { watch: [{ path: ./a, action: dance, target: /a }] }",
        "networks: { n: { priority: \"5\" } }",
        "ports: [{ published: 80 }]",
        "ports: [{ target: 80, host_ip: localhost }]",
        "volumes: [{ type: bind, target: /a }]",
        "volumes: [{ type: floppy, source: data, target: /a }]",
        "volumes: ['data:/a', 'missing:/b']",
    ] {
        assert_eq!(web(attributes), None, "{attributes}");
    }
}

#[test]
fn secrets_and_configs_come_from_one_place() {
    for (body, is_good) in [
        ("{ file: ./a }", true),
        ("{ environment: A }", true),
        ("{ external: true }", true),
        ("{ file: ./a, environment: A }", false),
        ("{ external: false }", false),
        ("{}", false),
        // The driver is the fault, and is told by what makes of it what ECS has.
        ("{ driver: d }", true),
    ] {
        let text =
            format!("services: {{ a: {{ image: x, secrets: [s] }} }}\nsecrets: {{ s: {body} }}\n");
        let loaded = Case::new(&[("compose.yaml", &text)]).load();
        assert_eq!(!loaded.diagnostics.has_errors(), is_good, "{body}");
    }
}

#[test]
fn a_secret_that_becomes_a_variable_is_used() {
    let text = "services:\n  a:\n    image: x\n    x-ecs: {secret_env: {A: s, B: /parameter, C: 'arn:b'}}\n\
                secrets: {s: {file: ./a, x-ecs: {arn: b, key: c}}, unused: {file: ./b}}\n";
    let loaded = Case::new(&[("compose.yaml", text)]).load();
    assert!(!loaded.diagnostics.has_errors());
    let project = loaded.project.expect("a project");
    assert_eq!(project.secrets.keys().collect::<Vec<_>>(), ["s"]);
    let extension = &project.secrets["s"].extension;
    let text = |value: &Option<Located<String>>| value.as_ref().map(|v| v.value.clone());
    assert_eq!(text(&extension.arn).as_deref(), Some("b"));
    assert_eq!(text(&extension.key).as_deref(), Some("c"));
    let text =
        "services: {a: {image: x, secrets: [s]}}\nsecrets: {s: {file: ./a, x-ecs: {ran: b}}}\n";
    let loaded = Case::new(&[("compose.yaml", text)]).load();
    assert!(loaded.diagnostics.has_errors());
}
