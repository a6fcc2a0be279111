use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use indexmap::IndexMap;

use super::Validator;
use crate::compose::decode::{EnvFile, Format};
use crate::compose::dotenv::{Dotenv, Nothing, Variable, masked, parse, parse_raw};
use crate::compose::environment::Environment;
use crate::compose::files::{bad_env_file, read_env_text};
use crate::compose::template::Lookup;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Located, SourceId, Span};

type Variables = IndexMap<String, Located<String>>;

/// The env files that were read: many services share one.
#[derive(Default)]
pub(super) struct EnvFiles {
    read: HashMap<(PathBuf, Format), Option<Rc<Text>>>,
}

/// An env file. Its source is masked: no value can be shown.
struct Text {
    text: String,
    source: SourceId,
    /// What it says, when that is the same for every service.
    variables: Option<Rc<[Variable]>>,
}

/// The caller's variables, then those of the service.
struct ServiceLookup<'a> {
    environment: &'a Environment,
    own: &'a Variables,
}

impl Lookup for ServiceLookup<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        let own = || self.own.get(name).map(|value| value.value.as_str());
        self.environment.get(name).or_else(own)
    }
}

/// The variables of the files before.
struct Files<'a>(&'a Variables);

impl Lookup for Files<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.value.as_str())
    }
}

impl Validator<'_> {
    /// The variables of a service's env files; the later file wins.
    pub(super) fn read_env_files(
        &mut self,
        files: &mut EnvFiles,
        list: &[EnvFile],
        own: &Variables,
        service: &str,
    ) -> Variables {
        let mut out = Variables::new();
        for file in list {
            let Some(text) = self.env_text(files, file, service) else { continue };
            let lookup = ServiceLookup { environment: self.environment, own };
            let variables = match &text.variables {
                Some(variables) => Rc::clone(variables),
                None => match parse(&text.text, &lookup, &Files(&out)) {
                    Ok(Dotenv { variables, unset: _ }) => variables.into(),
                    // The fault was reported when the file was read, or depends on the service.
                    Err(error) => {
                        let span = Span::new(text.source, error.at, error.at);
                        let fault = bad_env_file(&error, span).at(file.path.span, "named here");
                        self.diagnostics.push(fault.service(service));
                        continue;
                    }
                },
            };
            for variable in variables.iter() {
                let value = match &variable.value {
                    Some(value) => Some(value.clone()),
                    None => lookup.value(&variable.name).map(str::to_owned),
                };
                if let Some(value) = value {
                    let span = Span::new(text.source, variable.range.start, variable.range.end);
                    out.insert(variable.name.clone(), Located::new(value, span));
                }
            }
        }
        out
    }

    /// The labels of a service's label files; the later file wins. A variable in one stands for a
    /// label of the files before it or of the lines above: the environment is not asked.
    pub(super) fn read_label_files(&mut self, list: &[EnvFile], service: &str) -> Variables {
        let mut out = Variables::new();
        for file in list {
            let name = file.shown(self.cwd);
            let place = |fault: Diagnostic| {
                let fault = fault.at(file.path.span, "named here").service(service);
                match file.alias {
                    Some(alias) => fault.at(alias, "used here"),
                    None => fault,
                }
            };
            let text = match read_env_text(&file.path.value, &name) {
                Ok(text) => text,
                Err(fault) => {
                    self.diagnostics.push(place(fault));
                    continue;
                }
            };
            match parse(&text, &Files(&out), &Nothing) {
                Ok(Dotenv { variables, unset: _ }) => {
                    let ranges: Vec<_> =
                        variables.iter().map(|label| label.range.clone()).collect();
                    let source = self.sources.add(name, masked(&text, &ranges));
                    for Variable { name, value, range } in variables {
                        let value = value.or_else(|| Some(out.get(&name)?.value.clone()));
                        if let Some(value) = value {
                            let span = Span::new(source, range.start, range.end);
                            out.insert(name, Located::new(value, span));
                        }
                    }
                }
                Err(error) => {
                    let source = self.sources.add(name, masked(&text, &[]));
                    let span = Span::new(source, error.at, error.at);
                    self.diagnostics.push(place(bad_env_file(&error, span)));
                }
            }
        }
        out
    }

    fn env_text(
        &mut self,
        files: &mut EnvFiles,
        file: &EnvFile,
        service: &str,
    ) -> Option<Rc<Text>> {
        let key = (file.path.value.clone(), file.format);
        if let Some(known) = files.read.get(&key) {
            return known.clone();
        }
        if !file.required && !file.path.value.exists() {
            return None;
        }
        let text = self.read_env_text(file, service).map(Rc::new);
        files.read.insert(key, text.clone());
        text
    }

    fn read_env_text(&mut self, file: &EnvFile, service: &str) -> Option<Text> {
        if let Format::Unknown(span) = file.format {
            let fault =
                Diagnostic::error(Code::InvalidValue, "`env_file` has no format of this name");
            let fault = fault.at(span, "not known").help("write `raw`, or nothing");
            self.diagnostics.push(fault.service(service));
            return None;
        }
        let name = file.shown(self.cwd);
        let text = match read_env_text(&file.path.value, &name) {
            Ok(text) => text,
            Err(mut fault) => {
                if let Some(in_s3) = in_s3(&file.path.value) {
                    fault = in_s3;
                } else if fault.code == Code::FileNotFound {
                    fault = fault.help("create it, or write `required: false` beside its `path`");
                }
                let fault = fault.at(file.path.span, "named here").service(service);
                self.diagnostics.push(match file.alias {
                    Some(alias) => fault.at(alias, "used here"),
                    None => fault,
                });
                return None;
            }
        };
        let parsed = match file.format {
            Format::Raw => {
                parse_raw(&text).map(|variables| Dotenv { variables, unset: Vec::new() })
            }
            Format::Compose | Format::Unknown(_) => parse(&text, self.environment, &Nothing),
        };
        match parsed {
            Ok(Dotenv { variables, unset: _ }) => {
                let mut names: Vec<_> =
                    variables.iter().map(|variable| variable.range.clone()).collect();
                names.sort_by_key(|range| range.start);
                let source = self.sources.add(name, masked(&text, &names));
                let fixed = file.format == Format::Raw || !text.contains('$');
                let variables = fixed.then(|| variables.into());
                Some(Text { text, source, variables })
            }
            Err(_) if text.contains('$') => {
                // Another service's variables may make it whole; each service will see.
                let source = self.sources.add(name, masked(&text, &[]));
                Some(Text { text, source, variables: None })
            }
            Err(error) => {
                let source = self.sources.add(name, masked(&text, &[]));
                let fault = bad_env_file(&error, Span::new(source, error.at, error.at));
                self.diagnostics.push(fault.at(file.path.span, "named here").service(service));
                None
            }
        }
    }
}

