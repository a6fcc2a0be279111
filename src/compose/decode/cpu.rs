use super::Decoder;
use super::stage::Stage;
use super::table::Table;
use crate::compose::model::CpuSettings;
use crate::compose::scalar::{Typed, typed};
use crate::source::Located;
use crate::yaml::Node;

impl Decoder<'_> {
    /// `cpuset` and the `cpu_…` attributes.
    pub(super) fn cpu(&mut self, t: &mut Table<'_>) -> Option<Box<CpuSettings>> {
        let count = |d: &mut Self, field: &str, node: &Node| d.integer(field, node, (0, i64::MAX));
        boxed(CpuSettings {
            count: self.read(t, "cpu_count", count),
            percent: self.read(t, "cpu_percent", Self::percent),
            period: self.read(t, "cpu_period", Self::cut_integer),
            quota: self.read(t, "cpu_quota", Self::cut_integer),
            rt_period: self.read(t, "cpu_rt_period", Self::cut_integer),
            rt_runtime: self.read(t, "cpu_rt_runtime", Self::cut_integer),
            shares: self.read(t, "cpu_shares", Self::cut_integer),
            set: self.read(t, "cpuset", Self::filled),
        })
    }

    /// A whole number of percent, which a text may write with a point.
    fn percent(&mut self, field: &str, node: &Node) -> Option<Located<f64>> {
        let help = "write a whole number from 0 to 100";
        let number = match node.as_scalar().map(typed) {
            Some(Typed::Text(_) | Typed::Int(_) | Typed::Float(_)) => self.number(field, node)?,
            _ => {
                self.wrong_type(field, node, "a number");
                return None;
            }
        };
        if number.value.fract() != 0.0 || number.value > 100.0 {
            self.values_at(Stage::Shape, |d| d.invalid(field, node, "is no percentage", help));
            return None;
        }
        Some(number)
    }
}

/// Nothing, where no attribute of a group is set: most services set none.
pub(super) fn boxed<T: Default + PartialEq>(group: T) -> Option<Box<T>> {
    (group != T::default()).then(|| Box::new(group))
}
