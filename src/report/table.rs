//! Columns of text.

/// Rows whose cells stand below each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

/// Between two columns.
const GAP: &str = "  ";

impl Table {
    pub(super) fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Cuts one column so that every row fits, but not below `least`.
    pub(super) fn fit(&mut self, column: usize, width: usize, least: usize) {
        let widest = self.widths().iter().map(|width| width + GAP.len()).sum::<usize>();
        let over = (widest.saturating_sub(GAP.len())).saturating_sub(width);
        let Some(have) = self.widths().get(column).copied() else { return };
        let limit = have.saturating_sub(over).max(least);
        for cell in self.rows.iter_mut().filter_map(|row| row.get_mut(column)) {
            *cell = cut(cell, limit);
        }
    }

    /// One text a row, without blanks at its end.
    pub(super) fn lines(&self) -> Vec<String> {
        let widths = self.widths();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
        };
        self.rows.iter().map(line).collect()
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        (0..columns).map(width).collect()
    }
}

/// At most this many characters, the last of them `…` where some are missing.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// The text in lines of at most this many characters, each behind `indent`; a longer word stands
/// alone.
pub(super) fn wrap(text: &str, indent: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{indent}{word}")),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_and_one_gives_way() {
        let mut table = Table::default();
        table.row(["NAME", "IMAGE", "PORT"]);
        table.row(["web", "registry.example/web", "80"]);
        table.row(["längst", "x", ""]);
        assert_eq!(table.lines()[2], "längst  x");
        assert_eq!(table.lines()[1], "web     registry.example/web  80");
        table.fit(1, 20, 4);
        assert_eq!(table.lines()[1], "web     regis…  80");
        assert!(table.lines().iter().all(|line| line.chars().count() <= 20));
        table.fit(1, 5, 4);
        assert_eq!(table.lines()[1], "web     reg…  80");
        assert!(Table::default().lines().is_empty());
    }

    #[test]
    fn text_is_broken_between_words() {
        assert_eq!(wrap("one two three", "  ", 9), ["  one two", "  three"]);
        assert_eq!(wrap("incomprehensible", " ", 5), [" incomprehensible"]);
        assert!(wrap("", "", 5).is_empty());
    }
}