/// What to say of a file in S3, which is read by ECS and by nobody at home. The path has become one below
/// a directory of this machine on the way here.
fn in_s3(path: &Path) -> Option<Diagnostic> {
    let mut parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    let first = parts.by_ref().find(|part| part == "s3:" || part.contains(":s3:::"))?;
    let bucket = match first.rsplit_once(":s3:::") {
        Some((_, bucket)) => bucket.to_owned(),
        None => parts.next()?.into_owned(),
    };
    let key = parts.collect::<Vec<_>>().join("/");
    let help = format!(
        "let ECS read it: `x-ecs: {{env_files_s3: [\"s3://{bucket}/{key}\"]}}` at the service, or its \
         ARN, arn:aws:s3:::{bucket}/{key}"
    );
    let message = "`env_file` reads files of this machine, and none in S3";
    Some(Diagnostic::error(Code::FileNotFound, message).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_in_s3_are_for_ecs_to_read() {
        for path in ["/work/s3:/conf/a/web.env", "/work/arn:aws:s3:::conf/a/web.env"] {
            let help = in_s3(Path::new(path)).and_then(|said| said.help).unwrap_or_default();
            assert!(help.contains("[\"s3://conf/a/web.env\"]"), "{help}");
            assert!(help.ends_with("arn:aws:s3:::conf/a/web.env"), "{help}");
        }
        assert!(in_s3(Path::new("/work/s3/conf/web.env")).is_none());
    }

    #[test]
    fn the_caller_wins_over_the_service() {
        let mut environment = Environment::default();
        environment.set("A", "caller");
        let mut sources = crate::source::Sources::default();
        let span = Span::new(sources.add("x", ""), 0, 0);
        let own: Variables = [("A", "own"), ("B", "own")]
            .map(|(name, value)| (name.to_owned(), Located::new(value.to_owned(), span)))
            .into();
        let lookup = ServiceLookup { environment: &environment, own: &own };
        assert_eq!((lookup.value("A"), lookup.value("B")), (Some("caller"), Some("own")));
        assert_eq!(lookup.value("C"), None);
    }
}
