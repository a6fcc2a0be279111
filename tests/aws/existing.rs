//! Load balancers and listeners of others: what the project has on them comes and goes, they stay.

use decklift::apply::cloud::{Cloud, CloudErrorKind};
use decklift::aws::{Aws, BalancerRequest, NetworkRequest};
use decklift::compose::{LoadOptions, Project, load};
use decklift::ecs::desired::*;
use decklift::ecs::facts::{BalancerFacts, Facts, NetworkFacts};
use decklift::ecs::{translate, validate};
use decklift::plan::{Action, Actual, Removal, plan, plan_removal};

use crate::emulator::Emulator;
use crate::{carry_out, changes, connect, list, network, observe, stack};

fn project(name: &str, text: &str) -> Project {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("name: {name}\n{text}");
    std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
    let loaded = load(&LoadOptions { cwd: folder.path().into(), ..LoadOptions::default() });
    assert!(!loaded.outcomes.has_errors(), "{:?}", loaded.outcomes);
    loaded.project.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

/// What the program asks for such a project.
async fn facts(aws: &Aws, project: &Project) -> Facts {
    let existing = project.extension.load_balancers.iter().map(|balancer| BalancerRequest {
        arn: balancer.value.arn.clone(),
        name: balancer.value.name_alone().map(str::to_owned),
        listener: balancer.value.listener.clone(),
    });
    let existing = existing.collect();
    let request = NetworkRequest { load_balancer: true, existing, ..NetworkRequest::default() };
    aws.facts(&request).await.unwrap_or_else(|e| panic!("facts: {e:?}"))
}

/// What leads to the services, without them.
async fn desired(aws: &Aws, project: &Project) -> Desired {
    let facts = facts(aws, project).await;
    let done = translate(project, None, &facts);
    assert!(!done.diagnostics.has_errors(), "{:?}", done.diagnostics);
    assert_eq!(validate(&done.desired), []);
    let mut desired = done.desired;
    let kept = [
        Kind::SecurityGroup,
        Kind::IngressRule,
        Kind::LoadBalancer,
        Kind::TargetGroup,
        Kind::Listener,
        Kind::ListenerRule,
    ];
    desired.resources.retain(|id, _| kept.contains(&id.kind));
    desired
}

/// What others made: a load balancer with its group and a listener with a rule. None of it has a tag.
struct Theirs {
    group: String,
    balancer: String,
    listener: String,
}

impl Theirs {
    async fn make(aws: &Aws, name: &str, network: &NetworkFacts) -> Self {
        let make = async |kind, body: Body| {
            let id = ResourceId::new(kind, name);
            aws.create(&id, &body, false).await.unwrap_or_else(|e| panic!("{id}: {e:?}"))
        };
        let group = SecurityGroup {
            group_name: name.to_owned(),
            description: "theirs".to_owned(),
            vpc_id: network.vpc_id.clone(),
            tag_specifications: Vec::new(),
        };
        let group = make(Kind::SecurityGroup, Body::SecurityGroup(Box::new(group))).await;
        let group = group.attributes[&Attribute::Id].clone();
        let rule = IngressRule {
            group_id: Value::from(group.as_str()),
            ip_permissions: vec![IpPermission {
                ip_protocol: "tcp".to_owned(),
                from_port: Some(80),
                to_port: Some(8080),
                ip_ranges: vec![IpRange { cidr_ip: "0.0.0.0/0".to_owned(), description: None }],
                user_id_group_pairs: Vec::new(),
            }],
            tag_specifications: Vec::new(),
        };
        make(Kind::IngressRule, Body::IngressRule(rule)).await;
        let balancer = LoadBalancer {
            name: name.to_owned(),
            kind: "application".to_owned(),
            scheme: "internet-facing".to_owned(),
            ip_address_type: "ipv4".to_owned(),
            subnets: network.load_balancer_subnets.clone(),
            security_groups: vec![Value::from(group.as_str())],
            tags: Vec::new(),
        };
        let balancer = make(Kind::LoadBalancer, Body::LoadBalancer(Box::new(balancer))).await;
        let balancer = balancer.attributes[&Attribute::Arn].clone();
        let listener = Listener {
            load_balancer_arn: Value::from(balancer.as_str()),
            protocol: "HTTP".to_owned(),
            port: 80,
            certificates: Vec::new(),
            ssl_policy: None,
            default_actions: vec![ListenerAction::not_found()],
            tags: Vec::new(),
        };
        let listener = make(Kind::Listener, Body::Listener(Box::new(listener))).await;
        let listener = listener.attributes[&Attribute::Arn].clone();
        Self { group, balancer, listener }
    }

    /// Adds a rule for a host.
    async fn rule(&self, aws: &Aws, host: &str, priority: i32) {
        let body = Body::ListenerRule(Box::new(ListenerRule {
            listener_arn: Value::from(self.listener.as_str()),
            priority,
            conditions: vec![RuleCondition {
                field: "host-header".to_owned(),
                host_header_config: Some(ConditionValues { values: vec![host.to_owned()] }),
                path_pattern_config: None,
            }],
            actions: vec![ListenerAction::not_found()],
            tags: Vec::new(),
        }));
        let id = ResourceId::new(Kind::ListenerRule, host);
        aws.create(&id, &body, false).await.expect("a rule");
    }

    /// As AWS has it now.
    async fn look(&self, aws: &Aws) -> BalancerFacts {
        let (arn, listener) = (self.balancer.clone(), Some(self.listener.clone()));
        let existing = vec![BalancerRequest { arn, name: None, listener }];
        let request = NetworkRequest { existing, ..NetworkRequest::default() };
        let mut facts = aws.facts(&request).await.expect("facts");
        facts.balancers.remove(&self.balancer).expect("theirs")
    }
}

fn rule<'a>(desired: &'a Desired, name: &str) -> &'a ListenerRule {
    let id = ResourceId::new(Kind::ListenerRule, name);
    match desired.resources.get(&id).map(|resource| &resource.body) {
        Some(Body::ListenerRule(rule)) => rule,
        _ => panic!("no {id}"),
    }
}

