use super::*;
use crate::compose::{LoadOptions, load};

fn covered(text: &str, more: impl FnOnce(&Loaded, &mut Diagnostics)) -> Vec<Coverage> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
    let options = LoadOptions { cwd: folder.path().to_owned(), ..LoadOptions::default() };
    let mut loaded = load(&options);
    let mut diagnostics = std::mem::take(&mut loaded.diagnostics);
    diagnostics.extend(std::mem::take(&mut loaded.outcomes));
    more(&loaded, &mut diagnostics);
    coverage(&loaded, &diagnostics)
}

#[test]
fn an_attribute_with_a_diagnostic_is_never_mapped() {
    let text = "services:\n  web:\n    image: a\n    dns: [a, b]\n    privileged: true\n    attach: false\n    \
                command:\n    healthcheck: {test: x, interval: 5parsecs}\n    \
                deploy: {resources: {limits: {cpus: '1'}}, placement: {constraints: [x]}}\n    \
                volumes: [{type: volume, source: d, target: /d, consistency: cached}]\n\
                volumes: {d: {}}\n";
    let all = covered(text, |loaded, diagnostics| {
        let web = &loaded.project.as_ref().expect("a project").services["web"];
        let privileged = web.privileges.as_ref().and_then(|p| p.privileged.as_ref());
        let place = privileged.expect("it is there").span;
        diagnostics.push(Diagnostic::error(Code::Refused, "x").at(place, "").service("web"));
        let place = web.deploy.placement.constraints.expect("it is there");
        diagnostics.push(Diagnostic::note(Code::Ignored, "x").at(place, "").service("web"));
        // From the first item to the last: all of it.
        let dns = &web.addressing.as_ref().expect("it is there").dns;
        let place = Span { end: dns[1].span.end, ..dns[0].span };
        diagnostics.push(Diagnostic::note(Code::Ignored, "x").at(place, "").service("web"));
    });
    let [web] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(
        web.mapped,
        ["image", "healthcheck.test", "deploy.resources.limits.cpus", "volumes"]
    );
    assert_eq!(web.approximated, [""; 0]);
    assert_eq!(
        web.ignored,
        ["dns", "attach", "deploy.placement.constraints", "volumes.consistency"]
    );
    assert_eq!(web.refused, ["privileged", "healthcheck.interval"]);
}

#[test]
fn a_group_without_a_key_is_an_attribute_itself() {
    let text = "services:\n  web: {build: {}, deploy: {resources: {}}, healthcheck:}\n";
    let all = covered(text, |_, _| {});
    assert_eq!(all[0].mapped, ["build", "deploy.resources"]);
}

#[test]
fn a_list_is_as_bad_as_the_worst_of_its_items() {
    let text = "services:\n  web: {image: a, dns: [a, b], dns_search: [a, b], devices: ['/a:/a', '/b:/b'], \
                labels: {a: x, b: y}}\n";
    let all = covered(text, |loaded, diagnostics| {
        let web = &loaded.project.as_ref().expect("a project").services["web"];
        let addressing = web.addressing.as_ref().expect("it is there");
        let mut say = |code, place| {
            diagnostics.push(Diagnostic::warning(code, "x").at(place, "").service("web"));
        };
        // Each of them.
        addressing.dns.iter().for_each(|item| say(Code::Ignored, item.span));
        web.labels.values().for_each(|item| say(Code::Ignored, item.span));
        // One, and another is approximated.
        say(Code::Ignored, addressing.dns_search[0].span);
        let devices = &web.privileges.as_ref().expect("it is there").devices;
        say(Code::Ignored, devices[0].span);
        say(Code::Approximated, devices[1].span);
    });
    assert_eq!(all[0].ignored, ["dns", "labels"]);
    assert_eq!(all[0].approximated, ["dns_search", "devices"]);
}

#[test]
fn what_two_services_contradict_each_other_about_is_refused_in_both() {
    let text = "services:\n  web: {image: a, volumes: ['d:/a']}\n  api: {image: a, volumes: ['d:/b']}\n\
                volumes: {d: {}}\n";
    let all = covered(text, |loaded, diagnostics| {
        let services = &loaded.project.as_ref().expect("a project").services;
        let place = |name: &str| services[name].mounts[0].span;
        let fault = Diagnostic::error(Code::Conflict, "x").at(place("web"), "");
        diagnostics.push(fault.at(place("api"), "").service("web"));
    });
    assert_eq!(
        (&all[0].refused[..], &all[1].refused[..]),
        (&["volumes".to_owned()][..], &["volumes".to_owned()][..])
    );
}

