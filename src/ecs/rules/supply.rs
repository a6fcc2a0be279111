//! What a service gets from elsewhere: `secrets`, `configs`, `x-ecs.secret_env` and
//! `x-ecs.env_files_s3`.

use std::collections::{BTreeMap, BTreeSet};

use super::configs;
use super::file_reference::{Placed, placed};
use super::runtime_files::hides;
use super::secret_files::{DIRECTORY, SecretFile};
use super::secrets::{Fetched, Grant, existing, fetched};
use crate::compose::model::{FileReference, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Asset, AssetSource, ContainerSecret, EnvironmentFile};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::short_hash;
use crate::ecs::translate::survey::Member;
use crate::source::{Located, Span};

/// What a service gets from elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Supply {
    /// Variables whose values ECS fetches, sorted by name.
    pub(crate) variables: Vec<ContainerSecret>,
    /// Files of variables, in order.
    pub(crate) variable_files: Vec<EnvironmentFile>,
    /// Secrets that become files, sorted by path.
    pub(crate) files: Vec<SecretFile>,
    /// What is laid over the image, by target, and what says so.
    pub(crate) assets: BTreeMap<String, (Asset, Span)>,
    /// What ECS must be allowed to read.
    pub(crate) grants: BTreeSet<Grant>,
}

/// Finds out what a service gets.
pub(crate) fn supply(cx: &Context<'_>, service: &Service, out: &mut Output) -> Supply {
    let mut supply = Supply::default();
    files(cx, service, &mut supply, out);
    variables(cx, service, &mut supply, out);
    for file in &service.extension.env_files_s3 {
        variable_file(cx, service, file, &mut supply, out);
    }
    for (asset, span) in configs::assets(cx, service, out) {
        let target = asset.target.clone();
        if let Some((_, first)) = supply.assets.insert(target.clone(), (asset, span)) {
            out.say(twice(service, &target, (first, span)));
        }
    }
    supply
}

/// All that goes on top of a service's image: what it mounts, and what it gets from elsewhere.
/// Sorted by target.
pub(crate) fn on_top(member: &Member<'_>, mounted: Vec<Asset>, out: &mut Output) -> Vec<Asset> {
    let mut all: BTreeMap<_, _> =
        mounted.into_iter().map(|asset| (asset.target.clone(), asset)).collect();
    for (target, (asset, span)) in &member.supply.assets {
        if all.insert(target.clone(), asset.clone()).is_some() {
            out.say(
                Diagnostic::error(Code::Conflict, format!("two files are put at {target}"))
                    .at(*span, "")
                    .help("give one of them another `target`")
                    .service(member.name()),
            );
        }
    }
    below_files(member, &all, out);
    all.into_values().collect()
}

/// No file stands below another one.
fn below_files(member: &Member<'_>, all: &BTreeMap<String, Asset>, out: &mut Output) {
    let place = |target: &str| {
        let given = member.supply.assets.get(target).map(|(_, span)| *span);
        let mounted = || member.stored.iter().find(|s| s.mount.value.target == target);
        given.or_else(|| Some(mounted()?.mount.span)).unwrap_or(member.service.span())
    };
    for (file, _) in all.iter().filter(|(_, asset)| !asset.is_directory) {
        let top = format!("{file}/");
        let below = all.range(top.clone()..).next().filter(|(path, _)| path.starts_with(&top));
        let Some((path, _)) = below else { continue };
        let places = (place(file), place(path));
        out.say(file_above(file, path, places).service(member.name()));
    }
}

fn files(cx: &Context<'_>, service: &Service, supply: &mut Supply, out: &mut Output) {
    let mut files: BTreeMap<String, (SecretFile, Span)> = BTreeMap::new();
    for reference in &service.written.secrets {
        let placed = placed(service, reference, DIRECTORY, out);
        let name = &reference.source.value;
        // What is at fault with the secret itself is said once, where it is defined.
        let found = cx.project.secrets.get(name).and_then(|object| fetched(cx, name, object).ok());
        let (Some(Placed { target, uid, gid, mode }), Some(found)) = (placed, found) else {
            continue;
        };
        let keys = cx.project.secrets.get(name).map_or(&[][..], |object| &object.extension.files);
        if !keys.is_empty() {
            let own = Placed { target, uid, gid, mode };
            for file in secret_keys(cx, service, reference, keys, &own, supply, out) {
                let (path, span) = (file.path.clone(), reference.source.span);
                if let Some((_, first)) = files.insert(path.clone(), (file, span)) {
                    out.say(twice(service, &path, (first, span)));
                }
            }
            continue;
        }
        if hides(service, &target, reference.source.span, out) {
            continue;
        }
        let Fetched { value_from, grant } = found;
        supply.grants.insert(grant);
        let shown = target.clone();
        let inside = target.strip_prefix(DIRECTORY).is_some_and(|rest| rest.starts_with('/'));
        let path = if inside {
            target
        } else {
            let path = format!("{DIRECTORY}/.decklift/{}", short_hash(&target));
            let link = Asset::of_root(target.clone(), AssetSource::Link(path.clone()), false);
            supply.assets.insert(target, (link, reference.source.span));
            path
        };
        let file = SecretFile { path: path.clone(), uid, gid, mode, value_from };
        if let Some((_, first)) = files.insert(path, (file, reference.source.span)) {
            out.say(twice(service, &shown, (first, reference.source.span)));
        }
    }
    below_secrets(service, &files, out);
    supply.files = files.into_values().map(|(file, _)| file).collect();
}

