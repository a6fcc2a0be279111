use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::support::{messages, one};

/// Loads a text, and answers the messages. Debug builds on busy machines are slow: the limit only
/// tells seconds from minutes.
fn load(text: &str) -> Vec<String> {
    let start = Instant::now();
    let loaded = one(text).load();
    let _ = format!("{loaded:?}").len();
    let found = messages(&loaded);
    drop(loaded);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(30), "{took:?}");
    found
}

fn is_limit(text: &str) {
    let found = load(text);
    assert!(found.len() == 1 && found[0].starts_with("error yaml-limit"), "{found:?}");
}

#[test]
fn deep_nesting_is_refused() {
    is_limit(&"[".repeat(200_000));
    is_limit(&"{a: ".repeat(200_000));
    is_limit(&"- ".repeat(200_000));
    is_limit(&"? ".repeat(200_000));
    is_limit(&format!("a: {}{}", "[".repeat(65), "]".repeat(65)));
    let mut deep = String::new();
    for depth in 0..500 {
        let _ = writeln!(deep, "{}a:", " ".repeat(depth));
    }
    is_limit(&deep);
}

#[test]
fn aliases_do_not_multiply() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..30 {
        let alias = format!("*a{}", level - 1);
        let _ = writeln!(bomb, "a{level}: &a{level} [{}]", vec![alias; 10].join(", "));
    }
    is_limit(&bomb);
    // Deep by aliases: every level holds the one before.
    let mut chain = String::from("a0: &a0 x\n");
    for level in 1..200 {
        let _ = writeln!(chain, "a{level}: &a{level} [*a{}]", level - 1);
    }
    is_limit(&chain);
}

#[test]
fn wide_brackets_are_refused_before_they_fill_the_memory() {
    is_limit(&format!("[{}]", "a,".repeat(2_000_000)));
}

#[test]
fn many_faults_are_counted_and_the_first_are_kept() {
    let mut text = String::from("services:\n");
    for index in 0..15_000 {
        let _ = writeln!(text, "  s{index}: {{imgae: a, ports: x}}");
    }
    let loaded = one(&text).load();
    assert_eq!(loaded.diagnostics.len(), 10_000);
    assert_eq!(loaded.diagnostics.omitted(), 20_000);
    assert!(loaded.diagnostics.has_errors());
}

#[test]
fn long_chains_of_dependencies_are_walked() {
    let mut text = String::from("services:\n  s0: {image: a, depends_on: [s4999]}\n");
    for index in 1..5000 {
        let _ = writeln!(text, "  s{index}: {{image: a, depends_on: [s{}]}}", index - 1);
    }
    let found = load(&text);
    assert!(found.len() == 1 && found[0].contains("dependency-cycle"), "{found:?}");
}

#[test]
fn variables_do_not_multiply() {
    let mut text = String::from("services:\n  web:\n    image: a\n    command:\n");
    for _ in 0..3000 {
        text.push_str("      - $BIG\n");
    }
    let found = messages(&one(&text).variable("BIG", &"x".repeat(100_000)).load());
    assert!(found.iter().any(|line| line.starts_with("error yaml-limit")), "{:?}", found.len());
    let nested = format!("services: {{a: {{image: \"{}\"}}}}\n", "${A:-".repeat(50_000));
    assert!(load(&nested)[0].starts_with("error bad-interpolation"));
}

#[test]
fn a_long_line_is_drawn_around_its_fault() {
    let text = format!(
        "services: {{web: {{image: a, labels: {{l: \"{}\"}}, imgae: b}}}}\n",
        "x".repeat(5000)
    );
    insta::assert_snapshot!(one(&text).drawn());
}
