//! A proxy between decklift and the emulator, on which things go wrong: it counts the calls of AWS's
//! API, breaks some, and kills whoever makes them.

use std::io::{self, BufReader};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::call;
use crate::dice::Dice;
use crate::http::Message;

/// When a caller is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The call is not carried out.
    Before,
    /// The call is carried out, and its answer is not heard.
    After,
}

/// Of a hundred calls, so many
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shares {
    /// are throttled,
    pub(crate) throttled: u64,
    /// are answered with HTTP 500,
    pub(crate) broken: u64,
    /// are carried out, and the answer is lost.
    pub(crate) lost: u64,
}

/// What goes wrong from now on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) kill: Option<(usize, Moment)>,
    /// The call of this number is refused.
    pub(crate) deny: Option<usize>,
    pub(crate) shares: Shares,
    pub(crate) seed: u64,
}

/// A call that came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Such as `ecs:CreateService`.
    pub(crate) action: String,
    /// What was answered to it; nothing where that was lost, or the caller killed.
    pub(crate) status: Option<u16>,
    pub(crate) fault: Option<&'static str>,
}

struct State {
    upstream: String,
    plan: Mutex<(Plan, Dice)>,
    calls: Mutex<Vec<Call>>,
    /// Exchanges under way.
    open: AtomicUsize,
    kills: Mutex<Sender<Sender<()>>>,
}

/// The proxy. Its threads end with the program.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    state: Arc<State>,
    /// Whoever runs the caller is asked here to kill it, and says when that is done.
    pub(crate) kills: Receiver<Sender<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no thread panicked")
}

impl Proxy {
    /// In front of `upstream`, `host:port`.
    pub(crate) fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (sender, kills) = channel();
        let state = Arc::new(State {
            upstream: upstream.to_owned(),
            plan: Mutex::new((Plan::default(), Dice::new(0))),
            calls: Mutex::default(),
            open: AtomicUsize::new(0),
            kills: Mutex::new(sender),
        });
        let own = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = own.clone();
                // Broken connections are what it is for.
                std::thread::spawn(move || drop(state.serve(client)));
            }
        });
        Self { port, state, kills }
    }

    /// From now on this goes wrong, and calls are counted from 1 again.
    pub(crate) fn now(&self, plan: Plan) {
        self.idle();
        let dice = Dice::new(plan.seed);
        *lock(&self.state.plan) = (plan, dice);
        lock(&self.state.calls).clear();
    }

    /// Waits until all that came is over, also what nobody waits for any more.
    pub(crate) fn idle(&self) {
        while self.state.open.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        lock(&self.state.calls).clone()
    }
}

/// What becomes of a call.
enum Fate {
    Kill(Moment),
    Deny,
    Throttle,
    Break,
    Lose,
    Pass,
}

impl State {
    fn serve(&self, client: TcpStream) -> io::Result<()> {
        let mut client = BufReader::new(client);
        while let Some(request) = Message::read(&mut client, false, false)? {
            self.open.fetch_add(1, Ordering::SeqCst);
            let answer = self.exchange(&request);
            let goes_on = match answer {
                Ok(Some(answer)) => {
                    let is_head = request.method() == "HEAD";
                    answer.write(client.get_mut(), "keep-alive", is_head)
                }
                Ok(None) => Err(io::ErrorKind::ConnectionAborted.into()),
                Err(error) => Err(error),
            };
            self.open.fetch_sub(1, Ordering::SeqCst);
            goes_on?;
        }
        Ok(())
    }

    /// The answer; nothing where the connection is cut instead.
    fn exchange(&self, request: &Message) -> io::Result<Option<Message>> {
        // The registry and what the sandbox says of itself are not AWS's API.
        if request.path().starts_with("/v2") || request.path().starts_with("/_") {
            return self.forward(request).map(Some);
        }
        let (number, fate) = self.decide(request);
        let answer = match fate {
            Fate::Kill(Moment::Before) => {
                self.kill();
                None
            }
            Fate::Kill(Moment::After) => {
                self.forward(request)?;
                self.kill();
                None
            }
            Fate::Lose => {
                self.forward(request)?;
                None
            }
            Fate::Deny => Some(call::denied(request)),
            Fate::Throttle => Some(call::throttled(request)),
            Fate::Break => Some(call::broken(request)),
            Fate::Pass => Some(self.forward(request)?),
        };
        if let Some(call) = lock(&self.calls).get_mut(number - 1) {
            call.status = answer.as_ref().and_then(Message::status);
        }
        Ok(answer)
    }

    fn decide(&self, request: &Message) -> (usize, Fate) {
        let mut plan = lock(&self.plan);
        let mut calls = lock(&self.calls);
        let number = calls.len() + 1;
        let (plan, dice) = &mut *plan;
        let Shares { throttled, broken, lost } = plan.shares;
        let roll = dice.below(100);
        let (fault, fate) = match plan.kill {
            Some((at, moment)) if at == number => (Some("killed"), Fate::Kill(moment)),
            _ if plan.deny == Some(number) => (Some("denied"), Fate::Deny),
            _ if roll < throttled => (Some("throttled"), Fate::Throttle),
            _ if roll < throttled + broken => (Some("broken"), Fate::Break),
            _ if roll < throttled + broken + lost => (Some("lost"), Fate::Lose),
            _ => (None, Fate::Pass),
        };
        calls.push(Call { action: call::action(request), status: None, fault });
        (number, fate)
    }

    /// Has the caller killed, and waits until it is dead.
    fn kill(&self) {
        let (done, killed) = channel();
        if lock(&self.kills).send(done).is_ok() {
            let _ = killed.recv();
        }
    }

    fn forward(&self, request: &Message) -> io::Result<Message> {
        let mut upstream = TcpStream::connect(&self.upstream)?;
        request.write(&mut upstream, "close", false)?;
        let is_head = request.method() == "HEAD";
        let answer = Message::read(&mut BufReader::new(upstream), true, is_head)?;
        answer.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
