//! The connection to AWS: region, credentials, retries, one HTTP client for all services.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ecs::config::SharedHttpClient;
use aws_sdk_ecs::config::retry::{RetryPartition, TokenBucket};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};

use super::access::{AssumeRole, assumed, chain, check_profile, wanted_profile};
use super::pace::Pace;
use super::traffic::Traffic;
use crate::apply::cloud::{CloudError, CloudErrorKind};
use crate::shared_config::SharedConfig;
use crate::trust::{self, Bundle};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take. Some calls, `iam:CreateRole` say, take seconds.
const READ: Duration = Duration::from_secs(60);
/// How often a call is tried: throttling is common when many resources are made at once. Where every
/// second call fails, a deploy of a few hundred calls still fails only once in a hundred times.
const ATTEMPTS: u32 = 16;
/// Seconds between two questions about something that takes AWS its time.
const POLL: Duration = Duration::from_secs(3);

/// What the user says about the connection.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// The region; else what the environment or the profile says.
    pub region: Option<String>,
    /// A profile of `~/.aws/config`.
    pub profile: Option<String>,
    /// A role that is taken with the credentials that there are.
    pub assume_role: Option<AssumeRole>,
    /// A local emulator: also fixes credentials that are no secret, and never asks anybody else.
    pub sandbox: Option<Sandbox>,
    /// How often a call is tried; 16 unless given.
    pub attempts: Option<u32>,
    /// Between two questions about something that takes AWS its time; 3 s unless given, or 0.2 s
    /// in the sandbox.
    pub poll: Option<Duration>,
    /// Where calls are counted.
    pub traffic: Traffic,
}

/// Where the local emulator listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sandbox {
    /// Such as `http://127.0.0.1:4570`.
    pub endpoint: String,
    /// The registry that stands for ECR, `127.0.0.1:4570`; absent for ECR's own name.
    pub registry: Option<String>,
    /// Whether it has Application Auto Scaling; else it is never asked for it.
    pub scaling: bool,
}

/// AWS in one account and region. The services' clients are made when they are first used.
pub struct Aws {
    pub(super) config: SdkConfig,
    pub(super) region: String,
    pub(super) registry: Option<String>,
    /// Whether there is an Application Auto Scaling to ask.
    pub(super) scales: bool,
    pub(super) pace: Pace,
    /// The profile that was asked for.
    pub(super) profile: Option<String>,
    /// The role that is taken.
    pub(super) assumes: Option<String>,
    /// Distinguishes this run in idempotency tokens.
    pub(super) run: String,
    pub(super) identity: tokio::sync::OnceCell<Identity>,
    /// Why the role of ECS could not be made, once that was tried.
    pub(super) linked: tokio::sync::OnceCell<Option<String>>,
    acm: OnceLock<aws_sdk_acm::Client>,
    cloudwatch: OnceLock<aws_sdk_cloudwatch::Client>,
    ecs: OnceLock<aws_sdk_ecs::Client>,
    ecr: OnceLock<aws_sdk_ecr::Client>,
    ec2: OnceLock<aws_sdk_ec2::Client>,
    elb: OnceLock<aws_sdk_elasticloadbalancingv2::Client>,
    efs: OnceLock<aws_sdk_efs::Client>,
    iam: OnceLock<aws_sdk_iam::Client>,
    logs: OnceLock<aws_sdk_cloudwatchlogs::Client>,
    route53: OnceLock<aws_sdk_route53::Client>,
    names: OnceLock<aws_sdk_servicediscovery::Client>,
    quotas: OnceLock<aws_sdk_servicequotas::Client>,
    scaling: OnceLock<aws_sdk_applicationautoscaling::Client>,
    scheduler: OnceLock<aws_sdk_scheduler::Client>,
    secrets: OnceLock<aws_sdk_secretsmanager::Client>,
    ssm: OnceLock<aws_sdk_ssm::Client>,
    sts: OnceLock<aws_sdk_sts::Client>,
    tagging: OnceLock<aws_sdk_resourcegroupstagging::Client>,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `aws`, `aws-cn`, `aws-us-gov`
    pub partition: String,
    /// Twelve digits.
    pub account: String,
    /// The caller.
    pub arn: String,
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("region", &self.region).finish_non_exhaustive()
    }
}

