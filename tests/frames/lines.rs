use std::time::Duration;

use decklift::event::{Event, ImageProgress};
use decklift::report::{HEARTBEAT, heartbeat};

use crate::events::{self, MIB, Story};

/// The line that is due at a time, when the last one was written so long before.
fn beat(story: &Story, seconds: f64, silence: u64) -> Option<String> {
    let (state, now) = story.state(seconds);
    heartbeat(&state, now, now - Duration::from_secs(silence))
}

#[test]
fn silence_is_broken_after_30_seconds_and_not_before() {
    assert_eq!(HEARTBEAT, Duration::from_secs(30));
    assert_eq!(beat(&events::shop(), 100.0, 29), None);
    let line = beat(&events::shop(), 100.0, 30);
    let said = "  still    checkout: 3/4 running, 1 pending, 1 old (1m28s); \
                web: 1/4 running, 2 pending, 3 old, breaker 1/3 (1m28s)";
    assert_eq!(line.as_deref(), Some(said));
}

#[test]
fn nothing_beats_before_the_beginning_and_after_the_end() {
    assert_eq!(beat(&Story::default(), 100.0, 100), None);
    assert_eq!(beat(&events::shop_done(), 200.0, 100), None);
}

#[test]
fn what_is_told_is_what_goes_on() {
    let job = events::job(0);
    let image = events::shop().at(8.5, events::uploaded("web", 59 * MIB, 118 * MIB));
    let (state, now) = image.state(8.5);
    let line = heartbeat(&state, now + HEARTBEAT, now);
    assert_eq!(line.as_deref(), Some("  still    web: pushing its image, 50 % (38s)"));
    let (state, now) = job.state(15.0);
    let line = heartbeat(&state, now + HEARTBEAT, now);
    assert_eq!(line.as_deref(), Some("  still    migrate: running (44s)"));
    let (state, now) = events::crowd(30).state(30.0);
    let line = heartbeat(&state, now + HEARTBEAT, now).unwrap_or_default();
    assert!(line.ends_with("; and 3 more"), "{line}");
}

#[test]
fn events_are_one_json_object_a_line() {
    let line = ImageProgress::Line { line: "a\nb\u{1b}[0m".to_owned() };
    let story = events::shop_interrupted().at(0.3, events::image("web", line));
    for event in story.events() {
        let text = serde_json::to_string(event).expect("JSON");
        assert!(!text.contains(['\n', '\u{1b}']), "{text}");
    }
    let stopping = serde_json::to_string(&Event::Stopping).expect("JSON");
    assert_eq!(stopping, r#"{"event":"stopping"}"#);
}
