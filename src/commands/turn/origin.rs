//! Where a release comes from: who, which commit, which Compose files.

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::aws::Identity;
use crate::ecs::desired::Desired;
use crate::release::Author;

/// Who deploys: the CI's actor and its run, or the user of this machine. They say so themselves;
/// what AWS knows of them stands beside it.
pub(super) fn author(identity: &Identity, variable: impl Fn(&str) -> Option<String>) -> Author {
    let arn = Some(identity.arn.clone()).filter(|arn| !arn.is_empty());
    let get = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(who) = get("GITHUB_ACTOR") {
        let parts = [get("GITHUB_SERVER_URL"), get("GITHUB_REPOSITORY"), get("GITHUB_RUN_ID")];
        let url = match parts {
            [Some(server), Some(repository), Some(run)] => {
                Some(format!("{server}/{repository}/actions/runs/{run}"))
            }
            _ => None,
        };
        return Author { who, url, arn };
    }
    if let Some(who) = get("GITLAB_USER_LOGIN") {
        return Author { who, url: get("CI_JOB_URL"), arn };
    }
    let user = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(get);
    let host = ["HOSTNAME", "COMPUTERNAME"].into_iter().find_map(get).or_else(|| {
        // Where the shell keeps its HOSTNAME to itself.
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
        Some(name.trim().to_owned()).filter(|name| !name.is_empty())
    });
    let who = match (user, host) {
        (Some(user), Some(host)) => format!("{user}@{host}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "somebody".to_owned(),
    };
    Author { who, url: None, arn }
}

/// A short hash of what is desired. Values of environment variables do not count: nobody who sees
/// the hash can try out what a secret might be.
pub(super) fn hash(desired: &Desired) -> String {
    let mut hasher = Sha256::new();
    for (id, resource) in &desired.resources {
        let mut body = serde_json::to_value(&resource.body).unwrap_or_default();
        forget_environment(&mut body);
        hasher.update(format!("{id} {body}\n"));
    }
    hex::encode(hasher.finalize())[..12].to_owned()
}

fn forget_environment(json: &mut Json) {
    match json {
        Json::Object(map) => {
            for (key, value) in map {
                let list = value.as_array_mut().filter(|_| key == "environment");
                for entry in list.into_iter().flatten() {
                    if let Some(entry) = entry.as_object_mut() {
                        entry.remove("value");
                    }
                }
                forget_environment(value);
            }
        }
        Json::Array(list) => list.iter_mut().for_each(forget_environment),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Author {
        let identity = Identity {
            partition: "aws".to_owned(),
            account: "1".to_owned(),
            arn: "arn:aws:iam::1:user/x".to_owned(),
        };
        author(&identity, |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_ci_names_its_run_and_a_person_their_machine() {
        let github = [
            ("GITHUB_ACTOR", "anna"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "acme/shop"),
            ("GITHUB_RUN_ID", "17"),
            ("USER", "runner"),
        ];
        let author = of(&github);
        assert_eq!(author.to_string(), "anna (https://github.com/acme/shop/actions/runs/17)");
        assert_eq!(author.arn.as_deref(), Some("arn:aws:iam::1:user/x"));
        let gitlab = [("GITLAB_USER_LOGIN", "anna"), ("CI_JOB_URL", "https://gl/job/1")];
        assert_eq!(of(&gitlab).to_string(), "anna (https://gl/job/1)");
        assert_eq!(of(&[("USER", "anna"), ("HOSTNAME", "laptop")]).to_string(), "anna@laptop");
    }

    #[test]
    fn the_hash_knows_names_and_not_values() {
        let mut body = serde_json::json!({"task-definition": {"containerDefinitions": [
            {"environment": [{"name": "KEY", "value": "secret"}], "image": "web"},
        ]}});
        forget_environment(&mut body);
        assert_eq!(
            body.to_string(),
            r#"{"task-definition":{"containerDefinitions":[{"environment":[{"name":"KEY"}],"image":"web"}]}}"#
        );
    }
}
