//! Projects by chance, changed by chance: after each deploy the plan is empty, and after `down`
//! nothing is left. `DECKLIFT_TEST_FAULT_SEEDS` says how many projects.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::dice::Dice;
use crate::random::App;
use crate::rig::{Rig, number_of};
use crate::support::Project;

/// How often each is changed.
const CHANGES: usize = 5;

fn deploy_and_change(rig: &Rig, seed: u64, nothing: &[String]) {
    rig.reset();
    let mut dice = Dice::new(seed);
    let mut app = App::new(&mut dice, "busybox:1.3");
    let project = Project::of(&app.compose("chance"));
    project.write("key.txt", "not a secret\n");
    for change in 0..=CHANGES {
        let words = if change > 0 { app.mutate(&mut dice) } else { Vec::new() };
        let text = app.compose("chance");
        project.write("compose.yaml", &text);
        let context = format!("seed {seed}, change {change} {words:?}\n{text}");
        let deployed = rig.calmly(&project, "deploy --yes");
        assert_eq!(deployed.code, Some(0), "{context}\n{deployed}");
        let plan = rig.calmly(&project, "plan --exit-code");
        assert_eq!(plan.code, Some(0), "{context}\n{deployed}\n{plan}");
    }
    rig.calmly(&project, "down --yes").exits(0);
    assert_eq!(rig.listing(), nothing, "seed {seed}\n{}", app.compose("chance"));
}

#[test]
fn any_project_becomes_any_other_and_goes_without_a_trace() {
    let seeds = number_of("DECKLIFT_TEST_FAULT_SEEDS", 2);
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    let work = |worker: usize| {
        let rig = Rig::new(&format!("chance{worker}"));
        rig.reset();
        let nothing = rig.listing();
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= seeds {
                return;
            }
            let attempt = || deploy_and_change(&rig, seed as u64, &nothing);
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(attempt)).is_err() {
                failed.lock().expect("seeds").push(seed);
            }
        }
    };
    std::thread::scope(|scope| {
        for worker in 0..number_of("DECKLIFT_TEST_FAULT_WORKERS", 2).min(seeds) {
            let work = &work;
            scope.spawn(move || work(worker));
        }
    });
    let failed = failed.into_inner().expect("seeds");
    assert!(failed.is_empty(), "seeds {failed:?}");
}
