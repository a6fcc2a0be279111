//! `x-ecs`: how many tasks run, when, and how they are replaced.

use super::super::Decoder;
use super::super::table::Table;
use crate::compose::model::{Rollout, ServiceExtension};
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::Node;

/// Far more than any maximum needs: it says how many times the tasks may run at once.
const MOST_PERCENT: u32 = 100_000;

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
