//! The store as a process sees it.

use decklift::release::{Clock, Created, Entry, Listing, Moment, Store};

use super::*;

/// The store, and the clocks, as one process sees them.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) world: Shared,
    pub(crate) process: usize,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "process {}", self.process)
    }
}

impl Place {
    async fn write(&self, call: Call) -> Result<Created, CloudError> {
        loop {
            let fault = gate(&self.world, self.process).await;
            if fault.lost {
                if let Some(late) = fault.late {
                    let mut world = self.world.borrow_mut();
                    let at = world.now + Duration::from_secs(late);
                    let turns = world.turns.len();
                    world.late.push(Late { at, process: self.process, call, turns });
                }
                return Err(lost());
            }
            let created = {
                let mut world = self.world.borrow_mut();
                if let Call::Create(number, _) = call
                    && world.is_just_deleted(number)
                {
                    return Err(lost());
                }
                match &call {
                    Call::Create(number, value) => world.create(self.process, *number, value),
                    Call::Overwrite(number, value) => {
                        world.put(*number, Some(value.clone()));
                        Created::Made
                    }
                }
            };
            let fault = gate(&self.world, self.process).await;
            match (fault.lost, fault.again) {
                (false, _) => return Ok(created),
                (true, false) => return Err(lost()),
                (true, true) => {}
            }
        }
    }

    /// Before a read is carried out; gives how old it may be.
    async fn ask(&self) -> Result<u64, CloudError> {
        let fault = gate(&self.world, self.process).await;
        if fault.lost { Err(lost()) } else { Ok(fault.stale) }
    }

    async fn answer<T>(&self, answer: T) -> Result<T, CloudError> {
        let fault = gate(&self.world, self.process).await;
        if fault.lost { Err(lost()) } else { Ok(answer) }
    }
}

impl Store for Place {
    async fn list(&self) -> Result<Listing, CloudError> {
        let stale = self.ask().await?;
        let listing = {
            let world = self.world.borrow();
            // Not all of it is equally old.
            let age = |number: u64| if number.is_multiple_of(2) { stale } else { stale / 3 };
            let numbers = world.parameters.keys();
            let entries = numbers.filter_map(|number| world.seen(*number, age(*number))).collect();
            let machine = world.processes[self.process].machine;
            let now = if world.flaws.own_clock { world.wall(machine) } else { world.now };
            Listing { entries, now }
        };
        self.answer(listing).await
    }

    async fn read(&self, numbers: &[u64]) -> Result<Vec<Entry>, CloudError> {
        let stale = self.ask().await?;
        let found = {
            let world = self.world.borrow();
            let age = |number: u64| if number.is_multiple_of(2) { stale } else { stale / 3 };
            numbers.iter().filter_map(|number| world.seen(*number, age(*number))).collect()
        };
        self.answer(found).await
    }

    async fn create(&self, number: u64, value: &str) -> Result<Created, CloudError> {
        self.write(Call::Create(number, value.to_owned())).await
    }

    async fn overwrite(&self, number: u64, value: &str) -> Result<(), CloudError> {
        self.write(Call::Overwrite(number, value.to_owned())).await.map(|_| ())
    }

    async fn delete(&self, numbers: &[u64]) -> Result<(), CloudError> {
        for number in numbers {
            let sent = self.world.borrow().now;
            self.ask().await?;
            // What has begun while the lease runs is over before others may begin, or never: the
            // margin is what the lock promises that for.
            if self.world.borrow().now > sent + self.world.borrow().terms.margin {
                return Err(lost());
            }
            self.world.borrow_mut().delete(*number);
            self.answer(()).await?;
        }
        Ok(())
    }

    fn name(&self, number: u64) -> String {
        format!("/releases/{number}")
    }
}

impl Clock for Place {
    fn now(&self) -> Moment {
        let world = self.world.borrow();
        let machine = world.processes[self.process].machine;
        let steady = world.now - world.machines[machine].slept;
        let wall = if world.flaws.steady_only { steady } else { world.wall(machine) };
        Moment { steady, wall }
    }

    async fn sleep(&self, time: Duration) {
        let until = self.now().steady + time;
        poll_fn(|_| if self.now().steady >= until { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}
