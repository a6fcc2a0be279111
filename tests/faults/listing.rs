//! Everything that a deployment can have left in AWS, asked for by plain calls of each service's API.
//! What is there twice stands there twice.

use serde_json::{Value, json};

use crate::emulator::{Emulator, strings};

const ELB: (&str, &str) = ("elasticloadbalancing", "2015-12-01");
const EC2: (&str, &str) = ("ec2", "2016-11-15");
const IAM: (&str, &str) = ("iam", "2010-05-08");

/// A sorted list of lines. Releases are left out: a run that was killed leaves one more.
pub(crate) fn of(aws: &Emulator) -> Vec<String> {
    let mut lines = Vec::new();
    ecs(aws, &mut lines);
    balancers(aws, &mut lines);
    network(aws, &mut lines);
    files(aws, &mut lines);
    roles(aws, &mut lines);
    schedules(aws, &mut lines);
    let json = |service: &str, target: &str, list: &str, key: &str| -> Vec<String> {
        texts(&aws.json(service, target, &json!({}))[list], key)
    };
    let lists = [
        ("log group", json("logs", "Logs_20140328.DescribeLogGroups", "logGroups", "logGroupName")),
        ("secret", json("secretsmanager", "secretsmanager.ListSecrets", "SecretList", "Name")),
        ("namespace", json("servicediscovery", &names("ListNamespaces"), "Namespaces", "Name")),
        ("name", json("servicediscovery", &names("ListServices"), "Services", "Name")),
    ];
    for (kind, found) in lists {
        lines.extend(found.iter().map(|name| format!("{kind} {name}")));
    }
    let registry = |action: &str| format!("AmazonEC2ContainerRegistry_V20150921.{action}");
    for name in json("ecr", &registry("DescribeRepositories"), "repositories", "repositoryName") {
        let body = json!({ "repositoryName": name });
        let images = aws.json("ecr", &registry("ListImages"), &body);
        let mut tags = texts(&images["imageIds"], "imageTag");
        tags.sort();
        lines.push(format!("repository {name}: {}", tags.join(" ")));
    }
    lines.sort();
    lines
}

/// The state of each release, the oldest first.
pub(crate) fn releases(aws: &Emulator, folder: &str) -> Vec<String> {
    let body = json!({ "Path": folder });
    let answer = aws.json("ssm", "AmazonSSM.GetParametersByPath", &body);
    let list = answer["Parameters"].as_array().cloned().unwrap_or_default();
    let number = |name: &Value| -> u64 {
        let name = name.as_str().unwrap_or_default();
        name.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or_default()
    };
    let mut found: Vec<(u64, String)> = list
        .iter()
        .map(|parameter| {
            let value = parameter["Value"].as_str().unwrap_or_default();
            let record: Value = serde_json::from_str(value).unwrap_or_default();
            (number(&parameter["Name"]), record["state"].as_str().unwrap_or("?").to_owned())
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, state)| state).collect()
}

fn names(action: &str) -> String {
    format!("Route53AutoNaming_v20170314.{action}")
}

fn texts(list: &Value, key: &str) -> Vec<String> {
    let list = list.as_array().cloned().unwrap_or_default();
    list.iter().filter_map(|item| item[key].as_str().map(str::to_owned)).collect()
}

fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn ecs(aws: &Emulator, lines: &mut Vec<String>) {
    for cluster in strings(&aws.ecs("ListClusters", &json!({}))["clusterArns"]) {
        let name = last(&cluster);
        lines.push(format!("cluster {name}"));
        let listed = aws.ecs("ListServices", &json!({ "cluster": name, "maxResults": 100 }));
        for chunk in strings(&listed["serviceArns"]).chunks(10) {
            let body = json!({ "cluster": name, "services": chunk });
            let described = aws.ecs("DescribeServices", &body);
            for service in described["services"].as_array().cloned().unwrap_or_default() {
                lines.push(format!(
                    "service {} of {}: {} of {}",
                    service["serviceName"].as_str().unwrap_or_default(),
                    last(service["taskDefinition"].as_str().unwrap_or_default()),
                    service["runningCount"],
                    service["desiredCount"],
                ));
            }
        }
        // Tasks of services come and go by themselves: those of nobody do not.
        let tasks = aws.ecs("ListTasks", &json!({ "cluster": name, "maxResults": 100 }));
        let tasks = strings(&tasks["taskArns"]);
        if tasks.is_empty() {
            continue;
        }
        let described = aws.ecs("DescribeTasks", &json!({ "cluster": name, "tasks": tasks }));
        let groups = texts(&described["tasks"], "group");
        let alone = groups.iter().filter(|group| !group.starts_with("service:"));
        lines.extend(alone.map(|group| format!("task of {group}")));
    }
    for status in ["ACTIVE", "INACTIVE"] {
        let listed = aws.ecs("ListTaskDefinitions", &json!({ "status": status }));
        let arns = strings(&listed["taskDefinitionArns"]);
        let status = status.to_lowercase();
        lines.extend(arns.iter().map(|arn| format!("{status} task definition {}", last(arn))));
    }
}

