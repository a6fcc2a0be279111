use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::provider::ProvideCredentials;

use crate::apply::cloud::{CloudError, CloudErrorKind};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::ssm::Dated;

/// What is known of the credentials, without what is secret in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialsLook {
    /// Who gave them, as the SDK calls it: `EnvironmentVariable`, `ProfileFile` …
    pub source: String,
    /// The id of the access key.
    pub key: String,
    /// In how many seconds they run out, where they do.
    pub lasts: Option<u64>,
}

impl Aws {
    /// The credentials that calls are signed with.
    ///
    /// # Errors
    ///
    /// There are none.
    pub async fn look_at_credentials(&self) -> Result<CredentialsLook, CloudError> {
        const OPERATION: &str = "find credentials";
        let none =
            |message: String| CloudError::new(CloudErrorKind::Credentials, OPERATION, message);
        let provider = self.config.credentials_provider();
        let provider = provider.ok_or_else(|| none("there are none".to_owned()))?;
        let found = provider.provide_credentials().await.map_err(|error| {
            let error = crate::aws::error::no_credentials(OPERATION, &error);
            self.about_credentials(error)
        })?;
        // The source has no accessor; what is secret is left out of this by the SDK.
        let shown = format!("{found:?}");
        let source =
            shown.split("provider_name: \"").nth(1).and_then(|rest| rest.split('"').next());
        let lasts = found
            .expiry()
            .map(|end| end.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO).as_secs());
        Ok(CredentialsLook {
            source: source.unwrap_or("unknown").to_owned(),
            key: found.access_key_id().to_owned(),
            lasts,
        })
    }

    /// By how many seconds this machine's clock goes before AWS's; nothing where AWS does not answer.
    pub async fn clock_ahead(&self) -> Option<i64> {
        let dated = Dated::default();
        let call = self.sts().get_caller_identity().customize().interceptor(dated.clone());
        // An answer that refuses has a date as well.
        let _ = call.send().await;
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let here = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        Some(seconds(here) - seconds(dated.get()?))
    }

    /// The services that every deploy calls, and whether each can be reached. Whoever is refused has
    /// reached it.
    pub async fn reach(&self) -> Vec<(&'static str, Result<(), CloudError>)> {
        let ecs = async {
            let call = self.ecs().list_task_definition_families().max_results(1).send().await;
            call.or_fail("ecs:ListTaskDefinitionFamilies").map(|_| ())
        };
        let ec2 = async {
            let call = self.ec2().describe_vpcs().max_results(5).send().await;
            call.or_fail("ec2:DescribeVpcs").map(|_| ())
        };
        let ecr = async {
            let call = self.ecr().describe_repositories().max_results(1).send().await;
            call.or_fail("ecr:DescribeRepositories").map(|_| ())
        };
        let elb = async {
            let call = self.elb().describe_load_balancers().page_size(1).send().await;
            call.or_fail("elbv2:DescribeLoadBalancers").map(|_| ())
        };
        let iam = async {
            let call = self.iam().list_roles().max_items(1).send().await;
            call.or_fail("iam:ListRoles").map(|_| ())
        };
        let logs = async {
            let call = self.logs().describe_log_groups().limit(1).send().await;
            call.or_fail("logs:DescribeLogGroups").map(|_| ())
        };
        let (first, second) = futures_util::future::join(
            futures_util::future::join3(ecs, ec2, ecr),
            futures_util::future::join3(elb, iam, logs),
        )
        .await;
        let all = [
            ("ECS", first.0),
            ("EC2", first.1),
            ("ECR", first.2),
            ("Elastic Load Balancing", second.0),
            ("IAM", second.1),
            ("CloudWatch Logs", second.2),
        ];
        let is_away = |error: &CloudError| error.kind == CloudErrorKind::Unreachable;
        all.into_iter()
            .map(|(name, answer)| {
                (name, answer.or_else(|e| if is_away(&e) { Err(e) } else { Ok(()) }))
            })
            .collect()
    }
}
