//! The attributes of a service that say how its container runs. The printed forms are those of
//! docker compose 2.40.3.

use decklift::compose::model::{Condition, Project};
use decklift::compose::{ConfigForm, canonical};
use serde_json::{Value, json};

use crate::support::{Case, messages, one, web};

/// The service `web` as it is printed, without what every service has.
fn printed(case: &Case, form: ConfigForm) -> Value {
    let loaded = case.load();
    assert!(!loaded.diagnostics.has_errors(), "{}", case.drawn());
    let mut config = canonical(&loaded, form).expect("a project");
    let mut web = config["services"]["web"].take();
    for key in ["command", "entrypoint", "image", "networks"] {
        web.as_object_mut().expect("an object").remove(key);
    }
    web
}

fn json_of(attribute: &str) -> Value {
    printed(&web(&format!("    {attribute}\n")), ConfigForm::Json)
}

fn yaml_of(attribute: &str) -> Value {
    printed(&web(&format!("    {attribute}\n")), ConfigForm::Yaml)
}

fn refused(attribute: &str) -> Vec<String> {
    let loaded = web(&format!("    {attribute}\n")).load();
    assert!(loaded.diagnostics.has_errors(), "{attribute} was accepted");
    messages(&loaded)
}

#[test]
fn attributes_print_as_the_reference_prints_them() {
    for (attribute, want) in [
        ("cap_add: [A=1, B, A=2]", json!({"cap_add": ["A=2", "B"]})),
        ("cpu_shares: 1.9", json!({"cpu_shares": 1})),
        ("cpu_percent: '50.0'", json!({"cpu_percent": 50})),
        ("pids_limit: \"${X:-7}\"", json!({"pids_limit": 7})),
        ("memswap_limit: -1", json!({"memswap_limit": "-1"})),
        ("mem_limit: -1", json!({"mem_limit": "-1"})),
        ("mem_limit: 5e8", json!({})),
        ("shm_size: 64M", json!({"shm_size": "67108864"})),
        ("mem_swappiness: 60", json!({"mem_swappiness": "60"})),
        ("oom_kill_disable: false", json!({})),
        ("group_add: [mail, 100]", json!({"group_add": ["mail", "100"]})),
        ("dns: ['', 1.1.1.1]", json!({"dns": ["1.1.1.1"]})),
        ("dns_search: a.example", json!({"dns_search": ["a.example"]})),
        ("pull_policy: if_not_present", json!({"pull_policy": "missing"})),
        ("pull_policy: every_12h", json!({"pull_policy": "every_12h"})),
        ("pull_refresh_after: 1d", json!({})),
        ("attach: no", json!({"attach": false})),
        ("restart: sometimes", json!({"restart": "sometimes"})),
        ("sysctls: [a=1, b]", json!({"sysctls": {"a": "1", "b": ""}})),
        ("annotations: {a: null, b: 1.50}", json!({"annotations": {"a": "", "b": "1.5"}})),
        ("storage_opt: {size: 5}", json!({"storage_opt": {"size": "5"}})),
        ("gpus: all", json!({"gpus": [{"count": -1}]})),
        (
            "gpus: [{count: '2', options: [a=b]}]",
            json!({"gpus": [{"count": 2, "options": {"a": "b"}}]}),
        ),
        (
            "extra_hosts: [\"b:1.2.3.4\", \"a=[::1]\", \"b=5.6.7.8,9.9.9.9\"]",
            json!({"extra_hosts": ["a=::1", "b=1.2.3.4", "b=5.6.7.8", "b=9.9.9.9"]}),
        ),
        (
            "devices: [/dev/a, \"/dev/b::r\", {source: /dev/c, target: /dev/a}]",
            json!({"devices": [
                {"source": "/dev/c", "target": "/dev/a"},
                {"source": "/dev/b", "target": "/dev/b", "permissions": "r"},
            ]}),
        ),
        (
            "ulimits: {core: 0, nofile: {soft: '1', hard: 2}, nproc: -1}",
            json!({"ulimits": {"core": {}, "nofile": {"soft": 1, "hard": 2}, "nproc": -1}}),
        ),
        (
            "logging: {driver: json-file, options: {max-file: 3, tag: }}",
            json!({"logging": {"driver": "json-file", "options": {"max-file": "3", "tag": ""}}}),
        ),
        (
            "blkio_config: {weight: 5, device_read_bps: [{path: /dev/a, rate: 1k}]}",
            json!({"blkio_config": {"weight": 5, "device_read_bps": [{"Path": "/dev/a", "Rate": "1024"}]}}),
        ),
        (
            "post_start: [{command: a 'b c', environment: [A, B=1]}]",
            json!({"post_start": [{"command": ["a", "b c"], "environment": {"A": null, "B": "1"}}]}),
        ),
    ] {
        assert_eq!(json_of(attribute), want, "{attribute}");
    }
}

