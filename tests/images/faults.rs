//! Images reach a registry whatever goes wrong on the way, and nothing of them is sent for nothing.
//!
//! `DECKLIFT_TEST_SEED=7` lets other things go wrong; each failure names the seed that led to it.

#[path = "faults/disk.rs"]
mod disk;

use std::time::Duration;

use decklift::images::{
    Asset, AssetSource, BaseImage, Destination, Engine, Extension, ImageError, Images, Mode,
    Origin, Retry, Source,
};

use crate::chaos::{Chaos, Fault, Plan};
use crate::sample::{Sample, read_back};
use crate::support::{TestRegistry, engine, run, skip, unique};

/// Quicker than users are, for what is waited for is the test, and so patient that no run of bad luck
/// exhausts it: which request meets which fault depends on the order in which they arrive, and where
/// every second one is refused, twelve in a row do come, once in a hundred runs.
const QUICK: Retry = Retry {
    attempts: 40,
    first_pause: Duration::from_millis(2),
    longest_pause: Duration::from_millis(20),
};

const ON_UPLOADS: [Fault; 9] = [
    Fault::ResetRequest,
    Fault::LoseAnswer,
    Fault::Answer(429),
    Fault::Answer(500),
    Fault::Answer(502),
    Fault::Answer(503),
    Fault::Slow,
    Fault::Close,
    Fault::ResetAnswer,
];

/// Layers: such as need several pieces, such as need one, and a tiny one.
const SIZES: [usize; 4] = [900_000, 500, 350_000, 1_200_000];

