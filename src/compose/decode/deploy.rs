use super::Decoder;
use super::forms::{DEPLOY, DEVICE};
use super::stage::Stage;
use crate::compose::model::{
    Deploy, FailureAction, Mode, Order, Placement, Resources, Restart, RestartPolicy, Setting,
    Settings, UpdateConfig,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Located, Span};
use crate::yaml::{Kind, Node};

/// Far more tasks than ECS runs in one service.
pub(super) const MAX_REPLICAS: u32 = 100_000;

impl Decoder<'_> {
    /// `deploy` in full; null is the same as none.
    pub(super) fn deploy_settings(&mut self, node: &Node) -> Option<Settings> {
        if node.is_null() {
            return None;
        }
        let mut settings = self.settings("deploy", node, &DEPLOY)?;
        for key in ["resources", "placement"] {
            settings.attributes.get_or_insert_with(key, || Setting::Part(Settings::default()));
        }
        if let Some(devices) = node
            .get("resources")
            .and_then(|node| node.get("reservations"))
            .and_then(|node| node.get("devices"))
            && let Some(devices) = self.device_requests(devices)
            && let Some(Setting::Part(resources)) = settings.attributes.get_mut("resources")
            && let Some(Setting::Table(reserved)) = resources.attributes.get_mut("reservations")
        {
            reserved.attributes.insert("devices", devices);
        }
        Some(settings)
    }

    /// Requests for devices: all that there are, where none are counted or named.
    fn device_requests(&mut self, node: &Node) -> Option<Setting> {
        let Some(items) = node.as_sequence() else {
            self.wrong_type("devices", node, "a list");
            return None;
        };
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            let Some(mut device) = self.settings("devices", item, &DEVICE) else { continue };
            let entry = |key: &str| item.as_mapping().and_then(|mapping| mapping.entry(key));
            match (entry("count"), entry("device_ids")) {
                (Some(count), Some(ids)) => {
                    let message = "`count` and `device_ids` exclude each other";
                    let fault = Diagnostic::error(Code::Conflict, message)
                        .at(count.key.span, "this many")
                        .at(ids.key.span, "these ones")
                        .help("keep one of the two");
                    self.noted_at(Stage::Import, |d| d.report(fault));
                }
                (None, None) => {
                    device.attributes.insert("count", Setting::Whole(-1));
                }
                _ => {}
            }
            out.push(Setting::Table(device));
        }
        (!out.is_empty()).then_some(Setting::List(out))
    }

    /// What the translator reads of `deploy`, which was checked before.
    pub(super) fn deploy(&mut self, node: &Node) -> Deploy {
        let mut deploy = Deploy::default();
        if node.is_null() {
            return deploy;
        }
        deploy.mode = node.get("mode").and_then(|node| {
            let modes = [
                ("replicated", Mode::Replicated),
                ("global", Mode::Global),
                ("replicated-job", Mode::ReplicatedJob),
                ("global-job", Mode::GlobalJob),
            ];
            self.choice("mode", node, &modes)
        });
        deploy.replicas =
            node.get("replicas").and_then(|node| self.count("replicas", node, MAX_REPLICAS));
        if let Some(node) = node.get("labels") {
            deploy.labels = self.labels("labels", node);
        }
        deploy.update_config = node.get("update_config").and_then(|node| self.update_config(node));
        if let Some(node) = node.get("resources") {
            if let Some(node) = node.get("limits") {
                deploy.limits = self.resources(node);
            }
            if let Some(node) = node.get("reservations") {
                deploy.reservations = self.resources(node);
            }
        }
        deploy.restart_policy =
            node.get("restart_policy").and_then(|node| self.restart_policy(node));
        if let Some(node) = node.get("placement") {
            deploy.placement = Placement {
                constraints: said(node, "constraints"),
                preferences: said(node, "preferences"),
                max_replicas_per_node: said(node, "max_replicas_per_node"),
                ..super::instance::placement(node)
            };
        }
        deploy.rollback_config = said(node, "rollback_config");
        deploy.endpoint_mode = said(node, "endpoint_mode");
        deploy
    }

    fn resources(&mut self, node: &Node) -> Resources {
        Resources {
            cpus: node.get("cpus").and_then(|node| self.cpus("cpus", node)),
            memory: node
                .get("memory")
                .and_then(|node| self.bytes("memory", node, false))
                .filter(|memory| memory.value > 0),
            pids: node.get("pids").and_then(|node| self.integer("pids", node, (-1, 1 << 32))),
            devices: said(node, "devices"),
            generic: said(node, "generic_resources"),
            requests: super::instance::requests(node),
        }
    }

    fn restart_policy(&mut self, node: &Node) -> Option<Located<RestartPolicy>> {
        node.as_mapping()?;
        // The words beside those of the specification are docker compose's own.
        let conditions = [
            ("none", Restart::No),
            ("no", Restart::No),
            ("on-failure", Restart::OnFailure),
            ("any", Restart::Always),
            ("always", Restart::Always),
            ("unless-stopped", Restart::UnlessStopped),
        ];
        let policy = RestartPolicy {
            condition: node
                .get("condition")
                .and_then(|node| self.choice("condition", node, &conditions)),
            delay: said(node, "delay"),
            max_attempts: said(node, "max_attempts"),
            window: node
                .get("window")
                .filter(|node| !node.is_null())
                .and_then(|node| self.duration("window", node)),
        };
        Some(Located::new(policy, node.span))
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
        node.as_mapping()?;
        let config = UpdateConfig {
            parallelism: node
                .get("parallelism")
                .and_then(|node| self.count("parallelism", node, MAX_REPLICAS)),
            order: node.get("order").and_then(|node| {
                let orders = [("start-first", Order::StartFirst), ("stop-first", Order::StopFirst)];
                self.choice("order", node, &orders)
            }),
            failure_action: node.get("failure_action").and_then(|node| {
                let actions = [
                    ("continue", FailureAction::Continue),
                    ("pause", FailureAction::Pause),
                    ("rollback", FailureAction::Rollback),
                ];
                self.choice("failure_action", node, &actions)
            }),
            delay: node.get("delay").and_then(|node| self.duration("delay", node)),
            monitor: node.get("monitor").and_then(|node| self.duration("monitor", node)),
            max_failure_ratio: node.get("max_failure_ratio").and_then(|node| {
                let ratio = self.number("max_failure_ratio", node)?;
                if ratio.value > 1.0 {
                    self.invalid("max_failure_ratio", node, "is more than 1", "write 0 to 1");
                    return None;
                }
                Some(ratio)
            }),
        };
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
            let why = format!("is no value of `{field}`");
            self.values_at(Stage::Shape, |d| d.invalid(field, node, &why, &help));
        }
        found.map(|(_, value)| Located::new(*value, node.span))
    }
}

/// Where an attribute stands that says anything.
pub(super) fn said(node: &Node, key: &str) -> Option<Span> {
    let value = node.get(key)?;
    let says = match &value.kind {
        Kind::Scalar(_) => !value.is_null(),
        Kind::Sequence(items) => !items.is_empty(),
        Kind::Mapping(mapping) => !mapping.entries.is_empty(),
    };
    says.then_some(value.span)
}
