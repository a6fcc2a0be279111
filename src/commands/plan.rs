use super::planning::Planning;
use super::prepare::{self, Purpose, Wish};
use super::verify::Checks;
use super::{Session, saved, signals};
use crate::apply::Cloud;
use crate::cli::PlanArgs;
use crate::error::Error;
use crate::plan::Plan;
use crate::report::plan_text;

/// `decklift plan`
pub(super) async fn run(session: &Session, arguments: &PlanArgs) -> Result<(), Error> {
    let PlanArgs { services, scope, build, given, .. } = arguments;
    let asked = arguments.out.as_ref().map(|_| saved::asked(session, arguments)).transpose()?;
    let wish = Wish { services, scale: &scope.scale, given };
    let app = prepare::read_to_deploy(session, arguments.strict, wish)?;
    let app = app.building(*build).taking(given)?;
    let app = app.in_own_vpc(arguments.create_vpc)?;
    let planning = Planning::new(session, &app, services, scope, *build)?;
    let stop = signals::listen(session);
    let connect = prepare::connect(session, &app, Purpose::Plan, &|_| {});
    let world = stop.or_interrupted(session, connect).await?;
    let mut desired = planning.desired(&world)?;
    let checks = Checks::new(session, &app, arguments.strict, !arguments.no_verify);
    let look = checks.beside(world.observe(&desired), &world, &desired, false);
    let (actual, found) = stop.or_interrupted(session, look).await?;
    let plan = planning.plan(&mut desired, &actual)?;
    // Nothing stands beside a document.
    if session.json() {
        checks.tell(&found)?;
    }
    print(session, &plan);
    world.explain_network(session, &plan);
    checks.tell(&found)?;
    if let (Some(file), Some(asked)) = (&arguments.out, asked) {
        saved::write(session, file, &world, &app, asked, &plan, &desired)?;
    }
    if arguments.exit_code && !plan.is_empty() { Err(Error::Changes) } else { Ok(()) }
}

/// The plan on stdout, for whoever asked for it.
pub(super) fn print(session: &Session, plan: &Plan) {
    if session.json() {
        return session.screen.data(&serde_json::to_string_pretty(plan).unwrap_or_default());
    }
    let text = plan_text::text(plan, session.screen.data_color());
    if !text.is_empty() {
        session.screen.data(text.trim_end());
    }
    session.screen.data(&plan_text::summary(plan));
}
