//! Whose policies are asked about a caller.

/// What stands for a caller in a simulation of policies.
///
/// The ARN of a session names neither its role's path nor its ARN (IAM user guide, "IAM identifiers":
/// `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`), so the role's name is given to be looked up.
/// Nothing for the root user, whom no policy of IAM holds, and for federated users, who have none of
/// their own (IAM API reference, `SimulatePrincipalPolicy.PolicySourceArn`).
#[must_use]
pub fn role_of(caller: &str) -> Option<Caller<'_>> {
    let parts: Vec<&str> = caller.splitn(6, ':').collect();
    let ["arn", partition, service, _, account, resource] = parts[..] else { return None };
    match (service, resource.split_once('/')) {
        ("iam", Some(("user" | "role", _))) => Some(Caller::Itself(caller)),
        ("sts", Some(("assumed-role", rest))) => {
            let name = rest.split('/').next().filter(|name| !name.is_empty())?;
            Some(Caller::Role {
                name,
                guess: format!("arn:{partition}:iam::{account}:role/{name}"),
            })
        }
        _ => None,
    }
}

/// See [`role_of`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller<'a> {
    /// The ARN is that of a user or role.
    Itself(&'a str),
    /// A session of this role.
    Role {
        /// The role's name.
        name: &'a str,
        /// Its ARN, if it stands under no path.
        guess: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_says_its_role() {
        let user = "arn:aws:iam::123456789012:user/ops/anna";
        assert_eq!(role_of(user), Some(Caller::Itself(user)));
        let session = "arn:aws-cn:sts::123456789012:assumed-role/deployer/ci-17";
        let guess = "arn:aws-cn:iam::123456789012:role/deployer".to_owned();
        assert_eq!(role_of(session), Some(Caller::Role { name: "deployer", guess }));
        for nobody in [
            "arn:aws:iam::123456789012:root",
            "arn:aws:sts::123456789012:federated-user/bob",
            "arn:aws:sts::123456789012:assumed-role/",
            "",
        ] {
            assert_eq!(role_of(nobody), None, "{nobody}");
        }
    }
}
