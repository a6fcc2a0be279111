//! Task definitions that need not be read, because it is known what was registered.

use std::collections::BTreeSet;

use aws_sdk_ecs::types as sdk;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::task_definition::family_of;
use super::{last_segment, read::EcsFound};
use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::{Found, IN_FLIGHT, resolve};
use crate::aws::tags::{self, Owner};
use crate::ecs::desired::{Attribute, Body, Desired, Resource, ResourceId};
use crate::plan::{Actual, Fingerprints, fingerprint};

/// How many revisions of a family are looked at for one that is ours.
const LOOKED_AT: usize = 10;

impl Aws {
    /// Reads the task definitions of these families, except those whose services run a revision that is
    /// known to say what is desired.
    pub(in crate::aws) async fn read_definitions(
        &self,
        (desired, owner): (&Desired, Option<&Owner>),
        actual: &Actual,
        ecs: &EcsFound,
        known: Option<&Fingerprints>,
    ) -> Result<(Vec<Found>, Vec<Found>), CloudError> {
        let mut found: Vec<Found> = desired
            .resources
            .values()
            .filter_map(|resource| settled(resource, desired, actual, &ecs.families, known?))
            .collect();
        let done: BTreeSet<String> =
            found.iter().filter_map(arn).map(|a| family_of(a).to_owned()).collect();
        let open = ecs.families.iter().filter(|family| !done.contains(*family));
        let newest: Vec<Found> = stream::iter(open)
            .map(|family| async move { self.find_task_definition(family).await })
            .buffered(IN_FLIGHT)
            .try_filter_map(|found| async move { Ok(found) })
            .try_collect()
            .await?;
        let mut ours = Vec::new();
        for newest in newest {
            let own = self.own_revision(&newest, owner).await?;
            found.push(match &own {
                Some(own) => newest.of_the_owner_of(own),
                None => newest,
            });
            ours.extend(own);
        }
        for family in &ecs.retired {
            found.extend(self.find_retired(family).await?);
        }
        let mut in_use = self.read_in_use(&ecs.found, &found).await?;
        ours.retain(|own| !in_use.iter().any(|used| arn(used) == arn(own)));
        in_use.extend(ours);
        Ok((found, in_use))
    }
}

impl Aws {
    /// Where somebody else registered the newest revision of a family, the newest one that is this owner's:
    /// then the family is, too.
    async fn own_revision(
        &self,
        newest: &Found,
        owner: Option<&Owner>,
    ) -> Result<Option<Found>, CloudError> {
        let Some(newest) = arn(newest).filter(|_| !newest.is_of(owner)) else { return Ok(None) };
        let all = self.list_revisions(family_of(newest), sdk::TaskDefinitionStatus::Active).await?;
        for arn in all.iter().rev().filter(|arn| *arn != newest).take(LOOKED_AT) {
            let found = self.find_task_definition(last_segment(arn)).await?;
            if let Some(found) = found.filter(|found| found.is_of(owner)) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The newest revision of a family that has no active one.
    async fn find_retired(&self, family: &str) -> Result<Option<Found>, CloudError> {
        let all = self.list_revisions(family, sdk::TaskDefinitionStatus::Inactive).await?;
        let Some(newest) = all.last() else { return Ok(None) };
        Ok(self.find_task_definition(last_segment(newest)).await?.map(Found::going))
    }

    /// Of these task definitions those that start no tasks any more: gone, or deregistered.
    ///
    /// # Errors
    ///
    /// When AWS does not answer.
    pub async fn inactive_definitions(&self, arns: &[&str]) -> Result<Vec<String>, CloudError> {
        let asked: Vec<Option<String>> = stream::iter(arns)
            .map(|arn| async move {
                let name = last_segment(arn);
                let call = self.ecs().describe_task_definition().task_definition(name);
                let answer = call.send().await.or_fail("ecs:DescribeTaskDefinition");
                let is_active = match answer {
                    Ok(answer) => {
                        answer.task_definition().and_then(|task| task.status())
                            == Some(&sdk::TaskDefinitionStatus::Active)
                    }
                    Err(error) if error.is(&["ClientException"]) => false,
                    Err(error) => return Err(error),
                };
                Ok((!is_active).then(|| name.to_owned()))
            })
            .buffered(IN_FLIGHT)
            .try_collect()
            .await?;
        Ok(asked.into_iter().flatten().collect())
    }
}

fn arn(found: &Found) -> Option<&str> {
    found.observed.attributes.get(&Attribute::Arn).map(String::as_str)
}

/// The revision that a service runs, as it would be read, when it says what is desired.
fn settled(
    resource: &Resource,
    desired: &Desired,
    actual: &Actual,
    families: &BTreeSet<String>,
    known: &Fingerprints,
) -> Option<Found> {
    let Body::TaskDefinition(task) = &resource.body else { return None };
    let service = user(desired, &resource.id)?;
    let Body::Service(running) = &actual.resources.get(service)?.body else { return None };
    let arn = running.task_definition.known()?;
    let print = known.get(last_segment(arn))?;
    // Of a family without an active revision nothing can be started any more.
    let is_there = families.contains(&task.family) && family_of(arn) == task.family;
    let body = resolve(resource, actual);
    if !is_there || fingerprint(&body).as_ref() != Some(print) {
        return None;
    }
    let tags = tags::of_body(&body);
    Some(Found::new(body).with(Attribute::Arn, Some(arn)).tagged(tags))
}

/// The service that runs a task definition.
fn user<'a>(desired: &'a Desired, definition: &ResourceId) -> Option<&'a ResourceId> {
    let runs = |resource: &&Resource| match &resource.body {
        Body::Service(service) => {
            service.task_definition.reference().is_some_and(|(id, _)| id == definition)
        }
        _ => false,
    };
    desired.resources.values().find(runs).map(|resource| &resource.id)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::aws::ecs::task_definition::observed;
    use crate::aws::recorder::Recorder;

