//! What is disturbed: a first deploy, an update, one of code alone, a `down`; and how each of their calls is, in turn.
//!
//! Some of the calls by default: `DECKLIFT_TEST_FAULT_STRIDE=1` takes every one, and
//! `DECKLIFT_TEST_FAULT_WORKERS` says how many at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::rig::{Rig, number_of};
use crate::support::Project;

/// A command, and what comes before it.
pub(crate) struct Story {
    pub(crate) name: &'static str,
    pub(crate) command: &'static str,
    /// Whether the example was deployed before.
    is_deployed: bool,
    /// What was changed since.
    change: Option<fn(&Project)>,
    /// What is deployed.
    project: fn() -> Project,
    /// Where its releases stand.
    pub(crate) releases: &'static str,
}

/// Where the releases of the example stand.
pub(crate) const RELEASES: &str = "/decklift/shop/default/releases";
/// Where those of the project with a VPC of its own do.
const OWN_RELEASES: &str = "/decklift/owned/default/releases";

pub(crate) const FIRST: Story = Story {
    name: "first",
    command: "deploy --yes",
    is_deployed: false,
    change: None,
    project: shop,
    releases: RELEASES,
};
pub(crate) const UPDATE: Story =
    Story { name: "update", is_deployed: true, change: Some(another), ..FIRST };
pub(crate) const CODE: Story =
    Story { name: "code", is_deployed: true, change: Some(other_code), ..FIRST };
pub(crate) const DOWN: Story =
    Story { name: "down", command: "down --yes", is_deployed: true, ..FIRST };
pub(crate) const NETWORK: Story =
    Story { name: "network", project: owned, releases: OWN_RELEASES, ..FIRST };
pub(crate) const NETWORK_DOWN: Story =
    Story { name: "network-down", project: owned, releases: OWN_RELEASES, ..DOWN };

fn shop() -> Project {
    Project::example("shop")
}

/// A VPC of the project's own, with everything that it may have.
fn owned() -> Project {
    Project::of(
        "name: owned\nx-ecs:\n  vpc: {create: true, nat: each-zone, endpoints: true}\nservices:\n  web:\n    \
         image: busybox:1.37\n    command: httpd -f -p 80\n    ports: [\"8080:80\"]\n    \
         volumes: [\"data:/data\"]\nvolumes: {data: {}}\n",
    )
}

impl Story {
    /// The project and an emulator that are ready for the command.
    pub(crate) fn start(&self, rig: &Rig) -> Project {
        rig.reset();
        let project = (self.project)();
        if self.is_deployed {
            rig.calmly(&project, "deploy --yes").exits(0);
        }
        if let Some(change) = self.change {
            change(&project);
        }
        project
    }

    /// The end state of a run that nothing disturbs, and how many calls it makes.
    fn undisturbed(&self, rig: &Rig) -> (Vec<String>, usize) {
        let project = self.start(rig);
        rig.calmly(&project, self.command).exits(0);
        (rig.listing(), rig.proxy.calls().len())
    }

    /// Disturbs every so many calls, each in so many ways: `disturb` is told the end state, the number of
    /// the call and which way, and gives nothing when there is no such call any more.
    pub(crate) fn at_each_call<T: Send>(
        &self,
        purpose: &str,
        stride: usize,
        ways: usize,
        disturb: impl Fn(&Rig, &[String], usize, usize) -> Option<T> + Sync,
    ) -> Vec<T> {
        let stride = number_of("DECKLIFT_TEST_FAULT_STRIDE", stride);
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        // One mess does not hide the others.
        let messes = Mutex::new(Vec::new());
        let work = |worker: usize| {
            let rig = Rig::new(&format!("{purpose}{worker}"));
            let (end, calls) = self.undisturbed(&rig);
            assert!(calls >= 20, "{calls}");
            loop {
                let at = next.fetch_add(1, Ordering::SeqCst);
                let (number, way) = (at / ways * stride + 1, at % ways);
                let attempt = || disturb(&rig, &end, number, way);
                match catch_unwind(AssertUnwindSafe(attempt)) {
                    Ok(Some(row)) => done.lock().expect("rows").push(row),
                    // How often something is looked at differs a little between runs.
                    Ok(None) if number > calls => return,
                    Ok(None) => {}
                    Err(_) => messes.lock().expect("messes").push((number, way)),
                }
            }
        };
        std::thread::scope(|scope| {
            for worker in 0..number_of("DECKLIFT_TEST_FAULT_WORKERS", 4) {
                let work = &work;
                scope.spawn(move || work(worker));
            }
        });
        let messes = messes.into_inner().expect("messes");
        assert!(messes.is_empty(), "{}: messes at (call, way) {messes:?}", self.name);
        let done = done.into_inner().expect("rows");
        assert!(done.len() >= 2 * ways, "hardly anything was disturbed: {}", done.len());
        done
    }
}

/// The code of one service changes, and nothing else.
fn other_code(project: &Project) {
    project.write("api/message.txt", "Ripe pears tomorrow.\n");
}

/// A service goes, another one comes; a port, a volume and a secret come; code changes.
pub(crate) fn another(project: &Project) {
    let file = "compose.yaml";
    project.write("api/message.txt", "Ripe pears tomorrow.\n");
    let text = project.read(file);
    let (kept, _) = text.split_once("  worker:\n").expect("the worker");
    let added = "  mailer:\n    image: busybox:1.37\n    command: sleep 1000\n    \
                 volumes: [\"mails:/mails\"]\n    secrets: [key]\n\n\
                 volumes:\n  stock:\n  mails:\n\nsecrets:\n  key:\n    file: ./key.txt\n";
    project.write(file, &format!("{kept}{added}"));
    project.write("key.txt", "not a secret\n");
    project.edit(file, "- \"8080:80\"", "- \"8080:80\"\n      - \"8081:80\"");
}
