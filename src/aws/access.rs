//! Whose credentials sign the calls: the SDK's chain, a profile that was asked for, a role that is
//! taken with either.

use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ecs::config::SharedHttpClient;

use super::Aws;
use super::error::needs_login;
use crate::apply::cloud::{CloudError, CloudErrorKind};
use crate::shared_config::{SharedConfig, profile_name};

/// A role that is taken before anything is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssumeRole {
    /// Its ARN.
    pub arn: String,
    /// What its trust policy asks for by `sts:ExternalId`.
    pub external_id: Option<String>,
}

/// What a session is called, unless AWS_ROLE_SESSION_NAME says it.
const SESSION: &str = "decklift";

/// The profile that credentials must come from: the one that was asked for, or that of AWS_PROFILE
/// where nothing goes before it in the SDK's chain.
pub(super) fn wanted_profile(asked: Option<&str>) -> Option<String> {
    const BEFORE: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"];
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let of_environment = || set("AWS_PROFILE").filter(|_| BEFORE.iter().all(|n| set(n).is_none()));
    asked.map(str::to_owned).or_else(of_environment)
}

/// Refuses a profile that is in neither of the files.
pub(super) fn check_profile(name: &str, shared: &SharedConfig) -> Result<(), CloudError> {
    let names = shared.names();
    if names.contains(name) {
        return Ok(());
    }
    let files: Vec<String> = shared.files.iter().map(|path| path.display().to_string()).collect();
    let message = format!("there is no profile `{name}` in {}", files.join(" or "));
    let error = CloudError::new(CloudErrorKind::Credentials, "choose a profile", message);
    Err(match names.is_empty() {
        true => error.help(format!(
            "make it with `aws configure --profile {name}`, or `aws configure sso --profile {name}`"
        )),
        false => {
            let list: Vec<&str> = names.into_iter().collect();
            error.help(format!(
                "choose one that there is ({}), or make it with `aws configure --profile {name}`",
                list.join(", ")
            ))
        }
    })
}

/// The SDK's own chain, with an instance metadata service that is asked once and briefly: on a
/// laptop nothing answers there. A profile that was asked for by name goes before the keys of the
/// environment, as in the AWS CLI.
pub(super) async fn chain(
    region: &str,
    profile: Option<&str>,
    http: SharedHttpClient,
) -> SharedCredentialsProvider {
    let config = ProviderConfig::default()
        .with_region(Some(Region::new(region.to_owned())))
        .with_http_client(http);
    let metadata = imds::Client::builder()
        .configure(&config)
        .connect_timeout(Duration::from_secs(1))
        .read_timeout(Duration::from_secs(2))
        .max_attempts(2)
        .build();
    let Some(profile) = profile else {
        let builder = DefaultCredentialsChain::builder()
            .configure(config)
            .imds_client(metadata)
            .region(Region::new(region.to_owned()));
        return SharedCredentialsProvider::new(builder.build().await);
    };
    let of_profile =
        ProfileFileCredentialsProvider::builder().configure(&config).profile_name(profile).build();
    let of_container = EcsCredentialsProvider::builder().configure(&config).build();
    let of_instance =
        ImdsCredentialsProvider::builder().configure(&config).imds_client(metadata).build();
    // A profile may say a region alone.
    let chain = CredentialsProviderChain::first_try("Profile", of_profile)
        .or_else("EcsContainer", of_container)
        .or_else("Ec2InstanceMetadata", of_instance);
    SharedCredentialsProvider::new(chain)
}

impl Aws {
    /// What is wrong with the credentials, with the names that this connection has for them.
    pub(super) fn about_credentials(&self, error: CloudError) -> CloudError {
        if error.kind != CloudErrorKind::Credentials {
            return error;
        }
        if let Some(role) = self.assumes.as_ref().filter(|_| error.operation == "sts:AssumeRole") {
            let names_it = error.message.contains(role.as_str());
            let message = match names_it {
                true => error.message.clone(),
                false => format!("{role}: {}", error.message),
            };
            return CloudError { message, ..error };
        }
        if !needs_login(&error) {
            return error;
        }
        let name = profile_name(self.profile.as_deref(), |name| std::env::var_os(name));
        let login = match name.as_str() {
            "default" => "aws sso login".to_owned(),
            name => format!("aws sso login --profile {name}"),
        };
        let message = format!("the session of the profile {name} with IAM Identity Center is over");
        let message = format!("{message} ({})", error.message);
        CloudError { message, ..error }.help(format!("log in again with `{login}`"))
    }
}

/// The credentials of a role, taken with others. They are taken again whenever they are about to run
/// out, however long a deploy lasts: whoever calls asks for them each time.
pub(super) async fn assumed(
    role: &AssumeRole,
    base: SharedCredentialsProvider,
    config: &SdkConfig,
) -> SharedCredentialsProvider {
    let session = std::env::var("AWS_ROLE_SESSION_NAME").ok().filter(|name| !name.is_empty());
    let mut builder = AssumeRoleProvider::builder(&role.arn)
        .configure(config)
        .session_name(session.unwrap_or_else(|| SESSION.to_owned()));
    if let Some(id) = &role.external_id {
        builder = builder.external_id(id);
    }
    SharedCredentialsProvider::new(builder.build_from_provider(base).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_that_is_not_there_names_those_that_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config");
        std::fs::write(&path, "[default]\n[profile stage]\n").expect("a file");
        let read = || {
            SharedConfig::read(|name| {
                (name == "AWS_CONFIG_FILE").then(|| path.clone().into_os_string())
            })
        };
        assert!(check_profile("stage", &read()).is_ok());
        let error = check_profile("prod", &read()).expect_err("no profile");
        assert_eq!(error.kind, CloudErrorKind::Credentials);
        assert!(error.message.starts_with("there is no profile `prod` in "), "{}", error.message);
        assert!(error.help.is_some_and(|help| help.contains("(default, stage)")));
        std::fs::remove_file(&path).expect("gone");
        let error = check_profile("prod", &read()).expect_err("no profile");
        assert!(error.help.is_some_and(|help| help.contains("aws configure sso --profile prod")));
    }
}
