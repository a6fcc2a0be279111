//! Reads what AWS has of a stack, and finds in it what is desired.
//!
//! Each service's file reads what there may be, in as few calls as the service allows. Here it is
//! matched by physical name: what is desired becomes a resource of [`Actual`], the rest is an orphan
//! when its tags, or the place where it stands, say that it is this stack's.

mod ahead;
mod found;
mod key;

use std::collections::BTreeSet;

pub(super) use self::found::Found;
pub(super) use self::key::{key, kind};

use futures_util::future::{try_join, try_join3, try_join5};

use super::align::align;
use super::route53::Records;
use super::tags::{Owner, Tags};
use super::{Aws, ecs::EcsFound, emulated, traces};
use crate::apply::cloud::CloudError;
use crate::ecs::desired::{Attribute, Body, Desired, Kind, Resource, ResourceId};
use crate::plan::{Actual, Observed, Recorded};

/// How many calls of one kind are made at once.
pub(super) const IN_FLIGHT: usize = 10;

/// Where to look for what left the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Orphans {
    /// Wherever there may be something.
    Everywhere,
    /// Where it costs little, and where there is a trace of it.
    ByTraces,
    /// In no list that is not needed anyway: nothing can have left it.
    None,
}

/// What becomes of a thing of a wanted name that is somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// It is an error.
    Refused,
    /// It is told, and left alone: whoever deletes wants nothing of it.
    LeftAlone,
}

impl Aws {
    /// What AWS has of a stack. Where something is `known`, in fewer calls; see
    /// [`Aws::observe_knowing`].
    pub(super) async fn observe_stack(
        &self,
        desired: &Desired,
        known: Option<&Recorded>,
        foreign: Foreign,
    ) -> Result<Actual, CloudError> {
        let owner = match Owner::wanted(desired) {
            Some(owner) => Some(owner),
            // Nothing is desired: the cluster says whose stack it is.
            None => self.owner_of_cluster(&desired.stack).await?,
        };
        let owner = owner.as_ref();
        let orphans = match known {
            None => Orphans::Everywhere,
            Some(Recorded { is_unchanged: true, .. }) => Orphans::None,
            Some(_) => Orphans::ByTraces,
        };
        // On the heap: together they are more than the stack of a thread may hold.
        let small = Box::pin(try_join3(
            self.read_names(desired),
            self.read_log_groups(desired),
            Box::pin(self.read_roles(desired)),
        ));
        let large = Box::pin(try_join3(
            self.read_services(desired, owner, orphans),
            self.read_balancers_and_records(desired, owner, orphans),
            self.read_network_and_data(desired, owner, known.is_some()),
        ));
        let ((names, logs, roles), (ecs, balancers, rest)) = try_join(small, large).await?;
        let (ecs, scaling) = ecs;
        let (balancers, Records { found: records, taken }) = balancers;
        let all = [names, logs, roles, balancers, records, rest, ecs.found.clone(), scaling];
        let mut all: Vec<Found> = all.into_iter().flatten().collect();
        let without = assemble((desired, owner), all.clone(), Vec::new(), foreign)?;
        let (definitions, in_use) = self
            .read_definitions(
                (desired, owner),
                &without,
                &ecs,
                known.map(|known| &known.fingerprints),
            )
            .await?;
        all.extend(definitions);
        let mut actual = assemble((desired, owner), all, in_use, foreign)?;
        if emulated::is_emulator(&self.config) {
            emulated::fill_in(desired, &mut actual);
        }
        actual.taken = taken;
        self.read_jobs(desired, &mut actual).await?;
        Ok(actual)
    }

    /// What ECS has, and what scales it: a service that is scaled does not say so itself.
    async fn read_services(
        &self,
        desired: &Desired,
        owner: Option<&Owner>,
        orphans: Orphans,
    ) -> Result<(EcsFound, Vec<Found>), CloudError> {
        let ecs = self.read_ecs(desired, owner, orphans).await?;
        let scaling = self.read_scaling(desired, owner, &ecs.found).await?;
        Ok((ecs, scaling))
    }

    /// Load balancers, and the records that lead to them: a record does not say itself whose it is.
    async fn read_balancers_and_records(
        &self,
        desired: &Desired,
        owner: Option<&Owner>,
        orphans: Orphans,
    ) -> Result<(Vec<Found>, Records), CloudError> {
        let balancers = self.read_balancers(desired, owner, orphans).await?;
        let records = self.read_records(desired, owner, &balancers).await?;
        Ok((balancers, records))
    }

    /// The security groups, and the kinds of things that most stacks have not: what is not desired is
    /// only looked for where there is a trace of it.
    async fn read_network_and_data(
        &self,
        desired: &Desired,
        owner: Option<&Owner>,
        by_traces: bool,
    ) -> Result<Vec<Found>, CloudError> {
        let (wanted, absent) = traces::kinds(desired, by_traces);
        let later = async {
            let (network, mut traced) =
                try_join(self.read_network(owner), self.traces(&absent, owner)).await?;
            // The group of mount targets goes only after them.
            let of_mounts = |found: &Found| {
                found
                    .made_for(owner)
                    .is_some_and(|id| id == ResourceId::new(Kind::SecurityGroup, "efs"))
            };
            if absent.contains(&Kind::FileSystem) && network.iter().any(of_mounts) {
                traced.insert(Kind::FileSystem);
            }
            // Who leaves a VPC may leave one of the project's own.
            let wanted = desired.resources.values().find_map(|wanted| vpc_of(&wanted.body));
            let mut vpcs = network.iter().filter_map(|found| vpc_of(&found.observed.body));
            if absent.contains(&Kind::Vpc) && vpcs.any(|vpc| wanted != Some(vpc)) {
                traced.insert(Kind::Vpc);
            }
            let data = self.read_data(desired, owner, &traced).await?;
            Ok::<_, CloudError>([network, data].concat())
        };
        let (data, rest) =
            try_join(Box::pin(self.read_data(desired, owner, &wanted)), Box::pin(later)).await?;
        Ok([data, rest].concat())
    }

