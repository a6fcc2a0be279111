use serde::Serialize;

use crate::apply::{CloudError, CloudErrorKind};
use crate::source::Span;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Note,
    /// It may go wrong, or nobody could say.
    Warning,
    /// A deploy would fail.
    Failure,
}

/// Something of others that a file names, and where it does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The name, id or ARN, as it is written.
    pub text: String,
    /// Where it stands.
    pub place: Option<Span>,
    /// The Compose service that it is for, where it is for one.
    pub service: Option<String>,
}

/// What one check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was checked: `roles`, `secrets` …
    pub check: &'static str,
    /// How it ended.
    pub level: Level,
    /// What it says; a lower-case fragment.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
    /// The Compose service.
    pub service: Option<String>,
    /// The place in the Compose file; a failure with one is the file's fault.
    pub place: Option<Span>,
}

impl Finding {
    fn new(check: &'static str, level: Level, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { check, level, message, help: None, service: None, place: None }
    }

    /// As it should be.
    #[must_use]
    pub fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self::new(check, Level::Ok, message)
    }

    /// Worth knowing.
    #[must_use]
    pub fn note(check: &'static str, message: impl Into<String>) -> Self {
        Self::new(check, Level::Note, message)
    }

    /// It may go wrong.
    #[must_use]
    pub fn warning(check: &'static str, message: impl Into<String>) -> Self {
        Self::new(check, Level::Warning, message)
    }

    /// A deploy would fail.
    #[must_use]
    pub fn failure(check: &'static str, message: impl Into<String>) -> Self {
        Self::new(check, Level::Failure, message)
    }

    /// Says the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// At the place of what is named.
    #[must_use]
    pub fn of(mut self, named: &Named) -> Self {
        self.place = named.place;
        self.service.clone_from(&named.service);
        self
    }

    /// A question that AWS did not answer. Whoever may not ask is told so, and no more: what cannot
    /// be looked at may well be as it should be.
    #[must_use]
    pub fn unanswered(check: &'static str, subject: &str, error: &CloudError) -> Self {
        let message = match error.kind {
            CloudErrorKind::AccessDenied => {
                format!("{subject} could not be checked: {} is not allowed", error.operation)
            }
            _ => format!("{subject} could not be checked: {error}"),
        };
        let failed = matches!(
            error.kind,
            CloudErrorKind::Credentials | CloudErrorKind::Unreachable | CloudErrorKind::Region
        );
        let level = if failed { Level::Failure } else { Level::Warning };
        Self { help: error.help.clone(), ..Self::new(check, level, message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_ask_is_warned_and_who_cannot_is_stopped() {
        let error = |kind| CloudError::new(kind, "iam:GetRole", "no").help("allow it");
        let denied = Finding::unanswered("roles", "ops", &error(CloudErrorKind::AccessDenied));
        assert_eq!(denied.level, Level::Warning);
        assert_eq!(denied.message, "ops could not be checked: iam:GetRole is not allowed");
        assert_eq!(denied.help.as_deref(), Some("allow it"));
        let away = Finding::unanswered("roles", "ops", &error(CloudErrorKind::Unreachable));
        assert_eq!(away.level, Level::Failure);
    }
}
