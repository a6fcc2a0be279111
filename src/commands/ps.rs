use serde_json::json;

use super::prepare::{self, Known};
use super::{Session, signals};
use crate::cli::PsArgs;
use crate::ecs::desired::{Body, Kind, ResourceId};
use crate::error::Error;
use crate::inspect::{Moment, ServiceState, State, arrange};
use crate::report::ps::{PsOptions, text};

/// `decklift ps`
pub(super) async fn run(session: &Session, arguments: &PsArgs) -> Result<(), Error> {
    let stop = signals::listen(session);
    let known = prepare::known(session)?;
    let aws = stop.or_interrupted(session, prepare::reach(session, &known.project)).await?;
    let found = match &aws {
        Some(reached) => stop.or_interrupted(session, reached.aws.inspect(&known.desired)).await?,
        None => Vec::new(),
    };
    let mut services = arrange(&in_file(&known), found);
    let names: Vec<&str> = services.iter().map(|state| state.service.as_str()).collect();
    prepare::check_names(&arguments.services, &names)?;
    if !arguments.services.is_empty() {
        services.retain(|state| arguments.services.contains(&state.service));
    }
    if session.json() {
        let region = aws.as_ref().map(|reached| reached.aws.region());
        let document =
            json!({"stack": known.desired.stack, "region": region, "services": services});
        session.screen.data(&serde_json::to_string_pretty(&document).unwrap_or_default());
        return Ok(());
    }
    let deployed = |state: &ServiceState| state.state != State::NotDeployed;
    if !services.iter().any(deployed) {
        let why = if aws.is_none() { ": no sandbox is running" } else { "" };
        let what = match arguments.services.as_slice() {
            [] => known.desired.stack,
            list => list.join(", "),
        };
        session.screen.data(&format!("Nothing of {what} is deployed{why}."));
        return Ok(());
    }
    let options = PsOptions { width: session.screen.data_width(), now: Moment::now() };
    session.screen.data(&text(&services, options));
    Ok(())
}

/// The services of the file: Compose's names and those of ECS.
fn in_file(known: &Known) -> Vec<(String, String)> {
    let service = |service: &String| {
        let id = ResourceId::new(Kind::Service, service.as_str());
        let name = known.desired.resources.get(&id).and_then(|resource| match &resource.body {
            Body::Service(body) => Some(body.service_name.clone()),
            _ => None,
        });
        let name = name.or_else(|| known.job_family(service).map(str::to_owned));
        (service.clone(), name.unwrap_or_default())
    };
    known.project.services.keys().map(service).collect()
}
