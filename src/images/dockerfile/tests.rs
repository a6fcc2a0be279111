use super::*;

fn spec(args: &[(&str, &str)], target: Option<&str>) -> BuildSpec {
    let mut spec = BuildSpec::new("web", "/context", "linux/arm64/v8");
    spec.args = args.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    spec.target = target.map(str::to_owned);
    spec
}

fn parse(text: &str) -> Result<Dockerfile, ImageError> {
    Dockerfile::parse(PathBuf::from("Dockerfile"), text.as_bytes().to_vec())
}

fn bases_with(text: &str, spec: &BuildSpec) -> Vec<String> {
    parse(text).expect(text).bases(spec).expect(text)
}

fn bases(text: &str) -> Vec<String> {
    bases_with(text, &spec(&[], None))
}

#[test]
fn from() {
    let cases: [(&str, &[&str]); 12] = [
        ("FROM alpine", &["alpine"]),
        ("from --platform=$BUILDPLATFORM alpine:3 as build\n", &["alpine:3"]),
        ("FROM scratch", &[]),
        ("\u{feff}# syntax=docker/dockerfile:1\nFROM a@sha256:00", &["a@sha256:00"]),
        ("FROM a AS one\nFROM One", &["a"]),
        ("FROM a AS one\nFROM b\nCOPY --chown=1 --from=one / /", &["a", "b"]),
        ("FROM a AS one\nFROM b\nCOPY --from=0 / /", &["a", "b"]),
        ("FROM a AS one\nFROM b\nCOPY --from=c:1 / /", &["b", "c:1"]),
        ("FROM a\nRUN --mount=type=bind,from=tools,target=/t --network=none x", &["a", "tools"]),
        ("FROM a AS unused\nFROM b", &["b"]),
        ("FROM b AS b\n", &["b"]),
        ("FROM a\r\nRUN x \\\r\n  # comment\r\n\r\n  FROM fake\r\n", &["a"]),
    ];
    for (text, expected) in cases {
        assert_eq!(bases(text), expected, "{text}");
    }
}

#[test]
fn arguments_before_from() {
    let text = "ARG TAG=3 BASE=\"alpine:${TAG}\"\nARG EMPTY\nFROM ${BASE}${EMPTY:+-x}${NONE:-y}";
    assert_eq!(bases(text), ["alpine:3y"]);
    assert_eq!(bases_with(text, &spec(&[("TAG", "4"), ("NONE", "no")], None)), ["alpine:4y"]);
    assert_eq!(bases_with(text, &spec(&[("BASE", "b"), ("EMPTY", "e")], None)), ["b-xy"]);
    assert_eq!(bases("FROM x-$TARGETARCH-${TARGETVARIANT}"), ["x-arm64-v8"]);
    assert_eq!(bases("ARG A='$x'\nFROM ${A:-${B:-c}}"), ["$x"]);
    assert_eq!(bases("FROM ${A:-${B:-c}}"), ["c"]);
    // An argument inside a stage is not one for FROM.
    assert_eq!(bases("FROM a\nARG B=x\nFROM ${B:-b}"), ["b"]);
}

#[test]
fn targets() {
    let text = "FROM a AS dev\nFROM b AS prod\nCOPY --from=dev / /\nFROM c";
    assert_eq!(bases_with(text, &spec(&[], Some("DEV"))), ["a"]);
    assert_eq!(bases_with(text, &spec(&[], Some("prod"))), ["a", "b"]);
    assert_eq!(bases_with(text, &spec(&[], Some("2"))), ["c"]);
    let error = parse(text).expect("valid").bases(&spec(&[], Some("test"))).expect_err("missing");
    assert_eq!(error.to_string(), "find the stage `test` in Dockerfile");
    assert_eq!(error.help().as_deref(), Some("its stages are `dev`, `prod`"));
}

#[test]
fn heredocs_and_escapes() {
    let text = "# escape=`\n# comment\nFROM a\nRUN echo `\n  x\nRUN <<EOF cat\nFROM fake\nEOF\n\
        COPY <<-\"ONE\" <<'TWO' /\nFROM fake\n\tONE\nTWO x\nTWO\nRUN echo $((1<<2)) <<<x \\\nFROM b";
    assert_eq!(bases(text), ["b"]);
    assert_eq!(bases("FROM a\nRUN x \\\\\nFROM b"), ["b"]);
    assert_eq!(bases("FROM a\nRUN x \\  \nFROM b"), ["a"]);
    // A directive after a comment is a comment.
    assert_eq!(bases("# hello\n# escape=`\nFROM a\nRUN x `\nFROM b"), ["b"]);
}

#[test]
fn faults_have_lines() {
    let message = |text: &str| {
        let result = parse(text).and_then(|file| file.bases(&spec(&[], None)));
        result.expect_err(text).to_string()
    };
    assert_eq!(message(""), "read the Dockerfile Dockerfile, line 1: it has no FROM");
    assert_eq!(message("RUN x\n\n"), "read the Dockerfile Dockerfile, line 2: it has no FROM");
    assert!(message("\nFROM a b").contains("line 2: FROM takes an image"));
    assert!(message("FROM $X").contains("line 1: the base image `$X` comes out empty"));
    assert!(message("FROM a\nRUN <<E\nx").contains("line 2: the heredoc `E` has no end"));
    assert!(message("#escape=x\nFROM a").contains("line 1: `# escape=`"));
    assert!(message("FROM ${X:?say-it}").contains("`X` is not set: say-it"));
    assert!(message("# a\nARG Y=${X\nFROM b").contains("line 2: a `${` is not closed"));
    assert!(message("FROM ${X").contains("is not closed"));
    assert!(message("FROM ${X%y}").contains("is not understood"));
    let deep = format!("FROM {}x", "${A:-".repeat(10_000));
    assert!(message(&deep).contains("nested too deeply"));
}

proptest::proptest! {
    #[test]
    fn never_panics(text in "(FROM |ARG |COPY --from=|RUN |<<E|\\\\|\n|\\$|\\{|\\}|[a-z=\"' ]){0,20}") {
        if let Ok(file) = parse(&text) {
            let _ = file.bases(&spec(&[], None));
        }
    }
}
