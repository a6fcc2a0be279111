use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::setting::{self, table};
use super::value::{duration, number, text, texts};
use super::{ConfigForm, extensions, runtime};
use crate::compose::implied::{Implied, implied};
use crate::compose::load::Details;
use crate::compose::model::{FileReference, Healthcheck, Service, Setting};
use crate::source::Located;
use crate::yaml::{Kind, Node};

type Object = Map<String, Value>;

/// Inserts what is there.
pub(super) fn put(out: &mut Object, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        out.insert(key.to_owned(), value.into());
    }
}

pub(super) fn value<T: Clone>(located: Option<&Located<T>>) -> Option<T> {
    located.map(|located| located.value.clone())
}

pub(super) fn map(values: &IndexMap<String, Located<String>>) -> Option<Value> {
    let entries = values.iter().map(|(key, value)| (key.clone(), value.value.clone().into()));
    (!values.is_empty()).then(|| Value::Object(entries.collect()))
}

pub(super) fn list(values: Vec<String>) -> Option<Value> {
    (!values.is_empty()).then(|| values.into())
}

/// One service. What the model leaves out of the files' own words comes from `node`.
pub(super) fn service(model: &Service, node: &Node, details: &Details, form: ConfigForm) -> Value {
    let mut out = Object::new();
    let o = &mut out;
    put(o, "build", build(model, form));
    command(o, "command", model.command.as_ref(), form);
    put(o, "container_name", value(model.container_name.as_ref()));
    put(o, "cpus", model.cpus.as_ref().map(|cpus| number(cpus.value)));
    put(o, "depends_on", dependencies(model, node.get("depends_on"), form));
    put(o, "configs", references(&model.written.configs, form));
    put(o, "deploy", deploy(model, form));
    let develop = model.written.develop.as_ref();
    put(o, "develop", develop.map(|develop| Value::Object(table(develop, form))));
    command(o, "entrypoint", model.entrypoint.as_ref(), form);
    put(o, "environment", environment(model, details));
    put(o, "expose", node.get("expose").and_then(|node| list(unique(texts(node)))));
    put(o, "extends", node.get("extends").and_then(extends));
    put(o, "healthcheck", healthcheck(model.healthcheck.as_deref(), node, form));
    put(o, "hostname", value(model.hostname.as_ref()));
    put(o, "image", value(model.image.as_ref()));
    put(o, "init", value(model.init.as_ref()));
    put(o, "labels", map(&model.labels));
    put(o, "mem_limit", memory("mem_limit", model.mem_limit.as_ref(), node));
    put(o, "mem_reservation", memory("mem_reservation", model.mem_reservation.as_ref(), node));
    put(o, "networks", networks(model, form));
    put(o, "platform", value(model.platform.as_ref()));
    put(o, "ports", settings(&model.written.ports, form));
    put(o, "read_only", value(model.read_only.as_ref()).filter(|on| *on));
    put(o, "restart", node.get("restart").and_then(text));
    put(o, "secrets", references(&model.written.secrets, form));
    put(o, "scale", value(model.scale.as_ref()));
    put(o, "stdin_open", value(model.stdin_open.as_ref()).filter(|on| *on));
    let grace = model.stop_grace_period.as_ref();
    put(o, "stop_grace_period", grace.map(|grace| duration(grace.value)));
    put(o, "tmpfs", node.get("tmpfs").and_then(|node| list(tmpfs(node))));
    put(o, "tty", value(model.tty.as_ref()).filter(|on| *on));
    put(o, "user", value(model.user.as_ref()));
    put(o, "volumes", settings(&model.written.volumes, form));
    put(o, "working_dir", value(model.working_dir.as_ref()));
    runtime::attributes(model, o, form);
    if form == ConfigForm::Yaml {
        extensions(node, o);
    }
    Value::Object(out)
}

/// Whether a text is one of those that mean true.
pub(super) fn is_on(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "y" | "yes" | "on")
}

fn unique(mut values: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    values.retain(|value| seen.insert(value.clone()));
    values
}

/// What is left of `extends` where nothing was there to extend.
fn extends(node: &Node) -> Option<Value> {
    let mut out = Object::new();
    match text(node) {
        Some(service) => put(&mut out, "service", Some(service)),
        None => {
            put(&mut out, "file", node.get("file").and_then(text));
            put(&mut out, "service", node.get("service").and_then(text));
        }
    }
    (!out.is_empty()).then_some(Value::Object(out))
}

/// The reference takes what stands before an equals sign for the name of a tmpfs.
fn tmpfs(node: &Node) -> Vec<String> {
    let mut out: IndexMap<String, String> = IndexMap::new();
    for text in texts(node) {
        let name = text.split('=').next().unwrap_or_default().to_owned();
        out.insert(name, text);
    }
    out.into_values().collect()
}

/// An amount of memory in bytes. What is below 0 limits nothing, and is in the document alone.
fn memory(key: &str, bytes: Option<&Located<u64>>, node: &Node) -> Option<String> {
    let below =
        || node.get(key).and_then(text).filter(|text| text.parse().is_ok_and(|size: i64| size < 0));
    bytes.map(|bytes| bytes.value.to_string()).or_else(below)
}

