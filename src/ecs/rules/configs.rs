//! `configs`: files that are laid over the image of whoever takes them.

use std::path::Path;

use super::bind::slashes;
use super::file_reference::{Placed, placed};
use super::runtime_files::hides;
use crate::compose::model::{FileObject, FileReference, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Asset, AssetSource};
use crate::ecs::facts::{PathKind, holds_a_key, looks_like_a_key};
use crate::ecs::translate::context::{Context, Output};
use crate::source::Span;

/// Says what is at fault with the configs that services take.
pub(crate) fn check(cx: &Context<'_>, out: &mut Output) {
    for (name, object) in &cx.project.configs {
        let FileObject { span, name: outside, external, settings, extension: _ } = object;
        let mut say = |diagnostic: Diagnostic| out.say(diagnostic.at(*span, ""));
        if *external {
            say(Diagnostic::error(
                Code::Refused,
                format!("ECS has no config that was made elsewhere, such as {name}"),
            )
            .help(
                "write `file` or `content`; a value in Systems Manager can be a variable through \
                `x-ecs.secret_env`",
            ));
            continue;
        }
        if outside.is_some() || settings.attributes.contains_key("labels") {
            let message = format!("the config {name} has no name and no labels on ECS");
            say(Diagnostic::note(Code::Ignored, message).help("it becomes part of the image"));
        }
        if settings.text("template_driver").is_some() {
            let message = format!("the placeholders in the config {name} are not filled in");
            say(Diagnostic::error(Code::Refused, message)
                .help("templates are Swarm's alone; Compose fills in `${NAME}` within `content`"));
        }
    }
}

/// The files that a service takes, and where it says so.
pub(crate) fn assets(cx: &Context<'_>, service: &Service, out: &mut Output) -> Vec<(Asset, Span)> {
    let mut assets = Vec::new();
    for reference in &service.written.configs {
        let span = reference.source.span;
        let placed = placed(service, reference, "", out);
        let source = cx.project.configs.get(&reference.source.value).and_then(|o| source(cx, o));
        let (Some(Placed { target, uid, gid, mode }), Some(source)) = (placed, source) else {
            continue;
        };
        if hides(service, &target, span, out) {
            continue;
        }
        exposed(cx, service, reference, out);
        note(service, &target, span, out);
        let asset = Asset { uid, gid, mode: Some(mode), ..Asset::of_root(target, source, false) };
        assets.push((asset, span));
    }
    assets
}

fn source(cx: &Context<'_>, object: &FileObject) -> Option<AssetSource> {
    if object.external {
        return None;
    }
    let text = |key| object.settings.text(key).map(str::to_owned);
    let variable = || text("environment").map(AssetSource::Variable);
    // The same on every machine, where it can be.
    let file = || {
        let path = text("file")?;
        let inside = Path::new(&path).strip_prefix(&cx.project.directory).ok().map(slashes);
        Some(AssetSource::Path(inside.unwrap_or(path)))
    };
    // An empty `content` says nothing in the model.
    Some(
        variable()
            .or_else(file)
            .unwrap_or_else(|| AssetSource::Content { text: text("content").unwrap_or_default() }),
    )
}

/// Warns of what does not belong into an image, which everybody who may pull it can read: what a bind
/// mount is refused for (bind.rs).
fn exposed(cx: &Context<'_>, service: &Service, reference: &FileReference, out: &mut Output) {
    let name = &reference.source.value;
    let Some(object) = cx.project.configs.get(name) else { return };
    let message = match object.settings.text("file") {
        // Of two sources the variable counts.
        _ if object.settings.text("environment").is_some() => None,
        Some(path) => {
            let inside = Path::new(path).strip_prefix(&cx.project.directory).ok().map(slashes);
            let shown = inside.map_or_else(|| path.to_owned(), |inside| format!("./{inside}"));
            let facts = cx.facts.paths.get(Path::new(path));
            let is_missing = facts.is_some_and(|facts| facts.kind == PathKind::Missing);
            let key = facts.and_then(|facts| facts.key.clone());
            let named = (looks_like_a_key(&shown) && !is_missing).then_some(shown);
            let key = key.or(named).map(|key| format!("{key} looks like a key or credentials"));
            let ignored = facts.and_then(|facts| facts.ignored.as_ref());
            key.or_else(|| {
                ignored.map(|path| format!("git ignores {path}, and it becomes part of an image"))
            })
        }
        None => {
            let text = object.settings.text("content").unwrap_or_default();
            holds_a_key(text).then(|| format!("the config {name} holds a private key"))
        }
    };
    if let Some(message) = message {
        let help = "everybody who may pull the image reads it: pass it as a secret, `secrets: {NAME: \
            {file: …}}` at the top level, and `secrets: [{source: NAME, target: …}]` at the service";
        out.say(
            Diagnostic::warning(Code::LiteralCredential, message)
                .at(reference.source.span, "it becomes part of the image")
                .at(object.span, "")
                .help(help)
                .service(&service.name.value),
        );
    }
}

fn note(service: &Service, target: &str, span: Span, out: &mut Output) {
    out.say(
        Diagnostic::note(Code::Approximated, format!("{target} becomes part of the image"))
            .at(span, "")
            .help("what the container writes to it is gone with the task")
            .service(&service.name.value),
    );
}

#[cfg(test)]
#[path = "configs_tests.rs"]
mod tests;
