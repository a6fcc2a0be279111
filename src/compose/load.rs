//! The loader's stages, one after the other.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::assemble::{Assembler, Documents, Scope, documents};
use super::conceal;
use super::decode::{apply_parameters, decode};
use super::environment::Environment;
use super::files::{self, ComposeFile};
use super::interpolate::{Interpolation, Replaced};
use super::model::Project;
use super::name::project_name;
use super::options::LoadOptions;
use super::paths::Paths;
use super::select;
use super::uninterpolated::Uninterpolated;
use super::validate::{Validated, Validator};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{SourceId, Sources};
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
    /// What [`super::uninterpolated`] needs.
    pub(super) uninterpolated: Option<Uninterpolated>,
}

/// The merged document and what is known of it beside the model.
#[derive(Debug)]
pub(super) struct Details {
    pub(super) document: Node,
    /// Bare names in a service's `environment` that have no value, by service.
    pub(super) unset: HashMap<String, Vec<String>>,
    environment: Arc<Environment>,
    /// The profiles of all services, those that are left out, too.
    profiles: BTreeSet<String>,
}

impl Loaded {
    /// The variables that the Compose files were read with, by name: the caller's, then those of the
    /// `.env` files. The values may be secrets.
    #[must_use]
    pub fn environment(&self) -> BTreeMap<&str, &str> {
        self.details.as_ref().map(|details| details.environment.all()).unwrap_or_default()
    }

    /// Gives back the merged document, the largest part beside the project: nothing can be printed of
    /// it, and no coverage told, from then on.
    pub(crate) fn forget_document(&mut self) {
        if let Some(details) = &mut self.details {
            let span = details.document.span;
            details.document = Node::null(span);
        }
    }

    /// The names of all profiles, active or not, in their order.
    #[must_use]
    pub fn profiles(&self) -> Vec<&str> {
        let details = self.details.iter();
        details.flat_map(|details| &details.profiles).map(String::as_str).collect()
    }
}

/// Reads the Compose files: text, documents, variables, merging, decoding, validation. Nothing is
/// run and nothing is written; every fault is collected.
#[must_use]
pub fn load(options: &LoadOptions) -> Loaded {
    let mut loaded = Loaded::default();
    let Loaded { sources, diagnostics, outcomes, .. } = &mut loaded;
    let files::Files { files, directory, mut environment } =
        files::find(options, sources, diagnostics);
    let mut read = Vec::with_capacity(files.len());
    for file in &files {
        read.extend(documents_of(file, options, sources, diagnostics));
    }
    if files.is_empty() || read.len() < files.len() {
        return loaded;
    }
    let first = read.first().map(|(id, _)| *id);
    let all = read.iter().flat_map(|(_, file)| &file.documents);
    let name = project_name(options, &environment, &directory, all, diagnostics);
    if options.no_interpolate {
        // The reference knows the variables of included projects alone then.
        environment = Environment::default();
    }
    environment.set("COMPOSE_PROJECT_NAME", &name);
    let home = options.variables.get("HOME").map(Into::into);
    let paths = Paths { directory, home };
    let environment = Arc::new(environment);
    let mut scope = Scope {
        paths: paths.clone(),
        environment: Arc::clone(&environment),
        chain: Vec::new(),
        bases: HashMap::new(),
    };
    let mut assembler = Assembler::new(options, sources, diagnostics);
    let files = read.into_iter().map(|(_, file)| file).collect();
    let document = assembler.project(files, &mut scope);
    let Assembler { replaced, parts, is_part, incomplete, .. } = assembler;
    replaced.finish(diagnostics);
    let document = match (document, first) {
        (Some(document), _) if !is_empty(&document) => document,
        (_, first) => {
            // What an unreadable file would have brought in is not known.
            if !is_part {
                diagnostics.extend(first.map(|id| yaml::empty(id, sources)));
            }
            parts.finish(sources, diagnostics);
            return loaded;
        }
    };
    conceal::conceal(&document, sources);
    if options.no_interpolate {
        parts.finish(sources, diagnostics);
        let project_name = name;
        loaded.uninterpolated = Some(Uninterpolated { document, paths, environment, project_name });
        return loaded;
    }
    let raw = decode(&document, sources, &paths, diagnostics, outcomes);
    parts.finish(sources, diagnostics);
    let Some(mut raw) = raw else {
        return loaded;
    };
    raw.is_part |= is_part;
    if raw.services.is_empty() && !raw.is_part && !raw.is_faulty {
        // The reference takes such a project; there is nothing to deploy in it.
        outcomes.push(
            Diagnostic::error(Code::NoServices, "the project has no services")
                .at(raw.span, "")
                .help("write at least one: `services: { web: { image: nginx } }`"),
        );
    }
    for (name, service) in &mut raw.services {
        service.excused |= incomplete.contains(name);
    }
    let mut active = profiles(options, &environment);
    active.extend(select::profiles(&options.services, &raw.services, diagnostics));
    let wanted = options.wanted.iter().filter(|name| raw.services.contains_key(*name));
    let wanted: Vec<String> = wanted.cloned().collect();
    active.extend(select::profiles(&wanted, &raw.services, diagnostics));
    let services = raw.services.values();
    let profiles = services.flat_map(|raw| &raw.service.profiles);
    let profiles = profiles.map(|profile| profile.value.clone()).collect();
    let beside = Beside { paths: &paths, options, environment: &environment };
    let validator = Validator {
        environment: &environment,
        profiles: &active,
        paths: &paths,
        cwd: &options.cwd,
        sources,
        diagnostics,
        is_part: false,
    };
    let Validated { mut project, unset } = validator.validate(name, raw);
    if !options.services.is_empty() {
        select::select(&mut project, &options.services);
    }
    beside.apply(&mut project, sources, diagnostics, outcomes);
    loaded.project = Some(project);
    loaded.details = Some(Details { document, unset, environment, profiles });
    loaded
}

