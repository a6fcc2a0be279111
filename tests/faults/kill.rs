//! Killed before and after a call: the next run comes to the same end as one that was never disturbed.
//!
//! `DECKLIFT_TEST_FAULT_TABLE` names the folder of the tables that `docs/faults.md` is made of.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::listing;
use crate::proxy::{Moment, Plan};
use crate::rig::Rig;
use crate::story::{CODE, DOWN, FIRST, NETWORK, NETWORK_DOWN, Story, UPDATE};

/// One kill, and what came of it.
#[derive(Debug)]
struct Row {
    number: usize,
    moment: Moment,
    action: String,
    /// How many calls the next run made.
    again: usize,
}

/// Nothing when the run was over before it could be killed.
fn kill(story: &Story, rig: &Rig, end: &[String], number: usize, moment: Moment) -> Option<Row> {
    let project = story.start(rig);
    let plan = Plan { kill: Some((number, moment)), ..Plan::default() };
    let killed = rig.run(&project, story.command, plan);
    let calls = rig.proxy.calls();
    let Some(call) = calls.iter().find(|call| call.fault == Some("killed")) else {
        killed.exits(0);
        return None;
    };
    assert_eq!(killed.code, None, "{killed}");
    let releases = || listing::releases(&rig.aws, story.releases);
    let before = releases().len();
    // Nobody waits five minutes in a test: its lease is broken.
    let again = rig.calmly(&project, &format!("{} --break-lock", story.command));
    let context = format!("{} killed {moment:?} call {number}, {}", story.name, call.action);
    assert_eq!(again.code, Some(0), "{context}\n{killed}\n{again}");
    let row = Row { number, moment, action: call.action.clone(), again: rig.proxy.calls().len() };
    assert_eq!(rig.listing(), end, "{context}\n{killed}\n{again}");
    // Whoever took a number holds no lock any more; with nothing to do, none is taken.
    let states = releases();
    let is_held = states.len() > before && states.last().is_some_and(|last| last == "running");
    assert!(!is_held, "{context}: {states:?}\n{again}");
    if story.command.starts_with("deploy") {
        let plan = rig.calmly(&project, "plan --exit-code");
        assert_eq!(plan.code, Some(0), "{context}\n{again}\n{plan}");
    }
    Some(row)
}

fn killed(story: &Story) {
    let mut rows = story.at_each_call(story.name, 10, 2, |rig, end, number, way| {
        kill(story, rig, end, number, [Moment::Before, Moment::After][way])
    });
    if let Some(folder) = std::env::var_os("DECKLIFT_TEST_FAULT_TABLE") {
        rows.sort_by_key(|row| (row.number, row.moment == Moment::After));
        let file = std::path::Path::new(&folder).join(format!("{}.md", story.name));
        std::fs::write(file, table(&rows)).expect("written");
    }
}

/// A row for each number: the call that it was, and how many calls the next run made.
fn table(rows: &[Row]) -> String {
    let mut cells: BTreeMap<usize, [String; 2]> = BTreeMap::new();
    for Row { number, moment, action, again } in rows {
        let cell = &mut cells.entry(*number).or_default()[usize::from(*moment == Moment::After)];
        *cell = format!("`{action}`, {again}");
    }
    let mut text = "| N | killed before | killed after |\n|---|---|---|\n".to_owned();
    for (number, [before, after]) in cells {
        let _ = writeln!(text, "| {number} | {before} | {after} |");
    }
    text
}

#[test]
fn a_first_deploy() {
    killed(&FIRST);
}

#[test]
fn an_update() {
    killed(&UPDATE);
}

#[test]
fn an_update_of_code() {
    killed(&CODE);
}

#[test]
fn a_down() {
    killed(&DOWN);
}

#[test]
fn a_first_deploy_with_a_network_of_its_own() {
    killed(&NETWORK);
}

#[test]
fn a_down_with_a_network_of_its_own() {
    killed(&NETWORK_DOWN);
}
