//! `docker pull`, with the user's own configuration.

use std::time::Duration;

use super::Engine;
use super::process::{no_input, stream};
use crate::images::error::ImageError;

const ATTEMPTS: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Words of a registry or engine that will say the same again.
const FINAL: [&str; 7] = [
    "access denied",
    "denied:",
    "does not exist",
    "invalid reference",
    "no matching manifest",
    "not found",
    "unauthorized",
];

impl Engine {
    /// Pulls an image for a platform. Tries again when the network fails.
    ///
    /// # Errors
    ///
    /// [`ImageError::PullFailed`] has docker's last lines.
    pub async fn pull(&self, reference: &str, platform: &str) -> Result<(), ImageError> {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let mut command = self.command();
            command.args(["image", "pull", "--quiet", "--platform", platform, "--", reference]);
            let ended = stream(&mut command, no_input, &mut |_| {}).await;
            let ended = ended.map_err(|source| self.cannot_run("pull", source))?;
            if ended.status.success() {
                break;
            }
            let text = ended.tail.join("\n").to_lowercase();
            if attempt == ATTEMPTS || FINAL.iter().any(|word| text.contains(word)) {
                return Err(ImageError::PullFailed {
                    reference: reference.to_owned(),
                    platform: platform.to_owned(),
                    lines: ended.tail,
                });
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Ok(())
    }
}