const SERVICES: &str = "services:
  web:
    image: acme/web:1
    ports: ['8080:8000']
    x-ecs: {http: {host: www.example.com}}
  api:
    image: acme/api:1
    ports: ['8080:9000']
    x-ecs: {http: {path: /api}}
";

#[tokio::test(flavor = "current_thread")]
async fn what_the_project_has_on_load_balancers_of_others_comes_and_goes() {
    let Some(emulator) = Emulator::start("existing") else { return };
    let aws = connect(&emulator.endpoint).await;
    let network = network(&aws, &emulator.endpoint).await;
    let name = stack("on");
    let theirs = Theirs::make(&aws, &format!("their-{name}"), &network).await;
    theirs.rule(&aws, "other.example.com", 1).await;
    let before = theirs.look(&aws).await;
    assert_eq!((before.internal, Some(&*before.vpc_id)), (false, network.vpc_id.known()));
    assert_eq!(before.security_groups, std::slice::from_ref(&theirs.group));
    let zones: Vec<_> = network.zone_subnets.iter().map(|(zone, _)| zone.clone()).collect();
    assert_eq!(before.zones, zones);
    assert!(before.admits("tcp", 8080) && !before.admits("tcp", 8081) && !before.admits("udp", 80));
    assert!(before.listener.as_ref().is_some_and(|l| l.port == 80 && l.rules.len() == 1));

    // On the load balancer: a listener of the project's own.
    let on_it = format!("x-ecs: {{load_balancer: '{}'}}\n{SERVICES}", theirs.balancer);
    let on_it = desired(&aws, &project(&name, &on_it)).await;
    assert!(on_it.resources.keys().all(|id| id.kind != Kind::LoadBalancer));
    let first = plan(&on_it, &observe(&aws, &on_it).await);
    let open: Vec<_> = first.public.iter().map(|o| (&*o.service, o.port)).collect();
    assert_eq!(open, [("web", 8080), ("api", 8080)]);
    carry_out(&aws, &on_it, &first).await;
    assert_eq!(list(&changes(&aws, &on_it).await), Vec::<String>::new());
    // An answer was lost.
    carry_out(&aws, &on_it, &first).await;
    assert_eq!(list(&changes(&aws, &on_it).await), Vec::<String>::new());

    // A port that is theirs already is never taken over.
    let taken = format!("x-ecs: {{load_balancer: '{}'}}\n{SERVICES}", theirs.balancer);
    let taken = desired(&aws, &project(&name, &taken.replace("8080:", "80:"))).await;
    let error = aws.observe(&taken).await.expect_err("theirs");
    assert_eq!(error.kind, CloudErrorKind::NotOurs, "{error:?}");
    assert!(error.help.is_some_and(|help| help.contains(&theirs.listener)));

    // On the listener: rules alone, and the project's listener goes.
    let on_listener = format!("x-ecs: {{load_balancer: '{}'}}\n{SERVICES}", theirs.listener);
    let on_listener = project(&name, &on_listener);
    let wanted = desired(&aws, &on_listener).await;
    let priority = rule(&wanted, "listener-web").priority;
    // Somebody has its priority by now.
    theirs.rule(&aws, "more.example.com", priority).await;
    let wanted = desired(&aws, &on_listener).await;
    assert_eq!(rule(&wanted, "listener-web").priority, priority + 1);
    let moved = changes(&aws, &wanted).await;
    let gone = moved.steps.iter().filter(|s| s.action == Action::Delete).map(|s| &s.resource);
    let gone: Vec<_> = gone.map(ToString::to_string).collect();
    assert_eq!(gone, ["listener-rule/8080-api", "listener-rule/8080-web", "listener/8080"]);
    carry_out(&aws, &wanted, &moved).await;
    let wanted = desired(&aws, &on_listener).await;
    assert_eq!(list(&changes(&aws, &wanted).await), Vec::<String>::new());
    let rules = theirs.look(&aws).await.listener.expect("a listener").rules;
    assert_eq!(rules.len(), 4, "{rules:?}");

    // Requests that are theirs already are never taken over.
    let same = format!("x-ecs: {{load_balancer: '{}'}}\n{SERVICES}", theirs.listener);
    let same = project(&name, &same.replace("www.example.com", "other.example.com"));
    let error = aws.observe(&desired(&aws, &same).await).await.expect_err("theirs");
    assert_eq!(error.kind, CloudErrorKind::NotOurs, "{error:?}");

    // The file does not name it any more: what was on it goes, by way of the target groups.
    let nothing = desired(&aws, &project(&name, "services: {web: {image: 'acme/web:1'}}\n")).await;
    let actual = observe(&aws, &nothing).await;
    let last = plan_removal(&nothing.stack, &actual, Removal::default());
    assert!(last.steps.iter().any(|s| s.resource.kind == Kind::ListenerRule));
    carry_out(&aws, &Desired { stack: name.clone(), ..Desired::default() }, &last).await;
    assert_eq!(observe(&aws, &nothing).await, Actual::default());
    let mut left = theirs.look(&aws).await;
    let rules = left.listener.as_mut().map(|listener| std::mem::take(&mut listener.rules));
    assert_eq!(rules.map(|rules| rules.len()), Some(2), "theirs stay");
    let listener = before
        .listener
        .clone()
        .map(|l| decklift::ecs::facts::ListenerFacts { rules: Vec::new(), ..l });
    assert_eq!(left, BalancerFacts { listener, ..before });
}

