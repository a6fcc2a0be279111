//! What goes over the wire: calls are counted, and those of an operation of which AWS refuses some as
//! too many are sent more slowly.
//!
//! Whether a call is made again is the SDK's business; between two attempts it waits a little, as its
//! standard asks for after an error that passes by itself (50 ms at most, then twice as much: "Retry
//! behavior", AWS SDKs and Tools Reference Guide). After a refusal that same page asks for a second,
//! since one call knows nothing of the others. Here it does: [`Lanes`].

mod lane;

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_ecs::config::{AsyncSleep, SharedAsyncSleep, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use self::lane::Lanes;

/// Codes with which a service says that there were too many calls. A quota that is used up
/// (`LimitExceededException`) is none of them: it does not pass.
const TOO_MANY: &[&str] = &[
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// What was sent in the course of a command. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Traffic(Arc<Mutex<State>>);

/// How many calls there were, and how long was waited before some were made again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Requests, those that were made again too.
    pub calls: usize,
    /// Refused, because there were too many.
    pub throttled: usize,
    /// Answered with a fault of AWS's own.
    pub broken: usize,
    /// Without an answer.
    pub unanswered: usize,
    /// All waits before another attempt, many of which are at the same time.
    pub waited: Duration,
    /// The part of the time in which nothing else was under way.
    pub idle: Duration,
}

#[derive(Debug, Default)]
struct State {
    figures: Figures,
    lanes: Lanes,
    /// Requests that are under way.
    under_way: usize,
    /// Since when these calls wait for their next attempt, by their id.
    waiting: HashMap<String, Instant>,
    /// How many waits there were for calls that the SDK does not repeat by itself.
    own: usize,
    /// When the time was last added up.
    counted: Option<Instant>,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, throttled, broken, unanswered, waited, idle } = self;
        write!(f, "{calls} calls of AWS's API")?;
        let failed = throttled + broken + unanswered;
        if failed > 0 {
            let (waited, idle) = (waited.as_secs_f64(), idle.as_secs_f64());
            write!(
                f,
                ", of which {failed} failed for a moment ({throttled} throttled, {broken} answered \
                 with a fault of AWS, {unanswered} not answered): waited {waited:.2} s in all to make \
                 them again, {idle:.2} s of it with nothing else under way"
            )?;
        }
        Ok(())
    }
}

impl Traffic {
    /// What was counted up to now.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.state().figures
    }

    /// The same client, with its traffic counted here.
    pub(super) fn over(&self, client: SharedHttpClient) -> SharedHttpClient {
        let traffic = self.clone();
        http_client_fn(move |settings, components| {
            let inner = client.http_connector(settings, components);
            let sleep = components.sleep_impl();
            SharedHttpConnector::new(Counted { inner, sleep, traffic: traffic.clone() })
        })
    }

    /// Waits before another try of a call that the SDK does not repeat by itself.
    pub(super) async fn wait(&self, sleep: &SharedAsyncSleep, time: Duration) {
        let call = {
            let mut state = self.state();
            state.own += 1;
            let call = state.own.to_string();
            state.waits(call.clone(), Instant::now());
            call
        };
        sleep.sleep(time).await;
        self.state().goes_on(&call, Instant::now());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Adds up the time in which nothing was done but wait.
    fn count(&mut self, now: Instant) {
        if self.under_way == 0
            && !self.waiting.is_empty()
            && let Some(counted) = self.counted
        {
            self.figures.idle += now.saturating_duration_since(counted);
        }
        self.counted = Some(now);
    }

    fn waits(&mut self, call: String, now: Instant) {
        self.count(now);
        self.waiting.entry(call).or_insert(now);
    }

    fn goes_on(&mut self, call: &str, now: Instant) {
        self.count(now);
        if let Some(since) = self.waiting.remove(call) {
            self.figures.waited += now.saturating_duration_since(since);
        }
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Answered,
    TooMany,
    Broken,
    Unanswered,
}

/// One attempt at a call.
#[derive(Clone, Debug)]
struct Attempt {
    /// Such as `ecs:CreateService`.
    operation: String,
    /// The same for all attempts at a call.
    call: String,
    /// Whether the SDK makes another one.
    is_last: bool,
}

impl Attempt {
    /// The SDK says in two headers which attempt it is, of how many.
    fn of(request: &HttpRequest) -> Self {
        let header = |name| request.headers().get(name).unwrap_or_default();
        let number = |name: &str| -> Option<u32> {
            let mut parts = header("amz-sdk-request").split(';').map(str::trim);
            parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
        };
        Self {
            operation: operation(request),
            call: header("amz-sdk-invocation-id").to_owned(),
            is_last: number("attempt").unwrap_or(1) >= number("max").unwrap_or(1),
        }
    }
}

/// The operation that a request is for: named by a header in the JSON protocols, by the body in the
/// query protocols, and by method and path where a service speaks REST.
fn operation(request: &HttpRequest) -> String {
    let scope = request.headers().get("authorization").unwrap_or_default();
    let scope = scope.split_once("Credential=").and_then(|(_, rest)| rest.split('/').nth(3));
    let service = scope.unwrap_or("unsigned");
    if let Some(target) = request.headers().get("x-amz-target") {
        return format!("{service}:{}", target.rsplit('.').next().unwrap_or(target));
    }
    let body = request.body().bytes().and_then(|body| std::str::from_utf8(body).ok());
    let mut fields = body.unwrap_or_default().split('&');
    if let Some(action) = fields.find_map(|field| field.strip_prefix("Action=")) {
        return format!("{service}:{action}");
    }
    let path = request.uri().split_once("://").map_or(request.uri(), |(_, rest)| rest);
    let path = path.split('?').next().unwrap_or_default();
    // Of `/2015-02-01/mount-targets/fsmt-1` the second part names what it is about.
    let is_version = |part: &&str| part.starts_with(|c: char| c.is_ascii_digit());
    let noun = path.split('/').skip(1).find(|part| !part.is_empty() && !is_version(part));
    format!("{service}:{} {}", request.method(), noun.unwrap_or_default())
}

#[derive(Clone, Debug)]
struct Counted {
    inner: SharedHttpConnector,
    sleep: Option<SharedAsyncSleep>,
    traffic: Traffic,
}

impl HttpConnector for Counted {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { inner, sleep, traffic } = self.clone();
        HttpConnectorFuture::new(async move {
            let attempt = Attempt::of(&request);
            let chance = (RandomState::new().hash_one(&attempt.call) % 1024) as f64 / 1024.0;
            let turn = {
                let (mut state, now) = (traffic.state(), Instant::now());
                let turn = state.lanes.turn(&attempt.operation, now, chance);
                if !turn.is_zero() {
                    state.waits(attempt.call.clone(), now);
                }
                turn
            };
            if let (false, Some(sleep)) = (turn.is_zero(), sleep) {
                sleep.sleep(turn).await;
            }
            let under_way = UnderWay::begin(traffic, attempt);
            let (answer, fate) = judged(inner.call(request).await).await;
            under_way.end(fate);
            answer
        })
    }
}

