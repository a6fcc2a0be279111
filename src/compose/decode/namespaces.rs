use super::Decoder;
use super::cpu::boxed;
use super::stage::Stage;
use super::table::Table;
use crate::compose::model::Namespaces;
use crate::source::Located;
use crate::yaml::Node;

impl Decoder<'_> {
    /// `network_mode` and its like.
    pub(super) fn namespaces(&mut self, t: &mut Table<'_>) -> Option<Box<Namespaces>> {
        boxed(Namespaces {
            cgroup: self.read(t, "cgroup", Self::cgroup),
            cgroup_parent: self.read(t, "cgroup_parent", Self::filled),
            ipc: self.read(t, "ipc", Self::filled),
            isolation: self.read(t, "isolation", Self::filled),
            network_mode: self.read(t, "network_mode", Self::string),
            pid: self.read(t, "pid", Self::filled),
            userns_mode: self.read(t, "userns_mode", Self::filled),
            uts: self.read(t, "uts", Self::filled),
        })
    }

    fn cgroup(&mut self, field: &str, node: &Node) -> Option<Located<String>> {
        let text = self.string(field, node)?;
        if !matches!(text.value.as_str(), "host" | "private") {
            let why = "is neither `host` nor `private`";
            self.values_at(Stage::Shape, |d| d.invalid(field, node, why, "write one of the two"));
            return None;
        }
        Some(text)
    }
}
