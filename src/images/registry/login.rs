//! Who asks a registry.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;

/// Who asks.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Auth {
    /// Nobody in particular.
    #[default]
    Anonymous,
    /// A user name and a password; for ECR `AWS` and a token.
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// What some logins leave instead of a password: it is exchanged for tokens.
    Identity {
        /// The refresh token.
        token: String,
    },
    /// A password that is asked for again when the registry no longer takes it.
    Renewed(Renewal),
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("Anonymous"),
            Self::Basic { user, .. } => write!(f, "Basic {{ user: {user:?}, .. }}"),
            Self::Identity { .. } => f.write_str("Identity { .. }"),
            Self::Renewed(_) => f.write_str("Renewed { .. }"),
        }
    }
}

impl Auth {
    /// What follows `Basic ` in a header, and what a docker configuration has as `auth`.
    pub(super) fn encoded(&self) -> Option<String> {
        match self {
            Self::Anonymous | Self::Identity { .. } => None,
            Self::Basic { user, password } => {
                Some(base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
            }
            Self::Renewed(renewal) => renewal.current().encoded(),
        }
    }

    /// User and password, where it is that.
    pub(in crate::images) fn basic(&self) -> Option<(String, String)> {
        match self {
            Self::Anonymous | Self::Identity { .. } => None,
            Self::Basic { user, password } => Some((user.clone(), password.clone())),
            Self::Renewed(renewal) => renewal.current().basic(),
        }
    }

    /// What a credential helper says of it (docker-credential-helpers, "Development"); nothing where there
    /// is nothing to say.
    pub(in crate::images) fn helper_answer(&self, host: &str) -> Option<String> {
        let (user, secret) = match self.identity() {
            Some(token) => ("<token>".to_owned(), token),
            None => self.basic()?,
        };
        let answer = serde_json::json!({"ServerURL": host, "Username": user, "Secret": secret});
        Some(answer.to_string())
    }

    /// The refresh token, where it is one.
    pub(super) fn identity(&self) -> Option<String> {
        match self {
            Self::Identity { token } => Some(token.clone()),
            Self::Renewed(renewal) => renewal.current().identity(),
            Self::Anonymous | Self::Basic { .. } => None,
        }
    }

    /// Asks for another password than the one that was refused. Says whether there is one.
    pub(super) async fn renew(&self, refused: Option<String>) -> bool {
        match self {
            Self::Renewed(renewal) => renewal.renew(refused).await,
            _ => false,
        }
    }
}

type Asked = Pin<Box<dyn Future<Output = Option<Auth>> + Send>>;

/// A login that knows where to get another.
#[derive(Clone)]
pub struct Renewal(Arc<Shared>);

struct Shared {
    current: Mutex<Auth>,
    /// Held while somebody asks, so that one answer serves all who were refused.
    asking: tokio::sync::Mutex<()>,
    ask: Box<dyn Fn() -> Asked + Send + Sync>,
}

impl Renewal {
    /// `first`, and then what `ask` answers each time that a registry says that it has expired. `ask`
    /// answers nothing when there is nothing better to be had.
    pub fn new<F>(first: Auth, ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<Auth>> + Send + 'static,
    {
        Self(Arc::new(Shared {
            current: Mutex::new(first),
            asking: tokio::sync::Mutex::default(),
            ask: Box::new(move || Box::pin(ask())),
        }))
    }

    fn current(&self) -> Auth {
        let current = self.0.current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // One within another would have no end.
        if matches!(current, Auth::Renewed(_)) { Auth::Anonymous } else { current }
    }

    async fn renew(&self, refused: Option<String>) -> bool {
        let _asking = self.0.asking.lock().await;
        if self.current().encoded() != refused {
            return true;
        }
        let Some(next) = (self.0.ask)().await else { return false };
        let is_new = next.encoded() != refused || next.identity().is_some();
        *self.0.current.lock().unwrap_or_else(PoisonError::into_inner) = next;
        is_new
    }
}

impl fmt::Debug for Renewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Renewal { .. }")
    }
}

impl PartialEq for Renewal {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Renewal {}