#[test]
fn what_is_said_of_a_shared_thing_is_said_of_whoever_uses_it() {
    let text = "services:\n  web:\n    image: a\n    volumes: [data:/d]\n    networks: [front]\n    \
                secrets: [key]\n    configs: [conf]\n    x-ecs: {secret_env: {KEY: key}}\n  \
                api: {image: a, volumes: [other:/d], networks: [back]}\n\
                volumes:\n  data: {driver: x}\n  other: {}\nnetworks:\n  front: {}\n  back: {}\n\
                secrets: {key: {environment: KEY}}\nconfigs: {conf: {content: x}}\n";
    let all = covered(text, |loaded, diagnostics| {
        let project = loaded.project.as_ref().expect("a project");
        let driver = project.volumes["data"].driver.as_ref().expect("it is there");
        diagnostics.push(Diagnostic::error(Code::Refused, "x").at(driver.span, ""));
        let front = project.networks["front"].span;
        diagnostics.push(Diagnostic::warning(Code::Approximated, "x").at(front, ""));
        let back = project.networks["back"].span;
        diagnostics.push(Diagnostic::note(Code::Ignored, "x").at(back, ""));
        let key = project.secrets["key"].span;
        diagnostics.push(Diagnostic::error(Code::AwsRule, "x").at(key, ""));
        let conf = project.configs["conf"].span;
        diagnostics.push(Diagnostic::error(Code::Refused, "x").at(conf, ""));
    });
    assert_eq!(all[0].refused, ["volumes", "secrets", "configs", "x-ecs.secret_env"]);
    assert_eq!(all[0].approximated, ["networks"]);
    assert_eq!(all[1].mapped, ["image", "volumes", "networks"]);
}

#[test]
fn retired_keys_are_mapped_and_those_at_the_wrong_place_ignored() {
    let text = "services:\n  web:\n    image: a\n    x-aws-pull_credentials: b\n    \
                x-aws-autoscaling: {max: 3}\n    \
                ports: [{target: 80, published: 80, x-aws-protocol: http}]\n";
    let all = covered(text, |_, _| {});
    assert_eq!(all[0].mapped, ["image", "x-aws-pull_credentials", "ports"]);
    assert_eq!(all[0].ignored, ["x-aws-autoscaling"]);
}

#[test]
fn an_anchor_s_text_is_judged_in_the_service_that_is_meant() {
    let text = "x-all: &all {labels: {a: b}}\nservices:\n  web: {image: a, <<: *all}\n  \
                api: {image: a, <<: *all}\n";
    let all = covered(text, |loaded, diagnostics| {
        let label = &loaded.project.as_ref().expect("a project").services["web"].labels["a"];
        let found = Diagnostic::warning(Code::Ignored, "x").at(label.span, "").service("api");
        diagnostics.push(found);
    });
    assert_eq!(all[0].ignored, Vec::<String>::new());
    assert_eq!(all[1].ignored, ["labels"]);
}

#[test]
fn what_has_no_effect_within_a_port_or_a_mount_leaves_the_rest_mapped() {
    let text = "services:\n  web:\n    image: a\n    ports: [{target: 80, mode: host}]\n    \
                volumes: ['data:/d:z,cached', {type: bind, source: ./x, target: /x, bind: {selinux: Z}}]\n\
                volumes: {data: {}}\n";
    let all = covered(text, |loaded, diagnostics| {
        let web = &loaded.project.as_ref().expect("a project").services["web"];
        let said = Diagnostic::note(Code::Ignored, "x").at(web.ports[0].span, "").part("mode");
        diagnostics.push(said.service("web"));
    });
    assert_eq!(all[0].mapped, ["image", "ports", "volumes"]);
    assert_eq!(all[0].ignored, ["volumes.bind.selinux", "volumes.consistency", "ports.mode"]);
}
