//! An image on its way out of the engine: one tar, however many layers.

use std::io::{self, Read};
use std::path::Path;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{FutureExt, TryStreamExt};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::Request;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;

use super::{Builder, Engine};
use crate::images::error::ImageError;
use crate::images::oci::{Digest, Platform};

/// Batches that may wait to be read: the engine is not to run far ahead.
const QUEUE: usize = 4;
/// The engine sends 32 KiB at a time, and waking the reader for each costs more than the bytes do.
const BATCH: usize = 512 * 1024;
const PIECE: usize = 256 * 1024;

/// Pieces that came together.
type Batch = io::Result<Vec<Bytes>>;

/// What the engine says of an image's layers.
#[derive(Clone, Debug)]
pub(in crate::images) struct LocalLayers {
    /// `sha256:…`
    pub(in crate::images) id: String,
    /// Lowest first.
    pub(in crate::images) diff_ids: Vec<Digest>,
    pub(in crate::images) platform: Platform,
}

/// A tar that is coming. Dropped, the engine is told that nobody listens.
pub(in crate::images) struct Export {
    batches: mpsc::Receiver<Batch>,
    pieces: std::vec::IntoIter<Bytes>,
    current: Bytes,
}

impl Read for Export {
    /// For a thread that may block.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.pieces.next() {
                Some(piece) => self.current = piece,
                None => match self.batches.blocking_recv() {
                    Some(batch) => self.pieces = batch?.into_iter(),
                    None => return Ok(0),
                },
            }
        }
        let count = self.current.len().min(buffer.len());
        self.current.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

impl Engine {
    /// The layers of an image; nothing when the engine has none of that name.
    pub(in crate::images) async fn layers(
        &self,
        name: &str,
    ) -> Result<Option<LocalLayers>, ImageError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            id: String,
            #[serde(default)]
            os: String,
            #[serde(default)]
            architecture: String,
            #[serde(default)]
            variant: Option<String>,
            #[serde(default, rename = "RootFS")]
            root_fs: RootFs,
        }
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "PascalCase", default)]
        struct RootFs {
            layers: Option<Vec<Digest>>,
        }
        let Some(json) = self.described(name).await? else { return Ok(None) };
        let answer: Answer = serde_json::from_slice(&json)
            .map_err(|error| export_failed(name, format!("the engine describes it so: {error}")))?;
        let Answer { id, os, architecture, variant, root_fs } = answer;
        let platform = Platform { os, architecture, variant: variant.filter(|v| !v.is_empty()) };
        Ok(Some(LocalLayers { id, diff_ids: root_fs.layers.unwrap_or_default(), platform }))
    }

    /// Asks for an image by its id, once: over the engine's socket, or with the command that writes it
    /// out.
    pub(in crate::images) async fn export(&self, id: &str) -> Result<Export, ImageError> {
        let (send, batches) = mpsc::channel(QUEUE);
        let export = Export { batches, pieces: Vec::new().into_iter(), current: Bytes::new() };
        #[cfg(unix)]
        if let Some(socket) = self.place().await.socket()
            && self.over_socket(&socket, id, &send).await?
        {
            return Ok(export);
        }
        self.over_pipe(id, send).await?;
        Ok(export)
    }

    /// Says whether there was somebody at the socket.
    #[cfg(unix)]
    async fn over_socket(
        &self,
        socket: &Path,
        id: &str,
        send: &mpsc::Sender<Batch>,
    ) -> Result<bool, ImageError> {
        let Ok(stream) = tokio::net::UnixStream::connect(socket).await else { return Ok(false) };
        let failed = |error: hyper::Error| export_failed(id, error.to_string());
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
        tokio::spawn(connection);
        // An id is digits and a colon: nothing in it needs to be escaped.
        let request = Request::get(format!("/images/{id}/get"))
            .header("Host", "docker")
            .body(Empty::<Bytes>::new())
            .map_err(|error| export_failed(id, error.to_string()))?;
        let answer = sender.send_request(request).await.map_err(failed)?;
        if !answer.status().is_success() {
            let status = answer.status();
            let text = Limited::new(answer.into_body(), 64 * 1024).collect().await;
            let text = text.map(|body| body.to_bytes()).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            return Err(export_failed(id, format!("{status}: {}", text.trim())));
        }
        let send = send.clone();
        tokio::spawn(async move {
            // Its end would be the connection's.
            let _sender = sender;
            let mut pieces = answer.into_body().into_data_stream().map_err(io::Error::other);
            let mut is_open = true;
            while is_open {
                let first = tokio::select! {
                    piece = pieces.try_next() => piece,
                    () = send.closed() => return,
                };
                let mut batch = Vec::new();
                let mut size = 0;
                let mut next = Some(first);
                let mut fault = None;
                while let Some(piece) = next {
                    match piece {
                        Ok(Some(piece)) => {
                            size += piece.len();
                            batch.push(piece);
                        }
                        Ok(None) => is_open = false,
                        Err(error) => fault = Some(error),
                    }
                    let goes_on = is_open && fault.is_none() && size < BATCH;
                    next = if goes_on { pieces.try_next().now_or_never() } else { None };
                }
                if send.send(Ok(batch)).await.is_err() {
                    return;
                }
                if let Some(error) = fault {
                    let _ = send.send(Err(error)).await;
                    return;
                }
            }
        });
        Ok(true)
    }

    async fn over_pipe(&self, id: &str, send: mpsc::Sender<Batch>) -> Result<(), ImageError> {
        let mut command = self.command();
        // Named by their digits alone for those who take `sha256` for a name.
        let digits = id.strip_prefix("sha256:").unwrap_or(id);
        match self.info.builder {
            Builder::Buildx | Builder::Legacy => command.args(["image", "save", "--", id]),
            Builder::Podman => {
                command.args(["image", "save", "--quiet", "--format=docker-archive", "--", digits])
            }
            Builder::Buildah => {
                command.args(["push", "--quiet", "--", digits, "docker-archive:/dev/stdout"])
            }
        };
        let mut child = command.spawn().map_err(|source| self.cannot_run("image save", source))?;
        let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(export_failed(id, "it has no output".to_owned()));
        };
        tokio::spawn(async move {
            let said = async {
                let mut text = Vec::new();
                let _ = errors.take(64 * 1024).read_to_end(&mut text).await;
                text
            };
            let (copied, said) = tokio::join!(pump(output, &send), said);
            let ended = child.wait().await;
            let text = String::from_utf8_lossy(&said);
            let last = text.lines().map(str::trim).rfind(|line| !line.is_empty());
            let failed = match (copied, ended) {
                (Err(error), _) | (_, Err(error)) => Some(error),
                (Ok(()), Ok(status)) if !status.success() => {
                    Some(io::Error::other(last.unwrap_or("it says nothing").to_owned()))
                }
                _ => None,
            };
            if let Some(error) = failed {
                let _ = send.send(Err(error)).await;
            }
        });
        Ok(())
    }
}

async fn pump(mut output: impl AsyncRead + Unpin, send: &mpsc::Sender<Batch>) -> io::Result<()> {
    loop {
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = tokio::select! {
            read = output.read_buf(&mut piece) => read?,
            () = send.closed() => return Ok(()),
        };
        if read == 0 || send.send(Ok(vec![piece.freeze()])).await.is_err() {
            return Ok(());
        }
    }
}

pub(in crate::images) fn export_failed(name: &str, message: String) -> ImageError {
    let message = message.chars().filter(|c| !c.is_control()).take(500).collect();
    ImageError::ExportFailed { name: name.to_owned(), message }
}