fn balancers(aws: &Emulator, lines: &mut Vec<String>) {
    let (service, version) = ELB;
    let ask = |action: &str, element: &str| aws.query(service, version, action, element);
    let names = ask("DescribeLoadBalancers", "LoadBalancerName");
    lines.extend(names.iter().map(|name| format!("load balancer {name}")));
    let groups = ask("DescribeTargetGroups", "TargetGroupName");
    lines.extend(groups.iter().map(|name| format!("target group {name}")));
    for balancer in ask("DescribeLoadBalancers", "LoadBalancerArn") {
        let listeners = format!("DescribeListeners&LoadBalancerArn={balancer}");
        let ports = ask(&listeners, "Port");
        lines.extend(ports.iter().map(|port| format!("listener {port}")));
        let mut arns = ask(&listeners, "ListenerArn");
        arns.dedup();
        for (arn, port) in arns.iter().zip(&ports) {
            let rules = ask(&format!("DescribeRules&ListenerArn={arn}"), "Priority");
            lines.extend(rules.iter().map(|rule| format!("rule {rule} of listener {port}")));
        }
    }
}

fn network(aws: &Emulator, lines: &mut Vec<String>) {
    let (service, version) = EC2;
    let ask = |action: &str, element: &str| aws.query(service, version, action, element);
    let groups = ask("DescribeSecurityGroups", "groupName");
    lines.extend(groups.iter().map(|name| format!("security group {name}")));
    let from = ask("DescribeSecurityGroupRules", "fromPort");
    let to = ask("DescribeSecurityGroupRules", "toPort");
    let rules = from.iter().zip(&to);
    lines.extend(rules.map(|(from, to)| format!("security group rule {from}-{to}")));
    let count = ask("DescribeSecurityGroupRules", "securityGroupRuleId").len();
    lines.push(format!("{count} security group rules"));
    let parts = [
        ("vpc", "DescribeVpcs", "cidrBlock"),
        ("subnet", "DescribeSubnets", "cidrBlock"),
        ("internet gateway", "DescribeInternetGateways", "internetGatewayId"),
        ("address", "DescribeAddresses", "allocationId"),
        ("route to", "DescribeRouteTables", "destinationCidrBlock"),
        ("endpoint", "DescribeVpcEndpoints", "serviceName"),
    ];
    for (kind, action, element) in parts {
        let is_id = element.ends_with("Id");
        let found = ask(action, element);
        lines.extend(found.iter().map(|text| format!("{kind} {}", if is_id { "" } else { text })));
    }
    // What was deleted is told of for a while.
    let states = ask("DescribeNatGateways", "state");
    let there = states.iter().filter(|state| !state.starts_with("delet"));
    lines.extend(there.map(|state| format!("NAT gateway {state}")));
}

fn files(aws: &Emulator, lines: &mut Vec<String>) {
    let ask = |path: &str, list: &str| -> Value {
        let path = format!("/2015-02-01/{path}");
        let answer = aws.send("elasticfilesystem", "GET", &path, "", "");
        let mut answer: Value = serde_json::from_str(&answer).expect("JSON");
        answer[list].take()
    };
    let systems = ask("file-systems", "FileSystems");
    let tokens = texts(&systems, "CreationToken");
    lines.extend(tokens.iter().map(|token| format!("file system {token}")));
    for id in texts(&systems, "FileSystemId") {
        let targets = ask(&format!("mount-targets?FileSystemId={id}"), "MountTargets");
        // Subnets of a network that is made have another id each time.
        let zones = texts(&targets, "AvailabilityZoneName");
        lines.extend(zones.iter().map(|zone| format!("mount target in {zone}")));
        lines.push(format!("{} mount targets", texts(&targets, "SubnetId").len()));
    }
    let points = texts(&ask("access-points", "AccessPoints"), "ClientToken");
    lines.extend(points.iter().map(|token| format!("access point {token}")));
}

fn roles(aws: &Emulator, lines: &mut Vec<String>) {
    let (service, version) = IAM;
    for role in aws.query(service, version, "ListRoles", "RoleName") {
        let of_role = |action: &str, element: &str| {
            aws.query(service, version, &format!("{action}&RoleName={role}"), element).join(" ")
        };
        let inline = of_role("ListRolePolicies", "member");
        let attached = of_role("ListAttachedRolePolicies", "PolicyName");
        lines.push(format!("role {role}: {inline}; {attached}"));
    }
}

fn schedules(aws: &Emulator, lines: &mut Vec<String>) {
    let ask = |path: &str, list: &str| -> Vec<String> {
        let answer = aws.send("scheduler", "GET", path, "", "");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        texts(&answer[list], "Name")
    };
    let groups = ask("/schedule-groups", "ScheduleGroups");
    lines.extend(groups.iter().map(|name| format!("schedule group {name}")));
    let all = ask("/schedules", "Schedules");
    lines.extend(all.iter().map(|name| format!("schedule {name}")));
}
