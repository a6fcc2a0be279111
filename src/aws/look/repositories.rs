use aws_sdk_ecr::types as sdk;

use crate::apply::cloud::{CloudError, CloudErrorKind};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::ecs::desired::ImageRegistry;
use crate::verify::RepositoryLook;

impl Aws {
    /// A repository, of this account or another's, and whether it has an image: by tag, or by a
    /// digest, which begins with `sha256:`.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn look_at_repository(
        &self,
        registry: Option<&ImageRegistry>,
        repository: &str,
        image: Option<&str>,
    ) -> Result<RepositoryLook, CloudError> {
        let (ecr, account) = self.place_of(registry);
        let call = ecr.describe_images().repository_name(repository);
        let call = call.set_registry_id(account.clone());
        let call = match image {
            Some(text) => {
                let id = sdk::ImageIdentifier::builder();
                let id = match text.starts_with("sha256:") {
                    true => id.image_digest(text),
                    false => id.image_tag(text),
                };
                call.image_ids(id.build())
            }
            None => call.max_results(1),
        };
        let has_image = match call.send().await.or_fail("ecr:DescribeImages") {
            Err(error) if error.is(&["RepositoryNotFoundException"]) => {
                return Ok(RepositoryLook::default());
            }
            Err(error) if error.is(&["ImageNotFoundException"]) => Some(false),
            answer => answer.map(|_| image.is_some().then_some(true))?,
        };
        let policy = match account {
            // Of the account's own repositories IAM's policies decide.
            None => None,
            Some(account) => {
                let call = ecr.get_repository_policy().repository_name(repository);
                match call.registry_id(account).send().await.or_fail("ecr:GetRepositoryPolicy") {
                    Err(error) if error.is(&["RepositoryPolicyNotFoundException"]) => {
                        Some("{}".to_owned())
                    }
                    // Whoever may look at images need not be able to read the policy.
                    Err(error) if error.kind == CloudErrorKind::AccessDenied => None,
                    answer => answer?.policy_text,
                }
            }
        };
        Ok(RepositoryLook { is_there: true, policy, has_image })
    }
}
