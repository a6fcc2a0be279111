//! ARNs of another partition, which nothing here can name: at every key of `x-ecs` that takes one.

use decklift::compose::support::schema;
use decklift::compose::{LoadOptions, load};
use decklift::ecs::facts::Facts;
use decklift::ecs::translate;
use serde_json::Value;
use tempfile::TempDir;

/// The keys, by the end of their way in the schema, and files that give each an ARN of China's. A key of
/// a mount's or a volume's stands for all three places where it may stand.
const KEYS: &[(&str, &str)] = &[
    ("secrets.*.arn", "secrets: {s: {x-ecs: {arn: 'arn:aws-cn:ssm:cn-north-1:1:parameter/a'}}}"),
    ("volumes[].ebs.kms_key", "V: {ebs: {size: 20, kms_key: 'arn:aws-cn:kms:cn-north-1:1:key/0'}}"),
    ("volumes[].s3files", "V: {s3files: 'arn:aws-cn:s3files:cn-north-1:1:file-system/fs-0123'}"),
    ("volume.ebs.kms_key", "W: {volume: {ebs: {kms_key: 'arn:aws-cn:kms:cn-north-1:1:key/0'}}}"),
    (
        "volume.s3files",
        "W: {volume: {s3files: 'arn:aws-cn:s3files:cn-north-1:1:file-system/fs-01'}}",
    ),
    ("volumes.*.ebs.kms_key", "N: {ebs: {size: 20, kms_key: 'arn:aws-cn:kms:cn-north-1:1:key/0'}}"),
    ("volumes.*.s3files", "N: {s3files: 'arn:aws-cn:s3files:cn-north-1:1:file-system/fs-0123'}"),
    (
        "autoscaling.queue.arn",
        "W: {autoscaling: {max: 2, queue: {arn: 'arn:aws-cn:sqs:cn-north-1:1:q', messages: 5}}}",
    ),
    ("execution_role", "W: {execution_role: 'arn:aws-cn:iam::123456789012:role/r'}"),
    ("policies", "W: {policies: ['arn:aws-cn:iam::123456789012:policy/p']}"),
    (
        "pull_credentials",
        "W: {pull_credentials: 'arn:aws-cn:secretsmanager:cn-north-1:1:secret:s'}",
    ),
    ("role", "W: {role: 'arn:aws-cn:iam::123456789012:role/r'}"),
    ("secret_env", "W: {secret_env: {A: 'arn:aws-cn:ssm:cn-north-1:1:parameter/a'}}"),
    ("certificate", "T: {certificate: 'arn:aws-cn:acm:cn-north-1:1:certificate/c'}"),
    ("cluster", "T: {cluster: 'arn:aws-cn:ecs:cn-north-1:1:cluster/c'}"),
    (
        "load_balancer",
        "T: {load_balancer: 'arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012:loadbalancer/app/a/0123456789abcdef'}",
    ),
    (
        "load_balancer.arn",
        "T: {load_balancer: {arn: 'arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012:loadbalancer/app/a/0123456789abcdef'}}",
    ),
    ("permissions_boundary", "T: {permissions_boundary: 'arn:aws-cn:iam::123456789012:policy/p'}"),
    ("repositories.kms_key", "T: {repositories: {kms_key: 'arn:aws-cn:kms:cn-north-1:1:key/0'}}"),
];

#[test]
fn every_key_that_takes_an_arn_is_looked_at() {
    let mut known = Vec::new();
    keys(&schema(), "", &mut known);
    assert!(known.len() >= 15, "{known:?}");
    for key in &known {
        let has = KEYS.iter().any(|(known, _)| known == key);
        assert!(
            has,
            "`{key}` takes an ARN: where may that be? Add it to rules/elsewhere.rs and here"
        );
    }
    for (key, short) in KEYS {
        let text = file(short);
        let folder = TempDir::new().expect("a folder");
        std::fs::write(folder.path().join("compose.yaml"), &text).expect("a file");
        let cwd = folder.path().to_owned();
        let loaded = load(&LoadOptions { cwd, ..LoadOptions::default() });
        let project = loaded.project.unwrap_or_else(|| panic!("{key}: {:?}", loaded.diagnostics));
        let done = translate(&project, None, &Facts::offline(Some("eu-west-1")));
        let said: Vec<_> = done.diagnostics.iter().map(|d| d.message.clone()).collect();
        let refused =
            |message: &String| message.contains("aws-cn") || message.contains("cn-north-1");
        assert!(said.iter().any(refused), "{key}: {said:?}");
    }
}

/// The whole file of a short one: `T` is the top level's `x-ecs`, `W` that of a service, `V` that of a
/// mount, `N` that of a volume.
fn file(short: &str) -> String {
    let web =
        "image: acme/web:1, ports: ['80:80'], volumes: [{type: volume, source: data, target: /data";
    let (kind, rest) = short.split_at(3);
    let service = |mount: &str, own: &str| format!("services: {{web: {{{web}{mount}}}]{own}}}}}\n");
    match kind {
        "T: " => format!("x-ecs: {rest}\n{}volumes: {{data: {{}}}}\n", service("", "")),
        "W: " => format!("{}volumes: {{data: {{}}}}\n", service("", &format!(", x-ecs: {rest}"))),
        "V: " => format!("{}volumes: {{data: {{}}}}\n", service(&format!(", x-ecs: {rest}"), "")),
        "N: " => format!("{}volumes: {{data: {{x-ecs: {rest}}}}}\n", service("", "")),
        _ => format!("{}volumes: {{data: {{}}}}\n{short}\n", service("", ", secrets: [s]")),
    }
}

/// The keys of the schema whose value may be an ARN.
fn keys(schema: &Value, path: &str, found: &mut Vec<String>) {
    for (name, value) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        let text = |key: &str| value[key].as_str().unwrap_or_default();
        if text("description").contains("ARN") || text("pattern").contains("arn:") {
            let (place, key) = path.rsplit_once("x-ecs.").unwrap_or(("", &path));
            let place = match place {
                ".secrets.*." => "secrets.*.",
                ".volumes.*." => "volumes.*.",
                ".services.*.volumes[]." => "volumes[].",
                _ => "",
            };
            found.push(format!("{place}{key}"));
        }
        keys(value, &path, found);
    }
    if schema["items"].is_object() {
        keys(&schema["items"], &format!("{path}[]"), found);
    }
    if schema["additionalProperties"].is_object() {
        keys(&schema["additionalProperties"], &format!("{path}.*"), found);
    }
}
