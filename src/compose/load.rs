//! The loader's stages, one after the other.

use std::collections::HashMap;
use std::sync::Arc;

use super::decode::decode;
use super::files::{self, ComposeFile};
use super::interpolate::Interpolation;
use super::merge::{merge, settle};
use super::model::Project;
use super::name::project_name;
use super::options::LoadOptions;
use super::paths::Paths;
use super::validate::{Validated, Validator};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::Sources;
use crate::yaml::{self, Node};

/// What loading came to.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The project, as far as it could be read. It hangs together even when there are errors:
    /// whatever was at fault is left out of it. Nothing may be deployed when
    /// [`Diagnostics::has_errors`]. `None` when there was no document to read.
    pub project: Option<Project>,
    /// The texts that spans point into. Those of env files are masked.
    pub sources: Sources,
    /// All faults of the files, in the order they were found.
    pub diagnostics: Diagnostics,
    /// What does not carry over to ECS: no fault of the files, but nothing that has errors here may be
    /// deployed either.
    pub outcomes: Diagnostics,
    /// What [`super::canonical`] needs beside the project.
    pub(super) details: Option<Details>,
}

/// The merged document and what is known of it beside the model.
#[derive(Debug)]
pub(super) struct Details {
    pub(super) document: Node,
    /// Bare names in a service's `environment` that have no value, by service.
    pub(super) unset: HashMap<String, Vec<String>>,
    pub(super) paths: Paths,
}

/// Reads the Compose files: text, documents, variables, merging, decoding, validation. Nothing is
/// run and nothing is written; every fault is collected.
#[must_use]
pub fn load(options: &LoadOptions) -> Loaded {
    let mut loaded = Loaded::default();
    let Loaded { sources, diagnostics, outcomes, .. } = &mut loaded;
    let files::Files { files, directory, mut environment } =
        files::find(options, sources, diagnostics);
    let count = files.len();
    let mut documents: Vec<Node> =
        files.iter().filter_map(|file| document(file, options, sources, diagnostics)).collect();
    if documents.is_empty() || documents.len() < count {
        return loaded;
    }
    let name = project_name(options, &environment, &directory, &documents, diagnostics);
    environment.set("COMPOSE_PROJECT_NAME", &name);
    let mut interpolation = Interpolation::new(&environment, sources);
    documents.iter_mut().for_each(|document| interpolation.node(document, diagnostics));
    interpolation.finish(diagnostics);
    let merged = documents.into_iter().reduce(|mut base, over| {
        settle(&mut base);
        merge(base, over, diagnostics)
    });
    let Some(mut document) = merged else { return loaded };
    settle(&mut document);
    let home = options.variables.get("HOME").map(Into::into);
    let paths = Paths { directory, home };
    let Some(raw) = decode(&document, sources, &paths, diagnostics, outcomes) else {
        return loaded;
    };
    let validator = Validator {
        environment: &environment,
        profiles: &profiles(options, &environment),
        paths: &paths,
        cwd: &options.cwd,
        sources,
        diagnostics,
        is_part: false,
    };
    let Validated { project, unset } = validator.validate(name, raw);
    loaded.project = Some(project);
    loaded.details = Some(Details { document, unset, paths });
    loaded
}

/// `--profile`, else `COMPOSE_PROFILES`.
fn profiles(options: &LoadOptions, environment: &super::environment::Environment) -> Vec<String> {
    if !options.profiles.is_empty() {
        return options.profiles.clone();
    }
    let list = environment.get("COMPOSE_PROFILES").unwrap_or_default();
    // Nothing gives the empty name, which a profile of an unset variable has, too.
    list.split(',').map(str::trim).map(str::to_owned).collect()
}

/// Reads one file. `None` was reported.
fn document(
    file: &ComposeFile,
    options: &LoadOptions,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Node> {
    let (name, text) = match file {
        ComposeFile::Stdin => {
            let text = options.stdin.clone().unwrap_or_default();
            ("<stdin>", yaml::read_text(text.into_bytes(), "<stdin>"))
        }
        ComposeFile::Path { path, name } => (name.as_str(), yaml::read_file(path, name)),
    };
    match text {
        Ok(text) => {
            let id = sources.add(name, Arc::<str>::from(text));
            let document = yaml::parse(id, sources, diagnostics)?;
            if document.as_mapping().is_none() {
                diagnostics.push(
                    Diagnostic::error(Code::WrongType, "the Compose file must be a mapping")
                        .at(document.span, "this is something else")
                        .help("start with `services:` and write the services below it, indented"),
                );
                return None;
            }
            Some(document)
        }
        Err(fault) => {
            diagnostics.push(fault);
            None
        }
    }
}