#[test]
fn yaml_differs_in_zeros_names_and_extensions() {
    for (attribute, want) in [
        ("ulimits: {core: 0}", json!({"ulimits": {"core": {"soft": 0, "hard": 0}}})),
        (
            "blkio_config: {weight_device: [{path: /dev/a}]}",
            json!({"blkio_config": {"weight_device": [{"path": "/dev/a", "weight": 0}]}}),
        ),
        ("logging: {x-a: 1}", json!({"logging": {"x-a": 1}})),
        (
            "devices: [{source: a, target: b, x-a: c}]",
            json!({"devices": [{"source": "a", "target": "b", "x-a": "c"}]}),
        ),
    ] {
        assert_eq!(yaml_of(attribute), want, "{attribute}");
    }
}

#[test]
fn what_the_reference_refuses_is_refused() {
    for attribute in [
        "cap_add: [1]",
        "cgroup: shared",
        "cpu_count: -1",
        "cpu_percent: 101",
        "credential_spec: {foo: a}",
        "device_cgroup_rules: [a, a]",
        "devices: [{source: /dev/a}]",
        "devices: ['a:b:c:d']",
        "dns_opt: a",
        "external_links: [a, a]",
        "extra_hosts: [a]",
        "extra_hosts: {a: 1}",
        "gpus: [{count: 1, device_ids: ['0']}]",
        "group_add: [1.5]",
        "label_file: nowhere.label",
        "logging: {options: {a: true}}",
        "mem_swappiness: 1.5",
        "memswap_limit: '-1'",
        "models: [llm]",
        "oom_score_adj: 1001",
        "post_start: [{user: a}]",
        "pre_start: [{command: a}]",
        "privileged: maybe",
        "provider: {options: {a: b}}",
        "pull_policy: sometimes",
        "security_opt: [a, a]",
        "storage_opt: {a: true}",
        "ulimits: {nofile: {soft: 1}}",
        "ulimits: {nofile: 1.0}",
        "use_api_socket: 'true'",
        "volumes_from: [nobody]",
        "blkio_config: {weight: '5'}",
        "depends_on: {web: {condition: service_started, required: 'true'}}",
        "environment: {'': a}",
        "network_mode: host\n    networks: [default]",
        "pids_limit: 1\n    deploy: {resources: {limits: {pids: 2}}}",
    ] {
        assert!(!refused(attribute).is_empty());
    }
    let twice = "error conflict: `a` stands twice in `security_opt`".to_owned();
    assert!(refused("security_opt: [a, b, a]").contains(&twice));
}

#[test]
fn a_repeated_value_of_a_variable_is_not_shown() {
    let case = web("    security_opt: [\"${S}\", \"${S}\"]\n").variable("S", "secret-text");
    let drawn = case.drawn();
    assert!(drawn.contains("stands twice") && !drawn.contains("secret-text"), "{drawn}");
}

const NEEDS: &str = "services:\n  web:\n    image: a\n    links: [db, 'cache:c']\n    \
                     volumes_from: ['files:ro', 'container:x']\n    pid: service:side\n    \
                     depends_on: {db: {condition: service_healthy}}\n  db: {image: a}\n  \
                     cache: {image: a}\n  files: {image: a}\n  side: {image: a}\n";

#[test]
fn links_namespaces_and_volumes_are_dependencies() {
    let case = one(NEEDS);
    let started = |restart| match restart {
        true => json!({"condition": "service_started", "restart": true, "required": true}),
        false => json!({"condition": "service_started", "required": true}),
    };
    assert_eq!(
        printed(&case, ConfigForm::Json)["depends_on"],
        json!({
            "db": {"condition": "service_healthy", "required": true},
            "cache": started(true),
            "files": started(false),
            "side": started(true),
        })
    );
    let project: Project = case.load().project.expect("a project");
    let needs = &project.services["web"].depends_on;
    let names: Vec<&str> = needs.keys().map(String::as_str).collect();
    assert_eq!(names, ["db", "cache", "side", "files"]);
    assert_eq!(needs["side"].value.condition, Condition::Started);
    let circle = one("services:\n  a: {image: x, links: [b]}\n  b: {image: x, ipc: 'service:a'}\n");
    let found = messages(&circle.load());
    assert!(found.iter().any(|line| line.starts_with("error dependency-cycle")), "{found:?}");
}

