//! Secrets that others made, and that the file knows by their names.

use super::{App, Session};
use crate::aws::Aws;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::ecs::facts::Facts;
use crate::ecs::to_look_up;
use crate::error::Error;

/// Asks for their ARNs; each that is not there is an error at its place.
pub(super) async fn look_up(
    session: &Session,
    app: &App,
    aws: &Aws,
    facts: &mut Facts,
) -> Result<(), Error> {
    let wanted = to_look_up(&app.project);
    if wanted.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = wanted.keys().cloned().collect();
    facts.secrets = aws.secret_arns(&names).await?;
    let mut diagnostics = Diagnostics::default();
    for (name, span) in wanted.iter().filter(|(name, _)| !facts.secrets.contains_key(*name)) {
        let message = format!("there is no secret {name} in Secrets Manager in {}", facts.region);
        diagnostics.extend([Diagnostic::error(Code::UndefinedReference, message)
            .at(*span, "")
            .help(format!(
                "make it with `aws secretsmanager create-secret --name {name} --secret-string \
                 file://FILE`, or correct its `name`"
            ))]);
    }
    if !diagnostics.has_errors() {
        return Ok(());
    }
    session.print(&diagnostics, &app.sources);
    Err(Error::Compose)
}
