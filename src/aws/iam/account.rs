//! Many roles in one call, where an account is small enough.

use aws_sdk_iam::types as sdk;

use super::{Aws, decode};
use crate::apply::cloud::CloudError;
use crate::aws::error::OrFail;
use crate::aws::observe::Found;
use crate::ecs::desired::{
    AttachRolePolicy, Attribute, Body, CreateRole, Kind, PutRolePolicy, Role,
};

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
        let found = ours.map(|role| {
            let name = role.role_name().unwrap_or_default();
            let same = |wanted: &&&Role| wanted.create.role_name.eq_ignore_ascii_case(name);
            let body = Body::Role(observed(role, name, wanted.iter().find(same).copied()));
            Found::new(body).with(Attribute::Arn, role.arn()).placed(Kind::Role, name)
        });
        Ok(Some(found.collect()))
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
            // The path says whose it is.
            tags: Vec::new(),
        },
        policy: wanted.and_then(|wanted| inline(role, name, wanted)),
        attached: wanted.and_then(|wanted| wanted.attached.as_ref()).map(|_| attached(role, name)),
    }
}

/// The inline policy of the wanted name, empty where a run was killed before it was put; where none is
/// wanted, any that there is.
fn inline(role: &sdk::RoleDetail, name: &str, wanted: &Role) -> Option<PutRolePolicy> {
    let mut policies = role.role_policy_list().iter();
    let found = match &wanted.policy {
        Some(wanted) => policies.find(|p| p.policy_name() == Some(wanted.policy_name.as_str())),
        None => Some(policies.next()?),
    };
    let policy_name = match &wanted.policy {
        Some(wanted) => wanted.policy_name.clone(),
        None => found?.policy_name().unwrap_or_default().to_owned(),
    };
    Some(PutRolePolicy {
        role_name: name.to_owned(),
        policy_name,
        policy_document: decode(found.and_then(|policy| policy.policy_document())),
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
