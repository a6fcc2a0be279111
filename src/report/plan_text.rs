//! A plan as text.

use std::fmt::Write;

use anstyle::Style;
use serde_json::json;

use super::harmless;
use crate::plan::{Action, Cause, Change, Kept, Plan, Step};
use crate::render::render;

/// The plan as lines for people: what, how, why, which line of the Compose file asks for it, and what
/// follows; then what left the file and stays.
#[must_use]
pub fn text(plan: &Plan, color: bool) -> String {
    let mut out = String::new();
    let shown: Vec<Line<'_>> = lines(plan);
    let names = shown.iter().map(|line| &line.step.resource);
    let names = names.chain(plan.kept.iter().map(|kept| &kept.resource));
    let width = names.map(|id| id.name.len()).max().unwrap_or(0);
    let dim = |text: String| {
        let style = Style::new().dimmed();
        if color { format!("{style}{text}{style:#}") } else { text }
    };
    for line in &shown {
        let step = line.step;
        let (kind, name) = (step.resource.kind.label(), &step.resource.name);
        let _ = write!(out, "  {} {kind:<16} {name:<width$}", line.sign);
        let why = why(line);
        if !why.is_empty() {
            let _ = write!(out, "  {why}");
        }
        if let Some(origin) = &step.origin {
            let _ = write!(out, "  {}", dim(format!("({})", harmless(origin))));
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
        // The reasons of a change, one a line.
        let changes = step.changes.iter().filter(|change| !change.is_bookkeeping());
        for change in changes.filter(|_| matches!(line.sign, CHANGE | REPLACE)) {
            let _ = writeln!(out, "      {}", describe(change));
        }
        if let Some(effect) = &step.effect {
            let _ = writeln!(out, "      {}", dim(effect.clone()));
        }
    }
    for Kept { resource, name, reason } in &plan.kept {
        let (kind, id) = (resource.kind.label(), &resource.name);
        let _ = write!(out, "  = {kind:<16} {id:<width$}  kept: {reason}");
        if let Some(name) = name {
            let _ = write!(out, " {}", dim(format!("({name})")));
        }
        let help = format!("--allow-destroy={resource} deletes it, and what it holds");
        let _ = write!(out, "\n      {}\n", dim(help));
    }
    out
}

/// `Plan: 3 to create, 1 to change, 0 to delete; 2 rollouts, 1 job.`
#[must_use]
pub fn summary(plan: &Plan) -> String {
    let shown = lines(plan);
    let count = |sign: char| shown.iter().filter(|line| line.sign == sign).count();
    let context = json!({
        "create": count(CREATE),
        "change": count(CHANGE),
        "replace": count(REPLACE),
        "delete": count(DELETE),
        "drift": drift(plan),
        "rollouts": plan.count(&[Action::Rollout]),
        "jobs": plan.count(&[Action::Run]),
        "public": opened(plan),
    });
    render("plan_summary.txt", context).unwrap_or_else(|error| error.to_string())
}

/// `port 80 of web`, one for each port that the plan opens to the Internet.
#[must_use]
pub fn opened(plan: &Plan) -> Vec<String> {
    plan.public.iter().map(|open| format!("port {} of {}", open.port, open.service)).collect()
}

/// What was changed outside decklift, and is changed back.
fn drift(plan: &Plan) -> Vec<String> {
    let drifted = plan.steps.iter().filter(|step| step.cause == Some(Cause::Drift));
    let name = |step: &Step| format!("{} {}", step.resource.kind.label(), step.resource.name);
    let mut names: Vec<String> = drifted.map(name).collect();
    names.dedup();
    names
}

const CREATE: char = '+';
const CHANGE: char = '~';
const REPLACE: char = '±';
const DELETE: char = '-';

struct Line<'a> {
    sign: char,
    step: &'a Step,
}

/// One line a resource: the steps that only wait, or that complete an earlier one, are not told.
fn lines(plan: &Plan) -> Vec<Line<'_>> {
    let created = |step: &Step| {
        plan.steps
            .iter()
            .any(|other| other.resource == step.resource && other.action == Action::CreateIdle)
    };
    let mut lines: Vec<Line<'_>> = plan
        .steps
        .iter()
        .filter_map(|step| {
            let sign = match step.action {
                Action::Create if step.replaces.is_some() => REPLACE,
                Action::Create if step.changes.is_empty() => CREATE,
                Action::CreateIdle => CREATE,
                Action::Create | Action::Update => CHANGE,
                Action::NewDeployment if created(step) => return None,
                Action::NewDeployment => CHANGE,
                Action::Delete => DELETE,
                Action::Run => '>',
                Action::Rollout if step.reason.is_some() => CHANGE,
                Action::Rollout | Action::Stop => return None,
            };
            Some(Line { sign, step })
        })
        .collect();
    lines.sort_by_key(|line| (line.sign == DELETE, line.step.resource.clone()));
    lines
}

fn why(line: &Line<'_>) -> String {
    let step = line.step;
    let mut parts = Vec::new();
    if line.sign == REPLACE {
        parts.push("replace".to_owned());
    }
    if line.sign == CHANGE {
        parts.push(match step.action {
            Action::Create => "new revision".to_owned(),
            action => action.label().to_owned(),
        });
    }
    parts.extend(step.reason.clone());
    parts.extend(step.cause.map(|cause| match cause {
        Cause::File => "changed in the Compose file".to_owned(),
        Cause::Drift => "changed outside decklift".to_owned(),
    }));
    parts.join(", ")
}

fn describe(change: &Change) -> String {
    let short = |text: &Option<String>| match text {
        None => "(none)".to_owned(),
        Some(text) if text.starts_with("${") => "(known after apply)".to_owned(),
        Some(text) if text.starts_with("arn:") => {
            text.rsplit('/').next().unwrap_or(text).to_owned()
        }
        Some(text) if text.contains("@sha256:") => image(text),
        Some(text) if text.chars().count() > 80 => text.chars().take(79).chain(['…']).collect(),
        Some(text) => text.clone(),
    };
    // A command may have several lines.
    let short = |text: &Option<String>| harmless(&short(text).replace('\n', " "));
    format!("{}: {} -> {}", change.path, short(&change.from), short(&change.to))
}

/// An image without its registry, and with as much of its digest as tells it from others.
fn image(uri: &str) -> String {
    let name = uri.rsplit('/').next().unwrap_or(uri);
    match name.split_once("@sha256:") {
        Some((name, digest)) => {
            format!("{name}@sha256:{}", digest.chars().take(12).collect::<String>())
        }
        None => name.to_owned(),
    }
}
