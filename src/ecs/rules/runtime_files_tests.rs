use super::*;
use crate::compose::model::MountKind;
use crate::diagnostic::Severity;
use crate::ecs::desired::Kind;
use crate::ecs::testing::{facts, has, loud, mount, object, project, reference, service};
use crate::ecs::translate;

#[test]
fn the_runtime_s_files_are_seen_and_not_the_image_s() {
    for (target, is_hidden) in [
        ("/etc/hosts", true),
        ("/etc/resolv.conf", true),
        ("/etc/hostname", true),
        ("/etc/hosts.allow", false),
    ] {
        for path in ["/app/conf/hosts.conf", "/etc/hosts"] {
            let mut web = service("web", "acme/web:1");
            web.mounts = vec![mount(MountKind::Bind(path.into()), target)];
            web.mounts[0].value.read_only = true;
            let done = translate(&project(vec![web]), None, &facts());
            let said = [(Severity::Warning, Code::Ignored)];
            assert_eq!(loud(&done.diagnostics) == said, is_hidden, "{path} {target}");
            assert_eq!(has(&done, Kind::Image, "web"), !is_hidden && path != "/etc/hosts");
        }
        let mut web = service("web", "acme/web:1");
        web.written.configs.push(reference("app", &[("target", target)]));
        let mut project = project(vec![web]);
        project.configs.insert("app".to_owned(), object(&[("content", "x")]));
        let done = translate(&project, None, &facts());
        assert_eq!(has(&done, Kind::Image, "web"), !is_hidden, "{target}");
        assert_eq!(done.diagnostics.iter().count(), 1);
    }
}