    async fn read_data(
        &self,
        desired: &Desired,
        owner: Option<&Owner>,
        kinds: &BTreeSet<Kind>,
    ) -> Result<Vec<Found>, CloudError> {
        let (files, images, secrets, schedules, network) = try_join5(
            only(kinds.contains(&Kind::FileSystem), self.read_file_systems(owner)),
            only(kinds.contains(&Kind::Repository), self.read_repositories(desired)),
            only(kinds.contains(&Kind::Secret), self.read_secrets(desired)),
            only(kinds.contains(&Kind::ScheduleGroup), self.read_schedules(desired, owner)),
            only(kinds.contains(&Kind::Vpc), self.read_made(owner)),
        )
        .await?;
        Ok([files, images, secrets, schedules, network].concat())
    }

    /// What there is of the images and repositories that are desired, and of nothing else.
    ///
    /// # Errors
    ///
    /// When AWS does not answer, or a repository of a wanted name is somebody else's.
    pub async fn observe_images(&self, desired: &Desired) -> Result<Actual, CloudError> {
        let found = self.read_repositories(desired).await?;
        let owner = Owner::wanted(desired);
        let whose = (desired, owner.as_ref());
        let mut actual = assemble(whose, found, Vec::new(), Foreign::Refused)?;
        // What else stands there is not this command's.
        actual.resources.retain(|id, _| desired.resources.contains_key(id));
        Ok(actual)
    }

    async fn owner_of_cluster(&self, stack: &str) -> Result<Option<Owner>, CloudError> {
        let cluster = self.find_cluster(stack).await?;
        let tags: Option<Tags> = cluster.map(|cluster| {
            let pair = |tag: &aws_sdk_ecs::types::Tag| {
                Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()))
            };
            cluster.tags().iter().filter_map(pair).collect()
        });
        Ok(tags.as_ref().and_then(Owner::of))
    }
}

/// The VPC of a security group.
fn vpc_of(body: &Body) -> Option<&str> {
    match body {
        Body::SecurityGroup(group) => group.vpc_id.known(),
        _ => None,
    }
}

/// Reads something, or nothing.
async fn only(
    wanted: bool,
    read: impl Future<Output = Result<Vec<Found>, CloudError>>,
) -> Result<Vec<Found>, CloudError> {
    if wanted { read.await } else { Ok(Vec::new()) }
}

/// Sorts what was found into what is desired and what is not.
pub(super) fn assemble(
    (desired, owner): (&Desired, Option<&Owner>),
    mut found: Vec<Found>,
    in_use: Vec<Found>,
    foreign: Foreign,
) -> Result<Actual, CloudError> {
    let mut actual = Actual::default();
    let mut order: Vec<&Resource> = desired.resources.values().collect();
    // The order of kinds is such that references only point backwards.
    order.sort_by_key(|resource| resource.id.kind);
    for resource in order {
        let body = resolve(resource, &actual);
        let Some(wanted) = key(&body) else { continue };
        let same = |have: &Found| {
            !have.goes
                && kind(&have.observed.body) == resource.id.kind
                && key(&have.observed.body).as_ref() == Some(&wanted)
        };
        if let Some(place) = found.iter().position(same) {
            let mut have = found.swap_remove(place);
            match have.check(&body, resource) {
                Err(error) if foreign == Foreign::LeftAlone => {
                    actual.foreign.insert(resource.id.clone(), error.message);
                }
                checked => {
                    checked?;
                    align_with(resource, &actual, &mut have.observed);
                    actual.resources.insert(resource.id.clone(), have.observed);
                }
            }
        }
        let older = in_use.iter().filter(|have| same(have)).map(|have| {
            let mut observed = have.observed.clone();
            align_with(resource, &actual, &mut observed);
            observed
        });
        let mut older: Vec<_> = older.collect();
        if !older.is_empty() {
            older.sort_by_key(|observed| std::cmp::Reverse(revision(observed)));
            actual.revisions.insert(resource.id.clone(), older);
        }
    }
    let ours = found.into_iter().filter_map(|have| Some((have.made_for(owner)?, have)));
    let (retired, orphans): (Vec<_>, Vec<_>) =
        ours.partition(|(id, have)| have.goes && desired.resources.contains_key(id));
    let observed = |list: Vec<(ResourceId, Found)>| {
        list.into_iter().map(|(id, have)| (id, have.observed)).collect::<Vec<_>>()
    };
    (actual.orphans, actual.retired) = (observed(orphans), observed(retired));
    actual.orphans.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| key(&x.body).cmp(&key(&y.body))));
    Ok(actual)
}

pub(super) fn resolve(resource: &Resource, actual: &Actual) -> Body {
    resource.body.resolve(&|id, attribute| actual.attribute(id, attribute).map(str::to_owned))
}

/// Aligns what was read with what is wanted; see [`align`].
fn align_with(resource: &Resource, actual: &Actual, observed: &mut Observed) {
    let own = observed.attributes.clone();
    let body = resource.body.resolve(&|id, attribute| {
        if *id == resource.id {
            return own.get(&attribute).cloned();
        }
        actual.attribute(id, attribute).map(str::to_owned)
    });
    align(&body, &mut observed.body);
}

fn revision(observed: &Observed) -> u64 {
    let arn = observed.attributes.get(&Attribute::Arn).map(String::as_str).unwrap_or_default();
    arn.rsplit(':').next().and_then(|text| text.parse().ok()).unwrap_or_default()
}