    const FAMILY: &str = "arn:aws:ecs:eu-west-1:1:task-definition/shop-web";

    fn revision(number: u32, project: Option<&str>) -> Json {
        let tag =
            |key: &str, value: &str| json!({"key": format!("decklift:{key}"), "value": value});
        let tags =
            project.map(|project| vec![tag("project", project), tag("environment", "default")]);
        let definition = json!({
            "taskDefinitionArn": format!("{FAMILY}:{number}"), "family": "shop-web",
            "revision": number, "status": "ACTIVE", "containerDefinitions": [],
        });
        json!({"taskDefinition": definition, "tags": tags.unwrap_or_default()})
    }

    fn owner() -> Owner {
        Owner { project: "shop".to_owned(), environment: "default".to_owned() }
    }

    /// Whose the family is of which somebody else registered the third revision, by its second one.
    async fn whose(second: Option<&str>) -> (Option<Found>, Recorder) {
        let arns: Vec<String> = (1..=3).map(|number| format!("{FAMILY}:{number}")).collect();
        let list = json!({"taskDefinitionArns": arns}).to_string();
        let (second, first) = (revision(2, second).to_string(), revision(1, None).to_string());
        let recorder = Recorder::new([(200, &*list), (200, &*second), (200, &*first)]);
        let third = aws_sdk_ecs::types::TaskDefinition::builder()
            .task_definition_arn(format!("{FAMILY}:3"))
            .family("shop-web")
            .build();
        let newest = observed(&third, &[]);
        let own = recorder.aws().own_revision(&newest, Some(&owner())).await.unwrap();
        if let Some(own) = &own {
            assert!(newest.of_the_owner_of(own).is_of(Some(&owner())));
        }
        (own, recorder)
    }

    #[tokio::test]
    async fn a_revision_of_somebody_elses_does_not_take_the_family_away() {
        let (own, recorder) = whose(Some("shop")).await;
        assert_eq!(arn(&own.unwrap()), Some(&*format!("{FAMILY}:2")));
        assert_eq!(recorder.operations(), ["ListTaskDefinitions", "DescribeTaskDefinition"]);
        // A family of which nothing is ours stays somebody else's.
        assert!(whose(None).await.0.is_none());
        assert!(whose(Some("other")).await.0.is_none());
    }
}
