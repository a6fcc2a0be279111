use super::*;
use crate::diagnostic::Severity;
use crate::ecs::desired::{ConditionValues, ListenerAction, ListenerRule, RuleCondition, UpperTag};

/// The shop with this many more copies of a resource, each changed.
fn with(kind: Kind, name: &str, count: usize, edit: impl Fn(&mut Body, usize)) -> Desired {
    let mut desired = good();
    let first = desired.resources[&ResourceId::new(kind, name)].clone();
    for n in 0..count {
        let mut copy = first.clone();
        copy.id = ResourceId::new(kind, format!("more-{n}"));
        edit(&mut copy.body, n);
        desired.resources.insert(copy.id.clone(), copy);
    }
    desired
}

/// The severity, the first words and the quota of what is said, and whether a line is pointed at.
fn said(desired: &Desired) -> Vec<(Severity, String, bool)> {
    let found = validate(desired).into_iter();
    found
        .map(|d| {
            (
                d.severity,
                format!("{}: {}", d.message, d.help.unwrap_or_default()),
                d.labels.len() == 1,
            )
        })
        .collect()
}

#[track_caller]
fn one(desired: &Desired, severity: Severity, count: &str, quota: &str) {
    let found = said(desired);
    assert_eq!(found.len(), 1, "{found:?}");
    let (is, text, located) = &found[0];
    assert!(
        *is == severity && text.contains(count) && text.contains(quota) && *located,
        "{found:?}"
    );
}

fn listeners(count: usize) -> Desired {
    with(Kind::Listener, "8080", count, |body, n| {
        let Body::Listener(listener) = body else { panic!("{body:?}") };
        listener.port = 9000 + i32::try_from(n).expect("small");
    })
}

#[test]
fn listeners_of_a_load_balancer() {
    assert_eq!(said(&listeners(49)), []);
    let quota = "`Listeners per Application Load Balancer` is 50 unless";
    one(&listeners(50), Severity::Warning, "51 listeners", quota);
    let mut network = listeners(50);
    for resource in network.resources.values_mut() {
        match &mut resource.body {
            Body::LoadBalancer(balancer) => balancer.kind = "network".to_owned(),
            Body::Listener(listener) => listener.protocol = "TCP".to_owned(),
            _ => {}
        }
    }
    one(
        &network,
        Severity::Warning,
        "51 listeners",
        "`Listeners per Network Load Balancer` is 50, and",
    );
}

fn rules(count: usize) -> Desired {
    with(Kind::Listener, "8080", count, |body, n| {
        let Body::Listener(listener) = body else { panic!("{body:?}") };
        *body = Body::ListenerRule(Box::new(ListenerRule {
            listener_arn: Value::From(ResourceId::new(Kind::Listener, "8080"), Attribute::Arn),
            priority: 1 + i32::try_from(n).expect("small"),
            conditions: vec![path(&[&format!("/{n}")])],
            actions: listener.default_actions.clone(),
            tags: Vec::<UpperTag>::new(),
        }));
    })
}

fn path(values: &[&str]) -> RuleCondition {
    RuleCondition {
        field: "path-pattern".to_owned(),
        host_header_config: None,
        path_pattern_config: Some(ConditionValues {
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }),
    }
}

#[test]
fn rules_of_a_load_balancer() {
    assert_eq!(said(&rules(100)), []);
    let quota = "`Rules per Application Load Balancer` is 100 unless";
    one(&rules(101), Severity::Warning, "101 rules", quota);
}

#[test]
fn wildcards_of_a_rule() {
    let with = |values: &[&str]| {
        let mut desired = rules(1);
        let id = ResourceId::new(Kind::Listener, "more-0");
        let Body::ListenerRule(rule) = &mut desired.resources[&id].body else { panic!("a rule") };
        rule.conditions = vec![path(values)];
        said(&desired)
    };
    assert_eq!(with(&["/*/*", "/a?/*", "/??"]), []);
    let found = with(&["/*/*", "/a?/*", "/???"]);
    assert!(found.len() == 1 && found[0].1.contains("7 wildcards"), "{found:?}");
}

fn groups(count: usize) -> Desired {
    let mut desired = with(Kind::TargetGroup, "web-80", count, |body, n| {
        let Body::TargetGroup(group) = body else { panic!("{body:?}") };
        group.create.name = format!("more-{n}");
    });
    // Every second one by a rule more would be too many rules: each rule leads to five.
    let ids: Vec<ResourceId> =
        (0..count).map(|n| ResourceId::new(Kind::TargetGroup, format!("more-{n}"))).collect();
    let rules = rules(count.div_ceil(2));
    for (n, pair) in ids.chunks(2).enumerate() {
        let id = ResourceId::new(Kind::Listener, format!("more-{n}"));
        let mut resource = rules.resources[&id].clone();
        let Body::ListenerRule(rule) = &mut resource.body else { panic!("a rule") };
        let arn = |id: &ResourceId| Value::From(id.clone(), Attribute::Arn);
        rule.actions = vec![match pair {
            [one, other] => ListenerAction::forward_between(arn(one), arn(other)),
            one => ListenerAction::forward(arn(&one[0])),
        }];
        desired.resources.insert(id, resource);
    }
    desired
}

#[test]
fn target_groups_of_a_load_balancer() {
    assert_eq!(said(&groups(99)), []);
    let quota = "`Target Groups per Application Load Balancer` is 100, and is not raised";
    one(&groups(100), Severity::Warning, "101 target groups", quota);
    let errors = super::super::quotas::undeployable(&groups(100));
    assert_eq!(errors.iter().map(|e| e.severity).collect::<Vec<_>>(), [Severity::Error]);
    assert_eq!(super::super::quotas::undeployable(&listeners(50)).len(), 0);
}

fn web(desired: &mut Desired) -> &mut Service {
    match &mut desired.resources[&ResourceId::new(Kind::Service, "web")].body {
        Body::Service(service) => service,
        body => panic!("{body:?}"),
    }
}

#[test]
fn targets_of_a_load_balancer() {
    let mut desired = good();
    web(&mut desired).desired_count = 1000;
    assert_eq!(said(&desired), []);
    web(&mut desired).desired_count = 1001;
    let quota = "`Targets per Application Load Balancer` is 1000 unless";
    one(&desired, Severity::Warning, "1001 targets", quota);
}
