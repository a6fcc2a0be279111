//! The import table of the design, the size of files, and the list of embedded files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Module, and the modules that it may import.
const TABLE: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("event", &[]),
    ("parallel", &[]),
    ("shared_config", &[]),
    ("trust", &["shared_config"]),
    // What AWS answers and reports draw: what a load balancer says of a target is an event too.
    ("inspect", &["event"]),
    ("diagnostic", &["source"]),
    ("yaml", &["source", "diagnostic"]),
    ("compose", &["yaml", "source", "diagnostic"]),
    ("ecs", &["compose", "source", "diagnostic", "parallel"]),
    ("images", &["source", "diagnostic", "event", "trust"]),
    // Placeholders for resources are Desired's; the Compose line of a resource is a Span.
    ("plan", &["ecs"]),
    ("apply", &["plan", "event", "ecs"]),
    ("release", &["apply"]),
    // Judges what AWS has of what files name: its errors are those of whoever asked.
    ("verify", &["apply", "compose", "ecs", "plan", "source"]),
    (
        "aws",
        &[
            "apply",
            "plan",
            "ecs",
            "event",
            "inspect",
            "release",
            "shared_config",
            "trust",
            "verify",
        ],
    ),
    ("export", &["ecs", "plan", "render", "parallel"]),
    ("sandbox", &[]),
    ("render", &[]),
    ("report", &["event", "inspect", "diagnostic", "source", "plan", "render", "verify"]),
    ("error", &["apply", "images", "sandbox"]),
    ("cli", &["inspect"]),
];

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// How many lines a file of the program or of its tests has at most. The design's limit is soft; this is
/// where it becomes hard.
const MOST_LINES: usize = 450;

fn sources() -> Vec<(String, PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&src).expect("inside src");
            let first = inside.components().next().expect("a component");
            let module = first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).expect("text");
            (module, path, text)
        })
        .collect()
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let mut faults = Vec::new();
    for (module, path, text) in sources() {
        if ["main", "lib", "commands"].contains(&module.as_str()) {
            continue;
        }
        let Some((_, allowed)) = TABLE.iter().find(|(name, _)| *name == module) else {
            faults.push(format!("{}: module {module} is not in the table", path.display()));
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for rest in code.split("crate::").skip(1) {
                let name: String =
                    rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if !name.is_empty() && name != module && !allowed.contains(&name.as_str()) {
                    faults.push(format!(
                        "{}:{}: {module} imports {name}",
                        path.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn only_aws_names_the_sdk_and_only_report_draws_bars() {
    for (module, path, text) in sources() {
        assert!(module == "aws" || !text.contains("aws_sdk_"), "{}", path.display());
        assert!(module == "report" || !text.contains("indicatif::"), "{}", path.display());
    }
}

#[test]
fn files_stay_small() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "tests", "benches"] {
        rust_files(&root.join(folder), &mut files);
    }
    let length = |path: &PathBuf| fs::read_to_string(path).expect("text").lines().count();
    let long: Vec<_> = files
        .into_iter()
        .map(|path| (length(&path), path))
        .filter(|(lines, _)| *lines > MOST_LINES)
        .collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn every_file_of_the_adapter_is_embedded() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox");
    let there: BTreeSet<String> = fs::read_dir(src.join("adapter/decklift_adapter"))
        .expect("the adapter")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".py"))
        .collect();
    let list = fs::read_to_string(src.join("embedded.rs")).expect("the list");
    let embedded: BTreeSet<String> = list
        .split('"')
        .filter(|text| text.ends_with(".py") && !text.contains('/'))
        .map(str::to_owned)
        .collect();
    assert_eq!(there, embedded);
}

/// The accessor of each client, and the service as `aws` and the IAM table name it.
const CLIENTS: &[(&str, &str)] = &[
    ("acm", "acm"),
    ("cloudwatch", "cloudwatch"),
    ("ec2", "ec2"),
    ("ecr", "ecr"),
    ("ecs", "ecs"),
    ("efs", "efs"),
    ("elb", "elbv2"),
    ("iam", "iam"),
    ("logs", "logs"),
    ("names", "servicediscovery"),
    ("quotas", "servicequotas"),
    ("route53", "route53"),
    ("scaling", "application-autoscaling"),
    ("scheduler", "scheduler"),
    ("secrets", "secretsmanager"),
    ("ssm", "ssm"),
    ("sts", "sts"),
    ("tagging", "tag"),
];

/// `create_service`, which stands after a client, as `CreateService`.
fn operation(call: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    call.split('_').filter(|part| !part.is_empty()).map(word).collect()
}

/// The operations that `aws` calls: what follows a client in its sources.
fn called() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (module, path, text) in sources() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if module != "aws" || name.ends_with("tests.rs") || name == "recorder.rs" {
            continue;
        }
        let code: String =
            text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().into();
        let code: String = code.split_whitespace().collect();
        for (client, service) in CLIENTS {
            let own = match *client {
                // Parameter Store's client is a field of what holds it.
                "ssm" => "self.client.",
                // A login is renewed by whoever holds the client alone.
                "ecr" => "=ecr.",
                _ => "\0",
            };
            let accessor = format!(".{client}().");
            let calls = code.split(&accessor).skip(1).chain(code.split(own).skip(1));
            for rest in calls {
                let call: String =
                    rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                // An operation takes its input after its name.
                let is_operation = rest[call.len()..].starts_with("()");
                if is_operation && !["clone", "config"].contains(&call.as_str()) {
                    let mut name = operation(&call);
                    // Route 53 alone writes it in capitals.
                    if *service == "route53" {
                        name = name.replace("Vpc", "VPC");
                    }
                    found.insert(format!("{service}:{name}"));
                }
            }
        }
    }
    found
}

#[test]
fn every_operation_that_is_called_has_its_permissions() {
    let connect =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/aws/connect.rs"))
            .expect("text");
    let clients: BTreeSet<&str> = connect
        .lines()
        .filter_map(|line| line.trim().split_once(": aws_sdk_").filter(|(_, l)| l.ends_with(';')))
        .map(|(client, _)| client)
        .collect();
    assert_eq!(clients, CLIENTS.iter().map(|(client, _)| *client).collect());
    let known: BTreeSet<String> = decklift::export::operations().map(str::to_owned).collect();
    assert_eq!(called(), known);
}
