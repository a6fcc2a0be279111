use super::View;
use super::line::{Line, Paint, dots};

/// How much something matters where not all has room: the first most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Failed,
    Active,
    Waiting,
    Done,
}

impl Rank {
    fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Active => "active",
            Self::Waiting => "waiting",
            Self::Done => "done",
        }
    }
}

/// The lines of one thing: what it is, then what else there is to say of it.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) rank: Rank,
    pub(super) lines: Vec<Line>,
    /// Where the text of a line begins that stands for others.
    pub(super) indent: usize,
}

/// So many lines of what an early failure says are worth more than another failure's first line.
const CAUSE: usize = 4;

/// As many of the lines as fit: those that matter first, and a count of the others.
pub(super) fn choose(mut blocks: Vec<Block>, budget: usize, view: View) -> Vec<Line> {
    let all: usize = blocks.iter().map(|block| block.lines.len()).sum();
    if all <= budget {
        return blocks.into_iter().flat_map(|block| block.lines).collect();
    }
    let Some(room) = budget.checked_sub(1) else { return Vec::new() };
    blocks.sort_by_key(|block| block.rank);
    let indent = blocks.first().map_or(0, |block| block.indent);
    let cause = blocks
        .first()
        .filter(|block| block.rank == Rank::Failed)
        .map_or(0, |block| (block.lines.len() - 1).min(CAUSE).min(room / 2));
    // One line each, and then what else there is to say, as far as there is room.
    let heads = (room - cause).min(blocks.len());
    let rest = blocks.split_off(heads);
    let mut left = room - heads;
    let mut lines = Vec::new();
    for block in blocks {
        let mut detail = block.lines;
        let taken = left.min(detail.len() - 1);
        left -= taken;
        // The head and what is nearest to the cause: how it ended, and what was logged last.
        let last = taken / 2;
        detail.drain(1 + taken - last..detail.len() - last);
        lines.extend(detail);
    }
    if !rest.is_empty() {
        lines.push(more(&rest, indent, view));
    }
    lines
}

/// `… and 12 more (9 done, 3 waiting)`
fn more(rest: &[Block], indent: usize, view: View) -> Line {
    let ranks = [Rank::Failed, Rank::Active, Rank::Done, Rank::Waiting];
    let count = |rank: &Rank| rest.iter().filter(|block| block.rank == *rank).count();
    let parts: Vec<String> = ranks
        .iter()
        .map(|rank| (count(rank), rank.word()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let mut line = Line::default();
    line.pad(indent);
    let text = format!("{} and {} more ({})", dots(view), rest.len(), parts.join(", "));
    line.push(Paint::Dim, &text);
    line
}
