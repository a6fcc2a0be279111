use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::{LogLine, Moment};

/// Merges logs that come page by page, each in order of time, into one. It never holds more than one
/// page a source.
#[derive(Debug)]
pub struct Merge {
    sources: Vec<Source>,
}

#[derive(Debug, Default)]
struct Source {
    lines: VecDeque<LogLine>,
    done: bool,
}

impl Merge {
    /// For this many sources, none of which has given anything.
    #[must_use]
    pub fn new(sources: usize) -> Self {
        Self { sources: std::iter::repeat_with(Source::default).take(sources).collect() }
    }

    /// The sources that must give a page before the next line is known.
    #[must_use]
    pub fn wanted(&self) -> Vec<usize> {
        let wants = |source: &Source| source.lines.is_empty() && !source.done;
        (0..self.sources.len()).filter(|index| wants(&self.sources[*index])).collect()
    }

    /// Takes a page; `last` when none follows.
    pub fn give(&mut self, source: usize, mut lines: Vec<LogLine>, last: bool) {
        lines.sort_by_key(LogLine::order);
        let Some(source) = self.sources.get_mut(source) else { return };
        source.lines.extend(lines);
        source.done = last;
    }

    /// The next line and its source, when no source can have an earlier one any more.
    pub fn pop(&mut self) -> Option<(usize, LogLine)> {
        if !self.wanted().is_empty() {
            return None;
        }
        let first = |source: &Source| source.lines.front().map(LogLine::order);
        let heads = self.sources.iter().enumerate();
        let (_, index) = heads.filter_map(|(index, source)| Some((first(source)?, index))).min()?;
        self.sources[index].lines.pop_front().map(|line| (index, line))
    }
}

/// Which lines have been seen, so that reading a stretch of time again shows only what is new.
#[derive(Debug)]
pub struct Seen {
    ids: BTreeSet<(Moment, String)>,
    newest: Moment,
    overlap: Duration,
}

impl Seen {
    /// Reads again what is at most `overlap` older than the newest line; `start` while there is none.
    #[must_use]
    pub fn new(start: Moment, overlap: Duration) -> Self {
        Self { ids: BTreeSet::new(), newest: start, overlap }
    }

    /// Whether this line is new.
    pub fn is_new(&mut self, line: &LogLine) -> bool {
        self.newest = self.newest.max(line.at);
        self.ids.insert((line.at, line.id.clone()))
    }

    /// Where to read from, now that it is `now`: what is older can no longer be told from what was
    /// seen, and is forgotten. A clock that runs ahead inside a container does not carry it off.
    pub fn start(&mut self, now: Moment) -> Moment {
        let start = self.newest.min(now).before(self.overlap);
        self.ids = self.ids.split_off(&(start, String::new()));
        start
    }

    /// How many lines are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.ids.len()
    }
}

/// The last lines of each task.
#[derive(Debug)]
pub struct Tail {
    limit: usize,
    tasks: BTreeMap<String, VecDeque<LogLine>>,
    cut: bool,
}

