//! One blob, seen to its end.

use std::sync::Arc;

use super::retry::{is_upload_lost, is_wrong_digest, is_wrong_offset};
use super::{Target, Uploader};
use crate::images::error::ImageError;
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
struct Upload<'a> {
    registry: &'a Registry,
    repository: &'a str,
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
        self.upload(target, content, activity, session, async || Ok(digest.clone())).await?;
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
        if self.retry.run(|| registry.has_blob(repository, digest)).await? {
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
        target: &Target<'_>,
        content: &Content,
        activity: &Activity,
        session: Option<Session>,
        digest: impl AsyncFn() -> Result<Digest, ImageError>,
    ) -> Result<(), ImageError> {
        let Target { registry, repository, .. } = *target;
        let is_broken = false;
        let mut upload = Upload { registry, repository, content, activity, session, is_broken };
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
                return Err(refused(registry, content, error));
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
                    host: registry.host().to_owned(),
                    sent: furthest,
                    total: content.length(),
                    attempts: failures,
                    source: error,
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

impl Upload<'_> {
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
/// says whether the file here is to blame.
async fn damaged(content: &Content, digest: &Digest) -> Result<(), ImageError> {
    let Content::Section { file, offset, length } = content else { return Ok(()) };
    let mut hasher = Hasher::new();
    let mut at = 0;
    while at < *length {
        let Ok(bytes) = piece(file.clone(), offset + at, length - at).await else { break };
        at += bytes.len() as u64;
        hasher.update(&bytes);
    }
    let actual = hasher.finish();
    if actual == *digest {
        return Ok(());
    }
    let (name, expected) = ("on this machine".to_owned(), digest.to_string());
    Err(ImageError::Corrupt { name, expected, actual: actual.to_string() })
}

/// The registry's no, in the words of whoever pushes.
fn refused(registry: &Registry, content: &Content, error: RegistryError) -> ImageError {
    let host = registry.host().to_owned();
    match error.code() {
        Some(RegistryCode::Unauthorized) => ImageError::LoginExpired { host },
        Some(RegistryCode::TooLarge) => ImageError::LayerTooLarge { host, size: content.length() },
        _ => error.into(),
    }
}
