use super::Decoder;
use super::size::parse_bytes;
use super::stage::Stage;
use super::table::Table;
use crate::compose::scalar::{Typed, typed};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::Node;

/// Beyond this no size is meant, and sums stay within 64 bits.
const MAX_SIZE: i64 = 1 << 60;

/// What an attribute that takes a size says of bare numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Any number; a fraction is dropped as the reference drops it.
    Any,
    /// Whole numbers alone.
    Whole,
}

impl Decoder<'_> {
    /// A whole number where the reference takes any number and cuts its fraction off.
    pub(super) fn cut_integer(&mut self, field: &str, node: &Node) -> Option<Located<i64>> {
        match node.as_scalar().map(typed) {
            Some(Typed::Float(number)) if number.abs() < 9e18 => {
                #[expect(clippy::cast_possible_truncation, reason = "checked to be in range")]
                let cut = number as i64;
                Some(Located::new(cut, node.span))
            }
            _ => self.integer(field, node, (i64::MIN, i64::MAX)),
        }
    }

    /// An attribute that is a size in bytes, where a bare number may be negative: -1 stands for no
    /// limit.
    pub(super) fn size(
        &mut self,
        table: &mut Table<'_>,
        field: &'static str,
        numbers: Numbers,
    ) -> Option<Located<i64>> {
        let node = table.value(field)?;
        let size = match node.as_scalar().map(typed) {
            Some(Typed::Int(number)) => Some(number).filter(|&number| number <= MAX_SIZE),
            Some(Typed::Float(number)) if numbers == Numbers::Any || number.fract() == 0.0 => {
                self.fraction_is_dropped(field, node);
                return None;
            }
            Some(Typed::Text(text)) => parse_bytes(text)
                .and_then(|bytes| i64::try_from(bytes).ok())
                .filter(|&bytes| bytes <= MAX_SIZE),
            Some(Typed::Unsigned(_)) => {
                self.fraction_is_dropped(field, node);
                return None;
            }
            Some(Typed::Float(_)) => None,
            _ => {
                self.wrong_type(field, node, "a size");
                return None;
            }
        };
        if size.is_none() {
            let help = "write a size such as `512m`, `1.5g` or `64MiB`";
            self.values_at(Stage::Whole, |d| d.invalid(field, node, "is no size", help));
        }
        size.map(|size| Located::new(size, node.span))
    }

    /// Sizes that YAML takes for a float, or for more than 63 bits, never arrive.
    fn fraction_is_dropped(&mut self, field: &str, node: &Node) {
        let message =
            format!("`{field}` has no effect: docker compose drops numbers like this one");
        let fault = Diagnostic::warning(Code::InvalidValue, message)
            .help("write a whole number of bytes, or a size such as `512m`");
        self.report_at(fault, node, "no whole number of 63 bits");
    }
}
