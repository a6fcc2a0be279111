use serde_json::json;

use super::Session;
use super::prepare;
use crate::cli::CheckArgs;
use crate::compose;
use crate::error::Error;
use crate::report::coverage;

/// `decklift check`
pub(super) fn run(session: &Session, arguments: &CheckArgs) -> Result<(), Error> {
    let examined = prepare::examine(session, arguments.strict)?;
    let covered = compose::coverage(&examined.loaded, &examined.diagnostics);
    if session.json() {
        session.screen.data(&json!({ "coverage": covered }).to_string());
    } else if !covered.is_empty() {
        session.screen.data(&coverage::text(&covered, session.screen.data_width()));
    }
    session.summarise("check", &covered, &examined.diagnostics, &examined.loaded.sources);
    let app = examined.finish(session)?;
    if !session.json() {
        let count = app.project.services.len();
        let services = if count == 1 { "service" } else { "services" };
        session.screen.data(&format!("{}: {count} {services} can go to ECS", app.project.name));
    }
    Ok(())
}