/// JSON says `null` where the image's own is meant.
pub(super) fn command(
    out: &mut Object,
    key: &str,
    words: Option<&Located<Vec<String>>>,
    form: ConfigForm,
) {
    match (words, form) {
        (Some(words), _) => put(out, key, Some(words.value.clone())),
        (None, ConfigForm::Json) => put(out, key, Some(Value::Null)),
        (None, ConfigForm::Yaml) => {}
    }
}

/// As they are written, since the model lacks those on services that are left out, and those that
/// are implied.
fn dependencies(model: &Service, node: Option<&Node>, form: ConfigForm) -> Option<Value> {
    let started = || json!({ "condition": "service_started", "required": true });
    let mut out: Object = match node.map(|node| (node, &node.kind)) {
        Some((_, Kind::Mapping(mapping))) => mapping
            .entries
            .iter()
            .map(|entry| {
                let get = |key: &str| entry.value.get(key).and_then(text);
                let mut out = started();
                if let (Some(out), ConfigForm::Yaml) = (out.as_object_mut(), form) {
                    extensions(&entry.value, out);
                }
                if let Some(condition) = get("condition") {
                    out["condition"] = condition.into();
                }
                if get("required").is_some_and(|text| !is_on(&text)) {
                    out["required"] = false.into();
                }
                if get("restart").is_some_and(|text| is_on(&text)) {
                    out["restart"] = true.into();
                }
                (entry.key.text.to_string(), out)
            })
            .collect(),
        Some((node, Kind::Scalar(_) | Kind::Sequence(_))) => {
            texts(node).into_iter().map(|name| (name, started())).collect()
        }
        None => Object::new(),
    };
    for Implied { name, dependency } in implied(model) {
        out.entry(name).or_insert_with(|| {
            let mut out = started();
            if dependency.value.restart {
                out["restart"] = true.into();
            }
            out
        });
    }
    (!out.is_empty()).then_some(Value::Object(out))
}

fn environment(model: &Service, details: &Details) -> Option<Value> {
    let mut out: Object = model
        .environment
        .iter()
        .map(|(name, value)| (name.clone(), value.value.clone().into()))
        .collect();
    for name in details.unset.get(&model.name.value).into_iter().flatten() {
        out.insert(name.clone(), Value::Null);
    }
    (!out.is_empty()).then_some(Value::Object(out))
}

fn healthcheck(
    check: Option<&Located<Healthcheck>>,
    node: &Node,
    form: ConfigForm,
) -> Option<Value> {
    let node = node.get("healthcheck")?;
    let Healthcheck { test: _, interval, timeout, retries, start_period, start_interval } =
        &check?.value;
    let mut out = Object::new();
    let test = node.get("test").map(|node| match &node.kind {
        Kind::Scalar(_) => {
            let line = node.as_scalar().map(|scalar| scalar.text.to_string());
            vec!["CMD-SHELL".to_owned(), line.unwrap_or_default()]
        }
        Kind::Sequence(items) => {
            let words = items.iter().filter_map(Node::as_scalar);
            words.map(|word| word.text.to_string()).collect()
        }
        Kind::Mapping(_) => Vec::new(),
    });
    put(&mut out, "test", test.and_then(list));
    let spans = [
        ("timeout", timeout),
        ("interval", interval),
        ("start_period", start_period),
        ("start_interval", start_interval),
    ];
    for (key, span) in spans {
        put(&mut out, key, span.as_ref().map(|span| duration(span.value)));
    }
    put(&mut out, "retries", value(retries.as_ref()));
    let disabled = node.get("disable").and_then(text);
    let disabled = disabled.is_some_and(|text| is_on(&text));
    put(&mut out, "disable", disabled.then_some(true));
    if form == ConfigForm::Yaml {
        extensions(node, &mut out);
    }
    Some(Value::Object(out))
}

fn build(model: &Service, form: ConfigForm) -> Option<Value> {
    let mut out = table(model.written.build.as_ref()?, form);
    put(&mut out, "args", map(&model.build.as_ref()?.value.args));
    put(&mut out, "secrets", references(&model.written.build_secrets, form));
    Some(Value::Object(out))
}

fn deploy(model: &Service, form: ConfigForm) -> Option<Value> {
    let mut out = table(model.written.deploy.as_ref()?, form);
    put(&mut out, "replicas", value(model.scale.as_ref()));
    Some(Value::Object(out))
}

fn settings(items: &[Setting], form: ConfigForm) -> Option<Value> {
    let values = items.iter().map(|item| setting::value(item, form));
    (!items.is_empty()).then(|| values.collect())
}

fn references(references: &[FileReference], form: ConfigForm) -> Option<Value> {
    let items = references.iter().map(|reference| Value::Object(table(&reference.settings, form)));
    (!references.is_empty()).then(|| items.collect())
}

fn networks(model: &Service, form: ConfigForm) -> Option<Value> {
    let entries = model.networks.keys().map(|name| {
        let written = model.written.networks.get(name);
        let value = written.map_or(Value::Null, |written| Value::Object(table(written, form)));
        (name.clone(), value)
    });
    (!model.networks.is_empty()).then(|| Value::Object(entries.collect()))
}
