//! A second deploy that starts at any time: one of them holds the lock, the other is told so or finds
//! nothing left to do.

use std::io::Write as _;
use std::time::Duration;

use crate::dice::Dice;
use crate::listing;
use crate::rig::{Rig, number_of};
use crate::story::RELEASES;
use crate::support::Project;

#[test]
fn a_second_deploy_at_any_time() {
    let rig = Rig::new("race");
    let project = Project::example("shop");
    rig.reset();
    rig.calmly(&project, "deploy --yes").exits(0);
    let (end, calls) = (rig.listing(), rig.proxy.calls().len() as u64);
    let deploy = project.arguments("deploy --yes");
    let mut won = [0; 2];
    for seed in 0..number_of("DECKLIFT_TEST_FAULT_RACES", 4) as u64 {
        rig.reset();
        let mut dice = Dice::new(seed);
        rig.proxy.now(Default::default());
        let first = rig.sandbox.spawn(&deploy);
        // A time that can be repeated: when the first one has made so many calls.
        // Half of the times before the lock is taken.
        let after = dice.below(if seed % 2 == 0 { calls } else { calls / 4 }) as usize;
        while rig.proxy.calls().len() < after {
            std::thread::sleep(Duration::from_millis(1));
        }
        let second = rig.sandbox.spawn(&deploy).end();
        let first = first.end();
        let context = format!("seed {seed}, after {after} calls\n{first}\n{second}");
        let made = |ran: &crate::support::Ran| ran.stderr.contains("  release  ");
        let refused = |ran: &crate::support::Ran| ran.code == Some(8);
        for ran in [&first, &second] {
            assert!(ran.code == Some(0) || refused(ran), "{context}");
        }
        // Whoever was refused has made nothing; whoever came late had nothing to make.
        assert_ne!(made(&first), made(&second), "{context}");
        assert!(!(refused(&first) && refused(&second)), "{context}");
        won[usize::from(made(&second))] += 1;
        assert_eq!(rig.listing(), end, "{context}");
        assert_eq!(listing::releases(&rig.aws, RELEASES), ["succeeded"], "{context}");
    }
    let text = format!("the first won {} times, the second {}", won[0], won[1]);
    let _ = writeln!(std::io::stderr(), "{text}");
}
