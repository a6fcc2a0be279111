//! Words, and what is put in for what stands in them.

use super::written::Written;
use super::{Flow, Run};
use crate::ecs::rules::http_check::codes::Codes;
use crate::ecs::rules::http_check::shell::{Command, Node, Part, Word};

impl Run<'_> {
    /// Takes `NAME=value` in; whether the word is that.
    pub(super) fn assign(&mut self, word: &Word) -> bool {
        let Some(Part::Text(first)) = word.first() else { return false };
        let Some((name, head)) = first.split_once('=') else { return false };
        let takes = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty()
            || !name.chars().all(takes)
            || name.starts_with(|c: char| c.is_ascii_digit())
        {
            return false;
        }
        let mut value = vec![Part::Text(head.to_owned())];
        value.extend(word.iter().skip(1).cloned());
        value.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        let written = match self.answer_of(&value) {
            Some(written) => written,
            None => Written { fixed: self.text(&value), ..Written::default() },
        };
        self.variables.insert(name.to_owned(), written);
        true
    }

    /// How the command ends whose output a word is.
    pub(super) fn outcome_of(&mut self, word: Option<&Word>, live: Codes) -> (Flow, Written) {
        let output = word.into_iter().flatten().find_map(|part| match part {
            Part::Output(node) => Some(node),
            _ => None,
        });
        match output {
            Some(node) => {
                let made = self.made.len();
                let (flow, written) = self.node(node, live, None);
                // It was counted when its value was taken.
                self.made.truncate(made);
                (flow.closed(), written)
            }
            None => (Flow::good(live), Written::default()),
        }
    }

    /// What a word is, where it is the output of a request.
    pub(super) fn answer_of(&mut self, word: &Word) -> Option<Written> {
        let mut found = None;
        for part in word {
            match part {
                Part::Output(node) if self.deeper() => {
                    let last = self.last;
                    let (_, written) = self.node(node, Codes::all(), None);
                    self.last = last;
                    self.depth -= 1;
                    found = Some(written).filter(|written| written.of.is_some()).or(found);
                }
                Part::Variable(name, _) => {
                    let known = self.variables.get(name).filter(|written| written.of.is_some());
                    found = known.cloned().or(found);
                }
                _ => {}
            }
        }
        found
    }

    /// The text of a word, where all of it is known.
    pub(super) fn text(&self, word: &Word) -> Option<String> {
        let mut text = String::new();
        for part in word {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Variable(name, default) => {
                    text.push_str(&self.variable(name, default.as_ref())?)
                }
                // `$(hostname)`
                Part::Output(node) => match &**node {
                    Node::Command(Command { words, .. }) => {
                        match words.first().map(Vec::as_slice) {
                            Some([Part::Text(name)]) if name == "hostname" => {
                                text.push_str("localhost")
                            }
                            _ => return None,
                        }
                    }
                    _ => return None,
                },
                Part::Unknown => return None,
            }
        }
        Some(text)
    }

    fn variable(&self, name: &str, default: Option<&Word>) -> Option<String> {
        if let Some(written) = self.variables.get(name) {
            return written.fixed.clone();
        }
        let value = self.world.service.environment.get(name).map(|value| value.value.clone());
        let value = value.filter(|value| !value.is_empty());
        match (value, default) {
            (Some(value), _) => Some(value),
            (None, Some(default)) => self.text(default),
            (None, None) if name == "HOSTNAME" => Some("localhost".to_owned()),
            _ => None,
        }
    }
}
