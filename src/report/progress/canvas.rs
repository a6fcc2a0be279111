use std::fmt::Debug;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::TermLike;

/// Begins each line of a drawing, so that lines can be told from what indicatif fills them up with.
/// It takes no column.
pub(super) const LINE: char = '\r';

/// The terminal below a drawing.
///
/// indicatif fills each line with blanks up to the edge and lets the terminal wrap there: a terminal
/// that is made narrower then folds the whole drawing, and a drawing that stays is one endless line
/// in the scroll-back. Here each line ends where its text ends, and before the next drawing the rows
/// that the last one takes are counted in the width that the terminal has by then. A drawing is
/// written at once, and the cursor waits at the beginning of its last line.
#[derive(Debug)]
pub(super) struct Canvas<W> {
    pen: Mutex<Pen>,
    out: Mutex<W>,
    folds: bool,
}

#[derive(Debug, Default)]
struct Pen {
    /// The lines of the drawing in the making.
    lines: Vec<String>,
    /// The columns of each line on the screen.
    drawn: Vec<usize>,
}

impl<W> Canvas<W> {
    pub(super) fn new(out: W) -> Self {
        // Most terminals fold lines that are too long once they are made narrower; these cut them.
        let cuts = ["XTERM_VERSION", "STY"].iter().any(|name| std::env::var_os(name).is_some());
        Self { pen: Mutex::default(), out: Mutex::new(out), folds: !cuts }
    }

    fn pen(&self) -> MutexGuard<'_, Pen> {
        self.pen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rows and columns of the terminal; those of a VT100 where it does not say.
pub(super) fn size() -> (u16, u16) {
    match console::Term::stderr().size_checked() {
        Some((rows, columns)) if rows > 0 && columns > 0 => (rows, columns),
        _ => (24, 80),
    }
}

impl Pen {
    /// The bytes that replace what is on the screen by the lines in the making.
    fn redraw(&mut self, columns: usize, folds: bool) -> String {
        let rows = |width: &usize| if folds { width.div_ceil(columns.max(1)).max(1) } else { 1 };
        // The cursor stands at the beginning of the last line.
        let above: usize =
            self.drawn.split_last().map_or(0, |(_, rest)| rest.iter().map(rows).sum());
        let old: usize = self.drawn.iter().map(rows).sum();
        let mut out = String::from("\x1b[?2026h\r");
        if above > 0 {
            out.push_str(&format!("\x1b[{above}A"));
        }
        for (at, line) in self.lines.iter().enumerate() {
            // Cleared before the text: behind a text that fills the row, its last column would go.
            out.push_str(if at == 0 { "\x1b[K" } else { "\r\n\x1b[K" });
            out.push_str(line);
        }
        let new = self.lines.len();
        let cleared = old.saturating_sub(new.max(1));
        if new == 0 && old > 0 {
            out.push_str("\x1b[K");
        }
        for _ in 0..cleared {
            out.push_str("\r\n\x1b[K");
        }
        out.push('\r');
        if cleared > 0 {
            out.push_str(&format!("\x1b[{cleared}A"));
        }
        out.push_str("\x1b[?2026l");
        self.drawn = self.lines.iter().map(|line| console::measure_text_width(line)).collect();
        self.lines.clear();
        out
    }
}

impl<W: Write + Debug + Send> TermLike for Canvas<W> {
    fn width(&self) -> u16 {
        size().1
    }

    fn height(&self) -> u16 {
        size().0
    }

    // Where the cursor goes is decided when the whole drawing is known.
    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        if let Some(line) = text.strip_prefix(LINE) {
            self.pen().lines.push(line.to_owned());
        }
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let mut pen = self.pen();
        if pen.lines.is_empty() && pen.drawn.is_empty() {
            return Ok(());
        }
        let bytes = pen.redraw(size().1.into(), self.folds);
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(bytes.as_bytes())?;
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pen(drawn: &[usize], lines: &[&str]) -> Pen {
        Pen { lines: lines.iter().map(|&line| line.to_owned()).collect(), drawn: drawn.to_vec() }
    }

