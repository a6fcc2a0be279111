/// How a layer came to be in the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LayerArrival {
    /// It was there already.
    Present,
    /// Taken over from another repository of the same registry.
    Mounted,
    /// Sent.
    Uploaded,
}

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
    /// Bytes on their way to the registry.
    Bytes {
        /// Sent so far; less again when an upload had to go back.
        done: u64,
        /// To be sent; 0 while that is not known.
        total: u64,
    },
    /// The registry has a layer.
    Layer {
        /// Its digest there.
        digest: String,
        /// How it came there.
        arrival: LayerArrival,
    },
    /// The registry has the image.
    Pushed {
        /// Its digest there.
        digest: String,
    },
}
