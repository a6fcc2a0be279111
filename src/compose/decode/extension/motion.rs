//! `x-ecs`: how many tasks run, when, and how they are replaced.

use super::super::Decoder;
use super::super::table::Table;
use crate::compose::model::{Autoscaling, Rollout, ServiceExtension};
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::Node;

/// Far more tasks than ECS runs in one service.
const MOST_TASKS: u32 = 100_000;
/// Far more than any maximum needs: it says how many times the tasks may run at once.
const MOST_PERCENT: u32 = 100_000;
/// A day.
const MOST_COOLDOWN: u32 = 86_400;

impl Decoder<'_> {
    /// `autoscaling`, `rollout`, `schedule` and `mirror`.
    pub(super) fn motion(&mut self, table: &mut Table<'_>, out: &mut ServiceExtension) {
        out.autoscaling = table
            .value("autoscaling")
            .and_then(|node| self.autoscaling("`x-ecs.autoscaling`", node));
        out.rollout = table.value("rollout").and_then(|node| self.rollout(node));
        out.schedule = table.value("schedule").and_then(|node| self.filled("x-ecs.schedule", node));
        out.mirror = table.value("mirror").and_then(|node| self.boolean("x-ecs.mirror", node));
    }

    /// `x-ecs.autoscaling`, and `x-aws-autoscaling`, whose keys are among its keys. `name` is what
    /// messages call it.
    pub(in crate::compose::decode) fn autoscaling(
        &mut self,
        name: &'static str,
        node: &Node,
    ) -> Option<Located<Autoscaling>> {
        let mut table = Table::open(self, name, node, Level::Part(name))?;
        let max = table.required(self, "max", "write how many tasks may run at most: `max: 4`");
        let scaling = Autoscaling {
            min: table.value("min").and_then(|node| self.count("min", node, MOST_TASKS)),
            max: max.and_then(|node| self.count("max", node, MOST_TASKS)),
            cpu: table.value("cpu").and_then(|node| self.percentage("cpu", node)),
            memory: table.value("memory").and_then(|node| self.percentage("memory", node)),
            requests: table.value("requests").and_then(|node| self.number("requests", node)),
            cooldown: table
                .value("cooldown")
                .and_then(|node| self.count("cooldown", node, MOST_COOLDOWN)),
        };
        for key in ["schedule", "queue"] {
            if let Some(entry) = table.optional(key) {
                let what = format!("`{key}` in `x-ecs.autoscaling`");
                self.not_supported(&what, entry, "scale by `cpu`, `memory` or `requests` for now");
            }
        }
        table.finish(self);
        max?;
        Some(Located::new(scaling, node.span))
    }

    /// A number, which may have a `%` behind it.
    fn percentage(&mut self, field: &str, node: &Node) -> Option<Located<f64>> {
        let text = node.as_scalar().and_then(|scalar| scalar.text.trim().strip_suffix('%'));
        match text.and_then(|text| text.trim_end().parse::<f64>().ok()) {
            Some(number) if number.is_finite() && number >= 0.0 => {
                Some(Located::new(number, node.span))
            }
            _ => self.number(field, node),
        }
    }

    /// `x-ecs.rollout`
    fn rollout(&mut self, node: &Node) -> Option<Located<Rollout>> {
        let level = Level::Part("`x-ecs.rollout`");
        let mut table = Table::open(self, "x-ecs.rollout", node, level)?;
        if let Some(entry) = table.optional("strategy") {
            self.strategy(entry);
        }
        for key in ["percent", "pause"] {
            if let Some(entry) = table.optional(key) {
                let what = format!("`{key}` in `x-ecs.rollout`");
                self.not_supported(&what, entry, "take it away: tasks are replaced step by step");
            }
        }
        let rollout = Rollout {
            min_percent: table
                .value("min_percent")
                .and_then(|node| self.count("min_percent", node, 100)),
            max_percent: table
                .value("max_percent")
                .and_then(|node| self.count("max_percent", node, MOST_PERCENT)),
            breaker: table.value("breaker").and_then(|node| self.boolean("breaker", node)),
            alarms: match table.value("alarms") {
                Some(node) if node.as_scalar().is_some() => {
                    self.filled("alarms", node).into_iter().collect()
                }
                Some(node) => self.strings("alarms", node),
                None => Vec::new(),
            },
            bake: table.value("bake").and_then(|node| self.duration("bake", node)),
        };
        table.finish(self);
        Some(Located::new(rollout, node.span))
    }

    /// `rolling` is what there is.
    fn strategy(&mut self, entry: &crate::yaml::Entry) {
        let known = ["rolling", "blue-green", "canary", "linear"].map(|word| (word, word));
        let Some(strategy) = self.choice("strategy", &entry.value, &known) else { return };
        if strategy.value != "rolling" {
            let message = format!("a rollout that is `{}` is not supported yet", strategy.value);
            let fault = Diagnostic::error(Code::NotSupportedYet, message)
                .at(strategy.span, "")
                .help("write `rolling`: it replaces tasks step by step, and goes back on failure");
            let fault = self.used_at(fault, &entry.value);
            self.outcome(fault);
        }
    }
}
