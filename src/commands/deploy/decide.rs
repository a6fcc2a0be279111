//! What a deploy does: the plan, agreed to, and the turn in which it is carried out.

use super::{ahead, consent, show, tell_ahead};
use crate::apply::Cloud;
use crate::cli::DeployArgs;
use crate::commands::Session;
use crate::commands::planning::Planning;
use crate::commands::saved::Taken;
use crate::commands::signals::Stop;
use crate::commands::turn::{Line, Turn};
use crate::commands::verify::Checks;
use crate::commands::world::{self, ScanGate, World};
use crate::ecs::desired::Desired;
use crate::error::Error;
use crate::plan::Plan;
use crate::release::Place;

/// What is decided by, and who is asked.
pub(super) struct Choice<'a> {
    pub(super) session: &'a Session,
    pub(super) arguments: &'a DeployArgs,
    pub(super) taken: Option<&'a Taken>,
    pub(super) planning: &'a Planning<'a>,
    pub(super) world: &'a World<'a>,
    pub(super) gate: Option<ScanGate>,
    pub(super) checks: Checks<'a>,
    pub(super) stop: &'a Stop,
}

/// What is done now.
pub(super) struct Decision {
    pub(super) desired: Desired,
    pub(super) plan: Plan,
    pub(super) turn: Turn,
    /// Where everything else is compared with AWS afterwards: the place in line that it was decided at.
    pub(super) goes_on: Option<Place>,
}

impl Choice<'_> {
    /// Decides. Whoever finds the lock taken in the end has waited for another's deploy, and decides
    /// again by what that one left.
    pub(super) async fn decide(
        &self,
        desired: &Desired,
        line: &Line<'_>,
    ) -> Result<Decision, Error> {
        let Self { session, stop, .. } = self;
        loop {
            let place = stop.or_interrupted(session, line.reach()).await?;
            if let Some((desired, plan)) = self.ahead(desired, &place).await? {
                match line.take(&place, &desired).await? {
                    Some(turn) => {
                        return Ok(Decision { desired, plan, turn, goes_on: Some(place) });
                    }
                    None => continue,
                }
            }
            let (desired, plan) = self.whole(desired, &place).await?;
            let turn = match plan.is_empty() {
                true => Some(Turn::idle(stop.receiver())),
                false => line.take(&place, &desired).await?,
            };
            if let Some(turn) = turn {
                return Ok(Decision { desired, plan, turn, goes_on: None });
            }
        }
    }

    /// What may go first, agreed to. Nothing does of a plan that was saved, or where images must pass a
    /// scan.
    async fn ahead(
        &self,
        desired: &Desired,
        place: &Place,
    ) -> Result<Option<(Desired, Plan)>, Error> {
        let Self { session, arguments, taken, planning, world, gate, stop, .. } = self;
        if taken.is_some() || gate.is_some() {
            return Ok(None);
        }
        let look = ahead::look(planning, world, place, desired);
        let Some((desired, plan)) = stop.or_interrupted(session, look).await? else {
            return Ok(None);
        };
        tell_ahead(session, &plan);
        consent::built(arguments, &plan)?;
        stop.begin();
        Ok(Some((desired, plan)))
    }

    /// The whole plan, agreed to.
    async fn whole(&self, desired: &Desired, place: &Place) -> Result<(Desired, Plan), Error> {
        let Self { session, arguments, taken, planning, world, gate, checks, stop } = self;
        let recorded = planning.recorded(desired, place);
        let is_known = recorded.as_ref().is_some_and(|recorded| recorded.is_unchanged);
        world.know(recorded);
        let look = checks.beside(world.observe(desired), world, desired, is_known);
        let (actual, found) = stop.or_interrupted(session, look).await?;
        checks.tell(&found)?;
        let mut desired = desired.clone();
        let plan = planning.plan(&mut desired, &actual)?;
        if !session.json() {
            show(session, &plan);
            world.explain_network(session, &plan);
        }
        taken.map_or(Ok(()), |taken| taken.check_world(world, &plan, &desired))?;
        consent::built(arguments, &plan)?;
        stop.or_interrupted(session, consent::agree(session, arguments, &plan)).await?;
        let let_go = consent::let_go(session, arguments, &plan, *taken);
        stop.or_interrupted(session, let_go).await?;
        let plan = match gate.filter(|_| !plan.is_empty()) {
            None => plan,
            Some(gate) => {
                let there = world::standing(&desired, &actual);
                stop.or_interrupted(session, world.pass_all(&there, gate)).await?;
                plan.images_first()
            }
        };
        stop.begin();
        Ok((desired, plan))
    }
}
