//! Ctrl-C and SIGTERM before anything was begun on AWS.
#![cfg(unix)]

use std::sync::mpsc;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Project, Server};

/// Sends a signal once AWS was asked something that it never answers, and gives exit code and stderr.
fn interrupted(arguments: &str, signal: Signal) -> (Option<i32>, String) {
    let (asked, is_asked) = mpsc::channel();
    let server = Server::new(move |_| {
        let _ = asked.send(());
        loop {
            std::thread::park();
        }
    });
    let project = Project::web("    ports: [\"8080:80\"]\n").endpoint(&server.url);
    let child = project.start(arguments);
    is_asked.recv().expect("a question");
    let pid = Pid::from_raw(child.id().cast_signed()).expect("a process");
    kill_process(pid, signal).expect("the signal is sent");
    let output = child.wait_with_output().expect("it ends");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_first_signal_ends_a_command_that_has_begun_nothing() {
    for (arguments, signal) in [
        ("plan", Signal::INT),
        ("plan", Signal::TERM),
        ("deploy --yes", Signal::INT),
        ("deploy --yes --output json", Signal::TERM),
        ("down --yes", Signal::INT),
    ] {
        let (code, stderr) = interrupted(arguments, signal);
        assert_eq!(code, Some(130), "{arguments}: {stderr}");
        assert!(stderr.ends_with("interrupted: nothing was changed\n"), "{arguments}: {stderr}");
    }
}
