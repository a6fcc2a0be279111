use std::collections::VecDeque;
use std::time::Duration;

use crate::event::{ImageProgress, ImageScan};
use crate::report::harmless::harmless;

/// The rate is that of so much time.
const WINDOW: Duration = Duration::from_secs(5);

/// How an image stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ImageState {
    /// Nothing has begun.
    #[default]
    Waiting,
    /// It is built; the last line of the builder.
    Building(Option<String>),
    /// It is uploaded.
    Pushing,
    /// It stands in the repository, and its scan is waited for: ECR's word for that.
    Scanning(String),
    /// It stands in the repository: the digest, when known, and whether it stood there before.
    Pushed {
        /// `sha256:…`
        digest: Option<String>,
        /// Nothing had to be uploaded.
        was_there: bool,
    },
    /// It could not be built or pushed.
    Failed(String),
}

/// An image that is built or pushed.
#[derive(Clone, Debug, Default)]
pub struct ImageRow {
    /// The Compose service.
    pub name: String,
    /// How it stands.
    pub state: ImageState,
    /// Bytes uploaded, and bytes in all (0 when unknown), once an upload began.
    pub bytes: Option<(u64, u64)>,
    /// Layers that the repository has, and layers in all, once that is known.
    pub layers: Option<(u64, u64)>,
    /// When how many bytes were uploaded.
    samples: VecDeque<(Duration, u64)>,
}

impl ImageRow {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub(super) fn apply(&mut self, progress: &ImageProgress, now: Duration) {
        match progress {
            ImageProgress::Building => self.state = ImageState::Building(None),
            ImageProgress::Line { line } => {
                let line = harmless(line);
                if !line.trim().is_empty() {
                    self.state = ImageState::Building(Some(line));
                }
            }
            ImageProgress::Pushing => self.state = ImageState::Pushing,
            ImageProgress::Uploaded { done, total } => {
                self.state = ImageState::Pushing;
                self.bytes = Some((*done, *total));
                self.samples.push_back((now, *done));
                // One sample from before the window stays: the rate is measured from there.
                while self.samples.get(1).is_some_and(|(at, _)| *at + WINDOW < now) {
                    self.samples.pop_front();
                }
            }
            ImageProgress::Layers { done, total } => {
                self.state = ImageState::Pushing;
                self.layers = Some((*done, *total));
            }
            ImageProgress::Scanning { status } => {
                self.state = ImageState::Scanning(harmless(status));
            }
            ImageProgress::Pushed { digest } => {
                self.state = ImageState::Pushed { digest: Some(digest.clone()), was_there: false };
            }
        }
    }

    /// The scan is over.
    pub(super) fn scanned(&mut self, scan: &ImageScan) {
        let digest = Some(scan.digest.clone());
        self.state = match scan.passed {
            true => ImageState::Pushed { digest, was_there: false },
            false => ImageState::Failed(harmless(scan.reason.as_deref().unwrap_or(&scan.status))),
        };
    }

    pub(super) fn stands(&mut self, digest: Option<&str>) {
        if !matches!(self.state, ImageState::Pushed { .. }) {
            let digest = digest.map(str::to_owned);
            self.state = ImageState::Pushed { digest, was_there: true };
        }
    }

    pub(super) fn fail(&mut self, error: &str) {
        self.state = ImageState::Failed(harmless(error));
    }

    /// Whether nothing more comes.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.state, ImageState::Pushed { .. } | ImageState::Failed(_))
    }

    /// Bytes a second over the last seconds; `None` until there is something to measure.
    #[must_use]
    pub fn rate(&self, now: Duration) -> Option<u64> {
        let (since, first) = *self.samples.front()?;
        let (_, last) = *self.samples.back()?;
        let took = now.checked_sub(since)?.as_millis();
        if took < 500 {
            return None;
        }
        let bytes = u128::from(last.saturating_sub(first));
        u64::try_from(bytes * 1000 / took).ok()
    }
}
