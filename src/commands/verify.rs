//! `decklift verify`: what stands in the way of a deploy, all at once.

mod facts;
mod first;
mod limits;
mod looks;

use serde_json::{Value as Json, json};

pub(super) use first::Checks;

use super::prepare::{self, App, Wish};
use super::{Session, signals};
use crate::aws::{Aws, Identity};
use crate::cli::{GivenArgs, VerifyArgs};
use crate::diagnostic::{Diagnostic, Severity};
use crate::ecs::desired::Desired;
use crate::ecs::facts::Facts;
use crate::ecs::{translate, validate};
use crate::error::Error;
use crate::report::checks;
use crate::verify::{Finding, Level, Names, named};

/// Everything that is known when AWS is looked at.
struct Ground<'a> {
    session: &'a Session,
    app: &'a App,
    aws: &'a Aws,
    identity: &'a Identity,
    names: Names,
    facts: &'a Facts,
    desired: &'a Desired,
    /// Whether it is a command of another kind that looks: what AWS does not tell is not spoken of.
    by_the_way: bool,
    /// Whether the network is known: where it is not, what stands in it is not looked for.
    has_network: bool,
}

/// `decklift verify`
pub(super) async fn run(session: &Session, arguments: &VerifyArgs) -> Result<(), Error> {
    let wish = Wish { services: &[], scale: &[], given: &GivenArgs::default() };
    let app = prepare::read_to_deploy(session, arguments.strict, wish)?;
    let app = app.in_own_vpc(arguments.create_vpc)?;
    let stop = signals::listen(session);
    let all = async {
        let aws = prepare::attach(session, &app).await?;
        // Without an answer to this there is none to anything else.
        let identity = aws.identity().await?.clone();
        let mut found = vec![connection(&identity, aws.region())];
        let (facts, has_network, faults) = facts::learn(session, &app, &aws, &identity).await;
        found.extend(faults);
        let (desired, faults) = translated(session, &app, &facts);
        found.extend(faults);
        let names = named(&app.project, &desired);
        let ground = Ground {
            session,
            app: &app,
            aws: &aws,
            identity: &identity,
            names,
            facts: &facts,
            desired: &desired,
            by_the_way: false,
            has_network,
        };
        let (looks, limits) =
            futures_util::future::join(looks::all(&ground), limits::all(&ground)).await;
        found.extend(looks);
        found.extend(limits);
        Ok::<_, Error>((found, desired.stack))
    };
    let (mut found, stack) = stop.or_interrupted(session, all).await?;
    if arguments.strict {
        found
            .iter_mut()
            .filter(|f| f.level == Level::Warning)
            .for_each(|f| f.level = Level::Failure);
    }
    show(session, &app, &stack, &found);
    verdict(&found)
}

fn connection(identity: &Identity, region: &str) -> Finding {
    Finding::ok("connection", format!("{} in {} ({region})", identity.arn, identity.account))
}

/// A failure that has a place in the files is theirs, every other one AWS's or the account's.
fn verdict(found: &[Finding]) -> Result<(), Error> {
    let mut failures = found.iter().filter(|finding| finding.level == Level::Failure).peekable();
    match failures.peek() {
        None => Ok(()),
        Some(_) => Err(Error::Verify { file: failures.any(|finding| finding.place.is_some()) }),
    }
}

/// What the files become with what is known, and what is wrong with that.
fn translated(session: &Session, app: &App, facts: &Facts) -> (Desired, Vec<Finding>) {
    let translation = translate(&app.project, session.global.environment.as_deref(), facts);
    let mut diagnostics = translation.diagnostics;
    diagnostics.extend(validate(&translation.desired));
    let mut desired = translation.desired;
    if session.global.sandbox {
        desired.without_scaling();
    }
    let new = diagnostics.iter().filter(|d| d.severity != Severity::Note && !app.was_told(d));
    let found = new.map(of_diagnostic).collect();
    (desired, found)
}

fn of_diagnostic(diagnostic: &Diagnostic) -> Finding {
    let message = diagnostic.message.clone();
    let finding = match diagnostic.severity {
        Severity::Error => Finding::failure("compose", message),
        Severity::Warning => Finding::warning("compose", message),
        Severity::Note => Finding::note("compose", message),
    };
    Finding {
        help: diagnostic.help.clone(),
        service: diagnostic.service.clone(),
        place: diagnostic.labels.first().map(|label| label.span),
        ..finding
    }
}

fn show(session: &Session, app: &App, stack: &str, found: &[Finding]) {
    let place = |finding: &Finding| finding.place.map(|span| app.sources.place(span));
    if session.json() {
        let list: Vec<Json> = found
            .iter()
            .map(|finding| {
                json!({
                    "check": finding.check,
                    "level": finding.level,
                    "message": finding.message,
                    "help": finding.help,
                    "service": finding.service,
                    "place": place(finding),
                })
            })
            .collect();
        let document = json!({"stack": stack, "findings": list, "summary": checks::counts(found)});
        session.screen.data(&serde_json::to_string_pretty(&document).unwrap_or_default());
        return;
    }
    let lines = checks::lines(found, &place, session.screen.data_width().unwrap_or(100));
    for line in lines {
        session.screen.data(&line);
    }
    session.screen.data(&checks::summary(found));
}
