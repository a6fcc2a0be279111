use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthChar;

use super::View;

/// What a piece of text is, for the eye; the words say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Bold,
    Dim,
    Good,
    Bad,
    Warn,
    Bar,
}

impl Paint {
    fn style(self) -> Style {
        let color = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Bold => Style::new().bold(),
            Self::Dim => Style::new().dimmed(),
            Self::Good => color(AnsiColor::Green),
            Self::Bad => color(AnsiColor::Red).bold(),
            Self::Warn => color(AnsiColor::Yellow),
            Self::Bar => color(AnsiColor::Cyan),
        }
    }
}

/// A line in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pieces: Vec<(Paint, String)>,
}

impl Line {
    pub(super) fn text(paint: Paint, text: &str) -> Self {
        Self { pieces: vec![(paint, text.to_owned())] }
    }

    pub(super) fn push(&mut self, paint: Paint, text: &str) {
        if !text.is_empty() {
            self.pieces.push((paint, text.to_owned()));
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        self.pieces.extend(other.pieces);
    }

    pub(super) fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text)| width(text)).sum()
    }

    /// Blanks up to a column.
    pub(super) fn pad(&mut self, column: usize) {
        let blanks = column.saturating_sub(self.width());
        self.push(Paint::Plain, &" ".repeat(blanks));
    }

    /// A text at the right edge; what stands before it gives way.
    pub(super) fn right(&mut self, paint: Paint, text: &str, view: View) {
        let column = view.width.saturating_sub(width(text));
        if self.width() + 1 > column {
            self.cut(column.saturating_sub(2), view);
            self.push(Paint::Plain, " ");
        }
        self.pad(column);
        self.push(paint, text);
    }

    /// Cuts to so many columns.
    fn cut(&mut self, columns: usize, view: View) {
        if self.width() <= columns {
            return;
        }
        let mut left = columns;
        let mut pieces = Vec::new();
        for (paint, text) in self.pieces.drain(..) {
            let wide = width(&text);
            // One piece more may fill what is left exactly, and still not be the last.
            if wide < left {
                left -= wide;
                pieces.push((paint, text));
                continue;
            }
            pieces.push((paint, shorten_always(&text, left, dots(view))));
            break;
        }
        self.pieces = pieces;
    }

    /// The line as text, cut to the width of the screen.
    pub(super) fn draw(mut self, view: View) -> String {
        self.cut(view.width, view);
        let mut out = String::new();
        let last = self.pieces.iter().rposition(|(_, text)| !text.trim().is_empty());
        for (at, (paint, text)) in self.pieces.iter().enumerate() {
            let text = match last {
                Some(last) if at < last => text.as_str(),
                Some(last) if at == last => text.trim_end(),
                _ => break,
            };
            let text = if view.style.ascii { ascii(text) } else { text.to_owned() };
            if view.style.color && *paint != Paint::Plain {
                let style = paint.style();
                out.push_str(&format!("{style}{text}{style:#}"));
            } else {
                out.push_str(&text);
            }
        }
        out
    }
}

/// The columns of a text.
pub(super) fn width(text: &str) -> usize {
    // By character, as most terminals count.
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// The text in at most so many columns.
pub(super) fn shorten(text: &str, columns: usize, view: View) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    shorten_always(text, columns, dots(view))
}

/// As much of the text as leaves room for the dots.
fn shorten_always(text: &str, columns: usize, dots: &str) -> String {
    let Some(room) = columns.checked_sub(width(dots)) else {
        return dots.chars().take(columns).collect();
    };
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        out.push(c);
    }
    out.push_str(dots);
    out
}

/// What ASCII cannot say is a question mark as wide as what it stands for.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            out.extend(std::iter::repeat_n('?', c.width().unwrap_or(0)));
        }
    }
    out
}

/// A bar of so many columns.
pub(super) fn bar(columns: usize, done: u64, total: u64, view: View) -> Line {
    let columns_wide = columns as u128;
    let part = match total {
        0 => columns_wide,
        total => u128::from(done.min(total)) * columns_wide / u128::from(total),
    };
    let full = usize::try_from(part).unwrap_or(columns).min(columns);
    let (on, off) = if view.style.ascii { ("#", "-") } else { ("█", "░") };
    let mut line = Line::default();
    line.push(Paint::Bar, &on.repeat(full));
    line.push(Paint::Dim, &off.repeat(columns - full));
    line
}

pub(super) fn dots(view: View) -> &'static str {
    if view.style.ascii { "..." } else { "…" }
}

pub(super) fn tick(view: View) -> &'static str {
    if view.style.ascii { "ok" } else { "✓" }
}

pub(super) fn cross(view: View) -> &'static str {
    if view.style.ascii { "x" } else { "✗" }
}

pub(super) fn pipe(view: View) -> &'static str {
    if view.style.ascii { "|" } else { "│" }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::frame::Style as Look;

    fn view(width: usize) -> View {
        View { width, height: None, style: Look { color: false, ascii: false } }
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(Line::text(Paint::Plain, "商店 shop").draw(view(5)), "商店…");
        assert_eq!(Line::text(Paint::Plain, "商店 shop").draw(view(4)), "商…");
        assert_eq!(Line::text(Paint::Plain, "商店 shop").draw(view(0)), "");
    }

    #[test]
    fn what_stands_left_gives_way() {
        let mut line = Line::text(Paint::Plain, "a long beginning");
        line.right(Paint::Plain, "48s", view(12));
        assert_eq!(line.draw(view(12)), "a long…  48s");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_screen(
            pieces in proptest::collection::vec("\\PC{0,12}", 0..5), columns in 0usize..40,
            ascii in any::<bool>(), right in proptest::option::of("[a-z]{0,8}")
        ) {
            let view = View { width: columns, height: None, style: Look { color: false, ascii } };
            let mut line = Line::default();
            for piece in &pieces {
                line.push(Paint::Plain, piece);
            }
            if let Some(right) = right {
                line.right(Paint::Plain, &right, view);
            }
            let drawn = line.draw(view);
            prop_assert!(width(&drawn) <= columns);
            prop_assert!(!ascii || drawn.is_ascii());
        }
    }
}
