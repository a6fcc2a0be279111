use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::ecs::Translation;
use crate::ecs::desired::{Kind, ResourceId};
use crate::ecs::rules::launch::tests::{all, body};

/// Two services on one network, after these lines.
fn two(lines: &str) -> Translation {
    all(&format!(
        "name: app\nx-ecs: {{{lines}}}\nservices:\n  \
         a: {{image: \"acme/a:1\", environment: {{B: \"http://b:80\"}}}}\n  \
         b: {{image: \"acme/b:1\", expose: [80]}}\n"
    ))
}

/// What is missing, once each.
fn lacks(done: &Translation) -> Vec<&str> {
    let is = |d: &&Diagnostic| {
        d.severity == Severity::Warning && d.code == Code::MissingAttribute && !d.labels.is_empty()
    };
    done.diagnostics.iter().filter(is).map(|d| d.message.as_str()).collect()
}

const SELF: &str = "instances-self";

#[test]
fn instances_and_their_group_are_for_the_user_to_name() {
    for (lines, words) in [
        ("launch: ec2", vec!["`x-ecs.cluster`"]),
        ("launch: ec2, capacity: {providers: {mine: 1}}", vec![]),
        ("launch: ec2, cluster: c", vec![]),
        ("launch: ec2, cluster: c, network_mode: host", vec!["security_group"]),
        ("launch: ec2, network_mode: bridge", vec!["`x-ecs.cluster`", "security_group"]),
        (
            "launch: ec2, cluster: c, network_mode: bridge, instances: {security_group: sg-0123456789abcdef0}",
            vec![],
        ),
        ("cluster: c", vec![]),
    ] {
        let done = two(lines);
        let found = lacks(&done);
        assert_eq!(found.len(), words.len(), "{lines}: {found:?}");
        assert!(found.iter().zip(words).all(|(found, word)| found.contains(word)), "{found:?}");
    }
}

#[test]
fn tasks_on_two_instances_reach_each_other_in_a_group_of_the_user_s() {
    let group = "instances: {security_group: sg-0123456789abcdef0}";
    let done = two(&format!("launch: ec2, cluster: c, network_mode: bridge, {group}"));
    let rule = body(&done, Kind::IngressRule, SELF);
    assert_eq!(rule["GroupId"], "sg-0123456789abcdef0");
    assert_eq!(rule["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"], "sg-0123456789abcdef0");
    // With one service there is nobody to reach, and the group stays as it is.
    let alone = all(&format!(
        "name: app\nx-ecs: {{launch: ec2, cluster: c, network_mode: bridge, {group}}}\n\
         services:\n  a: {{image: \"acme/a:1\"}}\n"
    ));
    let id = ResourceId::new(Kind::IngressRule, SELF);
    assert!(!alone.desired.resources.contains_key(&id));
}

#[test]
fn what_is_for_instances_has_no_effect_without_any() {
    for (lines, count) in [
        ("network_mode: host", 1),
        ("instances: {security_group: sg-0123456789abcdef0}", 1),
        ("network_mode: awsvpc", 0),
        ("network_mode: host, launch: ec2, cluster: c", 0),
    ] {
        let done = two(lines);
        let is = |d: &&Diagnostic| d.message.contains("no service runs on instances");
        assert_eq!(done.diagnostics.iter().filter(is).count(), count, "{lines}");
    }
}
