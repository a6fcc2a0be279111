//! Usual arrangements on ECS, written as Compose has them: the requests that they become.

use decklift::ecs::validate;
use decklift::export::requests;
use serde_json::{Value, json};

use crate::support;

/// The requests of a project by path, and the codes and messages of what is said of it.
struct Converted {
    requests: Vec<(String, Value)>,
    said: Vec<(String, String)>,
}

impl Converted {
    fn of(text: &str, files: &[(&str, &str)]) -> Self {
        let (loaded, done) = support::read(text, files);
        let all = loaded.outcomes.iter().chain(done.diagnostics.iter());
        let said: Vec<_> = all.map(|d| (d.code.as_str().to_owned(), d.message.clone())).collect();
        assert!(!done.diagnostics.has_errors(), "{said:?}");
        assert_eq!(validate(&done.desired), []);
        let requests = requests(&done.desired)
            .into_iter()
            .map(|file| (file.path, serde_json::from_str(&file.text).expect("JSON")));
        Self { requests: requests.collect(), said }
    }

    fn request(&self, path: &str) -> &Value {
        let found = self.requests.iter().find(|(found, _)| found == path);
        let all: Vec<_> = self.requests.iter().map(|(path, _)| path).collect();
        &found.unwrap_or_else(|| panic!("no {path} in {all:?}")).1
    }

    fn task(&self, name: &str) -> &Value {
        self.request(&format!("ecs/register-task-definition/{name}.json"))
    }

    /// How many requests go to an operation.
    fn count(&self, operation: &str) -> usize {
        self.requests.iter().filter(|(path, _)| path.starts_with(operation)).count()
    }

    fn says(&self, code: &str, part: &str) -> bool {
        self.said.iter().any(|(found, text)| found == code && text.contains(part))
    }
}

#[test]
fn an_app_and_a_sidecar_that_audits_its_logs_share_a_volume() {
    let done = Converted::of(
        "services:
  app:
    image: acme/app:1
    volumes: [logs:/var/log/app]
  audit:
    image: acme/audit:1
    network_mode: service:app
    volumes: [logs:/logs:ro]
volumes:
  logs: {x-ecs: ephemeral}
",
        &[],
    );
    assert_eq!(done.count("ecs/register-task-definition/"), 1);
    assert_eq!(done.count("ecs/create-service/"), 1);
    assert_eq!(done.count("efs/"), 0);
    let task = done.task("app");
    assert_eq!(task["volumes"], json!([{"name": "logs", "host": {}}]));
    let logs = |name: &str| {
        json!({
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": format!("/decklift/shop/{name}"),
                "awslogs-region": "eu-west-1",
                "awslogs-stream-prefix": name,
            },
        })
    };
    assert_eq!(
        task["containerDefinitions"],
        json!([
            {
                "name": "app", "image": "acme/app:1", "cpu": 0, "essential": true,
                "logConfiguration": logs("app"),
                "mountPoints": [
                    {"sourceVolume": "logs", "containerPath": "/var/log/app", "readOnly": false}
                ],
            },
            {
                "name": "audit", "image": "acme/audit:1", "cpu": 0, "essential": true,
                "dependsOn": [{"containerName": "app", "condition": "START"}],
                "logConfiguration": logs("audit"),
                "mountPoints": [
                    {"sourceVolume": "logs", "containerPath": "/logs", "readOnly": true}
                ],
            },
        ])
    );
}

#[test]
fn logs_go_through_a_fluent_bit_router() {
    let done = Converted::of(
        "services:
  app:
    image: acme/app:1
    logging:
      driver: awsfirelens
      options:
        Name: cloudwatch
        region: eu-west-1
        log_group_name: firelens-testing-fluent-bit
        log_stream_prefix: from-fluent-bit
        auto_create_group: \"true\"
    x-ecs:
      policies:
        - Action: [logs:CreateLogGroup, logs:CreateLogStream, logs:PutLogEvents]
          Resource: \"*\"
",
        &[],
    );
    assert_eq!(done.count("ecs/register-task-definition/"), 1);
    assert_eq!(
        done.task("app")["containerDefinitions"],
        json!([
            {
                "name": "app", "image": "acme/app:1", "cpu": 0, "essential": true,
                "logConfiguration": {
                    "logDriver": "awsfirelens",
                    "options": {
                        "Name": "cloudwatch",
                        "region": "eu-west-1",
                        "log_group_name": "firelens-testing-fluent-bit",
                        "log_stream_prefix": "from-fluent-bit",
                        "auto_create_group": "true",
                    },
                },
            },
            {
                "name": "log_router",
                "image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable",
                "cpu": 0, "essential": true, "user": "0",
                "firelensConfiguration": {"type": "fluentbit"},
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": "firelens-container",
                        "awslogs-region": "eu-west-1",
                        "awslogs-create-group": "true",
                        "awslogs-stream-prefix": "firelens",
                    },
                },
            },
        ])
    );
    let execution = done.request("iam/put-role-policy/app.json")["PolicyDocument"].to_string();
    assert!(execution.contains("log-group:firelens-container"), "{execution}");
    assert!(execution.contains("logs:CreateLogGroup"), "{execution}");
}

