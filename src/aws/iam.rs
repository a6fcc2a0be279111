//! AWS IAM: roles with at most one inline policy each. A role is ours when it stands under the stack's path.

mod account;

use std::time::Duration;

use aws_sdk_iam::types as sdk;
use futures_util::future::try_join3;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::Aws;
use super::error::OrFail;
use super::observe::{Found, IN_FLIGHT};
use super::tags::{self, Tags};
use crate::apply::cloud::{Changed, CloudError, CloudErrorKind};
use crate::ecs::desired::{
    AttachRolePolicy, Attribute, Body, CreateRole, Desired, Kind, PutRolePolicy, Role,
};

/// How long IAM may take to agree with itself.
const SETTLE: Duration = Duration::from_secs(60);

impl Aws {
    pub(super) async fn create_role(&self, body: &Role) -> Result<Changed, CloudError> {
        let CreateRole {
            path,
            role_name,
            assume_role_policy_document,
            description,
            permissions_boundary,
            tags,
        } = &body.create;
        let tags = tags.iter().map(tag).collect::<Result<Vec<_>, _>>()?;
        let answer = self
            .iam()
            .create_role()
            .path(path)
            .role_name(role_name)
            .assume_role_policy_document(assume_role_policy_document)
            .description(description)
            .set_permissions_boundary(permissions_boundary.clone())
            .set_tags((!tags.is_empty()).then_some(tags))
            .send()
            .await
            .or_fail("iam:CreateRole");
        let role = match answer {
            Ok(answer) => answer.role,
            Err(error) if error.is(&["EntityAlreadyExists", "EntityAlreadyExistsException"]) => {
                let role = self.get_role(role_name).await?;
                if role.as_ref().is_some_and(|role| role.path() != path) {
                    return Err(taken(role_name, role.as_ref().map_or("", |role| role.path())));
                }
                self.put_trust(body).await?;
                self.put_boundary(body, role.as_ref()).await?;
                role
            }
            Err(error) => return Err(error),
        };
        self.put_policy(body).await?;
        self.attach(body).await?;
        Ok(changed(role.as_ref()))
    }

    pub(super) async fn update_role(&self, body: &Role) -> Result<Changed, CloudError> {
        self.put_trust(body).await?;
        let role = self.get_role(&body.create.role_name).await?;
        self.put_boundary(body, role.as_ref()).await?;
        self.put_policy(body).await?;
        if body.policy.is_some() {
            self.take_others(body).await?;
        }
        self.attach(body).await?;
        self.tag_role(body).await?;
        Ok(changed(role.as_ref()))
    }

    async fn put_trust(&self, body: &Role) -> Result<(), CloudError> {
        let call = self
            .iam()
            .update_assume_role_policy()
            .role_name(&body.create.role_name)
            .policy_document(&body.create.assume_role_policy_document);
        call.send().await.or_fail("iam:UpdateAssumeRolePolicy").map(|_| ())
    }

    /// Sets the boundary, or takes one away that is no longer wanted.
    async fn put_boundary(&self, body: &Role, have: Option<&sdk::Role>) -> Result<(), CloudError> {
        let name = &body.create.role_name;
        let have = have.and_then(boundary_of);
        match &body.create.permissions_boundary {
            wanted if *wanted == have => Ok(()),
            Some(arn) => {
                let call = self.iam().put_role_permissions_boundary().role_name(name);
                let call = call.permissions_boundary(arn);
                call.send().await.or_fail("iam:PutRolePermissionsBoundary").map(|_| ())
            }
            None => {
                let call = self.iam().delete_role_permissions_boundary().role_name(name);
                forgive(call.send().await.or_fail("iam:DeleteRolePermissionsBoundary"))
            }
        }
    }

