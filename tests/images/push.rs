//! From a context to a digest in a registry.

use std::collections::BTreeMap;

use decklift::images::{
    Auth, BaseDigest, BuildSpec, Destination, Engine, ImageError, ImageEvent, Images, Mode,
};

use crate::support::{
    Cleanup, TestRegistry, context, docker, engine, own_context, run, unique, write,
};

async fn ensure(
    images: &Images,
    spec: &BuildSpec,
    destination: &Destination,
) -> (Result<String, ImageError>, Vec<ImageEvent>) {
    ensure_as(images, spec, destination, Mode::Build).await
}

async fn ensure_as(
    images: &Images,
    spec: &BuildSpec,
    destination: &Destination,
    mode: Mode,
) -> (Result<String, ImageError>, Vec<ImageEvent>) {
    let mut events = Vec::new();
    let name = images.name(spec).await.expect("name");
    let mut on_event = |event| events.push(event);
    let result = images.ensure(spec, &name, destination, mode, &mut on_event).await;
    (result, events)
}

fn local_names(service: &str) -> Cleanup {
    Cleanup(format!("decklift/{service}"))
}

#[test]
fn built_pushed_and_then_left_alone() {
    run(async {
        let Some(engine) = engine().await else { return };
        for registry in TestRegistry::all().await {
            built_and_pushed(&engine, &registry).await;
        }
    });
}

async fn built_and_pushed(engine: &Engine, registry: &TestRegistry) {
    let service = unique("web");
    let _cleanup = local_names(&service);
    let destination = registry.repository().await;
    let images = Images::new(Some(engine.clone()));
    let text = unique("content");
    let directory = context(&[("Dockerfile", "FROM scratch\nCOPY . /\n"), ("page", &text)]);
    let spec = BuildSpec::new(&service, directory.path(), engine.info().platform.clone());

    let name = images.name(&spec).await.expect("name");
    let existing = images.existing(&name.tag(), &destination, Mode::Build).await;
    assert_eq!(existing.expect("answer"), None, "{}", registry.name);

    let (digest, events) = ensure(&images, &spec, &destination).await;
    let digest = digest.expect("digest");
    assert!(digest.starts_with("sha256:"));
    assert!(
        events.contains(&ImageEvent::BuildStarted) && events.contains(&ImageEvent::PushStarted)
    );
    assert_eq!(events.last(), Some(&ImageEvent::Pushed { digest: digest.clone() }));
    let progress = events.iter().rev().find_map(|event| match event {
        ImageEvent::PushProgress { done, total } => Some((*done, *total)),
        _ => None,
    });
    assert_eq!(progress, Some((1, 1)));

    // Again: one question, no work.
    let (again, events) = ensure(&images, &spec, &destination).await;
    assert_eq!(again.expect("digest"), digest);
    assert!(events.is_empty(), "{events:?}");

    // The name for the push is gone, the image can be pulled by its digest.
    let remote = format!("{}:{}", destination.address, name.tag());
    assert_eq!(engine.inspect(&remote).await.expect("answer"), None);
    let pinned = format!("{}@{digest}", destination.address);
    let _pulled = Cleanup(destination.address.clone());
    let pulled = docker(&["pull", &pinned]);
    assert!(pulled.status.success(), "{}", String::from_utf8_lossy(&pulled.stderr));

    // A lost registry is filled again from the engine, without a build.
    let other = registry.repository().await;
    let (moved, events) = ensure(&images, &spec, &other).await;
    assert_eq!(moved.expect("digest"), digest);
    assert!(!events.contains(&ImageEvent::BuildStarted), "{events:?}");

    // As a base, a pushed image is known by its digest, with and without the engine.
    let base = format!("{}:{}", destination.address, name.tag());
    let known = decklift::images::resolve_base(None, &base).await;
    assert_eq!(known, BaseDigest::Registry(digest), "{}", registry.name);

    write(directory.path(), "page", "edited");
    let (edited, events) = ensure(&images, &spec, &destination).await;
    assert_ne!(BaseDigest::Registry(edited.expect("digest")), known);
    assert!(events.contains(&ImageEvent::BuildStarted));
}

