//! Projects of many services, which are read on all processors: all is said in the order of the file.

use std::fmt::Write as _;

use decklift::compose::Loaded;
use decklift::diagnostic::Code;

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

#[test]
fn documents_over_many_services_are_bounded() {
    let text = |documents| {
        let mut text = String::from("services:\n");
        for n in 0..2500 {
            let _ = writeln!(text, "  s{n}: {{image: x}}");
        }
        for n in 0..documents {
            let _ = write!(text, "---\nservices: {{s{n}: {{user: u{n}}}, new{n}: {{image: y}}}}\n");
        }
        text
    };
    let few = one(&text(100)).load();
    let project = few.project.as_ref().expect("a project");
    let users = project.services.values().filter(|service| service.user.is_some()).count();
    assert_eq!((project.services.len(), users), (2600, 100));

    let many = one(&text(2100)).load();
    let said: Vec<_> = many.diagnostics.iter().map(|fault| fault.code).collect();
    assert!(said.contains(&Code::TooManyFiles), "{said:?}");
}