    /// Attaches the managed policies that are wanted, and detaches all others, where that is
    /// anybody's business.
    async fn attach(&self, body: &Role) -> Result<(), CloudError> {
        let Some(wanted) = &body.attached else { return Ok(()) };
        let name = &body.create.role_name;
        let have = self.list_attached(name).await?;
        for AttachRolePolicy { role_name, policy_arn } in wanted {
            if !have.contains(policy_arn) {
                let call = self.iam().attach_role_policy().role_name(role_name);
                let call = call.policy_arn(policy_arn);
                call.send().await.or_fail("iam:AttachRolePolicy")?;
            }
        }
        for arn in have.iter().filter(|arn| wanted.iter().all(|w| w.policy_arn != **arn)) {
            self.detach(name, arn).await?;
        }
        Ok(())
    }

    async fn detach(&self, role: &str, policy: &str) -> Result<(), CloudError> {
        let call = self.iam().detach_role_policy().role_name(role).policy_arn(policy);
        forgive(call.send().await.or_fail("iam:DetachRolePolicy"))
    }

    /// The ARNs of a role's managed policies, sorted; none where the role is gone.
    async fn list_attached(&self, name: &str) -> Result<Vec<String>, CloudError> {
        let pages = self.iam().list_attached_role_policies().role_name(name).into_paginator();
        let all: Result<Vec<_>, _> = pages.items().send().collect().await;
        match all.or_fail("iam:ListAttachedRolePolicies") {
            Err(error) if missing(&error) => Ok(Vec::new()),
            Err(error) => Err(error),
            Ok(all) => {
                let arns = all.iter().filter_map(|policy| policy.policy_arn().map(str::to_owned));
                let mut arns: Vec<_> = arns.collect();
                arns.sort();
                Ok(arns)
            }
        }
    }

    /// Puts the inline policy that is wanted, where one is.
    async fn put_policy(&self, body: &Role) -> Result<(), CloudError> {
        let Some(PutRolePolicy { role_name, policy_name, policy_document }) = &body.policy else {
            return self.take_others(body).await;
        };
        let call = || async {
            self.iam()
                .put_role_policy()
                .role_name(role_name)
                .policy_name(policy_name)
                .policy_document(policy_document)
                .send()
                .await
                .or_fail("iam:PutRolePolicy")
        };
        self.pace.persist(SETTLE, settling, call).await.map(|_| ())
    }

    /// Takes the inline policies away that nobody wants.
    async fn take_others(&self, body: &Role) -> Result<(), CloudError> {
        let (name, wanted) = (&body.create.role_name, body.policy.as_ref());
        let all = self.list_role_policies(name).await?;
        for policy in all.iter().filter(|name| wanted.is_none_or(|w| w.policy_name != **name)) {
            let call = self.iam().delete_role_policy().role_name(name).policy_name(policy);
            forgive(call.send().await.or_fail("iam:DeleteRolePolicy"))?;
        }
        Ok(())
    }

    /// Tags are said anew, since nobody asks which of them are there.
    async fn tag_role(&self, body: &Role) -> Result<(), CloudError> {
        let tags = body.create.tags.iter().map(tag).collect::<Result<Vec<_>, _>>()?;
        if tags.is_empty() {
            return Ok(());
        }
        let call = self.iam().tag_role().role_name(&body.create.role_name).set_tags(Some(tags));
        call.send().await.or_fail("iam:TagRole").map(|_| ())
    }

    async fn get_role(&self, name: &str) -> Result<Option<sdk::Role>, CloudError> {
        let answer = self.iam().get_role().role_name(name).send().await.or_fail("iam:GetRole")?;
        Ok(answer.role)
    }

    /// A role goes only when nothing hangs off it, so what others have attached goes first.
    pub(super) async fn delete_role(&self, name: &str) -> Result<(), CloudError> {
        let inline = self.list_role_policies(name).await?;
        for policy in inline {
            let call = self.iam().delete_role_policy().role_name(name).policy_name(policy);
            forgive(call.send().await.or_fail("iam:DeleteRolePolicy"))?;
        }
        for policy in self.list_attached(name).await? {
            self.detach(name, &policy).await?;
        }
        let call = || async {
            self.iam().delete_role().role_name(name).send().await.or_fail("iam:DeleteRole")
        };
        forgive(self.pace.persist(SETTLE, settling, call).await)
    }

