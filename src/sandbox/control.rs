//! What the adapter answers about itself.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};

use super::SandboxError;

/// Whether containers are real.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    /// `docker` or `none`
    pub kind: String,
    /// The engine's version.
    #[serde(default)]
    pub version: Option<String>,
    /// Why there is none.
    #[serde(default)]
    pub why: Option<String>,
}

/// Something that Compose or ECS promises, and whether it holds here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// What is promised.
    pub promise: String,
    /// Whether it holds.
    pub holds: bool,
    /// How, or why not.
    #[serde(default)]
    pub note: String,
}

/// Where a listener answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerAddress {
    /// The listener.
    pub listener_arn: String,
    /// Its port on the load balancer.
    pub port: u16,
    /// Its URL on this machine.
    pub url: String,
}

/// What the adapter says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The emulator's version.
    pub ministack: String,
    /// The instance's name.
    pub instance: String,
    /// The account that it plays.
    pub account: String,
    /// The region that it plays.
    pub region: String,
    /// Whether containers are real.
    pub engine: Engine,
    /// How many containers it runs.
    #[serde(default)]
    pub containers: u32,
    /// Where listeners answer.
    #[serde(default)]
    pub listeners: Vec<ListenerAddress>,
    /// What holds and what does not.
    #[serde(default)]
    pub promises: Vec<Promise>,
}

/// Asks for the status. A sandbox that does not answer within `patience` is an error.
pub(super) async fn status(port: u16, patience: Duration) -> Result<Status, SandboxError> {
    let body = call(Method::GET, port, "/_decklift/status", patience).await?;
    serde_json::from_slice(&body)
        .map_err(|error| SandboxError::Answer { port, message: error.to_string() })
}

/// Empties the sandbox.
pub(super) async fn reset(port: u16) -> Result<(), SandboxError> {
    call(Method::POST, port, "/_decklift/reset", Duration::from_secs(120)).await.map(drop)
}

async fn call(
    method: Method,
    port: u16,
    path: &str,
    patience: Duration,
) -> Result<Bytes, SandboxError> {
    let answer = |message: String| SandboxError::Answer { port, message };
    let request = Request::builder()
        .method(method)
        .uri(format!("http://127.0.0.1:{port}{path}"))
        .body(Empty::<Bytes>::new())
        .map_err(|error| answer(error.to_string()))?;
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let exchange = async {
        let response = client.request(request).await.map_err(|error| answer(error.to_string()))?;
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .map_err(|error| answer(error.to_string()))?
            .to_bytes();
        if status.is_success() { Ok(body) } else { Err(answer(format!("HTTP {status}"))) }
    };
    tokio::time::timeout(patience, exchange)
        .await
        .unwrap_or_else(|_| Err(answer("no answer in time".to_owned())))
}
