use super::Session;
use crate::compose::support;
use crate::error::Error;

/// `decklift schema`
pub(super) fn run(session: &Session) -> Result<(), Error> {
    session.screen.data(&format!("{:#}", support::schema()));
    Ok(())
}