impl Tail {
    /// At most this many lines a task.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, tasks: BTreeMap::new(), cut: false }
    }

    /// Takes the next line.
    pub fn push(&mut self, line: LogLine) {
        let lines = self.tasks.entry(line.task.clone()).or_default();
        lines.push_back(line);
        if lines.len() > self.limit {
            lines.pop_front();
            self.cut = true;
        }
    }

    /// Takes in front what an earlier stretch of time had.
    pub fn prepend(&mut self, earlier: Self) {
        self.cut |= earlier.cut;
        for (task, mut lines) in earlier.tasks {
            let later = self.tasks.remove(&task).unwrap_or_default();
            lines.extend(later);
            while lines.len() > self.limit {
                lines.pop_front();
                self.cut = true;
            }
            self.tasks.insert(task, lines);
        }
    }

    /// Whether each of these tasks has as many lines as are wanted.
    pub fn is_full<'a>(&self, mut tasks: impl Iterator<Item = &'a str>) -> bool {
        tasks.all(|task| self.tasks.get(task).map_or(0, VecDeque::len) >= self.limit)
    }

    /// Whether lines were left out.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// All lines, in order of time.
    #[must_use]
    pub fn into_lines(self) -> Vec<LogLine> {
        let mut lines: Vec<_> = self.tasks.into_values().flatten().collect();
        lines.sort_by_key(LogLine::order);
        lines
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(at: i64, task: &str) -> LogLine {
        LogLine {
            id: format!("{at}-{task}"),
            at: Moment::from_millis(at),
            taken: Moment::from_millis(at + 5),
            task: task.to_owned(),
            message: String::new(),
        }
    }

    fn times(lines: &[LogLine]) -> Vec<i64> {
        lines.iter().map(|line| line.at.millis()).collect()
    }

    #[test]
    fn nothing_comes_before_every_source_has_spoken() {
        let mut merge = Merge::new(2);
        merge.give(0, vec![line(5, "a")], true);
        assert_eq!(merge.pop(), None);
        assert_eq!(merge.wanted(), [1]);
        // An empty page that is not the last is no end.
        merge.give(1, Vec::new(), false);
        assert_eq!(merge.pop(), None);
        merge.give(1, vec![line(3, "b"), line(9, "b")], true);
        let all: Vec<_> = std::iter::from_fn(|| merge.pop()).map(|(i, l)| (i, l.at)).collect();
        assert_eq!(
            all.iter().map(|(i, at)| (*i, at.millis())).collect::<Vec<_>>(),
            [(1, 3), (0, 5), (1, 9)]
        );
        assert!(merge.wanted().is_empty());
        assert_eq!(Merge::new(0).pop(), None);
    }

    #[test]
    fn a_late_line_is_shown_and_no_line_twice() {
        let mut seen = Seen::new(Moment::from_millis(1_000), Duration::from_millis(500));
        assert!(seen.is_new(&line(2_000, "a")));
        let start = seen.start(Moment::from_millis(9_000));
        assert_eq!(start.millis(), 1_500);
        // Read again: the old one, and one that was late.
        assert!(!seen.is_new(&line(2_000, "a")));
        assert!(seen.is_new(&line(1_700, "b")));
        assert!(!seen.is_new(&line(1_700, "b")));
        // The same moment, another line.
        assert!(seen.is_new(&line(2_000, "b")));
    }

    #[test]
    fn memory_stays_within_the_overlap() {
        let mut seen = Seen::new(Moment::default(), Duration::from_millis(100));
        for at in 0..10_000 {
            assert!(seen.is_new(&line(at, "a")));
            seen.start(Moment::from_millis(1_000_000));
        }
        assert!(seen.remembered() <= 101, "{}", seen.remembered());
    }

    #[test]
    fn a_clock_ahead_does_not_hide_the_others() {
        let mut seen = Seen::new(Moment::default(), Duration::from_millis(100));
        assert!(seen.is_new(&line(1_000_000, "ahead")));
        assert_eq!(seen.start(Moment::from_millis(5_000)).millis(), 4_900);
        assert!(!seen.is_new(&line(1_000_000, "ahead")));
    }

    #[test]
    fn the_last_lines_of_each_task() {
        let mut tail = Tail::new(2);
        for at in [5, 6, 7] {
            tail.push(line(at, "a"));
        }
        tail.push(line(8, "b"));
        assert!(tail.is_cut());
        assert!(!tail.is_full(["a", "b"].into_iter()));
        let mut earlier = Tail::new(2);
        for at in [1, 2, 3] {
            earlier.push(line(at, "b"));
        }
        tail.prepend(earlier);
        assert!(tail.is_full(["a", "b"].into_iter()));
        assert_eq!(times(&tail.into_lines()), [3, 6, 7, 8]);
        assert!(Tail::new(0).is_full(["a"].into_iter()));
    }

    proptest! {
        #[test]
        fn merged_pages_are_the_sorted_whole(
            sources in prop::collection::vec(prop::collection::vec(0i64..50, 0..20), 0..4),
            page in 1usize..5,
        ) {
            let mut expected = Vec::new();
            let mut pages: Vec<VecDeque<Vec<LogLine>>> = Vec::new();
            for (index, times) in sources.iter().enumerate() {
                let mut lines: Vec<_> =
                    times.iter().map(|at| line(*at, &index.to_string())).collect();
                lines.sort_by_key(LogLine::order);
                expected.extend(lines.iter().map(|line| line.at.millis()));
                pages.push(lines.chunks(page).map(<[LogLine]>::to_vec).collect());
            }
            expected.sort_unstable();
            let mut merge = Merge::new(sources.len());
            let mut got = Vec::new();
            loop {
                for index in merge.wanted() {
                    let lines = pages[index].pop_front().unwrap_or_default();
                    merge.give(index, lines, pages[index].is_empty());
                }
                match merge.pop() {
                    Some((_, line)) => got.push(line.at.millis()),
                    None if merge.wanted().is_empty() => break,
                    None => {}
                }
            }
            prop_assert_eq!(got, expected);
        }
    }
}
