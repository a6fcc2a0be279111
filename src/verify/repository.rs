//! The repository of somebody else's making that images are pushed to, and images that are pulled from
//! other repositories of ECR.

use serde_json::Value as Json;

use super::finding::{Finding, Named};
use crate::ecs::desired::ImageRegistry;

const CHECK: &str = "repositories";

/// A repository as ECR has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepositoryLook {
    /// Whether it is there.
    pub is_there: bool,
    /// Its policy, a JSON document, where it has one that could be read.
    pub policy: Option<String>,
    /// Of an image: whether the repository has it.
    pub has_image: Option<bool>,
}

/// Judges a repository; `owner` is its account, and `account` the one that is deployed to.
#[must_use]
pub fn repository(
    named: &Named,
    look: &RepositoryLook,
    owner: &str,
    account: &str,
) -> Vec<Finding> {
    let fail = |message: String| Finding::failure(CHECK, message).of(named);
    let is_image = ImageRegistry::of_image(&named.text).is_some();
    if !look.is_there && is_image {
        return vec![
            fail(format!("there is no repository for the image {}", named.text))
                .help("correct the image's name; or make its repository, and push it"),
        ];
    }
    if !look.is_there {
        return vec![fail(format!("there is no repository {} in {owner}", named.text)).help(
            "make it, or correct its name; or take `existing` away: decklift makes repositories",
        )];
    }
    if look.has_image == Some(false) {
        return vec![
            fail(format!("the repository has no image {}", named.text))
                .help("correct the tag, or push the image"),
        ];
    }
    let mut found = Vec::new();
    if owner != account
        && let Some(policy) = &look.policy
        && !lets_pull(policy, account)
    {
        // Amazon ECR user guide, "Private repository policy examples".
        let message = format!("the policy of {} in {owner} does not name {account}", named.text);
        found.push(Finding::warning(CHECK, message).of(named).help(format!(
            "tasks of {account} pull where the repository's policy allows ecr:BatchGetImage and \
             ecr:GetDownloadUrlForLayer to arn:aws:iam::{account}:root, or to their execution role"
        )));
    }
    if found.is_empty() {
        found.push(Finding::ok(CHECK, format!("{} is there", named.text)).of(named));
    }
    found
}

/// Whether a policy allows pulling to somebody of the account.
fn lets_pull(policy: &str, account: &str) -> bool {
    let document: Json = serde_json::from_str(policy).unwrap_or_default();
    let statements = match &document["Statement"] {
        Json::Array(list) => list.iter().collect::<Vec<_>>(),
        other => vec![other],
    };
    statements.into_iter().any(|statement| {
        let principals = texts(&statement["Principal"]["AWS"]);
        let any = statement["Principal"].as_str() == Some("*");
        let named = any
            || principals.iter().any(|p| *p == "*" || *p == account)
            || principals.iter().any(|p| p.split(':').nth(4) == Some(account));
        let pulls = texts(&statement["Action"])
            .iter()
            .any(|action| matches!(*action, "*" | "ecr:*" | "ecr:BatchGetImage" | "ecr:Batch*"));
        statement["Effect"].as_str() == Some("Allow") && named && pulls
    })
}

fn texts(value: &Json) -> Vec<&str> {
    match value {
        Json::Array(list) => list.iter().filter_map(Json::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    fn level(look: &RepositoryLook, owner: &str) -> Level {
        let named = Named { text: "team/images".to_owned(), place: None, service: None };
        repository(&named, look, owner, "123456789012")[0].level
    }

    #[test]
    fn it_must_be_there_and_let_the_account_pull() {
        let own = RepositoryLook { is_there: true, ..RepositoryLook::default() };
        assert_eq!(level(&own, "123456789012"), Level::Ok);
        assert_eq!(level(&RepositoryLook::default(), "123456789012"), Level::Failure);
        let gone = RepositoryLook { has_image: Some(false), ..own.clone() };
        assert_eq!(level(&gone, "123456789012"), Level::Failure);
        let policy = |principal: &str, action: &str| RepositoryLook {
            policy: Some(format!(
                r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":["{action}"]}}]}}"#
            )),
            ..own.clone()
        };
        let other = "210987654321";
        let root = "arn:aws:iam::123456789012:root";
        assert_eq!(level(&policy(root, "ecr:BatchGetImage"), other), Level::Ok);
        assert_eq!(level(&policy(root, "ecr:PutImage"), other), Level::Warning);
        let third = "arn:aws:iam::333333333333:root";
        assert_eq!(level(&policy(third, "ecr:BatchGetImage"), other), Level::Warning);
        // The policy could not be read: nothing is claimed.
        assert_eq!(level(&own, other), Level::Ok);
    }
}
