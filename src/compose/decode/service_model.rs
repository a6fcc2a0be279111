use indexmap::IndexMap;

use super::Decoder;
use super::table::Table;
use crate::compose::model::ServiceModel;
use crate::compose::unsupported::Level;
use crate::source::Located;
use crate::yaml::{Kind, Node};

impl Decoder<'_> {
    /// `models` of a service: a list of names, or a mapping.
    pub(super) fn service_models(
        &mut self,
        node: &Node,
    ) -> IndexMap<String, Located<Option<ServiceModel>>> {
        let mut out = IndexMap::new();
        match &node.kind {
            Kind::Sequence(_) => {
                for name in self.distinct("models", node) {
                    out.insert(name.value, Located::new(None, name.span));
                }
            }
            Kind::Mapping(mapping) => {
                for entry in &mapping.entries {
                    if !self.text_key(&entry.key) {
                        continue;
                    }
                    let value = &entry.value;
                    let model = if value.is_null() { None } else { self.service_model(value) };
                    out.insert(entry.key.text.to_string(), Located::new(model, entry.key.span));
                }
            }
            Kind::Scalar(_) => self.wrong_type("models", node, "a list"),
        }
        out
    }

    fn service_model(&mut self, node: &Node) -> Option<ServiceModel> {
        let mut table = Table::open(self, "models", node, Level::ServiceModel)?;
        let mut text = |d: &mut Self, key: &'static str| {
            d.read(&mut table, key, Self::string).map(|text| text.value).unwrap_or_default()
        };
        let model = ServiceModel {
            endpoint_var: text(self, "endpoint_var"),
            model_var: text(self, "model_var"),
            extensions: super::extensions(node),
        };
        table.finish(self);
        Some(model)
    }
}
