use serde_json::{Value as Json, json};

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::ecs::Translation;
use crate::ecs::rules::launch::tests::{all, good, service, task};
use crate::ecs::validate;

fn on(launch: &str, lines: &str) -> String {
    format!(
        "name: app\nx-ecs: {{cluster: c, capacity: {{providers: {{mi: 1}}}}}}\nservices:\n  \
         a: {{image: \"acme/a:1\", {lines}, x-ecs: {{launch: {launch}}}}}\n"
    )
}

fn managed(lines: &str) -> Translation {
    all(&on("managed-instances", lines))
}

fn said(done: &Translation, severity: Severity) -> Vec<&str> {
    let is = |d: &&Diagnostic| d.severity == severity;
    done.diagnostics.iter().filter(is).map(|d| d.message.as_str()).collect()
}

fn container(done: &Translation) -> Json {
    task(done, "a")["containerDefinitions"][0].clone()
}

#[test]
fn what_managed_instances_do_not_take_is_told_and_left_out() {
    for (lines, key, word) in [
        ("labels: {x: y}", "dockerLabels", "`labels`"),
        ("annotations: {x: y}", "dockerLabels", "`annotations`"),
        ("security_opt: [no-new-privileges]", "dockerSecurityOptions", "`security_opt`"),
        ("shm_size: 1g", "linuxParameters", "`shm_size`"),
        ("mem_limit: 512m, memswap_limit: 1g", "linuxParameters", "`memswap_limit`"),
        (
            "mem_limit: 512m, memswap_limit: 1g, mem_swappiness: 3",
            "linuxParameters",
            "`mem_swappiness`",
        ),
        ("tmpfs: [/tmp]", "linuxParameters", "/tmp is on the task's disk"),
        ("network_mode: host, hostname: x", "hostname", "`hostname`"),
        ("network_mode: host, dns: [1.1.1.1]", "dnsServers", "`dns`"),
        ("network_mode: host, dns_search: [a.b]", "dnsSearchDomains", "`dns_search`"),
        ("network_mode: host, extra_hosts: [\"a:1.2.3.4\"]", "extraHosts", "`extra_hosts`"),
    ] {
        let done = managed(lines);
        assert_eq!(validate(&done.desired), [], "{lines}");
        assert!(container(&done).get(key).is_none(), "{lines}: {}", container(&done));
        let warned = said(&done, Severity::Warning);
        let is = |message: &&&str| message.contains(word);
        assert_eq!(warned.iter().filter(is).count(), 1, "{lines}: {warned:?}");
        // Instances of one's own take it.
        let ec2 = all(&on("ec2", lines));
        assert!(container(&ec2).get(key).is_some(), "{lines}: {}", container(&ec2));
    }
    let disk = task(&managed("tmpfs: [/tmp]"), "a");
    assert_eq!(disk["volumes"], json!([{"name": "a-tmp", "host": {}}]));
}

#[test]
fn their_paths_and_shared_memory_are_nobody_s() {
    for lines in [
        "ipc: host",
        "volumes: [\"/var/run/docker.sock:/var/run/docker.sock\"]",
        "volumes: [\"/proc:/p\"]",
    ] {
        let refused = said(&managed(lines), Severity::Error).len();
        assert_eq!(refused, 1, "{lines}");
        assert_eq!(said(&all(&on("ec2", lines)), Severity::Error).len(), 0, "{lines}");
    }
    let path = managed("volumes: [\"/srv/x:/x\"]");
    assert!(task(&path, "a")["volumes"].to_string().contains("efsVolumeConfiguration"));
    let docker = format!(
        "{}volumes: {{data: {{driver: rexray}}}}\n",
        on("managed-instances", "volumes: [\"data:/d\"]")
    );
    assert!(task(&all(&docker), "a")["volumes"].to_string().contains("efsVolumeConfiguration"));
    // The rest of an instance is.
    let rest = managed("privileged: true, devices: [/dev/fuse], pid: host, cap_add: [SYS_ADMIN]");
    assert_eq!(said(&rest, Severity::Error), [""; 0]);
    assert_eq!(container(&rest)["privileged"], true);
    assert_eq!(container(&rest)["linuxParameters"]["devices"][0]["hostPath"], "/dev/fuse");
}

#[test]
fn what_an_override_puts_in_is_refused() {
    let done = managed("init: true");
    let edit = |edit: &dyn Fn(&mut crate::ecs::desired::TaskDefinition)| {
        let mut desired = done.desired.clone();
        for resource in desired.resources.values_mut() {
            if let crate::ecs::desired::Body::TaskDefinition(task) = &mut resource.body {
                edit(task);
            }
        }
        validate(&desired).len()
    };
    assert_eq!(edit(&|_| {}), 0);
    assert_eq!(edit(&|task| task.ipc_mode = Some("task".to_owned())), 1);
    assert_eq!(
        edit(&|task| task.container_definitions[0].instance.docker_security_options =
            vec!["no-new-privileges".to_owned()]),
        1
    );
    assert_eq!(
        edit(&|task| task.container_definitions[0].docker_labels =
            [("a".to_owned(), "b".to_owned())].into_iter().collect()),
        1
    );
}

#[test]
fn a_task_has_no_fewer_cpu_units_than_ecs_gives() {
    let done = good(&on("managed-instances", "cpus: 0.1"));
    assert_eq!(task(&done, "a")["cpu"], "128");
    assert!(done.diagnostics.iter().any(|d| d.code == Code::SizeRounded));
    for launch in ["managed-instances", "ec2"] {
        let text = on(launch, "tty: true");
        for (cpu, errors) in [(100, 1), (32, 1), (128, 0), (196_608, 0), (200_000, 1)] {
            let done = all(&text.replace("launch:", &format!("cpu: {cpu}, launch:")));
            let found: Vec<_> =
                done.diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
            assert_eq!(found.len(), errors, "{launch} {cpu}: {found:?}");
            assert!(found.iter().all(|d| d.code == Code::ImpossibleSize));
        }
    }
}

#[test]
fn instances_of_ecs_s_have_its_own_attributes_alone() {
    let labels = managed("deploy: {placement: {constraints: [\"node.labels.rack == a\"]}}");
    assert_eq!(said(&labels, Severity::Warning).len(), 1, "{:?}", labels.diagnostics);
    assert!(service(&labels, "a").get("placementConstraints").is_none());
    for (expression, errors) in [
        ("attribute:rack == a", 1),
        ("attribute:ecs.availability-zone == eu-west-1a", 0),
        ("attribute:ecs.availability-zone == x or attribute:rack == a", 1),
    ] {
        let text = on("managed-instances", "tty: true").replace(
            "launch:",
            &format!("placement: {{constraints: [\"{expression}\"]}}, launch:"),
        );
        assert_eq!(said(&all(&text), Severity::Error).len(), errors, "{expression}");
    }
}
