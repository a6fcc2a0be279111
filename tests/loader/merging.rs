use decklift::compose::model::{Condition, MountKind};

use crate::support::{Case, messages};

fn two(base: &str, over: &str) -> Case {
    Case::new(&[("compose.yaml", base), ("over.yaml", over)]).file("compose.yaml").file("over.yaml")
}

/// Two sets of attributes of the service `web`, the second laid over the first.
fn web(base: &str, over: &str) -> Case {
    let base = format!("services:\n  web:\n    image: nginx\n{base}");
    two(&base, &format!("services:\n  web:\n{over}"))
}

#[test]
fn fields_follow_their_rules() {
    let case = web(
        "    command: a b\n    entrypoint: [x]\n    environment: [A=1, B=2]\n    labels: {l: 1}\n    ports: [\"80:80\", \"81:81\"]\n    volumes: [one:/a, ./b:/b]\n    tmpfs: /t\n    depends_on: [db]\n    networks: [one]\n    healthcheck: {test: [CMD, a], interval: 1s}\n    build: ./ctx\n    deploy: {replicas: 1, labels: [x=1], resources: {limits: {cpus: 1}}}\n",
        "    image: other\n    command: [c]\n    environment: {B: 3, C: }\n    labels: [m=2]\n    ports: [\"82:82\", \"80:80\"]\n    volumes: [two:/a:ro]\n    tmpfs: [/u]\n    depends_on: {db: {condition: service_healthy}, api: {condition: service_started}}\n    networks: {one: {aliases: [w]}, two: }\n    healthcheck: {test: b}\n    build: {target: t}\n    deploy: {replicas: 2, labels: {x: 2}, resources: {limits: {memory: 64m}}}\n  db: {image: db, healthcheck: {test: a}}\n  api: {image: api}\nnetworks: {one: , two: }\nvolumes: {one: , two: }\n",
    );
    let loaded = case.load();
    assert!(!loaded.diagnostics.has_errors(), "{}", case.drawn());
    let project = loaded.project.expect("a project");
    let web = &project.services["web"];
    assert_eq!(web.image.as_ref().expect("an image").value, "other");
    assert_eq!(web.command.as_ref().expect("a command").value, ["c"]);
    assert_eq!(web.entrypoint.as_ref().expect("one").value, ["x"]);
    let environment: Vec<_> =
        web.environment.iter().map(|(k, v)| format!("{k}={}", v.value)).collect();
    assert_eq!(environment, ["A=1", "B=3"]);
    assert_eq!(web.labels.keys().collect::<Vec<_>>(), ["l", "m"]);
    let ports: Vec<_> = web.ports.iter().map(|port| port.value.target).collect();
    assert_eq!(ports, [80, 81, 82]);
    let mounts: Vec<_> = web
        .mounts
        .iter()
        .map(|mount| (mount.value.target.as_str(), mount.value.read_only))
        .collect();
    assert_eq!(mounts, [("/t", false), ("/u", false), ("/a", true), ("/b", false)]);
    assert_eq!(web.mounts[2].value.kind, MountKind::Volume("two".into()));
    assert_eq!(web.depends_on.keys().collect::<Vec<_>>(), ["db", "api"]);
    assert_eq!(web.networks["one"].aliases[0].value, "w");
    let build = &web.build.as_ref().expect("a build").value;
    assert_eq!(build.context.value, case.path("ctx"));
    assert_eq!(build.target.as_ref().expect("a target").value, "t");
    let check = &web.healthcheck.as_ref().expect("a check").value;
    assert!(check.interval.is_some());
    assert_eq!(web.deploy.replicas.as_ref().map(|n| n.value), Some(2));
    assert_eq!(web.deploy.labels["x"].value, "2");
    assert!(web.deploy.limits.cpus.is_some() && web.deploy.limits.memory.is_some());
    // Places say which file a value came from.
    assert!(loaded.sources.place(web.labels["m"].span).starts_with("over.yaml:"));
    assert!(loaded.sources.place(web.labels["l"].span).starts_with("compose.yaml:"));
}

