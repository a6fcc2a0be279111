//! Which images a Dockerfile builds on.
//!
//! Only that: instructions that name no image are passed over, and it is the builder that says
//! what is wrong with them.

mod copies;
mod declared;
mod health;
mod lines;
mod substitute;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::context::unreadable;
use super::error::ImageError;
use super::spec::BuildSpec;

pub use copies::Copied;
pub use declared::{Declared, declared, examined};
use lines::{Instruction, Lines};
use substitute::substitute;

/// A Dockerfile, as far as its base images go.
#[derive(Debug)]
pub(super) struct Dockerfile {
    path: PathBuf,
    bytes: Vec<u8>,
    escape: char,
    /// `ARG` before the first `FROM`: line, name and default.
    args: Vec<(usize, String, Option<String>)>,
    stages: Vec<Stage>,
}

#[derive(Debug)]
struct Stage {
    line: usize,
    /// As written.
    base: String,
    name: Option<String>,
    /// `--from` of `COPY` and of `RUN --mount`.
    uses: Vec<String>,
    /// Its instructions, in order: keyword and the rest.
    says: Vec<(String, String)>,
}

/// A fault and its line.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    line: usize,
    message: String,
}

impl Dockerfile {
    pub(super) fn read(spec: &BuildSpec) -> Result<Self, ImageError> {
        let path = spec.dockerfile_path();
        if let Some(text) = &spec.dockerfile_inline {
            return Self::parse(path, text.clone().into_bytes());
        }
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ImageError::DockerfileMissing(path));
            }
            Err(error) => return Err(unreadable(&path)(error)),
        };
        Self::parse(path, bytes)
    }

    fn parse(path: PathBuf, bytes: Vec<u8>) -> Result<Self, ImageError> {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let fault =
            |Fault { line, message }| ImageError::Dockerfile { path: path.clone(), line, message };
        let Lines { escape, instructions } = Lines::read(&text).map_err(fault)?;
        let mut args = Vec::new();
        let mut stages: Vec<Stage> = Vec::new();
        for instruction in instructions {
            match (instruction.keyword.as_str(), stages.last_mut()) {
                ("FROM", _) => stages.push(Stage::parse(&instruction).map_err(fault)?),
                ("ARG", None) => args.extend(global_args(&instruction)),
                (keyword, Some(stage)) => {
                    if matches!(keyword, "COPY" | "RUN") {
                        stage.uses.extend(sources(&instruction));
                    }
                    stage.says.push((instruction.keyword, instruction.rest));
                }
                _ => {}
            }
        }
        if stages.is_empty() {
            let line = text.lines().count().max(1);
            return Err(fault(Fault { line, message: "it has no FROM".to_owned() }));
        }
        Ok(Self { path, bytes, escape, args, stages })
    }

    /// The file as it is.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The images that the target is made of, sorted: no stages, no `scratch`.
    pub(super) fn bases(&self, spec: &BuildSpec) -> Result<Vec<String>, ImageError> {
        let args = self.global_values(spec)?;
        let mut bases = BTreeSet::new();
        let mut open = vec![self.target(spec)?];
        let mut seen = BTreeSet::new();
        while let Some(index) = open.pop() {
            if !seen.insert(index) {
                continue;
            }
            let stage = &self.stages[index];
            let base = self.expand(&stage.base, stage.line, &args)?;
            if base.is_empty() {
                let message = format!("the base image `{}` comes out empty", stage.base);
                return Err(self.fault(stage.line, message));
            }
            // A number is a stage for `--from` alone.
            let uses = stage.uses.iter().map(|name| (name.as_str(), true));
            for (name, by_number) in uses.chain([(base.as_str(), false)]) {
                match self.stage_before(index, name, by_number) {
                    Some(other) => open.push(other),
                    None if name == "scratch" => {}
                    None => {
                        bases.insert(name.to_owned());
                    }
                }
            }
        }
        Ok(bases.into_iter().collect())
    }

    fn target(&self, spec: &BuildSpec) -> Result<usize, ImageError> {
        let Some(target) = spec.target.as_deref().filter(|target| !target.is_empty()) else {
            return Ok(self.stages.len() - 1);
        };
        self.stage_before(self.stages.len(), target, true).ok_or_else(|| {
            let stages = self.stages.iter().filter_map(|stage| stage.name.clone()).collect();
            ImageError::TargetMissing { path: self.path.clone(), target: target.to_owned(), stages }
        })
    }

    fn stage_before(&self, end: usize, name: &str, by_number: bool) -> Option<usize> {
        let named = |stage: &Stage| {
            stage.name.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(name))
        };
        let numbered = || name.parse().ok().filter(|&index| by_number && index < end);
        self.stages[..end].iter().rposition(named).or_else(numbered)
    }

    /// What `$NAME` stands for in a `FROM`.
    fn global_values(&self, spec: &BuildSpec) -> Result<BTreeMap<String, String>, ImageError> {
        let mut parts = spec.platform.splitn(3, '/');
        let mut values = BTreeMap::new();
        for side in ["TARGET", "BUILD"] {
            values.insert(format!("{side}PLATFORM"), spec.platform.clone());
        }
        for field in ["OS", "ARCH", "VARIANT"] {
            let part = parts.next().unwrap_or_default();
            for side in ["TARGET", "BUILD"] {
                values.insert(format!("{side}{field}"), part.to_owned());
            }
        }
        for (line, name, default) in &self.args {
            let given = spec.args.iter().rev().find(|(given, _)| given == name);
            let value = match (given, default) {
                (Some((_, value)), _) => value.clone(),
                (None, Some(default)) => self.expand(default, *line, &values)?,
                (None, None) => continue,
            };
            values.insert(name.clone(), value);
        }
        Ok(values)
    }

    fn expand(
        &self,
        text: &str,
        line: usize,
        values: &BTreeMap<String, String>,
    ) -> Result<String, ImageError> {
        substitute(text, self.escape, values).map_err(|message| self.fault(line, message))
    }

    fn fault(&self, line: usize, message: String) -> ImageError {
        ImageError::Dockerfile { path: self.path.clone(), line, message }
    }
}

