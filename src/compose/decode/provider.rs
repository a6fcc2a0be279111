use indexmap::IndexMap;

use super::Decoder;
use super::table::Table;
use crate::compose::model::Provider;
use crate::compose::scalar::{Typed, as_text, typed};
use crate::compose::unsupported::Level;
use crate::source::Located;
use crate::yaml::{Kind, Node};

impl Decoder<'_> {
    /// `provider`
    pub(super) fn provider(&mut self, node: &Node) -> Option<Located<Provider>> {
        let mut table = Table::open(self, "provider", node, Level::Provider)?;
        let kind = table.required(self, "type", "name the program");
        let options = table.value("options").map(|node| self.provider_options(node));
        table.finish(self);
        let kind = kind.and_then(|node| self.string("type", node));
        let provider = Provider {
            kind: kind?,
            options: options.unwrap_or_default(),
            extensions: super::extensions(node),
        };
        Some(Located::new(provider, node.span))
    }

    fn provider_options(&mut self, node: &Node) -> IndexMap<String, Vec<String>> {
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type("provider.options", node, "a mapping");
            return IndexMap::new();
        };
        let mut out = IndexMap::with_capacity(mapping.entries.len());
        for entry in &mapping.entries {
            if entry.key.text.starts_with("x-") || !self.text_key(&entry.key) {
                continue;
            }
            let items = match &entry.value.kind {
                Kind::Sequence(items) => items.as_slice(),
                Kind::Scalar(_) | Kind::Mapping(_) => std::slice::from_ref(&entry.value),
            };
            let mut values = Vec::with_capacity(items.len());
            for item in items {
                let scalar = item.as_scalar().filter(|scalar| typed(scalar) != Typed::Timestamp);
                match scalar.and_then(as_text) {
                    Some(text) => values.push(text.into_owned()),
                    None => {
                        let field = format!("provider.options.{}", entry.key.text);
                        self.wrong_type(&field, item, "a single value");
                    }
                }
            }
            out.insert(entry.key.text.to_string(), values);
        }
        out
    }
}
