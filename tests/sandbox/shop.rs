//! The example, from its first deployment to its end. One test, because each step stands on the one
//! before, and a sandbox with everything in it is dear.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::emulator::{Emulator, get};
use crate::support::{Project, Sandbox, engine};

/// Asks for a page again and again, as long as it lives.
struct Hammer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Result<String, String>>>,
}

impl Hammer {
    fn start(url: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (url, stopped) = (url.to_owned(), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            let mut answers = Vec::new();
            while !stopped.load(Ordering::SeqCst) {
                answers.push(match get(&url) {
                    Ok((200, page)) => Ok(page),
                    other => Err(format!("{other:?}")),
                });
                thread::sleep(Duration::from_millis(10));
            }
            answers
        });
        Self { stop, thread }
    }

    /// Every page that came, in order. A request that failed is a failure of the test.
    #[track_caller]
    fn pages(self) -> Vec<String> {
        self.stop.store(true, Ordering::SeqCst);
        let answers = self.thread.join().expect("the thread");
        let failed: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
        let count = answers.len();
        assert!(failed.is_empty(), "{} of {count} requests failed: {failed:#?}", failed.len());
        answers.into_iter().flatten().collect()
    }
}

#[track_caller]
fn page(url: &str) -> String {
    let (status, page) = get(url).expect("an answer");
    assert_eq!(status, 200, "{page}");
    page
}

/// What must not move while something else does: task definitions, and the tasks of these services.
fn still(aws: &Emulator, services: &[&str]) -> Vec<BTreeSet<String>> {
    services.iter().map(|service| aws.tasks("shop", service)).collect()
}

fn added(before: &BTreeSet<String>, after: &BTreeSet<String>) -> Vec<String> {
    after.difference(before).cloned().collect()
}

struct Shop {
    sandbox: Sandbox,
    project: Project,
    aws: Emulator,
    url: String,
}

impl Shop {
    fn deploy(&self) -> crate::support::Ran {
        self.sandbox.run(&self.project.arguments("deploy --yes"))
    }

    fn plan(&self) -> crate::support::Ran {
        self.sandbox.run(&self.project.arguments("plan --exit-code"))
    }
}

