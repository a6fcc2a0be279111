//! Killed before and after the calls of a first deploy, of an update and of a `down`: each time the
//! next run comes to the same end as one that was never disturbed.
//!
//! Every tenth call by default; `DECKLIFT_TEST_FAULT_STRIDE=1` takes every one,
//! `DECKLIFT_TEST_FAULT_WORKERS` of them at a time, and `DECKLIFT_TEST_FAULT_TABLE` names the folder
//! of the tables that `docs/faults.md` is made of.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::listing;
use crate::proxy::{Moment, Plan};
use crate::rig::Rig;
use crate::support::Project;

/// What is killed.
struct Story {
    name: &'static str,
    command: &'static str,
    /// Deploys what must be there before.
    before: fn(&Rig, &Project),
    /// Changes the files.
    edit: fn(&Project),
}

/// One kill, and what came of it.
#[derive(Debug)]
struct Row {
    number: usize,
    moment: Moment,
    action: String,
    /// How many calls the next run made.
    again: usize,
}

fn number_of(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

impl Story {
    /// The end state of a run that nothing disturbs, and how many calls it makes.
    fn undisturbed(&self, rig: &Rig) -> (Vec<String>, usize) {
        rig.reset();
        let project = Project::example("shop");
        (self.before)(rig, &project);
        (self.edit)(&project);
        rig.calmly(&project, self.command).exits(0);
        (rig.listing(), rig.proxy.calls().len())
    }

    /// Nothing when the run was over before it could be killed.
    fn kill(&self, rig: &Rig, at: (usize, Moment), end: &[String]) -> Option<Row> {
        let (number, moment) = at;
        rig.reset();
        let project = Project::example("shop");
        (self.before)(rig, &project);
        (self.edit)(&project);
        let plan = Plan { kill: Some(at), ..Plan::default() };
        let killed = rig.run(&project, self.command, plan);
        let releases = || listing::releases(&rig.aws, "/decklift/shop/default/releases");
        let before = releases().len();
        let calls = rig.proxy.calls();
        let Some(call) = calls.iter().find(|call| call.fault == Some("killed")) else {
            killed.exits(0);
            return None;
        };
        assert_eq!(killed.code, None, "{killed}");
        // Nobody waits five minutes in a test: its lease is broken.
        let again = rig.calmly(&project, &format!("{} --break-lock", self.command));
        let context = format!("{} killed {moment:?} call {number}, {}", self.name, call.action);
        assert_eq!(again.code, Some(0), "{context}\n{killed}\n{again}");
        let row =
            Row { number, moment, action: call.action.clone(), again: rig.proxy.calls().len() };
        assert_eq!(rig.listing(), end, "{context}\n{killed}\n{again}");
        // Whoever took a number holds no lock any more; with nothing to do, none is taken.
        let states = releases();
        let is_held = states.len() > before && states.last().is_some_and(|last| last == "running");
        assert!(!is_held, "{context}: {states:?}\n{again}");
        if self.command.starts_with("deploy") {
            let plan = rig.calmly(&project, "plan --exit-code");
            assert_eq!(plan.code, Some(0), "{context}\n{again}\n{plan}");
        }
        Some(row)
    }

    fn all(&self) {
        let stride = number_of("DECKLIFT_TEST_FAULT_STRIDE", 10);
        let workers = number_of("DECKLIFT_TEST_FAULT_WORKERS", 1);
        let next = AtomicUsize::new(0);
        let rows = Mutex::new(Vec::new());
        // The others are worth knowing, too.
        let messes = Mutex::new(Vec::new());
        let work = |worker: usize| {
            let rig = Rig::new(&format!("{}{worker}", self.name));
            let (end, calls) = self.undisturbed(&rig);
            assert!(calls >= 20, "{calls}");
            loop {
                let at = next.fetch_add(1, Ordering::SeqCst);
                let number = at / 2 * stride + 1;
                let moment = if at % 2 == 0 { Moment::Before } else { Moment::After };
                // How often something is looked at differs a little between runs.
                let kill = || self.kill(&rig, (number, moment), &end);
                let Ok(row) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(kill)) else {
                    messes.lock().expect("messes").push((number, moment));
                    continue;
                };
                if row.is_none() && number > calls {
                    return;
                }
                rows.lock().expect("rows").extend(row);
            }
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..workers).map(|n| scope.spawn(move || work(n))).collect();
            for thread in threads {
                thread.join().expect("the sandbox works");
            }
        });
        let messes = messes.into_inner().expect("messes");
        assert!(messes.is_empty(), "{}: killed at {messes:?}, which left a mess", self.name);
        let rows = rows.into_inner().expect("rows");
        assert!(rows.len() >= 4, "{rows:?}");
        if let Some(folder) = std::env::var_os("DECKLIFT_TEST_FAULT_TABLE") {
            let file = std::path::Path::new(&folder).join(format!("{}.md", self.name));
            std::fs::write(file, table(rows)).expect("written");
        }
    }
}

/// A row for each call; before and after it in columns.
fn table(mut rows: Vec<Row>) -> String {
    rows.sort_by_key(|row| (row.number, row.moment == Moment::After));
    let mut text = "| N | killed | call | calls of the next run | end state |\n".to_owned();
    text.push_str("|---|---|---|---|---|\n");
    for Row { number, moment, action, again } in rows {
        let moment = if moment == Moment::Before { "before" } else { "after" };
        let _ = writeln!(text, "| {number} | {moment} | `{action}` | {again} | same |");
    }
    text
}

/// The example, deployed and left alone.
fn deployed(rig: &Rig, project: &Project) {
    rig.calmly(project, "deploy --yes").exits(0);
}

/// A service goes, another one comes; a port, a volume and a secret come; code changes.
fn another(project: &Project) {
    let file = "compose.yaml";
    project.write("api/message.txt", "Ripe pears tomorrow.\n");
    let text = project.read(file);
    let (kept, _) = text.split_once("  worker:\n").expect("the worker");
    let added = "  mailer:\n    image: busybox:1.37\n    command: sleep 1000\n    \
                 volumes: [\"mails:/mails\"]\n    secrets: [key]\n\n\
                 volumes:\n  stock:\n  mails:\n\nsecrets:\n  key:\n    file: ./key.txt\n";
    project.write(file, &format!("{kept}{added}"));
    project.write("key.txt", "not a secret\n");
    project.edit(file, "- \"8080:80\"", "- \"8080:80\"\n      - \"8081:80\"");
}

#[test]
fn a_first_deploy() {
    let story = Story { name: "first", command: "deploy --yes", before: |_, _| {}, edit: |_| {} };
    story.all();
}

#[test]
fn an_update() {
    let story = Story { name: "update", command: "deploy --yes", before: deployed, edit: another };
    story.all();
}

#[test]
fn a_down() {
    let story = Story { name: "down", command: "down --yes", before: deployed, edit: |_| {} };
    story.all();
}