    async fn list_role_policies(&self, name: &str) -> Result<Vec<String>, CloudError> {
        let pages = self.iam().list_role_policies().role_name(name).into_paginator().items();
        let answer: Result<Vec<String>, _> = pages.send().collect().await;
        match answer.or_fail("iam:ListRolePolicies") {
            Err(error) if missing(&error) => Ok(Vec::new()),
            answer => answer,
        }
    }

    pub(super) async fn read_roles(&self, desired: &Desired) -> Result<Vec<Found>, CloudError> {
        let wanted: Vec<&Role> = desired
            .resources
            .values()
            .filter_map(|resource| match &resource.body {
                Body::Role(role) => Some(&**role),
                _ => None,
            })
            .collect();
        let own_path = format!("/decklift/{}/", desired.stack);
        let path = wanted.first().map_or(own_path.as_str(), |role| role.create.path.as_str());
        if let Some(found) = self.read_account(path, &wanted).await? {
            return Ok(found);
        }
        let roles: Vec<sdk::Role> = self
            .iam()
            .list_roles()
            .path_prefix(path)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .or_fail("iam:ListRoles")?;
        let reads = roles.iter().filter(|role| role.path() == path).map(|role| {
            let wanted = wanted
                .iter()
                .find(|wanted| wanted.create.role_name.eq_ignore_ascii_case(role.role_name()))
                .copied();
            Box::pin(self.read_role(role, wanted))
        });
        stream::iter(reads).buffered(IN_FLIGHT).try_collect().await
    }

    /// A role, with its policies and its boundary where somebody wants to know them.
    async fn read_role(
        &self,
        role: &sdk::Role,
        wanted: Option<&Role>,
    ) -> Result<Found, CloudError> {
        let name = role.role_name();
        let (mut policy, mut attached, mut full) = (None, None, None);
        if let Some(wanted) = wanted {
            let managed = async {
                match wanted.attached.is_some() {
                    true => self.list_attached(name).await.map(Some),
                    false => Ok(None),
                }
            };
            // ListRoles tells neither the boundary nor tags (IAM API reference, `ListRoles`).
            let (inline, arns, whole) = try_join3(
                self.read_inline(name, wanted.policy.as_ref()),
                managed,
                self.get_role(name),
            )
            .await?;
            let of_role = |policy_arn| AttachRolePolicy { role_name: name.to_owned(), policy_arn };
            attached = arns.map(|arns| arns.into_iter().map(of_role).collect());
            (policy, full) = (inline, whole);
        }
        let full = full.as_ref();
        let pair = |tag: &sdk::Tag| (tag.key().to_owned(), tag.value().to_owned());
        let tags: Tags =
            full.map(|role| role.tags().iter().map(pair).collect()).unwrap_or_default();
        let body = Role {
            create: CreateRole {
                path: role.path().to_owned(),
                role_name: name.to_owned(),
                assume_role_policy_document: decode(role.assume_role_policy_document()),
                description: role.description().unwrap_or_default().to_owned(),
                permissions_boundary: full.and_then(boundary_of),
                tags: tags::to_upper(&tags),
            },
            policy,
            attached,
        };
        Ok(found(body, Some(role.arn()), full.is_some()))
    }

