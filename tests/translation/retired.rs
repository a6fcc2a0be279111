//! `x-aws-…` of the retired Docker Compose CLI: what each becomes.

use std::collections::BTreeMap;
use std::fs;

use decklift::compose::model::Vpc;
use decklift::compose::{LoadOptions, Loaded, load};
use decklift::diagnostic::{Code, Severity};
use decklift::ecs::Translation;
use decklift::ecs::desired::Body;
use decklift::export::requests;
use decklift::plan::{Actual, Observed, plan};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{self, request};

fn read(text: &str) -> (Loaded, Translation) {
    support::read(text, &[])
}

/// What the loader says of the file, without what the translator adds.
fn outcomes(text: &str) -> Vec<(Severity, Code, String)> {
    let (loaded, _) = read(text);
    loaded.outcomes.iter().map(|d| (d.severity, d.code, d.message.clone())).collect()
}

const WEB: &str = "services:\n  web:\n    image: acme/web:1\n";

#[test]
fn those_at_the_top_level() {
    let text = format!(
        "x-aws-cluster: tools\nx-aws-vpc: \
         arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-0123456789abcdef0\nx-aws-logs_retention: 7\n{WEB}"
    );
    let (loaded, done) = read(&text);
    let notes: Vec<_> = loaded.outcomes.iter().map(|d| (d.severity, d.code)).collect();
    assert_eq!(notes, [(Severity::Note, Code::Obsolete); 3]);
    let extension = &loaded.project.expect("a project").extension;
    let vpc = extension.vpc.as_ref().map(|vpc| &vpc.value);
    assert_eq!(vpc, Some(&Vpc::Id("vpc-0123456789abcdef0".to_owned())));
    assert_eq!(request(&done, "ecs/create-service/web.json")["cluster"], "tools");
    assert_eq!(request(&done, "logs/put-retention-policy/web.json")["retentionInDays"], 7);
}

#[test]
fn a_template_cannot_be_changed() {
    let found = outcomes(&format!("x-aws-cloudformation: {{Resources: {{}}}}\n{WEB}"));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0, found[0].1), (Severity::Error, Code::Refused));
}