/// Makes one accessor for each service's client.
macro_rules! clients {
    ($($name:ident: $sdk:ident;)+) => {
        impl Aws {
            $(pub(super) fn $name(&self) -> &$sdk::Client {
                self.$name.get_or_init(|| {
                    let config = $sdk::config::Builder::from(&self.config);
                    $sdk::Client::from_conf(config.retry_partition(retries()).build())
                })
            })+
        }
    };
}

clients! {
    acm: aws_sdk_acm;
    cloudwatch: aws_sdk_cloudwatch;
    ecs: aws_sdk_ecs;
    ecr: aws_sdk_ecr;
    ec2: aws_sdk_ec2;
    elb: aws_sdk_elasticloadbalancingv2;
    efs: aws_sdk_efs;
    iam: aws_sdk_iam;
    logs: aws_sdk_cloudwatchlogs;
    names: aws_sdk_servicediscovery;
    quotas: aws_sdk_servicequotas;
    route53: aws_sdk_route53;
    scaling: aws_sdk_applicationautoscaling;
    scheduler: aws_sdk_scheduler;
    secrets: aws_sdk_secretsmanager;
    ssm: aws_sdk_ssm;
    sts: aws_sdk_sts;
    tagging: aws_sdk_resourcegroupstagging;
}

/// The SDK's quota of retries is meant for programs that make calls for ever: it gives up a call that
/// could be tried again because others failed. A deploy makes a few hundred, each of which must
/// succeed in the end.
fn retries() -> RetryPartition {
    RetryPartition::custom("decklift").token_bucket(TokenBucket::unlimited()).build()
}

impl Aws {
    /// Prepares the connection. Nothing is called yet: a missing credential, an expired token or an
    /// endpoint that does not answer show at the first call.
    ///
    /// # Errors
    ///
    /// When no region is known, the profile is not there, or the certificates to be trusted cannot be
    /// read.
    pub async fn connect(options: ConnectOptions) -> Result<Self, CloudError> {
        let ConnectOptions { region, profile, assume_role, sandbox, attempts, poll, traffic } =
            options;
        if let (Some(name), None) = (wanted_profile(profile.as_deref()), &sandbox) {
            check_profile(&name, &SharedConfig::read(|name| std::env::var_os(name)))?;
        }
        let bundle = match &sandbox {
            Some(_) => None,
            None => bundle()?,
        };
        let http = http_client(sandbox.is_some(), bundle);
        let region = match (&region, &sandbox) {
            (Some(region), _) => region.clone(),
            (None, Some(_)) => "us-east-1".to_owned(),
            (None, None) => find_region(profile.as_deref()).await?,
        };
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(traffic.over(http.clone()))
            // A request that waits its turn sends nothing: that is no connection that stalls.
            .stalled_stream_protection(
                StalledStreamProtectionConfig::enabled().upload_enabled(false).build(),
            )
            .region(Region::new(region.clone()))
            .retry_config(
                // When the next attempt is sent is decided where it is sent.
                RetryConfig::standard()
                    .with_max_attempts(attempts.unwrap_or(ATTEMPTS))
                    .with_initial_backoff(Duration::ZERO),
            )
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(READ).build(),
            );
        if let Ok(name) = AppName::new(concat!("decklift-", env!("CARGO_PKG_VERSION"))) {
            loader = loader.app_name(name);
        }
        if let Some(profile) = &profile {
            loader = loader.profile_name(profile);
        }
        let base = match &sandbox {
            Some(sandbox) => {
                loader = loader.endpoint_url(&sandbox.endpoint);
                let fixed = Credentials::new("test", "test", None, None, "sandbox");
                SharedCredentialsProvider::new(fixed)
            }
            None => chain(&region, profile.as_deref(), http).await,
        };
        let mut config = loader.credentials_provider(base.clone()).load().await;
        if let Some(role) = &assume_role {
            let provider = assumed(role, base, &config).await;
            config = config.into_builder().credentials_provider(provider).build();
        }
        let default_poll = if sandbox.is_some() { Duration::from_millis(200) } else { POLL };
        let scales = sandbox.as_ref().is_none_or(|sandbox| sandbox.scaling);
        let registry = sandbox.and_then(|sandbox| sandbox.registry);
        let poll = poll.unwrap_or(default_poll);
        let aws = Self::from_config(config, region, registry, poll, traffic);
        Ok(Self { scales, profile, assumes: assume_role.map(|role| role.arn), ..aws })
    }

    pub(super) fn from_config(
        config: SdkConfig,
        region: String,
        registry: Option<String>,
        poll: Duration,
        traffic: Traffic,
    ) -> Self {
        let sleep = config
            .sleep_impl()
            .unwrap_or_else(|| aws_sdk_ecs::config::SharedAsyncSleep::new(TokioSleep));
        let now = std::time::SystemTime::now();
        let run = now.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        Self {
            config,
            region,
            registry,
            scales: true,
            pace: Pace { sleep, poll, traffic },
            profile: None,
            assumes: None,
            run: format!("{run:x}-{:x}", std::process::id()),
            identity: tokio::sync::OnceCell::new(),
            linked: tokio::sync::OnceCell::new(),
            acm: OnceLock::new(),
            cloudwatch: OnceLock::new(),
            ecs: OnceLock::new(),
            ecr: OnceLock::new(),
            ec2: OnceLock::new(),
            elb: OnceLock::new(),
            efs: OnceLock::new(),
            iam: OnceLock::new(),
            logs: OnceLock::new(),
            names: OnceLock::new(),
            quotas: OnceLock::new(),
            route53: OnceLock::new(),
            scaling: OnceLock::new(),
            scheduler: OnceLock::new(),
            secrets: OnceLock::new(),
            ssm: OnceLock::new(),
            sts: OnceLock::new(),
            tagging: OnceLock::new(),
        }
    }

    /// The region of every call.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }
}

