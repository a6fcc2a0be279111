//! Projects of many services, which are read on all processors: all is said in the order of the file.

use std::fmt::Write as _;

use decklift::compose::Loaded;

use crate::support::one;

/// 1,000 services with these attributes.
fn load(attributes: impl Fn(usize) -> &'static str) -> Loaded {
    let mut text = String::from("services:\n");
    for n in 0..1000 {
        let _ = writeln!(text, "  s{n}: {{image: x, {}}}", attributes(n));
    }
    one(&text).load()
}

#[test]
fn services_and_what_becomes_of_them_keep_their_order() {
    let loaded = load(|_| "attach: false");
    let project = loaded.project.as_ref().expect("a project");
    let names: Vec<String> = (0..1000).map(|n| format!("s{n}")).collect();
    assert!(project.services.keys().eq(&names));
    assert!(loaded.outcomes.iter().map(|found| found.service.as_ref()).eq(names.iter().map(Some)));
    assert!(loaded.diagnostics.is_empty());
}

#[test]
fn faults_keep_their_order() {
    let loaded = load(|n| if n % 300 == 7 { "imgae: y" } else { "tty: true" });
    let said: Vec<_> = loaded.diagnostics.iter().map(|fault| fault.service.as_deref()).collect();
    assert_eq!(said, [Some("s7"), Some("s307"), Some("s607"), Some("s907")]);
    assert_eq!(loaded.project.map(|project| project.services.len()), Some(1000));
}
