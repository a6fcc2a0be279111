//! One small project a rule of the translation: its resolved model, the requests that it becomes and
//! what is said about it, as the program prints them.
//!
//! Each folder of `tests/golden` is named after its rule and holds the project; beside it stand
//! `model.json`, `requests.json` (none where the project is refused) and `diagnostics.txt`.
//! `DECKLIFT_UPDATE_GOLDENS=1 cargo test --test golden` writes them anew: look at the difference
//! before you commit it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What the project's folder is called in the goldens.
const PLACE: &str = "/project";
const GOLDENS: [&str; 3] = ["model.json", "requests.json", "diagnostics.txt"];
/// How many rules have their case at the least.
const CASES: usize = 60;

#[test]
fn each_rule_has_its_model_its_requests_and_its_diagnostics() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let update = std::env::var_os("DECKLIFT_UPDATE_GOLDENS").is_some();
    let mut cases: Vec<PathBuf> =
        fs::read_dir(&root).expect("a folder").flatten().map(|entry| entry.path()).collect();
    cases.sort();
    assert!(cases.len() >= CASES, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        for (name, found) in GOLDENS.into_iter().zip(goldens(case)) {
            let golden = case.join(name);
            let expected = fs::read_to_string(&golden).ok();
            if found == expected {
                continue;
            }
            if !update {
                let place = golden.strip_prefix(&root).unwrap_or(&golden).display().to_string();
                wrong.push(format!(
                    "{place}\n{}",
                    difference(expected.as_deref(), found.as_deref())
                ));
            } else if let Some(found) = found {
                fs::write(&golden, found).expect("a golden");
            } else {
                fs::remove_file(&golden).expect("a golden that was there");
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// What people can do something about says what: notes are for those who want to know.
#[test]
fn each_warning_and_error_has_a_way_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let (mut seen, mut without) = (0, Vec::new());
    for case in fs::read_dir(root).expect("a folder").flatten() {
        // One that is missing is the other test's.
        let Ok(said) = fs::read_to_string(case.path().join("diagnostics.txt")) else { continue };
        // Each ends with an empty line.
        for block in said.split("\n\n").flat_map(|block| {
            let title = |line: &str| line.starts_with("error[") || line.starts_with("warning[");
            block.lines().position(title).map(|at| block.lines().skip(at).collect::<Vec<_>>())
        }) {
            seen += 1;
            if !block.iter().any(|line| line.trim_start().starts_with("= help: ")) {
                without.push(format!("{}: {}", case.path().display(), block[0]));
            }
        }
    }
    assert!(seen > 100, "{seen} warnings and errors");
    assert!(without.is_empty(), "{}", without.join("\n"));
}

/// What the program says of a case, in the order of [`GOLDENS`].
fn goldens(case: &Path) -> [Option<String>; 3] {
    let folder = tempfile::tempdir().expect("a folder");
    let place = fs::canonicalize(folder.path()).expect("a folder");
    copy(case, &place);
    let clean = |bytes: Vec<u8>| {
        String::from_utf8(bytes).expect("text").replace(&place.display().to_string(), PLACE)
    };
    let model = run(&place, &["config", "--format", "json"]);
    let convert = run(&place, &["convert"]);
    let check = run(&place, &["--verbose", "check"]);
    let is_refused = convert.status.code() == Some(3);
    assert!(is_refused || convert.status.success(), "{case:?}: {convert:?}");
    assert_eq!(check.status.code(), convert.status.code(), "{case:?}");
    let requests = clean(convert.stdout);
    assert_eq!(is_refused, requests.is_empty(), "{case:?}");
    [
        Some(clean(model.stdout)),
        (!is_refused).then_some(requests),
        Some(clean([check.stdout, check.stderr].concat())),
    ]
}

fn run(place: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_decklift"))
        .args(arguments)
        .current_dir(place)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", place)
        .env("AWS_REGION", "eu-west-1")
        .output()
        .expect("the program")
}

/// Copies a project without its goldens, so that each run finds the same.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_symlink() {
            let link = fs::read_link(&path).expect("a link");
            std::os::unix::fs::symlink(link, &target).expect("a link");
        } else if path.is_dir() {
            copy(&path, &target);
        } else if !GOLDENS.iter().any(|golden| entry.file_name() == *golden) {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

/// The first lines that differ.
fn difference(expected: Option<&str>, found: Option<&str>) -> String {
    let (Some(expected), Some(found)) = (expected, found) else {
        let there = |text: Option<&str>| if text.is_some() { "there" } else { "missing" };
        return format!("  expected {}, found {}", there(expected), there(found));
    };
    let pairs = expected.lines().zip(found.lines()).enumerate();
    let mut different = pairs.filter(|(_, (a, b))| a != b).take(5).peekable();
    if different.peek().is_none() {
        return format!("  {} lines became {}", expected.lines().count(), found.lines().count());
    }
    let shown = |(at, (a, b)): (usize, (&str, &str))| format!("  {}: - {a}\n  {0}: + {b}", at + 1,);
    different.map(shown).collect::<Vec<_>>().join("\n")
}