/// A request that is under way, also one that nobody waits for any more.
struct UnderWay {
    traffic: Traffic,
    attempt: Attempt,
    sent: Instant,
    fate: Option<Fate>,
}

impl UnderWay {
    fn begin(traffic: Traffic, attempt: Attempt) -> Self {
        let sent = Instant::now();
        let mut state = traffic.state();
        state.goes_on(&attempt.call, sent);
        state.under_way += 1;
        state.figures.calls += 1;
        drop(state);
        Self { traffic, attempt, sent, fate: None }
    }

    fn end(mut self, fate: Fate) {
        self.fate = Some(fate);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let now = Instant::now();
        let Self { traffic, attempt, sent, fate } = self;
        let mut state = traffic.state();
        state.count(now);
        state.under_way -= 1;
        let figures = &mut state.figures;
        match fate {
            Some(Fate::TooMany) => figures.throttled += 1,
            Some(Fate::Broken) => figures.broken += 1,
            Some(Fate::Unanswered) => figures.unanswered += 1,
            Some(Fate::Answered) | None => {}
        }
        match fate {
            Some(Fate::TooMany) => state.lanes.refused(&attempt.operation, *sent, now),
            Some(Fate::Answered) => state.lanes.taken(&attempt.operation, *sent),
            Some(Fate::Broken | Fate::Unanswered) | None => {}
        }
        if !attempt.is_last && fate.is_some_and(|fate| fate != Fate::Answered) {
            state.waits(attempt.call.clone(), now);
        }
    }
}

/// An answer, and what it is. The body of an error is read for it, and put back.
async fn judged(
    answer: Result<HttpResponse, ConnectorError>,
) -> (Result<HttpResponse, ConnectorError>, Fate) {
    let mut answer = match answer {
        Ok(answer) if !answer.status().is_success() => answer,
        Ok(answer) => return (Ok(answer), Fate::Answered),
        Err(error) => return (Err(error), Fate::Unanswered),
    };
    let status = answer.status().as_u16();
    let body = match ByteStream::new(answer.take_body()).collect().await {
        Ok(body) => body.into_bytes(),
        Err(error) => return (Err(ConnectorError::io(error.into())), Fate::Unanswered),
    };
    let header = answer.headers().get("x-amzn-errortype").map(str::to_owned);
    let code = header.or_else(|| code_in(&String::from_utf8_lossy(&body)));
    // `aws.protocols#ThrottlingException:http://…`
    let code = code.unwrap_or_default();
    let code = code.split(':').next().and_then(|code| code.rsplit('#').next()).unwrap_or_default();
    let fate = match status {
        429 => Fate::TooMany,
        _ if TOO_MANY.contains(&code) => Fate::TooMany,
        500..=599 => Fate::Broken,
        _ => Fate::Answered,
    };
    *answer.body_mut() = SdkBody::from(body);
    (Ok(answer), fate)
}

/// The code of an error in XML or JSON.
fn code_in(body: &str) -> Option<String> {
    if let Some((_, rest)) = body.split_once("<Code>") {
        return rest.split_once("</Code>").map(|(code, _)| code.to_owned());
    }
    let json: serde_json::Value = serde_json::from_str(body).ok()?;
    let code = json.get("__type").or_else(|| json.get("code"))?.as_str()?;
    // `com.amazonaws.ecs#ThrottlingException`
    Some(code.to_owned())
}

#[cfg(test)]
mod tests;
