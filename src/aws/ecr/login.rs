//! How to log in to the account's registry.

use std::fmt;

use base64::Engine;

use crate::apply::cloud::{CloudError, CloudErrorKind};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::ecs::desired::ImageRegistry;

/// How to log in to the registry.
#[derive(Clone)]
pub struct RegistryAuth {
    /// Such as `123456789012.dkr.ecr.eu-west-1.amazonaws.com`.
    pub address: String,
    /// Always `AWS` with ECR.
    pub username: String,
    /// Holds for twelve hours.
    pub password: String,
}

impl fmt::Debug for RegistryAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryAuth")
            .field("address", &self.address)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// `registry` is an emulator's address, which it does not know itself.
async fn registry_auth(
    ecr: &aws_sdk_ecr::Client,
    registry: Option<&str>,
) -> Result<RegistryAuth, CloudError> {
    const NAME: &str = "ecr:GetAuthorizationToken";
    let answer = ecr.get_authorization_token().send().await.or_fail(NAME)?;
    let unreadable =
        || CloudError::new(CloudErrorKind::Service, NAME, "the token could not be read");
    let data = answer.authorization_data().first().ok_or_else(unreadable)?;
    let token = data.authorization_token().unwrap_or_default();
    let token = base64::engine::general_purpose::STANDARD.decode(token).ok();
    let token = token.and_then(|token| String::from_utf8(token).ok()).ok_or_else(unreadable)?;
    let (username, password) = token.split_once(':').ok_or_else(unreadable)?;
    let endpoint = data.proxy_endpoint().unwrap_or_default();
    // An emulator's registry may speak plain HTTP.
    let own = endpoint.split_once("://").map_or(endpoint, |(_, host)| host);
    let own = own.trim_end_matches('/');
    Ok(RegistryAuth {
        address: registry.unwrap_or(own).to_owned(),
        username: username.to_owned(),
        password: password.to_owned(),
    })
}

impl Aws {
    /// How to log in to a registry: the account's own, unless another is given. A token is good for every
    /// registry of its region that the caller may use (Amazon ECR user guide, "Private registry
    /// authentication").
    ///
    /// # Errors
    ///
    /// When AWS gives no token.
    pub async fn registry_auth(
        &self,
        registry: Option<&ImageRegistry>,
    ) -> Result<RegistryAuth, CloudError> {
        let (ecr, _) = self.place_of(registry);
        registry_auth(&ecr, self.address_of(registry).as_deref()).await
    }

    /// Where a registry answers, where ECR does not say it itself: it names the caller's own alone.
    fn address_of(&self, registry: Option<&ImageRegistry>) -> Option<String> {
        self.registry.clone().or_else(|| registry.map(ImageRegistry::host))
    }

    /// What logs in again when a login has expired, for whoever outlives this connection.
    pub fn registry_login(
        &self,
        registry: Option<&ImageRegistry>,
    ) -> impl Fn() -> std::pin::Pin<Box<dyn Future<Output = Option<RegistryAuth>> + Send>>
    + Send
    + Sync
    + use<> {
        let (client, _) = self.place_of(registry);
        let registry = self.address_of(registry);
        move || {
            let (client, registry) = (client.clone(), registry.clone());
            Box::pin(async move { registry_auth(&client, registry.as_deref()).await.ok() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_printed() {
        let auth = RegistryAuth {
            address: "r".to_owned(),
            username: "AWS".to_owned(),
            password: "canary".to_owned(),
        };
        assert!(!format!("{auth:?}").contains("canary"));
    }
}