#[test]
fn built_again_when_that_is_asked_for() {
    run(async {
        let Some(engine) = engine().await else { return };
        for registry in TestRegistry::all().await {
            let service = unique("again");
            let _cleanup = local_names(&service);
            let destination = registry.repository().await;
            let directory = own_context();
            let platform = engine.info().platform.clone();
            let mut spec = BuildSpec::new(&service, directory.path(), platform);
            // What no cache has differs in its time at least.
            spec.options.no_cache = true;
            let name = Images::new(None).name(&spec).await.expect("name");
            let mut digests = Vec::new();
            for _ in 0..2 {
                let images = Images::new(Some(engine.clone()));
                let (digest, events) = ensure_as(&images, &spec, &destination, Mode::Rebuild).await;
                let digest = digest.expect("digest");
                assert!(events.contains(&ImageEvent::BuildStarted), "{events:?}");
                let there = images.has(&destination, &name.tag()).await.expect("answer");
                assert_eq!(there.as_ref(), Some(&digest), "{}", registry.name);
                digests.push(digest);
            }
            assert_ne!(digests[0], digests[1], "{}", registry.name);
        }
    });
}

#[test]
fn what_two_services_build_is_built_once() {
    run(async {
        let Some(engine) = engine().await else { return };
        let registries = TestRegistry::all().await;
        let Some(registry) = registries.first() else { return };
        let (one, other) = (unique("one"), unique("other"));
        let _cleanup = [local_names(&one), local_names(&other)];
        let directory = own_context();
        let platform = engine.info().platform.clone();
        let spec = |service: &str| BuildSpec::new(service, directory.path(), &*platform);
        let places = [registry.repository().await, registry.repository().await];
        let images = Images::new(Some(engine.clone()));
        let (first, second) = (spec(&one), spec(&other));
        let (first, second) =
            tokio::join!(ensure(&images, &first, &places[0]), ensure(&images, &second, &places[1]));
        assert_eq!(first.0.expect("digest"), second.0.expect("digest"));
        let builds = [first.1, second.1].concat();
        let builds = builds.iter().filter(|event| **event == ImageEvent::BuildStarted).count();
        assert_eq!(builds, 1);
    });
}

#[test]
fn files_that_change_meanwhile_are_not_named_wrongly() {
    run(async {
        let Some(engine) = engine().await else { return };
        let Some(registry) = TestRegistry::all().await.into_iter().next() else { return };
        let service = unique("moving");
        let _cleanup = local_names(&service);
        let destination = registry.repository().await;
        let images = Images::new(Some(engine.clone()));
        let directory = context(&[("Dockerfile", "FROM scratch\nCOPY . /\n"), ("page", "1")]);
        let spec = BuildSpec::new(&service, directory.path(), engine.info().platform.clone());
        let name = images.name(&spec).await.expect("name");
        let mut on_event = |event: ImageEvent| {
            if event == ImageEvent::BuildStarted {
                write(directory.path(), "page", "2");
            }
        };
        let result = images.ensure(&spec, &name, &destination, Mode::Build, &mut on_event).await;
        assert!(matches!(result, Err(ImageError::ContextChanged { .. })), "{result:?}");
        let listed = docker(&["image", "ls", "--quiet", &format!("decklift/{service}")]);
        assert!(listed.stdout.is_empty());
    });
}

#[test]
fn what_a_registry_refuses() {
    run(async {
        let Some(engine) = engine().await else { return };
        let service = unique("refused");
        let _cleanup = local_names(&service);
        let images = Images::new(Some(engine.clone()));
        let directory = own_context();
        let spec = BuildSpec::new(&service, directory.path(), engine.info().platform.clone());
        for registry in TestRegistry::all().await {
            if registry.name != "ministack" {
                continue;
            }
            let mut destination = registry.repository().await;
            destination.address = format!("{}/decklift-test/none", registry.host);
            let (result, _) = ensure(&images, &spec, &destination).await;
            let message = result.expect_err("refused").to_string().to_lowercase();
            assert!(message.contains("no such repository"), "{message}");
        }
        let nobody = Destination { address: "127.0.0.1:1/web".to_owned(), auth: Auth::Anonymous };
        let (result, events) = ensure(&images, &spec, &nobody).await;
        let message = result.expect_err("refused").to_string();
        assert!(message.starts_with("reach the registry 127.0.0.1:1: "), "{message}");
        assert!(events.is_empty());
    });
}

