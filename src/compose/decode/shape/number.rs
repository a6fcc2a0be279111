use super::Shape;
use crate::compose::canonical::short;
use crate::compose::decode::Decoder;
use crate::compose::model::Setting;
use crate::compose::scalar::{Typed, typed};
use crate::yaml::Node;

impl Decoder<'_> {
    /// What is a number once it is read, in one of the forms that it may be written in.
    pub(super) fn number_setting(
        &mut self,
        field: &str,
        node: &Node,
        shape: Shape,
    ) -> Option<Setting> {
        const ALL: (i64, i64) = (i64::MIN, i64::MAX);
        let not_zero = |number: i64| (number != 0).then_some(Setting::Whole(number));
        let found = node.as_scalar().map(typed);
        match (shape, found) {
            (Shape::TmpfsMode, Some(Typed::Text(_))) if self.is_written => None,
            (Shape::StrictWhole, Some(Typed::Text(_))) => {
                self.wrong_type(field, node, "a number");
                None
            }
            (Shape::StrictWhole | Shape::Whole, _) => {
                not_zero(self.integer(field, node, ALL)?.value)
            }
            (Shape::Amount, _) => self.integer(field, node, ALL).map(|n| Setting::Whole(n.value)),
            (Shape::Count, _) => {
                self.integer(field, node, (0, i64::MAX)).map(|n| Setting::Whole(n.value))
            }
            (Shape::Natural, _) => not_zero(self.integer(field, node, (0, i64::MAX))?.value),
            (Shape::Ratio, _) => {
                let ratio = short(self.number(field, node)?.value);
                if ratio.is_infinite() {
                    self.invalid(field, node, "is too large", "write a number from 0 to 1");
                    return None;
                }
                (ratio != 0.0).then_some(Setting::Number(ratio))
            }
            (Shape::Cpus, _) => {
                self.cpus(field, node).map(|cpus| Setting::Number(short(cpus.value)))
            }
            (Shape::Mode, Some(Typed::Text(text))) => match i64::from_str_radix(text, 8) {
                Ok(mode) => Some(Setting::Text(file_mode(mode))),
                Err(_) => {
                    self.invalid(field, node, "is no file mode", "write it in octal: `0440`");
                    None
                }
            },
            (Shape::Mode, Some(Typed::Int(mode))) => Some(Setting::Text(file_mode(mode))),
            (Shape::Mode, _) => {
                self.wrong_type(field, node, "a file mode");
                None
            }
            (Shape::TmpfsMode, Some(Typed::Text(_))) => {
                self.wrong_type(field, node, "a number");
                None
            }
            (Shape::TmpfsMode, _) => {
                not_zero(self.integer(field, node, (0, i64::from(u32::MAX)))?.value)
            }
            (Shape::DeviceCount, Some(Typed::Text(text))) if text.eq_ignore_ascii_case("all") => {
                Some(Setting::Whole(-1))
            }
            _ => not_zero(self.integer(field, node, ALL)?.value),
        }
    }
}

/// The form in which Compose prints permissions.
fn file_mode(mode: i64) -> String {
    let sign = if mode < 0 { "-" } else { "" };
    format!("0{sign}{:o}", mode.unsigned_abs())
}
