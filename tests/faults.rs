//! Whole commands against the sandbox while things go wrong: killed at a call, throttled, answered
//! with errors or not at all, refused, or two at a time.
#![cfg(unix)]

#[path = "faults/call.rs"]
mod call;
#[path = "faults/calls.rs"]
mod calls;
#[path = "faults/chaos.rs"]
mod chaos;
#[path = "faults/denied.rs"]
mod denied;
#[path = "faults/dice.rs"]
mod dice;
#[path = "sandbox/emulator.rs"]
#[allow(dead_code, reason = "shared with tests/sandbox.rs, which uses the rest")]
mod emulator;
#[path = "faults/http.rs"]
mod http;
#[path = "faults/kill.rs"]
mod kill;
#[path = "faults/listing.rs"]
mod listing;
#[path = "faults/projects.rs"]
mod projects;
#[path = "faults/proxy.rs"]
mod proxy;
#[path = "faults/race.rs"]
mod race;
#[path = "faults/random.rs"]
mod random;
#[path = "faults/rig.rs"]
mod rig;
#[path = "faults/story.rs"]
mod story;
#[path = "sandbox/support.rs"]
#[allow(dead_code, reason = "shared with tests/sandbox.rs, which uses the rest")]
mod support;
