use super::Session;
use super::prepare::{self, Purpose};
use super::signals;
use crate::apply::Cloud;
use crate::cli::PlanArgs;
use crate::error::Error;
use crate::plan::{Plan, PlanOptions, keep_pins, plan_with};
use crate::report::plan_text;

/// `decklift plan`
pub(super) async fn run(session: &Session, arguments: &PlanArgs) -> Result<(), Error> {
    let app = prepare::read_to_deploy(session, arguments.strict, &arguments.given)?;
    let app = app.building(arguments.build).taking(&arguments.given)?;
    let stop = signals::listen(session);
    let connect = prepare::connect(session, &app, Purpose::Plan, &|_| {});
    let world = stop.or_interrupted(session, connect).await?;
    let mut desired = prepare::desired(session, &app, &world)?;
    let actual = stop.or_interrupted(session, world.observe(&desired)).await?;
    keep_pins(&mut desired, &actual);
    prepare::possible(session, &app, &desired, &actual)?;
    let options = PlanOptions { build: arguments.build.again(), ..PlanOptions::default() };
    let plan = plan_with(&desired, &actual, options);
    print(session, &plan);
    if arguments.exit_code && !plan.is_empty() { Err(Error::Changes) } else { Ok(()) }
}

/// The plan on stdout, for whoever asked for it.
pub(super) fn print(session: &Session, plan: &Plan) {
    if session.json() {
        return session.screen.data(&serde_json::to_string_pretty(plan).unwrap_or_default());
    }
    let text = plan_text::text(plan);
    if !text.is_empty() {
        session.screen.data(text.trim_end());
    }
    session.screen.data(&plan_text::summary(plan));
}
