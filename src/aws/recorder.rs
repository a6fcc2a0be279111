//! For tests: AWS as a list of prepared answers. What was sent is kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ecs::config::{AsyncSleep, SharedAsyncSleep, SharedHttpClient, Sleep};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;

use super::{Aws, Traffic};

/// What was sent: the operation, and the body.
pub(super) type Sent = (String, String);

/// The prepared answers, and what was sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Recorder {
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Recorder {
    /// Answers in this order; when there are no more, an empty object.
    pub(super) fn new<'a>(answers: impl IntoIterator<Item = (u16, &'a str)>) -> Self {
        let answers = answers.into_iter().map(|(status, body)| (status, body.to_owned())).collect();
        Self { answers: Arc::new(Mutex::new(answers)), sent: Arc::default() }
    }

    /// A connection that is answered so, and that never really sleeps.
    pub(super) fn aws(&self) -> Aws {
        let credentials = Credentials::new("id", "secret", None, None, "test");
        self.aws_of(SharedCredentialsProvider::new(credentials))
    }

    /// As [`Recorder::aws`], with these credentials.
    pub(super) fn aws_of(&self, credentials: SharedCredentialsProvider) -> Aws {
        self.connected(credentials, RetryConfig::disabled(), Traffic::default())
    }

    /// As [`Recorder::aws`], with calls made again so often.
    pub(super) fn persistent(&self, attempts: u32, traffic: &Traffic) -> Aws {
        let credentials = Credentials::new("id", "secret", None, None, "test");
        let retries = RetryConfig::standard().with_max_attempts(attempts);
        self.connected(SharedCredentialsProvider::new(credentials), retries, traffic.clone())
    }

    fn connected(
        &self,
        credentials: SharedCredentialsProvider,
        retries: RetryConfig,
        traffic: Traffic,
    ) -> Aws {
        let recorder = self.clone();
        let http: SharedHttpClient =
            http_client_fn(move |_, _| SharedHttpConnector::new(recorder.clone()));
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(credentials)
            .retry_config(retries)
            .sleep_impl(SharedAsyncSleep::new(NoSleep))
            .http_client(traffic.over(http))
            .build();
        Aws::from_config(config, "eu-west-1".to_owned(), None, Duration::from_secs(3), traffic)
    }

    /// What was sent.
    pub(super) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// The operations that were called.
    pub(super) fn operations(&self) -> Vec<String> {
        self.sent().into_iter().map(|(operation, _)| operation).collect()
    }
}

impl HttpConnector for Recorder {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body =
            request.body().bytes().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
        let target = request.headers().get("x-amz-target").map(str::to_owned);
        // The JSON protocols name the operation in a header, the query protocols in the body.
        let operation = target
            .and_then(|target| target.rsplit('.').next().map(str::to_owned))
            .or_else(|| {
                let query = body.split('&').find_map(|part| part.strip_prefix("Action="));
                query.map(str::to_owned)
            })
            .unwrap_or_else(|| request.uri().to_owned());
        self.sent.lock().unwrap().push((operation, body));
        let (status, body) =
            self.answers.lock().unwrap().pop_front().unwrap_or((200, "{}".to_owned()));
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        response.headers_mut().insert("x-amzn-requestid", "request-1");
        // 1 790 000 100 seconds since 1970.
        response.headers_mut().insert("date", "Mon, 21 Sep 2026 14:15:00 GMT");
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// A clock on which every wait is over at once.
#[derive(Debug)]
struct NoSleep;

impl AsyncSleep for NoSleep {
    fn sleep(&self, _: Duration) -> Sleep {
        Sleep::new(std::future::ready(()))
    }
}
