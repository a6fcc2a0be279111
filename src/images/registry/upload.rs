//! Uploads, step by step: begun or mounted, appended to, asked how far they are, closed.

use std::time::Duration;

use hyper::header::{CONTENT_RANGE, CONTENT_TYPE, LOCATION};
use hyper::{Method, StatusCode};

use super::content::{Activity, Content};
use super::message::{Request, Response};
use super::{BlobSource, Registry, RegistryError, verify};

/// Registries that store elsewhere move or hash the whole blob before they answer.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// An upload that has begun.
#[derive(Clone, Debug)]
pub(in crate::images) struct Session {
    /// Where the next request goes. It may hold a key.
    location: String,
    repository: String,
}

/// What came of a mount.
pub(in crate::images) enum Mounted {
    /// The repository has the blob.
    Done,
    /// The registry would rather have it uploaded, here.
    Refused(Session),
}

impl Registry {
    /// Whether an upload that broke off can go on where it stopped. ECR drops what comes in a second
    /// PATCH (<https://github.com/aws/containers-roadmap/issues/2831>): there a layer starts over.
    pub(in crate::images) fn resumes(&self) -> bool {
        let name = self.host.split(':').next().unwrap_or_default();
        let is_private = name.contains(".dkr.ecr.") || name.contains(".dkr-ecr.");
        !is_private && name != "public.ecr.aws"
    }

    /// Begins an upload.
    pub(in crate::images) async fn begin(
        &self,
        repository: &str,
    ) -> Result<Session, RegistryError> {
        let path = format!("/v2/{repository}/blobs/uploads/");
        let response = self.ask(&Request::new(Method::POST, &path), "upload to", &path).await?;
        self.begun(response, repository, &path)
    }

    /// Asks the registry to take a blob over from another of its repositories.
    pub(in crate::images) async fn mount(
        &self,
        repository: &str,
        digest: &str,
        from: &str,
    ) -> Result<Mounted, RegistryError> {
        let path = format!("/v2/{repository}/blobs/uploads/?mount={digest}&from={from}");
        let request = Request::new(Method::POST, &path).also_reads(from);
        let response = self.ask(&request, "upload to", &path).await?;
        if response.status == StatusCode::CREATED {
            verify(response.header("docker-content-digest").as_deref(), digest)?;
            return Ok(Mounted::Done);
        }
        self.begun(response, repository, &path).map(Mounted::Refused)
    }

    fn begun(
        &self,
        response: Response,
        repository: &str,
        path: &str,
    ) -> Result<Session, RegistryError> {
        if response.status != StatusCode::ACCEPTED {
            return Err(response.refused(&self.host, "upload to", path));
        }
        let location = response
            .header(LOCATION.as_str())
            .ok_or_else(|| self.protocol("an upload has no location"))?;
        Ok(Session { location, repository: repository.to_owned() })
    }

    /// Sends the content from `offset` on, to its end, in one request: what docker does, and the one
    /// thing that every registry understands.
    pub(in crate::images) async fn append(
        &self,
        session: &mut Session,
        content: &Content,
        offset: u64,
        activity: &Activity,
    ) -> Result<(), RegistryError> {
        let path = self.upload_path(session);
        let mut patch = Request::new(Method::PATCH, &session.location)
            .header(CONTENT_TYPE, "application/octet-stream")
            .content(content.clone(), offset, activity.clone());
        if offset > 0
            && let Some(length) = content.length()
        {
            let last = length.saturating_sub(1);
            patch = patch.header(CONTENT_RANGE, &format!("{offset}-{last}"));
        }
        let response = self.send(&patch).await?;
        // ECR says 201.
        if !response.status.is_success() {
            return Err(response.refused(&self.host, "upload to", &path));
        }
        if let Some(location) = response.header(LOCATION.as_str()) {
            session.location = location;
        }
        Ok(())
    }

    /// How many bytes the registry has of an upload; nothing when it no longer knows it, or does not
    /// say.
    pub(in crate::images) async fn offset(
        &self,
        session: &mut Session,
    ) -> Result<Option<u64>, RegistryError> {
        let path = self.upload_path(session);
        let request = Request::new(Method::GET, &session.location);
        let response = self.ask(&request, "ask for", &path).await?;
        match response.status {
            StatusCode::NOT_FOUND => return Ok(None),
            status if status.is_success() => {}
            _ => return Err(response.refused(&self.host, "ask for", &path)),
        }
        if let Some(location) = response.header(LOCATION.as_str()) {
            session.location = location;
        }
        Ok(response.header("range").as_deref().and_then(received))
    }

    /// Closes an upload. The registry checks the digest, and its own word is checked, too.
    pub(in crate::images) async fn close(
        &self,
        session: &Session,
        digest: &str,
    ) -> Result<(), RegistryError> {
        let separator = if session.location.contains('?') { '&' } else { '?' };
        let close = format!("{}{separator}digest={digest}", session.location);
        // ECR takes no body here.
        let request = Request::new(Method::PUT, &close).patience(CLOSE_TIMEOUT);
        let response = self.send(&request).await?;
        if response.status != StatusCode::CREATED {
            let path = self.upload_path(session);
            return Err(response.refused(&self.host, "finish the upload to", &path));
        }
        verify(response.header("docker-content-digest").as_deref(), digest)
    }

    /// Lets the registry forget an upload. That it does not matters to nobody: they expire.
    pub(in crate::images) async fn cancel(&self, session: &Session) {
        let request = Request::new(Method::DELETE, &session.location);
        let _ = self.send(&request).await;
    }

    /// Without the key that a location may hold.
    fn upload_path(&self, session: &Session) -> String {
        format!("/v2/{}/blobs/uploads/", session.repository)
    }

    /// Uploads a blob in one piece, unless the repository has it. Says whether it was uploaded.
    ///
    /// # Errors
    ///
    /// The registry cannot be reached, refuses, or the bytes are not those of `digest`.
    pub async fn upload(
        &self,
        repository: &str,
        digest: &str,
        source: &BlobSource,
    ) -> Result<bool, RegistryError> {
        if self.has_blob(repository, digest).await? {
            return Ok(false);
        }
        let content = Content::open(source)?;
        let mut session = self.begin(repository).await?;
        self.append(&mut session, &content, 0, &Activity::default()).await?;
        self.close(&session, digest).await?;
        Ok(true)
    }
}

/// `0-1023`, also with `bytes=` ahead of it. Of nothing registries say `0-0`.
fn received(range: &str) -> Option<u64> {
    let range = range.trim().trim_start_matches("bytes=").trim_start_matches("bytes ");
    let (first, last) = range.split_once('-')?;
    let last: u64 = last.trim().parse().ok()?;
    if first.trim() != "0" {
        return None;
    }
    if last == 0 { Some(0) } else { last.checked_add(1) }
}

#[cfg(test)]
mod tests {
    use super::received;

    #[test]
    fn ranges() {
        for (text, expected) in [
            ("0-1023", Some(1024)),
            ("bytes=0-9", Some(10)),
            ("0-0", Some(0)),
            ("5-9", None),
            ("0-18446744073709551615", None),
            ("0--1", None),
            ("", None),
        ] {
            assert_eq!(received(text), expected, "{text}");
        }
    }
}
