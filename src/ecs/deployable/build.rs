//! What of `build` the engine is not told yet. Leaving it out would make another image.

use crate::compose::model::{Service, Setting};
use crate::diagnostic::{Code, Diagnostic};

/// Attributes of `build` without which the image is another one, and what to do until then.
const NEEDED: [(&str, &str); 5] = [
    ("additional_contexts", "copy what the build needs into its context"),
    ("entitlements", "build without them, or build elsewhere and name the `image`"),
    ("privileged", "build without it, or build elsewhere and name the `image`"),
    ("secrets", "build elsewhere, push, and name the `image`"),
    ("ssh", "build elsewhere, push, and name the `image`"),
];

pub(super) fn undeployable(service: &Service) -> Vec<Diagnostic> {
    let Some(build) = &service.build else { return Vec::new() };
    let mut found = Vec::new();
    let mut say = |what: String, span, help: &str| {
        found.push(
            Diagnostic::error(Code::NotSupportedYet, format!("{what} is not supported yet"))
                .at(span, "")
                .help(help)
                .service(&service.name.value),
        );
    };
    if build.value.is_remote {
        let what = "building a context that is no directory of this machine".to_owned();
        let help = "check the sources out, and name the directory";
        say(what, build.value.context.span, help);
    }
    for place in &build.value.places {
        let Some((key, help)) = NEEDED.iter().find(|(key, _)| *key == place.value) else {
            continue;
        };
        if is_set(service, key) {
            say(format!("building with `{key}`"), place.span, help);
        }
    }
    found
}

/// Whether an attribute says anything.
fn is_set(service: &Service, key: &str) -> bool {
    if key == "secrets" {
        return !service.written.build_secrets.is_empty();
    }
    let settings = service.written.build.as_ref();
    match settings.and_then(|settings| settings.attributes.get(key)) {
        None | Some(Setting::Null | Setting::Flag(false)) => false,
        Some(Setting::List(items)) => !items.is_empty(),
        Some(Setting::Map(entries)) => !entries.is_empty(),
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{LoadOptions, Project, load};

    fn all(project: &Project) -> Vec<Diagnostic> {
        project.services.values().flat_map(|service| undeployable(service)).collect()
    }

    fn found(build: &str) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let text = format!(
            "services:\n  web:\n    build:\n      context: .\n{build}secrets: {{s: {{file: ./s}}}}\n"
        );
        std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
        let options = LoadOptions { cwd: folder.path().to_owned(), ..LoadOptions::default() };
        let loaded = load(&options);
        assert!(!loaded.outcomes.has_errors(), "{:?}", loaded.outcomes);
        let project = loaded.project.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
        all(&project)
            .into_iter()
            .map(|found| {
                assert_eq!((found.code, found.labels.len()), (Code::NotSupportedYet, 1));
                assert!(found.help.is_some());
                found.message
            })
            .collect()
    }

    #[test]
    fn what_would_make_another_image_is_refused() {
        for (attribute, key) in [
            ("additional_contexts: {base: ../base}", "additional_contexts"),
            ("entitlements: [network.host]", "entitlements"),
            ("privileged: true", "privileged"),
            ("secrets: [s]", "secrets"),
            ("ssh: [default]", "ssh"),
        ] {
            let found = found(&format!("      {attribute}\n"));
            assert_eq!(found, [format!("building with `{key}` is not supported yet")]);
        }
    }

    #[test]
    fn what_the_engine_is_told_is_deployed() {
        let all = "      dockerfile_inline: FROM a\n      extra_hosts: [a=1.2.3.4]\n      \
                   network: none\n      shm_size: 64m\n      no_cache: true\n      pull: true\n      \
                   tags: [a:1]\n      ulimits: {nofile: 5}\n      cache_from: [a]\n      \
                   cache_to: [a]\n      isolation: default\n      provenance: true\n      \
                   sbom: true\n      platforms: [linux/amd64, linux/arm64]\n      \
                   privileged: false\n      secrets: []\n";
        assert_eq!(found(all), Vec::<String>::new());
    }

    #[test]
    fn a_context_elsewhere_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "services: {web: {build: 'https://github.com/acme/web.git'}}\n";
        std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
        let options = LoadOptions { cwd: folder.path().to_owned(), ..LoadOptions::default() };
        let loaded = load(&options);
        assert!(!loaded.outcomes.has_errors());
        let project = loaded.project.expect("a project");
        assert_eq!(all(&project).len(), 1);
    }
}
