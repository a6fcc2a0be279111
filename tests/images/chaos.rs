//! A proxy in front of a registry, on which things go wrong.
//!
//! What goes wrong follows from a seed, from the request, and from how often it was seen: not from the
//! order in which parallel requests happen to come.

#[path = "chaos/plan.rs"]
mod plan;

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub(crate) use plan::{Plan, Seen};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection is cut in the middle of the request's body.
    ResetRequest,
    /// The connection is cut in the middle of the answer's body.
    ResetAnswer,
    /// The request is carried out, and the answer lost.
    LoseAnswer,
    /// A status, and nothing is done.
    Answer(u16),
    /// The same, with `Retry-After: 1`.
    AnswerLater(u16),
    /// The answer takes its time.
    Slow,
    /// After the answer the connection is closed, which nobody was told.
    Close,
    /// A byte of the answer's body is another one.
    Damage,
}

struct State {
    plan: Plan,
    counts: HashMap<String, u64>,
    seen: Vec<Seen>,
    /// Connections that are open.
    open: usize,
}

/// The proxy; it ends when dropped.
pub(crate) struct Chaos {
    pub(crate) host: String,
    state: Arc<Mutex<State>>,
    _end: tokio::sync::oneshot::Sender<()>,
}

impl Chaos {
    /// In front of `upstream`, in a thread of its own.
    pub(crate) fn start(upstream: &str, plan: Plan) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
        listener.set_nonblocking(true).expect("nonblocking");
        let host = listener.local_addr().expect("address").to_string();
        let state = State { plan, counts: HashMap::new(), seen: Vec::new(), open: 0 };
        let state = Arc::new(Mutex::new(state));
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let (upstream, own) = (upstream.to_owned(), state.clone());
        std::thread::spawn(move || {
            crate::support::run(async move {
                let listener = TcpListener::from_std(listener).expect("listener");
                let serve = async {
                    while let Ok((client, _)) = listener.accept().await {
                        let (upstream, state) = (upstream.clone(), own.clone());
                        tokio::spawn(async move {
                            // Broken connections are what it is for.
                            let _ = Connection::new(client, upstream, state).serve().await;
                        });
                    }
                };
                tokio::select! {
                    () = serve => {}
                    _ = ended => {}
                }
            });
        });
        Self { host, state, _end: end }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("state")
    }

    /// From now on something else goes wrong, and what was seen is forgotten.
    pub(crate) fn now(&self, plan: Plan) {
        let mut state = self.state();
        *state = State { plan, counts: HashMap::new(), seen: Vec::new(), open: state.open };
    }

    /// Waits until all that came is over, also what nobody waits for any more.
    pub(crate) async fn idle(&self) {
        while self.state().open > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// How often something went wrong.
    pub(crate) fn faults(&self) -> usize {
        self.seen().iter().filter(|seen| seen.fault.is_some()).count()
    }

    /// Requests of a method.
    pub(crate) fn of(&self, method: &str) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.method == method).collect()
    }

    /// Blobs that were closed with success, by repository and digest, and how often.
    pub(crate) fn stored(&self) -> HashMap<String, usize> {
        let mut stored = HashMap::new();
        for seen in self.of("PUT") {
            if let Some((_, digest)) = seen.query.split_once("digest=")
                && seen.status == Some(201)
            {
                let repository = seen.path.split("/blobs/").next().unwrap_or_default();
                *stored.entry(format!("{repository} {digest}")).or_default() += 1;
            }
        }
        stored
    }
}

struct Connection {
    client: BufReader<TcpStream>,
    upstream: String,
    state: Arc<Mutex<State>>,
    pace: Option<u64>,
}

/// A request's or an answer's head.
struct Head {
    first: String,
    headers: Vec<(String, String)>,
}

impl Head {
    async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let mut first = String::new();
        if stream.read_line(&mut first).await? == 0 {
            return Ok(None);
        }
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match line.trim_end().split_once(": ") {
                Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.to_owned())),
                None => return Ok(Some(Self { first: first.trim_end().to_owned(), headers })),
            }
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn length(&self) -> Option<u64> {
        self.header("content-length")?.parse().ok()
    }

    fn is_chunked(&self) -> bool {
        self.header("transfer-encoding") == Some("chunked")
    }

    async fn write(&self, stream: &mut TcpStream, connection: &str) -> io::Result<()> {
        let mut text = format!("{}\r\n", self.first);
        for (name, value) in self.headers.iter().filter(|(name, _)| name != "connection") {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("connection: {connection}\r\n\r\n"));
        stream.write_all(text.as_bytes()).await
    }
}

