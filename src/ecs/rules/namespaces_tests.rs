use super::*;
use crate::diagnostic::Severity;
use crate::ecs::testing::{at, ecs_service, has, loud, run, service, task};

/// What is said of a service with these namespaces, without the notes.
fn said(edit: impl FnOnce(&mut Namespaces)) -> Vec<(Severity, Code)> {
    let mut namespaces = Namespaces::default();
    edit(&mut namespaces);
    let mut web = service("web", "acme/web:1");
    web.namespaces = Some(Box::new(namespaces));
    loud(&run(vec![web]).diagnostics)
}

fn text(text: &str) -> Option<Located<String>> {
    Some(at(text.to_owned()))
}

#[test]
fn a_task_on_fargate_has_a_network_of_its_own() {
    assert_eq!(said(|n| n.network_mode = text("bridge")), []);
    assert_eq!(said(|n| n.network_mode = text("")), []);
    let approximated = [(Severity::Warning, Code::Approximated)];
    assert_eq!(said(|n| n.network_mode = text("host")), approximated);
    for refused in ["none", "container:x", "elsewhere"] {
        let found = said(|n| n.network_mode = text(refused));
        assert_eq!(found, [(Severity::Error, Code::Refused)], "{refused}");
    }
}

#[test]
fn a_service_without_a_network_stands_on_the_default_one() {
    let mut web = service("web", "acme/web:1");
    web.networks.clear();
    web.namespaces =
        Some(Box::new(Namespaces { network_mode: text("host"), ..Namespaces::default() }));
    let done = run(vec![web]);
    assert!(has(&done, crate::ecs::desired::Kind::SecurityGroup, "net-default"));
    let network = &ecs_service(&done, "web").network_configuration.awsvpc_configuration;
    assert_eq!(network.security_groups[0].to_string(), "${security-group/net-default/id}");
}

#[test]
fn processes_are_shared_within_a_task_alone() {
    assert_eq!(said(|n| n.pid = text("host")), [(Severity::Error, Code::Refused)]);
    assert_eq!(said(|n| n.pid = text("private")), []);
    let mut side = service("side", "acme/side:1");
    let pid = text("service:web");
    side.namespaces = Some(Box::new(Namespaces { pid, ..Namespaces::default() }));
    let done = run(vec![service("web", "acme/web:1"), side]);
    assert_eq!(task(&done, "web").pid_mode.as_deref(), Some("task"));
    assert_eq!(task(&done, "web").container_definitions.len(), 2);
}

#[test]
fn memory_is_not_shared_on_fargate() {
    for refused in ["host", "service:web", "container:x"] {
        let found = said(|n| n.ipc = text(refused));
        assert_eq!(found, [(Severity::Error, Code::Refused)], "{refused}");
    }
    assert_eq!(said(|n| n.ipc = text("shareable")), [(Severity::Warning, Code::Ignored)]);
    assert_eq!(said(|n| n.ipc = text("private")), []);
    assert_eq!(said(|n| n.ipc = text("none")), []);
}

#[test]
fn the_rest_has_no_effect() {
    assert_eq!(said(|n| n.userns_mode = text("host")), [(Severity::Warning, Code::Ignored)]);
    assert_eq!(said(|n| n.uts = text("host")), []);
    assert_eq!(said(|n| n.isolation = text("default")), []);
}

#[test]
fn volumes_name_services_and_containers() {
    assert_eq!(volumes_of("db:ro"), Some("db"));
    assert_eq!(volumes_of("db"), Some("db"));
    assert_eq!(volumes_of("container:db"), None);
}
