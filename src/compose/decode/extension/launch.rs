//! `x-ecs`: what tasks run on, and on which instances.

use super::super::Decoder;
use super::super::table::Table;
use crate::compose::model::{
    Instances, Launch, PlacementExtension, PlacementRule, PlacementStep, TaskNetwork,
};
use crate::compose::unsupported::Level;
use crate::source::Located;
use crate::yaml::Node;

impl Decoder<'_> {
    /// `x-ecs.launch`
    pub(super) fn launch(&mut self, node: &Node) -> Option<Located<Launch>> {
        let launches = [
            ("fargate", Launch::Fargate),
            ("ec2", Launch::Ec2),
            ("managed-instances", Launch::ManagedInstances),
        ];
        self.choice("x-ecs.launch", node, &launches)
    }

    /// `x-ecs.network_mode`
    pub(in crate::compose::decode) fn task_network(
        &mut self,
        node: &Node,
    ) -> Option<Located<TaskNetwork>> {
        let modes = [
            ("awsvpc", TaskNetwork::AwsVpc),
            ("bridge", TaskNetwork::Bridge),
            ("host", TaskNetwork::Host),
            ("none", TaskNetwork::None),
        ];
        self.choice("x-ecs.network_mode", node, &modes)
    }

    /// `x-ecs.instances`
    pub(super) fn instances(&mut self, node: &Node) -> Instances {
        let level = Level::Part("`x-ecs.instances`");
        let Some(mut table) = Table::open(self, "x-ecs.instances", node, level) else {
            return Instances::default();
        };
        let group = table.value("security_group").and_then(|node| {
            let group = self.filled("security_group", node)?;
            if crate::compose::model::is_security_group_id(&group.value) {
                return Some(group);
            }
            self.invalid("security_group", node, "is no id of a group", "write `sg-0123…`");
            None
        });
        table.finish(self);
        Instances { security_group: group }
    }

    /// `x-ecs.placement`
    pub(in crate::compose::decode) fn placement_extension(
        &mut self,
        node: &Node,
    ) -> PlacementExtension {
        let level = Level::Part("`x-ecs.placement`");
        let mut out = PlacementExtension::default();
        let Some(mut table) = Table::open(self, "x-ecs.placement", node, level) else { return out };
        if let Some(node) = table.value("constraints") {
            out.constraints = self.placement_rules(node);
        }
        if let Some(node) = table.value("strategy") {
            out.strategy = self.placement_list("strategy", node, Self::placement_step);
        }
        table.finish(self);
        out
    }

    /// A list of constraints.
    pub(in crate::compose::decode) fn placement_rules(
        &mut self,
        node: &Node,
    ) -> Vec<Located<PlacementRule>> {
        self.placement_list("constraints", node, Self::placement_rule)
    }

    fn placement_list<T>(
        &mut self,
        field: &str,
        node: &Node,
        read: impl Fn(&mut Self, &Node) -> Option<T>,
    ) -> Vec<Located<T>> {
        let Some(items) = node.as_sequence() else {
            self.wrong_type(&format!("x-ecs.placement.{field}"), node, "a list");
            return Vec::new();
        };
        let one = |item: &Node| Some(Located::new(read(self, item)?, item.span));
        items.iter().filter_map(one).collect()
    }

    /// `distinctInstance`, or an expression, which may stand under `memberOf`.
    fn placement_rule(&mut self, node: &Node) -> Option<PlacementRule> {
        const FIELD: &str = "x-ecs.placement.constraints";
        if node.get("type").is_some() {
            let (kind, expression) = self.typed(FIELD, node, "expression")?;
            return match (kind.as_str(), expression) {
                ("distinctInstance", None) => Some(PlacementRule::DistinctInstance),
                ("memberOf", Some(expression)) => Some(PlacementRule::MemberOf(expression)),
                _ => {
                    let help = "write `distinctInstance`, or `memberOf: EXPRESSION`";
                    self.invalid(FIELD, node, "is no placement constraint", help);
                    None
                }
            };
        }
        if node.as_mapping().is_some() {
            let (kind, value) = self.pair(FIELD, node, &["memberOf"])?;
            return Some(PlacementRule::MemberOf(value)).filter(|_| kind == "memberOf");
        }
        let text = self.filled(FIELD, node)?.value;
        // What people quote reads as the mapping that they mean.
        let member = text.strip_prefix("memberOf:").map(|text| text.trim().to_owned());
        Some(match text.as_str() {
            "distinctInstance" => PlacementRule::DistinctInstance,
            _ => PlacementRule::MemberOf(member.unwrap_or(text)),
        })
    }

    /// `random`, or `spread: FIELD`, or `binpack: FIELD`.
    fn placement_step(&mut self, node: &Node) -> Option<PlacementStep> {
        const FIELD: &str = "x-ecs.placement.strategy";
        const HELP: &str = "write `random`, `spread: attribute:ecs.availability-zone`, `spread: \
            instanceId`, `binpack: memory` or `binpack: cpu`";
        let kinds = ["spread", "binpack"];
        let (kind, field) = if node.get("type").is_some() {
            match self.typed(FIELD, node, "field")? {
                (kind, None) if kind == "random" => {
                    return Some(PlacementStep { kind: "random", field: None });
                }
                (kind, Some(field)) if kinds.contains(&kind.as_str()) => {
                    (kinds[usize::from(kind == "binpack")], field)
                }
                _ => {
                    self.invalid(FIELD, node, "is no placement strategy", HELP);
                    return None;
                }
            }
        } else if node.as_mapping().is_some() {
            self.pair(FIELD, node, &kinds)?
        } else {
            let text = self.filled(FIELD, node)?.value;
            if text == "random" {
                return Some(PlacementStep { kind: "random", field: None });
            }
            // What people quote reads as the mapping that they mean.
            let split = text.split_once(':').and_then(|(kind, field)| {
                let kind = kinds.iter().find(|known| **known == kind.trim())?;
                Some((*kind, field.trim().to_owned()))
            });
            let Some(split) = split else {
                self.invalid(FIELD, node, "is no placement strategy", HELP);
                return None;
            };
            split
        };
        // ECS API reference, `PlacementStrategy.field`: CPU and MEMORY, in any case.
        let field = if kind == "binpack" { field.to_ascii_lowercase() } else { field };
        let good = match kind {
            "binpack" => matches!(field.as_str(), "cpu" | "memory"),
            _ => matches!(field.as_str(), "instanceId" | "host") || field.starts_with("attribute:"),
        };
        if !good {
            self.invalid(FIELD, node, "names no field that instances have", HELP);
            return None;
        }
        Some(PlacementStep { kind, field: Some(field) })
    }

    /// The form of the AWS API: `{type: KIND, WITH: TEXT}`.
    fn typed(
        &mut self,
        field: &'static str,
        node: &Node,
        with: &'static str,
    ) -> Option<(String, Option<String>)> {
        let mut table = Table::open(self, field, node, Level::Part("an entry of `placement`"))?;
        let kind = table.value("type").and_then(|node| self.filled("type", node));
        let text = table.value(with).filter(|node| !node.is_null());
        let text = text.and_then(|node| self.filled(with, node));
        table.finish(self);
        Some((kind?.value, text.map(|text| text.value)))
    }

    /// The one key of a mapping, and its text.
    fn pair(
        &mut self,
        field: &str,
        node: &Node,
        keys: &[&'static str],
    ) -> Option<(&'static str, String)> {
        let entries = node.as_mapping().map_or(&[][..], |mapping| &mapping.entries);
        if let [entry] = entries
            && let Some(key) = keys.iter().find(|key| **key == &*entry.key.text)
        {
            return Some((*key, self.filled(field, &entry.value)?.value));
        }
        let help = format!("write one of `{}` as the one key", keys.join("`, `"));
        self.invalid(field, node, "is not understood", &help);
        None
    }
}
