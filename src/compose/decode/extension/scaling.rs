//! `x-ecs.autoscaling`: how many tasks run, by load and by the clock.

use super::super::Decoder;
use super::super::table::Table;
use crate::compose::model::{Autoscaling, QueueScaling, ScheduledScaling};
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::Node;

/// Far more tasks than ECS runs in one service.
pub(super) const MOST_TASKS: u32 = 100_000;
/// A day.
pub(super) const MOST_COOLDOWN: u32 = 86_400;

impl Decoder<'_> {
    /// `x-ecs.autoscaling`, and `x-aws-autoscaling`, whose keys are among its keys. `name` is what
    /// messages call it.
    pub(in crate::compose::decode) fn autoscaling(
        &mut self,
        name: &'static str,
        node: &Node,
    ) -> Option<Located<Autoscaling>> {
        let mut table = Table::open(self, name, node, Level::Part(name))?;
        let max = table.required(self, "max", "write how many tasks may run at most: `max: 4`");
        let schedule = table.value("schedule").map(|node| self.scaling_schedule(node));
        let queue = table.value("queue").map(|node| self.scaling_queue(node));
        let steps = table.value("steps").map(|node| self.scaling_steps(node));
        let scaling = Autoscaling {
            min: self.tasks("min", &mut table),
            max: max.and_then(|node| self.count("max", node, MOST_TASKS)),
            cpu: table.value("cpu").and_then(|node| self.percentage("cpu", node)),
            memory: table.value("memory").and_then(|node| self.percentage("memory", node)),
            requests: table.value("requests").and_then(|node| self.number("requests", node)),
            cooldown: table
                .value("cooldown")
                .and_then(|node| self.count("cooldown", node, MOST_COOLDOWN)),
            schedule: schedule.clone().flatten().unwrap_or_default(),
            queue: queue.clone().flatten(),
            steps: steps.clone().flatten().unwrap_or_default(),
        };
        table.finish(self);
        max?;
        // What was not understood was said, and is no setting that is missing.
        let understood = schedule.is_none_or(|s| s.is_some())
            && queue.is_none_or(|q| q.is_some())
            && steps.is_none_or(|s| s.is_some());
        understood.then(|| Located::new(scaling, node.span))
    }

    fn tasks(&mut self, key: &'static str, table: &mut Table<'_>) -> Option<Located<u32>> {
        table.value(key).and_then(|node| self.count(key, node, MOST_TASKS))
    }

    /// A number, which may have a `%` behind it.
    pub(super) fn percentage(&mut self, field: &str, node: &Node) -> Option<Located<f64>> {
        let text = node.as_scalar().and_then(|scalar| scalar.text.trim().strip_suffix('%'));
        match text.and_then(|text| text.trim_end().parse::<f64>().ok()) {
            Some(number) if number.is_finite() && number >= 0.0 => {
                Some(Located::new(number, node.span))
            }
            _ => self.number(field, node),
        }
    }

    /// A list, or its one entry, as far as they are understood; nothing when none of them is.
    fn scaling_schedule(&mut self, node: &Node) -> Option<Vec<Located<ScheduledScaling>>> {
        if node.as_mapping().is_some() {
            return Some(vec![self.scheduled_scaling(node)?]);
        }
        let Some(items) = node.as_sequence() else {
            self.wrong_type("x-ecs.autoscaling.schedule", node, "a list");
            return None;
        };
        let good: Vec<_> = items.iter().filter_map(|item| self.scheduled_scaling(item)).collect();
        (items.is_empty() || !good.is_empty()).then_some(good)
    }

    /// The value of a key, the absence of which is reported unless one is there that looks like it.
    pub(super) fn needed<'n>(
        &mut self,
        table: &mut Table<'n>,
        key: &'static str,
        help: &str,
    ) -> Option<&'n Node> {
        if table.value(key).is_none() && table.has_like(key) {
            return None;
        }
        table.required(self, key, help)
    }

    fn scheduled_scaling(&mut self, node: &Node) -> Option<Located<ScheduledScaling>> {
        const NAME: &str = "`x-ecs.autoscaling.schedule`";
        let mut table = Table::open(self, NAME, node, Level::Part(NAME))?;
        let help = "say when: `expression: cron(0 8 ? * MON-FRI *)`, in six fields as AWS has them";
        let expression = self.needed(&mut table, "expression", help);
        let expression = expression.and_then(|node| self.filled("expression", node));
        let timezone = table.value("timezone").and_then(|node| self.filled("timezone", node));
        let min = self.tasks("min", &mut table);
        let max = self.tasks("max", &mut table);
        if !table.has_like("min") && !table.has_like("max") {
            let message = format!("{NAME} needs `min`, `max` or both");
            let help = "say between how many tasks the service scales from then on";
            let fault = Diagnostic::error(Code::MissingAttribute, message).help(help);
            self.report_at(fault, node, "missing here");
        }
        table.finish(self);
        if min.is_none() && max.is_none() {
            return None;
        }
        let scaling = ScheduledScaling { expression: expression?, timezone, min, max };
        Some(Located::new(scaling, node.span))
    }

    fn scaling_queue(&mut self, node: &Node) -> Option<Located<QueueScaling>> {
        const NAME: &str = "`x-ecs.autoscaling.queue`";
        let mut table = Table::open(self, NAME, node, Level::Part(NAME))?;
        let help = "say how many messages may wait for each task: `messages: 100`";
        let messages = self.needed(&mut table, "messages", help);
        let messages = messages.and_then(|node| self.number("messages", node));
        let name = table.value("name").and_then(|node| self.filled("name", node));
        let arn = table.value("arn").and_then(|node| self.filled("arn", node));
        let arn = arn.and_then(|arn| self.queue_arn(arn, table.value("arn")));
        let (name, arn) = match (name, arn) {
            (Some(name), None) => (Some(name), None),
            (None, Some((name, arn))) => (Some(name), Some(arn)),
            (Some(name), Some((other, arn))) => {
                if name.value != other.value {
                    let message = "`name` and `arn` are of two queues";
                    let fault = Diagnostic::error(Code::Conflict, message)
                        .at(name.span, "")
                        .at(other.span, "")
                        .help("take one of the two away");
                    self.report(fault);
                }
                (Some(name), Some(arn))
            }
            (None, None) => {
                if !table.has_like("name") && !table.has_like("arn") {
                    let message = format!("{NAME} needs `name` or `arn`");
                    let help = "say which queue of SQS: `name: orders`";
                    let fault = Diagnostic::error(Code::MissingAttribute, message).help(help);
                    self.report_at(fault, node, "missing here");
                }
                (None, None)
            }
        };
        table.finish(self);
        let queue = QueueScaling { name: name?, arn, messages: messages? };
        Some(Located::new(queue, node.span))
    }

    /// The name in, and the whole of `arn:aws:sqs:REGION:ACCOUNT:NAME`.
    fn queue_arn(
        &mut self,
        arn: Located<String>,
        node: Option<&Node>,
    ) -> Option<(Located<String>, Located<String>)> {
        let parts: Vec<&str> = arn.value.split(':').collect();
        if let ["arn", _, "sqs", _, _, name] = parts.as_slice() {
            return Some((Located::new((*name).to_owned(), arn.span), arn));
        }
        let help = "write `arn:aws:sqs:REGION:ACCOUNT:NAME`, or the `name`";
        self.invalid("arn", node?, "is no ARN of an SQS queue", help);
        None
    }
}
