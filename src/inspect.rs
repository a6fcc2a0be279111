//! What runs and what it says, as data: read by `aws`, chosen and merged here, drawn by `report`.

mod image;
mod log;
mod merge;
mod moment;
mod scan;
mod service;

pub use crate::event::Severity;
pub use image::{ServiceImage, StoredImage};
pub use log::{LogLine, LogPage, LogQuery};
pub use merge::{Merge, Seen, Tail};
pub use moment::{Moment, duration};
pub use scan::{Scan, Standing};
pub use service::{PortState, ServiceState, State, TaskState, arrange};
