use std::fmt::Write as _;

use crate::any_input;
use crate::support::{Case, messages, one};

/// Loads a text, checks what holds for any, and answers the messages.
fn load(text: &str) -> Vec<String> {
    let loaded = one(text).load();
    any_input::diagnostics_hold(&loaded.diagnostics, &loaded.sources);
    any_input::diagnostics_hold(&loaded.outcomes, &loaded.sources);
    messages(&loaded)
}

/// What bytes in a `compose.yaml` come to: how it starts, with the code.
fn bytes(bytes: &[u8]) -> String {
    let case = Case::new(&[]);
    case.write("compose.yaml", bytes);
    let found = messages(&case.load());
    let line = found.first().map_or("loaded", |line| line.split(':').next().unwrap_or_default());
    assert!(found.len() < 2, "{found:?}");
    line.to_owned()
}

pub(crate) const ONE: &str = "services:\n  web:\n    image: a\n";

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
    is_limit(&"!a [".repeat(200_000));
    is_limit(&"&a [".repeat(200_000));
    is_limit(&format!("{ONE}x-a:\n  {}", "- - ? ".repeat(100_000)));
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

#[test]
fn encodings() {
    assert_eq!(bytes(ONE.as_bytes()), "loaded");
    assert_eq!(bytes(ONE.replace('\n', "\r\n").as_bytes()), "loaded");
    assert_eq!(bytes(ONE.replace('\n', "\r").as_bytes()), "loaded");
    assert_eq!(bytes(format!("\u{feff}{ONE}").as_bytes()), "loaded");
    assert_eq!(bytes(format!("\u{feff}\u{feff}{ONE}").as_bytes()), "error yaml-syntax");
    let wide = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        ['\u{feff}'].into_iter().chain(ONE.chars()).flat_map(|c| order(c as u16)).collect()
    };
    assert_eq!(bytes(&wide(u16::to_le_bytes)), "error not-text");
    assert_eq!(bytes(&wide(u16::to_be_bytes)), "error not-text");
    for broken in [&b"\xff"[..], b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\0"]
    {
        let text = [ONE.as_bytes(), b"x-a: \"", broken, b"\"\n"].concat();
        assert_eq!(bytes(&text), "error not-text", "{broken:x?}");
    }
    for tab in ["services:\n\tweb:\n", "services:\n  web:\n  \timage: a\n"] {
        assert_eq!(bytes(tab.as_bytes()), "error yaml-syntax", "{tab:?}");
    }
    assert_eq!(bytes(format!("{ONE}\t\n\t# a tab\n").as_bytes()), "loaded");
    assert_eq!(bytes(&[b' '; 17 * 1024 * 1024]), "error file-too-large");
}

#[test]
fn a_terminal_is_not_steered() {
    let drawn = one("services: {web: {imgae: \"\u{1b}[2J\", b\u{9b}2J\u{202e}c: d}}\n").drawn();
    let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!drawn.contains(steers), "{drawn:?}");
    let drawn = one("services: {web: {image: a, \"x\\e[2J\\x9b\\u202e\": 1}}\n").drawn();
    assert!(!drawn.contains(steers), "{drawn:?}");
}