#[test]
fn credentials_and_policies() {
    let (_, done) = read(&format!(
        "{WEB}    x-aws-pull_credentials: \
         arn:aws:secretsmanager:eu-west-1:123456789012:secret:registry-AbCdEf
    x-aws-policies: [arn:aws:iam::aws:policy/AmazonS3FullAccess]
    x-aws-role:
      Version: \"2012-10-17\"
      Statement:
        - Effect: Allow
          Action: [sqs:SendMessage]
          Resource: [\"*\"]
"
    ));
    let task = request(&done, "ecs/register-task-definition/web.json");
    let credentials = &task["containerDefinitions"][0]["repositoryCredentials"];
    assert!(credentials["credentialsParameter"].to_string().contains("registry-AbCdEf"));
    let attached = request(&done, "iam/attach-role-policy/web+task+1.json");
    assert_eq!(attached["PolicyArn"], "arn:aws:iam::aws:policy/AmazonS3FullAccess");
    let policy = request(&done, "iam/put-role-policy/web+task.json")["PolicyDocument"].to_string();
    assert!(policy.contains("sqs:SendMessage"), "{policy}");
}

#[test]
fn scaling_and_rollout() {
    let (_, done) = read(&format!(
        "{WEB}    deploy:
      replicas: 4
      x-aws-autoscaling: {{min: 2, max: 10, cpu: 75}}
      update_config:
        x-aws-min_percent: 25
        x-aws-max_percent: 150
"
    ));
    assert!(!done.diagnostics.has_errors(), "{:?}", done.diagnostics);
    let target = request(&done, "application-autoscaling/register-scalable-target/web.json");
    assert_eq!((&target["MinCapacity"], &target["MaxCapacity"]), (&json!(2), &json!(10)));
    let policy = request(&done, "application-autoscaling/put-scaling-policy/web+cpu.json");
    let tracking = &policy["TargetTrackingScalingPolicyConfiguration"];
    assert_eq!(
        (&tracking["TargetValue"], &tracking["ScaleInCooldown"]),
        (&json!(75.0), &json!(60))
    );
    let service = request(&done, "ecs/create-service/web.json");
    let rollout = &service["deploymentConfiguration"];
    assert_eq!(
        (&rollout["minimumHealthyPercent"], &rollout["maximumPercent"]),
        (&json!(25), &json!(150))
    );
}

#[test]
fn a_protocol_opens_a_port() {
    // Nobody knows what is behind 9200; an image known as a data store would stay inside.
    let port = |protocol: &str| {
        let (_, done) = read(&format!(
            "{WEB}    ports:\n      - target: 9200\n        published: \"9200\"\n{protocol}"
        ));
        requests(&done.desired).iter().any(|file| file.path.starts_with("elbv2/create-listener"))
    };
    assert!(!port(""));
    assert!(port("        x-aws-protocol: http\n"));
}

#[test]
fn keys_of_a_secret_become_a_file_each() {
    let (_, done) = read(&format!(
        "{WEB}    secrets: [db]
secrets:
  db:
    external: true
    name: arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf
    x-aws-keys: [user, password]
"
    ));
    assert!(!done.diagnostics.has_errors(), "{:?}", done.diagnostics);
    let task = request(&done, "ecs/register-task-definition/web.json").to_string();
    for key in ["user", "password"] {
        assert!(task.contains(&format!("db-AbCdEf:{key}::")), "{task}");
        assert!(task.contains(&format!("/run/secrets/db/{key}")), "{task}");
    }
    let found = outcomes(&format!(
        "{WEB}    secrets: [db]\nsecrets: {{db: {{external: true, x-aws-keys: ['*']}}}}\n"
    ));
    assert_eq!((found[0].0, found[0].1), (Severity::Error, Code::Refused));
}

#[test]
fn a_security_group_stands_for_a_network() {
    let (loaded, _) = read(&format!(
        "{WEB}networks: {{default: {{x-aws-securitygroup: sg-0123456789abcdef0}}}}\n"
    ));
    let networks = loaded.project.expect("a project").networks;
    let group = networks["default"].security_group.as_ref().map(|group| group.value.as_str());
    assert_eq!(group, Some("sg-0123456789abcdef0"));
}

#[test]
fn two_names_of_one_setting_clash() {
    for text in [
        format!("x-aws-cluster: a\nx-ecs: {{cluster: b}}\n{WEB}"),
        format!("{WEB}    x-aws-pull_credentials: a\n    x-ecs: {{pull_credentials: b}}\n"),
        format!(
            "{WEB}    deploy: {{x-aws-autoscaling: {{max: 2, cpu: 50}}}}\n    x-ecs: {{autoscaling: \
             {{max: 3, cpu: 50}}}}\n"
        ),
    ] {
        let found = outcomes(&text);
        let clash = (Severity::Error, Code::Conflict);
        assert!(found.iter().any(|(s, c, _)| (*s, *c) == clash), "{text}: {found:?}");
    }
}

#[test]
fn strange_ones_are_said() {
    for (text, hint) in [
        (format!("x-aws-clutser: a\n{WEB}"), "`x-aws-cluster`"),
        (format!("{WEB}    x-aws-vpc: vpc-1\n"), "the top level"),
        (format!("{WEB}    deploy: {{x-aws-min_percent: 50}}\n"), "update_config"),
    ] {
        let (loaded, _) = read(&text);
        let found = loaded.outcomes.iter().next().expect("a warning");
        assert_eq!((found.severity, found.code), (Severity::Warning, Code::UnknownAttribute));
        let help = found.help.as_deref().unwrap_or_default();
        assert!(help.contains(hint), "{help}");
    }
}

/// The keys of today, in the file: what is read of them, and what is not.
#[test]
fn the_names_of_today() {
    let (loaded, done) = read(&format!(
        "{WEB}    x-ecs:
      mirror: true
      autoscaling: {{min: 1, max: 4, cpu: 70%, memory: 80}}
      rollout: {{strategy: rolling, min_percent: 50, max_percent: 200, breaker: true, alarms: errors, bake: 5m}}
  report:
    image: acme/report:1
    x-ecs: {{schedule: cron(0 3 * * ? *)}}
"
    ));
    let loud = |d: &&decklift::diagnostic::Diagnostic| d.severity != Severity::Note;
    let all: Vec<_> = loaded.outcomes.iter().chain(done.diagnostics.iter()).filter(loud).collect();
    assert!(all.is_empty(), "{all:?}");
    let policy = request(&done, "application-autoscaling/put-scaling-policy/web+cpu.json");
    assert_eq!(policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"], 70.0);
    let service = request(&done, "ecs/create-service/web.json");
    let alarms = &service["deploymentConfiguration"]["alarms"];
    assert_eq!(*alarms, json!({"alarmNames": ["errors"], "rollback": true, "enable": true}));
    let task = request(&done, "ecs/register-task-definition/web.json");
    assert_eq!(task["containerDefinitions"][0]["image"], "${image/web/uri}");
    let repository = request(&done, "ecr/create-repository/web.json");
    assert_eq!(repository["repositoryName"], "shop/web");
    let schedule = request(&done, "scheduler/create-schedule/report.json");
    assert_eq!(schedule["ScheduleExpression"], "cron(0 3 * * ? *)");
    let directory = TempDir::new().expect("a directory");
    for keys in ["autoscaling: {cpu: 50}", "autoscaling: {max: 2, cpus: 50}", "rollout: {min: 1}"] {
        let text = format!("{WEB}    x-ecs: {{{keys}}}\n");
        fs::write(directory.path().join("compose.yaml"), text).expect("the file");
        let cwd = directory.path().to_path_buf();
        let loaded = load(&LoadOptions { cwd, ..LoadOptions::default() });
        assert!(loaded.diagnostics.has_errors(), "{keys}");
    }
}

/// The number of tasks is left alone where something else sets it.
#[test]
fn what_scales_keeps_its_count() {
    let changes = |deploy: &str| {
        let (_, done) = read(&format!("{WEB}{deploy}"));
        let mut actual = Actual::default();
        for resource in done.desired.resources.values() {
            let mut body = resource.body.clone();
            if let Body::Service(service) = &mut body {
                service.desired_count = 3;
            }
            let attributes = BTreeMap::default();
            let observed = Observed { body, attributes, tags_known: true, live: None };
            actual.resources.insert(resource.id.clone(), observed);
        }
        let steps = plan(&done.desired, &actual).steps;
        let all: Vec<_> = steps.into_iter().flat_map(|step| step.changes).collect();
        all.iter().any(|change| change.path == "desiredCount")
    };
    assert!(changes(""));
    assert!(!changes("    x-ecs: {autoscaling: {max: 4, cpu: 50}}\n"));
}

#[test]
fn a_load_balancer_by_its_arn() {
    let arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shared/50dc";
    let ports = "    ports: ['80:8000']\n";
    let (loaded, done) = read(&format!("x-aws-loadbalancer: {arn}\n{WEB}{ports}"));
    let notes: Vec<_> = loaded.outcomes.iter().map(|d| (d.severity, d.code)).collect();
    assert_eq!(notes, [(Severity::Note, Code::Obsolete)]);
    assert_eq!(request(&done, "elbv2/create-listener/80.json")["LoadBalancerArn"], arn);
    // Its name is looked up in AWS; a variable that is not set says nothing.
    let (loaded, done) = read(&format!("x-aws-loadbalancer: shared\n{WEB}{ports}"));
    assert!(loaded.outcomes.iter().all(|d| d.code == Code::Obsolete), "{:?}", loaded.outcomes);
    let listener = &request(&done, "elbv2/create-listener/80.json")["LoadBalancerArn"];
    let text = listener.as_str().expect("an ARN");
    assert!(text.ends_with("loadbalancer/app/shared/${load-balancer.shared.id}"), "{text}");
    let no_name = outcomes(&format!("x-aws-loadbalancer: a b\n{WEB}"));
    assert_eq!((no_name.len(), no_name[0].1), (1, Code::InvalidValue));
    assert_eq!(outcomes(&format!("x-aws-loadbalancer: ${{UNSET-}}\n{WEB}")), []);
    let both = format!("x-aws-loadbalancer: {arn}\nx-ecs: {{load_balancer: '{arn}'}}\n{WEB}");
    assert_eq!(outcomes(&both)[0].1, Code::Conflict);
}
