//! The drawing of a running command at the bottom of a terminal: the only user of indicatif.

mod canvas;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use self::canvas::{Canvas, LINE, size};
use super::frame::{Style, View, frame};
use super::scan;
use super::screen::Drawing;
use super::state::State;
use super::ticker::Ticker;
use super::{Reporter, Screen, harmless};
use crate::event::Event;

/// How often the drawing is looked at: events only change what is known.
const PERIOD: Duration = Duration::from_millis(100);

/// Draws a command while it runs, and leaves the last drawing on the screen as plain text.
#[derive(Debug)]
pub struct Progress<'a> {
    screen: &'a Screen,
    live: Arc<Live>,
    ticker: Mutex<Option<Ticker>>,
}

impl<'a> Progress<'a> {
    /// Draws on this screen's stderr, which must be a terminal.
    #[must_use]
    pub fn new(screen: &'a Screen) -> Self {
        let style = Style { color: screen.color(), ascii: !is_utf8(|name| std::env::var_os(name)) };
        let live = Live {
            start: Instant::now(),
            state: Mutex::default(),
            style,
            bar: bar(Canvas::new(std::io::stderr())),
            drawn: Mutex::default(),
            abandoned: AtomicBool::new(false),
        };
        Self { screen, live: Arc::new(live), ticker: Mutex::default() }
    }

    fn ticker(&self) -> MutexGuard<'_, Option<Ticker>> {
        self.ticker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) {
        self.screen.set_drawing(Some(self.live.clone()));
        self.live.draw();
        let live = Arc::clone(&self.live);
        *self.ticker() = Some(Ticker::new(PERIOD, move || live.draw()));
    }

    /// Ends the drawing: what it showed last stays as text.
    fn end(&self) {
        let Some(ticker) = self.ticker().take() else { return };
        drop(ticker);
        self.screen.set_drawing(None);
        if self.live.abandoned.load(Ordering::SeqCst) {
            return;
        }
        self.live.bar.finish_and_clear();
        self.screen.block(&self.live.lines(None).join("\n"));
    }
}

impl Reporter for Progress<'_> {
    fn event(&self, event: &Event) {
        let now = self.live.start.elapsed();
        self.live.state().apply(event, now);
        match event {
            Event::Started { .. } => self.begin(),
            Event::Note { message } => self.screen.note(&harmless(message)),
            Event::ServiceMessage { service, message } if self.screen.verbose() => {
                self.screen.note(&format!("  ecs      {service}: {}", harmless(message)));
            }
            // It stays, and goes on scrolling above the drawing.
            Event::Log { service, line } => {
                self.screen.note(&format!("  {service} | {}", harmless(line)));
            }
            Event::Endpoint { service, url } => self.screen.data(&format!("{service}  {url}")),
            Event::ImageReady(image) => {
                self.screen.data(&format!("{}  {}", image.service, image.uri));
            }
            Event::Scanned(scan) => {
                let text = scan::lines(scan).join("\n    ");
                self.screen.block(&format!("  scan {}: {text}", scan.service));
            }
            Event::Finished { .. } => self.end(),
            _ => {}
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

/// What the ticker, the reporter and whoever writes above it share.
#[derive(Debug)]
struct Live {
    start: Instant,
    state: Mutex<State>,
    style: Style,
    bar: ProgressBar,
    /// The size and the lines that were drawn last.
    drawn: Mutex<((u16, u16), Vec<String>)>,
    abandoned: AtomicBool,
}

impl Live {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lines for a terminal of so many rows, or all that there are.
    fn lines(&self, height: Option<usize>) -> Vec<String> {
        let (_, columns) = size();
        let view = View { width: columns.into(), height, style: self.style };
        frame(&self.state(), self.start.elapsed(), view)
    }

    /// Draws, if anything changed.
    fn draw(&self) {
        if self.abandoned.load(Ordering::SeqCst) {
            return;
        }
        let size = size();
        // One row stays free, so that the line above the drawing can be seen.
        let lines = self.lines(Some(usize::from(size.0).saturating_sub(1).max(1)));
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if *drawn == (size, lines.clone()) {
            return;
        }
        let text: Vec<String> = lines.iter().map(|line| format!("{LINE}{line}")).collect();
        *drawn = (size, lines);
        self.bar.set_message(text.join("\n"));
    }
}

impl Drawing for Live {
    fn above(&self, write: &mut dyn FnMut()) {
        self.bar.suspend(write);
    }

    fn stopping(&self) {
        self.state().apply(&Event::Stopping, self.start.elapsed());
        self.draw();
    }

    fn abandon(&self) {
        self.abandoned.store(true, Ordering::SeqCst);
    }
}

/// One bar whose message is the whole drawing.
fn bar(canvas: impl TermLike + 'static) -> ProgressBar {
    let target = ProgressDrawTarget::term_like(Box::new(canvas));
    let bar = ProgressBar::with_draw_target(None, target);
    match ProgressStyle::with_template("{msg}") {
        Ok(style) => bar.with_style(style),
        // The template is a literal that is well-formed.
        Err(_) => bar,
    }
}

/// Whether the locale says that the terminal shows UTF-8 (POSIX: the first of these that is set
/// and not empty decides). A system without a locale is taken to be modern.
fn is_utf8(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.is_empty());
    let Some(locale) = set else { return cfg!(any(windows, target_os = "macos")) };
    let locale = locale.to_string_lossy().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_locale_that_is_set_decides() {
        let with = |set: &[(&str, &str)]| {
            is_utf8(|name| {
                let found = set.iter().find(|(known, _)| *known == name)?;
                Some(found.1.into())
            })
        };
        assert!(with(&[("LANG", "de_DE.UTF-8")]));
        assert!(with(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")]));
        assert!(!with(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
        assert!(!with(&[("LANG", "de_DE.ISO-8859-1")]));
    }
}
