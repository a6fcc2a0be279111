//! Which registry is asked: the account's own, or one of another account or region.

use aws_sdk_ecr::config::Region;

use crate::aws::Aws;
use crate::ecs::desired::ImageRegistry;

impl Aws {
    /// The client for a registry, and the account that its calls name. A call for another region goes to
    /// that region; a sandbox is all of them.
    pub(in crate::aws) fn place_of(
        &self,
        registry: Option<&ImageRegistry>,
    ) -> (aws_sdk_ecr::Client, Option<String>) {
        let Some(ImageRegistry { account, region }) = registry else {
            return (self.ecr().clone(), None);
        };
        let client = match *region == self.region || self.registry.is_some() {
            true => self.ecr().clone(),
            false => {
                let config = aws_sdk_ecr::Config::from(&self.config).to_builder();
                aws_sdk_ecr::Client::from_conf(config.region(Region::new(region.clone())).build())
            }
        };
        // A sandbox knows no account but its own.
        let account = self.registry.is_none().then(|| account.clone());
        (client, account)
    }
}
