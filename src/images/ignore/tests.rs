use proptest::prelude::*;

use super::*;

fn excluded(text: &str, path: &str) -> bool {
    Ignore::parse(text.as_bytes()).expect(text).excludes(path)
}

#[test]
fn wildcards() {
    // Pattern, path, whether it is left out (by itself or by a directory above it).
    let cases = [
        ("*", "file", true),
        ("*.go", "a.go", true),
        ("*.go", "dir/a.go", false),
        ("*/*.go", "dir/a.go", true),
        ("**", "dir/file", true),
        ("**/", "dir/file", true),
        ("**/**", "dir/file", true),
        ("dir/**", "dir", false),
        ("dir/**", "dir/sub/file", true),
        ("**/dir", "dir/file", true),
        ("**/dir", "a/dir", true),
        ("**/dir", "a/xdir", false),
        ("**dir", "a/xdir", true),
        ("**/dir2/*", "dir/dir2/file", true),
        ("**/*.txt", "file.txt", true),
        ("**/**/*.txt", "a/b/file.txt", true),
        ("**/**/*.txt2", "a/b/file.txt", false),
        ("a**/*.txt", "a/dir/dir/file.txt", true),
        ("a**", "abc/def", true),
        ("a/**/b", "a/b", true),
        ("a/**/b", "a/x/y/b", true),
        ("a/**/b", "a/xb", false),
        ("a/*.txt", "a/dir/file.txt", false),
        ("a[b-d]e", "ace", true),
        ("a[b-d]e", "aae", false),
        ("a[^b-d]e", "aze", true),
        ("a[^b]e", "a/e", true),
        ("abc.def", "abcZdef", false),
        ("abc?def", "abcZdef", true),
        ("a?b", "a☺b", true),
        ("a?b", "a/b", false),
        ("a\\*b", "a*b", true),
        ("a\\*b", "ab", false),
        ("[\\]a]", "]", true),
        ("[\\-x]", "-", true),
        ("a.|)$(}+{bc", "a.|)$(}+{bc", true),
        ("a(b)c/def", "a(b)c/def/g", true),
        ("a^b", "a^b", true),
        ("a^b*", "a^bc", false),
        ("docs", "docs/README.md", true),
        ("docs", "docs2", false),
        ("/docs", "docs/README.md", true),
        ("docs/", "docs/README.md", true),
        ("./docs//x/../", "docs/README.md", true),
        ("../docs", "docs", false),
        (".", "docs", false),
        ("/", "docs", false),
        ("  docs\t", "docs", true),
        ("#docs", "#docs", false),
        (" #docs", "#docs", true),
        ("\u{feff}docs", "docs", true),
        ("docs\r\nx\r\n", "docs", true),
        ("node_modules", "a/node_modules", false),
    ];
    for (text, path, expected) in cases {
        assert_eq!(excluded(text, path), expected, "{text:?} on {path:?}");
    }
}

