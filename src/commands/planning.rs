//! What `plan` and `deploy` have in common: the same words give the same plan.

use std::collections::BTreeSet;
use std::path::Path;

use super::prepare::{self, App};
use super::world::World;
use super::{Session, lines};
use crate::cli::{BuildArgs, ScopeArgs};
use crate::compose::Project;
use crate::ecs::desired::{Body, Desired};
use crate::error::Error;
use crate::plan::{
    Actual, Ahead, Destroy, Only, Plan, PlanOptions, Recorded, Wanted, ahead, keep_pins, plan_with,
    sign, wanted,
};
use crate::release::Place;

/// How a project becomes a plan.
pub(super) struct Planning<'a> {
    session: &'a Session,
    app: &'a App,
    pub(super) options: PlanOptions,
    no_rollback: bool,
}

impl<'a> Planning<'a> {
    pub(super) fn new(
        session: &'a Session,
        app: &'a App,
        services: &[String],
        scope: &ScopeArgs,
        build: BuildArgs,
    ) -> Result<Self, Error> {
        let only = only(&app.project, services, scope.no_deps)?;
        let names = scope.allow_destroy.iter();
        let destroy = Destroy {
            all: names.clone().any(String::is_empty),
            names: names.filter(|name| !name.is_empty()).cloned().collect(),
        };
        let options = PlanOptions { force: scope.force, build: build.again(), only, destroy };
        Ok(Self { session, app, options, no_rollback: scope.no_rollback })
    }

    /// What should exist, as far as it can be told before AWS is looked at.
    pub(super) fn desired(&self, world: &World<'_>) -> Result<Desired, Error> {
        let mut desired = prepare::desired(self.session, self.app, world)?;
        if self.no_rollback {
            stay(&mut desired);
        }
        sign(&mut desired);
        Ok(desired)
    }

    /// What is to be done.
    pub(super) fn plan(&self, desired: &mut Desired, actual: &Actual) -> Result<Plan, Error> {
        let plan = self.plan_with(desired, actual, self.options.clone())?;
        let left = |name: &&String| {
            let named = Destroy { all: false, names: BTreeSet::from([(*name).clone()]) };
            !actual.orphans.iter().any(|(id, _)| named.covers(id))
        };
        for name in self.options.destroy.names.iter().filter(left) {
            let warning = format!("--allow-destroy={name}: nothing of that name left the file");
            self.session.screen.warning(&warning);
        }
        Ok(plan)
    }

    /// What the releases' records save from being read, at a place in front of the lock; nothing after a
    /// release that may have left something half done.
    pub(super) fn recorded(&self, desired: &Desired, place: &Place) -> Option<Recorded> {
        let base = place.reached.as_ref().and_then(|reached| reached.base.clone());
        place.is_settled.then(|| Recorded {
            fingerprints: place.fingerprints.clone(),
            is_unchanged: base.is_some_and(|base| base == wanted(desired).base),
        })
    }

    /// Which services need not wait until everything was compared with AWS, at a place in front of the
    /// lock; nothing where something else was asked for than to deploy what changed.
    pub(super) fn ahead(&self, desired: &Desired, place: &Place) -> Option<Ahead> {
        let reached = place.reached.as_ref()?;
        let then = Wanted { base: reached.base.clone()?, services: reached.asked() };
        let revisions = reached.of_services().map(|(name, text)| (name.to_owned(), text)).collect();
        let is_usual = self.options == PlanOptions::default();
        is_usual.then(|| ahead(desired, &then, &revisions)).flatten()
    }

    /// What is to be done for the services that go ahead; nothing where they cannot.
    pub(super) fn plan_ahead(
        &self,
        desired: &mut Desired,
        ahead: &Ahead,
        actual: &Actual,
    ) -> Result<Option<Plan>, Error> {
        let options = PlanOptions { only: Some(ahead.only(desired)), ..self.options.clone() };
        let plan = self.plan_with(desired, actual, options)?;
        Ok(ahead.allows(desired, &plan).then_some(plan))
    }

    /// Whether everything that is desired is deployed.
    pub(super) fn is_whole(&self) -> bool {
        self.options.only.is_none()
    }

    fn plan_with(
        &self,
        desired: &mut Desired,
        actual: &Actual,
        options: PlanOptions,
    ) -> Result<Plan, Error> {
        keep_pins(desired, actual);
        prepare::possible(self.session, self.app, desired, actual, &options)?;
        let mut plan = plan_with(desired, actual, options);
        for step in &mut plan.steps {
            let resource = desired.resources.get(&step.resource);
            let origin = resource.and_then(|resource| resource.origin);
            let origin = lines::of(&self.app.project, step).or(origin);
            step.origin = origin.map(|span| self.app.sources.place(span));
        }
        Ok(plan)
    }

    /// Whether a service is among those that are deployed.
    pub(super) fn takes(&self, service: &str) -> bool {
        self.options.only.as_ref().is_none_or(|only| only.services.contains(service))
    }
}

/// A deployment that fails stays as it is.
fn stay(desired: &mut Desired) {
    for resource in desired.resources.values_mut() {
        if let Body::Service(service) = &mut resource.body {
            service.deployment_configuration.deployment_circuit_breaker.rollback = false;
        }
    }
}

/// The services that are named, with what they depend on where that is wanted too.
fn only(project: &Project, services: &[String], no_deps: bool) -> Result<Option<Only>, Error> {
    if services.is_empty() {
        if no_deps {
            return Err(Error::Usage {
                message: "--no-deps without a service leaves nothing out".to_owned(),
                help: "name the services that are to be deployed alone".to_owned(),
            });
        }
        return Ok(None);
    }
    let known: Vec<&str> = project.services.keys().map(String::as_str).collect();
    let is_file = |name: &&String| !known.contains(&name.as_str()) && Path::new(name).is_file();
    if let Some(file) = services.iter().find(is_file) {
        return Err(Error::Usage {
            message: format!("`{file}` is no service, and the file of that name holds no plan"),
            help: "write one with `decklift plan -o FILE`; Compose files are named with -f"
                .to_owned(),
        });
    }
    prepare::check_names(services, &known)?;
    let named: BTreeSet<String> = services.iter().cloned().collect();
    let mut all = BTreeSet::new();
    let mut open: Vec<&String> = named.iter().collect();
    while let Some(name) = open.pop() {
        if !all.insert(name.clone()) || no_deps {
            continue;
        }
        let service = project.services.get(name);
        open.extend(service.iter().flat_map(|service| service.depends_on.keys()));
    }
    Ok(Some(Only { named, services: all }))
}
