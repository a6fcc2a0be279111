//! What a running command looks like: events in, the drawing out, at every width.

#[path = "frames/drawing.rs"]
mod drawing;
#[path = "frames/events.rs"]
mod events;
#[path = "frames/lines.rs"]
mod lines;
#[path = "frames/markdown.rs"]
mod markdown;
