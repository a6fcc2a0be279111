use super::*;
use crate::compose::model::Restart;
use crate::diagnostic::Severity;
use crate::ecs::desired::{Body, Kind};
use crate::ecs::testing::{at, container as of, env, find, loud, resource, run, seconds, service};

fn web(edit: impl FnOnce(&mut Service)) -> crate::ecs::Translation {
    let mut web = service("web", "acme/web:1");
    edit(&mut web);
    run(vec![web])
}

#[test]
fn what_is_not_written_is_not_sent() {
    let done = web(|_| {});
    let text = serde_json::to_string(of(&done, "web")).expect("json");
    assert!(
        !text.contains("null") && !text.contains("command") && !text.contains("user"),
        "{text}"
    );
    assert!(of(&done, "web").essential && done.diagnostics.is_empty());
}

#[test]
fn plain_attributes() {
    let done = web(|s| {
        s.command = Some(at(vec!["serve".into(), "--fast".into()]));
        s.entrypoint = Some(at(vec!["/bin/app".into()]));
        s.working_dir = Some(at("/app".into()));
        s.user = Some(at("1000:1000".into()));
        s.labels.insert("a*b".into(), at("(c)".into()));
        s.init = Some(at(true));
        s.read_only = Some(at(true));
        s.tty = Some(at(true));
        s.stdin_open = Some(at(true));
        env(s, "B", "2");
        env(s, "A", "");
    });
    let c = of(&done, "web");
    assert_eq!(c.command.as_deref(), Some(&["serve".to_owned(), "--fast".to_owned()][..]));
    assert_eq!(c.entry_point.as_deref(), Some(&["/bin/app".to_owned()][..]));
    assert_eq!(
        (c.working_directory.as_deref(), c.user.as_deref()),
        (Some("/app"), Some("1000:1000"))
    );
    assert_eq!(c.docker_labels["a*b"], "(c)");
    assert_eq!(c.linux_parameters.as_ref().and_then(|l| l.init_process_enabled), Some(true));
    assert_eq!(
        (c.readonly_root_filesystem, c.pseudo_terminal, c.interactive),
        (Some(true), Some(true), Some(true))
    );
    let names: Vec<_> = c.environment.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["A", "B"]);
}

#[test]
fn switches_that_are_off_are_not_sent() {
    let done = web(|s| {
        s.init = Some(at(false));
        s.tty = Some(at(false));
    });
    assert_eq!(
        (of(&done, "web").linux_parameters.is_none(), of(&done, "web").pseudo_terminal),
        (true, None)
    );
}

#[test]
fn empty_lists_clear_the_image_s() {
    let done = web(|s| {
        s.command = Some(at(vec![]));
        s.entrypoint = Some(at(vec![]));
    });
    assert_eq!((&of(&done, "web").command, &of(&done, "web").entry_point), (&None, &None));
    assert_eq!(loud(&done.diagnostics), []);
    let Body::Image(image) = &resource(&done, Kind::Image, "web").body else { panic!("no image") };
    assert_eq!(image.cleared, ["entrypoint", "command"]);
    assert_eq!(of(&done, "web").image.to_string(), "${image/web/uri}");
}

#[test]
fn the_stop_timeout_stays_in_fargate_s_range() {
    for (given, taken, said) in [(0, 2, 1), (2, 2, 0), (120, 120, 0), (121, 120, 1)] {
        let done = web(|s| s.stop_grace_period = Some(seconds(given)));
        assert_eq!((of(&done, "web").stop_timeout, done.diagnostics.len()), (Some(taken), said));
    }
    let done = web(|s| s.stop_grace_period = Some(at(Duration::from_millis(2500))));
    assert_eq!((of(&done, "web").stop_timeout, done.diagnostics.len()), (Some(3), 1));
}

#[test]
fn names_of_containers_and_hosts_are_names_to_others_only() {
    let done = web(|s| s.hostname = Some(at("box".into())));
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    let done = web(|s| s.container_name = Some(at("box".into())));
    assert!(
        find(&done.diagnostics, Code::Approximated).is_some_and(|d| d.severity == Severity::Note)
    );
}

#[test]
fn services_are_always_started_again() {
    for (restart, severity) in [
        (Restart::Always, None),
        (Restart::UnlessStopped, None),
        (Restart::OnFailure, Some(Severity::Note)),
        (Restart::No, Some(Severity::Warning)),
    ] {
        let done = web(|s| s.restart = Some(at(restart)));
        assert_eq!(find(&done.diagnostics, Code::Approximated).map(|d| d.severity), severity);
    }
}

#[test]
fn container_names_fit() {
    let done = run(vec![service("my.web", "acme/web:1")]);
    assert!(of(&done, "my.web").name.starts_with("my-web-"));
}
