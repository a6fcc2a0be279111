//! What `plan` and `deploy` check by themselves, with what `verify` says of it.
//!
//! What the files name and others made is looked at while the stack is compared with AWS, which takes
//! longer; and not at all where nothing but the revisions of services can have changed since the last
//! release reached all that was asked for. What the caller may not look at, and what takes AWS its time
//! (what callers and given roles may do, quotas), is left to `verify`.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::time::timeout;

use super::{Ground, looks};
use crate::apply::CloudError;
use crate::commands::Session;
use crate::commands::prepare::App;
use crate::commands::world::World;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::ecs::desired::{Body, Desired};
use crate::error::Error;
use crate::plan::Actual;
use crate::verify::{Finding, Level, named, room};

/// How much longer than the comparison the looks may take: a service that cannot be reached from here is
/// left to `verify`.
const GRACE: Duration = Duration::from_secs(10);

/// The checks of one run of a command.
pub(in crate::commands) struct Checks<'a> {
    session: &'a Session,
    app: &'a App,
    is_strict: bool,
    /// Whether they are still to be made: they are made once.
    is_due: Cell<bool>,
}

impl<'a> Checks<'a> {
    /// None are made where nobody wants them, and none in a sandbox: what others made is not there, no
    /// packet passes its networks, and no role is asked whom it trusts.
    pub(in crate::commands) fn new(
        session: &'a Session,
        app: &'a App,
        is_strict: bool,
        is_wanted: bool,
    ) -> Self {
        let is_due = is_wanted && !session.global.sandbox;
        Self { session, app, is_strict, is_due: Cell::new(is_due) }
    }

    /// What is compared with AWS, and meanwhile looked at; where `is_known`, nothing is.
    pub(in crate::commands) async fn beside(
        &self,
        observe: impl Future<Output = Result<Actual, CloudError>>,
        world: &World<'_>,
        desired: &Desired,
        is_known: bool,
    ) -> Result<(Actual, Vec<Finding>), Error> {
        if is_known || !self.is_due.get() {
            return Ok((observe.await?, Vec::new()));
        }
        // On the heap: together they are more than the stack of a thread may hold.
        let (observe, looks) = (Box::pin(observe), Box::pin(self.look(world, desired)));
        let (actual, mut found) = match select(observe, looks).await {
            Either::Left((actual, looks)) => {
                let actual = actual?;
                (actual, timeout(GRACE, looks).await.unwrap_or_else(|_| Ok(Vec::new()))?)
            }
            Either::Right((found, observe)) => (observe.await?, found?),
        };
        let place = named(&self.app.project, desired).subnets.into_iter().next();
        let subnets = &world.facts().network.subnets;
        found.extend(room(subnets, needs(desired, &actual), place.as_ref()));
        Ok((actual, found))
    }

    async fn look(&self, world: &World<'_>, desired: &Desired) -> Result<Vec<Finding>, Error> {
        let ground = Ground {
            session: self.session,
            app: self.app,
            aws: world.aws(),
            identity: world.aws().identity().await?,
            names: named(&self.app.project, desired),
            facts: world.facts(),
            desired,
            by_the_way: true,
            has_network: true,
        };
        Ok(looks::all(&ground).await)
    }

    /// Tells what was found, once; failures are an error, all at once.
    pub(in crate::commands) fn tell(&self, found: &[Finding]) -> Result<(), Error> {
        if found.is_empty() || !self.is_due.replace(false) {
            return Ok(());
        }
        let mut diagnostics = Diagnostics::default();
        diagnostics.extend(found.iter().filter_map(diagnostic));
        if self.is_strict {
            diagnostics.make_strict();
        }
        self.session.print(&diagnostics, &self.app.sources);
        if !diagnostics.has_errors() {
            return Ok(());
        }
        self.session.screen.note(
            "`decklift verify` says more; with --no-verify none of this is looked at, and the rest is done",
        );
        let failed = |finding: &&Finding| finding.level >= Level::Warning;
        Err(Error::Verify { file: found.iter().filter(failed).any(|f| f.place.is_some()) })
    }
}

/// A failure is an error, at its place; what is as it should be is not spoken of.
fn diagnostic(finding: &Finding) -> Option<Diagnostic> {
    let message = finding.message.clone();
    let mut told = match finding.level {
        Level::Failure => Diagnostic::error(Code::AwsRule, message),
        Level::Warning => Diagnostic::warning(Code::AwsRule, message),
        Level::Ok | Level::Note => return None,
    };
    told.help.clone_from(&finding.help);
    told.service.clone_from(&finding.service);
    Some(match finding.place {
        Some(span) => told.at(span, ""),
        None => told,
    })
}

/// How many addresses a deploy takes at least: of each service that there is not yet, one a task. A
/// rollout of one that there is goes on with the few that there are.
fn needs(desired: &Desired, actual: &Actual) -> i32 {
    let missing = desired.resources.values().filter(|r| !actual.resources.contains_key(&r.id));
    let count = |body: &Body| match body {
        Body::Service(service) if !service.network_configuration.is_none() => service.desired_count,
        _ => 0,
    };
    missing.map(|resource| count(&resource.body)).fold(0, i32::saturating_add)
}