/// The clock when the SDK's configuration carries none.
#[derive(Debug)]
struct TokioSleep;

impl aws_sdk_ecs::config::AsyncSleep for TokioSleep {
    fn sleep(&self, duration: Duration) -> aws_sdk_ecs::config::Sleep {
        aws_sdk_ecs::config::Sleep::new(tokio::time::sleep(duration))
    }
}

/// One client for every service, so that connections are used again. TLS is rustls on ring; the
/// usual proxy variables hold, except in the sandbox, which is on this machine.
fn http_client(sandbox: bool, bundle: Option<&Bundle>) -> SharedHttpClient {
    let proxy = if sandbox { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
    // Without any the SDK would take that for a fault of its own.
    let mut store = TrustStore::empty().with_native_roots(trust::has_system_roots());
    if let Some(bundle) = bundle {
        store.add_pem_certificate(bundle.pem());
    }
    let tls = TlsContext::builder().with_trust_store(store).build().ok();
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder().proxy_config(proxy.clone());
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(|c| c.sleep_impl()));
        let mut builder = builder.tls_provider(Provider::Rustls(CryptoMode::Ring));
        if let Some(tls) = &tls {
            builder.set_tls_context(tls.clone());
        }
        builder.build()
    })
}

/// The certificates that are trusted beside the system's.
fn bundle() -> Result<Option<&'static Bundle>, CloudError> {
    trust::bundle().map_err(|error| {
        let (place, help) = (error.place.clone(), error.help());
        let operation = format!("trust the certificates in {place}");
        CloudError::new(CloudErrorKind::Unreachable, operation, error.message).help(help)
    })
}

/// AWS_REGION, AWS_DEFAULT_REGION, then the profile. The instance metadata service is not asked: it
/// would make every command slow on a laptop, and where it exists the environment can say it.
async fn find_region(profile: Option<&str>) -> Result<String, CloudError> {
    let mut file = ProfileFileRegionProvider::builder();
    if let Some(profile) = profile {
        file = file.profile_name(profile);
    }
    // The environment goes before the profile, even one that was asked for by name, as in the AWS CLI.
    let environment = EnvironmentVariableRegionProvider::new();
    let found = RegionProviderChain::first_try(environment).or_else(file.build()).region().await;
    found.map(|region| region.to_string()).ok_or_else(|| {
        CloudError::new(CloudErrorKind::Region, "choose a region", "no AWS region is known")
            .help("say it with --region, AWS_REGION, x-ecs.region, or `aws configure`")
    })
}