#[test]
fn keys_that_stand_twice_show_both_places() {
    let text = "services:\n  web: {image: a, \"image\": b}\n  'web': {image: c}\nservices: {}\n";
    let loaded = one(text).load();
    let places: Vec<_> = loaded
        .diagnostics
        .iter()
        .filter(|found| found.code.as_str() == "duplicate-key")
        .map(|found| {
            found.labels.iter().map(|l| loaded.sources.line_column(l.span).line).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(places, [vec![2, 2], vec![3, 2], vec![4, 1]]);
}

#[test]
fn overlong_names() {
    let name = "n".repeat(100_000);
    for text in [
        format!("name: {name}\n{ONE}"),
        format!("services:\n  ? {name}\n  : {{image: a}}\n"),
        format!("{ONE}    container_name: {name}\n"),
        format!("{ONE}    image: {name}:{name}\n"),
        format!("{ONE}    networks: [{name}]\n"),
        format!("{ONE}    volumes: [{name}:/x, x:/{name}]\n"),
        format!("{ONE}    env_file: {name}\n"),
        format!("{ONE}    environment: [{name}={name}]\n"),
        format!("{ONE}    command: ${{{name}}}\n"),
        format!("{ONE}    profiles: [{name}]\n"),
        format!("{ONE}    ? {name}\n    : a\n"),
    ] {
        let found = load(&text);
        assert!(found.len() < 4, "{}", found.len());
        any_input::load_project(text.as_bytes());
    }
    let case = one(ONE).file(&name);
    assert!(messages(&case.load())[0].starts_with("error file-"), "{}", case.drawn().len());
    let mut case = one(ONE);
    case.options.project_name = Some(name);
    case.load();
}

#[test]
fn ranges_of_ports_do_not_multiply() {
    for attribute in ["ports: [\"A:A\"B]", "expose: [\"A\"B]"] {
        let addresses = (1..200).fold(String::new(), |mut out, n| {
            let _ = match attribute.starts_with("ports") {
                true => write!(out, ", \"127.0.0.{n}:1-65535:1-65535\""),
                false => write!(out, ", \"{n}-65535\""),
            };
            out
        });
        let attribute = attribute.replace('A', "1-65535").replace('B', &addresses);
        is_limit(&format!("{ONE}    {attribute}\n"));
    }
    let found = load(&format!("{ONE}    expose: [\"1-65535/tcp\", \"1-65535/udp\"]\n"));
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_large_mapping_on_one_line_loads() {
    let mut wide = String::from("services: {web: {image: a, labels: {");
    for n in 0..60_000 {
        let _ = write!(wide, "k{n}: v, ");
    }
    wide.push_str("}}}\n");
    assert_eq!(load(&wide), [""; 0]);
}

#[test]
fn a_large_text_loads() {
    let text = "x".repeat(9_000_000);
    assert_eq!(load(&format!("{ONE}    command: \"{text}\"\n")), [""; 0]);
}

#[test]
fn a_million_items_are_refused() {
    is_limit(&format!("{ONE}x-a:\n{}", "- x\n".repeat(1_000_000)));
}

#[test]
fn a_million_aliases_are_refused() {
    is_limit(&format!("{ONE}x-b: &b x\nx-a:\n{}", "- *b\n".repeat(1_000_000)));
}

#[test]
fn a_million_anchors_are_refused() {
    let mut anchors = format!("{ONE}x-a:\n");
    for n in 0..1_000_000 {
        let _ = writeln!(anchors, "- &a{n} x");
    }
    is_limit(&anchors);
}

#[cfg(unix)]
#[test]
fn things_that_are_no_files() {
    use std::os::unix::fs::symlink;
    let fifo = |case: &Case, name: &str| {
        let made = std::process::Command::new("mkfifo").arg(case.path(name)).status();
        assert!(made.expect("mkfifo").success());
    };
    let first = |case: &Case| messages(&case.load()).first().cloned().unwrap_or_default();
    let unreadable = |case: Case, name: &str| {
        let found = first(&case.file(name));
        assert!(found.starts_with("error file-unreadable: "), "{found}");
    };
    let case = one(ONE);
    fifo(&case, "pipe");
    unreadable(case, "pipe");
    let case = one(ONE);
    symlink("loop", case.path("loop")).expect("a link");
    unreadable(case, "loop");
    let case = one(ONE);
    std::fs::create_dir(case.path("dir")).expect("a folder");
    unreadable(case, "dir");
    unreadable(one(ONE), "/dev/zero");
    let case = one(ONE);
    symlink("gone", case.path("link")).expect("a link");
    assert!(first(&case.file("link")).starts_with("error file-not-found: "));
    for (name, make) in [("pipe", true), ("dir", false)] {
        let case = one(&format!("{ONE}    env_file: {name}\n"));
        match make {
            true => fifo(&case, name),
            false => std::fs::create_dir(case.path(name)).expect("a folder"),
        }
        let found = first(&case);
        assert!(found.starts_with("error file-unreadable: "), "{found}");
    }
    for target in [".env", "compose.yaml"] {
        let case = Case::new(&[("other/x", "")]);
        if target == ".env" {
            case.write("compose.yaml", ONE.as_bytes());
        }
        fifo(&case, target);
        let found = first(&case);
        assert!(found.starts_with("error file-unreadable: "), "{target}: {found}");
    }
    // Root reads what nobody may.
    let case = one(ONE);
    let path = case.path("compose.yaml");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o000))
        .expect("mode");
    let found = first(&case);
    let expected = if std::fs::read(&path).is_ok() { "" } else { "error file-unreadable: " };
    assert!(found.starts_with(expected), "{found}");
}

#[test]
fn volumes_in_a_circle_are_a_fault_and_no_endless_walk() {
    for text in [
        "services: {a: {image: x, volumes_from: [b]}, b: {image: x, volumes_from: ['a:ro']}}\n",
        "services: {a: {image: x, volumes_from: [a]}}\n",
    ] {
        let loaded = one(text).load();
        let codes: Vec<_> = loaded.diagnostics.iter().map(|found| found.code.as_str()).collect();
        assert_eq!(codes, ["dependency-cycle"], "{text}");
        // What is left can be translated, so that every fault is told at once.
        let project = loaded.project.expect("a project");
        let facts = decklift::ecs::facts::Facts::offline(None);
        assert!(!decklift::ecs::translate(&project, None, &facts).desired.resources.is_empty());
    }
}
