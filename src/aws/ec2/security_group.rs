//! `ec2` security groups.

use aws_sdk_ec2::types as sdk;

use super::{DETACH, changed, filter};
use crate::apply::cloud::{Changed, CloudError};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::Found;
use crate::aws::tags;
use crate::aws::values::text;
use crate::ecs::desired::{Attribute, Body, SecurityGroup, Value};

impl Aws {
    pub(in crate::aws) async fn create_security_group(
        &self,
        body: &SecurityGroup,
    ) -> Result<Changed, CloudError> {
        let SecurityGroup { group_name, description, vpc_id, tag_specifications } = body;
        let answer = self
            .ec2()
            .create_security_group()
            .group_name(group_name)
            .description(description)
            .vpc_id(text(vpc_id)?)
            .set_tag_specifications(super::specifications(tag_specifications))
            .send()
            .await
            .or_fail("ec2:CreateSecurityGroup");
        match answer {
            Ok(answer) => Ok(changed(answer.group_id())),
            Err(error) if error.is(&["InvalidGroup.Duplicate"]) => {
                let Some(found) = self.find_security_group(body).await? else { return Err(error) };
                let wanted = Body::SecurityGroup(Box::new(body.clone()));
                let have = super::tags(found.tags());
                tags::check("ec2:CreateSecurityGroup", &wanted, group_name, &have)?;
                Ok(changed(found.group_id()))
            }
            Err(error) => Err(error),
        }
    }

    /// Only tags can be changed.
    pub(in crate::aws) async fn update_security_group(
        &self,
        body: &SecurityGroup,
    ) -> Result<Changed, CloudError> {
        let Some(found) = self.find_security_group(body).await? else {
            return self.create_security_group(body).await;
        };
        let tags = body.tag_specifications.iter().flat_map(|s| super::to_sdk_tags(&s.tags));
        let tags: Vec<_> = tags.collect();
        if let (Some(id), false) = (found.group_id(), tags.is_empty()) {
            let call = self.ec2().create_tags().resources(id).set_tags(Some(tags));
            call.send().await.or_fail("ec2:CreateTags")?;
        }
        Ok(changed(found.group_id()))
    }

    /// The interfaces of tasks and load balancers are detached some time after these are gone.
    pub(in crate::aws) async fn delete_security_group(&self, id: &str) -> Result<(), CloudError> {
        let call = || async {
            self.ec2()
                .delete_security_group()
                .group_id(id)
                .send()
                .await
                .or_fail("ec2:DeleteSecurityGroup")
        };
        match self.pace.persist(DETACH, super::in_use, call).await {
            Err(error) if !error.is(&["InvalidGroup.NotFound", "InvalidGroupId.NotFound"]) => {
                Err(error)
            }
            _ => Ok(()),
        }
    }

    async fn find_security_group(
        &self,
        body: &SecurityGroup,
    ) -> Result<Option<sdk::SecurityGroup>, CloudError> {
        let answer = self
            .ec2()
            .describe_security_groups()
            .filters(filter("group-name", [body.group_name.clone()]))
            .filters(filter("vpc-id", [text(&body.vpc_id)?.to_owned()]))
            .send()
            .await
            .or_fail("ec2:DescribeSecurityGroups")?;
        Ok(answer.security_groups.unwrap_or_default().into_iter().next())
    }
}

/// A group as it was read, in the words of Desired.
pub(super) fn observed(group: &sdk::SecurityGroup) -> Found {
    let tags = super::tags(group.tags());
    let body = SecurityGroup {
        group_name: group.group_name().unwrap_or_default().to_owned(),
        description: group.description().unwrap_or_default().to_owned(),
        vpc_id: Value::from(group.vpc_id().unwrap_or_default()),
        tag_specifications: super::retag("security-group", group.tags()),
    };
    Found::new(Body::SecurityGroup(Box::new(body)))
        .with(Attribute::Id, group.group_id())
        .tagged(tags)
}
