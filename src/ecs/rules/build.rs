//! `build`: what of it has no effect on the image that ECS runs. Everything else is the builder's.

use crate::compose::model::{Service, Setting};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;

/// Attributes without effect, and why.
const IGNORED: [(&str, &str); 4] = [
    ("isolation", "it is for Windows"),
    ("provenance", "images are pushed without attestations, so that equal content is one image"),
    ("sbom", "images are pushed without attestations, so that equal content is one image"),
    ("tags", "the image is pushed to the service's own repository, and deployed by digest"),
];

/// Says what of `build` has no effect.
pub(super) fn check(service: &Service, out: &mut Output) {
    let (Some(build), Some(settings)) = (&service.build, &service.written.build) else { return };
    for place in &build.value.places {
        let key = place.value.as_str();
        let is_off = match settings.attributes.get(key) {
            None | Some(Setting::Flag(false)) => true,
            Some(setting) => setting.as_text() == Some("false"),
        };
        let ignored = IGNORED.iter().find(|(name, _)| *name == key);
        if let Some((_, why)) = ignored.filter(|_| !is_off) {
            out.say(
                Diagnostic::note(Code::Ignored, format!("`build.{key}` has no effect on ECS"))
                    .at(place.span, "")
                    .help(*why)
                    .service(&service.name.value),
            );
        }
        if key == "platforms" && build.value.platforms.len() > 1 {
            out.say(
                Diagnostic::note(Code::Approximated, "the image is built for one platform alone")
                    .at(place.span, "")
                    .help("it is the one that the task runs on; `platform` chooses another")
                    .service(&service.name.value),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::compose::{LoadOptions, load};
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, built, facts, loud, run, task};
    use crate::ecs::translate;

    #[test]
    fn attributes_without_effect_are_noted() {
        let text = "services:\n  web:\n    build:\n      context: .\n      isolation: hyperv\n      \
                    provenance: false\n      sbom: true\n      tags: [a:1]\n      pull: true\n";
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
        let options = LoadOptions { cwd: folder.path().to_owned(), ..LoadOptions::default() };
        let project = load(&options).project.expect("a project");
        let done = translate(&project, None, &facts());
        let notes: Vec<_> = done.diagnostics.iter().map(|d| (d.severity, d.code)).collect();
        assert_eq!(notes, [(Severity::Note, Code::Ignored); 3]);
    }

    #[test]
    fn of_several_platforms_one_is_built() {
        for (platforms, wanted) in [
            (&["linux/arm64", "linux/amd64"][..], "X86_64"),
            (&["linux/arm/v7", "linux/arm64"], "ARM64"),
            (&["linux/riscv64", "linux/arm/v7"], "X86_64"),
        ] {
            let mut web = built("web");
            let build = &mut web.build.as_mut().expect("built").value;
            build.platforms = platforms.iter().map(|p| at((*p).to_owned())).collect();
            let done = run(vec![web]);
            assert_eq!(task(&done, "web").runtime_platform.cpu_architecture, wanted);
            assert_eq!(loud(&done.diagnostics), []);
        }
    }
}
