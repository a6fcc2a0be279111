use serde_json::{Map, Value};

use super::ConfigForm;
use super::extensions;
use super::value::{extension_value, text};
use crate::compose::load::Details;
use crate::compose::paths::clean_target;
use crate::yaml::Node;

type Object = Map<String, Value>;

/// A mount in its long form, as it was written: its target, and the mount.
pub(super) fn long(node: &Node, details: &Details, form: ConfigForm) -> Option<(String, Object)> {
    let target = clean_target(&text(node.get("target")?)?);
    let kind = text(node.get("type")?)?;
    let mut out = Object::new();
    out.insert("type".into(), kind.clone().into());
    if let Some(source) = node.get("source").and_then(text) {
        let source = if kind == "bind" {
            details.paths.absolute(&source).to_string_lossy().into_owned()
        } else {
            source
        };
        out.insert("source".into(), source.into());
    }
    out.insert("target".into(), target.clone().into());
    if node.get("read_only").is_some_and(is_on) {
        out.insert("read_only".into(), true.into());
    }
    if let Some(consistency) = node.get("consistency").and_then(text) {
        out.insert("consistency".into(), consistency.into());
    }
    for key in ["bind", "volume", "tmpfs"] {
        if let Some(settings) = node.get(key) {
            out.insert(key.into(), Value::Object(inner(settings, form)));
        }
    }
    if form == ConfigForm::Yaml {
        extensions(node, &mut out);
    }
    Some((target, out))
}

fn is_on(node: &Node) -> bool {
    text(node).is_some_and(|text| super::service::is_on(&text))
}

/// The settings of one kind of mount; what is off is left out.
fn inner(node: &Node, form: ConfigForm) -> Object {
    let mut out = Object::new();
    for key in ["selinux", "propagation", "recursive", "subpath"] {
        if let Some(text) = node.get(key).and_then(text) {
            out.insert(key.into(), text.into());
        }
    }
    for key in ["create_host_path", "nocopy"] {
        if node.get(key).is_some_and(is_on) {
            out.insert(key.into(), true.into());
        }
    }
    if let Some(size) = node.get("size") {
        let bytes = crate::compose::decode::parse_bytes(&text(size).unwrap_or_default());
        match bytes {
            Some(0) | None => {}
            Some(bytes) => {
                out.insert("size".into(), bytes.to_string().into());
            }
        }
    }
    if let Some(mode) = node.get("mode") {
        out.insert("mode".into(), extension_value(mode));
    }
    if form == ConfigForm::Yaml {
        extensions(node, &mut out);
    }
    out
}
