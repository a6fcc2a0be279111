use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use tokio::sync::watch;

use super::Session;
use crate::apply::Verdict;
use crate::error::Error;
use crate::event::Event;
use crate::report::{Json, Reporter, Screen};

/// Whether somebody asked the command to stop.
#[derive(Debug)]
pub(super) struct Stop {
    receiver: watch::Receiver<bool>,
    /// Whether something was begun that has to be finished.
    begun: Arc<AtomicBool>,
}

impl Stop {
    /// Says that from here on the first signal only keeps new things from being begun, and gives
    /// what turns `true` with it.
    pub(super) fn begin(&self) -> &watch::Receiver<bool> {
        self.begun.store(true, Ordering::SeqCst);
        &self.receiver
    }

    /// What turns `true` with the first signal.
    pub(super) fn receiver(&self) -> &watch::Receiver<bool> {
        &self.receiver
    }

    /// Waits for the first signal, of a command that only looks.
    pub(super) async fn asked(&self) {
        if self.receiver.clone().wait_for(|stop| *stop).await.is_err() {
            // No signal can be heard here.
            std::future::pending::<()>().await;
        }
    }

    /// The result of something that changes nothing, unless the first signal comes before it.
    ///
    /// # Errors
    ///
    /// Those of the future, and [`Verdict::Interrupted`].
    pub(super) async fn or_interrupted<T, E: Into<Error>>(
        &self,
        session: &Session,
        future: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Error> {
        let mut receiver = self.receiver.clone();
        tokio::select! {
            biased;
            Ok(_) = receiver.wait_for(|stop| *stop) => {
                session.screen.fresh_line();
                session.screen.block("interrupted: nothing was changed");
                Err(Error::Deployment(Verdict::Interrupted))
            }
            result = future => result.map_err(Into::into),
        }
    }
}

/// Hears Ctrl-C and SIGTERM from here on: the first one asks the command to stop, the second ends
/// the program.
///
/// They are heard on a thread of their own, so that the second one ends the program whatever the
/// command does at that moment.
pub(super) fn listen(session: &Session) -> Stop {
    let (sender, receiver) = watch::channel(false);
    let begun = Arc::new(AtomicBool::new(false));
    let (screen, json, has_begun) = (session.screen.clone(), session.json(), Arc::clone(&begun));
    let (ready, is_ready) = mpsc::channel();
    let hear = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            // Made once: what comes between two waits is kept.
            let Some(mut signals) = Signals::new() else { return };
            let _ = ready.send(());
            if signals.next().await {
                sender.send_replace(true);
                if has_begun.load(Ordering::SeqCst) {
                    tell(&screen, json);
                }
                if signals.next().await {
                    screen.leave();
                    // 128 + SIGINT, as shells count.
                    std::process::exit(130);
                }
            }
        });
    };
    let thread = std::thread::Builder::new().name("signals".to_owned()).spawn(hear);
    if thread.is_ok() {
        // Not before it hears: a signal that comes earlier ends the program as it always does.
        let _ = is_ready.recv();
    }
    Stop { receiver, begun }
}

fn tell(screen: &Screen, json: bool) {
    if json {
        Json::new(screen).event(&Event::Stopping);
    } else {
        screen.stopping();
    }
}

/// The signals that ask a program to stop.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt()).ok()?;
        let terminate = signal(SignalKind::terminate()).ok()?;
        Some(Self { interrupt, terminate })
    }

    /// Waits for the next; `false` when none can come.
    async fn next(&mut self) -> bool {
        tokio::select! {
            got = self.interrupt.recv() => got.is_some(),
            got = self.terminate.recv() => got.is_some(),
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Option<Self> {
        Some(Self)
    }

    async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
