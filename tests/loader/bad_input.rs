use crate::support::{Case, one};

/// Each text is a whole `compose.yaml`; the snapshot is what its author sees.
const TEXTS: &[(&str, &str)] = &[
    ("empty", ""),
    ("only_comments", "# services:\n\n# nothing\n"),
    ("null_document", "~\n"),
    ("a_list", "- web\n- api\n"),
    ("empty_second_document", "services:\n  web: {image: a}\n---\n"),
    ("tab_indentation", "services:\n\tweb:\n\t\timage: a\n"),
    ("tab_after_spaces", "services:\n  web:\n    image: a\n  \tports: []\n"),
    ("missing_space", "services:\n  web:\n    image:nginx\n    ports: []\n"),
    ("missing_colon", "services:\n  web\n    image: nginx\n"),
    ("missing_colon_above_a_key", "services:\n  web:\n    build\n    image: nginx\n"),
    ("template_braces", "services:\n  web:\n    image: {{ image }}\n"),
    ("at_sign", "services:\n  web:\n    image: @nginx\n"),
    ("backtick", "services:\n  web:\n    image: `nginx`\n"),
    ("percent", "services:\n  web:\n    image: %x\n"),
    ("star", "services:\n  web:\n    image: a\n    environment:\n      HOSTS: *\n"),
    ("bad_indentation", "services:\n  web:\n    image: a\n   ports: []\n"),
    ("bad_list_indentation", "services:\n  web:\n    image: a\n    ports:\n      - a\n     - b\n"),
    ("two_colons", "services:\n  web:\n    image: a: b\n"),
    ("open_quote", "services:\n  web:\n    image: \"nginx\n    ports: []\n"),
    ("text_after_quote", "services:\n  web:\n    command: \"a\" && b\n"),
    ("bad_escape", "services:\n  web:\n    command: \"a\\q\"\n"),
    ("open_bracket", "services:\n  web:\n    command: [a, b\n    image: x\n"),
    ("open_brace_at_the_end", "services:\n  web: {image: x\n"),
    ("extra_bracket", "services:\n  web:\n    command: a]\n    ports: ]\n"),
    ("unknown_anchor", "services:\n  web: *base\n"),
    ("anchor_in_itself", "services: &a\n  web: *a\n"),
    ("duplicate_keys", "services:\n  web: {image: a}\n  \"web\": {image: b}\n"),
    ("duplicate_merge", "x-a: &a {image: a}\nservices:\n  web:\n    <<: *a\n    <<: *a\n"),
    ("bad_merge", "services:\n  web:\n    <<: nginx\n    image: a\n"),
    ("unknown_tag", "services:\n  web:\n    image: !vault secret\n"),
    ("key_is_a_list", "services:\n  ? [a, b]\n  : {image: a}\n"),
    ("control_character", "services:\n  web:\n    image: a\u{1}b\n"),
    ("byte_order_mark_inside", "services:\n  web:\n    image: a\u{feff}\n"),
    ("windows_line_ends", "services:\r\n  web:\r\n    imgae: a\r\n    image: b\r\n"),
    ("byte_order_mark_first", "\u{feff}services:\n  web:\n    imgae: a\n"),
    ("wide_characters", "services:\n  web:\n    image: \"日本語\"\n    imgae: \"ü\" # 日本\n"),
    ("document_directive", "%YAML 9.9.9\nservices: {}\n"),
];

#[test]
fn texts_that_are_no_compose_file() {
    for (name, text) in TEXTS {
        insta::assert_snapshot!(*name, one(text).drawn());
    }
}

#[test]
fn missing_file() {
    insta::assert_snapshot!(Case::new(&[]).file("nope.yaml").drawn(), @r"
    error[file-not-found]: `nope.yaml` does not exist
     |
     = help: correct the path, or make the file

    1 error
    ");
}

#[test]
fn a_directory() {
    insta::assert_snapshot!(Case::new(&[("dir/x", "")]).file("dir").drawn(), @r"
    error[file-unreadable]: `dir` cannot be read: it is a directory
     |
     = help: name the file itself, for example with `-f compose.yaml`

    1 error
    ");
}

#[test]
fn no_file_anywhere() {
    let case = Case::new(&[("x", "")]);
    insta::assert_snapshot!(case.drawn(), @r"
    error[file-not-found]: no Compose file in `/tmp/case/app` or above it
     |
     = help: name it with `-f`, or create `compose.yaml`

    1 error
    ");
}

#[test]
fn invalid_utf_8() {
    let case = Case::new(&[]);
    case.write("compose.yaml", b"services:\n  web: \xff\n");
    insta::assert_snapshot!(case.drawn(), @r"
    error[not-text]: `compose.yaml` is not UTF-8: byte 17 (line 2) is 0xff
     |
     = help: save the file as UTF-8

    1 error
    ");
}

#[test]
fn binary_and_utf_16() {
    let case = Case::new(&[]);
    case.write("compose.yaml", b"\x7fELF\x01\0\0");
    insta::assert_snapshot!(case.drawn(), @r"
    error[not-text]: `compose.yaml` is not text: byte 5 is NUL
     |
     = help: the file looks binary; give a YAML file in UTF-8

    1 error
    ");
    case.write("compose.yaml", b"\xff\xfes\0e\0");
    insta::assert_snapshot!(case.drawn(), @r"
    error[not-text]: `compose.yaml` is not text: byte 3 is NUL
     |
     = help: the file is UTF-16; save it as UTF-8

    1 error
    ");
}

#[cfg(unix)]
#[test]
fn a_pipe_does_not_block() {
    let case = Case::new(&[("x", "")]);
    let made = std::process::Command::new("mkfifo").arg(case.path("compose.yaml")).status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    insta::assert_snapshot!(case.drawn(), @r"
    error[file-unreadable]: `compose.yaml` cannot be read: it is a pipe, a socket or a device
     |
     = help: save it to a regular file, or pass it on standard input with `-f -`

    1 error
    ");
}
