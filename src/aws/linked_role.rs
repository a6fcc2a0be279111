//! The role that ECS has for itself in an account, which the first use of ECS needs.
//!
//! AWS makes it when a cluster or a service is made (Amazon ECS developer guide, "Using service-linked
//! roles"), but the call that does so may fail with "Unable to assume the service linked role", and in
//! accounts where it was deleted or never came to be it goes on failing until somebody makes the role.

use crate::apply::cloud::CloudError;

use super::Aws;
use super::error::OrFail;

/// Who takes the role.
const ECS: &str = "ecs.amazonaws.com";

/// Whether ECS misses its role.
pub(super) fn is_missing(error: &CloudError) -> bool {
    error.says("InvalidParameterException", "service linked role")
        || error.says("ClientException", "service linked role")
}

impl Aws {
    /// Makes the role where a call has just failed for want of it; once a run. The failure stays: the
    /// call is to be repeated, and whoever may not make roles waits for AWS to do it.
    pub(super) async fn linking<T>(&self, answer: Result<T, CloudError>) -> Result<T, CloudError> {
        let error = match answer {
            Err(error) if is_missing(&error) => error,
            answer => return answer,
        };
        let made = self.linked.get_or_init(|| async {
            let call = self.iam().create_service_linked_role().aws_service_name(ECS);
            match call.send().await.or_fail("iam:CreateServiceLinkedRole") {
                // It is there: "… has been taken in this account".
                Err(error) if error.is(&["InvalidInput", "InvalidInputException"]) => None,
                answer => answer.err().map(|error| error.message),
            }
        });
        let refused = match made.await {
            Some(why) => format!(" (it could not be made here: {why})"),
            None => String::new(),
        };
        Err(error.help(format!(
            "ECS has no role in this account yet{refused}: make it once with `aws iam \
             create-service-linked-role --aws-service-name {ECS}`, and deploy again"
        )))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]
mod tests {
    use super::super::recorder::Recorder;
    use crate::ecs::desired::Cluster;

    const MISSING: &str = r#"{"__type":"InvalidParameterException","message":"Unable to assume the service linked role. Please verify that the ECS service linked role exists."}"#;
    const NONE: &str = r#"{"clusters":[],"failures":[]}"#;

    fn cluster() -> Cluster {
        Cluster {
            cluster_name: "shop".to_owned(),
            capacity_providers: Vec::new(),
            tags: Vec::new(),
        }
    }

    #[tokio::test]
    async fn the_first_cluster_of_an_account_comes_with_the_role() {
        let role = "<CreateServiceLinkedRoleResponse><CreateServiceLinkedRoleResult><Role><Path>/</Path><RoleName>AWSServiceRoleForECS</RoleName><RoleId>A</RoleId><Arn>arn</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></Role></CreateServiceLinkedRoleResult></CreateServiceLinkedRoleResponse>";
        let made = r#"{"cluster":{"clusterArn":"arn:shop","clusterName":"shop"}}"#;
        let answers = [(200, NONE), (400, MISSING), (200, role), (400, MISSING), (200, made)];
        let recorder = Recorder::new(answers);
        recorder.aws().create_cluster(&cluster()).await.unwrap();
        assert_eq!(
            recorder.operations(),
            [
                "DescribeClusters",
                "CreateCluster",
                "CreateServiceLinkedRole",
                "CreateCluster",
                "CreateCluster"
            ]
        );
    }

    #[tokio::test]
    async fn who_may_not_make_the_role_is_told_how_to_have_it_made() {
        let denied = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>";
        let failing = std::iter::repeat_n((400, MISSING), 100);
        let answers = [(200, NONE), (400, MISSING), (403, denied)].into_iter().chain(failing);
        let recorder = Recorder::new(answers);
        let error = recorder.aws().create_cluster(&cluster()).await.unwrap_err();
        let help = error.help.unwrap();
        assert!(help.contains("not you") && help.contains("create-service-linked-role"), "{help}");
        let tried = recorder.operations();
        assert_eq!(tried.iter().filter(|name| *name == "CreateServiceLinkedRole").count(), 1);
    }
}