/// Whether all of a body came through.
#[derive(PartialEq)]
enum Passed {
    Whole,
    Cut,
}

/// A body on its way from one to the other.
struct Passing<'a> {
    from: &'a mut BufReader<TcpStream>,
    to: &'a mut TcpStream,
    /// No more than so many bytes.
    limit: u64,
    damage: Option<u64>,
    pace: Option<u64>,
    passed: u64,
}

impl Passing<'_> {
    async fn bytes(&mut self, mut left: u64) -> io::Result<Passed> {
        let mut buffer = vec![0; 16 * 1024];
        while left > 0 {
            let room = left.min(buffer.len() as u64).min(self.limit - self.passed) as usize;
            if room == 0 {
                return Ok(Passed::Cut);
            }
            let count = self.from.read(&mut buffer[..room]).await?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(at) = self.damage.and_then(|at| at.checked_sub(self.passed))
                && at < count as u64
            {
                buffer[at as usize] ^= 0x55;
            }
            if let Some(pace) = self.pace {
                tokio::time::sleep(Duration::from_secs_f64(count as f64 / pace as f64)).await;
            }
            self.to.write_all(&buffer[..count]).await?;
            self.passed += count as u64;
            left -= count as u64;
        }
        Ok(Passed::Whole)
    }

    async fn chunks(&mut self) -> io::Result<Passed> {
        loop {
            let mut line = String::new();
            self.from.read_line(&mut line).await?;
            let length = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            self.to.write_all(line.as_bytes()).await?;
            if self.bytes(length).await? == Passed::Cut {
                return Ok(Passed::Cut);
            }
            let mut end = [0; 2];
            self.from.read_exact(&mut end).await?;
            self.to.write_all(&end).await?;
            if length == 0 {
                return Ok(Passed::Whole);
            }
        }
    }

    async fn body(&mut self, head: &Head) -> io::Result<Passed> {
        if head.is_chunked() {
            return self.chunks().await;
        }
        self.bytes(head.length().unwrap_or(0)).await
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.state.lock().expect("state").open -= 1;
    }
}

impl Connection {
    fn new(client: TcpStream, upstream: String, state: Arc<Mutex<State>>) -> Self {
        let pace = {
            let mut state = state.lock().expect("state");
            state.open += 1;
            state.plan.pace
        };
        Self { client: BufReader::new(client), upstream, state, pace }
    }

    async fn serve(&mut self) -> io::Result<()> {
        while let Some(request) = Head::read(&mut self.client).await? {
            if self.exchange(request).await? == Passed::Cut {
                return self.client.get_ref().set_zero_linger();
            }
        }
        Ok(())
    }

    /// What is to go wrong with a request, and a number by chance.
    fn decide(&self, seen: &Seen) -> (Option<Fault>, u64, usize) {
        let mut state = self.state.lock().expect("state");
        let line = format!("{} {}", seen.method, seen.path);
        // The name of an upload is another one each time.
        let key = match line.split_once("/uploads/") {
            Some((before, _)) => before.to_owned(),
            None => line.clone(),
        };
        let count = state.counts.entry(key.clone()).or_default();
        *count += 1;
        let mut hasher = DefaultHasher::new();
        // Repositories have another name in each run, too.
        let place = key.find("/blobs/").or_else(|| key.find("/manifests/")).unwrap_or(0);
        (state.counts[&key], state.plan.seed, &seen.method, &key[place..]).hash(&mut hasher);
        let chance = hasher.finish();
        let is_meant = line.starts_with(&state.plan.only) && !state.plan.faults.is_empty();
        let fault = (is_meant && chance % 100 < state.plan.share).then(|| {
            let place = chance / 100 % state.plan.faults.len() as u64;
            state.plan.faults[place as usize]
        });
        state.seen.push(Seen { fault, ..seen.clone() });
        (fault, chance / 10_000, state.seen.len() - 1)
    }

