//! Reads what services that go ahead need, and nothing else.

use std::collections::BTreeMap;

use aws_sdk_servicediscovery::types::NamespaceType;
use futures_util::future::{try_join, try_join_all, try_join3};

use super::{Found, align_with, key, kind};
use crate::apply::cloud::CloudError;
use crate::aws::{Aws, emulated};
use crate::ecs::desired::{Attribute, Body, Desired, Resource, ResourceId};
use crate::plan::{Actual, Ahead, Observed};

impl Aws {
    /// What AWS has of the services that go ahead, and everything else as the last release left it.
    /// Nothing where they are not what that release made of them.
    ///
    /// # Errors
    ///
    /// When AWS does not answer.
    pub async fn observe_ahead(
        &self,
        desired: &Desired,
        ahead: &Ahead,
    ) -> Result<Option<Actual>, CloudError> {
        let resources = ahead.resources(desired);
        let names: Vec<String> = resources.iter().filter_map(|r| service_name(r)).collect();
        let revisions = ahead.services.iter().filter_map(|id| ahead.revisions.get(id));
        let definitions = try_join_all(revisions.map(|name| self.find_task_definition(name)));
        let (services, definitions, others) = try_join3(
            self.read_services_named(desired.cluster_name(), &names),
            definitions,
            try_join(self.read_images(&resources), self.find_names_of_emulator(desired)),
        )
        .await?;
        let (Some(images), mut found) = others else { return Ok(None) };
        let mut all: Vec<Found> = [services, images].concat();
        all.extend(definitions.into_iter().flatten());
        for resource in &resources {
            if let Some(observed) = take(&mut all, resource) {
                found.insert(resource.id.clone(), observed);
            }
        }
        let Some(mut actual) = ahead.actual(desired, found) else { return Ok(None) };
        if emulated::is_emulator(&self.config) {
            emulated::fill_in(desired, &mut actual);
        }
        for resource in resources {
            if let Some(mut observed) = actual.resources.remove(&resource.id) {
                align_with(resource, &actual, &mut observed);
                actual.resources.insert(resource.id.clone(), observed);
            }
        }
        Ok(Some(actual))
    }

    /// The images that are wanted, as far as they are there; nothing where a repository is missing.
    async fn read_images(&self, resources: &[&Resource]) -> Result<Option<Vec<Found>>, CloudError> {
        let images = resources.iter().filter_map(|resource| match &resource.body {
            Body::Image(image) => Some(&**image),
            _ => None,
        });
        self.find_images(images.collect()).await
    }

    /// The namespace that services stand in, of an emulator: it does not tell that of a service, and AWS
    /// does.
    async fn find_names_of_emulator(
        &self,
        desired: &Desired,
    ) -> Result<BTreeMap<ResourceId, Observed>, CloudError> {
        let mut found = BTreeMap::new();
        if !emulated::is_emulator(&self.config) {
            return Ok(found);
        }
        for (id, resource) in &desired.resources {
            let Body::Namespace(body) = &resource.body else { continue };
            let Some(known) = self.find_namespace(&body.name, NamespaceType::Http).await? else {
                continue;
            };
            let seen = Found::new(resource.body.clone())
                .with(Attribute::Id, Some(&known.id))
                .with(Attribute::Arn, Some(&known.arn));
            found.insert(id.clone(), seen.observed);
        }
        Ok(found)
    }
}

fn service_name(resource: &Resource) -> Option<String> {
    match &resource.body {
        Body::Service(service) => Some(service.service_name.clone()),
        _ => None,
    }
}

/// The thing that a resource is, unless it is somebody else's: then everything must be read to say what
/// is wrong.
fn take(all: &mut Vec<Found>, resource: &Resource) -> Option<Observed> {
    let wanted = key(&resource.body)?;
    let is = |have: &Found| {
        kind(&have.observed.body) == resource.id.kind
            && key(&have.observed.body).as_ref() == Some(&wanted)
    };
    let found = all.swap_remove(all.iter().position(is)?);
    found.check(&resource.body, resource).is_ok().then_some(found.observed)
}