#[test]
fn reset_and_override() {
    let case = web(
        "    ports: [\"80:80\"]\n    environment: {A: 1, B: 2}\n    command: a\n    labels: {l: 1}\n",
        "    ports: !override [\"81:81\"]\n    environment: {A: !reset null}\n    command: !reset []\n    labels: !override {m: 2}\n",
    );
    let loaded = case.load();
    assert!(loaded.diagnostics.is_empty(), "{}", case.drawn());
    let project = loaded.project.expect("a project");
    let web = &project.services["web"];
    assert_eq!(web.ports.len(), 1);
    assert_eq!(web.ports[0].value.target, 81);
    assert_eq!(web.environment.keys().collect::<Vec<_>>(), ["B"]);
    assert!(web.command.is_none());
    assert_eq!(web.labels.keys().collect::<Vec<_>>(), ["m"]);
}

#[test]
fn a_service_can_be_taken_out() {
    let loaded = two(
        "services:\n  web: {image: a}\n  debug: {image: b}\n",
        "services:\n  debug: !reset null\n",
    )
    .load();
    assert!(loaded.diagnostics.is_empty());
    assert_eq!(loaded.project.expect("a project").services.len(), 1);
}

#[test]
fn null_changes_nothing_but_a_command() {
    let loaded =
        web("    command: a\n    environment: {A: 1}\n", "    environment:\n    command:\n").load();
    assert!(loaded.diagnostics.is_empty(), "{:?}", messages(&loaded));
    let project = loaded.project.expect("a project");
    assert_eq!(project.services["web"].environment.len(), 1);
    assert!(project.services["web"].command.is_none());
}

#[test]
fn a_bare_name_takes_the_place_of_a_value() {
    let loaded = web("    environment: {A: 1}\n", "    environment: [A]\n").load();
    assert!(loaded.project.expect("a project").services["web"].environment.is_empty());
}

#[test]
fn values_that_cannot_be_combined() {
    let case = web(
        "    ports: [\"80\"]\n    healthcheck: {test: a}\n",
        "    ports: {a: b}\n    healthcheck: [a]\n",
    );
    insta::assert_snapshot!(case.drawn());
}

#[test]
fn faults_in_either_file_show_their_file() {
    let case = web(
        "    imgae: a\n",
        "    prots: []\n    container_name: one\n  api: {image: a, container_name: one}\n",
    );
    insta::assert_snapshot!(case.drawn());
}

#[test]
fn merge_keys_at_any_depth() {
    let case = Case::new(&[(
        "compose.yaml",
        "x-env: &env {A: 1, B: 2}\nx-more: &more {B: 3, C: 4}\nx-web: &web\n  image: base\n  environment: {Z: 1}\nservices:\n  web:\n    <<: *web\n    environment:\n      <<: [*env, *more]\n      A: own\n  api:\n    <<: *web\n",
    )]);
    let loaded = case.load();
    assert!(loaded.diagnostics.is_empty(), "{}", case.drawn());
    let project = loaded.project.expect("a project");
    let values = |name: &str| -> Vec<String> {
        let service = &project.services[name];
        service.environment.iter().map(|(k, v)| format!("{k}={}", v.value)).collect()
    };
    assert_eq!(values("web"), ["A=own", "B=2", "C=4"]);
    assert_eq!(values("api"), ["Z=1"]);
}

#[test]
fn the_short_form_of_a_dependency_is_a_whole_one() {
    let case = web(
        "    depends_on: {db: {condition: service_healthy, required: false, restart: true}}\n  db: {image: a, healthcheck: {test: a}}\n",
        "    depends_on: [db]\n",
    );
    let project = case.load().project.expect("a project");
    let dependency = project.services["web"].depends_on["db"].value;
    assert!(dependency.required && dependency.restart);
    assert_eq!(dependency.condition, Condition::Started);
}
