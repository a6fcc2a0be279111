use serde_json::json;

use crate::diagnostic::Severity;
use crate::ecs::Translation;
use crate::ecs::rules::launch::tests::{all, good, task};

/// Services on bridge that share the task `t`.
fn bridge(services: &[(&str, &str)]) -> String {
    let mut text = "name: app\nx-ecs: {launch: ec2, cluster: m, network_mode: bridge, instances: \
        {security_group: sg-0123456789abcdef0}}\nservices:\n"
        .to_owned();
    for (name, lines) in services {
        text += &format!("  {name}: {{image: \"acme/{name}:1\", x-ecs: {{task: t}}, {lines}}}\n");
    }
    text
}

fn calls(done: &Translation) -> Vec<(&str, &str)> {
    let is = |d: &&crate::diagnostic::Diagnostic| d.message.contains("shares a task");
    let found = done.diagnostics.iter().filter(is);
    found.map(|d| (d.message.as_str(), d.help.as_deref().unwrap_or_default())).collect()
}

#[test]
fn a_linked_container_of_the_task_is_found_by_name() {
    for (a, b) in [
        ("depends_on: [b], environment: {B: \"http://b:80\"}", "expose: [80]"),
        ("links: [\"b:x\"], environment: {B: \"http://x:80\"}", "expose: [80]"),
        (
            "depends_on: [b], environment: {B: \"http://web:80\"}",
            "expose: [80], networks: {default: {aliases: [web]}}",
        ),
    ] {
        let done = good(&bridge(&[("a", a), ("b", b)]));
        assert_eq!(calls(&done), [], "{a}");
    }
    let aliased = good(&bridge(&[
        ("a", "depends_on: [b]"),
        ("b", "expose: [80], networks: {default: {aliases: [web]}}"),
    ]));
    assert_eq!(task(&aliased, "a")["containerDefinitions"][0]["links"], json!(["b:b", "b:web"]));
}

#[test]
fn without_a_link_the_way_out_is_one() {
    let done = good(&bridge(&[
        ("a", "environment: {B: \"http://b:80\"}"),
        ("b", "expose: [80], environment: {A: \"http://a:90\"}, depends_on: [a]"),
        ("c", "environment: {B: \"http://b:80\"}"),
    ]));
    let found = calls(&done);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].1.contains("do not go both ways"), "{found:?}");
    assert!(found[1].1.contains("`links: [b]`"), "{found:?}");
}

#[test]
fn containers_on_bridge_may_have_one_port_each() {
    let done = good(&bridge(&[("a", "expose: [80]"), ("b", "expose: [80]")]));
    let containers = &task(&done, "a")["containerDefinitions"];
    for index in [0, 1] {
        assert_eq!(containers[index]["portMappings"][0]["containerPort"], 80);
        assert_eq!(containers[index]["portMappings"][0]["hostPort"], 0);
    }
    let awsvpc =
        bridge(&[("a", "expose: [80]"), ("b", "expose: [80]")]).replace("bridge", "awsvpc");
    assert!(all(&awsvpc).diagnostics.iter().any(|d| d.severity == Severity::Error));
}