#[test]
fn placeholders_stand_in_and_step_aside() {
    run(async {
        let engine = engine().await;
        for registry in TestRegistry::all().await {
            let service = unique("placeholder");
            let _cleanup = local_names(&service);
            let destination = registry.repository().await;
            let directory = own_context();
            let spec = BuildSpec::new(&service, directory.path(), "linux/amd64");
            let without = Images::new(None);
            let name = without.name(&spec).await.expect("name");

            let refused =
                without.ensure(&spec, &name, &destination, Mode::Build, &mut |_| {}).await;
            assert!(matches!(refused, Err(ImageError::NoEngine { .. })));

            let stood_in = async || {
                let mut events = Vec::new();
                let mut on_event = |event| events.push(event);
                let mode = Mode::Placeholder;
                let done = without.ensure(&spec, &name, &destination, mode, &mut on_event).await;
                (done.expect("digest"), events)
            };
            let (digest, events) = stood_in().await;
            assert_eq!(events.len(), 2, "{events:?}");
            assert_eq!(stood_in().await, (digest.clone(), Vec::new()));
            // It counts for a sandbox that cannot build, and for nobody else.
            let counts = without.existing(&name.tag(), &destination, Mode::Build).await;
            assert_eq!(counts.expect("answer"), None);

            let Some(engine) = &engine else { continue };
            let _pulled = Cleanup(destination.address.clone());
            let pulled = docker(&["pull", &format!("{}@{digest}", destination.address)]);
            assert!(pulled.status.success(), "{}", String::from_utf8_lossy(&pulled.stderr));
            if engine.info().platform != "linux/amd64" {
                continue;
            }
            let images = Images::new(Some(engine.clone()));
            let (real, _) = ensure(&images, &spec, &destination).await;
            assert_ne!(real.expect("digest"), digest);
        }
    });
}

#[test]
fn pushing_leaves_the_users_configuration_and_no_trace() {
    run(async {
        let Some(engine) = engine().await else { return };
        let Some(registry) = TestRegistry::all().await.into_iter().next() else { return };
        let service = unique("traces");
        let _cleanup = local_names(&service);
        let destination = registry.repository().await;
        let images = Images::new(Some(engine.clone()));
        let directory = own_context();
        let spec = BuildSpec::new(&service, directory.path(), engine.info().platform.clone());
        let home = std::env::home_dir().expect("home").join(".docker");
        let place = std::env::var_os("DOCKER_CONFIG").map_or(home, Into::into);
        let files = || -> BTreeMap<_, _> {
            let listed = std::fs::read_dir(&place).into_iter().flatten().flatten();
            listed.map(|entry| (entry.path(), std::fs::read(entry.path()).ok())).collect()
        };
        let before = files();
        ensure(&images, &spec, &destination).await.0.expect("digest");
        assert_eq!(files(), before);
        // Layers on their way lie in files without a name.
        let own = format!("decklift-layer-{}-", std::process::id());
        let left = std::fs::read_dir(std::env::temp_dir()).expect("list").flatten();
        let left: Vec<_> = left
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&own))
            .map(|entry| entry.path())
            .collect();
        assert!(left.is_empty(), "{left:?}");
    });
}

#[test]
fn a_dropped_future_ends_the_build() {
    run(async {
        let Some(engine) = engine().await else { return };
        let name = unique("decklift-test/dropped");
        let _cleanup = Cleanup(name.clone());
        let directory = own_context();
        let spec = BuildSpec::new("web", directory.path(), engine.info().platform.clone());
        let started = std::cell::Cell::new(false);
        let mut on_event = |_| started.set(true);
        let build = engine.build(&spec, &name, &mut on_event);
        let until_started = async {
            while !started.get() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = until_started => {}
            _ = build => {}
        }
        // The runtime reaps the child, and the engine notices that nobody listens.
        assert!(started.get());
    });
}
