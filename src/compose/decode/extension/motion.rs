//! `x-ecs`: when tasks run, and how they are replaced.

use super::super::Decoder;
use super::super::table::Table;
use crate::compose::model::{Pause, Rollout, ServiceExtension, Strategy};
use crate::compose::scalar::{Typed, typed};
use crate::compose::unsupported::Level;
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
        let rollout = Rollout {
            strategy: table.value("strategy").and_then(|node| self.strategy(node)),
            percent: table.value("percent").and_then(|node| self.percentage("percent", node)),
            pause: table.value("pause").and_then(|node| self.pause(node)),
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

    fn strategy(&mut self, node: &Node) -> Option<Located<Strategy>> {
        let all = [Strategy::Rolling, Strategy::BlueGreen, Strategy::Canary, Strategy::Linear];
        self.choice("strategy", node, &all.map(|strategy| (strategy.as_str(), strategy)))
    }

    /// A time, or `true` for somebody's word.
    fn pause(&mut self, node: &Node) -> Option<Located<Pause>> {
        if let Some(Typed::Bool(waits)) = node.as_scalar().map(typed) {
            return waits.then(|| Located::new(Pause::Approval, node.span));
        }
        Some(self.duration("pause", node)?.map(Pause::For))
    }
}