/// What a file beside the Compose files needs to be read.
struct Beside<'a> {
    paths: &'a Paths,
    environment: &'a Environment,
    options: &'a LoadOptions,
}

impl Beside<'_> {
    /// Lays `--ecs-params` over the project.
    fn apply(
        &self,
        project: &mut Project,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
        outcomes: &mut Diagnostics,
    ) {
        let Some(given) = &self.options.ecs_params else { return };
        let name = given.to_string_lossy();
        let text = match yaml::read_file(&self.options.cwd.join(given), &name) {
            Ok(text) => text,
            Err(fault) => return diagnostics.push(fault),
        };
        let id = sources.add(name.clone(), Arc::<str>::from(text));
        if let Some(mut document) = yaml::parse(id, sources, diagnostics) {
            // ecs-cli replaced them, too (amazon-ecs-cli, `ReadECSParams`).
            let mut replaced = Replaced::default();
            Interpolation::new(self.environment, sources, &mut replaced)
                .node(&mut document, diagnostics);
            replaced.finish(diagnostics);
            apply_parameters(&document, project, sources, self.paths, outcomes);
            conceal::conceal_given(project, sources);
        }
    }
}

/// `--profile`, else `COMPOSE_PROFILES`.
fn profiles(options: &LoadOptions, environment: &Environment) -> Vec<String> {
    if !options.profiles.is_empty() {
        return options.profiles.clone();
    }
    let list = environment.get("COMPOSE_PROFILES").unwrap_or_default();
    // Nothing gives the empty name, which a profile of an unset variable has, too.
    list.split(',').map(str::trim).map(str::to_owned).collect()
}

/// Whether a document says nothing: as in the reference, `version` does not count.
fn is_empty(document: &Node) -> bool {
    let mapping = document.as_mapping();
    mapping.is_some_and(|mapping| mapping.entries.iter().all(|entry| &*entry.key.text == "version"))
}

/// Reads one file. `None` was reported.
fn documents_of(
    file: &ComposeFile,
    options: &LoadOptions,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<(SourceId, Documents)> {
    let (name, text, path) = match file {
        ComposeFile::Stdin => {
            let text = options.stdin.clone().unwrap_or_default();
            ("<stdin>", yaml::read_text(text.into_bytes(), "<stdin>"), None)
        }
        ComposeFile::Path { path, name } => {
            (name.as_str(), yaml::read_file(path, name), Some(path.clone()))
        }
    };
    match text {
        Ok(text) => {
            let id = sources.add(name, Arc::<str>::from(text));
            let documents = documents(id, sources, diagnostics)?;
            Some((id, Documents { path, span: None, documents }))
        }
        Err(fault) => {
            diagnostics.push(fault);
            None
        }
    }
}
