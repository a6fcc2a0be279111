//! What goes over the wire: calls are counted, and those of an operation of which AWS refuses some as
//! too many are sent more slowly.
//!
//! Whether a call is made again is the SDK's business, and when that of this module. After an error that
//! passes by itself it waits as the SDKs' standard asks for ("Retry behavior", AWS SDKs and Tools
//! Reference Guide): any time up to 50 ms, then up to twice as long. After a refusal that page asks for a
//! second, since there a call knows nothing of the others. Here it does ([`Lanes`]); and refusals do not
//! make the wait after an error longer.

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
pub(super) const TOO_MANY: &[&str] = &[
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

/// The longest wait after an answer that says nothing against the call; doubled with each such answer.
const BACKOFF: Duration = Duration::from_millis(50);
/// The longest such wait.
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);

/// The longest that a request waits until it is sent: its signature is good for five minutes.
const LONGEST_TURN: Duration = Duration::from_secs(60);

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

#[derive(Clone, Copy, Debug)]
struct Waiting {
    since: Instant,
    until: Instant,
}

#[derive(Debug, Default)]
struct State {
    figures: Figures,
    lanes: Lanes,
    /// Requests that are under way.
    under_way: usize,
    /// Calls that wait, by their id: until when at least.
    waiting: HashMap<String, Waiting>,
    /// How often calls that are not over have failed by no fault of theirs.
    failures: HashMap<String, u32>,
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
            state.waits(call.clone(), Instant::now() + time);
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

    fn waits(&mut self, call: String, until: Instant) {
        let since = Instant::now();
        self.count(since);
        self.waiting.entry(call).or_insert(Waiting { since, until }).until = until;
    }

    fn goes_on(&mut self, call: &str, now: Instant) {
        self.count(now);
        if let Some(waiting) = self.waiting.remove(call) {
            self.figures.waited += now.saturating_duration_since(waiting.since);
        }
    }

    /// How long an attempt has to wait until it asks again; nothing when it may go.
    fn turn(&mut self, attempt: &Attempt, now: Instant) -> Duration {
        let rest = self.waiting.get(&attempt.call);
        let rest = rest.map_or(Duration::ZERO, |w| w.until.saturating_duration_since(now));
        if !rest.is_zero() {
            return rest;
        }
        let turn = self.lanes.turn(&attempt.operation, now, chance(&attempt.call));
        if !turn.is_zero() {
            self.waits(attempt.call.clone(), now + turn);
        }
        turn
    }

    /// An attempt is over.
    fn ended(&mut self, attempt: &Attempt, sent: Instant, fate: Option<Fate>) {
        let now = Instant::now();
        self.count(now);
        self.under_way -= 1;
        let figures = &mut self.figures;
        match fate {
            Some(Fate::TooMany) => figures.throttled += 1,
            Some(Fate::Broken) => figures.broken += 1,
            Some(Fate::Unanswered) => figures.unanswered += 1,
            Some(Fate::Answered) | None => {}
        }
        match fate {
            Some(Fate::TooMany) => self.lanes.refused(&attempt.operation, sent, now),
            // What fails behind the gate was let through it.
            Some(Fate::Answered | Fate::Broken) => self.lanes.taken(&attempt.operation, sent),
            Some(Fate::Unanswered) | None => {}
        }
        let time = match fate {
            Some(Fate::TooMany) => Duration::ZERO,
            Some(Fate::Broken | Fate::Unanswered) => {
                let failures = self.failures.entry(attempt.call.clone()).or_default();
                *failures += 1;
                backoff(*failures, chance(&attempt.call))
            }
            Some(Fate::Answered) | None => {
                self.failures.remove(&attempt.call);
                return;
            }
        };
        if attempt.is_last {
            self.failures.remove(&attempt.call);
        } else {
            self.waits(attempt.call.clone(), now + time);
        }
    }
}

/// Any time up to the longest: runs that failed together do not come back together.
fn backoff(failures: u32, chance: f64) -> Duration {
    let full = BACKOFF.saturating_mul(1 << failures.saturating_sub(1).min(16));
    full.min(LONGEST_BACKOFF).mul_f64(chance)
}

/// From 0 to 1.
fn chance(call: &str) -> f64 {
    (RandomState::new().hash_one(call) % 1024) as f64 / 1024.0
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
            // Time is counted in sleeps too, so that a test's clock ends it.
            let (begun, mut slept) = (Instant::now(), Duration::ZERO);
            while let Some(sleep) = &sleep {
                let now = Instant::now().max(begun + slept);
                let turn = traffic.state().turn(&attempt, now);
                if turn.is_zero() || slept > LONGEST_TURN {
                    break;
                }
                sleep.sleep(turn).await;
                slept += turn;
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
        let Self { traffic, attempt, sent, fate } = self;
        traffic.state().ended(attempt, *sent, *fate);
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
