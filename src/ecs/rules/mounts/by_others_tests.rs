use crate::diagnostic::Code;
use crate::ecs::rules::launch::tests::{all, errors, good, task};

const VOLUMES: &str = "volumes: {data: {}}\n";

/// Two services that mount the volume, or the directory, with these `x-ecs`.
fn two(source: &str, one: &str, other: &str) -> String {
    format!(
        "name: shop\nservices:\n  \
         app: {{image: acme/app:1, volumes: [\"{source}:/out\"], {one}}}\n  \
         side: {{image: acme/side:1, volumes: [\"{source}:/in\"], {other}}}\n{VOLUMES}"
    )
}

#[test]
fn who_says_nothing_wants_nothing_else() {
    let (says, silent) = ("x-ecs: {task: t, volume: ephemeral}", "x-ecs: {task: t}");
    for source in ["data", "./data"] {
        for (one, other) in [(says, silent), (silent, says), (says, says)] {
            let done = good(&two(source, one, other));
            let task = task(&done, "app");
            let volumes = task["volumes"].as_array().expect("volumes");
            assert_eq!(volumes.len(), 1, "{source} {one} {other}");
            assert_eq!(volumes[0]["host"], serde_json::json!({}), "{source} {one} {other}");
        }
    }
}

#[test]
fn two_that_say_different_things_are_refused() {
    let one = "x-ecs: {task: t, volume: ephemeral}";
    assert_eq!(errors(&two("data", one, "x-ecs: {task: t, volume: efs}")), [Code::Conflict]);
    assert_eq!(errors(&two("./data", one, "x-ecs: {task: t, volume: efs}")), [Code::Conflict]);
    // A third one that is in another task cannot have it there.
    let three = two("data", one, "x-ecs: {task: t}").replace(
        VOLUMES,
        &format!("  far: {{image: acme/far:1, volumes: [\"data:/far\"]}}\n{VOLUMES}"),
    );
    assert_eq!(errors(&three), [Code::Conflict]);
}

#[test]
fn a_file_system_of_somebody_else_s_is_for_all() {
    let says = "x-ecs: {volume: {efs: fs-0123456789abcdef0}}";
    for source in ["data", "./data"] {
        let done = all(&two(source, says, "tty: true"));
        let (app, side) = (task(&done, "app"), task(&done, "side"));
        assert_eq!(
            side["volumes"][0]["efsVolumeConfiguration"]["fileSystemId"],
            "fs-0123456789abcdef0"
        );
        assert_eq!(app["volumes"], side["volumes"], "{source}");
        let said = done.diagnostics.iter().filter(|d| d.code == Code::Conflict).count();
        assert_eq!(said, 0, "{source}");
    }
}
