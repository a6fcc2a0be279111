//! `x-ecs.autoscaling.steps`: how far the load is from a threshold, and what that comes to.

use super::super::Decoder;
use super::super::table::Table;
use super::scaling::{MOST_COOLDOWN, MOST_TASKS};
use crate::compose::model::{Step, StepMetric, StepScaling};
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::Node;

const NAME: &str = "`x-ecs.autoscaling.steps`";
/// A day: the longest that an alarm looks back with a period of a minute (CloudWatch API reference,
/// `PutMetricAlarm.EvaluationPeriods`).
const MOST_MINUTES: u32 = 1_440;

impl Decoder<'_> {
    /// A list, or its one entry, as far as they are understood; nothing when none of them is.
    pub(super) fn scaling_steps(&mut self, node: &Node) -> Option<Vec<Located<StepScaling>>> {
        if node.as_mapping().is_some() {
            return Some(vec![self.step_scaling(node)?]);
        }
        let Some(items) = node.as_sequence() else {
            self.wrong_type("x-ecs.autoscaling.steps", node, "a mapping, or a list of such");
            return None;
        };
        let good: Vec<_> = items.iter().filter_map(|item| self.step_scaling(item)).collect();
        (items.is_empty() || !good.is_empty()).then_some(good)
    }

    fn step_scaling(&mut self, node: &Node) -> Option<Located<StepScaling>> {
        let mut table = Table::open(self, NAME, node, Level::Part(NAME))?;
        let metric = self.needed(&mut table, "metric", "say what they follow: `metric: cpu`");
        let choices = [("cpu", StepMetric::Cpu), ("memory", StepMetric::Memory)];
        let metric = metric.and_then(|node| self.choice("metric", node, &choices));
        let up = table.value("up").map(|node| self.steps("up", ["above", "add"], node));
        let down = table.value("down").map(|node| self.steps("down", ["below", "remove"], node));
        let cooldown = table.value("cooldown");
        let cooldown = cooldown.map(|node| self.seconds("cooldown", node, MOST_COOLDOWN));
        let minutes = table.value("minutes");
        let minutes = minutes.map(|node| self.count("minutes", node, MOST_MINUTES));
        if !table.has_like("up") && !table.has_like("down") {
            let message = format!("{NAME} needs `up`, `down` or both");
            let help = "say when tasks come, and when they go: `up: [{above: 70, add: 1}]`, `down: \
                        [{below: 30, remove: 1}]`";
            let fault = Diagnostic::error(Code::MissingAttribute, message).help(help);
            self.report_at(fault, node, "missing here");
        }
        table.finish(self);
        // What was not understood was said, and is no setting that is missing.
        let (up, down) = (given(up)?.unwrap_or_default(), given(down)?.unwrap_or_default());
        let (cooldown, minutes) = (given(cooldown)?, given(minutes)?);
        if up.is_empty() && down.is_empty() {
            return None;
        }
        let scaling = StepScaling { metric: metric?, up, down, cooldown, minutes };
        Some(Located::new(scaling, node.span))
    }

    /// The steps of one direction: a list, or its one entry.
    fn steps(
        &mut self,
        field: &'static str,
        keys: [&'static str; 2],
        node: &Node,
    ) -> Option<Vec<Located<Step>>> {
        if node.as_mapping().is_some() {
            return Some(vec![self.step(keys, node)?]);
        }
        let Some(items) = node.as_sequence().filter(|items| !items.is_empty()) else {
            self.wrong_type(field, node, "a list of steps");
            return None;
        };
        let entries: Vec<_> = items.iter().map(|item| self.step(keys, item)).collect();
        entries.into_iter().collect()
    }

    fn step(&mut self, [from, by]: [&'static str; 2], node: &Node) -> Option<Located<Step>> {
        const NAME: &str = "a step of `x-ecs.autoscaling.steps`";
        let mut table = Table::open(self, NAME, node, Level::Part(NAME))?;
        let help = format!("write a step as `{{{from}: 50, {by}: 1}}`");
        let threshold = self.needed(&mut table, from, &help);
        let threshold = threshold.and_then(|node| self.percentage(from, node));
        let tasks = self.needed(&mut table, by, &help);
        let tasks = tasks.and_then(|node| self.count(by, node, MOST_TASKS));
        table.finish(self);
        Some(Located::new(Step { threshold: threshold?, tasks: tasks? }, node.span))
    }
}

/// What stands there, as far as it was understood; nothing where it was not.
#[expect(clippy::option_option, reason = "absent is not the same as not understood")]
fn given<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        Some(None) => None,
        Some(some) => Some(some),
        None => Some(None),
    }
}
