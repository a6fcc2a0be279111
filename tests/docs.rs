//! `docs/diagnostics.md` says what the program says: each example is run, and each cure.
//!
//! `DECKLIFT_UPDATE_DOCS=1 cargo test --test docs` writes the page anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use decklift::diagnostic::{Code, Example, Part};

const PAGE: &str = "docs/diagnostics.md";

const HEAD: &str = r#"# Diagnostics

<!-- Written by `DECKLIFT_UPDATE_DOCS=1 cargo test --test docs` from src/diagnostic/code.rs and
     src/diagnostic/examples/. -->

What decklift has to say against Compose files, by the name that stands in brackets:
`error[yaml-syntax]`. An error stops `plan` and `deploy`; a warning says what runs differently from
what the file seems to want, and is an error under `--strict`; a note, shown with `--verbose`, says
what became of something. All of them are found in one run. `decklift explain CODE` prints what stands
here.

## As JSON

With `--output json`, `decklift check` prints each diagnostic as one object on a line of its own;
other commands do so when there are errors.

| field | |
|---|---|
| `severity` | `error`, `warning` or `note` |
| `code` | the name, as below; names are stable |
| `message` | one line, in lower case |
| `service` | the Compose service it concerns, or `null` |
| `services` | a list: that service, or those that use the network, volume, secret or config it is about |
| `labels` | the places, a list that may be empty. The first is the fault; the others are what it clashes with |
| `labels[].file` | the file as it was named, or `<stdin>` |
| `labels[].line`, `column` | where the place starts, both from 1; columns count characters |
| `labels[].end_line`, `end_column` | where it ends: the first character that is not part of it |
| `labels[].text` | a few words about the place, may be empty |
| `labels[].primary` | `true` for the first |
| `help` | what to do, or `null` |

"#;

/// What a run of `decklift check` came to.
struct Run {
    text: String,
    json: Vec<serde_json::Value>,
}

/// The folder of an example, before or after its cure.
fn run(example: Example, cured: bool) -> Run {
    let root = tempfile::tempdir().expect("a temporary directory");
    let shop = root.path().join("shop");
    for (part, body) in example.parts() {
        let (name, bytes) = match part {
            Part::File(name) => (name, body.as_bytes().to_vec()),
            Part::Latin1(name) => (name, latin1(body)),
            Part::Cured(name) if cured => (name, body.as_bytes().to_vec()),
            _ => continue,
        };
        let path = shop.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, bytes).expect("a file");
    }
    let options = example.options();
    let options = if cured { options.1 } else { options.0 };
    let run = |more: &[&str]| {
        let output = Command::new(assert_cmd::cargo::cargo_bin!("decklift"))
            .arg("check")
            .args(options.split_whitespace())
            .args(more)
            .current_dir(&shop)
            .env_clear()
            .env("HOME", root.path())
            .output()
            .expect("decklift runs");
        let root = root.path().to_string_lossy().into_owned();
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8").replace(&root, "");
        (text(output.stdout), text(output.stderr))
    };
    let objects = run(&["--output", "json"]).0;
    let objects = objects.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    Run {
        text: run(&["--verbose", "--color", "never"]).1,
        json: objects.filter(|object: &serde_json::Value| object["code"].is_string()).collect(),
    }
}

/// Every character as one byte, as editors of old save it.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("a character of Latin-1")).collect()
}

fn gives(run: &Run, code: Code) -> bool {
    run.json.iter().any(|object| object["code"] == code.as_str())
}

