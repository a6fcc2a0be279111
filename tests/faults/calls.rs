//! How many calls there are before something happens, as far as somebody waits for them.

use crate::rig::Rig;
use crate::support::Project;

/// Ten services, of which one is built, two are published and some are called by their names.
fn ten() -> Project {
    let mut text =
        "name: ten\nservices:\n  web: {build: ./web, ports: ['8080:80'], depends_on: [s1]}\n"
            .to_owned();
    for number in 1..10 {
        let more = match number {
            1 => ", ports: ['8081:80'], expose: ['9000']",
            2..6 => ", expose: ['9000']",
            _ => "",
        };
        text += &format!(
            "  s{number}: {{image: 'busybox:1.37', command: sleep 1000, environment: {{A: '1'}}{more}}}\n"
        );
    }
    let project = Project::of(&text);
    project.write("web/Dockerfile", "FROM scratch\nCOPY page /\n");
    project.write("web/page", "one\n");
    project
}

/// What is called before the first call of an operation.
fn before(rig: &Rig, action: &str) -> Vec<String> {
    let calls: Vec<String> = rig.proxy.calls().into_iter().map(|call| call.action).collect();
    let place = calls.iter().position(|call| call == action);
    assert!(place.is_some(), "{calls:?}");
    calls.into_iter().take(place.unwrap_or_default()).collect()
}

#[test]
fn of_ten_services_one_that_changed_waits_for_twelve_calls_at_most() {
    let rig = Rig::new("calls");
    rig.reset();
    let project = ten();
    rig.calmly(&project, "deploy --yes").exits(0);
    for change in ["environment", "code", "both"] {
        if change != "environment" {
            project.write("web/page", change);
        }
        if change != "code" {
            let text = project.read("compose.yaml");
            project.write("compose.yaml", &text.replacen("A: '1'", &format!("A: '{change}'"), 1));
        }
        let ran = rig.calmly(&project, "deploy --yes").exits(0);
        let calls = before(&rig, "ecs:UpdateService");
        // Of a built image the login is one; of each further service, its revision.
        let most = if change == "both" { 14 } else { 12 };
        assert!(calls.len() <= most, "{change}: {} calls, {calls:#?}\n{ran}", calls.len());
        rig.calmly(&project, "plan --exit-code").exits(0);
    }
    rig.calmly(&project, "down --yes").exits(0);
}

#[test]
fn of_ten_services_none_that_changed_takes_twenty_five_calls_at_most() {
    let rig = Rig::new("no-calls");
    rig.reset();
    let project = ten();
    // Nothing is built, and five are published.
    let text = project.read("compose.yaml").replace("build: ./web", "image: 'busybox:1.37'");
    let text = (2..5).fold(text, |text, number| {
        let at = format!("s{number}: {{image: 'busybox:1.37'");
        text.replace(&at, &format!("{at}, ports: ['809{number}:80']"))
    });
    project.write("compose.yaml", &text);
    rig.calmly(&project, "deploy --yes").exits(0);
    let ran = rig.calmly(&project, "deploy --yes").exits(0);
    let calls: Vec<String> = rig.proxy.calls().into_iter().map(|call| call.action).collect();
    assert!(calls.len() <= 25, "{} calls, {calls:#?}\n{ran}", calls.len());
    rig.calmly(&project, "down --yes").exits(0);
}
