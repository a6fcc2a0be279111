//! What of `build` the builder cannot be told. Leaving it out would make another image.

use crate::compose::Project;
use crate::compose::model::{FileObject, Service};
use crate::diagnostic::{Code, Diagnostic};

pub(super) fn undeployable(service: &Service, project: &Project) -> Vec<Diagnostic> {
    if service.build.is_none() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut say = |what: String, span, help: &str| {
        found.push(
            Diagnostic::error(Code::NotSupportedYet, format!("{what} is not supported yet"))
                .at(span, "")
                .help(help)
                .service(&service.name.value),
        );
    };
    for reference in &service.written.build_secrets {
        let object = project.secrets.get(&reference.source.value);
        let here = |object: &FileObject| {
            ["file", "environment"].iter().any(|key| object.settings.text(key).is_some())
        };
        if object.is_some_and(|object| !here(object)) {
            let name = &reference.source.value;
            let what = format!("building with the secret {name}, which is not on this machine,");
            say(what, reference.source.span, "give it a `file` or an `environment` variable");
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{LoadOptions, load};

    fn all(project: &Project) -> Vec<Diagnostic> {
        project.services.values().flat_map(|service| undeployable(service, project)).collect()
    }

    fn found(build: &str) -> Vec<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let text = format!(
            "services:\n  web:\n    build:\n      context: .\n{build}secrets: {{s: {{file: ./s}}, e: {{external: true}}}}\n"
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
    fn what_is_not_here_is_refused() {
        let external = found("      secrets: [e]\n");
        assert_eq!(external.len(), 1);
        assert!(external[0].contains("the secret e, which is not on this machine"), "{external:?}");
    }

    #[test]
    fn what_the_engine_is_told_is_deployed() {
        let all = "      dockerfile_inline: FROM a\n      extra_hosts: [a=1.2.3.4]\n      \
                   network: none\n      shm_size: 64m\n      no_cache: true\n      pull: true\n      \
                   tags: [a:1]\n      ulimits: {nofile: 5}\n      cache_from: [a]\n      \
                   cache_to: [a]\n      isolation: default\n      provenance: true\n      \
                   sbom: true\n      platforms: [linux/amd64, linux/arm64]\n      \
                   privileged: true\n      secrets: [s]\n      ssh: [default]\n      \
                   entitlements: [network.host]\n      additional_contexts: {base: ../base}\n";
        assert_eq!(found(all), Vec::<String>::new());
    }
}
