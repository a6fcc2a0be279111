//! Of a hundred calls 30 are throttled, 10 answered with HTTP 500, and of 10 the answer is lost: every
//! command succeeds, and nothing is made twice.

use std::io::Write as _;

use serde_json::json;

use crate::listing;
use crate::proxy::{Plan, Shares};
use crate::rig::{Rig, number_of};
use crate::story::{RELEASES, another};
use crate::support::Project;

const SHARES: Shares = Shares { throttled: 30, broken: 10, lost: 10 };

/// What a run says of its calls: how many, and how many seconds it did nothing but wait to make one
/// again.
fn told(stderr: &str) -> (usize, f64) {
    let line = stderr.lines().find(|line| line.contains("calls of AWS's API"));
    let line = line.unwrap_or_else(|| panic!("calls are not told of:\n{stderr}"));
    let before = |text: &str| {
        let word = line.split_once(text).and_then(|(start, _)| start.rsplit(' ').next());
        word.unwrap_or_default().to_owned()
    };
    let idle = before(" s of it with nothing else under way").parse().unwrap_or(0.0);
    (before(" calls of AWS's API").parse().expect("a number"), idle)
}

/// How many deployments each service has had: two where an answer was lost and the call repeated.
fn deployments(rig: &Rig) -> Vec<String> {
    let listed = rig.aws.ecs("ListServices", &json!({ "cluster": "shop", "maxResults": 100 }));
    let mut lines = Vec::new();
    for arn in crate::emulator::strings(&listed["serviceArns"]) {
        let body = json!({ "cluster": "shop", "service": arn, "maxResults": 100 });
        let answer = rig.aws.ecs("ListServiceDeployments", &body);
        let count = answer["serviceDeployments"].as_array().map_or(0, Vec::len);
        lines.push(format!("{} deployments of {arn}", count));
    }
    lines
}

/// What there is after a first deploy, an update, a forced deploy and a `down`.
fn states(rig: &Rig, plan: impl Fn(u64) -> Plan) -> Vec<Vec<String>> {
    rig.reset();
    let project = Project::example("shop");
    let mut states = Vec::new();
    let mut run = |step: u64, command: &str| {
        let started = std::time::Instant::now();
        let ran = rig.run(&project, &format!("{command} --verbose"), plan(step)).exits(0);
        let took = started.elapsed().as_secs_f64();
        let calls = rig.proxy.calls();
        let faults = calls.iter().filter(|call| call.fault.is_some()).count();
        let (counted, idle) = told(&ran.stderr);
        assert_eq!(counted, calls.len(), "{ran}");
        let _ = writeln!(
            std::io::stderr(),
            "| `{command}` | {counted} | {faults} | {took:.1} s | {idle:.1} s | {:.1} s |",
            took - idle,
        );
        let mut state = rig.listing();
        if command.starts_with("deploy") {
            state.extend(deployments(rig));
        }
        states.push(state);
        ran
    };
    run(0, "deploy --yes");
    another(&project);
    run(1, "deploy --yes");
    run(2, "deploy --yes --force");
    run(3, "down --yes");
    assert_eq!(listing::releases(&rig.aws, RELEASES), [""; 0]);
    states
}

#[test]
fn half_of_all_calls_go_wrong() {
    let rig = Rig::new("chaos");
    let undisturbed = states(&rig, |_| Plan::default());
    for seed in 0..number_of("DECKLIFT_TEST_FAULT_SEEDS", 1) {
        let plan = |step| Plan { shares: SHARES, seed: 4 * seed as u64 + step, ..Plan::default() };
        let disturbed = states(&rig, plan);
        for (step, (state, wanted)) in disturbed.iter().zip(&undisturbed).enumerate() {
            assert_eq!(state, wanted, "seed {seed}, step {step}");
        }
    }
}
