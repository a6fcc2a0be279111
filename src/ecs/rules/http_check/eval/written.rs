//! What commands write, and what is looked for in it.

use super::Run;
use crate::ecs::rules::http_check::client::{Prints, STATUS};
use crate::ecs::rules::http_check::codes::{Codes, DOWN, reason};
use crate::ecs::rules::http_check::options::{Item, options};
use crate::ecs::rules::http_check::pattern::Pattern;

/// What a command writes.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    /// The request that it is an answer of, by its place among those that were made.
    pub(super) of: Option<usize>,
    /// Whether that is the one that has every outcome.
    pub(super) is_focus: bool,
    pub(super) prints: Prints,
    /// Whether parts of it were cut out.
    pub(super) is_cut: bool,
    /// With these outcomes it is nothing.
    pub(super) silent: Codes,
    /// What is written out in the line.
    pub(super) fixed: Option<String>,
}

impl Written {
    pub(super) fn cut(&self) -> Self {
        Self { is_cut: true, ..self.clone() }
    }

    /// The lines that may be written of a status.
    fn lines(&self, code: u16) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(template) = &self.prints.template {
            // curl writes 000 where nobody answers.
            let status = format!("{code:03}");
            lines.extend(template.replace(STATUS, &status).lines().map(str::to_owned));
            if self.is_cut {
                lines.push(status);
            }
        }
        if self.prints.line && !self.prints.line_to_error && code != DOWN {
            for version in ["1.1", "1.0", "2"] {
                lines.push(format!("HTTP/{version} {code} {}", reason(code)));
            }
            if self.is_cut {
                lines.push(code.to_string());
            }
        }
        lines
    }
}

impl Run<'_> {
    /// With which outcomes a pattern is found.
    pub(super) fn grep(
        &mut self,
        name: &str,
        args: &[Option<String>],
        input: Option<&Written>,
    ) -> Codes {
        let (mut pattern, mut inverted, mut any_case) = (None, false, false);
        let (mut extended, mut fixed, mut whole) =
            (name == "egrep" || name == "rg", name == "fgrep", false);
        for item in options(args, "eABCmf", &["regexp", "max-count"]) {
            match item {
                Item::Operand(text) => pattern = pattern.or(text),
                Item::Option(option, value) => match &*option {
                    "v" | "invert-match" => inverted = true,
                    "i" | "ignore-case" => any_case = true,
                    "E" | "P" | "extended-regexp" | "perl-regexp" => extended = true,
                    "F" | "fixed-strings" => fixed = true,
                    "x" | "line-regexp" => whole = true,
                    "e" | "regexp" => pattern = value,
                    _ => {}
                },
            }
        }
        let Some(input) = input else { return Codes::all() };
        let read = pattern.and_then(|pattern| {
            let pattern = match fixed {
                true => pattern.chars().flat_map(|c| ['[', c, ']']).collect(),
                false => pattern,
            };
            let pattern = if whole { format!("^{pattern}$") } else { pattern };
            Pattern::new(&pattern, extended, any_case)
        });
        match read {
            Some(pattern) => self.holds(input, |text| pattern.fits(text) != inverted),
            None => self.holds(input, |_| false),
        }
    }

    /// With which outcomes something holds of a line of what was written. What holds of no status is
    /// about the text, which is as hoped with a good answer.
    pub(super) fn holds(&mut self, written: &Written, holds: impl Fn(&str) -> bool) -> Codes {
        let Some(of) = written.of else { return Codes::all() };
        if !written.is_focus {
            return if self.world.others_answer { Codes::all() } else { Codes::NONE };
        }
        let shows = |code: u16| written.lines(code).iter().any(|line| holds(line));
        let statuses = Codes::of(shows);
        let possible = Codes::answers();
        if !statuses.and(possible).is_empty() && statuses.and(possible) != possible {
            // Nothing is written of an error with `-f`; the status is, by `-w`.
            let silent =
                if written.prints.template.is_some() { Codes::NONE } else { written.silent };
            return statuses.without(silent);
        }
        if !written.prints.body && !written.prints.line {
            return if statuses.is_empty() { Codes::NONE } else { Codes::all() };
        }
        if let Some(made) = self.made.get_mut(of) {
            made.reads = true;
        }
        Codes::good().without(written.silent)
    }
}
