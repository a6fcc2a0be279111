//! Every call refused once: what failed is said with the action that is missing, and the next run
//! comes to the same end as one that was never refused anything.

use crate::proxy::Plan;
use crate::rig::Rig;
use crate::story::{CODE, DOWN, FIRST, Story, UPDATE};
use crate::support::Ran;

/// What is read only to know more, looked at again anyway, or written down for people: that it is
/// refused stops nothing.
fn may_be_missing(action: &str) -> bool {
    matches!(
        action,
        // Who may not list secrets or schedules has none.
        "secretsmanager:ListSecrets"
            | "scheduler:GetScheduleGroup"
            // What left the file is looked for in every service then.
            | "tagging:GetResources"
            // A rollout is looked at five times before that is given up.
            | "ecs:DescribeServices"
            | "elasticloadbalancing:DescribeTargetHealth"
            // The record of a deploy that is done, and the look that keeps the lease.
            | "ssm:PutParameter"
            | "ssm:GetParameters"
            | "ssm:DeleteParameters"
    )
}

/// What failed, which permission is missing, what was done, and how to go on.
fn explains(ran: &Ran, action: &str, context: &str) {
    assert_eq!(ran.code, Some(1), "{context}\n{ran}");
    // Not the beginning of another action's name.
    let missing = format!("must allow {action}");
    let said = ran.stderr.split_once(&missing).map(|(_, rest)| rest);
    let is_whole = said.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    assert!(is_whole, "{context}: no `{missing}` in\n{ran}");
    let mut parts = vec![action_of(action).to_owned()];
    // Before the first step there is nothing that was done; the lock comes after the last.
    if ran.stderr.contains("  done     ") && action != "ssm:DeleteParameters" {
        parts.push(" steps\n".to_owned());
        parts.push("  next: ".to_owned());
    }
    for part in parts {
        assert!(ran.stderr.contains(&part), "{context}: no `{part}` in\n{ran}");
    }
}

fn action_of(action: &str) -> &str {
    action.split_once(':').map_or(action, |(_, operation)| operation)
}

/// Nothing when there is no such call.
fn refuse(story: &Story, rig: &Rig, end: &[String], number: usize) -> Option<()> {
    let project = story.start(rig);
    let plan = Plan { deny: Some(number), ..Plan::default() };
    let refused = rig.run(&project, story.command, plan);
    let calls = rig.proxy.calls();
    let Some(call) = calls.iter().find(|call| call.fault == Some("denied")) else {
        refused.exits(0);
        return None;
    };
    let context = format!("{}: call {number}, {} is refused", story.name, call.action);
    if refused.code != Some(0) || !may_be_missing(&call.action) {
        explains(&refused, &call.action, &context);
    }
    let again = rig.calmly(&project, &format!("{} --break-lock", story.command));
    assert_eq!(again.code, Some(0), "{context}\n{refused}\n{again}");
    assert_eq!(rig.listing(), end, "{context}\n{refused}\n{again}");
    Some(())
}

fn refused(story: &Story) {
    let purpose = format!("deny-{}", story.name);
    story.at_each_call(&purpose, 25, 1, |rig, end, number, _| refuse(story, rig, end, number));
}

#[test]
fn a_first_deploy() {
    refused(&FIRST);
}

#[test]
fn an_update() {
    refused(&UPDATE);
}

#[test]
fn of_an_update_of_code() {
    refused(&CODE);
}

#[test]
fn a_down() {
    refused(&DOWN);
}
