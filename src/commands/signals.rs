use tokio::sync::watch;

/// Turns the first Ctrl-C or SIGTERM into `true`, and ends the program at the second.
pub(super) fn listen(tell: impl Fn() + Send + 'static) -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        let mut first = true;
        loop {
            if !wait().await {
                return;
            }
            if !first {
                // 128 + SIGINT, as shells count.
                std::process::exit(130);
            }
            first = false;
            tell();
            sender.send_replace(true);
        }
    });
    receiver
}

/// Waits for a signal; `false` where none can be heard.
#[cfg(unix)]
async fn wait() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return false;
    };
    tokio::select! {
        got = interrupt.recv() => got.is_some(),
        got = terminate.recv() => got.is_some(),
    }
}

#[cfg(not(unix))]
async fn wait() -> bool {
    tokio::signal::ctrl_c().await.is_ok()
}
