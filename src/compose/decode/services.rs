use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::{Decoder, RawService};
use crate::diagnostic::Diagnostics;
use crate::yaml::Entry;

/// As many services as are worth a thread of their own.
const A_SHARE: usize = 200;

/// What one thread read.
struct Share {
    services: Vec<Option<RawService>>,
    diagnostics: Diagnostics,
    outcomes: Diagnostics,
    ports_left: Option<usize>,
    mounts_left: Option<usize>,
}

impl<'a> Decoder<'a> {
    /// Reads services; `None` for those that are no mapping. Many are read on all processors.
    pub(super) fn services(&mut self, entries: &[&'a Entry]) -> Vec<Option<RawService>> {
        let workers = thread::available_parallelism().map_or(1, NonZero::get);
        let share = entries.len().div_ceil(workers).max(A_SHARE);
        if entries.len() > share
            && !self.diagnostics.has_errors()
            && let Some(services) = self.in_shares(entries, share)
        {
            return services;
        }
        entries.iter().map(|entry| self.service(entry)).collect()
    }

    /// Reads `share` services in each thread. `None`, and nothing is reported, where one is at fault:
    /// what is said of a fault depends on those before it.
    fn in_shares(
        &mut self,
        entries: &[&'a Entry],
        share: usize,
    ) -> Option<Vec<Option<RawService>>> {
        let stop = AtomicBool::new(false);
        let (this, stop) = (&*self, &stop);
        let shares: Vec<Option<Share>> = thread::scope(|scope| {
            let threads: Vec<_> = entries
                .chunks(share)
                .map(|entries| scope.spawn(move || this.share(entries, stop)))
                .collect();
            let shares = threads.into_iter().map(|thread| thread.join());
            shares
                .map(|share| share.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        let shares: Vec<Share> = shares.into_iter().collect::<Option<_>>()?;
        // Each share had all that is left of the limits; together they may have taken more.
        let left_of = |all: usize, left: fn(&Share) -> Option<usize>| {
            let taken: Option<usize> = shares.iter().map(|share| Some(all - left(share)?)).sum();
            all.checked_sub(taken?)
        };
        let ports_left = left_of(self.ports_left?, |share| share.ports_left)?;
        let mounts_left = left_of(self.mounts_left?, |share| share.mounts_left)?;
        (self.ports_left, self.mounts_left) = (Some(ports_left), Some(mounts_left));
        let mut services = Vec::with_capacity(entries.len());
        for share in shares {
            services.extend(share.services);
            self.diagnostics.append(share.diagnostics);
            self.outcomes.append(share.outcomes);
        }
        Some(services)
    }

    /// One share; `None` once a service of any share is at fault.
    fn share(&self, entries: &[&'a Entry], stop: &AtomicBool) -> Option<Share> {
        let (mut diagnostics, mut outcomes) = (Diagnostics::default(), Diagnostics::default());
        let mut decoder = Decoder {
            diagnostics: &mut diagnostics,
            outcomes: &mut outcomes,
            sources: self.sources,
            paths: self.paths,
            service: None,
            ports_left: self.ports_left,
            mounts_left: self.mounts_left,
            stage: self.stage,
            is_written: self.is_written,
            noted: self.noted,
            only: self.only,
        };
        let mut services = Vec::with_capacity(entries.len());
        for entry in entries {
            services.push(decoder.service(entry));
            if decoder.diagnostics.has_errors() {
                stop.store(true, Ordering::Relaxed);
            }
            if stop.load(Ordering::Relaxed) {
                return None;
            }
        }
        let Decoder { ports_left, mounts_left, .. } = decoder;
        Some(Share { services, diagnostics, outcomes, ports_left, mounts_left })
    }
}
