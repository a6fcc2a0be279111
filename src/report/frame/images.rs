use std::time::Duration;

use super::View;
use super::blocks::{Block, Rank};
use super::line::{Line, Paint, bar, cross, dots, shorten, tick, width};
use super::units::{bytes, part};
use crate::report::state::{ImageRow, ImageState, State};

/// One line an image.
pub(super) fn blocks(state: &State, now: Duration, view: View) -> Vec<Block> {
    let names = state.images.iter().map(|image| width(&image.name)).max().unwrap_or(0);
    let names = names.min(view.names());
    // Where there is no room for bars there is none for blanks.
    let uploads = match view.bar() {
        0 => 0,
        _ => state.images.iter().map(|image| uploaded(image, view).width()).max().unwrap_or(0),
    };
    let columns = Columns { names, uploads };
    let block = |image: &ImageRow| Block {
        rank: match image.state {
            ImageState::Failed(_) => Rank::Failed,
            ImageState::Building(_) | ImageState::Pushing | ImageState::Scanning(_) => Rank::Active,
            ImageState::Waiting => Rank::Waiting,
            ImageState::Pushed { .. } => Rank::Done,
        },
        lines: vec![line(image, columns, now, view)],
        indent: 0,
    };
    state.images.iter().map(block).collect()
}

/// Whether every image stands in its repository.
pub(super) fn all_done(state: &State) -> bool {
    let done = |image: &ImageRow| matches!(image.state, ImageState::Pushed { .. });
    !state.images.is_empty() && state.images.iter().all(done)
}

/// All images in a line, once they are done.
pub(super) fn summary(state: &State) -> Block {
    let text = format!("{} pushed", state.images.len());
    Block { rank: Rank::Done, lines: vec![Line::text(Paint::Plain, &text)], indent: 0 }
}

/// How wide the columns are that stand below each other.
#[derive(Clone, Copy)]
struct Columns {
    names: usize,
    uploads: usize,
}

fn line(image: &ImageRow, columns: Columns, now: Duration, view: View) -> Line {
    let Columns { names, uploads } = columns;
    let mut line = Line::text(Paint::Plain, &shorten(&image.name, names, view));
    line.pad(names + 1);
    match &image.state {
        ImageState::Waiting => line.push(Paint::Dim, "waiting"),
        ImageState::Building(None) => line.push(Paint::Plain, "building"),
        ImageState::Building(Some(last)) => {
            line.push(Paint::Plain, "building  ");
            line.push(Paint::Dim, last);
        }
        ImageState::Scanning(status) => {
            line.push(Paint::Plain, "pushed, scan ");
            line.push(Paint::Dim, status);
        }
        ImageState::Failed(error) => {
            line.push(Paint::Bad, cross(view));
            line.push(Paint::Plain, &format!(" {error}"));
        }
        ImageState::Pushing => {
            line.append(upload(image, view));
            line.pad(names + 1 + uploads);
            match image.rate(now) {
                Some(rate) => line.push(Paint::Plain, &format!("  {}/s", bytes(rate))),
                None => line.push(Paint::Plain, "  pushing"),
            }
            if let (Some(_), Some((done, total))) = (image.bytes, image.layers) {
                line.push(Paint::Plain, &format!("  {done}/{total} layers"));
            }
        }
        ImageState::Pushed { digest, was_there } => {
            line.append(upload(image, view));
            line.pad(names + 1 + uploads);
            let text = if *was_there { "already there" } else { "pushed" };
            line.push(Paint::Good, &format!("  {} ", tick(view)));
            line.push(Paint::Plain, text);
            if let Some(digest) = digest {
                line.push(Paint::Dim, &format!("   {}", short(digest, view)));
            }
        }
    }
    line
}

/// What `upload` draws, for the images that have begun to be uploaded.
fn uploaded(image: &ImageRow, view: View) -> Line {
    match image.state {
        ImageState::Pushing | ImageState::Pushed { .. } => upload(image, view),
        _ => Line::default(),
    }
}

/// `████████████░░░░░░░░ 71.4/118 MiB`, or `5/8 layers` where nobody counts bytes; nothing where
/// nothing had to be uploaded.
fn upload(image: &ImageRow, view: View) -> Line {
    let (done, total, size) = match (image.bytes, image.layers) {
        (Some((done, 0)), _) => (done, 0, bytes(done)),
        (Some((done, total)), _) => (done, total, part(done, total)),
        (None, Some((done, total))) => (done, total, format!("{done}/{total} layers")),
        (None, None) => return Line::default(),
    };
    let mut line = Line::default();
    if total > 0 && view.bar() > 0 {
        line.append(bar(view.bar(), done, total, view));
        line.push(Paint::Plain, " ");
    }
    line.push(Paint::Plain, &size);
    line
}

/// `sha256:9f31c0…`, in full where there is room.
fn short(digest: &str, view: View) -> String {
    let shown = "sha256:".len() + if view.is_wide() { 64 } else { 6 };
    match digest.char_indices().nth(shown) {
        Some((at, _)) => format!("{}{}", &digest[..at], dots(view)),
        None => digest.to_owned(),
    }
}
