use std::path::PathBuf;

use crate::aws::Traffic;
use crate::cli::{Color, Command, Global, OutputFormat};
use crate::compose::Users;
use crate::diagnostic::{Coverage, Diagnostics};
use crate::error::Error;
use crate::event::Event;
use crate::report::{
    Json, Plain, Progress, Reporter, Screen, ScreenOptions, Summary, checked, diagnostics,
};
use crate::source::Sources;

/// What every command has: the global options and the screen.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) global: Global,
    pub(super) screen: Screen,
    /// Whether diagnostics are what the command is for.
    checks: bool,
    /// Whether what it prints as JSON is one document, and not a line each.
    is_document: bool,
    /// What was asked of AWS.
    pub(super) traffic: Traffic,
}

impl Session {
    pub(super) fn new(global: Global, command: &Command) -> Self {
        let checks = matches!(command, Command::Check(_));
        let is_document = match command {
            Command::Plan(_)
            | Command::Images(_)
            | Command::Ps(_)
            | Command::History(_)
            | Command::Doctor
            | Command::Verify(_) => true,
            Command::Push(arguments) => arguments.dry_run,
            _ => false,
        };
        let color = match global.color {
            Color::Auto => None,
            Color::Always => Some(true),
            Color::Never => Some(false),
        };
        let screen =
            Screen::new(ScreenOptions { color, quiet: global.quiet, verbose: global.verbose });
        Self { global, screen, checks, is_document, traffic: Traffic::default() }
    }

    /// The same, with other options.
    pub(super) fn with(&self, global: Global) -> Self {
        let Self { global: _, screen, checks, is_document, traffic } = self;
        let (checks, is_document) = (*checks, *is_document);
        Self { global, screen: screen.clone(), checks, is_document, traffic: traffic.clone() }
    }

    pub(super) fn json(&self) -> bool {
        self.global.output == OutputFormat::Json
    }

    /// Whoever draws this command's events.
    pub(super) fn reporter(&self) -> Box<dyn Reporter + '_> {
        let reporter: Box<dyn Reporter + '_> = if self.json() {
            Box::new(Json::new(&self.screen))
        } else if self.screen.can_draw() {
            Box::new(Progress::new(&self.screen))
        } else {
            Box::new(Plain::new(&self.screen))
        };
        match workflow_summary() {
            Some(path) => Box::new(Summary::new(reporter, &self.screen, path)),
            None => reporter,
        }
    }

    /// Asks at the prompt. Other things go on meanwhile, so that Ctrl-C is heard.
    pub(super) async fn ask(&self, question: &str) -> bool {
        let (screen, question) = (self.screen.clone(), question.to_owned());
        tokio::task::spawn_blocking(move || screen.ask(&question)).await.unwrap_or(false)
    }

    /// Asks for a name at the prompt, as [`Session::ask`] does.
    pub(super) async fn ask_name(&self, question: &str, name: &str) -> bool {
        let screen = self.screen.clone();
        let (question, name) = (question.to_owned(), name.to_owned());
        let asked = tokio::task::spawn_blocking(move || screen.ask_name(&question, &name));
        asked.await.unwrap_or(false)
    }

    /// Says what takes time before there are events.
    pub(super) fn notify(&self, message: &str) {
        if self.json() && !self.is_document {
            Json::new(&self.screen).event(&Event::Note { message: message.to_owned() });
        } else {
            self.screen.note(message);
        }
    }

    /// Says, to whoever wants to know everything, what was asked of AWS and what came of it.
    pub(super) fn tell_traffic(&self) {
        let figures = self.traffic.figures();
        if self.screen.verbose() && figures.calls > 0 {
            self.notify(&figures.to_string());
        }
    }

    /// Prints diagnostics: as text on stderr, or as JSON on stdout where they are the result. Beside
    /// a result of another kind they stay out of its way.
    pub(super) fn print(&self, list: &Diagnostics, sources: &Sources) {
        self.print_of(list, sources, &Users::default());
    }

    /// The same where it is known who uses what services share.
    pub(super) fn print_of(&self, list: &Diagnostics, sources: &Sources, users: &Users) {
        // In addition, where GitHub shows them beside the lines: it reads both streams.
        if std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
            self.screen.block(&diagnostics::render_github(list, sources));
        }
        if self.json() && (self.checks || list.has_errors()) {
            let users = |diagnostic| users.of_what(diagnostic);
            for line in diagnostics::render_json(list, sources, &users).lines() {
                self.screen.data(line);
            }
            return;
        }
        let options = diagnostics::RenderOptions {
            color: self.screen.color(),
            width: self.screen.width(),
            verbose: self.screen.verbose(),
        };
        self.screen.block(&diagnostics::render(list, sources, options));
    }

    /// Says what was found in the files on the page of a GitHub workflow run, where one runs.
    pub(super) fn summarise(
        &self,
        command: &str,
        covered: &[Coverage],
        found: &Diagnostics,
        sources: &Sources,
    ) {
        if let Some(path) = workflow_summary() {
            checked::add(&path, &checked::markdown(command, covered, found, sources), &self.screen);
        }
    }

    pub(super) fn cwd(&self) -> Result<PathBuf, Error> {
        std::env::current_dir().map_err(|error| Error::System {
            message: format!("failed to find the working directory: {error}"),
            help: "change to a directory that exists".to_owned(),
        })
    }
}

/// Where GitHub Actions takes a summary of the step that runs.
fn workflow_summary() -> Option<PathBuf> {
    if std::env::var_os("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
        return None;
    }
    let path = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty())?;
    Some(PathBuf::from(path))
}
