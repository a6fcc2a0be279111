//! What one project and one service may hold: just within each limit, and just beyond it.

use std::fmt::Write as _;

use crate::support::{Case, one, web};

/// The faults of the files, with their codes.
fn said(case: &Case) -> Vec<String> {
    let loaded = case.load();
    loaded.diagnostics.iter().map(|fault| format!("{} {}", fault.code, fault.message)).collect()
}

/// `head` and then as many lines as `count` says.
fn lines(head: &str, count: usize, line: impl Fn(usize) -> String) -> String {
    let mut text = head.to_owned();
    for n in 0..count {
        let _ = writeln!(text, "{}", line(n));
    }
    text
}

fn is_limit(found: &[String], what: &str) {
    assert!(found.len() == 1 && found[0].starts_with("yaml-limit"), "{found:?}");
    assert!(found[0].contains(what), "{found:?}");
}

#[test]
fn a_project_names_50_000_things_at_most() {
    let text = |count| lines("services:\n", count, |n| format!("  s{n}: {{image: x}}"));
    is_limit(&said(&one(&text(50_001))), "more than 50000 services, networks, volumes");
    let both = text(49_990) + &lines("volumes:\n", 11, |n| format!("  v{n}:"));
    is_limit(&said(&one(&both)), "together");
}

#[test]
fn a_service_has_20_000_mounts_at_most() {
    let text = |count| lines("    volumes:\n", count, |n| format!("      - ./a{n}:/a{n}"));
    assert_eq!(said(&web(&text(20_000))), [""; 0]);
    is_limit(&said(&web(&text(20_001))), "more than 20000 mounts");
}

#[test]
fn an_attribute_has_100_000_entries_at_most() {
    let text = |count| lines("    labels:\n", count, |n| format!("      l{n}: x"));
    is_limit(&said(&web(&text(100_001))), "`labels` has more than 100000 entries");
}

#[test]
fn a_file_of_variables_has_4_mib_at_most() {
    let case = web("    env_file: all.env\n");
    case.write("all.env", format!("A={}\n", "x".repeat(4 << 20)).as_bytes());
    let found = said(&case);
    assert!(found.len() == 1 && found[0].contains("is larger than 4 MiB"), "{found:?}");
}

#[test]
fn the_ranges_of_a_project_stand_for_200_000_ports_at_most() {
    let line = |n| format!("  s{n}: {{image: x, ports: [1-500]}}");
    assert_eq!(said(&one(&lines("services:\n", 400, line))), [""; 0]);
    is_limit(&said(&one(&lines("services:\n", 401, line))), "more than 200000 ports");
}

#[test]
fn a_document_has_600_000_values_at_most() {
    let line = |n| format!("  l{n}: x");
    let without = |count| said(&one(&lines("x-values:\n", count, line)));
    assert!(!without(290_000).iter().any(|fault| fault.starts_with("yaml-limit")));
    let found = without(600_001);
    is_limit(&found, "more than 600000 values");
    assert!(!found[0].contains("alias"), "{found:?}");
    is_limit(&said(&one(&lines("x-a: &a [x]\nx-values:\n", 600_001, line))), "aliases resolved");
}
