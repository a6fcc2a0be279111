use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::iam::{decode, missing};
use crate::verify::{Caller, RoleLook};

impl Aws {
    /// A role by its name; nothing where there is none.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn look_at_role(&self, name: &str) -> Result<Option<RoleLook>, CloudError> {
        match self.iam().get_role().role_name(name).send().await.or_fail("iam:GetRole") {
            Err(error) if missing(&error) => Ok(None),
            Err(error) => Err(error),
            Ok(answer) => Ok(answer.role.map(|role| RoleLook {
                arn: role.arn().to_owned(),
                trust: decode(role.assume_role_policy_document()),
            })),
        }
    }

    /// Whether there is a managed policy of this ARN.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn has_policy(&self, arn: &str) -> Result<bool, CloudError> {
        match self.iam().get_policy().policy_arn(arn).send().await.or_fail("iam:GetPolicy") {
            Err(error) if missing(&error) => Ok(false),
            answer => answer.map(|_| true),
        }
    }

    /// The ARN by which IAM's simulation knows a caller. A role that may not be looked at is taken for
    /// one that stands under no path.
    pub async fn principal(&self, caller: &Caller<'_>) -> String {
        match caller {
            Caller::Itself(arn) => (*arn).to_owned(),
            Caller::Role { name, guess } => match self.look_at_role(name).await {
                Ok(Some(role)) => role.arn,
                Ok(None) | Err(_) => guess.clone(),
            },
        }
    }
}
