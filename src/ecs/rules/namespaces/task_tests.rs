use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::ecs::Translation;
use crate::ecs::rules::launch::tests::{all, task};

/// The services `a` and `c` of one task on EC2.
fn two(a: &str, c: &str) -> Translation {
    all(&format!(
        "name: app\nx-ecs: {{launch: ec2, cluster: m}}\nservices:\n  \
         a: {{image: \"acme/a:1\", {a}}}\n  c: {{image: \"acme/c:1\", {c}}}\n"
    ))
}

fn conflicts(done: &Translation) -> Vec<&Diagnostic> {
    let is = |d: &&Diagnostic| d.severity == Severity::Error && d.code == Code::Conflict;
    done.diagnostics.iter().filter(is).collect()
}

#[test]
fn services_of_one_task_want_one_network() {
    for (a, c) in [
        ("x-ecs: {task: t}", "network_mode: host, x-ecs: {task: t}"),
        ("network_mode: host, x-ecs: {task: t}", "x-ecs: {task: t}"),
        ("network_mode: host, x-ecs: {task: t}", "network_mode: none, x-ecs: {task: t}"),
        ("x-ecs: {task: t, network_mode: bridge}", "x-ecs: {task: t, network_mode: host}"),
        ("network_mode: host", "x-ecs: {network_mode: bridge}, network_mode: \"service:a\""),
    ] {
        let done = two(a, c);
        let found = conflicts(&done);
        assert_eq!(found.len(), 1, "{a} {c}: {found:?}");
        assert_eq!(found[0].labels.len(), 2, "{a} {c}");
        assert!(found[0].message.contains("network"), "{}", found[0].message);
    }
    for (a, c) in [
        ("network_mode: host, x-ecs: {task: t}", "network_mode: host, x-ecs: {task: t}"),
        ("network_mode: host, x-ecs: {task: t}", "x-ecs: {task: t, network_mode: host}"),
        ("network_mode: host", "network_mode: \"service:a\""),
        // What names the task lives in the network of the other one.
        ("network_mode: \"service:c\"", "network_mode: host"),
    ] {
        let done = two(a, c);
        assert_eq!(conflicts(&done), Vec::<&Diagnostic>::new(), "{a} {c}");
        assert_eq!(task(&done, "a")["networkMode"], "host", "{a} {c}");
    }
}

#[test]
fn what_is_the_instance_s_is_asked_for_by_all_or_by_none() {
    for (what, a, c) in [
        ("shared memory", "ipc: host, x-ecs: {task: t}", "ipc: private, x-ecs: {task: t}"),
        ("shared memory", "x-ecs: {task: t}", "ipc: host, x-ecs: {task: t}"),
        ("processes", "pid: host, x-ecs: {task: t}", "x-ecs: {task: t}"),
    ] {
        let done = two(a, c);
        let found = conflicts(&done);
        assert_eq!(found.len(), 1, "{a} {c}: {found:?}");
        assert!(found[0].message.contains(what), "{}", found[0].message);
    }
    for (a, c) in [
        ("ipc: host, x-ecs: {task: t}", "ipc: host, x-ecs: {task: t}"),
        ("pid: host", "pid: \"service:a\""),
        ("ipc: shareable", "ipc: \"service:a\""),
    ] {
        assert_eq!(conflicts(&two(a, c)), Vec::<&Diagnostic>::new(), "{a} {c}");
    }
}

#[test]
fn one_service_that_names_two_networks_is_told_which_one_counts() {
    let warned = |words: &str, own: &str| {
        let done =
            two(&format!("network_mode: {words}, x-ecs: {{network_mode: {own}}}"), "tty: true");
        let is = |d: &&Diagnostic| d.message.contains("beside `x-ecs.network_mode");
        done.diagnostics.iter().find(is).map(|d| (d.severity, d.labels.len()))
    };
    assert_eq!(warned("host", "bridge"), Some((Severity::Warning, 2)));
    assert_eq!(warned("bridge", "awsvpc"), Some((Severity::Note, 2)));
    assert_eq!(warned("host", "host"), None);
}