#[test]
fn a_router_that_stands_in_the_file_is_taken() {
    let done = Converted::of(
        "services:
  app:
    image: acme/app:1
    x-ecs: {task: app}
    logging: {driver: awsfirelens, options: {Name: stdout}}
  log_router:
    image: public.ecr.aws/aws-observability/aws-for-fluent-bit:2
    x-ecs: {task: app}
    logging:
      driver: awslogs
      options:
        awslogs-group: firelens-container
        awslogs-region: eu-west-1
        awslogs-create-group: \"true\"
        awslogs-stream-prefix: firelens
",
        &[],
    );
    let containers = done.task("app")["containerDefinitions"].as_array().expect("a list").clone();
    assert_eq!(containers.len(), 2);
    assert_eq!(containers[1]["firelensConfiguration"], json!({"type": "fluentbit"}));
    assert_eq!(containers[1]["logConfiguration"]["options"]["awslogs-create-group"], "true");
}

#[test]
fn variables_come_from_s3_parameters_and_secrets() {
    let done = Converted::of(
        "services:
  app:
    image: acme/app:1
    environment: {COLOR: red}
    x-ecs:
      env_files_s3:
        - s3://acme-config/app/prod.env
        - arn:aws:s3:::acme-config/common.env
      secret_env:
        HOST: /prod/db-host
        PORT: arn:aws:ssm:eu-west-1:123456789012:parameter/prod/db-port
        USER: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf:user::'
        PASSWORD: password
        KEY: arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/key-AbCdEf
secrets:
  password:
    x-ecs:
      arn: arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf
      key: password
    external: true
",
        &[],
    );
    let container = &done.task("app")["containerDefinitions"][0];
    assert_eq!(
        container["environmentFiles"],
        json!([
            {"type": "s3", "value": "arn:aws:s3:::acme-config/app/prod.env"},
            {"type": "s3", "value": "arn:aws:s3:::acme-config/common.env"},
        ])
    );
    assert_eq!(container["environment"], json!([{"name": "COLOR", "value": "red"}]));
    let db = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf";
    let key = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/key-AbCdEf";
    let port = "arn:aws:ssm:eu-west-1:123456789012:parameter/prod/db-port";
    assert_eq!(
        container["secrets"],
        json!([
            {"name": "HOST", "valueFrom": "/prod/db-host"},
            {"name": "KEY", "valueFrom": key},
            {"name": "PASSWORD", "valueFrom": format!("{db}:password::")},
            {"name": "PORT", "valueFrom": port},
            {"name": "USER", "valueFrom": format!("{db}:user::")},
        ])
    );
    let policy = done.request("iam/put-role-policy/app.json")["PolicyDocument"].clone();
    let policy: Value = serde_json::from_str(policy.as_str().expect("text")).expect("JSON");
    let granted = |action: &str| -> Vec<String> {
        let statements = policy["Statement"].as_array().expect("a list");
        let allows = |s: &&Value| s["Action"].to_string().contains(action);
        let found = statements.iter().filter(allows).flat_map(|s| match &s["Resource"] {
            Value::Array(list) => list.clone(),
            one => vec![one.clone()],
        });
        found.map(|arn| arn.as_str().expect("text").to_owned()).collect()
    };
    assert_eq!(granted("secretsmanager:GetSecretValue"), [db, key]);
    let mut parameters = granted("ssm:GetParameters");
    parameters.sort();
    let host_known = parameters.iter().any(|arn| arn.ends_with(":parameter/prod/db-host"));
    assert!(host_known && parameters.contains(&port.to_owned()), "{parameters:?}");
    assert_eq!(
        granted("s3:GetObject"),
        ["arn:aws:s3:::acme-config/app/prod.env", "arn:aws:s3:::acme-config/common.env"]
    );
    assert_eq!(granted("s3:GetBucketLocation"), ["arn:aws:s3:::acme-config"]);
}

#[test]
fn a_container_that_only_routes_is_what_the_load_balancer_does() {
    for (image, config) in [
        ("nginx:1.27", "/etc/nginx/nginx.conf"),
        ("haproxy:3.0", "/usr/local/etc/haproxy/haproxy.cfg"),
        ("traefik:v3.1", "/etc/traefik/traefik.yml"),
    ] {
        let text = format!(
            "services:
  proxy:
    image: {image}
    ports: [\"80:80\"]
    volumes: [./proxy.conf:{config}:ro]
  app:
    image: acme/app:1
    expose: [\"8080\"]
"
        );
        let done = Converted::of(&text, &[("proxy.conf", "# routes to app:8080\n")]);
        assert!(
            done.says("proxy-behind-balancer", "proxy stands before other services"),
            "{image}: {:?}",
            done.said
        );
    }
    let pages = Converted::of(
        "services:
  pages: {image: nginx:1.27, ports: [\"80:80\"]}
  app: {image: acme/app:1}
",
        &[],
    );
    assert!(!pages.says("proxy-behind-balancer", ""), "{:?}", pages.said);
}
