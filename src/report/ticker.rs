use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Calls something again and again, on a thread of its own, until it is dropped.
#[derive(Debug)]
pub(super) struct Ticker {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Calls `tick` after every `period`.
    pub(super) fn new(period: Duration, tick: impl Fn() + Send + 'static) -> Self {
        let stop: Arc<(Mutex<bool>, Condvar)> = Arc::default();
        let seen = Arc::clone(&stop);
        let run = move || {
            let (stop, wake) = &*seen;
            let mut stopped = stop.lock().unwrap_or_else(PoisonError::into_inner);
            while !*stopped {
                let woken = wake.wait_timeout(stopped, period);
                stopped = woken.unwrap_or_else(PoisonError::into_inner).0;
                if !*stopped {
                    drop(stopped);
                    tick();
                    stopped = stop.lock().unwrap_or_else(PoisonError::into_inner);
                }
            }
        };
        // A machine that has no thread to spare shows less.
        let thread = Builder::new().name("ticker".to_owned()).spawn(run).ok();
        Self { stop, thread }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        let (stop, wake) = &*self.stop;
        *stop.lock().unwrap_or_else(PoisonError::into_inner) = true;
        wake.notify_all();
        if let Some(thread) = self.thread.take() {
            // It panicked, or it is done: nothing is left to do in either case.
            let _ = thread.join();
        }
    }
}