fn seed() -> u64 {
    std::env::var("DECKLIFT_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

fn images(engine: Option<&Engine>) -> Images {
    Images::new(engine.cloned()).with_retry(QUICK)
}

/// A new repository, as it is named with and without what goes wrong.
async fn repository(registry: &TestRegistry, chaos: &Chaos) -> (Destination, Destination) {
    let direct = registry.repository().await;
    let address = direct.address.replacen(&registry.host, &chaos.host, 1);
    (Destination { address, auth: direct.auth.clone() }, direct)
}

async fn send(
    images: &Images,
    source: &Source,
    destination: &Destination,
) -> Result<String, ImageError> {
    images.send(source, "linux/amd64", "v1", destination, &mut |_| {}).await
}

/// Nothing was stored twice.
fn stored_once(chaos: &Chaos, story: &str) {
    let twice: Vec<_> = chaos.stored().into_iter().filter(|(_, count)| *count > 1).collect();
    assert!(twice.is_empty(), "{story}: {twice:?}\n{:#?}", chaos.seen());
}

/// Cold, with faults, and then once more without any.
async fn arrives(
    registry: &TestRegistry,
    chaos: &Chaos,
    images: &Images,
    (source, sample): (&Source, &Sample),
    plan: Plan,
) -> usize {
    let story = format!("{} from {source:?} with {plan:?}", registry.name);
    let (destination, direct) = repository(registry, chaos).await;
    chaos.now(plan);
    let digest = send(images, source, &destination).await;
    let digest = digest.unwrap_or_else(|error| panic!("{story}: {error}\n{:#?}", chaos.seen()));
    stored_once(chaos, &story);
    let faults = chaos.faults();
    let layers = read_back(&direct, "v1", &digest).await;
    if matches!(source, Source::Layout { .. }) {
        assert_eq!((&digest, &layers), (&sample.digest, &sample.layers), "{story}");
    }
    assert_eq!(layers.len(), sample.layers.len(), "{story}");
    chaos.now(Plan::quiet());
    assert_eq!(send(images, source, &destination).await.expect("again"), digest, "{story}");
    assert!(chaos.of("POST").is_empty() && chaos.of("PATCH").is_empty(), "{story}");
    faults
}

/// Every source that this machine has.
fn sources(
    sample: &Sample,
    engine: Option<&Engine>,
) -> (Vec<Source>, Option<crate::support::Cleanup>) {
    let mut sources = vec![sample.layout(), sample.archive()];
    let cleanup = engine.map(|_| {
        let (source, cleanup) = sample.loaded();
        sources.push(source);
        cleanup
    });
    (sources, cleanup)
}

fn amd64(engine: &Engine) -> bool {
    let is = engine.info().platform == "linux/amd64";
    if !is {
        skip("the engine does not run linux/amd64");
    }
    is
}

#[test]
fn each_fault_alone() {
    run(async {
        for registry in TestRegistry::all().await {
            let chaos = Chaos::start(&registry.host, Plan::quiet());
            for fault in ON_UPLOADS.into_iter().chain([Fault::AnswerLater(429)]) {
                let name = format!("{}:v1", unique("decklift-test/fault"));
                let sample = Sample::new(&name, &format!("{fault:?}"), &SIZES);
                let mut faults = 0;
                for source in &[sample.layout(), sample.archive()] {
                    let cache = tempfile::tempdir().expect("directory");
                    let images = images(None).with_cache(cache.path());
                    let mut plan = Plan::new(seed(), &[fault], 30);
                    if fault == Fault::AnswerLater(429) {
                        // It is waited for.
                        plan = Plan { share: 50, ..plan.only("PATCH") };
                    }
                    faults += arrives(&registry, &chaos, &images, (source, &sample), plan).await;
                }
                assert!(faults > 0, "{fault:?} never came");
            }
        }
    });
}

#[test]
fn a_mix_of_faults() {
    run(async {
        let engine = engine().await.filter(amd64);
        for registry in TestRegistry::all().await {
            let chaos = Chaos::start(&registry.host, Plan::quiet());
            let mut faults = 0;
            for number in 0..4 {
                let name = format!("{}:v1", unique("decklift-test/mix"));
                let sample = Sample::new(&name, &format!("mix {number}"), &SIZES);
                let (sources, _cleanup) = sources(&sample, engine.as_ref());
                for source in &sources {
                    let cache = tempfile::tempdir().expect("directory");
                    let images = images(engine.as_ref()).with_cache(cache.path());
                    let plan = Plan::new(seed() * 100 + number, &ON_UPLOADS, 25);
                    faults += arrives(&registry, &chaos, &images, (source, &sample), plan).await;
                }
            }
            assert!(faults > 0, "nothing went wrong");
        }
    });
}

#[test]
fn killed_at_any_moment() {
    run(async {
        let engine = engine().await.filter(amd64);
        for registry in TestRegistry::all().await {
            let chaos = Chaos::start(&registry.host, Plan::quiet());
            let name = format!("{}:v1", unique("decklift-test/killed"));
            let sample = Sample::new(&name, "killed", &SIZES);
            let (sources, _cleanup) = sources(&sample, engine.as_ref());
            for source in &sources {
                let cache = tempfile::tempdir().expect("directory");
                let (destination, direct) = repository(&registry, &chaos).await;
                // So slow that there is a middle.
                chaos.now(Plan { pace: Some(6_000_000), ..Plan::quiet() });
                let mut kills = 0;
                let digest = loop {
                    let images = images(engine.as_ref()).with_cache(cache.path());
                    let moment = Duration::from_millis(20 + 35 * kills + (seed() * 7 + kills) % 13);
                    let sent = send(&images, source, &destination);
                    if let Ok(done) = tokio::time::timeout(moment, sent).await {
                        break done.unwrap_or_else(|error| panic!("{source:?}: {error}"));
                    }
                    // As a process that ends, its connections are gone; what arrived is carried out.
                    drop(images);
                    chaos.idle().await;
                    kills += 1;
                    assert!(kills < 200, "it gets nowhere");
                };
                assert!(kills > 0, "it was over too soon");
                // However often it was killed: what had arrived was not sent again.
                stored_once(&chaos, &format!("{}, {source:?}", registry.name));
                read_back(&direct, "v1", &digest).await;
            }
        }
    });
}

#[test]
fn whoever_gives_up_says_where_and_the_next_run_sends_what_is_missing() {
    run(async {
        for registry in TestRegistry::all().await {
            let chaos = Chaos::start(&registry.host, Plan::quiet());
            let sample = Sample::new(&unique("give-up"), "give-up", &SIZES);
            let (destination, direct) = repository(&registry, &chaos).await;
            let down = Plan::new(seed(), &[Fault::ResetRequest], 100);
            // Down altogether for the layers that are still to come after the first ones.
            let images = images(None);
            chaos.now(Plan { pace: Some(20_000_000), ..Plan::quiet() });
            let first = Sample::new(&unique("first"), "first", &SIZES[..1]);
            send(&images, &first.layout(), &destination).await.expect("the first");
            chaos.now(down.only("PATCH"));
            let error = send(&images, &sample.layout(), &destination).await.expect_err("down");
            let words = error.to_string();
            assert!(words.starts_with("upload the layer sha256:"), "{words}");
            assert!(sample.layers.iter().any(|layer| words.contains(layer)), "{words}");
            assert!(words.contains(&chaos.host) && words.contains("bytes went out"), "{words}");
            assert!(error.help().is_some_and(|help| help.contains("not uploaded twice")));
            let stored = chaos.stored();
            chaos.now(Plan::quiet());
            let digest = send(&images, &sample.layout(), &destination).await.expect("up again");
            assert_eq!(digest, sample.digest);
            let repeated: Vec<_> =
                chaos.stored().into_keys().filter(|k| stored.contains_key(k)).collect();
            assert!(repeated.is_empty(), "{repeated:?}");
            read_back(&direct, "v1", &digest).await;
        }
    });
}

const ON_DOWNLOADS: [Fault; 5] =
    [Fault::ResetAnswer, Fault::Answer(503), Fault::LoseAnswer, Fault::Slow, Fault::Close];

/// A registry with an image in it, where things go wrong on the way out.
async fn source(registry: &TestRegistry, sample: &Sample) -> (Chaos, Origin) {
    let chaos = Chaos::start(&registry.host, Plan::quiet());
    let (destination, _) = repository(registry, &chaos).await;
    send(&images(None), &sample.layout(), &destination).await.expect("the source");
    let reference = format!("{}:v1", destination.address);
    let (platform, tag) = ("linux/amd64".to_owned(), "v1".to_owned());
    (chaos, Origin { reference, platform, tag })
}

#[test]
fn copies_from_a_registry_in_trouble_to_another_one() {
    run(async {
        let registries = TestRegistry::all().await;
        let (mut faults, mut continued) = (0, 0);
        for (from, to) in registries.iter().zip(registries.iter().rev()) {
            let sample = Sample::new(&unique("copied"), "copied", &SIZES);
            let (out, origin) = source(from, &sample).await;
            for number in 0..4 {
                let into = Chaos::start(&to.host, Plan::new(seed() + number, &ON_UPLOADS, 20));
                let (destination, direct) = repository(to, &into).await;
                // The names of repositories and of what is in them are known by HEAD.
                let seed = seed() * 10 + number;
                out.now(match number {
                    // So slow that some of it has arrived when it breaks off, as it often does.
                    3 => Plan {
                        pace: Some(5_000_000),
                        ..Plan::new(seed, &[Fault::ResetAnswer], 60).only("GET")
                    },
                    _ => Plan::new(seed, &ON_DOWNLOADS, 40).only("GET"),
                });
                let copied =
                    images(None).copy(&origin, &destination, Mode::Build, &mut |_| {}).await;
                let story = format!("{} to {}, seed {seed}", from.name, to.name);
                let copied = copied.unwrap_or_else(|error| panic!("{story}: {error}"));
                assert_eq!(copied, sample.digest, "{story}");
                faults += out.faults();
                stored_once(&into, &story);
                assert_eq!(read_back(&direct, "v1", &copied).await, sample.layers, "{story}");
                continued += out.of("GET").iter().filter(|seen| seen.range.is_some()).count();
            }
        }
        assert!(faults > 0, "nothing went wrong");
        assert!(continued > 0, "no download went on where it broke off");
    });
}

/// The configuration of the same, with a file on top.
fn extension() -> Extension {
    let text = AssetSource::Text("text\n".to_owned());
    Extension {
        service: "web".to_owned(),
        platform: "linux/amd64".to_owned(),
        assets: vec![Asset::of_root("/etc/app.conf", text)],
        ..Extension::default()
    }
}

#[test]
fn files_on_an_image_of_a_registry_in_trouble() {
    run(async {
        for registry in TestRegistry::all().await {
            let sample = Sample::new(&unique("extended"), "extended", &SIZES);
            let (out, origin) = source(&registry, &sample).await;
            let mut digests = Vec::new();
            for number in 0..3 {
                let into = Chaos::start(&registry.host, Plan::new(number, &ON_UPLOADS, 20));
                let (destination, direct) = repository(&registry, &into).await;
                out.now(Plan::new(seed() * 10 + number, &ON_DOWNLOADS, 30).only("GET"));
                let images = images(None);
                let base = BaseImage::Existing(origin.reference.clone());
                let name = images.name_extended(base, extension()).await.expect("a name");
                let mut none = |_| {};
                let made = images.ensure_extended(&name, &destination, Mode::Build, &mut none);
                let made = made.await.unwrap_or_else(|error| panic!("{}: {error}", registry.name));
                let layers = read_back(&direct, name.tag(), &made).await;
                assert_eq!(layers[..4], sample.layers);
                assert_eq!(layers.len(), 5);
                stored_once(&into, registry.name);
                digests.push(made);
            }
            digests.dedup();
            assert_eq!(digests.len(), 1, "{digests:?}");
        }
    });
}

#[test]
fn bytes_that_are_not_those_that_were_asked_for() {
    run(async {
        for registry in TestRegistry::all().await {
            let sample = Sample::new(&unique("damaged"), "damaged", &SIZES);
            let (out, origin) = source(&registry, &sample).await;
            let into = Chaos::start(&registry.host, Plan::quiet());
            let (destination, _) = repository(&registry, &into).await;
            let copy =
                async || images(None).copy(&origin, &destination, Mode::Build, &mut |_| {}).await;
            // All that comes is damaged: the manifest first.
            out.now(Plan::new(seed(), &[Fault::Damage], 100).only("GET"));
            let words = copy().await.expect_err("damaged").to_string();
            assert!(words.contains(": trust the registry: it has sha256:"), "{words}");
            // The layers alone.
            let repository = origin.reference.split_once('/').expect("a repository").1;
            let repository = repository.rsplit_once(':').expect("a tag").0;
            let layer = format!("GET /v2/{repository}/blobs/{}", sample.layers[2]);
            out.now(Plan::new(seed(), &[Fault::Damage], 100).only(&layer));
            let error = copy().await.expect_err("damaged");
            let words = error.to_string();
            assert!(words.contains(&format!("it names {}", sample.layers[2])), "{words}");
            assert!(words.starts_with(&format!("trust the image {}/", out.host)), "{words}");
            assert!(error.help().is_some());
            let base = BaseImage::Existing(origin.reference.clone());
            let images = images(None);
            let name = images.name_extended(base, extension()).await.expect("a name");
            let mut none = |_| {};
            let made = images.ensure_extended(&name, &destination, Mode::Build, &mut none);
            let words = made.await.expect_err("damaged").to_string();
            assert!(words.contains(&format!("should be {}", sample.layers[2])), "{words}");
            // And nothing came of it.
            for tag in ["v1", name.tag()] {
                assert_eq!(images.has(&destination, tag).await.expect("an answer"), None);
            }
        }
    });
}

#[test]
fn a_layer_that_is_too_large_is_named() {
    run(async {
        for registry in TestRegistry::all().await {
            let sample = Sample::new(&unique("large"), "large", &SIZES);
            let chaos = Chaos::start(&registry.host, Plan::quiet());
            for source in [sample.layout(), sample.archive()] {
                let (destination, _) = repository(&registry, &chaos).await;
                chaos.now(Plan::new(seed(), &[Fault::Answer(413)], 100).only("PATCH"));
                let error = send(&images(None), &source, &destination).await.expect_err("large");
                let words = error.to_string();
                assert!(words.starts_with("upload the layer sha256:"), "{words}");
                assert!(words.contains(&chaos.host), "{words}");
                assert!(words.ends_with("larger than the registry takes"), "{words}");
                assert!(error.help().is_some_and(|help| help.contains("split the `COPY`")));
                // It is not tried again.
                assert!(chaos.of("PATCH").len() <= SIZES.len() + 1, "{:#?}", chaos.seen());
            }
        }
    });
}