#[test]
fn the_last_match_decides() {
    let cases = [
        ("docs\n!docs/README.md", "docs/README.md", false),
        ("docs\n!docs/README.md", "docs/other", true),
        ("!docs/README.md\ndocs", "docs/README.md", true),
        ("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true),
        ("*.md\nREADME-secret.md\n!README*.md", "README-secret.md", false),
        ("**\n!util/docker/web", "util/docker/web/foo", false),
        ("**\n!util/docker/web\nutil/docker/web/foo", "util/docker/web/foo", true),
        ("*\n! src ", "src/main.rs", false),
        ("*\n!/src", "src/main.rs", false),
        ("node_modules\n!**/*.md", "node_modules/a/b.md", false),
        ("node_modules\n!**/*.md", "node_modules/a/b.js", true),
    ];
    for (text, path, expected) in cases {
        assert_eq!(excluded(text, path), expected, "{text:?} on {path:?}");
    }
}

#[test]
fn excluded_directories_are_entered_only_for_exceptions() {
    let may = |text: &str, directory: &str| {
        Ignore::parse(text.as_bytes()).expect(text).may_return_below(directory)
    };
    assert!(!may("a", "a"));
    assert!(may("a\n!a/b/c", "a"));
    assert!(may("a\n!a/b/c", "a/b"));
    assert!(!may("a\n!a/b/c", "a/x"));
    assert!(!may("ab\n!a/b", "ab"));
    assert!(may("a\n!a/*", "a"));
    assert!(may("a\n!**/*.md", "a/x"));
}

#[test]
fn bad_patterns_say_where() {
    for text in [
        "[", "a[", "[^bc", "[]a]", "[-]", "[x-]", "[a-b-c]", "[z-a]", "\\", "!", "! ", "!/", "a\\b",
    ] {
        let error = Ignore::parse(format!("ok\n{text}\n").as_bytes()).expect_err(text);
        assert_eq!(error.line, 2, "{text}");
    }
    let error = Ignore::parse(b"[").expect_err("open");
    assert_eq!(error.to_string(), "line 1: pattern `[` has a `[` without its `]`");
}

/// The same by the plainest recursion, for patterns of whole components: `**` alone, else `*`,
/// `?` and letters.
fn oracle(pattern: &[&str], path: &[&str]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        Some((&"**", [])) => !path.is_empty(),
        Some((&"**", rest)) => (0..=path.len()).any(|skip| oracle(rest, &path[skip..])),
        Some((first, rest)) => path.split_first().is_some_and(|(name, names)| {
            oracle_name(first.as_bytes(), name.as_bytes()) && oracle(rest, names)
        }),
    }
}

fn oracle_name(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|skip| oracle_name(rest, &name[skip..])),
        Some((b'?', rest)) => !name.is_empty() && oracle_name(rest, &name[1..]),
        Some((c, rest)) => name.first() == Some(c) && oracle_name(rest, &name[1..]),
    }
}

/// Directory by directory, with docker's habit of not asking a rule that cannot change the answer
/// for a directory, and so of not letting what is below inherit from it.
fn oracle_excludes(rules: &[(bool, Vec<String>)], path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let mut hits = vec![false; rules.len()];
    let mut excluded = false;
    for length in 1..=path.len() {
        excluded = false;
        for (hit, (exception, pattern)) in hits.iter_mut().zip(rules) {
            let pattern: Vec<&str> = pattern.iter().map(String::as_str).collect();
            *hit |= *exception == excluded && oracle(&pattern, &path[..length]);
            if *hit {
                excluded = !exception;
            }
        }
    }
    excluded
}

proptest! {
    #[test]
    fn agrees_with_plain_recursion(
        rules in prop::collection::vec(
            (any::<bool>(), prop::collection::vec("\\*\\*|[ab?*]{1,3}", 1..4)), 1..5),
        path in prop::collection::vec("[ab]{1,3}", 1..5),
    ) {
        // `***` and a `**` inside a name are docker's own business: see `wildcards`.
        prop_assume!(rules.iter().all(|(_, parts)| {
            parts.iter().all(|part| part == "**" || !part.contains("**"))
        }));
        let text: Vec<String> = rules
            .iter()
            .map(|(exception, parts)| format!("{}{}", if *exception { "!" } else { "" }, parts.join("/")))
            .collect();
        prop_assert_eq!(
            excluded(&text.join("\n"), &path.join("/")),
            oracle_excludes(&rules, &path),
            "{:?} on {:?}", text, path
        );
    }

    #[test]
    fn never_panics(text in ".{0,40}", path in "[a/*.\\[]{0,12}") {
        if let Ok(ignore) = Ignore::parse(text.as_bytes()) {
            let _ = ignore.excludes(&path);
        }
    }

    #[test]
    fn a_walk_sees_what_single_questions_see(
        lines in prop::collection::vec("!?(\\*\\*/)?[ab*]{1,2}(/[ab*]{1,2})?", 1..5),
        path in prop::collection::vec("[ab]{1,2}", 1..4),
    ) {
        let ignore = Ignore::parse(lines.join("\n").as_bytes()).expect("valid");
        let path = path.join("/");
        if !ignore.excludes(&path) {
            // Every excluded directory above must have been entered.
            for (end, _) in path.match_indices('/') {
                let directory = &path[..end];
                if ignore.excludes(directory) {
                    prop_assert!(ignore.may_return_below(directory), "{lines:?} {path}");
                }
            }
        }
    }
}
