//! One blob, seen to its end.

use std::sync::Arc;

use super::refusal::{is_upload_lost, is_wrong_digest, is_wrong_offset};
use super::{Target, Uploader};
use crate::images::error::ImageError;
use crate::images::oci::media_type;
use crate::images::oci::{Descriptor, Digest, Hasher};
use crate::images::registry::{
    Activity, Content, Mounted, Registry, RegistryCode, RegistryError, Session,
};
use crate::images::spool::piece;

/// However often an upload gets a little further, it is not begun or continued more often than this.
const MAX_ROUNDS: u32 = 100;

/// How a blob came to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::images) enum Arrival {
    /// It was there already.
    Present,
    /// Taken over from another repository.
    Mounted,
    /// Sent.
    Uploaded,
}

/// An upload under way.
pub(super) struct Upload<'a> {
    registry: &'a Registry,
    repository: &'a str,
    /// Which layer, in words.
    what: &'a str,
    content: &'a Content,
    activity: &'a Activity,
    session: Option<Session>,
    /// Whether it may be that the registry has a part of it.
    is_broken: bool,
}

impl Uploader {
    /// Sees to it that the repository has a blob of which the digest is known.
    pub(in crate::images) async fn blob(
        &self,
        target: &Target<'_>,
        descriptor: &Descriptor,
        content: &Content,
        activity: &Activity,
    ) -> Result<Arrival, ImageError> {
        let digest = &descriptor.digest;
        // Of two images with the same layer, one waits, and then finds it.
        let flight = self.flight(target.registry.host(), digest);
        let _flight = flight.lock().await;
        let _place = self.pool.acquire().await;
        let (arrival, session) = self.present(target, descriptor).await?;
        if let Some(arrival) = arrival {
            return Ok(arrival);
        }
        let what = what(descriptor);
        let upload = Upload::new(target, &what, content, activity, session);
        self.upload(upload, async || Ok(digest.clone())).await?;
        self.placed(target, digest);
        Ok(Arrival::Uploaded)
    }

    /// Whether the repository has a blob, or can take it over from another one. If it rather wants an
    /// upload, that has begun.
    pub(super) async fn present(
        &self,
        target: &Target<'_>,
        descriptor: &Descriptor,
    ) -> Result<(Option<Arrival>, Option<Session>), ImageError> {
        let Target { registry, repository, .. } = target;
        let digest = descriptor.digest.as_str();
        if registry.has_blob(repository, digest).await? {
            self.placed(target, &descriptor.digest);
            return Ok((Some(Arrival::Present), None));
        }
        let Some(from) = self.elsewhere(target, &descriptor.digest) else {
            return Ok((None, None));
        };
        match registry.mount(repository, digest, &from).await {
            Ok(Mounted::Done) => {
                self.placed(target, &descriptor.digest);
                Ok((Some(Arrival::Mounted), None))
            }
            Ok(Mounted::Refused(session)) => Ok((None, Some(session))),
            // A registry that knows no mounts, or has forgotten the other repository, still takes
            // uploads.
            Err(_) => Ok((None, None)),
        }
    }

