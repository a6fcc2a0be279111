//! Faults that a later file hides: the reference stops at them, and so does the loader.

use decklift::diagnostic::Diagnostics;

use crate::support::{Case, messages};

/// A service `web` in one file, and another file that replaces it as a whole.
fn replaced(attributes: &str) -> Case {
    let base = format!("services:\n  web:\n    image: nginx\n    {attributes}\n");
    let over = "services:\n  web: !override\n    image: nginx\n";
    Case::new(&[("compose.yaml", &base), ("over.yaml", over)])
        .file("compose.yaml")
        .file("over.yaml")
}

/// A service that extends `web` of another file, but for one attribute.
fn extended(attributes: &str) -> Case {
    let base = format!("services:\n  web:\n    image: nginx\n    {attributes}\n");
    let key = attributes.split(':').next().expect("a key");
    let over = format!(
        "services:\n  web:\n    extends: {{file: base.yaml, service: web}}\n    {key}: !reset null\n"
    );
    Case::new(&[("compose.yaml", &over), ("base.yaml", &base)])
}

fn errors(case: &Case) -> Vec<String> {
    let mut loaded = case.load();
    loaded.outcomes = Diagnostics::default();
    let messages = messages(&loaded).into_iter();
    messages.filter(|message| message.starts_with("error")).collect()
}

#[test]
fn a_fault_counts_where_a_later_file_replaces_it() {
    for (attribute, fault) in [
        ("restart: 5", "error wrong-type: `restart` must be text"),
        ("tty: maybe", "error invalid-value: `tty`: `maybe` is no boolean"),
        ("imagine: x", "error unknown-attribute: a service has no attribute `imagine`"),
        (
            "ports: [\"a:b\"]",
            "error invalid-value: `ports`: `a:b` has a container port outside 1–65535",
        ),
        ("oom_score_adj: 2000", "error invalid-value: `oom_score_adj`: `2000` is more than 1000"),
        ("depends_on: {db: {condition: up}}", "error invalid-value: `up` is no condition"),
        ("container_name: a b", "error invalid-value: `container_name` is no valid name"),
    ] {
        assert_eq!(errors(&replaced(attribute)), [fault], "{attribute}");
    }
}

#[test]
fn what_the_reference_reads_at_the_end_may_be_replaced() {
    for attribute in [
        "mem_limit: much",
        "stop_grace_period: soon",
        "command: \"a 'b\"",
        "deploy: {replicas: -1}",
        "deploy: {resources: {limits: {cpus: few}}}",
        "networks: [nowhere]",
        "build: {context: ., dockerfile: a, dockerfile_inline: b}",
        "env_file: nowhere.env",
        "attach: maybe",
        "cpus: -1",
    ] {
        assert_eq!(errors(&replaced(attribute)), [""; 0], "{attribute}");
    }
}

#[test]
fn of_a_file_that_is_extended_from_little_counts() {
    for (attribute, counts) in [
        ("tty: maybe", true),
        ("ports: [\"a:b\"]", true),
        ("cap_add: [5]", true),
        ("devices: [\"a:b:c:d\"]", true),
        ("restart: 5", false),
        ("imagine: x", false),
        ("oom_score_adj: 2000", false),
        ("command: [1]", false),
        ("mem_limit: much", false),
    ] {
        assert_eq!(!errors(&extended(attribute)).is_empty(), counts, "{attribute}");
    }
}

#[test]
fn the_documents_of_one_file_count_one_by_one() {
    let case = crate::support::one(
        "services: {web: {image: nginx, restart: 5}}\n---\nservices: {web: {restart: always}}\n",
    );
    assert_eq!(errors(&case), ["error wrong-type: `restart` must be text"]);
}

#[test]
fn the_files_of_an_included_project_count_one_by_one() {
    let main = "include:\n  - path: [part.yaml, over.yaml]\nservices: {api: {image: nginx}}\n";
    let part = "services: {web: {image: nginx, restart: 5}}\n";
    let over = "services: {web: {restart: always}}\n";
    let case = Case::new(&[("compose.yaml", main), ("part.yaml", part), ("over.yaml", over)]);
    assert_eq!(errors(&case), ["error wrong-type: `restart` must be text"]);
}

#[test]
fn an_included_project_hangs_together_by_itself() {
    let main = "include: [part.yaml]\nservices: {api: {image: nginx}}\n";
    let over = "services: {web: !override {image: nginx}}\n";
    for (attribute, fault) in [
        (
            "ports: [{target: 80, host_ip: here}]",
            "error invalid-value: `host_ip`: `here` is no address",
        ),
        (
            "volumes: [{type: bind, target: /x}]",
            "error missing-attribute: a bind mount needs `source`",
        ),
    ] {
        let part = format!("services: {{web: {{image: nginx, {attribute}}}}}\n");
        let files = [("compose.yaml", main), ("part.yaml", &part), ("over.yaml", over)];
        assert_eq!(errors(&Case::new(&files)), [fault]);
        assert_eq!(errors(&Case::new(&files).file("compose.yaml").file("over.yaml")), [fault]);
        // Side by side they are one project, which is looked at once it is whole.
        assert_eq!(errors(&Case::new(&files).file("part.yaml").file("over.yaml")), [""; 0]);
    }
}

#[test]
fn what_an_included_file_says_beside_its_resources_counts() {
    let main = "include: [part.yaml]\nservices: {api: {image: nginx}}\n";
    let part = "services: {web: {image: nginx}}\nservice: {db: {image: postgres}}\n";
    let case = Case::new(&[("compose.yaml", main), ("part.yaml", part)]);
    let fault = "error unknown-attribute: the top level has no attribute `service`";
    assert_eq!(errors(&case), [fault]);
}

#[test]
fn one_fault_is_told_once() {
    let base = "services: {web: {image: nginx, restart: 5}}\n";
    let over = "services: {web: {tty: true}}\n";
    let more = "services: {web: {init: true}}\n";
    let case = Case::new(&[("compose.yaml", base), ("b.yaml", over), ("c.yaml", more)]);
    let case = case.file("compose.yaml").file("b.yaml").file("c.yaml");
    assert_eq!(errors(&case), ["error wrong-type: `restart` must be text"]);
    // A file that extends from itself is read twice.
    let own = "services:\n  base: {image: nginx, tty: maybe}\n  web: {extends: {file: compose.yaml, service: base}}\n";
    let found = errors(&crate::support::one(own));
    assert!(found.iter().all(|fault| fault.contains("`maybe` is no boolean")), "{found:?}");
}
