//! `build`, as far as it is about how and not about what: in the words of `docker build`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::compose::Project;
use crate::compose::model::{FileReference, Setting, Settings};
use crate::images::{BuildOptions, BuildSecret, SecretSource};

/// The entitlement that `privileged` stands for.
const INSECURE: &str = "security.insecure";

/// What the builder is told.
pub(super) fn read(build: &Settings) -> BuildOptions {
    let get = |key: &str| build.attributes.get(key);
    let text = |key: &str| get(key).and_then(scalar);
    let is_on = |key: &str| matches!(get(key), Some(Setting::Flag(true)));
    let list = |key: &str| match get(key) {
        Some(Setting::List(items)) => items.iter().filter_map(scalar).collect(),
        _ => Vec::new(),
    };
    // The loader writes `host=address`; old engines take a colon alone.
    let hosts: Vec<String> = list("extra_hosts");
    let extra_hosts = hosts.iter().map(|host| host.replacen('=', ":", 1)).collect();
    let ulimits = match get("ulimits") {
        Some(Setting::Map(limits)) => limits
            .iter()
            .filter_map(|(name, limit)| Some(format!("{name}={}", pair(limit)?)))
            .collect(),
        _ => Vec::new(),
    };
    BuildOptions {
        extra_hosts,
        network: text("network"),
        shm_size: text("shm_size"),
        ulimits,
        no_cache: is_on("no_cache"),
        no_cache_filter: list("no_cache_filter"),
        pull: is_on("pull"),
        cache_from: list("cache_from"),
        cache_to: list("cache_to"),
        // Nobody is logged in to anything yet.
        logins: Vec::new(),
        allow: {
            let mut allow = list("entitlements");
            // What Compose asks buildx for in its place.
            if is_on("privileged") && !allow.iter().any(|one| one == INSECURE) {
                allow.push(INSECURE.to_owned());
            }
            allow
        },
    }
}

/// The other contexts, by their names.
pub(super) fn contexts(build: &Settings) -> Vec<(String, String)> {
    match build.attributes.get("additional_contexts") {
        Some(Setting::Map(contexts)) => contexts
            .iter()
            .filter_map(|(name, context)| Some((name.clone(), scalar(context)?)))
            .collect(),
        _ => Vec::new(),
    }
}

/// Agents and keys, as buildx takes them. The model writes `id: path`, as `docker compose config` does.
pub(super) fn ssh(build: &Settings) -> Vec<String> {
    match build.attributes.get("ssh") {
        Some(Setting::List(keys)) => {
            keys.iter().filter_map(scalar).map(|key| key.replacen(": ", "=", 1)).collect()
        }
        _ => Vec::new(),
    }
}

/// The secrets of a build, by what the Dockerfile calls them. What is not there was said before.
pub(super) fn secrets(
    project: &Project,
    references: &[FileReference],
    variables: &BTreeMap<&str, &str>,
) -> Vec<BuildSecret> {
    let secret = |reference: &FileReference| {
        let object = project.secrets.get(&reference.source.value)?;
        let source = match (object.settings.text("file"), object.settings.text("environment")) {
            (Some(file), _) => SecretSource::File(PathBuf::from(file)),
            (None, Some(name)) => SecretSource::Value((*variables.get(name)?).to_owned()),
            (None, None) => return None,
        };
        let id = reference.settings.text("target").unwrap_or(&reference.source.value);
        Some(BuildSecret { id: id.to_owned(), source })
    };
    references.iter().filter_map(secret).collect()
}

/// `soft:hard`, or one number for both.
fn pair(limit: &Setting) -> Option<String> {
    match limit {
        Setting::Table(both) | Setting::Part(both) => {
            let of = |key| both.attributes.get(key).and_then(scalar);
            Some(format!("{}:{}", of("soft")?, of("hard")?))
        }
        one => scalar(one),
    }
}

fn scalar(setting: &Setting) -> Option<String> {
    match setting {
        Setting::Text(text) => Some(text.clone()),
        Setting::Whole(number) => Some(number.to_string()),
        Setting::Unsigned(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{LoadOptions, load};

    #[test]
    fn what_the_file_says_is_what_docker_is_told() {
        let text = "services:\n  web:\n    build:\n      context: .\n      \
                    extra_hosts: ['db=10.0.0.1', 'six=[::1]']\n      network: host\n      \
                    shm_size: 64m\n      ulimits: {nproc: 65535, nofile: {soft: 10, hard: 20}}\n      \
                    no_cache: true\n      no_cache_filter: base\n      pull: true\n      cache_from: [acme/web:cache]\n      \
                    cache_to: ['type=inline']\n      entitlements: [network.host]\n      \
                    privileged: true\n";
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
        let options = LoadOptions { cwd: folder.path().to_owned(), ..LoadOptions::default() };
        let project = load(&options).project.expect("a project");
        let read = read(project.services["web"].written.build.as_ref().expect("a build"));
        assert_eq!(
            read,
            BuildOptions {
                extra_hosts: vec!["db:10.0.0.1".to_owned(), "six:::1".to_owned()],
                network: Some("host".to_owned()),
                shm_size: Some("67108864".to_owned()),
                ulimits: vec!["nproc=65535".to_owned(), "nofile=10:20".to_owned()],
                no_cache: true,
                no_cache_filter: vec!["base".to_owned()],
                pull: true,
                cache_from: vec!["acme/web:cache".to_owned()],
                cache_to: vec!["type=inline".to_owned()],
                logins: Vec::new(),
                allow: vec!["network.host".to_owned(), INSECURE.to_owned()],
            }
        );
    }
}
