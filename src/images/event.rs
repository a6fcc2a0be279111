/// What happens to an image, for the caller to turn into the program's own events.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", content = "detail")]
pub enum ImageEvent {
    /// The builder was started.
    BuildStarted,
    /// One line that the builder wrote.
    BuildLine(String),
    /// The image is in the engine.
    Built,
    /// The upload was started.
    PushStarted,
    /// Layers that the registry has, of those that the image has.
    PushProgress {
        /// There already, or uploaded.
        done: usize,
        /// As many as are known so far.
        total: usize,
    },
    /// The registry has the image.
    Pushed {
        /// Its digest there.
        digest: String,
    },
}
