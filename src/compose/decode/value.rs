use std::time::Duration;

use super::Decoder;
use super::size::{parse_bytes, parse_duration};
use super::stage::Stage;
use crate::compose::scalar::{Typed, typed};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::{Kind, Node};

impl Decoder<'_> {
    /// Takes a diagnostic in, with the service that is being read.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        if self.counts(&diagnostic) {
            let diagnostic = self.named(diagnostic);
            self.diagnostics.push(diagnostic);
        }
    }

    /// Takes in what becomes of an attribute on ECS.
    pub(super) fn outcome(&mut self, diagnostic: Diagnostic) {
        let diagnostic = self.named(diagnostic);
        self.outcomes.push(diagnostic);
    }

    fn named(&self, diagnostic: Diagnostic) -> Diagnostic {
        match &self.service {
            Some(service) => diagnostic.service(service.to_string()),
            None => diagnostic,
        }
    }

    /// Reads what was read and checked before, without saying its faults again.
    pub(super) fn quietly<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::take(self.diagnostics);
        let value = read(self);
        *self.diagnostics = before;
        value
    }

    /// Reads what Compose takes more of than ECS does: where the reading of Compose's went well, the
    /// faults of this one are no faults of the file.
    pub(super) fn for_ecs<T>(&mut self, is_good: bool, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::take(self.diagnostics);
        let value = read(self);
        let found = std::mem::replace(self.diagnostics, before);
        if is_good {
            self.outcomes.extend(found);
        }
        value
    }

    /// Points a diagnostic at a value, and at the alias that brought it here.
    pub(super) fn report_at(&mut self, fault: Diagnostic, node: &Node, label: &str) {
        let fault = fault.at(node.span, label);
        let fault = self.used_at(fault, node);
        self.report(fault);
    }

    /// Adds the place of the alias that brought a value here.
    pub(super) fn used_at(&self, fault: Diagnostic, node: &Node) -> Diagnostic {
        match node.alias {
            Some(alias) => fault.at(alias, "used here"),
            None => fault,
        }
    }

    /// A value as messages may show it: as it was written, never with a variable's value in it.
    pub(super) fn show(&self, node: &Node) -> String {
        let Kind::Scalar(scalar) = &node.kind else { return "this".into() };
        let text = if scalar.interpolated { self.sources.slice(node.span) } else { &scalar.text };
        let line = text.lines().next().unwrap_or_default();
        let cut: String = line.chars().take(60).collect();
        if cut.len() < text.len() { format!("`{cut}…`") } else { format!("`{cut}`") }
    }

    /// Reports a value of another type than the attribute takes.
    pub(super) fn wrong_type(&mut self, field: &str, node: &Node, wanted: &str) {
        let found = match &node.kind {
            Kind::Scalar(scalar) => typed(scalar).name(),
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
        };
        let help = match (&node.kind, wanted) {
            (Kind::Scalar(scalar), _) if scalar.is_null() => {
                format!("give `{field}` a value, or remove the key")
            }
            (Kind::Scalar(scalar), "text" | "a list of texts") if wanted == "text" => {
                format!("put it into quotes: \"{}\"", scalar.text)
            }
            (Kind::Scalar(scalar), "a list of texts") if typed(scalar).name() != "text" => {
                format!("put it into quotes: \"{}\"", scalar.text)
            }
            (Kind::Scalar(_), "a list" | "a list of texts") => {
                "write a list: each entry on its own line after `- `, or `[a, b]`".to_owned()
            }
            (Kind::Scalar(_), "a mapping") => "write `key: value` lines below it".to_owned(),
            _ => format!("`{field}` takes {wanted}"),
        };
        let fault =
            Diagnostic::error(Code::WrongType, format!("`{field}` must be {wanted}")).help(help);
        self.report_at(fault, node, &format!("this is {found}"));
    }

    /// Reports a value that the attribute does not take.
    pub(super) fn invalid(&mut self, field: &str, node: &Node, why: &str, help: &str) {
        let message = format!("{} {why}", self.show(node));
        let message =
            if message.contains(field) { message } else { format!("`{field}`: {message}") };
        let fault = Diagnostic::error(Code::InvalidValue, message).help(help);
        self.report_at(fault, node, "");
    }

    /// Reports a value of which no number can be made. Of a text that is seen at `stage`, when one is
    /// made of it.
    fn no_number(&mut self, field: &str, node: &Node, why: &str, help: &str, stage: Stage) {
        let is_text = matches!(node.as_scalar().map(typed), Some(Typed::Text(_)));
        let stage = if is_text { stage } else { Stage::Shape };
        self.values_at(stage, |d| d.invalid(field, node, why, help));
    }

    /// A text.
    pub(super) fn string(&mut self, field: &str, node: &Node) -> Option<Located<String>> {
        match node.as_scalar().map(typed) {
            Some(Typed::Text(text)) => Some(Located::new(text.to_owned(), node.span)),
            _ => {
                self.wrong_type(field, node, "text");
                None
            }
        }
    }

    /// A text that is not empty; an empty one counts as absent, as in Compose.
    pub(super) fn filled(&mut self, field: &str, node: &Node) -> Option<Located<String>> {
        self.string(field, node).filter(|text| !text.value.is_empty())
    }

    /// A list of texts.
    pub(super) fn strings(&mut self, field: &str, node: &Node) -> Vec<Located<String>> {
        let Some(items) = node.as_sequence() else {
            self.wrong_type(field, node, "a list of texts");
            return Vec::new();
        };
        items.iter().filter_map(|item| self.string(field, item)).collect()
    }

    /// A boolean; `"true"`, `yes`, `on` and their opposites count too.
    pub(super) fn boolean(&mut self, field: &str, node: &Node) -> Option<Located<bool>> {
        let value = match node.as_scalar().map(typed) {
            Some(Typed::Bool(value)) => Some(value),
            Some(Typed::Text(text)) => match text.to_ascii_lowercase().as_str() {
                "true" | "y" | "yes" | "on" => Some(true),
                "false" | "n" | "no" | "off" => Some(false),
                _ => None,
            },
            _ => {
                self.wrong_type(field, node, "a boolean");
                return None;
            }
        };
        if value.is_none() {
            self.invalid(field, node, "is no boolean", "write `true` or `false`");
        }
        value.map(|value| Located::new(value, node.span))
    }

    /// A whole number within `range`, inclusive.
    pub(super) fn integer(
        &mut self,
        field: &str,
        node: &Node,
        (low, high): (i64, i64),
    ) -> Option<Located<i64>> {
        let number = match node.as_scalar().map(typed) {
            Some(Typed::Int(number)) => Some(number),
            Some(Typed::Unsigned(_)) => Some(i64::MAX),
            Some(Typed::Float(number)) => whole(number),
            Some(Typed::Text(text)) => text.parse().ok(),
            _ => {
                self.wrong_type(field, node, "a whole number");
                return None;
            }
        };
        match number {
            None => {
                self.no_number(field, node, "is no whole number", "write digits only", Stage::Cast);
                None
            }
            Some(number) => {
                self.values_at(Stage::Shape, |d| d.within(field, node, number, (low, high)))
            }
        }
    }

    /// The number, when it is in the range; it is reported otherwise.
    pub(super) fn within(
        &mut self,
        field: &str,
        node: &Node,
        number: i64,
        (low, high): (i64, i64),
    ) -> Option<Located<i64>> {
        let (why, help) = if number < low {
            (format!("is less than {low}"), format!("the least is {low}"))
        } else if number > high {
            (format!("is more than {high}"), format!("the most is {high}"))
        } else {
            return Some(Located::new(number, node.span));
        };
        self.invalid(field, node, &why, &help);
        None
    }

    /// A whole number of 0 or more, which nobody but the reference's model asks for.
    pub(super) fn natural(&mut self, field: &str, node: &Node, high: i64) -> Option<Located<i64>> {
        let number = self.integer(field, node, (i64::MIN, i64::MAX))?.value;
        self.values_at(Stage::Whole, |d| d.within(field, node, number, (0, high)))
    }

    /// A whole number that fits `u32`.
    pub(super) fn count(&mut self, field: &str, node: &Node, high: u32) -> Option<Located<u32>> {
        let number = self.natural(field, node, i64::from(high))?;
        Some(number.map(|number| u32::try_from(number).unwrap_or(u32::MAX)))
    }

    /// A number that is not negative.
    pub(super) fn number(&mut self, field: &str, node: &Node) -> Option<Located<f64>> {
        #[expect(clippy::cast_precision_loss, reason = "shares of processors are small")]
        let number = match node.as_scalar().map(typed) {
            Some(Typed::Int(number)) => Some(number as f64),
            Some(Typed::Unsigned(number)) => Some(number as f64),
            Some(Typed::Float(number)) => Some(number),
            Some(Typed::Text(text)) => {
                text.parse().ok().filter(|_| !text.ends_with(|c: char| c.is_alphabetic()))
            }
            _ => {
                self.wrong_type(field, node, "a number");
                return None;
            }
        };
        match number {
            Some(number) if number.is_finite() && number >= 0.0 => {
                Some(Located::new(number, node.span))
            }
            Some(number) if number < 0.0 => {
                let help = "write a number of 0 or more";
                self.values_at(Stage::Whole, |d| d.invalid(field, node, "is negative", help));
                None
            }
            _ => {
                let help = "write a number such as `0.5`";
                self.no_number(field, node, "is no number", help, Stage::Cast);
                None
            }
        }
    }

    /// An amount of memory in bytes. `numbers`: whether bare numbers are taken, too.
    pub(super) fn bytes(
        &mut self,
        field: &str,
        node: &Node,
        numbers: bool,
    ) -> Option<Located<u64>> {
        const HELP: &str = "write a size such as `512m`, `1.5g` or `64MiB`";
        let bytes = match node.as_scalar().map(typed) {
            Some(Typed::Int(number)) if numbers => u64::try_from(number).ok(),
            Some(Typed::Unsigned(number)) if numbers => Some(number),
            Some(Typed::Float(number)) if numbers => {
                whole(number).and_then(|number| u64::try_from(number).ok())
            }
            Some(Typed::Text(text)) => parse_bytes(text),
            _ => {
                self.wrong_type(field, node, if numbers { "a size" } else { "text" });
                return None;
            }
        };
        // Beyond this no size is meant, and sums stay within 64 bits.
        let bytes = bytes.filter(|&bytes| bytes <= 1 << 60);
        if bytes.is_none() {
            self.no_number(field, node, "is no size", HELP, Stage::Whole);
        }
        bytes.map(|bytes| Located::new(bytes, node.span))
    }

    /// A duration with units.
    pub(super) fn duration(&mut self, field: &str, node: &Node) -> Option<Located<Duration>> {
        const HELP: &str = "write a number with a unit: `500ms`, `10s`, `1m30s`";
        let Some(Typed::Text(text)) = node.as_scalar().map(typed) else {
            if let Some(Typed::Int(number)) = node.as_scalar().map(typed) {
                let help = format!("a unit is missing: `{number}s` for seconds");
                let message = format!("`{field}` must be a duration");
                let fault = Diagnostic::error(Code::WrongType, message).help(help);
                self.report_at(fault, node, "this is a number");
            } else {
                self.wrong_type(field, node, "text");
            }
            return None;
        };
        let duration = parse_duration(text);
        if duration.is_none() {
            self.values_at(Stage::Whole, |d| d.invalid(field, node, "is no duration", HELP));
        }
        duration.map(|duration| Located::new(duration, node.span))
    }
}

/// A float that is a whole number.
fn whole(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}
