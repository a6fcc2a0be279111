//! Many roles in one call, where an account is small enough.

use aws_sdk_iam::types as sdk;

use super::{Aws, decode, found, tags_of, together};
use crate::apply::cloud::CloudError;
use crate::aws::error::OrFail;
use crate::aws::observe::Found;
use crate::aws::tags;
use crate::ecs::desired::{AttachRolePolicy, CreateRole, PutRolePolicy, Role};

/// From how many roles on one call is worth a try: below, reading each takes as many.
const WORTH: usize = 3;
/// How many roles an account may have to be read at once. A larger one has its own read one by one:
/// what is asked for here comes with every policy of every role.
const ROLES: i32 = 200;

impl Aws {
    /// The roles under a path with all that hangs off them, by one call in the place of two for each
    /// role; nothing where the caller may not ask for that, or the account has more roles.
    pub(super) async fn read_account(
        &self,
        path: &str,
        wanted: &[&Role],
    ) -> Result<Option<Vec<Found>>, CloudError> {
        if wanted.len() < WORTH {
            return Ok(None);
        }
        let call = self.iam().get_account_authorization_details();
        let call = call.filter(sdk::EntityType::Role).max_items(ROLES);
        let Ok(answer) = call.send().await.or_fail("iam:GetAccountAuthorizationDetails") else {
            return Ok(None);
        };
        if answer.is_truncated() {
            return Ok(None);
        }
        let ours = answer.role_detail_list().iter().filter(|role| role.path() == Some(path));
        let all = ours.map(|role| {
            let name = role.role_name().unwrap_or_default();
            let same = |wanted: &&&Role| wanted.create.role_name.eq_ignore_ascii_case(name);
            let body = observed(role, name, wanted.iter().find(same).copied());
            found(body, role.arn(), true)
        });
        Ok(Some(all.collect()))
    }
}

fn observed(role: &sdk::RoleDetail, name: &str, wanted: Option<&Role>) -> Role {
    let boundary = role.permissions_boundary().and_then(|b| b.permissions_boundary_arn());
    Role {
        create: CreateRole {
            path: role.path().unwrap_or_default().to_owned(),
            role_name: name.to_owned(),
            assume_role_policy_document: decode(role.assume_role_policy_document()),
            // It is not told (IAM API reference, `RoleDetail`), and only for people.
            description: String::new(),
            permissions_boundary: boundary.map(str::to_owned),
            tags: tags::to_upper(&tags_of(role.tags())),
        },
        policy: wanted.and_then(|wanted| inline(role, name, wanted)),
        attached: wanted.and_then(|wanted| wanted.attached.as_ref()).map(|_| attached(role, name)),
    }
}

/// The inline policy of the wanted name, empty where a run was killed before it was put; where none is
/// wanted, any that there is. As it is read one by one, with the names of all others.
fn inline(role: &sdk::RoleDetail, name: &str, wanted: &Role) -> Option<PutRolePolicy> {
    let policies = role.role_policy_list();
    let names = policies.iter().map(|policy| policy.policy_name().unwrap_or_default().to_owned());
    let names: Vec<String> = names.collect();
    let first = wanted.policy.as_ref().map(|wanted| &wanted.policy_name).or(names.first())?;
    let policy = policies.iter().find(|policy| policy.policy_name() == Some(first.as_str()));
    Some(PutRolePolicy {
        role_name: name.to_owned(),
        policy_name: together(first, &names),
        policy_document: decode(policy.and_then(|policy| policy.policy_document())),
    })
}

fn attached(role: &sdk::RoleDetail, name: &str) -> Vec<AttachRolePolicy> {
    let arns = role.attached_managed_policies().iter().filter_map(|policy| policy.policy_arn());
    let mut arns: Vec<&str> = arns.collect();
    arns.sort_unstable();
    let of_role =
        |arn: &str| AttachRolePolicy { role_name: name.to_owned(), policy_arn: arn.to_owned() };
    arns.into_iter().map(of_role).collect()
}
