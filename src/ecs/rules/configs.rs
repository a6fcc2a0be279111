//! `configs`: files that are laid over the image of whoever takes them.

use std::path::Path;

use super::bind::slashes;
use super::file_reference::{Placed, placed};
use super::runtime_files::hides;
use crate::compose::model::{FileObject, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Asset, AssetSource};
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
