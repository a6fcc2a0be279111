use super::Decoder;
use super::stage::Stage;
use super::table::Table;
use crate::compose::model::{HealthTest, Healthcheck};
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::{Kind, Node};

impl Decoder<'_> {
    /// `healthcheck`
    pub(super) fn healthcheck(&mut self, node: &Node) -> Option<Located<Healthcheck>> {
        let mut table = Table::open(self, "healthcheck", node, Level::Healthcheck)?;
        let disable = table.value("disable");
        let disabled = disable.and_then(|node| self.boolean("disable", node));
        let test = table.value("test").and_then(|node| self.health_test(node));
        let mut duration = |decoder: &mut Self, key: &'static str| {
            table.value(key).and_then(|node| decoder.duration(key, node))
        };
        let interval = duration(self, "interval");
        let timeout = duration(self, "timeout");
        let start_period = duration(self, "start_period");
        let start_interval = duration(self, "start_interval");
        let retries = table.value("retries").and_then(|node| self.retries(node));
        table.finish(self);
        let test = match disabled {
            Some(Located { value: true, span }) => Some(Located::new(HealthTest::None, span)),
            _ => test,
        };
        let check = Healthcheck { test, interval, timeout, retries, start_period, start_interval };
        Some(Located::new(check, node.span))
    }

    /// A number whose fraction is cut off.
    pub(super) fn retries(&mut self, node: &Node) -> Option<Located<u32>> {
        let number = self.cut_integer("retries", node)?;
        match u32::try_from(number.value) {
            Ok(retries) => Some(number.map(|_| retries)),
            Err(_) => {
                let help = "write a whole number of 0 or more";
                self.values_at(Stage::Whole, |d| {
                    d.invalid("retries", node, "is out of range", help);
                });
                None
            }
        }
    }

    /// A text for a shell, or a list that starts with `CMD`, `CMD-SHELL` or `NONE`.
    pub(super) fn health_test(&mut self, node: &Node) -> Option<Located<HealthTest>> {
        if let Kind::Scalar(_) = node.kind {
            return Some(self.string("test", node)?.map(HealthTest::Shell));
        }
        let Some(items) = node.as_sequence() else {
            self.wrong_type("test", node, "a list of texts");
            return None;
        };
        let words: Vec<String> =
            self.strings("test", node).into_iter().map(|word| word.value).collect();
        if words.len() != items.len() {
            return None;
        }
        let (first, rest) = words.split_first()?;
        let test = match first.as_str() {
            "NONE" => HealthTest::None,
            "CMD" if !rest.is_empty() => HealthTest::Command(rest.to_vec()),
            "CMD-SHELL" if !rest.is_empty() => {
                self.one_line(node, rest.len());
                HealthTest::Shell(rest[0].clone())
            }
            "CMD" | "CMD-SHELL" => {
                let help = "write the command after it: `[CMD, curl, -f, http://localhost/]`";
                // The reference leaves it to the engine to refuse that.
                let message = format!("`test`: `{first}` has no command after it");
                let fault = Diagnostic::error(Code::InvalidValue, message).at(items[0].span, "");
                self.outcome(self.used_at(fault, &items[0]).help(help));
                return None;
            }
            _ => {
                let help = "start the list with `CMD` or `CMD-SHELL`, or write one text";
                self.values_at(Stage::Whole, |d| {
                    d.invalid("test", &items[0], "does not start a health check", help);
                });
                // There is a check, whatever is wrong with it.
                HealthTest::Shell(words.join(" "))
            }
        };
        Some(Located::new(test, node.span))
    }

    fn one_line(&mut self, node: &Node, words: usize) {
        if words > 1 {
            let fault = Diagnostic::warning(
                Code::InvalidValue,
                "`CMD-SHELL` runs the one text after it; what follows is not part of the command",
            )
            .help("write the whole command line as one text, or use `CMD`");
            self.report_at(fault, node, "");
        }
    }
}