/// Runs an example and writes its section; what does not hold goes into `faults`.
fn section(code: Code, faults: &mut Vec<String>) -> String {
    let example = code.example();
    let mut out = format!("## {code}\n\n{}\n\n", code.explanation());
    let described = example.parts().find(|(part, _)| *part == Part::Described);
    if let Some((_, text)) = described {
        let (why, printed) = text.split_once("\n\n").expect("a reason, and what is printed");
        let _ = write!(out, "{why}\n\n```text\n{printed}```\n\n{}\n\n", code.cure());
        return out;
    }
    let at_fault = run(example, false);
    if !gives(&at_fault, code) {
        faults.push(format!("the example of {code} gives something else:\n{}", at_fault.text));
    }
    for object in &at_fault.json {
        faults.extend(field_faults(object).map(|field| format!("{field} of {object}")));
    }
    let (options, cured_options) = example.options();
    files(example, false, &mut out);
    let command = format!("decklift check --verbose {options}");
    let _ = write!(out, "```text\n$ {}\n{}```\n\n", command.trim_end(), at_fault.text);
    let _ = write!(out, "**Cure.** {}\n\n", code.cure());
    let has_cure = example.parts().any(|(part, _)| matches!(part, Part::Cured(_)));
    if has_cure || options != cured_options {
        let cured = run(example, true);
        let has_errors = cured.json.iter().any(|object| object["severity"] == "error");
        if gives(&cured, code) || has_errors {
            faults.push(format!("the cure of {code} does not cure it:\n{}", cured.text));
        }
        files(example, true, &mut out);
        if options != cured_options {
            let _ = write!(out, "```text\n$ decklift check --verbose {cured_options}\n```\n\n");
        }
    }
    out
}

/// The files of an example that are shown.
fn files(example: Example, cured: bool, out: &mut String) {
    for (part, body) in example.parts() {
        let (name, note) = match part {
            Part::File(name) if !cured => (name, ""),
            Part::Latin1(name) if !cured => (name, ", saved as Latin-1"),
            Part::Cured(name) if cured => (name, ""),
            _ => continue,
        };
        let language = if name.ends_with("ml") { "yaml" } else { "text" };
        let _ = write!(out, "`{name}`{note}:\n\n```{language}\n{body}```\n\n");
    }
}

/// The fields that the page promises and that an object does not have.
fn field_faults(object: &serde_json::Value) -> impl Iterator<Item = &'static str> {
    let text = |value: &serde_json::Value, or_null: bool| {
        value.is_string() || (or_null && value.is_null())
    };
    let labels = object["labels"].as_array().cloned().unwrap_or_default();
    let places = labels.iter().enumerate().all(|(index, label)| {
        let number = |field: &str| label[field].as_u64().unwrap_or_default();
        let start = (number("line"), number("column"));
        let end = (number("end_line"), number("end_column"));
        text(&label["file"], false)
            && text(&label["text"], false)
            && start.0 > 0
            && start.1 > 0
            && start <= end
            && label["primary"] == (index == 0)
    });
    let known = ["code", "help", "labels", "message", "service", "services", "severity"];
    let fields: Vec<&String> = object.as_object().into_iter().flat_map(|map| map.keys()).collect();
    [
        (object["labels"].is_array() && places, "labels"),
        (text(&object["severity"], false), "severity"),
        (text(&object["message"], false), "message"),
        (text(&object["help"], true), "help"),
        (text(&object["service"], true), "service"),
        (object["services"].is_array(), "services"),
        (fields == known, "a field too many or too few"),
    ]
    .into_iter()
    .filter_map(|(holds, what)| (!holds).then_some(what))
}

#[test]
fn every_code_is_explained_by_an_example_that_is_run() {
    let mut faults = Vec::new();
    let mut page = HEAD.to_owned();
    let _ = writeln!(page, "## All codes\n\n| code | means |\n|---|---|");
    for code in Code::ALL {
        let _ = writeln!(page, "| [{code}](#{code}) | {} |", code.explanation());
    }
    page.push('\n');
    for code in Code::ALL {
        page.push_str(&section(*code, &mut faults));
    }
    let page = format!("{}\n", page.trim_end());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if std::env::var_os("DECKLIFT_UPDATE_DOCS").is_some() {
        fs::write(&path, &page).expect("the page");
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(there == page, "{PAGE} is stale: run `DECKLIFT_UPDATE_DOCS=1 cargo test --test docs`");
}

#[test]
fn examples_belong_to_codes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diagnostic/examples");
    for entry in fs::read_dir(folder).expect("examples").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let known = name.strip_suffix(".txt").and_then(Code::from_name).is_some();
        assert!(known, "{name} explains no code");
    }
}