    /// The bytes without the frame that every drawing has.
    fn redraw(pen: &mut Pen, columns: usize, folds: bool) -> String {
        let out = pen.redraw(columns, folds);
        let inner = out.strip_prefix("\x1b[?2026h\r").and_then(|o| o.strip_suffix("\x1b[?2026l"));
        inner.expect("the frame").to_owned()
    }

    #[test]
    fn the_first_drawing_begins_where_the_cursor_is() {
        let mut pen = pen(&[], &["one", "\x1b[1mtwo!\x1b[0m"]);
        assert_eq!(redraw(&mut pen, 80, true), "\x1b[Kone\r\n\x1b[K\x1b[1mtwo!\x1b[0m\r");
        assert_eq!(pen.drawn, [3, 4]);
    }

    #[test]
    fn a_shorter_drawing_leaves_nothing_below_it() {
        let mut pen = pen(&[3, 3, 3], &["one"]);
        assert_eq!(redraw(&mut pen, 80, true), "\x1b[2A\x1b[Kone\r\n\x1b[K\r\n\x1b[K\r\x1b[2A");
        let mut gone = Pen { lines: Vec::new(), drawn: vec![3, 3] };
        assert_eq!(redraw(&mut gone, 80, true), "\x1b[1A\x1b[K\r\n\x1b[K\r\x1b[1A");
        assert!(gone.drawn.is_empty());
    }

    #[test]
    fn lines_that_the_terminal_folded_are_counted_in_its_new_width() {
        let mut folded = pen(&[200, 10, 100], &["one", "two", "three"]);
        let bytes = redraw(&mut folded, 80, true);
        // 200 columns take three rows, 10 one; the last line takes two, and the cursor is in its first.
        assert!(bytes.starts_with("\x1b[4A\x1b[Kone"), "{bytes:?}");
        assert!(bytes.ends_with("three\r\n\x1b[K\r\n\x1b[K\r\n\x1b[K\r\x1b[3A"), "{bytes:?}");
        let mut cut = pen(&[200, 10, 100], &["one", "two", "three"]);
        assert!(redraw(&mut cut, 80, false).starts_with("\x1b[2A\x1b[Kone"));
    }

    #[derive(Clone, Debug, Default)]
    struct Tape(std::sync::Arc<Mutex<Vec<u8>>>);

    impl Write for Tape {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("the tape").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Tape {
        fn take(&self) -> String {
            let bytes = std::mem::take(&mut *self.0.lock().expect("the tape"));
            let text = String::from_utf8(bytes).expect("text");
            text.replace("\x1b[?2026h\r", "").replace("\x1b[?2026l", "")
        }
    }

    /// What is relied on of indicatif: a drawing is lines, each begun by ours, and then a flush.
    #[test]
    fn indicatif_draws_what_it_was_given_and_makes_room() {
        let tape = Tape::default();
        let bar = super::super::bar(Canvas::new(tape.clone()));
        bar.set_message(format!("{LINE}one\n{LINE}\n{LINE}   three"));
        assert_eq!(tape.take(), "\x1b[Kone\r\n\x1b[K\r\n\x1b[K   three\r");
        bar.suspend(|| tape.clone().write_all(b"above").expect("the tape"));
        let drawn = tape.take();
        let (cleared, again) = drawn.split_once("above").expect("what was written");
        assert_eq!(cleared, "\x1b[2A\x1b[K\r\n\x1b[K\r\n\x1b[K\r\x1b[2A");
        assert_eq!(again, "\x1b[Kone\r\n\x1b[K\r\n\x1b[K   three\r");
        bar.set_message(format!("{LINE}two"));
        assert_eq!(tape.take(), "\x1b[2A\x1b[Ktwo\r\n\x1b[K\r\n\x1b[K\r\x1b[2A");
        bar.finish_and_clear();
        assert_eq!(tape.take(), "\x1b[K\r");
    }
}