#[test]
fn a_shop_lives() {
    if !engine("a_shop_lives") {
        return;
    }
    let (sandbox, project) = (Sandbox::new("shop"), Project::example("shop"));
    sandbox.run(&project.arguments("plan --exit-code")).exits(2).prints("service          web");
    let aws = Emulator::of(&sandbox);
    let nothing = aws.inventory();

    let first = sandbox.run(&project.arguments("deploy --yes")).exits(0);
    let url = first.url("web");
    let text = page(&url);
    for part in
        ["The shop", "Welcome to the shop (release 1)", "Fresh apples today.", "42 in stock"]
    {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    let shop = Shop { sandbox, project, aws, url };
    an_unchanged_file_changes_nothing(&shop);
    an_edited_file_rolls_its_service_alone(&shop);
    an_edited_variable_rolls_its_service_alone(&shop);
    scaling_registers_nothing(&shop);
    a_crash_is_rolled_back(&shop);
    a_removed_service_is_deleted(&shop);
    nothing_is_left(&shop, &nothing);
}

fn an_unchanged_file_changes_nothing(shop: &Shop) {
    let before = shop.aws.inventory();
    let again = shop.deploy().exits(0).says("No changes").does_not_say("pushing");
    assert_eq!(again.url("web"), shop.url);
    assert_eq!(shop.aws.inventory(), before);
    shop.plan().exits(0).prints("No changes");
}

fn an_edited_file_rolls_its_service_alone(shop: &Shop) {
    let before = shop.aws.task_definitions();
    let others = ["shop-web", "shop-store", "shop-worker"];
    let tasks = still(&shop.aws, &others);
    shop.project.write("api/message.txt", "Ripe pears tomorrow.\n");
    shop.plan().exits(2).prints("image            api").prints("1 rollout");

    let hammer = Hammer::start(&shop.url);
    shop.deploy().exits(0).says("api: pushed").does_not_say("web: pushed");
    let last = page(&shop.url);
    let pages = hammer.pages();
    assert!(last.contains("Ripe pears tomorrow."), "{last}");
    assert!(pages.first().is_some_and(|page| page.contains("Fresh apples today.")));
    assert!(pages.iter().all(|page| page.contains("The shop") && page.contains("42 in stock")));
    assert_eq!(added(&before, &shop.aws.task_definitions()), ["shop-api:2"]);
    assert_eq!(still(&shop.aws, &others), tasks);
}

fn an_edited_variable_rolls_its_service_alone(shop: &Shop) {
    let before = shop.aws.task_definitions();
    let others = ["shop-web", "shop-store", "shop-api"];
    let tasks = still(&shop.aws, &others);
    shop.project.edit("compose.yaml", "WORKER_PAUSE_SECONDS:-5", "WORKER_PAUSE_SECONDS:-2");
    shop.deploy().exits(0).does_not_say("pushing").says("rollout service/worker");
    assert_eq!(added(&before, &shop.aws.task_definitions()), ["shop-worker:2"]);
    assert_eq!(still(&shop.aws, &others), tasks);
}

fn scaling_registers_nothing(shop: &Shop) {
    let before = shop.aws.task_definitions();
    let workers = shop.aws.tasks("shop", "shop-worker");
    assert_eq!(workers.len(), 2);
    shop.project.edit("compose.yaml", "replicas: 2", "replicas: 3");
    shop.deploy().exits(0);
    assert_eq!(shop.aws.task_definitions(), before);
    let more = shop.aws.tasks("shop", "shop-worker");
    assert!(more.is_superset(&workers) && more.len() == 3, "{workers:?} {more:?}");
}

fn a_crash_is_rolled_back(shop: &Shop) {
    let services = ["shop-web", "shop-store", "shop-api", "shop-worker"];
    let tasks = still(&shop.aws, &services);
    let good = shop.project.read("api/serve.sh");
    shop.project.write("api/serve.sh", "echo 'the cash desk is on fire' >&2\nexit 3\n");
    let hammer = Hammer::start(&shop.url);
    let failed = shop.deploy();
    hammer.pages();
    failed.exits(4).says("exited with 3").says("the cash desk is on fire").says("api");
    assert_eq!(still(&shop.aws, &services), tasks);
    assert_eq!(shop.aws.service("shop", "shop-api"), ("shop-api:2".to_owned(), 1));
    // Mended, it is what runs already.
    shop.project.write("api/serve.sh", &good);
    shop.deploy().exits(0).says("No changes");
}

fn a_removed_service_is_deleted(shop: &Shop) {
    let others = ["shop-web", "shop-store", "shop-api"];
    let tasks = still(&shop.aws, &others);
    let compose = shop.project.read("compose.yaml");
    let (start, rest) = compose.split_once("  worker:\n").expect("a worker");
    let (_, end) = rest.split_once("\nvolumes:").expect("volumes");
    shop.project.write("compose.yaml", &format!("{start}\nvolumes:{end}"));
    shop.plan().exits(2).prints("service          worker");
    shop.deploy().exits(0);
    let left: Vec<_> =
        shop.aws.inventory().into_iter().filter(|line| line.contains("worker")).collect();
    // A repository with its images stays until it is asked for.
    assert!(left.iter().all(|line| line.starts_with("repository ")), "{left:#?}");
    assert_eq!(still(&shop.aws, &others), tasks);
    shop.plan().exits(0);
}

fn nothing_is_left(shop: &Shop, nothing: &BTreeSet<String>) {
    // The list is a real one: what is there now shows in it.
    let now = shop.aws.inventory();
    for kind in [
        "cluster",
        "service",
        "task",
        "task definition",
        "log group",
        "repository",
        "namespace",
        "load balancer",
        "target group",
        "role",
        "security group",
        "file system",
        "access point",
        "container",
        "volume",
    ] {
        assert!(added(nothing, &now).iter().any(|line| line.starts_with(kind)), "{kind}: {now:#?}");
    }
    shop.sandbox.run(&shop.project.arguments("down --yes")).exits(0);
    assert_eq!(shop.aws.inventory(), *nothing);
    shop.sandbox.run(&shop.project.arguments("down --yes")).exits(0).says("nothing to delete");
}
