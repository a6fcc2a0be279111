//! Which files make up the project, and which variables they are read with.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::LoadOptions;
use super::dotenv;
use super::environment::Environment;
use super::paths::{display, join};
use super::template::Lookup;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Sources, Span};
use crate::yaml::read_file;

/// The usual names, the first that exists wins.
const NAMES: &[&str] =
    &["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// The usual names of the file beside it that is merged over it.
const OVERRIDES: &[&str] = &[
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// The variable that switches `.env` off.
const DISABLE: &str = "COMPOSE_DISABLE_ENV_FILE";

/// One Compose file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ComposeFile {
    Stdin,
    Path { path: PathBuf, name: String },
}

/// The files, in the order of merging, and where the project is.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) files: Vec<ComposeFile>,
    pub(super) directory: PathBuf,
    pub(super) environment: Environment,
}

/// Finds the files and reads the `.env` files. An empty list of files was reported.
pub(super) fn find(
    options: &LoadOptions,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Files {
    let mut finder = Finder {
        options,
        sources,
        diagnostics,
        environment: Environment::new(&options.variables),
        env_files: Vec::new(),
    };
    if !options.variables.contains_key("PWD") {
        finder.environment.set("PWD", &options.cwd.to_string_lossy());
    }
    finder.env_files = finder.chosen_env_files();
    let mut paths = options.files.clone();
    let first_directory = finder.directory(&paths);
    finder.read_env_files(&first_directory);
    if paths.is_empty() {
        paths = finder.default_files(&first_directory);
    }
    if paths.is_empty() {
        finder.nothing_found(&first_directory);
    }
    let directory = finder.directory(&paths);
    if directory != first_directory {
        finder.read_env_files(&directory);
    }
    finder.add_environment_file(&mut paths);
    let files = paths.into_iter().map(|path| finder.file(path)).collect();
    Files { files, directory, environment: finder.environment }
}

struct Finder<'a> {
    options: &'a LoadOptions,
    sources: &'a mut Sources,
    diagnostics: &'a mut Diagnostics,
    environment: Environment,
    /// Those that were named; they are read once.
    env_files: Vec<PathBuf>,
}

impl Finder<'_> {
    fn file(&self, path: PathBuf) -> ComposeFile {
        if path.as_os_str() == "-" {
            return ComposeFile::Stdin;
        }
        let name = if self.options.files.contains(&path) {
            path.display().to_string()
        } else {
            display(&path, &self.options.cwd)
        };
        ComposeFile::Path { path: join(&self.options.cwd, &path), name }
    }

    /// The project directory, given the files known so far.
    fn directory(&self, files: &[PathBuf]) -> PathBuf {
        let cwd = &self.options.cwd;
        if let Some(directory) = &self.options.project_directory {
            return join(cwd, directory);
        }
        let first = files.iter().find(|path| path.as_os_str() != "-");
        let parent = first.and_then(|path| join(cwd, path).parent().map(Path::to_path_buf));
        parent.unwrap_or_else(|| cwd.clone())
    }

    fn chosen_env_files(&self) -> Vec<PathBuf> {
        let mut files = self.options.env_files.clone();
        if files.is_empty()
            && let Some(list) = self.options.variables.get("COMPOSE_ENV_FILES")
            && !list.is_empty()
        {
            files = list.split(',').map(PathBuf::from).collect();
        }
        files.into_iter().map(|file| join(&self.options.cwd, &file)).collect()
    }

    /// Reads the named files the first time, or the directory's `.env`.
    fn read_env_files(&mut self, directory: &Path) {
        let named = std::mem::take(&mut self.env_files);
        let has_named = !self.options.env_files.is_empty()
            || self.options.variables.get("COMPOSE_ENV_FILES").is_some_and(|list| !list.is_empty());
        let files = if has_named {
            named
        } else {
            let default = directory.join(".env");
            let off = self.is_off(self.options.variables.get(DISABLE).cloned());
            if off || !default.exists() || default.is_dir() { Vec::new() } else { vec![default] }
        };
        let mut values: Vec<(String, String)> = Vec::new();
        for file in files {
            self.read_env_file(&file, &mut values);
        }
        // Of several files the last one wins.
        values.reverse();
        // A `.env` that switches itself off still sets Compose's own variables.
        let own = values.iter().find(|(name, _)| name == DISABLE).map(|(_, value)| value.clone());
        if !has_named && !self.options.variables.contains_key(DISABLE) && self.is_off(own) {
            values.retain(|(name, _)| name.starts_with("COMPOSE_"));
        }
        self.environment.add_missing(values);
    }

    /// Whether a value of `COMPOSE_DISABLE_ENV_FILE` says yes; one that says neither is reported.
    fn is_off(&mut self, value: Option<String>) -> bool {
        let Some(value) = value else { return false };
        match value.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => true,
            "0" | "f" | "F" | "false" | "FALSE" | "False" => false,
            _ => {
                let message = format!("`{DISABLE}` is neither `true` nor `false`");
                let fault = Diagnostic::error(Code::InvalidValue, message);
                self.diagnostics.push(fault.help("set it to `true` or `false`, or unset it"));
                false
            }
        }
    }

    fn read_env_file(&mut self, path: &Path, values: &mut Vec<(String, String)>) {
        let (sources, diagnostics) = (&mut *self.sources, &mut *self.diagnostics);
        let cwd = &self.options.cwd;
        if let Err(fault) =
            read_variables(path, cwd, &self.environment, values, sources, diagnostics)
        {
            self.diagnostics.push(fault.help("check `--env-file`, or create the file"));
        }
    }

    fn default_files(&mut self, directory: &Path) -> Vec<PathBuf> {
        if let Some(list) = self.environment.get("COMPOSE_FILE") {
            let separator =
                self.environment.get("COMPOSE_PATH_SEPARATOR").filter(|s| !s.is_empty());
            return list
                .split(separator.unwrap_or(":"))
                .map(|file| {
                    if file == "-" { "-".into() } else { join(&self.options.cwd, Path::new(file)) }
                })
                .collect();
        }
        for directory in directory.ancestors() {
            let mut files = self.first_of(NAMES, directory, "Compose");
            if files.is_empty() {
                continue;
            }
            files.append(&mut self.first_of(OVERRIDES, directory, "override"));
            return files;
        }
        Vec::new()
    }

    /// The first of the names that exists, with a warning when there are more.
    fn first_of(&mut self, names: &[&str], directory: &Path, what: &str) -> Vec<PathBuf> {
        let found: Vec<PathBuf> =
            names.iter().map(|name| directory.join(name)).filter(|path| path.exists()).collect();
        if let [first, others @ ..] = found.as_slice()
            && !others.is_empty()
        {
            let list: Vec<String> = others
                .iter()
                .map(|path| format!("`{}`", display(path, &self.options.cwd)))
                .collect();
            let used = display(first, &self.options.cwd);
            self.diagnostics.push(
                Diagnostic::warning(
                    Code::SeveralFiles,
                    format!(
                        "there is more than one {what} file; `{used}` is used, {} is not",
                        list.join(", ")
                    ),
                )
                .help("name the files with `-f`, or delete what is not needed"),
            );
        }
        found.into_iter().take(1).collect()
    }

    fn nothing_found(&mut self, directory: &Path) {
        self.diagnostics.push(
            Diagnostic::error(
                Code::FileNotFound,
                format!("no Compose file in `{}` or above it", directory.display()),
            )
            .help("name it with `-f`, or create `compose.yaml`"),
        );
    }

    /// `compose.prod.yaml` beside the first file.
    fn add_environment_file(&mut self, paths: &mut Vec<PathBuf>) {
        let Some(environment) = &self.options.environment_name else { return };
        let Some(first) = paths.iter().find(|path| path.as_os_str() != "-") else { return };
        let stem = first
            .file_stem()
            .map_or_else(|| "compose".to_owned(), |stem| stem.to_string_lossy().into_owned());
        let candidates = ["yaml", "yml"].iter().flat_map(|extension| {
            ["compose", stem.as_str()].map(|stem| format!("{stem}.{environment}.{extension}"))
        });
        let found = candidates
            .map(|name| first.with_file_name(name))
            .find(|path| join(&self.options.cwd, path).exists());
        if let Some(found) = found
            && !paths.contains(&found)
        {
            paths.push(found);
        }
    }
}

