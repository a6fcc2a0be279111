//! Real projects and what docker compose made of them, where they are at hand: a folder `corpus`
//! beside the project's own, or the one that `DECKLIFT_CORPUS` names. Each case is a folder with
//! `case.json` (`dir`, where to run, and `files`, the `-f` options), `expected.json` (what
//! `docker compose config --format json` printed in `/compose-case/CASE`) or `expected.err` (it
//! refused), and `expected.all-profiles.json` (the same with `--profile '*'`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use decklift::compose::{ConfigForm, LoadOptions, canonical, load};
use serde_json::Value;

use crate::any_input::prints_itself;

/// Of a thousand comparisons, how many must agree: to be raised with each part of Compose that is read.
const AGREE: usize = 995;

/// Of a thousand projects that were printed, how many must print themselves.
const FIXED: usize = 1000;

#[derive(Default)]
struct Tally {
    compared: usize,
    differ: Vec<String>,
    printed: usize,
    not_fixed: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.compared += other.compared;
        self.printed += other.printed;
        self.differ.extend(other.differ);
        self.not_fixed.extend(other.not_fixed);
    }
}

fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("DECKLIFT_CORPUS").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    fs::canonicalize(named.unwrap_or_else(beside)).ok().filter(|folder| folder.is_dir())
}

fn json(path: &Path) -> Option<Value> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Loads a case with and without its profiles.
fn examine(case: &Path, corpus: &Path) -> Tally {
    let mut tally = Tally::default();
    let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Some(about) = json(&case.join("case.json")) else { return tally };
    let files = about["files"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let cwd = case.join(about["dir"].as_str().unwrap_or_default());
    let options = LoadOptions {
        files: files.map(Into::into).collect(),
        cwd: fs::canonicalize(&cwd).unwrap_or(cwd),
        variables: BTreeMap::from([
            ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
            ("HOME".to_owned(), "/home/compose".to_owned()),
        ]),
        ..LoadOptions::default()
    };
    for (expected, profiles) in
        [("expected.json", &[][..]), ("expected.all-profiles.json", &["*"]), ("expected.err", &[])]
    {
        let path = case.join(expected);
        if !path.is_file() {
            continue;
        }
        let profiles = profiles.iter().map(|&profile| profile.to_owned()).collect();
        let options = LoadOptions { profiles, ..options.clone() };
        let loaded = load(&options);
        let printed = match loaded.diagnostics.has_errors() {
            true => None,
            false => canonical(&loaded, ConfigForm::Json),
        };
        if printed.is_some() {
            tally.printed += 1;
            let fixed = prints_itself(&loaded, &options);
            tally.not_fixed.extend(fixed.err().map(|why| format!("{name}: {why}")));
        }
        tally.compared += 1;
        let printed = printed.map(|value| {
            let text = value.to_string().replace(&*corpus.to_string_lossy(), "/compose-case");
            serde_json::from_str::<Value>(&text).unwrap_or_default()
        });
        if printed != json(&path) {
            tally.differ.push(name.clone());
        }
    }
    tally
}

#[test]
fn real_projects_read_as_docker_compose_reads_them_and_print_themselves() {
    let Some(corpus) = corpus() else {
        skipped();
        return;
    };
    let entries = fs::read_dir(&corpus).expect("the corpus").flatten();
    let cases: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let mut all = Tally::default();
    std::thread::scope(|scope| {
        let run = |cases: &[PathBuf]| {
            let mut tally = Tally::default();
            cases.iter().for_each(|case| tally.add(examine(case, &corpus)));
            tally
        };
        let chunks = cases.chunks(cases.len().div_ceil(workers).max(1));
        let threads: Vec<_> = chunks.map(|chunk| scope.spawn(move || run(chunk))).collect();
        for thread in threads {
            all.add(thread.join().expect("no case brings the loader down"));
        }
    });
    let Tally { compared, mut differ, printed, mut not_fixed } = all;
    assert!(compared > 0, "{} holds no case", corpus.display());
    differ.sort();
    not_fixed.sort();
    let per_mille = |faults: usize, of: usize| 1000 - (1000 * faults).div_ceil(of.max(1));
    let fixed = per_mille(not_fixed.len(), printed);
    not_fixed.truncate(9);
    assert!(fixed >= FIXED, "{fixed} of 1000 print themselves:\n{}", not_fixed.join("\n"));
    let agree = per_mille(differ.len(), compared);
    assert!(agree >= AGREE, "{agree} of 1000 agree; these do not: {}", differ.join(" "));
}

/// Says so where it is seen even though the test passes.
fn skipped() {
    use std::io::Write as _;
    let text = "SKIPPED: there is no corpus of real projects beside the project's folder\n";
    // The test harness hides what is printed; the terminal itself is not its business.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
