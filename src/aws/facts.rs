//! What the translation must know: the caller's account, and the network.

mod network;

use std::collections::BTreeMap;

use aws_config::retry::RetryConfig;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use futures_util::future::try_join4;

use super::Aws;
use super::connect::Identity;
use super::error::OrFail;
use super::network::NetworkRequest;
use crate::apply::cloud::CloudError;
use crate::ecs::facts::Facts;

impl Aws {
    /// Everything but the images, of which AWS knows nothing before they are built, and the secrets;
    /// see [`Aws::secret_arns`].
    ///
    /// # Errors
    ///
    /// When AWS does not answer, or the network cannot carry the project; the help says what to set
    /// under `x-ecs`.
    pub async fn facts(&self, request: &NetworkRequest) -> Result<Facts, CloudError> {
        let existing = self.existing_balancers(&request.existing);
        let certificates = self.certificates(request.certificate.as_deref());
        let (identity, network, balancers, certificates) =
            try_join4(self.identity(), self.network_or_none(request), existing, certificates)
                .await?;
        let (network, vpc) = network;
        if request.makes_zones {
            self.make_zones(&request.records, &vpc).await?;
        }
        let may_lack = request.may_lack_zones;
        let zones = self.zones_of(&request.records, &vpc, &balancers, may_lack).await?;
        Ok(Facts {
            partition: identity.partition.clone(),
            account: identity.account.clone(),
            region: self.region().to_owned(),
            network,
            balancers,
            images: BTreeMap::new(),
            cached: BTreeMap::new(),
            pinned: BTreeMap::new(),
            secrets: BTreeMap::new(),
            paths: BTreeMap::new(),
            dockerfiles: BTreeMap::new(),
            certificates,
            zones,
        })
    }

    /// Who calls. Asked once.
    ///
    /// # Errors
    ///
    /// When AWS does not accept the credentials, or does not answer.
    pub async fn identity(&self) -> Result<&Identity, CloudError> {
        self.identity
            .get_or_try_init(|| async {
                let answer = self.first_call().await?;
                let arn = answer.arn().unwrap_or_default().to_owned();
                let partition = arn.split(':').nth(1).filter(|part| !part.is_empty());
                Ok(Identity {
                    partition: partition.unwrap_or("aws").to_owned(),
                    account: answer.account().unwrap_or_default().to_owned(),
                    arn,
                })
            })
            .await
    }

    /// The first call of every command. An endpoint to which no connection can be made is said at
    /// once, instead of after every try that a call has later on.
    async fn first_call(&self) -> Result<GetCallerIdentityOutput, CloudError> {
        let once = aws_sdk_sts::config::Builder::new().retry_config(RetryConfig::disabled());
        let again = |error: &CloudError, tries| {
            error.is_transient() && (tries < 2 || !error.is_unconnected())
        };
        let call = || async {
            let call = self.sts().get_caller_identity().customize();
            call.config_override(once.clone()).send().await.or_fail("sts:GetCallerIdentity")
        };
        self.pace.retry(again, call).await.map_err(|error| self.about_credentials(error))
    }

    async fn certificates(
        &self,
        domain: Option<&str>,
    ) -> Result<BTreeMap<String, String>, CloudError> {
        let Some(domain) = domain else { return Ok(BTreeMap::new()) };
        // The first call of all says best what is wrong with the connection.
        self.identity().await?;
        Ok(BTreeMap::from([(domain.to_owned(), self.certificate_of(domain).await?)]))
    }
}
