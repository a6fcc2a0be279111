use super::Session;
use super::prepare;
use crate::cli::CheckArgs;
use crate::error::Error;

/// `decklift check`
pub(super) fn run(session: &Session, arguments: &CheckArgs) -> Result<(), Error> {
    let app = prepare::read(session, arguments.strict)?;
    if !session.json() {
        let count = app.project.services.len();
        let services = if count == 1 { "service" } else { "services" };
        session.screen.data(&format!("{}: {count} {services} can go to ECS", app.project.name));
    }
    Ok(())
}
