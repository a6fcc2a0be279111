use indexmap::IndexMap;

use super::Decoder;
use super::stage::Stage;
use super::table::Table;
use crate::compose::model::{Condition, Dependency};
use crate::compose::unsupported::Level;
use crate::source::Located;
use crate::yaml::{Kind, Node};

const STARTED: Dependency =
    Dependency { condition: Condition::Started, restart: false, required: true };

impl Decoder<'_> {
    /// `depends_on`: a list of services, or a mapping with conditions.
    pub(super) fn depends_on(&mut self, node: &Node) -> IndexMap<String, Located<Dependency>> {
        let mut out = IndexMap::new();
        match &node.kind {
            Kind::Sequence(_) => {
                for name in self.distinct("depends_on", node) {
                    out.insert(name.value, Located::new(STARTED, name.span));
                }
            }
            Kind::Mapping(mapping) => {
                for entry in &mapping.entries {
                    if let Some(dependency) = self.dependency(&entry.value) {
                        let dependency = Located::new(dependency, entry.key.span);
                        out.insert(entry.key.text.to_string(), dependency);
                    }
                }
            }
            Kind::Scalar(_) => {
                self.noted_at(Stage::Read, |d| d.wrong_type("depends_on", node, "a list"));
            }
        }
        out
    }

    fn dependency(&mut self, node: &Node) -> Option<Dependency> {
        let mut table = Table::open(self, "depends_on", node, Level::Dependency)?;
        let help = "write `condition: service_started`, `service_healthy` or \
                    `service_completed_successfully`";
        let condition = table.required(self, "condition", help).and_then(|node| {
            let condition = self.string("condition", node)?;
            match condition.value.as_str() {
                "service_started" => Some(Condition::Started),
                "service_healthy" => Some(Condition::Healthy),
                "service_completed_successfully" => Some(Condition::CompletedSuccessfully),
                _ => {
                    self.values_at(Stage::Shape, |d| {
                        d.invalid("condition", node, "is no condition", help);
                    });
                    None
                }
            }
        });
        let restart = table.value("restart").and_then(|node| self.boolean("restart", node));
        let required =
            table.value("required").and_then(|node| self.plain_boolean("required", node));
        table.finish(self);
        Some(Dependency {
            condition: condition.unwrap_or(Condition::Started),
            restart: restart.is_some_and(|restart| restart.value),
            required: required.is_none_or(|required| required.value),
        })
    }
}