    /// Uploads `content`, whatever it takes. `digest` is asked for when all of it has been sent.
    pub(super) async fn upload(
        &self,
        mut upload: Upload<'_>,
        digest: impl AsyncFn() -> Result<Digest, ImageError>,
    ) -> Result<(), ImageError> {
        let Upload { registry, repository, what, content, activity, .. } = upload;
        let (mut failures, mut furthest, mut wrong_digests) = (0, 0, 0);
        for round in 1.. {
            let error = match upload.send().await {
                Ok(()) => {
                    let digest = digest().await?;
                    match upload.close(&digest).await {
                        Ok(()) => return Ok(()),
                        // What was sent in two parts may have been put together wrongly.
                        Err(error) if is_wrong_digest(&error) => {
                            wrong_digests += 1;
                            if wrong_digests == 2 {
                                upload.cancel().await;
                                damaged(content, &digest).await?;
                                return Err(ImageError::DigestRefused {
                                    what: what.to_owned(),
                                    host: registry.host().to_owned(),
                                    digest: digest.to_string(),
                                });
                            }
                            upload.session = None;
                            continue;
                        }
                        // The answer may have been lost on its way, and the blob be there.
                        Err(error) if error.is_transient() || is_upload_lost(&error) => {
                            let there = registry.has_blob(repository, digest.as_str()).await;
                            if there.is_ok_and(|there| there) {
                                return Ok(());
                            }
                            error
                        }
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            if is_upload_lost(&error) && upload.session.is_some() {
                upload.session = None;
            } else if !error.is_transient() && !is_wrong_offset(&error) {
                upload.cancel().await;
                return Err(upload.refused(error));
            }
            upload.is_broken = true;
            // Whoever makes the content says better why there is no more of it.
            if let Content::Growing(spool) = content
                && spool.is_given_up()
            {
                digest().await?;
            }
            let position = activity.position();
            failures = if position > furthest { 1 } else { failures + 1 };
            furthest = furthest.max(position);
            if failures >= self.retry.attempts || round >= MAX_ROUNDS {
                return Err(ImageError::UploadBroken {
                    what: what.to_owned(),
                    host: registry.host().to_owned(),
                    sent: furthest,
                    total: content.length(),
                    attempts: failures,
                    source: Box::new(error),
                });
            }
            tokio::time::sleep(self.retry.pause(failures, &error)).await;
        }
        Ok(())
    }

    /// Waits for the one place where this digest is seen to.
    pub(super) fn flight(&self, host: &str, digest: &Digest) -> Arc<tokio::sync::Mutex<()>> {
        let mut flights = self.flights.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        flights.entry((host.to_owned(), digest.clone())).or_default().clone()
    }
}

impl<'a> Upload<'a> {
    /// Of `content`, into what has begun or what will.
    pub(super) fn new(
        target: &Target<'a>,
        what: &'a str,
        content: &'a Content,
        activity: &'a Activity,
        session: Option<Session>,
    ) -> Self {
        let Target { registry, repository, .. } = *target;
        Self { registry, repository, what, content, activity, session, is_broken: false }
    }

    /// The registry's no, in the words of whoever pushes.
    fn refused(&self, error: RegistryError) -> ImageError {
        let (what, host) = (self.what.to_owned(), self.registry.host().to_owned());
        match error.code() {
            Some(RegistryCode::Unauthorized) => ImageError::LoginExpired { host },
            Some(RegistryCode::TooLarge) => {
                ImageError::LayerTooLarge { what, host, size: self.content.length() }
            }
            _ => error.into(),
        }
    }

    /// Sends what the registry does not have yet.
    async fn send(&mut self) -> Result<(), RegistryError> {
        let mut offset = 0;
        let session = match (&mut self.session, self.is_broken) {
            (Some(session), true) if self.registry.resumes() => {
                match self.registry.offset(session).await? {
                    Some(there) => {
                        offset = there;
                        session
                    }
                    None => self.session.insert(self.registry.begin(self.repository).await?),
                }
            }
            (Some(session), false) => session,
            _ => self.session.insert(self.registry.begin(self.repository).await?),
        };
        // More than there is can only be another upload.
        if self.content.length().is_some_and(|length| offset > length) {
            *session = self.registry.begin(self.repository).await?;
            offset = 0;
        }
        self.is_broken = false;
        if offset > 0 && self.content.length() == Some(offset) {
            self.activity.set_position(offset);
            return Ok(());
        }
        self.registry.append(session, self.content, offset, self.activity).await
    }

    async fn close(&mut self, digest: &Digest) -> Result<(), RegistryError> {
        match &self.session {
            Some(session) => self.registry.close(session, digest.as_str()).await,
            None => Ok(()),
        }
    }

    async fn cancel(&mut self) {
        if let Some(session) = self.session.take() {
            self.registry.cancel(&session).await;
        }
    }
}

/// What is uploaded as it is gets hashed by the registry alone. Where that came to another digest, this
/// says whether the file here, or the registry that it comes from, is to blame.
async fn damaged(content: &Content, digest: &Digest) -> Result<(), ImageError> {
    let mut hasher = Hasher::new();
    let name = match content {
        Content::Section { file, offset, length } => {
            let mut at = 0;
            while at < *length {
                let Ok(bytes) = piece(file.clone(), offset + at, length - at).await else { break };
                at += bytes.len() as u64;
                hasher.update(&bytes);
            }
            "on this machine".to_owned()
        }
        Content::Remote { registry, repository, .. } => {
            let mut blob = registry.open_blob(repository, digest.as_str()).await?;
            while let Some(bytes) = blob.chunk().await? {
                hasher.update(&bytes);
            }
            format!("{}/{repository}", registry.host())
        }
        Content::Bytes(_) | Content::Growing(_) => return Ok(()),
    };
    let actual = hasher.finish();
    if actual == *digest {
        return Ok(());
    }
    Err(ImageError::Corrupt { name, expected: digest.to_string(), actual: actual.to_string() })
}

/// A blob in the words of a message.
fn what(descriptor: &Descriptor) -> String {
    if media_type::CONFIGS.contains(&descriptor.media_type.as_str()) {
        return "the image's configuration".to_owned();
    }
    layer(&descriptor.digest)
}

/// A layer in the words of a message.
pub(super) fn layer(digest: &Digest) -> String {
    format!("the layer {digest}")
}
