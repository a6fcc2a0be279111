use decklift::diagnostic::{Code, Diagnostic, Diagnostics};
use decklift::report::diagnostics::{RenderOptions, render, render_github, render_json};
use decklift::source::{Sources, Span};

fn sample() -> (Diagnostics, Sources) {
    let mut sources = Sources::default();
    let one = sources.add("compose.yaml", "services:\n  wéb:\n    image: a\n    image: b\n");
    let two = sources.add("over.yaml", "a: 1\n");
    let mut found = Diagnostics::default();
    found.push(
        Diagnostic::error(Code::DuplicateKey, "the key `image` stands twice")
            .at(Span::new(one, 32, 37), "again here")
            .at(Span::new(one, 19, 24), "first here")
            .at(Span::new(two, 0, 1), "and over there")
            .help("keep one of them")
            .service("wéb"),
    );
    found.push(Diagnostic::warning(Code::FileEmpty, "100%: no\nplace"));
    found.push(Diagnostic::note(Code::Ignored, "a note").at(Span::new(two, 3, 4), ""));
    (found, sources)
}

#[test]
fn for_people() {
    let (found, sources) = sample();
    let options = RenderOptions { verbose: true, ..RenderOptions::default() };
    insta::assert_snapshot!(render(&found, &sources, options));
}

#[test]
fn colour_adds_nothing_but_colour() {
    let (found, sources) = sample();
    let plain = render(&found, &sources, RenderOptions::default());
    let coloured = RenderOptions { color: true, ..RenderOptions::default() };
    let coloured = render(&found, &sources, coloured);
    assert_ne!(plain, coloured);
    assert_eq!(plain, anstream::adapter::strip_str(&coloured).to_string());
    assert!(!plain.contains("a note"));
    assert!(plain.ends_with("\n1 error, 1 warning\n"));
}

#[test]
fn nothing_to_say() {
    let sources = Sources::default();
    assert_eq!(render(&Diagnostics::default(), &sources, RenderOptions::default()), "");
}

#[test]
fn as_json() {
    let (found, sources) = sample();
    let text = render_json(&found, &sources, &|_| Vec::new());
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 3);
    insta::assert_snapshot!(text);
}

#[test]
fn for_github() {
    let (found, sources) = sample();
    insta::assert_snapshot!(render_github(&found, &sources));
}

#[test]
fn texts_cannot_steer_the_terminal() {
    let mut sources = Sources::default();
    let id = sources.add("\u{1b}[2Jx.yaml", "a: \u{1b}[31mb\u{7}\u{202e}\n");
    let mut found = Diagnostics::default();
    found.push(
        Diagnostic::error(Code::YamlSyntax, "bad \u{1b}[31m")
            .at(Span::new(id, 3, 9), "\u{1b}[0m")
            .help("\u{1b}]0;x\u{7}"),
    );
    let drawn = render(&found, &sources, RenderOptions::default());
    assert!(!drawn.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{drawn:?}");
}
