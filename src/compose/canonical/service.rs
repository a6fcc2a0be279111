use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::value::{duration, number, text, texts};
use super::{ConfigForm, extensions, runtime};
use crate::compose::decode::{MountSpec, PortSpec, parse_mount, parse_ports};
use crate::compose::implied::{Implied, implied};
use crate::compose::load::Details;
use crate::compose::model::{Build, Deploy, Healthcheck, Resources, Service};
use crate::compose::paths::clean_target;
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
    put(o, "build", model.build.as_ref().map(|built| build(&built.value, node, form)));
    command(o, "command", model.command.as_ref(), form);
    put(o, "container_name", value(model.container_name.as_ref()));
    put(o, "cpus", model.cpus.as_ref().map(|cpus| number(cpus.value)));
    put(o, "depends_on", dependencies(model, node.get("depends_on"), form));
    let declared = node.get("deploy").filter(|node| !node.is_null());
    put(o, "deploy", declared.map(|node| deploy(&model.deploy, model.scale.as_ref(), node, form)));
    command(o, "entrypoint", model.entrypoint.as_ref(), form);
    put(o, "environment", environment(model, details));
    put(o, "expose", node.get("expose").and_then(|node| list(unique(texts(node)))));
    put(o, "healthcheck", healthcheck(model.healthcheck.as_ref(), node, form));
    put(o, "hostname", value(model.hostname.as_ref()));
    put(o, "image", value(model.image.as_ref()));
    put(o, "init", value(model.init.as_ref()));
    put(o, "labels", map(&model.labels));
    put(o, "mem_limit", memory("mem_limit", model.mem_limit.as_ref(), node));
    put(o, "mem_reservation", memory("mem_reservation", model.mem_reservation.as_ref(), node));
    put(o, "networks", networks(model, node, form));
    put(o, "platform", value(model.platform.as_ref()));
    put(o, "ports", node.get("ports").and_then(|node| ports(node, form)));
    put(o, "read_only", value(model.read_only.as_ref()).filter(|on| *on));
    put(o, "restart", node.get("restart").and_then(text));
    put(o, "scale", value(model.scale.as_ref()));
    put(o, "stdin_open", value(model.stdin_open.as_ref()).filter(|on| *on));
    let grace = model.stop_grace_period.as_ref();
    put(o, "stop_grace_period", grace.map(|grace| duration(grace.value)));
    put(o, "tmpfs", node.get("tmpfs").and_then(|node| list(tmpfs(node))));
    put(o, "tty", value(model.tty.as_ref()).filter(|on| *on));
    put(o, "user", value(model.user.as_ref()));
    put(o, "volumes", node.get("volumes").and_then(|node| volumes(node, details, form)));
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
    let below = || node.get(key).and_then(text).filter(|text| text.starts_with('-'));
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

