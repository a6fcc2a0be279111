//! How far an image is.

use std::cell::{Cell, RefCell};

use super::blob::Arrival;
use crate::images::event::{ImageEvent, LayerArrival};
use crate::images::oci::Digest;
use crate::images::registry::{Activity, Content};

/// Counts what moves, and tells about it.
pub(in crate::images) struct Progress<'a> {
    on_event: RefCell<&'a mut dyn FnMut(ImageEvent)>,
    blobs: RefCell<Vec<(Activity, Content)>>,
    layers: Cell<(usize, usize)>,
    /// What was told last.
    told: Cell<(u64, u64)>,
    /// Whether more layers may come to be uploaded than are known now.
    is_open: Cell<bool>,
}

impl<'a> Progress<'a> {
    pub(in crate::images) fn new(on_event: &'a mut dyn FnMut(ImageEvent)) -> Self {
        Self {
            on_event: RefCell::new(on_event),
            blobs: RefCell::default(),
            layers: Cell::default(),
            told: Cell::default(),
            is_open: Cell::new(false),
        }
    }

    pub(super) fn event(&self, event: ImageEvent) {
        (self.on_event.borrow_mut())(event);
    }

    /// The image has so many layers.
    pub(super) fn expect(&self, layers: usize) {
        self.layers.set((0, layers));
        self.event(ImageEvent::PushProgress { done: 0, total: layers });
    }

    /// Whether what will be sent is not all known yet.
    pub(super) fn set_open(&self, is_open: bool) {
        self.is_open.set(is_open);
    }

    /// Something is uploaded from now on.
    pub(super) fn watch(&self, content: &Content) -> Activity {
        let activity = Activity::default();
        self.blobs.borrow_mut().push((activity.clone(), content.clone()));
        activity
    }

    /// A layer is there.
    pub(super) fn layer(&self, digest: &Digest, arrival: Arrival) {
        let (done, total) = self.layers.get();
        // An engine whose layers cannot be told apart ahead brings them all.
        let done = done.min(total.saturating_sub(1));
        self.layers.set((done + 1, total));
        let arrival = match arrival {
            Arrival::Present => LayerArrival::Present,
            Arrival::Mounted => LayerArrival::Mounted,
            Arrival::Uploaded => LayerArrival::Uploaded,
        };
        self.event(ImageEvent::Layer { digest: digest.to_string(), arrival });
        self.event(ImageEvent::PushProgress { done: done + 1, total });
    }

    /// Tells how many bytes went out, if that has changed.
    pub(super) fn tell(&self) {
        let blobs = self.blobs.borrow();
        let mut bytes = (0, 0);
        let mut is_known = !self.is_open.get();
        for (activity, content) in blobs.iter() {
            let position = activity.position();
            bytes.0 += position;
            // What was there already, or is not begun, is not part of it.
            match content.length() {
                Some(length) if position > 0 => bytes.1 += length,
                Some(_) => {}
                None => is_known = false,
            }
        }
        if !is_known {
            bytes.1 = 0;
        }
        if self.told.replace(bytes) != bytes {
            self.event(ImageEvent::Bytes { done: bytes.0, total: bytes.1 });
        }
    }
}
