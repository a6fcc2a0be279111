use super::Moment;

/// Which events of a log group are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// The log group.
    pub group: String,
    /// What the names of its streams start with, without the `/`.
    pub prefix: String,
    /// The first moment.
    pub start: Moment,
    /// The last moment, itself included.
    pub end: Option<Moment>,
    /// A filter pattern of CloudWatch Logs.
    pub pattern: Option<String>,
}

/// A line of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// What tells it from every other line of its group.
    pub id: String,
    /// When the container wrote it.
    pub at: Moment,
    /// When CloudWatch Logs took it in.
    pub taken: Moment,
    /// The task's id.
    pub task: String,
    /// What was written, without the line's end.
    pub message: String,
}

impl LogLine {
    /// What lines are ordered by.
    #[must_use]
    pub fn order(&self) -> (Moment, Moment) {
        (self.at, self.taken)
    }
}

/// What one call gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPage {
    /// In order of time.
    pub lines: Vec<LogLine>,
    /// Where the next page starts; a page may be empty and not be the last.
    pub next: Option<String>,
}