    /// The inline policy of the wanted name; where none is wanted, any that there is. Its name stands
    /// with those of all others that there are: one that somebody added is a difference.
    async fn read_inline(
        &self,
        role: &str,
        wanted: Option<&PutRolePolicy>,
    ) -> Result<Option<PutRolePolicy>, CloudError> {
        let names = self.list_role_policies(role).await?;
        let first = wanted.map(|wanted| &wanted.policy_name).or(names.first());
        let Some(first) = first else { return Ok(None) };
        let policy_document = match names.contains(first) {
            true => self.read_policy(role, first).await?,
            false => String::new(),
        };
        let (role_name, policy_name) = (role.to_owned(), together(first, &names));
        Ok(Some(PutRolePolicy { role_name, policy_name, policy_document }))
    }

    /// The document, or nothing when a run was killed before it was put.
    async fn read_policy(&self, role: &str, policy: &str) -> Result<String, CloudError> {
        let call = self.iam().get_role_policy().role_name(role).policy_name(policy);
        match call.send().await.or_fail("iam:GetRolePolicy") {
            Ok(answer) => Ok(decode(Some(answer.policy_document()))),
            Err(error) if missing(&error) => Ok(String::new()),
            Err(error) => Err(error),
        }
    }
}

/// A role as it was read. The path says whose it is, also where somebody took its tags away. Those of one
/// that is not wanted need not have been read.
fn found(body: Role, arn: Option<&str>, are_read: bool) -> Found {
    let name = body.create.role_name.clone();
    let mut found =
        Found::new(Body::Role(Box::new(body))).with(Attribute::Arn, arn).placed(Kind::Role, name);
    found.observed.tags_known = are_read;
    found
}

fn tags_of(list: &[sdk::Tag]) -> Tags {
    list.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

/// The name of an inline policy, with those of all others that there are.
fn together(first: &str, names: &[String]) -> String {
    let others = names.iter().map(String::as_str).filter(|name| *name != first);
    std::iter::once(first).chain(others).collect::<Vec<_>>().join(", ")
}

/// The ARN of a role's permissions boundary.
fn boundary_of(role: &sdk::Role) -> Option<String> {
    role.permissions_boundary()?.permissions_boundary_arn().map(str::to_owned)
}

fn tag(tag: &crate::ecs::desired::UpperTag) -> Result<sdk::Tag, CloudError> {
    Ok(sdk::Tag::builder().key(&*tag.key).value(&tag.value).build()?)
}

fn changed(role: Option<&sdk::Role>) -> Changed {
    let arn = role.map(|role| (Attribute::Arn, role.arn().to_owned()));
    Changed { attributes: arn.into_iter().collect(), deployment: None, detail: None }
}

fn taken(name: &str, path: &str) -> CloudError {
    let message = format!("role {name} exists under the path {path} and is not this project's");
    CloudError::new(CloudErrorKind::NotOurs, "iam:CreateRole", message)
        .help("role names are unique in an account: choose another project name (-p)")
}

pub(super) fn missing(error: &CloudError) -> bool {
    error.is(&["NoSuchEntity", "NoSuchEntityException"])
}

fn forgive<T>(answer: Result<T, CloudError>) -> Result<(), CloudError> {
    match answer {
        Err(error) if !missing(&error) => Err(error),
        _ => Ok(()),
    }
}

/// IAM is still working on the role.
fn settling(error: &CloudError) -> bool {
    error.is(&[
        "ConcurrentModification",
        "ConcurrentModificationException",
        "DeleteConflict",
        "EntityTemporarilyUnmodifiable",
    ])
}

/// IAM gives documents in percent encoding (RFC 3986).
pub(super) fn decode(document: Option<&str>) -> String {
    let document = document.unwrap_or_default();
    percent_encoding::percent_decode_str(document).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_decoded() {
        assert_eq!(decode(Some("%7B%22a%22%3A%20%22b%20%C3%A9%22%7D")), "{\"a\": \"b é\"}");
        assert_eq!(decode(Some("{\"a\":\"100%\"}")), "{\"a\":\"100%\"}");
        assert_eq!(decode(Some("%zz%4")), "%zz%4");
        assert_eq!(decode(None), "");
    }
}
