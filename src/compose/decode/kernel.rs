use indexmap::IndexMap;

use super::Decoder;
use super::cpu::boxed;
use super::number::Numbers;
use super::stage::Stage;
use super::table::Table;
use crate::compose::model::{BlockDevice, BlockIo, KernelSettings, Ulimit};
use crate::compose::scalar::{Typed, typed};
use crate::compose::unsupported::Level;
use crate::source::Located;
use crate::yaml::{Kind, Node};

type Texts = IndexMap<String, Located<String>>;

impl Decoder<'_> {
    /// What the kernel is told about the container.
    pub(super) fn kernel(&mut self, t: &mut Table<'_>) -> Option<Box<KernelSettings>> {
        let score = |d: &mut Self, field: &str, node: &Node| d.integer(field, node, (-1000, 1000));
        boxed(KernelSettings {
            memswap_limit: self.size(t, "memswap_limit", Numbers::Any),
            mem_swappiness: self.size(t, "mem_swappiness", Numbers::Whole),
            shm_size: self.size(t, "shm_size", Numbers::Any),
            oom_kill_disable: self.read(t, "oom_kill_disable", Self::boolean),
            oom_score_adj: self.read(t, "oom_score_adj", score),
            pids_limit: self.read(t, "pids_limit", Self::cut_integer),
            blkio: self.read(t, "blkio_config", |d, _, node| d.block_io(node)),
            sysctls: t
                .value("sysctls")
                .map(|node| self.labels("sysctls", node))
                .unwrap_or_default(),
            ulimits: t.value("ulimits").map(|node| self.ulimits(node)).unwrap_or_default(),
            storage_opt: t.value("storage_opt").map(|node| self.storage(node)).unwrap_or_default(),
        })
    }

    fn block_io(&mut self, node: &Node) -> Option<Located<BlockIo>> {
        let mut table = Table::open(self, "blkio_config", node, Level::BlockIo)?;
        let t = &mut table;
        let mut list = |d: &mut Self, key: &'static str| {
            let key_of_value = if key == "weight_device" { "weight" } else { "rate" };
            t.value(key).map(|node| d.block_devices(key, key_of_value, node)).unwrap_or_default()
        };
        let io = BlockIo {
            weight_device: list(self, "weight_device"),
            device_read_bps: list(self, "device_read_bps"),
            device_read_iops: list(self, "device_read_iops"),
            device_write_bps: list(self, "device_write_bps"),
            device_write_iops: list(self, "device_write_iops"),
            weight: self.read(t, "weight", Self::weight),
        };
        table.finish(self);
        Some(Located::new(io, node.span))
    }

    /// A weight is never a text, whatever its name says elsewhere.
    fn weight(&mut self, field: &str, node: &Node) -> Option<Located<u16>> {
        if matches!(node.as_scalar().map(typed), Some(Typed::Text(_))) {
            self.noted_at(Stage::Whole, |d| d.wrong_type(field, node, "a whole number"));
            return None;
        }
        let number = self.natural(field, node, i64::MAX)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the reference keeps 16 bits"
        )]
        Some(number.map(|number| number as u16))
    }

    fn block_devices(
        &mut self,
        field: &'static str,
        key: &'static str,
        node: &Node,
    ) -> Vec<Located<BlockDevice>> {
        let Some(items) = node.as_sequence() else {
            self.wrong_type(field, node, "a list");
            return Vec::new();
        };
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            let Some(mut table) = Table::open(self, field, item, Level::BlockDevice) else {
                continue;
            };
            let path = self.read(&mut table, "path", Self::string);
            let value = if key == "weight" {
                self.read(&mut table, key, Self::weight).map(|weight| i64::from(weight.value))
            } else {
                self.size(&mut table, key, Numbers::Whole).map(|rate| rate.value)
            };
            table.finish(self);
            let device = BlockDevice {
                path: path.map(|path| path.value).unwrap_or_default(),
                value: value.unwrap_or_default(),
            };
            out.push(Located::new(device, item.span));
        }
        out
    }

    /// `ulimits`. Names that are not of small letters alone are taken without a look at their value.
    pub(super) fn ulimits(&mut self, node: &Node) -> IndexMap<String, Located<Ulimit>> {
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type("ulimits", node, "a mapping");
            return IndexMap::new();
        };
        let mut out = IndexMap::with_capacity(mapping.entries.len());
        for entry in &mapping.entries {
            if entry.key.text.starts_with("x-") || !self.text_key(&entry.key) {
                continue;
            }
            let name = format!("ulimits.{}", entry.key.text);
            if let Some(limit) = self.ulimit(&name, &entry.value) {
                let limit = Located::new(limit, entry.value.span);
                out.insert(entry.key.text.to_string(), limit);
            }
        }
        out
    }

    fn ulimit(&mut self, field: &str, node: &Node) -> Option<Ulimit> {
        if matches!(node.kind, Kind::Scalar(_)) {
            // The reference makes a number of a text when it looks at variables, and only then.
            if self.is_written && matches!(node.as_scalar().map(typed), Some(Typed::Text(_))) {
                self.wrong_type(field, node, "a whole number");
                return None;
            }
            return Some(Ulimit::Single(self.limit(field, node)?));
        }
        let mut table = Table::open(self, field, node, Level::Ulimit)?;
        let help = "write both: `{soft: 1024, hard: 2048}`";
        let soft = table.required(self, "soft", help);
        let hard = table.required(self, "hard", help);
        table.finish(self);
        let soft = soft.and_then(|node| self.limit("soft", node));
        let hard = hard.and_then(|node| self.limit("hard", node));
        Some(Ulimit::Pair { soft: soft?, hard: hard? })
    }

    fn limit(&mut self, field: &str, node: &Node) -> Option<i64> {
        if matches!(node.as_scalar().map(typed), Some(Typed::Float(_))) {
            self.noted_at(Stage::Read, |d| d.wrong_type(field, node, "a whole number"));
            return None;
        }
        Some(self.integer(field, node, (i64::MIN, i64::MAX))?.value)
    }

    /// `storage_opt`: texts, and whole numbers as their text.
    fn storage(&mut self, node: &Node) -> Texts {
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type("storage_opt", node, "a mapping");
            return Texts::new();
        };
        let mut out = Texts::with_capacity(mapping.entries.len());
        for entry in &mapping.entries {
            if !self.text_key(&entry.key) {
                continue;
            }
            self.extension_name("storage_opt", &entry.key.text, entry.key.span);
            let field = format!("storage_opt.{}", entry.key.text);
            let value = match entry.value.as_scalar().map(typed) {
                Some(Typed::Int(number)) => {
                    Some(Located::new(number.to_string(), entry.value.span))
                }
                Some(Typed::Null) => Some(Located::new(String::new(), entry.value.span)),
                _ => self.noted_at(Stage::Whole, |d| d.string(&field, &entry.value)),
            };
            out.extend(value.map(|value| (entry.key.text.to_string(), value)));
        }
        out
    }
}
