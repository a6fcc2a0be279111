use crate::diagnostic::{Code, Severity};
use crate::ecs::rules::launch::tests::{all, good, task, warnings};

/// Which containers of the task of `app` have which ports.
fn ports(services: &str) -> Vec<(String, Vec<u64>)> {
    let done = good(&format!("name: shop\nservices:\n{services}"));
    assert_eq!(warnings(&done.diagnostics), [""; 0], "{services}");
    let containers = task(&done, "app")["containerDefinitions"].clone();
    let of = |container: &serde_json::Value| {
        let ports = container["portMappings"].as_array().cloned().unwrap_or_default();
        let ports = ports.iter().filter_map(|port| port["containerPort"].as_u64()).collect();
        (container["name"].as_str().unwrap_or_default().to_owned(), ports)
    };
    containers.as_array().expect("containers").iter().map(of).collect()
}

fn owned(wanted: &[(&str, &[u64])]) -> Vec<(String, Vec<u64>)> {
    wanted.iter().map(|(name, ports)| ((*name).to_owned(), ports.to_vec())).collect()
}

/// What is refused, and at which services.
fn refused(services: &str) -> Vec<(Code, String)> {
    let done = all(&format!("name: shop\nservices:\n{services}"));
    let mut all = done.diagnostics.iter().collect::<Vec<_>>();
    all.retain(|found| found.severity == Severity::Error);
    all.iter().map(|found| (found.code, found.service.clone().unwrap_or_default())).collect()
}

#[test]
fn a_second_container_of_an_image_that_does_something_else_has_no_port() {
    let app = "  app: {image: nextcloud:29, ports: [\"80:80\"]}\n";
    let cron = "  cron: {image: nextcloud:29, entrypoint: /cron.sh, volumes_from: [app]}\n";
    for services in [format!("{app}{cron}"), format!("{cron}{app}")] {
        assert_eq!(ports(&services), owned(&[("app", &[80]), ("cron", &[])]), "{services}");
    }
    // Without a word of ports, too.
    let app = "  app: {image: nextcloud:29}\n";
    assert_eq!(ports(&format!("{app}{cron}"))[1].1, [0; 0]);
    let cli = "  cli: {image: wordpress:cli, command: sleep 1d, volumes_from: [app]}\n";
    let app = "  app: {image: wordpress:6}\n";
    assert_eq!(ports(&format!("{app}{cli}")), owned(&[("app", &[80]), ("cli", &[])]));
}

#[test]
fn the_program_of_the_image_keeps_the_port() {
    let found = ports(
        "  app: {image: redis:7, command: redis-cli monitor, x-ecs: {task: t}}\n  \
         store: {image: redis:7, command: redis-server --appendonly yes, x-ecs: {task: t}}\n",
    );
    assert_eq!(found, owned(&[("app", &[]), ("store", &[6379])]));
}

#[test]
fn whoever_declares_other_ports_listens_there() {
    let found = ports(
        "  app: {image: nginx:1, expose: [\"8081\"], x-ecs: {task: t}}\n  \
         side: {image: nginx:1, x-ecs: {task: t}}\n",
    );
    assert_eq!(found, owned(&[("app", &[8081]), ("side", &[80])]));
    // A declared port is nobody else's.
    let found = ports(
        "  side: {image: nginx:1, x-ecs: {task: t}}\n  \
         app: {image: acme/app:1, ports: [\"80:80\"], x-ecs: {task: t}}\n",
    );
    assert_eq!(found, owned(&[("app", &[80]), ("side", &[])]));
}

#[test]
fn what_cannot_be_told_apart_is_refused_at_the_second() {
    let second = [(Code::PortConflict, "side".to_owned())];
    for ports in ["", "expose: [\"80\"], "] {
        let services = format!(
            "  app: {{image: httpd:2, {ports}x-ecs: {{task: t}}}}\n  \
             side: {{image: httpd:2, {ports}x-ecs: {{task: t}}}}\n"
        );
        assert_eq!(refused(&services), second, "{services}");
    }
}

#[test]
fn fpm_listens_beside_its_web_server() {
    let found = ports(
        "  app: {image: nginx:1, x-ecs: {task: t}}\n  \
         php: {image: \"wordpress:php8.2-fpm\", x-ecs: {task: t}}\n",
    );
    assert_eq!(found, owned(&[("app", &[80]), ("php", &[9000])]));
}
