//! Who uses what stands at the top level, which is said of once, and of no service by itself.

use std::collections::HashMap;

use super::coverage::inside;
use super::load::Loaded;
use super::model::{MountKind, Service};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::yaml::{Entry, Node};

/// The sections of the top level that services share.
const SECTIONS: [&str; 4] = ["configs", "networks", "secrets", "volumes"];

/// The services that use each network, volume, secret and config of a project, by where that stands.
#[derive(Debug, Default)]
pub struct Users(Vec<Shared>);

/// Something that services share.
#[derive(Debug)]
struct Shared {
    /// Its key, its value and what is inside: files that are merged bring parts of it.
    places: Vec<Span>,
    /// In the order of the file.
    users: Vec<String>,
}

impl Users {
    /// Those of a project, as long as its document is there.
    #[must_use]
    pub fn of(loaded: &Loaded) -> Self {
        let (Some(project), Some(details)) = (&loaded.project, &loaded.details) else {
            return Self::default();
        };
        let mut users: HashMap<(&str, &str), Vec<String>> = HashMap::new();
        for service in project.services.values() {
            for used in used_by(service) {
                let list = users.entry(used).or_default();
                // It may use one thing in several ways, all of which are looked at one after the other.
                if list.last() != Some(&service.name.value) {
                    list.push(service.name.value.clone());
                }
            }
        }
        let mut all = Vec::new();
        for section in SECTIONS {
            let entries = details.document.get(section).and_then(Node::as_mapping);
            for Entry { key, value } in entries.map(|m| &m.entries).into_iter().flatten() {
                let Some(users) = users.remove(&(section, &*key.text)) else { continue };
                let mut places = vec![key.span, value.span];
                inside(value, &mut places);
                all.push(Shared { places, users });
            }
        }
        Self(all)
    }

    /// The services that use what a diagnostic is about.
    #[must_use]
    pub fn of_what(&self, diagnostic: &Diagnostic) -> Vec<&str> {
        let Some(place) = diagnostic.labels.first().map(|label| label.span) else {
            return Vec::new();
        };
        let holds = |span: &Span| {
            span.source == place.source && span.start <= place.start && place.end <= span.end
        };
        let found = self.0.iter().find(|shared| shared.places.iter().any(holds));
        found.map_or(Vec::new(), |shared| shared.users.iter().map(String::as_str).collect())
    }
}

/// What a service uses: section and name.
fn used_by(service: &Service) -> impl Iterator<Item = (&'static str, &str)> {
    let written = &service.written;
    let configs = written.configs.iter().map(|config| ("configs", config.source.value.as_str()));
    let networks = service.networks.keys().map(|name| ("networks", name.as_str()));
    let secrets = written.secrets.iter().chain(&written.build_secrets);
    let secrets = secrets.map(|secret| secret.source.value.as_str());
    let variables = service.extension.secret_env.values().map(|source| source.value.as_str());
    let secrets = secrets.chain(variables).map(|name| ("secrets", name));
    let volumes = service.mounts.iter().filter_map(|mount| match &mount.value.kind {
        MountKind::Volume(name) => Some(("volumes", name.as_str())),
        _ => None,
    });
    configs.chain(networks).chain(secrets).chain(volumes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{LoadOptions, load};

    #[test]
    fn what_is_said_of_a_volume_concerns_who_mounts_it() {
        let text = "services:\n  a: {image: a, volumes: ['data:/x', 'data:/y'], secrets: [key]}\n  \
                    b: {image: b, volumes: ['data:/x'], x-ecs: {secret_env: {KEY: key}}}\n  c: {image: c}\n\
                    volumes: {data: {driver: other}}\nsecrets: {key: {environment: KEY}}\nnetworks: {n: {}}\n";
        let loaded = load(&LoadOptions {
            files: vec!["-".into()],
            stdin: Some(text.to_owned()),
            cwd: "/".into(),
            ..LoadOptions::default()
        });
        let document = &loaded.details.as_ref().expect("a document").document;
        let users = Users::of(&loaded);
        let of = |path: [&str; 2]| {
            let place =
                document.get(path[0]).and_then(|section| section.get(path[1])).expect("one");
            let said =
                Diagnostic::warning(crate::diagnostic::Code::Ignored, "x").at(place.span, "");
            users.of_what(&said).join(" ")
        };
        assert_eq!(of(["volumes", "data"]), "a b");
        assert_eq!(of(["secrets", "key"]), "a b");
        assert_eq!(of(["networks", "n"]), "");
        assert_eq!(of(["services", "c"]), "");
        let driver = document.get("volumes").and_then(|all| all.get("data")?.get("driver"));
        let driver = driver.expect("a driver").span;
        let said = Diagnostic::warning(crate::diagnostic::Code::Ignored, "x").at(driver, "");
        assert_eq!(users.of_what(&said), ["a", "b"]);
    }
}
