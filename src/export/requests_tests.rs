use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::*;
use crate::ecs::testing::{built, env, run, service};

/// Services that call each other, some of which are built.
fn desired(count: usize) -> Desired {
    let services = (0..count).map(|index| {
        let name = format!("s{index}");
        let mut made = if index % 3 == 0 { built(&name) } else { service(&name, "nginx") };
        env(&mut made, "TEXT", "a \"quoted\" line\nand \\ another");
        if index > 0 {
            env(&mut made, "PEER", &format!("http://s{}:80", index - 1));
        }
        made
    });
    run(services.collect()).desired
}

#[test]
fn a_document_is_what_serde_would_print_of_all_files() {
    // Less than a part, and several.
    for count in [0, 1, 200] {
        let desired = desired(count);
        let files = requests(&desired);
        let all: BTreeMap<&str, Json> = files
            .iter()
            .map(|file| (&*file.path, serde_json::from_str(&file.text).expect("JSON")))
            .collect();
        assert_eq!(all.len(), Export::new(&desired).len());
        let printed = serde_json::to_string_pretty(&all).expect("printed");
        let mut written = Vec::new();
        Export::new(&desired).document(&mut written).expect("written");
        assert_eq!(String::from_utf8(written).expect("text"), printed);
    }
}

#[test]
fn files_are_sorted_by_path_and_say_what_the_requests_say() {
    let desired = desired(30);
    let mut files = requests(&desired);
    assert_eq!(files.pop().map(|file| file.path).as_deref(), Some("manifest.json"));
    assert!(files.is_sorted_by(|a, b| a.path < b.path));
    let mut wanted: Vec<_> = desired
        .resources
        .values()
        .flat_map(|resource| resource.requests())
        .map(|request| {
            let path = format!("{}/{}/{}.json", request.service, request.operation, request.name);
            let mut text = serde_json::to_string_pretty(&request.body).expect("text");
            text.push('\n');
            File { path, text }
        })
        .collect();
    wanted.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(files, wanted);
}

#[test]
fn places_compare_as_their_paths() {
    let operations = ["create-schedule", "create-schedule-group"];
    let names = ["web", "web-1", "web+1", "web.1", "we", "", "web.json", "web0"];
    let long = ["sixteen-long-na", "sixteen-long-nam", "sixteen-long-nam-e", "sixteen-long-nam.e"];
    let names: Vec<_> = names.into_iter().chain(long).collect();
    let desired = desired(1);
    let (_, resource) = desired.resources.first().expect("a resource");
    let places: Vec<_> = ["ecs", "scheduler"]
        .into_iter()
        .flat_map(|service| operations.map(|operation| (service, operation)))
        .flat_map(|(service, operation)| {
            names.iter().map(move |name| Place(Call { service, operation, name: (*name).into() }))
        })
        .map(|place| Entry { head: place.head(), place, resource, index: 0 })
        .collect();
    for one in &places {
        for other in &places {
            let paths = one.place.path().cmp(&other.place.path());
            assert_eq!(one.by_path(other), paths, "{one:?} and {other:?}");
        }
    }
}
