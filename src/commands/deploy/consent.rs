//! What a plan needs somebody's yes for.

use crate::cli::DeployArgs;
use crate::commands::saved::Taken;
use crate::commands::{Session, rows};
use crate::ecs::desired::ResourceId;
use crate::error::Error;
use crate::plan::Plan;
use crate::report::plan_text;

/// With `--no-build`, every image must be there.
pub(super) fn built(arguments: &DeployArgs, plan: &Plan) -> Result<(), Error> {
    let missing = rows::images(plan);
    if !arguments.no_build || missing.is_empty() {
        return Ok(());
    }
    Err(Error::Usage {
        message: format!("nothing is built, and ECR lacks the images of {}", missing.join(", ")),
        help: "leave out --no-build, or build and push with a deploy that may".to_owned(),
    })
}

/// What a plan makes reachable from the Internet that was not before, and nobody has said yes to.
pub(super) fn opens(session: &Session, arguments: &DeployArgs, plan: &Plan) -> Option<String> {
    let is_agreed = arguments.yes || arguments.allow_public || session.global.sandbox;
    let new = plan_text::opened(plan);
    (!is_agreed && !new.is_empty()).then(|| new.join(", "))
}

/// Asks for that yes.
pub(super) async fn agree(
    session: &Session,
    arguments: &DeployArgs,
    plan: &Plan,
) -> Result<(), Error> {
    let Some(list) = opens(session, arguments, plan) else { return Ok(()) };
    if session.screen.can_ask() {
        if session.ask("Deploy?").await {
            return Ok(());
        }
        return Err(Error::Usage {
            message: "nothing was deployed".to_owned(),
            help: "answer `y`, or deploy with --yes".to_owned(),
        });
    }
    Err(Error::Usage {
        message: format!("this deploy opens {list} to the Internet, and there is nobody to ask"),
        help: "agree with --allow-public or --yes, or set `x-ecs: {ports: {PORT: none}}` on the service"
            .to_owned(),
    })
}

/// What goes with its data, and was not named in the option, is typed by whoever is there.
pub(super) async fn let_go(
    session: &Session,
    arguments: &DeployArgs,
    plan: &Plan,
    taken: Option<&Taken>,
) -> Result<(), Error> {
    let named = &arguments.scope.allow_destroy;
    let asks = session.screen.can_ask() && !arguments.yes && !session.global.sandbox;
    if !asks || taken.is_some() {
        return Ok(());
    }
    let is_named = |id: &ResourceId| named.contains(&id.name) || named.contains(&id.to_string());
    for id in plan.destroyed().filter(|id| !is_named(id)) {
        let name = id.to_string();
        let question = format!("Type {name} to delete it, and what it holds");
        if !session.ask_name(&question, &name).await {
            return Err(Error::Usage {
                message: format!("nothing was deployed: {name} was not agreed to"),
                help: format!("type its name, or deploy with --allow-destroy={name}"),
            });
        }
    }
    Ok(())
}