/// Adds the variables of a `.env` file to `values`, the later ones last. Faults inside the file are
/// reported.
///
/// # Errors
///
/// The file cannot be read.
pub(super) fn read_variables(
    path: &Path,
    cwd: &Path,
    environment: &Environment,
    values: &mut Vec<(String, String)>,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Result<(), Diagnostic> {
    let name = display(path, cwd);
    let text = read_env_text(path, &name)?;
    // Later files see the variables of those before.
    let earlier = Earlier(values.iter().cloned().collect());
    match dotenv::parse(&text, environment, &earlier) {
        Ok(out) => {
            for variable in out.variables {
                let bare = || environment.value(&variable.name);
                let value = variable.value.or_else(|| bare().map(str::to_owned));
                if let Some(value) = value {
                    values.push((variable.name, value));
                }
            }
        }
        Err(error) => {
            let source = sources.add(name, dotenv::masked(&text, &[]));
            diagnostics.push(bad_env_file(&error, Span::new(source, error.at, error.at)));
        }
    }
    Ok(())
}

/// Reads a file of variables. `/dev/null` has none.
///
/// # Errors
///
/// When it is larger than [`MAX_ENV_BYTES`]; otherwise see [`read_file`].
pub(super) fn read_env_text(path: &Path, name: &str) -> Result<String, Diagnostic> {
    if path == Path::new("/dev/null") {
        return Ok(String::new());
    }
    let text = read_file(path, name)?;
    if text.len() > MAX_ENV_BYTES {
        let message = format!("`{name}` is larger than {} MiB", MAX_ENV_BYTES >> 20);
        let help = "no process takes an environment of this size; name a file of variables";
        return Err(Diagnostic::error(Code::FileTooLarge, message).help(help));
    }
    Ok(text)
}

/// The largest file of variables or labels that is read. Linux gives a new process a few MiB for all
/// of its arguments and variables together.
const MAX_ENV_BYTES: usize = 4 * 1024 * 1024;

/// The variables of the files before; the later ones win.
struct Earlier(HashMap<String, String>);

impl Lookup for Earlier {
    fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// The diagnostic of a file of variables that cannot be read.
pub(super) fn bad_env_file(error: &dotenv::DotenvError, span: Span) -> Diagnostic {
    Diagnostic::error(Code::BadEnvFile, error.message.clone()).at(span, "here").help(error.help)
}