    fn note(&self, number: usize, note: impl FnOnce(&mut Seen)) {
        // What was seen may have been forgotten meanwhile.
        if let Some(seen) = self.state.lock().expect("state").seen.get_mut(number) {
            note(seen);
        }
    }

    async fn exchange(&mut self, request: Head) -> io::Result<Passed> {
        let mut words = request.first.split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let range = request.header("content-range").or_else(|| request.header("range"));
        let seen = Seen {
            method: method.clone(),
            path: path.to_owned(),
            query: query.to_owned(),
            range: range.map(str::to_owned),
            fault: None,
            sent: 0,
            status: None,
        };
        let (fault, chance, number) = self.decide(&seen);
        if let Some(Fault::Answer(status) | Fault::AnswerLater(status)) = fault {
            let later = matches!(fault, Some(Fault::AnswerLater(_)));
            return self.answer(status, later).await;
        }
        let mut upstream = TcpStream::connect(&self.upstream).await?;
        request.write(&mut upstream, "close").await?;
        let limit = match fault {
            // Where the length is not known, somewhere in the first pieces.
            Some(Fault::ResetRequest) => chance % request.length().unwrap_or(200_000).max(1),
            _ => u64::MAX,
        };
        let from = &mut self.client;
        let (to, pace) = (&mut upstream, self.pace);
        let mut passing = Passing { from, to, limit, damage: None, pace, passed: 0 };
        let passed = passing.body(&request).await;
        let sent = passing.passed;
        self.note(number, |seen| seen.sent = sent);
        if passed? == Passed::Cut || fault == Some(Fault::ResetRequest) {
            upstream.set_zero_linger()?;
            return Ok(Passed::Cut);
        }
        let mut upstream = BufReader::new(upstream);
        let Some(answer) = Head::read(&mut upstream).await? else { return Ok(Passed::Cut) };
        let status = answer.first.split(' ').nth(1).and_then(|status| status.parse().ok());
        self.note(number, |seen| seen.status = status);
        let has_body = method != "HEAD" && !matches!(status, Some(204 | 304));
        match fault {
            Some(Fault::LoseAnswer) => return Ok(Passed::Cut),
            Some(Fault::ResetAnswer) if !has_body => return Ok(Passed::Cut),
            Some(Fault::Slow) => tokio::time::sleep(Duration::from_millis(chance % 200)).await,
            _ => {}
        }
        let length = answer.length();
        let limit = match fault {
            Some(Fault::ResetAnswer) => chance % length.unwrap_or(100_000).max(1),
            _ => u64::MAX,
        };
        let damage = (fault == Some(Fault::Damage)).then(|| chance % length.unwrap_or(1).max(1));
        let is_known = !has_body || length.is_some() || answer.is_chunked();
        answer.write(self.client.get_mut(), if is_known { "keep-alive" } else { "close" }).await?;
        if has_body {
            let to = self.client.get_mut();
            let pace = self.pace;
            let mut passing = Passing { from: &mut upstream, to, limit, damage, pace, passed: 0 };
            let passed = match is_known {
                true => passing.body(&answer).await?,
                // To its end, wherever that is.
                false => passing.bytes(u64::MAX).await.unwrap_or(Passed::Whole),
            };
            if passed == Passed::Cut || fault == Some(Fault::ResetAnswer) || !is_known {
                return Ok(Passed::Cut);
            }
        }
        if fault == Some(Fault::Close) {
            self.client.get_mut().shutdown().await?;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(Passed::Whole)
    }

    /// Says no at once, with the body unread, as load balancers do.
    async fn answer(&mut self, status: u16, later: bool) -> io::Result<Passed> {
        let later = if later { "retry-after: 1\r\n" } else { "" };
        let text = format!(
            "HTTP/1.1 {status} No\r\n{later}content-length: 0\r\nconnection: close\r\n\r\n"
        );
        let client = self.client.get_mut();
        client.write_all(text.as_bytes()).await?;
        client.shutdown().await?;
        // What is still on its way is taken, so that the answer arrives.
        let mut nowhere = tokio::io::sink();
        let drain = tokio::io::copy(&mut self.client, &mut nowhere);
        let _ = tokio::time::timeout(Duration::from_millis(500), drain).await;
        Err(io::ErrorKind::ConnectionAborted.into())
    }
}
