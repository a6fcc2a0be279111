//! What is put on images: what the translation says of it, as `images` takes it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::compose::Project;
use crate::compose::model::{FileReference, MountKind};
use crate::ecs::container_name;
use crate::ecs::desired::{Asset, AssetSource, Body, Desired, Image, ResourceId};
use crate::images::{self, Extension, Rewrites};
use crate::source::Span;

/// An image with something on top of it.
#[derive(Clone, Debug)]
pub(super) struct Extended {
    pub(super) id: ResourceId,
    /// The image that it is put on; nothing where that is built.
    pub(super) base: Option<String>,
    pub(super) extension: Extension,
}

/// All that is put on images. The content of variables is in it, and told by nothing that prints.
pub(super) fn read(
    project: &Project,
    desired: &Desired,
    variables: &BTreeMap<&str, &str>,
) -> Vec<Extended> {
    let mut found = Vec::new();
    for resource in desired.resources.values() {
        let (Body::Image(image), Some(service)) = (&resource.body, &resource.service) else {
            continue;
        };
        if !image.is_extended() {
            continue;
        }
        let Image { platform, base, assets, stop_signal, cleared, .. } = &**image;
        let extension = Extension {
            service: service.clone(),
            platform: platform.clone(),
            assets: assets.iter().filter_map(|a| asset(a, project, variables)).collect(),
            mounts: mounts(desired, service),
            rewrites: Rewrites {
                stop_signal: stop_signal.clone(),
                clears_entrypoint: cleared.iter().any(|what| what == "entrypoint"),
                clears_command: cleared.iter().any(|what| what == "command"),
            },
        };
        found.push(Extended { id: resource.id.clone(), base: base.clone(), extension });
    }
    found
}

/// What cannot be read is refused before anything is sent.
fn asset(
    asset: &Asset,
    project: &Project,
    variables: &BTreeMap<&str, &str>,
) -> Option<images::Asset> {
    let Asset { target, source, is_directory: _, uid, gid, mode } = asset;
    let source = match source {
        AssetSource::Path(path) if path == "." => {
            images::AssetSource::Path(project.directory.clone())
        }
        AssetSource::Path(path) => images::AssetSource::Path(project.directory.join(path)),
        AssetSource::Content { text } => images::AssetSource::Text(text.clone()),
        AssetSource::Variable(name) => {
            images::AssetSource::Text((*variables.get(name.as_str())?).to_owned())
        }
        AssetSource::Link(path) => images::AssetSource::Link(path.clone()),
        AssetSource::Image { reference, subpath } => {
            let (reference, subpath) = (reference.clone(), subpath.clone());
            // What it is today is found out when the image is named.
            let identity = reference.clone();
            images::AssetSource::Image(images::ImageSource { reference, subpath, identity })
        }
    };
    Some(images::Asset { target: target.clone(), source, uid: *uid, gid: *gid, mode: *mode })
}

/// Where the Compose file has what a fault is about: a mount or a config of the service, by a path on
/// this machine or in the container.
pub(in crate::commands) fn place(project: &Project, service: &str, subject: &str) -> Option<Span> {
    let service = project.services.get(service)?;
    let subject = Path::new(subject);
    let mount = service.mounts.iter().find(|mount| {
        let is_source = match &mount.value.kind {
            MountKind::Bind(path) => subject.starts_with(path),
            _ => false,
        };
        is_source || Path::new(&mount.value.target) == subject
    });
    let config = || {
        service.written.configs.iter().find(|reference| {
            let FileReference { source, settings } = reference;
            let target = settings.text("target").filter(|target| !target.is_empty());
            let file = project.configs.get(&source.value).and_then(|c| c.settings.text("file"));
            // Without a place of its own it lies in the root.
            Path::new("/").join(target.unwrap_or(&source.value)) == subject
                || file.is_some_and(|file| Path::new(file) == subject)
        })
    };
    mount.map(|mount| mount.span).or_else(|| config().map(|reference| reference.source.span))
}

/// Where the service's container mounts volumes and memory.
fn mounts(desired: &Desired, service: &str) -> Vec<String> {
    let name = container_name(service);
    let mut tasks = desired.resources.values().filter_map(|resource| match &resource.body {
        Body::TaskDefinition(task) => Some(task),
        _ => None,
    });
    let container =
        tasks.find_map(|task| task.container_definitions.iter().find(|c| c.name == name));
    let Some(container) = container else { return Vec::new() };
    let points = container.mount_points.iter().map(|point| &point.container_path);
    let memory = container.linux_parameters.iter().flat_map(|linux| &linux.tmpfs);
    points.chain(memory.map(|tmpfs| &tmpfs.container_path)).cloned().collect()
}
