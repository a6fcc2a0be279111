//! Releases, and the lock that they are.
//!
//! Every run that changes AWS takes a release number by *creating* the parameter
//! `/decklift/<project>/<environment>/releases/<number>`. Creation without overwriting is the one
//! atomic thing here ([`Store`]); all else follows from it.
//!
//! 1. [`Queue::look`] reads the highest number, *before* AWS is observed. Running and within its
//!    lease: somebody else is at work.
//! 2. AWS is observed, a plan is made and, if need be, somebody is asked. A plan with nothing to do
//!    takes no number.
//! 3. [`Queue::take`] creates the next number. When that exists already, somebody was faster and the
//!    plan is worth nothing; when it does not, nobody has changed anything since step 1.
//! 4. [`Held::hold`] renews the lease in the background, and [`Held::permit`] is asked before each
//!    write.
//! 5. [`Held::finish`] makes the record final, and history of it.
//!
//! **Who writes what.** A number has one owner, recognised by a random nonce. Only the owner writes
//! to it after its creation. A number is never used again, except after the whole counter was
//! deleted (`down --all`); Parameter Store asks to wait 30 s before a deleted name is made again, so a
//! deploy within that time may fail, and succeeds when it is repeated.
//!
//! **Numbers out of line.** A deleted counter begins at 1 again, and somebody who looked before that
//! may come back and make a number far above; so may a creation, or a renewal, that arrives when its
//! sender has long given it up. Nobody works under such a number, but it hides whoever works under a
//! lower one. So [`Queue::look`] asks of *every* record whether its holder may still be at work, not
//! of the highest alone; a number above a gap counts only after a fifth of the lease
//! ([`Terms::settled`]), when everybody who makes a lower one is sure to see it and to give way; and
//! force takes the number next to each that it pushes aside. A holder whose next number was taken
//! counts for as long: it may not know yet.
//!
//! **Clocks.** Nobody's wall clock is compared with anybody else's. Others judge a lease by AWS's
//! clock alone: the time at which the parameter was last written against the date of the answer
//! that says so. (Where an answer has no date, the reader's own clock stands in for it, and a skew
//! counts.) The holder counts from the moment at which it *sent* its last renewal, on both a steady
//! clock and the wall clock, whichever ran further ([`Meter`]), and stops a tenth of the lease early.
//! A machine that slept or was paused therefore finds its lease over, and a lease that is over is
//! never renewed, nor one whose renewal was confirmed too late.
//!
//! **What is promised.** As long as reads are no older than a tenth of the lease (30 s):
//!
//! - two runs never write at a time, unless `--break-lock` makes them;
//! - after `--break-lock` the former holder begins no write later than 10 s plus the age of a read
//!   after the next number was taken;
//! - what was observed is what is there when work under the number begins. When there was no counter
//!   at all, a whole one may have come and gone meanwhile, with everything made under it.
//!
//! **What is not.** ECS knows no fencing token. A call that had begun, or a process that is stopped
//! between [`Held::permit`] and the call, is not held up: the tenth of a lease is what it has. That
//! goes for the deletion of the counter too. Creations may arrive as late as they like; but an
//! *overwriting* that was given up (a renewal, a last state) must not arrive once the counter was
//! deleted and the same number made again, for Parameter Store cannot be told whose record to
//! overwrite. It would make a run look ended that is not. And somebody who changes AWS without
//! decklift takes no number.
//!
//! `tests/release/` runs these very types against a store that loses answers, delays calls and
//! returns old reads, among writers that pause, sleep, crash and whose clocks are wrong.
//!
//! Beyond [`Terms::keep`] (50) the oldest are deleted. A record that somebody edited into something
//! else is history that cannot be read; as the highest it blocks until `--break-lock`.

mod back;
mod clock;
mod folder;
mod held;
mod history;
mod queue;
mod record;
#[cfg(test)]
mod record_tests;
mod store;
mod table;
mod terms;
mod timestamp;

pub use back::{NoWayBack, back_to};
pub use clock::{Clock, Meter, Moment, SystemClock};
pub use folder::folder;
pub use held::{Held, Loss, Refusal};
pub use history::Release;
pub use queue::{Head, Holder, Place, Queue, Taken, Unfinished};
pub use record::{Author, Commit, Record, ReleaseCommand, Revisions, State};
pub use store::{Created, Entry, Listing, Store};
pub use table::table;
pub use terms::Terms;
pub use timestamp::Timestamp;