/// Two files of one place: docker compose hands both on, and the engine refuses them (moby, "Duplicate
/// mount point").
fn twice(service: &Service, target: &str, (first, second): (Span, Span)) -> Diagnostic {
    Diagnostic::error(Code::Conflict, format!("two files are put at {target}"))
        .at(second, "this one")
        .at(first, "and this one")
        .help("give one of them another `target`, or take it away")
        .service(&service.name.value)
}

/// No secret's file stands below another one.
fn below_secrets(
    service: &Service,
    files: &BTreeMap<String, (SecretFile, Span)>,
    out: &mut Output,
) {
    for (file, (_, place)) in files {
        let top = format!("{file}/");
        let below = files.range(top.clone()..).next().filter(|(path, _)| path.starts_with(&top));
        if let Some((path, (_, span))) = below {
            out.say(file_above(file, path, (*place, *span)).service(&service.name.value));
        }
    }
}

/// A file, and another one that would have to stand below it.
fn file_above(file: &str, path: &str, (place, below): (Span, Span)) -> Diagnostic {
    let message = format!("{file} is a file, and {path} would stand below it");
    Diagnostic::error(Code::Conflict, message)
        .at(below, "")
        .at(place, "the file")
        .help("give one of them another `target`")
}

/// A file for each key of a secret's JSON, below a directory where the secret would stand.
fn secret_keys(
    cx: &Context<'_>,
    service: &Service,
    reference: &FileReference,
    keys: &[Located<String>],
    placed: &Placed,
    supply: &mut Supply,
    out: &mut Output,
) -> Vec<SecretFile> {
    let name = &reference.source.value;
    let Some(object) = cx.project.secrets.get(name) else { return Vec::new() };
    let mut files = Vec::new();
    for key in keys {
        let mut one = object.clone();
        one.extension.key = Some(key.clone());
        let inside =
            placed.target.strip_prefix(DIRECTORY).is_some_and(|rest| rest.starts_with('/'));
        let is_file = !key.value.is_empty() && !key.value.contains(['/', ':']);
        let found = fetched(cx, name, &one).ok().filter(|_| inside && is_file);
        let Some(Fetched { value_from, grant }) = found else {
            let message = format!("the key {} of {name} cannot become a file", key.value);
            out.say(
                Diagnostic::error(Code::InvalidValue, message)
                    .at(key.span, "")
                    .at(reference.source.span, "taken here")
                    .help(
                        "keys are read of secrets that exist (`external: true`), and stand below \
                        `/run/secrets`",
                    )
                    .service(&service.name.value),
            );
            continue;
        };
        supply.grants.insert(grant);
        let Placed { target, uid, gid, mode } = placed;
        let path = format!("{target}/{}", key.value);
        files.push(SecretFile { path, uid: *uid, gid: *gid, mode: *mode, value_from });
    }
    files
}

fn variables(cx: &Context<'_>, service: &Service, supply: &mut Supply, out: &mut Output) {
    for (variable, source) in &service.extension.secret_env {
        let found = match cx.project.secrets.get(&source.value) {
            Some(object) => match fetched(cx, &source.value, object) {
                Ok(found) => found,
                Err(_) => continue,
            },
            // The loader says that there is no such secret.
            None if !source.value.starts_with(['/']) && !source.value.starts_with("arn:") => {
                continue;
            }
            None => match existing(cx, &source.value, None) {
                Ok(found) => found,
                Err(help) => {
                    out.say(
                        Diagnostic::error(
                            Code::InvalidValue,
                            // Not from where: what stands there may be a password.
                            format!("{variable} cannot be fetched from there"),
                        )
                        .at(source.span, "")
                        .help(help)
                        .service(&service.name.value),
                    );
                    continue;
                }
            },
        };
        if let Some(literal) = service.environment.get(variable) {
            out.say(
                Diagnostic::note(Code::Ignored, format!("the value of {variable} is not used"))
                    .at(literal.span, "for local use")
                    .at(source.span, "ECS fetches it from here")
                    .help("`x-ecs.secret_env` goes before `environment`")
                    .service(&service.name.value),
            );
        }
        let Fetched { value_from, grant } = found;
        supply.grants.insert(grant);
        supply.variables.push(ContainerSecret { name: variable.clone(), value_from });
    }
    supply.variables.sort();
}

/// `s3://BUCKET/KEY.env`, or the object's ARN (ECS API reference, `EnvironmentFile`).
fn variable_file(
    cx: &Context<'_>,
    service: &Service,
    file: &Located<String>,
    supply: &mut Supply,
    out: &mut Output,
) {
    let partition = &cx.facts.partition;
    let path = match file.value.strip_prefix("s3://") {
        Some(path) => Some((partition.as_str(), path)),
        None => file
            .value
            .strip_prefix("arn:")
            .and_then(|rest| rest.split_once(":s3:::"))
            .filter(|(partition, _)| !partition.contains(':')),
    };
    let parts = path.and_then(|(partition, path)| {
        let (bucket, key) = path.split_once('/')?;
        (!bucket.is_empty() && key.ends_with(".env")).then_some((partition, bucket, key))
    });
    let Some((partition, bucket, key)) = parts else {
        out.say(
            Diagnostic::error(
                Code::InvalidValue,
                format!("{:?} is no file of variables", file.value),
            )
            .at(file.span, "")
            .help("write `s3://BUCKET/PATH.env`: ECS takes files in S3 that end with `.env`")
            .service(&service.name.value),
        );
        return;
    };
    let bucket = format!("arn:{partition}:s3:::{bucket}");
    let object = format!("{bucket}/{key}");
    let file = EnvironmentFile { value: object.clone(), kind: "s3".to_owned() };
    supply.variable_files.push(file);
    supply.grants.insert(Grant::Object(object, bucket));
}

#[cfg(test)]
#[path = "supply_tests.rs"]
mod tests;
