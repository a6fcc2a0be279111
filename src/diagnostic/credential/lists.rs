//! Lists that go over several lines: an option may stand on one line, and its value on the next.

use std::ops::Range;

use super::command_line;

/// Where the values of credentials stand in commands that are lists of several lines, and end behind
/// this byte.
pub(super) fn values(text: &str, behind: usize) -> Vec<Range<usize>> {
    let parts = parts(text).filter(|part| part.end > behind);
    parts.flat_map(|part| of_list(text, part)).collect()
}

/// What is to be starred out in a command that is a list of several lines. Items of a block are starred out
/// to their end.
fn of_list(text: &str, part: Range<usize>) -> Vec<Range<usize>> {
    let lines = text.get(part.clone()).unwrap_or_default();
    let whole = |range: Range<usize>| {
        let (start, end) = (part.start + range.start, part.start + range.end);
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let head = text[line..start].trim_start().trim_end_matches(['"', '\'']);
        let rest = text[start..].lines().next().unwrap_or_default();
        let rest = rest[..rest.find(" #").unwrap_or(rest.len())].trim_end();
        if head.trim_end() == "-" { start..end.max(start + rest.len()) } else { start..end }
    };
    command_line::values(lines).into_iter().map(whole).collect()
}

/// The lists of a text that have more than one line: items of a block at one indentation, and what
/// stands between brackets as far as lines end with a comma.
fn parts(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut lines = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    let mut open: Option<(Range<usize>, &str)> = None;
    std::iter::from_fn(move || {
        loop {
            let Some((start, line)) = lines.next() else {
                return open.take().map(|(range, _)| range);
            };
            let end = start + line.len();
            match &mut open {
                Some((range, last)) if goes_on(last, line) => {
                    range.end = end;
                    *last = line;
                }
                _ => {
                    if let Some((range, _)) = open.replace((start..end, line)) {
                        return Some(range);
                    }
                }
            }
        }
    })
    .filter(|range| text[range.clone()].trim_end().contains('\n'))
}

/// Whether a line is of the list that the line before it is of.
fn goes_on(last: &str, line: &str) -> bool {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let is_item = |line: &str| line.trim_start_matches(' ').starts_with("- ");
    let is_flow = |line: &str| line.trim_end().ends_with([',', '[']);
    is_item(last) && is_item(line) && indent(last) == indent(line) || is_flow(last)
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn lists_of_several_lines() {
        let text = "a:\n  - 1\n  - 2\nb:\n- x\nc: [1,\n 2]\nd: 3\n";
        let found: Vec<_> = parts(text).map(|range| &text[range]).collect();
        assert_eq!(found, ["  - 1\n  - 2\n", "c: [1,\n 2]\n"]);
        assert_eq!(parts("").count() + parts("a").count() + parts("\n\n").count(), 0);
    }
}