impl Stage {
    /// `FROM [--platform=…] image [AS name]`
    fn parse(instruction: &Instruction) -> Result<Self, Fault> {
        let wrong = |message: &str| Fault { line: instruction.line, message: message.to_owned() };
        let words: Vec<&str> =
            instruction.rest.split_whitespace().skip_while(|word| word.starts_with("--")).collect();
        let (base, name) = match words.as_slice() {
            [base] => (*base, None),
            [base, keyword, name] if keyword.eq_ignore_ascii_case("as") => {
                (*base, Some((*name).to_owned()))
            }
            _ => return Err(wrong("FROM takes an image, or an image `AS` a name")),
        };
        Ok(Self {
            line: instruction.line,
            base: base.to_owned(),
            name,
            uses: Vec::new(),
            says: Vec::new(),
        })
    }
}

/// `NAME=default OTHER`, with quotes.
fn global_args(instruction: &Instruction) -> Vec<(usize, String, Option<String>)> {
    lines::words(&instruction.rest)
        .into_iter()
        .map(|word| match word.split_once('=') {
            Some((name, default)) => (instruction.line, name.to_owned(), Some(default.to_owned())),
            None => (instruction.line, word, None),
        })
        .collect()
}

/// The images or stages that `COPY --from=x` and `RUN --mount=type=bind,from=x` read from.
fn sources(instruction: &Instruction) -> Vec<String> {
    let flags = instruction.rest.split_whitespace().take_while(|word| word.starts_with("--"));
    let unquote = |value: &str| value.trim_matches(['"', '\'']).to_owned();
    flags
        .filter_map(|flag| {
            if instruction.keyword == "COPY" {
                return flag.strip_prefix("--from=").map(unquote);
            }
            flag.strip_prefix("--mount=")?
                .split(',')
                .find_map(|part| part.strip_prefix("from="))
                .map(unquote)
        })
        .filter(|source| !source.is_empty())
        .collect()
}

#[cfg(test)]
#[path = "dockerfile/tests.rs"]
mod tests;
