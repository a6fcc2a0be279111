use super::Shape;
use crate::compose::canonical::short;
use crate::compose::decode::Decoder;
use crate::compose::decode::stage::Stage;
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
        let not_zero = |number: i64| (number != 0).then_some(Setting::Whole(number));
        let found = node.as_scalar().map(typed);
        match (shape, found) {
            (Shape::StrictWhole | Shape::Cut | Shape::TmpfsMode, Some(Typed::Text(_))) => {
                // Compose's schema takes texts for these.
                let is_late = matches!(field, "soft" | "hard" | "mode");
                let stage = if is_late { Stage::Whole } else { Stage::Shape };
                self.noted_at(stage, |d| d.wrong_type(field, node, "a number"));
                None
            }
            (Shape::Cut, _) => not_zero(self.cut_integer(field, node)?.value),
            (Shape::StrictWhole | Shape::Whole, _) => not_zero(self.late(field, node)?),
            (Shape::Amount, _) => self.late(field, node).map(Setting::Whole),
            (Shape::Count, _) => {
                self.natural(field, node, i64::MAX).map(|n| Setting::Whole(n.value))
            }
            (Shape::Natural, _) => not_zero(self.natural(field, node, i64::MAX)?.value),
            (Shape::Ratio, _) => {
                let ratio = short(self.number(field, node)?.value);
                if ratio.is_infinite() {
                    self.invalid(field, node, "is too large", "write a number from 0 to 1");
                    return None;
                }
                (ratio != 0.0).then_some(Setting::Number(ratio))
            }
            (Shape::Cpus, _) => {
                let cpus = self.values_at(Stage::Whole, |d| d.cpus(field, node))?;
                Some(Setting::Number(short(cpus.value)))
            }
            (Shape::Mode, Some(Typed::Text(text))) => match i64::from_str_radix(text, 8) {
                Ok(mode) => Some(Setting::Text(file_mode(mode))),
                Err(_) => {
                    let help = "write it in octal: `0440`";
                    self.values_at(Stage::Whole, |d| {
                        d.invalid(field, node, "is no file mode", help);
                    });
                    None
                }
            },
            (Shape::Mode, Some(Typed::Int(mode))) => Some(Setting::Text(file_mode(mode))),
            (Shape::Mode, _) => {
                self.wrong_type(field, node, "a file mode");
                None
            }
            (Shape::TmpfsMode, _) => {
                not_zero(self.natural(field, node, i64::from(u32::MAX))?.value)
            }
            (Shape::DeviceCount, Some(Typed::Text(text))) if text.eq_ignore_ascii_case("all") => {
                Some(Setting::Whole(-1))
            }
            _ => not_zero(self.late(field, node)?),
        }
    }

    /// A whole number that the reference reads last of all.
    fn late(&mut self, field: &str, node: &Node) -> Option<i64> {
        let number = self.values_at(Stage::Whole, |d| d.integer(field, node, (i64::MIN, i64::MAX)));
        Some(number?.value)
    }
}

/// The form in which Compose prints permissions.
fn file_mode(mode: i64) -> String {
    let sign = if mode < 0 { "-" } else { "" };
    format!("0{sign}{:o}", mode.unsigned_abs())
}
