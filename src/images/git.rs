//! Build contexts that are git repositories: checked out here, so that they have a name like any other,
//! and any builder takes them.
//!
//! What an address means is in Docker's documentation ("Build context", "Git repositories"):
//! `URL#REFERENCE:DIRECTORY`, with submodules, and without `.git`.

mod checkout;

use std::path::{Path, PathBuf};

use base64::Engine as _;
use percent_encoding::percent_decode_str;

use super::error::ImageError;
use super::spec::{BuildSecret, BuildSpec, SecretSource};

/// The secret of a build that BuildKit itself logs in with.
const TOKEN: &str = "GIT_AUTH_TOKEN";

/// A directory of a repository, at one of its commits.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct GitContext {
    /// Without a password.
    url: String,
    /// `user:password`
    login: Option<String>,
    /// A branch, a tag or a commit; what the repository calls its `HEAD` when absent.
    reference: Option<String>,
    directory: Option<String>,
}

impl GitContext {
    /// Nothing for an address of something else, such as an archive.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, place) = text.split_once('#').unwrap_or((text, ""));
        let (reference, directory) = place.split_once(':').unwrap_or((place, ""));
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let mut found = Self {
            url: address.to_owned(),
            login: None,
            reference: given(reference),
            directory: given(directory),
        };
        let (scheme, rest) = match address.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None if address.starts_with("github.com/") => {
                found.url = format!("https://{address}");
                return Some(found);
            }
            // user@host:path, as ssh has it.
            None => {
                let (user, path) = address.split_once('@')?;
                let is_ssh = user == "git" && path.contains(':');
                return is_ssh.then_some(found);
            }
        };
        match scheme.as_str() {
            "git" | "ssh" => Some(found),
            "http" | "https" if rest.trim_end_matches('/').ends_with(".git") => {
                let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
                if let Some((login, host)) = host.rsplit_once('@') {
                    found.url = format!("{scheme}://{host}/{path}");
                    found.login = Some(login.to_owned());
                }
                Some(found)
            }
            _ => None,
        }
    }

    /// What messages call it: nothing secret.
    pub(super) fn label(&self) -> String {
        let place = match (&self.reference, &self.directory) {
            (None, None) => String::new(),
            (reference, None) => format!("#{}", reference.as_deref().unwrap_or_default()),
            (reference, Some(directory)) => {
                format!("#{}:{directory}", reference.as_deref().unwrap_or_default())
            }
        };
        format!("{}{place}", self.url)
    }

    /// Checks it out below `cache`, where it is not there already, and returns its directory. Asks the
    /// repository which commit a branch or tag is.
    ///
    /// # Errors
    ///
    /// [`ImageError::GitMissing`] and [`ImageError::GitFailed`], with git's own words.
    pub(super) async fn fetch(
        &self,
        spec: &BuildSpec,
        cache: &Path,
    ) -> Result<PathBuf, ImageError> {
        let header = self.header(spec).await?;
        checkout::checkout(self, header.as_deref(), cache).await
    }

    /// What logs in over HTTP: it reaches git through its environment, never its arguments.
    async fn header(&self, spec: &BuildSpec) -> Result<Option<String>, ImageError> {
        let login = match (&self.login, spec.secrets.iter().find(|secret| secret.id == TOKEN)) {
            (Some(login), _) => match login.split_once(':') {
                Some((user, password)) => format!("{}:{}", decoded(user), decoded(password)),
                // A token alone stands where a user would.
                None => format!("{}:", decoded(login)),
            },
            (None, Some(BuildSecret { source: SecretSource::Value(token), .. })) => {
                format!("x-access-token:{}", token.trim())
            }
            (None, Some(BuildSecret { source: SecretSource::File(path), .. })) => {
                let token = tokio::fs::read_to_string(path).await;
                let token = token
                    .map_err(|source| ImageError::Unreadable { path: path.clone(), source })?;
                format!("x-access-token:{}", token.trim())
            }
            (None, None) => return Ok(None),
        };
        let login = base64::engine::general_purpose::STANDARD.encode(login);
        Ok(Some(format!("Authorization: Basic {login}")))
    }
}

impl std::fmt::Debug for GitContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.label())
    }
}

/// A part of an address, with its escapes undone.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_repositories() {
        let parts = |text: &str| {
            let found = GitContext::parse(text)?;
            Some((found.url.clone(), found.reference.clone(), found.directory.clone()))
        };
        let some = |text: &str| Some(text.to_owned());
        let url = "https://example.com/acme/web.git";
        assert_eq!(parts(url), Some((url.to_owned(), None, None)));
        assert_eq!(parts(&format!("{url}#v1")), Some((url.to_owned(), some("v1"), None)));
        assert_eq!(parts(&format!("{url}#:api")), Some((url.to_owned(), None, some("api"))));
        let whole = parts(&format!("{url}#main:api/web"));
        assert_eq!(whole, Some((url.to_owned(), some("main"), some("api/web"))));
        let github = parts("github.com/acme/web#main");
        assert_eq!(github, Some(("https://github.com/acme/web".to_owned(), some("main"), None)));
        for ssh in ["git@example.com:acme/web.git", "ssh://git@example.com/web", "git://h/web"] {
            assert_eq!(parts(ssh), Some((ssh.to_owned(), None, None)), "{ssh}");
        }
        for other in
            ["https://example.com/web.tar.gz", "./web.git", "ftp://h/web.git", "service:web"]
        {
            assert_eq!(parts(other), None, "{other}");
        }
    }

    #[tokio::test]
    async fn a_password_stays_out_of_sight() {
        let found = GitContext::parse("https://me:s%40nary@example.com/web.git#v1").expect("git");
        assert_eq!(found.label(), "https://example.com/web.git#v1");
        assert_eq!(format!("{found:?}"), found.label());
        let spec = BuildSpec::new("web", "", "linux/amd64");
        let header = found.header(&spec).await.expect("header").expect("header");
        assert_eq!(header, "Authorization: Basic bWU6c0BuYXJ5");
    }

    #[tokio::test]
    async fn a_token_of_the_build_logs_in() {
        let found = GitContext::parse("https://example.com/web.git").expect("git");
        let mut spec = BuildSpec::new("web", "", "linux/amd64");
        assert_eq!(found.header(&spec).await.expect("header"), None);
        let source = SecretSource::Value("t\n".to_owned());
        spec.secrets = vec![BuildSecret { id: TOKEN.to_owned(), source }];
        let header = found.header(&spec).await.expect("header").expect("header");
        assert_eq!(header, "Authorization: Basic eC1hY2Nlc3MtdG9rZW46dA==");
    }
}
