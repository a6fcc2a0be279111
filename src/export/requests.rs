use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value as Json, json};

use crate::ecs::desired::{Body, Desired, Resource};
use crate::plan::{Action, first_deploy};

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it goes, relative to the export's folder, with `/`.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// One file a request, at `<aws service>/<operation>/<name>.json`, each as `aws <aws service>
/// <operation> --cli-input-json` takes it, and `manifest.json`, which says in which order a first
/// deploy sends them.
///
/// What is not known is a placeholder: `${aws.account}` and the like for facts,
/// `${kind/name/attribute}` for what another request answers. The same project gives the same bytes.
#[must_use]
pub fn requests(desired: &Desired) -> Vec<File> {
    let mut files = Vec::new();
    let mut order = Vec::new();
    for (resource, action) in first_deploy(desired) {
        match action {
            Action::Create | Action::CreateIdle => {
                for request in resource.requests() {
                    let path =
                        format!("{}/{}/{}.json", request.service, request.operation, request.name);
                    let mut entry = json!({ "request": path, "resource": resource.id.to_string() });
                    if action == Action::CreateIdle {
                        // Its names must exist before any task that may use them starts.
                        entry["with"] = json!({ "desiredCount": 0 });
                    }
                    order.push(entry);
                    files.push(File { path, text: pretty(&request.body) });
                }
                if let Body::Secret(secret) = &resource.body {
                    // Its value stands nowhere: whoever sends this reads it from the Compose file.
                    order.push(json!({
                        "operation": "secretsmanager/put-secret-value",
                        "resource": resource.id.to_string(),
                        "with": { "SecretId": secret.name },
                    }));
                }
                if let Body::Image(image) = &resource.body {
                    order.push(json!({
                        "push": format!("{}:{}", image.repository_name, image.image_tag),
                        "resource": resource.id.to_string(),
                    }));
                }
            }
            Action::NewDeployment => order.push(first_tasks(resource)),
            Action::Run => {
                for request in resource.requests() {
                    let path =
                        format!("{}/{}/{}.json", request.service, request.operation, request.name);
                    let id = resource.id.to_string();
                    order.push(json!({ "request": path, "resource": id }));
                    order.push(json!({ "wait": id }));
                    files.push(File { path, text: pretty(&request.body) });
                }
            }
            Action::Rollout => order.push(json!({ "wait": resource.id.to_string() })),
            Action::Update | Action::Stop | Action::Delete => {}
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let manifest = json!({ "version": 1, "stack": desired.stack, "steps": order });
    files.push(File { path: "manifest.json".to_owned(), text: pretty(&manifest) });
    files
}

/// Writes the files as one JSON document: what each says, by path.
///
/// # Errors
///
/// Those of the writer.
pub fn document(files: &[File], out: &mut dyn Write) -> io::Result<()> {
    let texts: BTreeMap<&str, &str> =
        files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    out.write_all(b"{")?;
    let mut separator = "\n  ";
    for (path, text) in &texts {
        write!(out, "{separator}{}: ", Json::from(*path))?;
        separator = ",\n  ";
        // In JSON a line only ends between two values, never inside a text.
        for (number, line) in text.lines().enumerate() {
            out.write_all(if number == 0 { b"" } else { b"\n  " })?;
            out.write_all(line.as_bytes())?;
        }
    }
    out.write_all(if texts.is_empty() { b"}" } else { b"\n}" })
}

/// The call that gives a service its first tasks.
fn first_tasks(resource: &Resource) -> Json {
    let Body::Service(service) = &resource.body else { return Json::Null };
    let mut call = json!({
        "operation": "ecs/update-service",
        "resource": resource.id.to_string(),
        "with": {
            "cluster": service.cluster,
            "service": service.service_name,
            "desiredCount": service.desired_count,
            "forceNewDeployment": true,
        },
    });
    // A daemon has no number.
    if let (None, Some(with)) = (service.tasks(), call["with"].as_object_mut()) {
        with.remove("desiredCount");
    }
    call
}

fn pretty(json: &Json) -> String {
    // A value that was made of strings, numbers, lists and maps always serialises.
    let mut text = serde_json::to_string_pretty(json).unwrap_or_default();
    text.push('\n');
    // There are many, and all of them are kept.
    text.shrink_to_fit();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_what_serde_would_print_of_all_files() {
        let bodies = [
            ("ecs/b.json", json!({"a": [], "b": {}, "c": [{"d": "x\ny"}, "}\r\n"], "e": null})),
            ("ecs/a \"quoted\".json", json!({"a": {"b": [1, 2.5]}})),
            ("manifest.json", json!({})),
        ];
        let file =
            |(path, body): &(&str, Json)| File { path: (*path).to_owned(), text: pretty(body) };
        for count in 0..=bodies.len() {
            let some = &bodies[..count];
            let all: BTreeMap<_, _> = some.iter().map(|(path, body)| (path, body)).collect();
            let printed = serde_json::to_string_pretty(&all).expect("printed");
            let files: Vec<_> = some.iter().map(file).collect();
            let mut written = Vec::new();
            document(&files, &mut written).expect("written");
            assert_eq!(String::from_utf8(written).expect("text"), printed);
        }
    }
}
