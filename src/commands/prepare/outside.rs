//! What others made, and the file knows by its name: secrets, and the repository of all images.

use super::{App, Session};
use crate::apply::CloudErrorKind;
use crate::aws::Aws;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::ecs::desired::ImageRegistry;
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

/// Sees whether the repository is there that `x-ecs.repositories.existing` names: what would be pushed has no
/// other place.
pub(super) async fn repository(session: &Session, app: &App, aws: &Aws) -> Result<(), Error> {
    let Some(given) = &app.project.extension.repositories.existing else { return Ok(()) };
    let registry = given.value.registry.as_ref();
    let registry = registry.map(|(account, region)| ImageRegistry {
        account: account.clone(),
        region: region.clone(),
    });
    let name = &given.value.name;
    match aws.look_at_repository(registry.as_ref(), name, None).await {
        Ok(look) if look.is_there => return Ok(()),
        Ok(_) => {}
        // Whoever may push need not be able to look.
        Err(error) if error.kind == CloudErrorKind::AccessDenied => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let place = registry.map_or_else(|| "ECR".to_owned(), |registry| registry.host());
    let message = format!("there is no repository {name} in {place}");
    let help = "make it, or correct its name; or take `existing` away: decklift makes repositories";
    let mut diagnostics = Diagnostics::default();
    diagnostics.extend([Diagnostic::error(Code::UndefinedReference, message)
        .at(given.span, "")
        .help(help)]);
    session.print(&diagnostics, &app.sources);
    Err(Error::Compose)
}
