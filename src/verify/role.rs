//! Roles that are there already.

use super::finding::{Finding, Named};
use super::named::RoleUse;
use super::trust::{Trust, trusts};
use crate::compose::Project;

const CHECK: &str = "roles";

/// A role as IAM has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleLook {
    /// Its ARN.
    pub arn: String,
    /// Its trust policy, a JSON document.
    pub trust: String,
}

/// Judges a role that a file names: that it is there, and lets the service take it.
#[must_use]
pub fn role(used: &RoleUse, look: Option<&RoleLook>, account: &str) -> Finding {
    let Named { text, .. } = &used.named;
    let fail = |message: String| Finding::failure(CHECK, message).of(&used.named);
    if let Some(other) = used.account().filter(|other| *other != account) {
        // IAM user guide, "Grant a user permissions to pass a role to an AWS service": a role can be
        // passed within its account alone.
        return fail(format!(
            "the role {text} is in the account {other}, and tasks run in {account}"
        ))
        .help("name a role of the account that is deployed to");
    }
    let Some(look) = look else {
        return fail(format!("there is no role {text}")).help(format!(
            "make it, correct the name, or take `{}` away: decklift makes one that may do no more \
             than is needed",
            used.key
        ));
    };
    let principal = used.principal;
    let cure = format!(
        "let its trust policy allow sts:AssumeRole for the service {principal}, such as with `aws iam \
         update-assume-role-policy --role-name {} --policy-document file://FILE`",
        used.name()
    );
    match trusts(&look.trust, principal, account) {
        Trust::Yes => Finding::ok(CHECK, format!("{text} lets {principal} take it")).of(&used.named),
        Trust::Perhaps(conditions) => Finding::warning(
            CHECK,
            format!(
                "{text} lets {principal} take it under conditions that cannot be judged from here: {}",
                conditions.join(", ")
            ),
        )
        .of(&used.named)
        .help("see whether they hold for the tasks of this project"),
        Trust::No => fail(format!("{text} does not let {principal} take it")).help(cure),
        Trust::Denied => fail(format!("{text} forbids {principal} to take it")).help(cure),
        Trust::OtherAccount(other) => {
            fail(format!("{text} lets {principal} take it for {other} alone, and this is {account}"))
                .help("correct aws:SourceAccount and aws:SourceArn in its trust policy")
        }
    }
}

/// The project as if it named no roles: what decklift would make then says what the given ones need.
#[must_use]
pub fn without_given_roles(project: &Project) -> Project {
    let mut project = project.clone();
    for service in project.services.values_mut() {
        service.extension.execution_role = None;
        service.extension.role = None;
    }
    project
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    fn used(text: &str) -> RoleUse {
        RoleUse {
            named: Named { text: text.to_owned(), place: None, service: Some("web".to_owned()) },
            key: "execution_role",
            principal: "ecs-tasks.amazonaws.com",
        }
    }

    fn look(service: &str) -> RoleLook {
        RoleLook {
            arn: "arn:aws:iam::123456789012:role/ops/ecs".to_owned(),
            trust: format!(
                r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"Service":"{service}"}},"Action":"sts:AssumeRole"}}]}}"#
            ),
        }
    }

    #[test]
    fn a_role_must_be_there_trust_ecs_and_be_of_the_account() {
        let level = |used: &RoleUse, look: Option<&RoleLook>| {
            let found = role(used, look, "123456789012");
            assert_eq!(found.service.as_deref(), Some("web"));
            assert!(found.level == Level::Ok || found.help.is_some());
            found.level
        };
        let ecs = used("ops/ecs");
        assert_eq!(ecs.name(), "ecs");
        assert_eq!(level(&ecs, Some(&look("ecs-tasks.amazonaws.com"))), Level::Ok);
        assert_eq!(level(&ecs, Some(&look("ecs.amazonaws.com"))), Level::Failure);
        assert_eq!(level(&ecs, None), Level::Failure);
        let foreign = used("arn:aws:iam::210987654321:role/ecs");
        let tasks = look("ecs-tasks.amazonaws.com");
        assert_eq!(level(&foreign, Some(&tasks)), Level::Failure);
    }
}
