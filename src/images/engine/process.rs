//! Runs a command and hands on its lines as they come.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::process::ExitStatus;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{ChildStdin, Command};

/// As many of a command's last lines as an error message shows.
const TAIL: usize = 20;

/// What docker says ahead of every build that it makes without BuildKit. It is known, and the lines of
/// an error message are few.
const NOTICE: [&str; 3] = [
    "DEPRECATED: The legacy builder is deprecated and will be removed in a future release.",
    "Install the buildx component to build images with BuildKit:",
    "https://docs.docker.com/go/buildx/",
];

/// How a command ended.
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// Its last lines, of both outputs.
    pub(super) tail: Vec<String>,
}

/// Runs `command`, giving it what `feed` writes when its input is piped. Dropping the future
/// kills the command.
pub(super) async fn stream<F: Future<Output = io::Result<()>>>(
    command: &mut Command,
    feed: impl FnOnce(ChildStdin) -> F,
    on_line: &mut dyn FnMut(&str),
) -> io::Result<Ended> {
    let mut child = command.spawn()?;
    let input = child.stdin.take();
    let feeding = async {
        match input {
            Some(input) => feed(input).await,
            None => Ok(()),
        }
    };
    let mut tail = VecDeque::with_capacity(TAIL);
    let output = child.stdout.take();
    let errors = child.stderr.take();
    let reading = async {
        let (Some(output), Some(errors)) = (output, errors) else { return Ok(()) };
        let mut output = BufReader::new(output).split(b'\n');
        let mut errors = BufReader::new(errors).split(b'\n');
        let (mut more_output, mut more_errors) = (true, true);
        while more_output || more_errors {
            let bytes = tokio::select! {
                line = output.next_segment(), if more_output => {
                    let line = line?;
                    more_output = line.is_some();
                    line
                }
                line = errors.next_segment(), if more_errors => {
                    let line = line?;
                    more_errors = line.is_some();
                    line
                }
            };
            let text = String::from_utf8_lossy(bytes.as_deref().unwrap_or_default());
            // Of a line that was drawn over, what was seen last.
            let line = text.trim_end().rsplit('\r').next().unwrap_or_default();
            if line.is_empty() || NOTICE.contains(&line.trim()) {
                continue;
            }
            if tail.len() == TAIL {
                tail.pop_front();
            }
            tail.push_back(line.to_owned());
            on_line(line);
        }
        io::Result::Ok(())
    };
    let (fed, read) = tokio::join!(feeding, reading);
    read?;
    let status = child.wait().await?;
    match fed {
        // A command that stops listening says why in its own words.
        Err(error) if status.success() || error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(Ended { status, tail: tail.into() }),
    }
}

/// For commands that read nothing.
pub(super) async fn no_input(_: ChildStdin) -> io::Result<()> {
    Ok(())
}
