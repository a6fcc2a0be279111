//! Projects by chance, changed by chance: after each deploy there is nothing left to do, and after
//! the last `down` there is nothing left.

use super::dice::Dice;
use super::random::App;
use super::*;

/// How many projects.
const PROJECTS: u64 = 60;
/// How often each is changed.
const CHANGES: usize = 5;

pub(crate) fn desired_of(app: &App) -> Desired {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("compose.yaml");
    std::fs::write(&file, app.compose("test")).expect("written");
    std::fs::write(folder.path().join("key.txt"), "not a secret\n").expect("written");
    desired(&file, "v1")
}

#[test]
fn any_project_becomes_any_other_and_goes_without_a_trace() {
    for seed in 0..PROJECTS {
        let mut dice = Dice::new(seed);
        let mut app = App::new(&mut dice, "acme/app:");
        let cloud = Memory::default();
        for change in 0..=CHANGES {
            let words = if change > 0 { app.mutate(&mut dice) } else { Vec::new() };
            let context = || format!("seed {seed}, {words:?}\n{}", app.compose("test"));
            let desired = desired_of(&app);
            let (_, verdict, _) = deploy_as(&cloud, &desired, change as u64 + 1);
            assert_eq!(verdict, Verdict::Done, "{}", context());
            assert_eq!(plan_again(&cloud, &desired).steps, [], "{}", context());
        }
        let desired = desired_of(&app);
        assert_eq!(down(&cloud, &desired), Verdict::Done, "seed {seed}");
        // Images go with their repositories.
        let mut left = cloud.bodies();
        left.retain(|id, _| id.kind != Kind::Image);
        assert!(left.is_empty(), "seed {seed}: {:?}\n{}", left.keys(), app.compose("test"));
    }
}