fn build(build: &Build, node: &Node, form: ConfigForm) -> Value {
    let Build { context, dockerfile, args, target, labels, platforms } = build;
    let mut out = Object::new();
    put(&mut out, "context", Some(context.value.to_string_lossy().into_owned()));
    let written = node.get("build").is_some_and(|node| node.get("dockerfile").is_some());
    let implied = (!written).then(|| "Dockerfile".to_owned());
    put(&mut out, "dockerfile", value(dockerfile.as_ref()).or(implied));
    put(&mut out, "args", map(args));
    put(&mut out, "labels", map(labels));
    put(&mut out, "target", value(target.as_ref()));
    let platforms = platforms.iter().map(|platform| platform.value.clone()).collect();
    put(&mut out, "platforms", list(platforms));
    if let (Some(node), ConfigForm::Yaml) = (node.get("build"), form) {
        extensions(node, &mut out);
    }
    Value::Object(out)
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

fn deploy(deploy: &Deploy, scale: Option<&Located<u32>>, node: &Node, form: ConfigForm) -> Value {
    let Deploy { mode: _, replicas, labels, update_config, limits, reservations } = deploy;
    let mut out = Object::new();
    put(&mut out, "mode", node.get("mode").and_then(text));
    put(&mut out, "replicas", value(scale.or(replicas.as_ref())));
    put(&mut out, "labels", map(labels));
    let update = update_config.as_ref().zip(node.get("update_config"));
    put(
        &mut out,
        "update_config",
        update.map(|(config, node)| {
            let config = &config.value;
            let mut out = Object::new();
            let o = &mut out;
            put(o, "parallelism", value(config.parallelism.as_ref()));
            for (key, span) in [("delay", &config.delay), ("monitor", &config.monitor)] {
                let span = span.as_ref().filter(|span| !span.value.is_zero());
                put(o, key, span.map(|span| duration(span.value)));
            }
            put(o, "failure_action", node.get("failure_action").and_then(text));
            let ratio = config.max_failure_ratio.as_ref().filter(|ratio| ratio.value > 0.0);
            put(o, "max_failure_ratio", ratio.map(|ratio| number(ratio.value)));
            put(o, "order", node.get("order").and_then(text));
            Value::Object(out)
        }),
    );
    let resources_node = node.get("resources");
    let mut both = Object::new();
    for (key, resources) in [("limits", limits), ("reservations", reservations)] {
        if resources_node.is_some_and(|node| node.get(key).is_some()) {
            both.insert(key.into(), resource(resources));
        }
    }
    if form == ConfigForm::Json || !both.is_empty() {
        out.insert("resources".into(), Value::Object(both));
    }
    if form == ConfigForm::Json {
        out.insert("placement".into(), json!({}));
    } else {
        extensions(node, &mut out);
    }
    Value::Object(out)
}

fn resource(resources: &Resources) -> Value {
    let Resources { cpus, memory, pids } = resources;
    let mut out = Object::new();
    put(&mut out, "cpus", cpus.as_ref().map(|cpus| number(cpus.value)));
    put(&mut out, "memory", value(memory.as_ref()).map(|memory| memory.to_string()));
    put(&mut out, "pids", value(pids.as_ref()).filter(|pids| *pids != 0));
    Value::Object(out)
}

fn networks(model: &Service, node: &Node, form: ConfigForm) -> Option<Value> {
    let written = node.get("networks");
    let entries = model.networks.iter().map(|(name, attached)| {
        let node = written.and_then(|node| node.get(name)).filter(|node| !node.is_null());
        let Some(node) = node else { return (name.clone(), Value::Null) };
        let mut out = Object::new();
        let aliases = attached.aliases.iter().map(|alias| alias.value.clone()).collect();
        put(&mut out, "aliases", list(unique(aliases)));
        if form == ConfigForm::Yaml {
            extensions(node, &mut out);
        }
        (name.clone(), Value::Object(out))
    });
    (!model.networks.is_empty()).then(|| Value::Object(entries.collect()))
}

fn ports(node: &Node, form: ConfigForm) -> Option<Value> {
    let mut out: IndexMap<String, Value> = IndexMap::new();
    for item in node.as_sequence()? {
        let specs = match &item.kind {
            Kind::Mapping(_) => vec![long_port(item)],
            Kind::Scalar(_) | Kind::Sequence(_) => {
                parse_ports(&text(item).unwrap_or_default()).unwrap_or_default()
            }
        };
        for spec in specs {
            let PortSpec { name, mode, host_ip, target, published, protocol, app_protocol } = spec;
            let protocol = protocol.unwrap_or_else(|| "tcp".into());
            let key = format!("{host_ip:?}:{published:?}:{target}/{protocol}");
            let mut port = Object::new();
            put(&mut port, "name", name);
            put(&mut port, "mode", Some(mode.unwrap_or_else(|| "ingress".into())));
            put(&mut port, "host_ip", host_ip);
            put(&mut port, "target", Some(target));
            put(&mut port, "published", published);
            put(&mut port, "protocol", Some(protocol));
            put(&mut port, "app_protocol", app_protocol);
            if form == ConfigForm::Yaml {
                extensions(item, &mut port);
            }
            out.insert(key, Value::Object(port));
        }
    }
    (!out.is_empty()).then(|| out.into_values().collect())
}

fn long_port(node: &Node) -> PortSpec {
    let get = |key: &str| text(node.get(key)?);
    PortSpec {
        name: get("name"),
        mode: get("mode"),
        host_ip: get("host_ip"),
        target: get("target").and_then(|target| target.parse().ok()).unwrap_or(0),
        published: get("published"),
        protocol: get("protocol"),
        app_protocol: get("app_protocol"),
    }
}

fn volumes(node: &Node, details: &Details, form: ConfigForm) -> Option<Value> {
    let mut out: IndexMap<String, Value> = IndexMap::new();
    for item in node.as_sequence()? {
        let mount = match &item.kind {
            Kind::Mapping(_) => super::mount::long(item, details, form),
            Kind::Scalar(_) | Kind::Sequence(_) => {
                let text = text(item).unwrap_or_default();
                parse_mount(&text).ok().map(|spec| short(spec, &text, details))
            }
        };
        if let Some((target, mount)) = mount {
            out.insert(target, Value::Object(mount));
        }
    }
    (!out.is_empty()).then(|| out.into_values().collect())
}

fn short(spec: MountSpec, text: &str, details: &Details) -> (String, Object) {
    let MountSpec { source, target, read_only, options, is_bind } = spec;
    let target = clean_target(&target);
    let mut out = Object::new();
    put(&mut out, "type", Some(if is_bind { "bind" } else { "volume" }));
    let source = source.map(|source| match is_bind {
        true => details.paths.absolute(&source).to_string_lossy().into_owned(),
        false => source,
    });
    put(&mut out, "source", source);
    put(&mut out, "target", Some(target.clone()));
    put(&mut out, "read_only", read_only.then_some(true));
    let has = |option: &str| options.iter().any(|found| found == option);
    let mut bind = Object::new();
    for option in &options {
        match option.as_str() {
            "z" | "Z" => put(&mut bind, "selinux", Some(option.as_str())),
            "rprivate" | "private" | "rshared" | "shared" | "rslave" | "slave" => {
                put(&mut bind, "propagation", Some(option.as_str()));
            }
            _ => {}
        }
    }
    if is_bind {
        put(&mut bind, "create_host_path", Some(true));
    }
    if !bind.is_empty() {
        out.insert("bind".into(), Value::Object(bind));
    }
    // The reference leaves its empty settings out for the shortest of paths.
    if has("nocopy") {
        out.insert("volume".into(), json!({ "nocopy": true }));
    } else if !is_bind && text.len() > 2 {
        out.insert("volume".into(), json!({}));
    }
    (target, out)
}