#[test]
fn a_provider_needs_no_image_and_is_on_no_network() {
    let case = one("services:\n  web: {provider: {type: model, options: {a: [1, b]}, x-a: 1}}\n");
    let provider = json!({"type": "model", "options": {"a": ["1", "b"]}});
    assert_eq!(printed(&case, ConfigForm::Json), json!({"provider": provider}));
    let config = canonical(&case.load(), ConfigForm::Json).expect("a project");
    assert_eq!(config.get("networks"), None);
}

#[test]
fn the_host_s_network_is_no_network_of_the_project() {
    let case = web("    network_mode: host\n");
    let config = canonical(&case.load(), ConfigForm::Json).expect("a project");
    assert_eq!(config["services"]["web"].get("networks"), None);
    assert_eq!(config.get("networks"), None);
}

#[test]
fn labels_come_from_files_too() {
    let text = "services:\n  web:\n    image: a\n    label_file: [a.label, b.label]\n    \
                labels: {C: own}\n";
    let case = Case::new(&[
        ("compose.yaml", text),
        ("a.label", "A=1\nB=${A}x\nNOTHING\nH=$HOME\nC=file\n"),
        ("b.label", "# again\nA='2'\nD=${B}y\n"),
    ])
    .variable("HOME", "/home/me");
    let want = json!({"labels": {"A": "2", "B": "1x", "H": "", "C": "own", "D": "1xy"}});
    assert_eq!(printed(&case, ConfigForm::Json), want);
}

#[test]
fn a_profile_without_a_name_is_active_while_none_is_chosen() {
    let case = web("    profiles: [\"${P}\"]\n");
    assert_eq!(printed(&case, ConfigForm::Json), json!({"profiles": [""]}));
    let other = web("    profiles: [\"${P}\"]\n").profile("x").load();
    assert!(other.project.expect("a project").services.is_empty());
}

#[test]
fn empty_limits_say_that_there_are_none() {
    for attribute in [
        "mem_limit: 64m\n    deploy: {resources: {limits: {}}}",
        "cpus: 1\n    deploy: {resources: {limits: {}}}",
        "pids_limit: 5\n    deploy: {resources: {limits: {}}}",
        "mem_reservation: 5m\n    deploy: {resources: {reservations: {}}}",
    ] {
        assert!(!refused(attribute).is_empty(), "{attribute}");
    }
    for attribute in ["mem_limit: 64m\n    deploy: {resources: {}}", "cpus: 1\n    deploy: {}"] {
        json_of(attribute);
    }
}

#[test]
fn what_only_the_engine_would_refuse_is_no_fault_of_the_file() {
    for text in ["abc", "80:80", "80/foo", "70000", "82-80"] {
        let file = format!("services: {{web: {{image: x, expose: [{text:?}]}}}}\n");
        let case = Case::new(&[("compose.yaml", &file)]);
        let loaded = case.load();
        assert!(!loaded.diagnostics.has_errors(), "{}", case.drawn());
        assert!(loaded.outcomes.has_errors(), "{text}");
        let out = printed(&case, ConfigForm::Json);
        assert_eq!(out["expose"], serde_json::json!([text]));
    }
    let case =
        Case::new(&[("compose.yaml", "services: {web: {image: x, tmpfs: \"/a:size=x\"}}\n")]);
    assert!(!case.load().diagnostics.has_errors() && case.load().outcomes.has_errors());
}

#[test]
fn a_build_context_knows_no_drives() {
    let case = Case::new(&[("compose.yaml", "services: {web: {build: 'C:\\x'}}\n")]);
    let out = printed(&case, ConfigForm::Json);
    let context = case.path("C:\\x");
    assert_eq!(out["build"]["context"], context.to_string_lossy().as_ref());
}

#[test]
fn secrets_and_configs_of_nothing_are_refused() {
    for section in ["secrets", "configs"] {
        let file = format!("services: {{web: {{image: x}}}}\n{section}:\n");
        let loaded = Case::new(&[("compose.yaml", &file)]).load();
        assert!(loaded.diagnostics.has_errors(), "{section}");
    }
}
