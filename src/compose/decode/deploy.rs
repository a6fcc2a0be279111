use super::Decoder;
use super::table::Table;
use crate::compose::model::{Deploy, FailureAction, Mode, Order, Resources, UpdateConfig};
use crate::compose::unsupported::Level;
use crate::source::Located;
use crate::yaml::Node;

/// Far more tasks than ECS runs in one service.
pub(super) const MAX_REPLICAS: u32 = 100_000;

impl Decoder<'_> {
    /// `deploy`; null is an empty one.
    pub(super) fn deploy(&mut self, node: &Node) -> Deploy {
        let mut deploy = Deploy::default();
        if node.is_null() {
            return deploy;
        }
        let Some(mut table) = Table::open(self, "deploy", node, Level::Deploy) else {
            return deploy;
        };
        deploy.mode = table.value("mode").and_then(|node| {
            let modes = [
                ("replicated", Mode::Replicated),
                ("global", Mode::Global),
                ("replicated-job", Mode::ReplicatedJob),
                ("global-job", Mode::GlobalJob),
            ];
            self.choice("mode", node, &modes)
        });
        deploy.replicas =
            table.value("replicas").and_then(|node| self.count("replicas", node, MAX_REPLICAS));
        if let Some(node) = table.value("labels") {
            deploy.labels = self.labels("labels", node);
        }
        deploy.update_config =
            table.value("update_config").and_then(|node| self.update_config(node));
        if let Some(node) = table.value("resources")
            && let Some(mut inner) = Table::open(self, "resources", node, Level::Resources)
        {
            if let Some(node) = inner.value("limits") {
                deploy.limits = self.resources("limits", node, Level::Limits);
            }
            if let Some(node) = inner.value("reservations") {
                deploy.reservations = self.resources("reservations", node, Level::Reservations);
            }
            inner.finish(self);
        }
        table.finish(self);
        deploy
    }

    fn resources(&mut self, field: &str, node: &Node, level: Level) -> Resources {
        let mut resources = Resources::default();
        let Some(mut table) = Table::open(self, field, node, level) else { return resources };
        resources.cpus = table.value("cpus").and_then(|node| self.cpus("cpus", node));
        resources.memory = table
            .value("memory")
            .and_then(|node| self.bytes("memory", node, false))
            .filter(|memory| memory.value > 0);
        if level == Level::Limits {
            resources.pids =
                table.value("pids").and_then(|node| self.integer("pids", node, (-1, 1 << 32)));
        }
        table.finish(self);
        resources
    }

    /// A share of processors; 0 means no limit, as if it were absent.
    pub(super) fn cpus(&mut self, field: &str, node: &Node) -> Option<Located<f64>> {
        let cpus = self.number(field, node)?;
        if cpus.value > 100_000.0 {
            self.invalid(field, node, "is more processors than there are", "write `0.5` or `2`");
            return None;
        }
        Some(cpus).filter(|cpus| cpus.value > 0.0)
    }

    fn update_config(&mut self, node: &Node) -> Option<Located<UpdateConfig>> {
        let mut table = Table::open(self, "update_config", node, Level::UpdateConfig)?;
        let config = UpdateConfig {
            parallelism: table
                .value("parallelism")
                .and_then(|node| self.count("parallelism", node, MAX_REPLICAS)),
            order: table.value("order").and_then(|node| {
                let orders = [("start-first", Order::StartFirst), ("stop-first", Order::StopFirst)];
                self.choice("order", node, &orders)
            }),
            failure_action: table.value("failure_action").and_then(|node| {
                let actions = [
                    ("continue", FailureAction::Continue),
                    ("pause", FailureAction::Pause),
                    ("rollback", FailureAction::Rollback),
                ];
                self.choice("failure_action", node, &actions)
            }),
            delay: table.value("delay").and_then(|node| self.duration("delay", node)),
            monitor: table.value("monitor").and_then(|node| self.duration("monitor", node)),
            max_failure_ratio: table.value("max_failure_ratio").and_then(|node| {
                let ratio = self.number("max_failure_ratio", node)?;
                if ratio.value > 1.0 {
                    self.invalid("max_failure_ratio", node, "is more than 1", "write 0 to 1");
                    return None;
                }
                Some(ratio)
            }),
        };
        table.finish(self);
        Some(Located::new(config, node.span))
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        field: &str,
        node: &Node,
        choices: &[(&str, T)],
    ) -> Option<Located<T>> {
        let text = self.string(field, node)?;
        if text.value.is_empty() {
            return None;
        }
        let found = choices.iter().find(|(word, _)| *word == text.value);
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let close = crate::compose::suggest::did_you_mean(&text.value, words.iter().copied());
            let help = close.unwrap_or_else(|| format!("it takes `{}`", words.join("`, `")));
            self.invalid(field, node, &format!("is no value of `{field}`"), &help);
        }
        found.map(|(_, value)| Located::new(*value, node.span))
    }
}
