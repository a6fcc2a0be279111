use super::Decoder;
use super::table::Table;
use crate::compose::model::Logging;
use crate::compose::scalar::{Typed, typed};
use crate::compose::unsupported::Level;
use crate::source::Located;
use crate::yaml::Node;

impl Decoder<'_> {
    /// `logging`
    pub(super) fn logging(&mut self, node: &Node) -> Option<Located<Logging>> {
        let mut table = Table::open(self, "logging", node, Level::Logging)?;
        let driver = self.read(&mut table, "driver", Self::filled);
        let options = table.value("options");
        table.finish(self);
        let mut logging =
            Logging { driver, extensions: super::extensions(node), ..Logging::default() };
        if let Some(options) = options {
            if options.as_mapping().is_some() {
                self.no_booleans("logging.options", options);
                logging.options = self.labels("logging.options", options);
            } else {
                self.wrong_type("logging.options", options, "a mapping");
            }
        }
        Some(Located::new(logging, node.span))
    }

    fn no_booleans(&mut self, field: &str, node: &Node) {
        for entry in node.as_mapping().into_iter().flat_map(|mapping| &mapping.entries) {
            if let Some(Typed::Bool(_)) = entry.value.as_scalar().map(typed) {
                self.wrong_type(&format!("{field}.{}", entry.key.text), &entry.value, "text");
            }
        }
    }
}
