use indexmap::IndexMap;

use super::Decoder;
use super::cpu::boxed;
use super::table::Table;
use crate::compose::model::{Hook, Hooks};
use crate::compose::unsupported::Level;
use crate::source::Located;
use crate::yaml::Node;

impl Decoder<'_> {
    /// `post_start` and `pre_stop`.
    pub(super) fn hooks(&mut self, t: &mut Table<'_>) -> Option<Box<Hooks>> {
        let mut list = |d: &mut Self, key: &'static str| {
            t.value(key).map(|node| d.hook_list(key, node)).unwrap_or_default()
        };
        boxed(Hooks { post_start: list(self, "post_start"), pre_stop: list(self, "pre_stop") })
    }

    fn hook_list(&mut self, field: &'static str, node: &Node) -> Vec<Located<Hook>> {
        let Some(items) = node.as_sequence() else {
            self.wrong_type(field, node, "a list");
            return Vec::new();
        };
        items.iter().filter_map(|item| self.hook(field, item)).collect()
    }

    fn hook(&mut self, field: &'static str, node: &Node) -> Option<Located<Hook>> {
        let mut table = Table::open(self, field, node, Level::Hook)?;
        let t = &mut table;
        let help = "write what to run: `command: [sh, -c, …]`";
        let command = t.required(self, "command", help);
        let environment = t.value("environment");
        let hook = Hook {
            command: command.and_then(|node| self.command("command", node)),
            user: self.read(t, "user", Self::filled),
            privileged: self.read(t, "privileged", Self::boolean),
            working_dir: self.read(t, "working_dir", Self::filled),
            environment: environment
                .map(|node| self.key_values("environment", node))
                .unwrap_or_else(IndexMap::new),
            extensions: super::extensions(node),
        };
        table.finish(self);
        Some(Located::new(hook, node.span))
    }
}
