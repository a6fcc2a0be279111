//! Relative paths of a file that lies elsewhere than the project: made absolute in its document.

use super::decode::parse_mount;
use super::paths::Paths;
use super::scalar::{Typed, typed};
use crate::yaml::{Entry, Key, Kind, Mapping, Node, Scalar, Style};

/// Makes the paths of a whole document absolute.
pub(super) fn absolute_document(document: &mut Node, paths: &Paths) {
    let Kind::Mapping(root) = &mut document.kind else { return };
    for section in &mut root.entries {
        let Kind::Mapping(resources) = &mut section.value.kind else { continue };
        for Entry { value, .. } in &mut resources.entries {
            match &*section.key.text {
                "services" => absolute_service(value, paths),
                "configs" | "secrets" => at(value, "file", |node| path(node, paths, false)),
                "volumes" => bind_volume(value, paths),
                _ => {}
            }
        }
    }
}

/// Makes the paths of a service absolute.
pub(super) fn absolute_service(service: &mut Node, paths: &Paths) {
    at(service, "build", |build| {
        if let Kind::Scalar(_) = build.kind {
            context(build, paths);
            return;
        }
        at(build, "context", |node| context(node, paths));
        at(build, "additional_contexts", |node| each_value(node, &mut |node| context(node, paths)));
        at(build, "ssh", |node| each_value(node, &mut |node| path(node, paths, false)));
    });
    at(service, "env_file", |node| {
        each(node, &mut |item| match item.kind {
            Kind::Mapping(_) => at(item, "path", |node| path(node, paths, true)),
            Kind::Scalar(_) | Kind::Sequence(_) => path(item, paths, true),
        });
    });
    at(service, "label_file", |node| each(node, &mut |item| path(item, paths, true)));
    at(service, "develop", |develop| {
        at(develop, "watch", |watch| {
            each(watch, &mut |item| at(item, "path", |node| path(node, paths, true)));
        });
    });
    at(service, "volumes", |volumes| each(volumes, &mut |item| mount(item, paths)));
}

/// Makes the path of the file that a service extends from absolute.
pub(super) fn absolute_extends(service: &mut Node, paths: &Paths) {
    at(service, "extends", |extends| at(extends, "file", |node| path(node, paths, true)));
}

/// Gives the services of an included project that build without a context the project's directory.
pub(super) fn default_contexts(document: &mut Node, paths: &Paths) {
    let services = match &mut document.kind {
        Kind::Mapping(root) => root.entries.iter_mut().find(|e| &*e.key.text == "services"),
        Kind::Scalar(_) | Kind::Sequence(_) => None,
    };
    let Some(Entry { value: Node { kind: Kind::Mapping(services), .. }, .. }) = services else {
        return;
    };
    for service in &mut services.entries {
        at(&mut service.value, "build", |build| {
            let span = build.span;
            if let Kind::Mapping(mapping) = &mut build.kind
                && mapping.get("context").is_none()
            {
                let key = Key { text: "context".into(), style: Style::DoubleQuoted, span };
                let value = Node::string(span, &paths.directory.to_string_lossy());
                mapping.entries.push(Entry { key, value });
            }
        });
    }
}

fn at(node: &mut Node, key: &str, change: impl FnOnce(&mut Node)) {
    if let Kind::Mapping(Mapping { entries }) = &mut node.kind
        && let Some(entry) = entries.iter_mut().find(|entry| &*entry.key.text == key)
    {
        change(&mut entry.value);
    }
}

/// The items of a list, or the one value.
fn each(node: &mut Node, change: &mut dyn FnMut(&mut Node)) {
    match &mut node.kind {
        Kind::Sequence(items) => items.iter_mut().for_each(change),
        Kind::Scalar(_) | Kind::Mapping(_) => change(node),
    }
}

/// The values of a mapping, or what stands behind `=` in a list.
fn each_value(node: &mut Node, change: &mut dyn FnMut(&mut Node)) {
    match &mut node.kind {
        Kind::Mapping(mapping) => {
            mapping.entries.iter_mut().for_each(|entry| change(&mut entry.value));
        }
        Kind::Sequence(items) => {
            for item in items {
                let Some((name, value)) =
                    item.as_scalar().and_then(|scalar| scalar.text.split_once('='))
                else {
                    continue;
                };
                let name = name.to_owned();
                let mut part = Node::string(item.span, value);
                change(&mut part);
                let text = part.as_scalar().map(|scalar| format!("{name}={}", scalar.text));
                set(item, text.unwrap_or_default());
            }
        }
        Kind::Scalar(_) => {}
    }
}

fn set(node: &mut Node, text: String) {
    if let Kind::Scalar(scalar) = &mut node.kind {
        let interpolated = scalar.interpolated;
        *scalar = Scalar { text: text.into(), style: Style::DoubleQuoted, interpolated };
    }
}

/// What else a value is, is for the decoder to complain about.
fn text(node: &Node) -> Option<&Scalar> {
    node.as_scalar().filter(|scalar| matches!(typed(scalar), Typed::Text(_)))
}

/// A path; an empty one stays empty where `keep_empty`, otherwise it is the directory.
fn path(node: &mut Node, paths: &Paths, keep_empty: bool) {
    let Some(scalar) = text(node) else { return };
    if keep_empty && scalar.text.is_empty() {
        return;
    }
    let found = paths.absolute(&scalar.text).to_string_lossy().into_owned();
    set(node, found);
}

/// A build context, which may be an address.
fn context(node: &mut Node, paths: &Paths) {
    let is_local = node.as_scalar().is_some_and(|scalar| !is_remote_context(&scalar.text));
    let Some(scalar) = text(node).filter(|_| is_local) else { return };
    if !scalar.text.is_empty() {
        let found = paths.context(&scalar.text).to_string_lossy().into_owned();
        set(node, found);
    }
}

/// Whether a build context is an address, another service or the like, and no path.
pub(super) fn is_remote_context(text: &str) -> bool {
    text.contains("://")
        || ["service:", "github.com/", "git@"].iter().any(|prefix| text.starts_with(prefix))
}

fn mount(node: &mut Node, paths: &Paths) {
    match &node.kind {
        Kind::Mapping(mapping) => {
            let kind = mapping.get("type").and_then(Node::as_scalar);
            if kind.is_some_and(|kind| &*kind.text == "bind") {
                at(node, "source", |source| path(source, paths, false));
            }
        }
        Kind::Scalar(scalar) => {
            let Some(source) =
                parse_mount(&scalar.text).ok().filter(|spec| spec.is_bind).and_then(|s| s.source)
            else {
                return;
            };
            let Some(rest) = scalar.text.strip_prefix(source.as_str()) else { return };
            let text = format!("{}{rest}", paths.absolute(&source).to_string_lossy());
            set(node, text);
        }
        Kind::Sequence(_) => {}
    }
}

/// A volume of the driver `local` that is a bind mount.
fn bind_volume(node: &mut Node, paths: &Paths) {
    let is = |node: Option<&Node>, text: &str| {
        node.and_then(Node::as_scalar).is_some_and(|scalar| &*scalar.text == text)
    };
    let options = node.get("driver_opts");
    if is(node.get("driver"), "local") && is(options.and_then(|o| o.get("o")), "bind") {
        at(node, "driver_opts", |options| {
            at(options, "device", |device| path(device, paths, false));
        });
    }
}
