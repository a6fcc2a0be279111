//! What runs in the world: the real queue and the real lock, around made-up work.

use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use decklift::release::{
    Author, Clock, Head, Held, Loss, Queue, Record, Refusal, ReleaseCommand, State, Taken,
};

use crate::model::{Fault, Flaws, Place, Shared, World, gate};

/// What one run of the program is asked to do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Task {
    /// `--break-lock`
    pub(crate) force: bool,
    /// `--wait-lock`
    pub(crate) wait: bool,
    /// How often it changes AWS.
    pub(crate) writes: u32,
    /// `down --all`: deletes the counter at the end.
    pub(crate) clear: bool,
}

/// Everything from the first look to the last write.
async fn run(world: Shared, process: usize, task: Task) {
    let place = Place { world: world.clone(), process };
    let terms = world.borrow().terms;
    let queue = Queue::new(place.clone(), place.clone(), terms);
    let mut held = None;
    for _ in 0..6 {
        let head = match queue.look(task.force).await {
            Ok(Head::Free(head)) => head,
            Ok(Head::Held(_)) if task.wait => {
                world.borrow_mut().counts.waited += 1;
                place.sleep(Duration::from_secs(60)).await;
                continue;
            }
            _ => return,
        };
        world.borrow_mut().observe(process, head.highest == 0);
        // Observing, planning and asking take their time.
        gate(&world, process).await;
        let after_a_dead_one = !task.force && head.unfinished.is_some();
        let record =
            Record::new(ReleaseCommand::Deploy, Author::default(), format!("run {process}"));
        match queue.take(&head, record).await {
            Ok(Taken::Ours(ours)) => {
                world.borrow_mut().counts.after_a_dead_one += u32::from(after_a_dead_one);
                held = Some(ours);
                break;
            }
            Ok(Taken::Faster { .. }) => world.borrow_mut().counts.faster += 1,
            Ok(Taken::Reset) => {}
            Err(_) => return,
        }
    }
    let Some(held) = held else { return };
    world.borrow_mut().begin(process, held.number());
    held.hold(work(&world, process, task, &held), |_| {}).await;
    match held.loss() {
        Some(Loss::Expired) => world.borrow_mut().counts.expired += 1,
        Some(Loss::Taken { .. } | Loss::Deleted) => world.borrow_mut().counts.pushed_aside += 1,
        None => {}
    }
    if task.clear && held.loss().is_none() && held.discard().await.is_ok() {
        return;
    }
    let _ = held.finish(State::Succeeded, |_| {}).await;
}

async fn work(world: &Shared, process: usize, task: Task, held: &Held<Place, Place>) {
    let asks = !world.borrow().flaws.asks_nobody;
    for _ in 0..task.writes {
        // What lies between two writes takes its time too.
        gate(world, process).await;
        match if asks { held.permit().await } else { Ok(()) } {
            Ok(()) => world.borrow_mut().write(process, held.number()),
            Err(Refusal::Lost(_)) => return,
            Err(Refusal::Unknown(_)) => {}
        }
    }
}

type Running = Pin<Box<dyn Future<Output = ()>>>;

/// The machines, each with at most one run of the program.
pub(crate) struct Machines {
    pub(crate) world: Shared,
    running: Vec<Option<(usize, Running)>>,
}

impl Machines {
    pub(crate) fn new(count: usize, flaws: Flaws) -> Self {
        let running = (0..count).map(|_| None).collect();
        Self { world: World::new(count, flaws), running }
    }

    pub(crate) fn is_idle(&self, machine: usize) -> bool {
        self.running[machine].is_none()
    }

    /// Starts a run on a machine on which nothing runs.
    pub(crate) fn start(&mut self, machine: usize, task: Task) {
        let process = self.world.borrow_mut().process(machine, task.force);
        let future = Box::pin(run(self.world.clone(), process, task));
        self.running[machine] = Some((process, future));
        self.poll(machine);
    }

    /// Ends what runs on a machine, at once.
    pub(crate) fn crash(&mut self, machine: usize) {
        self.running[machine] = None;
    }

    /// Lets one call of a machine go one step further.
    pub(crate) fn step(&mut self, machine: usize, which: usize, fault: Fault) {
        if let Some((process, _)) = &self.running[machine] {
            self.world.borrow_mut().open(*process, which, fault);
            self.poll(machine);
        }
    }

    /// Lets time pass for all.
    pub(crate) fn pass(&mut self, seconds: u64, sleeper: Option<usize>) {
        self.world.borrow_mut().pass(Duration::from_secs(seconds), sleeper);
    }

    pub(crate) fn poll(&mut self, machine: usize) {
        let mut context = Context::from_waker(Waker::noop());
        if let Some((_, future)) = &mut self.running[machine]
            && future.as_mut().poll(&mut context).is_ready()
        {
            self.running[machine] = None;
        }
    }
}
