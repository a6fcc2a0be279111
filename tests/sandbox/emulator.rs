//! AWS as it is: plain HTTP to the emulator, past everything of decklift's.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Sandbox, docker};

/// The emulator behind a sandbox.
pub(crate) struct Emulator {
    pub(crate) host: String,
    instance: String,
}

/// An HTTP exchange: the status and the body.
pub(crate) fn http(host: &str, request: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let wrong = || std::io::Error::other(format!("no HTTP: {text:?}"));
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(wrong)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.ok_or_else(wrong)?, body.to_owned()))
}

/// Fetches a page of `http://host:port`.
pub(crate) fn get(url: &str) -> std::io::Result<(u16, String)> {
    let rest = url.trim_start_matches("http://");
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    http(host, &format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n"))
}

impl Emulator {
    /// Of a sandbox that runs.
    pub(crate) fn of(sandbox: &Sandbox) -> Self {
        let status = sandbox.status();
        let endpoint = status["endpoint"].as_str().expect("an endpoint");
        let host = endpoint.trim_start_matches("http://").to_owned();
        Self { host, instance: sandbox.name.clone() }
    }

    pub(crate) fn send(
        &self,
        service: &str,
        method: &str,
        path: &str,
        head: &str,
        body: &str,
    ) -> String {
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nAuthorization: AWS4-HMAC-SHA256 \
             Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, \
             Signature=0\r\n{head}Content-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        let (status, answer) = http(&self.host, &request).expect("the emulator answers");
        assert_eq!(status, 200, "{service} {head} {body}: {answer}");
        answer
    }

    /// Says what scans find in the images of a repository.
    pub(crate) fn scan(&self, body: &Value) {
        self.send("ecr", "POST", "/_decklift/scan", "", &body.to_string());
    }

    /// A call of the JSON protocol.
    pub(crate) fn json(&self, service: &str, target: &str, body: &Value) -> Value {
        let head =
            format!("Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: {target}\r\n");
        serde_json::from_str(&self.send(service, "POST", "/", &head, &body.to_string()))
            .expect("JSON")
    }

    pub(crate) fn ecs(&self, action: &str, body: &Value) -> Value {
        self.json("ecs", &format!("AmazonEC2ContainerServiceV20141113.{action}"), body)
    }

    /// The texts of all elements of a name in the answer to a call of the query protocol. Parameters
    /// follow the action: `ListRolePolicies&RoleName=web`.
    pub(crate) fn query(
        &self,
        service: &str,
        version: &str,
        action: &str,
        element: &str,
    ) -> Vec<String> {
        let head = "Content-Type: application/x-www-form-urlencoded\r\n";
        let body = format!("Action={action}&Version={version}");
        let answer = self.send(service, "POST", "/", head, &body);
        let (open, close) = (format!("<{element}>"), format!("</{element}>"));
        let parts = answer.split(&open).skip(1);
        parts.filter_map(|part| Some(part.split_once(&close)?.0.to_owned())).collect()
    }

    /// Everything that a deployment can have left, in AWS and in the engine.
    pub(crate) fn inventory(&self) -> BTreeSet<String> {
        let mut found = self.containers_and_tasks();
        let json = |service: &str, target: &str, list: &str, key: &str| -> Vec<String> {
            let answer = self.json(service, target, &json!({}));
            let items = answer[list].as_array().cloned().unwrap_or_default();
            items.iter().map(|item| item[key].as_str().unwrap_or_default().to_owned()).collect()
        };
        let (elb, elb_version) = ("elasticloadbalancing", "2015-12-01");
        let efs = |path: &str, list: &str, key: &str| -> Vec<String> {
            let answer = self.send("elasticfilesystem", "GET", path, "", "");
            let answer: Value = serde_json::from_str(&answer).expect("JSON");
            let items = answer[list].as_array().cloned().unwrap_or_default();
            items.iter().map(|item| item[key].as_str().unwrap_or_default().to_owned()).collect()
        };
        let lists = [
            (
                "log group",
                json("logs", "Logs_20140328.DescribeLogGroups", "logGroups", "logGroupName"),
            ),
            (
                "repository",
                json(
                    "ecr",
                    "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories",
                    "repositories",
                    "repositoryName",
                ),
            ),
            (
                "namespace",
                json(
                    "servicediscovery",
                    "Route53AutoNaming_v20170314.ListNamespaces",
                    "Namespaces",
                    "Name",
                ),
            ),
            (
                "load balancer",
                self.query(elb, elb_version, "DescribeLoadBalancers", "LoadBalancerName"),
            ),
            (
                "target group",
                self.query(elb, elb_version, "DescribeTargetGroups", "TargetGroupName"),
            ),
            ("parameter", json("ssm", "AmazonSSM.DescribeParameters", "Parameters", "Name")),
            ("role", self.query("iam", "2010-05-08", "ListRoles", "RoleName")),
            (
                "security group",
                self.query("ec2", "2016-11-15", "DescribeSecurityGroups", "groupName"),
            ),
            ("file system", efs("/2015-02-01/file-systems", "FileSystems", "FileSystemId")),
            ("access point", efs("/2015-02-01/access-points", "AccessPoints", "AccessPointId")),
        ];
        for (kind, names) in lists {
            found.extend(names.iter().map(|name| format!("{kind} {name}")));
        }
        found
    }

    fn containers_and_tasks(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut add = |kind: &str, arn: &str| {
            found.insert(format!("{kind} {}", arn.rsplit_once(":").map_or(arn, |(_, name)| name)))
        };
        for cluster in strings(&self.ecs("ListClusters", &json!({}))["clusterArns"]) {
            add("cluster", &cluster);
            for (kind, action, list) in
                [("service", "ListServices", "serviceArns"), ("task", "ListTasks", "taskArns")]
            {
                for arn in strings(&self.ecs(action, &json!({ "cluster": cluster }))[list]) {
                    add(kind, &arn);
                }
            }
        }
        for definition in self.task_definitions() {
            found.insert(format!("task definition {definition}"));
        }
        let label = format!("label=decklift.sandbox={}", self.instance);
        for (kind, arguments) in [
            ("container", &["ps", "--all", "--filter", &label, "--format", "{{.Names}}"][..]),
            ("volume", &["volume", "ls", "--filter", &label, "--format", "{{.Name}}"][..]),
        ] {
            // The one that answers where no task does belongs to the sandbox.
            let names = docker(arguments);
            let names = names.lines().filter(|name| !name.ends_with("-nobody"));
            found.extend(names.map(|name| format!("{kind} {name}")));
        }
        found
    }

    /// `family:revision` of every registered task definition.
    pub(crate) fn task_definitions(&self) -> BTreeSet<String> {
        let listed = self.ecs("ListTaskDefinitions", &json!({ "status": "ACTIVE" }));
        let arns = strings(&listed["taskDefinitionArns"]);
        arns.iter().filter_map(|arn| Some(arn.rsplit_once('/')?.1.to_owned())).collect()
    }

    /// The running tasks of a service.
    pub(crate) fn tasks(&self, cluster: &str, service: &str) -> BTreeSet<String> {
        let body = json!({ "cluster": cluster, "serviceName": service });
        strings(&self.ecs("ListTasks", &body)["taskArns"]).into_iter().collect()
    }

    /// `family:revision` that a service is to run, and with how many tasks.
    pub(crate) fn service(&self, cluster: &str, service: &str) -> (String, u64) {
        let body = json!({ "cluster": cluster, "services": [service] });
        let answer = self.ecs("DescribeServices", &body);
        let found = &answer["services"][0];
        let definition = found["taskDefinition"].as_str().unwrap_or_default();
        let name = definition.rsplit_once('/').map_or("", |(_, name)| name);
        (name.to_owned(), found["desiredCount"].as_u64().unwrap_or_default())
    }
}

pub(crate) fn strings(list: &Value) -> Vec<String> {
    let list = list.as_array().cloned().unwrap_or_default();
    list.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}