#[tokio::test(flavor = "current_thread")]
async fn the_project_s_own_load_balancer_is_none_of_others() {
    let Some(emulator) = Emulator::start("existing-own") else { return };
    let aws = connect(&emulator.endpoint).await;
    network(&aws, &emulator.endpoint).await;
    let name = stack("own");
    let own = desired(&aws, &project(&name, SERVICES)).await;
    let made = carry_out(&aws, &own, &plan(&own, &Actual::default())).await;
    let arn = &made[&ResourceId::new(Kind::LoadBalancer, "alb")].attributes[&Attribute::Arn];
    // It would go, with everything on it, once nothing desires it.
    let named = format!("x-ecs: {{load_balancer: '{arn}'}}\n{SERVICES}");
    let named = desired(&aws, &project(&name, &named)).await;
    let error = aws.observe(&named).await.expect_err("ours");
    assert_eq!(error.kind, CloudErrorKind::NotOurs, "{error:?}");
    assert!(error.help.is_some_and(|help| help.contains("x-ecs.load_balancer")));

    // The name alone, as the retired integration had it: the rest is looked up.
    let called = arn.split('/').nth(2).expect("a name");
    let retired = project(&name, &format!("x-aws-loadbalancer: {called}\n{SERVICES}"));
    let key = &retired.extension.load_balancers[0].value.arn;
    assert_eq!(&facts(&aws, &retired).await.balancers[key].arn, arn);
    let existing = vec![BalancerRequest {
        arn: key.clone(),
        name: Some(format!("{called}0")),
        listener: None,
    }];
    let request = NetworkRequest { existing, ..NetworkRequest::default() };
    let error = aws.facts(&request).await.expect_err("there is none");
    assert_eq!(error.kind, CloudErrorKind::NotFound, "{error:?}");

    // What does not exist is said before anything is made.
    let lost = format!("{}0", arn);
    let existing = vec![BalancerRequest { arn: lost, name: None, listener: None }];
    let request = NetworkRequest { existing, ..NetworkRequest::default() };
    let error = aws.facts(&request).await.expect_err("there is none");
    assert_eq!(error.kind, CloudErrorKind::NotFound, "{error:?}");
    let elsewhere = arn.replace("us-east-1", "eu-west-1");
    let existing = vec![BalancerRequest { arn: elsewhere, name: None, listener: None }];
    let request = NetworkRequest { existing, ..NetworkRequest::default() };
    let error = aws.facts(&request).await.expect_err("it is elsewhere");
    assert!(error.message.contains("eu-west-1"), "{error:?}");

    let last = plan_removal(&name, &observe(&aws, &own).await, Removal::default());
    carry_out(&aws, &Desired { stack: name.clone(), ..Desired::default() }, &last).await;
    assert_eq!(observe(&aws, &own).await, Actual::default());
}
