use std::fmt::Debug;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anstyle::{AnsiColor, Style};

/// How to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScreenOptions {
    /// `Some` when colour was asked for or forbidden.
    pub color: Option<bool>,
    /// Only errors and results.
    pub quiet: bool,
    /// Notes too.
    pub verbose: bool,
}

/// A drawing that stays at the bottom of the terminal.
pub(super) trait Drawing: Debug + Send + Sync {
    /// Writes something above it.
    fn above(&self, write: &mut dyn FnMut());
    /// Shows that somebody asked to stop.
    fn stopping(&self);
    /// Draws nothing more, whatever happens.
    fn abandon(&self);
}

/// stdout for data, stderr for everything else. Clones speak on the same screen.
#[derive(Clone, Debug)]
pub struct Screen {
    options: ScreenOptions,
    color: bool,
    drawing: Arc<Mutex<Option<Arc<dyn Drawing>>>>,
}

impl Screen {
    /// Finds out what the two streams can do.
    #[must_use]
    pub fn new(options: ScreenOptions) -> Self {
        let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = options.color.unwrap_or_else(|| !forbidden && std::io::stderr().is_terminal());
        Self { options, color, drawing: Arc::default() }
    }

    /// Whether stderr is coloured.
    #[must_use]
    pub fn color(&self) -> bool {
        self.color
    }

    /// Whether notes are wanted.
    #[must_use]
    pub fn verbose(&self) -> bool {
        self.options.verbose
    }

    /// Whether somebody can be asked.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal()
            && std::io::stderr().is_terminal()
            && std::env::var_os("CI").is_none()
    }

    /// Whether a drawing can be kept at the bottom of the terminal, and is wanted.
    #[must_use]
    pub fn can_draw(&self) -> bool {
        let can_move =
            std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb");
        !self.options.quiet
            && std::io::stderr().is_terminal()
            && std::env::var_os("CI").is_none()
            && (can_move || cfg!(windows))
    }

    /// Columns of the terminal; 100 where there is none.
    #[must_use]
    pub fn width(&self) -> usize {
        let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let terminal = || console::Term::stderr().size_checked().map(|(_, columns)| columns.into());
        columns.or_else(terminal).unwrap_or(100)
    }

    /// From here on everything is written above this drawing; `None` where there is none any more.
    pub(super) fn set_drawing(&self, drawing: Option<Arc<dyn Drawing>>) {
        *self.drawing() = drawing;
    }

    /// Says that a command was asked to stop: what has started is finished.
    pub fn stopping(&self) {
        let drawing = self.drawing().clone();
        match drawing {
            Some(drawing) => drawing.stopping(),
            None => {
                self.fresh_line();
                self.note(super::frame::STOPPING);
            }
        }
    }

    /// Leaves the terminal as it was found, on a line of its own, before the program ends at once.
    pub fn leave(&self) {
        let drawing = self.drawing().take();
        if let Some(drawing) = drawing {
            drawing.abandon();
            let mut err = std::io::stderr().lock();
            // Colours, a cursor that shows, and the line below the drawing.
            let _ = err.write_all(b"\x1b[0m\x1b[?25h\r\n");
            let _ = err.flush();
        } else {
            self.fresh_line();
        }
    }

    /// Goes below what the terminal itself wrote, such as `^C`.
    pub fn fresh_line(&self) {
        if std::io::stderr().is_terminal() {
            self.error_line("");
        }
    }

    /// Columns of the terminal that stdout is; `None` where it is none. 80 where the terminal does
    /// not say.
    #[must_use]
    pub fn data_width(&self) -> Option<usize> {
        let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        std::io::stdout().is_terminal().then(|| columns.unwrap_or(80))
    }

    /// Whether stdout is coloured.
    #[must_use]
    pub fn data_color(&self) -> bool {
        let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        self.options.color.unwrap_or_else(|| !forbidden && std::io::stdout().is_terminal())
    }

    /// Lines of data on stdout, written at once.
    ///
    /// # Errors
    ///
    /// When nobody reads them any more.
    pub fn stream(&self, text: &str) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// A line of data on stdout. A reader that went away is no fault.
    pub fn data(&self, line: &str) {
        self.above(|| {
            let mut out = std::io::stdout().lock();
            let _ = writeln!(out, "{line}");
            let _ = out.flush();
        });
    }

    /// As [`Screen::data`], for what is too long to be put together first.
    pub fn data_with(&self, mut write: impl FnMut(&mut dyn Write) -> std::io::Result<()>) {
        self.above(|| {
            let mut out = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
            let _ = write(&mut out).and_then(|()| writeln!(out)).and_then(|()| out.flush());
        });
    }

    /// A line on stderr, unless quiet.
    pub fn note(&self, line: &str) {
        if !self.options.quiet {
            self.error_line(line);
        }
    }

    /// A text that is already laid out, on stderr, whether quiet or not.
    pub fn block(&self, text: &str) {
        if !text.is_empty() {
            self.error_line(text.trim_end_matches('\n'));
        }
    }

    /// An error and the way out.
    pub fn error(&self, message: &str, help: Option<&str>) {
        let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        self.error_line(&format!("{}: {message}", self.paint(red, "error")));
        if let Some(help) = help {
            let cyan = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
            self.error_line(&format!(" {}: {help}", self.paint(cyan, "help")));
        }
    }

    /// A warning that is about no place in a file.
    pub fn warning(&self, message: &str) {
        let yellow = Style::new().bold().fg_color(Some(AnsiColor::Yellow.into()));
        self.error_line(&format!("{}: {message}", self.paint(yellow, "warning")));
    }

    /// The text in a style, where there is colour.
    #[must_use]
    pub fn paint(&self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Asks for a name, and waits for somebody to type it.
    #[must_use]
    pub fn ask_name(&self, question: &str, name: &str) -> bool {
        Self::answer(&format!("{question}: ")).trim() == name
    }

    /// Asks, and waits for `yes` or `y`.
    #[must_use]
    pub fn ask(&self, question: &str) -> bool {
        let answer = Self::answer(&format!("{question} [y/N] "));
        matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }

    fn answer(question: &str) -> String {
        let mut err = std::io::stderr().lock();
        let _ = write!(err, "{question}");
        let _ = err.flush();
        drop(err);
        let mut answer = String::new();
        let _ = std::io::stdin().read_line(&mut answer);
        answer
    }

    fn error_line(&self, line: &str) {
        self.above(|| {
            let mut err = std::io::stderr().lock();
            let _ = writeln!(err, "{line}");
        });
    }

    /// Writes above the drawing, where there is one.
    fn above(&self, mut write: impl FnMut()) {
        let drawing = self.drawing().clone();
        match drawing {
            Some(drawing) => drawing.above(&mut write),
            None => write(),
        }
    }

    fn drawing(&self) -> MutexGuard<'_, Option<Arc<dyn Drawing>>> {
        self.drawing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
