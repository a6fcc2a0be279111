//! What overrides of containers make ECS fetch, and what they show to everybody.

use serde_json::Value as Json;

use crate::compose::model::Patch;
use crate::ecs::rules::secrets::{Grant, existing};
use crate::ecs::rules::{credentials, grants};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::unit::Unit;

/// The patches of the containers of a unit.
fn patches<'a>(unit: &'a Unit<'_>) -> impl Iterator<Item = &'a Patch> {
    let services = unit.members.iter().map(|member| member.service);
    services.flat_map(|service| service.extension.overrides.containers.iter().map(|(_, p)| p))
}

/// The patches of the ECS service of a unit.
fn services<'a>(unit: &'a Unit<'_>) -> impl Iterator<Item = &'a Patch> {
    unit.members.iter().filter_map(|m| m.service.extension.overrides.service.as_ref())
}

/// The texts under a key of a list of mappings.
fn texts<'a>(list: Option<&'a Json>, key: &'a str) -> impl Iterator<Item = &'a str> {
    let items = list.and_then(Json::as_array).into_iter().flatten();
    items.filter_map(move |item| item.get(key)?.as_str())
}

/// What the execution role reads for them.
pub(crate) fn reads(cx: &Context<'_>, unit: &Unit<'_>) -> Vec<Grant> {
    let mut all = Vec::new();
    for patch in services(unit) {
        let connect = patch.values.get("serviceConnectConfiguration");
        let logs =
            connect.and_then(|connect| connect.get("logConfiguration")?.get("secretOptions"));
        all.extend(
            texts(logs, "valueFrom").filter_map(|t| existing(cx, t, None).ok()).map(|f| f.grant),
        );
    }
    for patch in patches(unit) {
        let logs = patch.values.get("logConfiguration").and_then(|logs| logs.get("secretOptions"));
        let secrets =
            texts(patch.values.get("secrets"), "valueFrom").chain(texts(logs, "valueFrom"));
        // What is neither a secret nor a parameter is refused as a part of the request.
        all.extend(secrets.filter_map(|text| existing(cx, text, None).ok()).map(|f| f.grant));
        let login = patch.values.get("repositoryCredentials");
        let login = login.and_then(|login| login.get("credentialsParameter")?.as_str());
        all.extend(login.map(|name| grants::named(cx, name)));
        for object in texts(patch.values.get("environmentFiles"), "value") {
            if let Some((bucket, _)) = object.split_once('/').filter(|_| object.contains(":s3:::"))
            {
                all.push(Grant::Object(object.to_owned(), bucket.to_owned()));
            }
        }
    }
    all
}

/// The images that they name.
pub(crate) fn images<'a>(unit: &'a Unit<'_>) -> impl Iterator<Item = &'a str> {
    patches(unit).filter_map(|patch| patch.values.get("image")?.as_str())
}

/// Warns of variables that look like credentials.
pub(super) fn credentials(service: &str, patch: &Patch, out: &mut Output) {
    let variables = patch.values.get("environment").and_then(Json::as_array);
    for variable in variables.into_iter().flatten() {
        let text = |key| variable.get(key).and_then(Json::as_str).unwrap_or_default();
        let (name, value) = (text("name"), text("value"));
        if credentials::is_one(name, value) {
            let place = patch.place(&["environment".to_owned()]);
            out.say(credentials::warning(name, place, service));
        }
    }
}
