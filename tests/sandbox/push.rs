//! `push` and `images`: images alone, with nothing else of the application.

use serde_json::Value;

use crate::support::{Project, Ran, Sandbox};

/// The images that a `push --output json` ends with.
fn ready(ran: &Ran) -> Vec<Value> {
    let events = ran.stdout.lines().map(|line| serde_json::from_str(line).expect("an event"));
    events.filter(|event: &Value| event["event"] == "image-ready").collect()
}

#[test]
fn images_are_pushed_once_and_nothing_else_is_made() {
    let sandbox = Sandbox::new("push").variable("DECKLIFT_SANDBOX_ENGINE", "none");
    let project = Project::example("shop");
    let folder = project.path("");
    let run = |arguments: &str| sandbox.run_in(&folder, &format!("{arguments} --sandbox"));

    run("push --dry-run").exits(0).prints("Plan: 6 to create");
    run("images").exits(0).prints("not pushed").prints("not ours");

    // One service, and then the others.
    let one = run("push web --tag v1 --output json").exits(0);
    let [web] = &ready(&one)[..] else { panic!("{}", one.stdout) };
    assert_eq!((&web["service"], &web["repository"]), (&"web".into(), &"shop/web".into()));
    assert_eq!(web["pushed"], true);
    let uri = web["uri"].as_str().expect("a URI");
    assert!(uri.ends_with(&format!("shop/web@{}", web["digest"].as_str().expect("a digest"))));
    let all = run("push --output json").exits(0);
    let pushed: Vec<_> =
        ready(&all).iter().map(|i| (i["service"].clone(), i["pushed"].clone())).collect();
    let wanted = [("web", false), ("api", true), ("worker", true)];
    assert_eq!(pushed, wanted.map(|(name, pushed)| (name.into(), pushed.into())));

    // Again there is nothing to do, and the answer is the same.
    let again = run("push --output json").exits(0);
    assert!(again.stdout.contains(r#""outcome":"nothing-to-do""#), "{}", again.stdout);
    assert!(ready(&again).iter().all(|image| image["pushed"] == false));
    assert_eq!(ready(&again)[0]["digest"], web["digest"]);
    run("push").exits(0).prints(uri);

    let images = run("images --output json").exits(0);
    let images: Value = serde_json::from_str(&images.stdout).expect("JSON");
    let web = &images["images"][0];
    assert_eq!(web["stored"]["digest"], ready(&again)[0]["digest"]);
    let tags = web["stored"]["tags"].as_array().expect("tags");
    assert!(tags.contains(&"v1".into()) && tags.contains(&web["tag"]), "{tags:?}");
    assert_eq!(images["images"][2]["own"], false);

    // A deploy pushes nothing any more, and nothing but images was there before.
    let plan = run("plan").exits(0);
    assert!(!plan.stdout.contains("image"), "{}", plan.stdout);
    assert!(plan.stdout.contains("cluster"), "{}", plan.stdout);
    run("push nobody").exits(64);
    run("push --tag .bad").exits(64);
}

#[test]
fn what_a_release_needs_is_marked_where_old_images_go() {
    let sandbox = Sandbox::new("keep").variable("DECKLIFT_SANDBOX_ENGINE", "none");
    let project = Project::example("shop");
    project.write("compose.override.yaml", "x-ecs: {repositories: {keep: 2}}\n");
    let folder = project.path("");
    let run = |arguments: &str| sandbox.run_in(&folder, &format!("{arguments} --sandbox"));
    let tags = |service: &str| -> Vec<String> {
        let ran = run(&format!("images {service} --all --output json")).exits(0);
        let images: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let tags = images["images"][0]["stored"]["tags"].as_array().expect("tags").clone();
        tags.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    run("deploy --yes").exits(0);
    assert!(tags("web").contains(&"release-1".to_owned()), "{:?}", tags("web"));
    // The image of a service that did not change serves the next release, too.
    project.write("web/more.txt", "more\n");
    run("deploy --yes").exits(0);
    assert!(tags("web").contains(&"release-2".to_owned()), "{:?}", tags("web"));
    assert!(!tags("web").contains(&"release-1".to_owned()), "{:?}", tags("web"));
    let api = tags("api");
    assert!(["release-1", "release-2"].iter().all(|tag| api.iter().any(|t| t == tag)), "{api:?}");
    run("plan --exit-code").exits(0);
}

#[test]
fn copies_and_what_is_put_on_images_are_pushed_like_builds() {
    let sandbox = Sandbox::new("copies").variable("DECKLIFT_SANDBOX_ENGINE", "none");
    let project = Project::of(
        "name: app\nservices:\n  web:\n    image: acme/web:1\n    configs: [{source: app, target: /app.conf}]\n  \
         side: {image: acme/side:1, x-ecs: {mirror: true}}\nconfigs: {app: {content: one}}\n",
    );
    let folder = project.path("");
    let run = |arguments: &str| sandbox.run_in(&folder, &format!("{arguments} --sandbox"));
    let first = ready(&run("push --output json").exits(0));
    let names: Vec<_> = first.iter().map(|image| image["service"].clone()).collect();
    assert_eq!(names, ["web", "side"]);
    let images = run("images --output json").exits(0);
    let images: Value = serde_json::from_str(&images.stdout).expect("JSON");
    for (image, ready) in images["images"].as_array().expect("images").iter().zip(&first) {
        assert_eq!(image["stored"]["digest"], ready["digest"], "{image}");
    }
    // Another content is another image; the copy stays.
    project.edit("compose.yaml", "content: one", "content: two");
    let second = ready(&run("push --output json").exits(0));
    let pushed: Vec<_> = second.iter().map(|image| image["pushed"].clone()).collect();
    assert_eq!(pushed, [true, false]);
    run("push --dry-run").exits(0).prints("No changes");
}

/// An image in an OCI layout, as other builders write them.
fn layout(root: &std::path::Path, text: &str) {
    let blobs = root.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).expect("create");
    let blob = |kind: &str, bytes: &[u8]| {
        let digest = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(bytes));
        std::fs::write(blobs.join(&digest), bytes).expect("write");
        let kind = format!("application/vnd.oci.image.{kind}");
        serde_json::json!({"mediaType": kind, "digest": format!("sha256:{digest}"), "size": bytes.len()})
    };
    let mut entries = Vec::new();
    for architecture in ["amd64", "arm64"] {
        let config = serde_json::json!({"architecture": architecture, "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": []}, "config": {"Labels": {"text": text}}});
        let config = blob("config.v1+json", config.to_string().as_bytes());
        let manifest = serde_json::json!({"schemaVersion": 2, "layers": [], "config": config,
            "mediaType": "application/vnd.oci.image.manifest.v1+json"});
        let mut entry = blob("manifest.v1+json", manifest.to_string().as_bytes());
        entry["platform"] = serde_json::json!({"architecture": architecture, "os": "linux"});
        entries.push(entry);
    }
    let index = serde_json::json!({"schemaVersion": 2, "manifests": entries}).to_string();
    std::fs::write(root.join("index.json"), index).expect("write");
}

#[test]
fn images_that_others_made_are_pushed_instead_of_building() {
    let sandbox = Sandbox::new("given").variable("DECKLIFT_SANDBOX_ENGINE", "none");
    let project = Project::of(
        "name: app\nservices:\n  web: {build: web}\n  arm: {build: web, platform: linux/arm64}\n  \
         side: {image: acme/side:1, x-ecs: {mirror: true}}\n  plain: {image: acme/plain:1}\n",
    );
    std::fs::create_dir(project.path("web")).expect("create");
    project.write("web/Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    let folder = project.path("");
    layout(&project.path("out"), "one");
    let manifest = |place: usize| {
        let index = std::fs::read(project.path("out/index.json")).expect("an index");
        let index: Value = serde_json::from_slice(&index).expect("JSON");
        index["manifests"][place]["digest"].clone()
    };
    let run = |arguments: &str| sandbox.run_in(&folder, &format!("{arguments} --sandbox"));
    let all = "push --image web=oci:out --image arm=oci:out --image side=oci:out --output json";
    let first = ready(&run(all).exits(0));
    let digest = |ready: &[Value], service: &str| {
        ready.iter().find(|image| image["service"] == service).expect(service)["digest"].clone()
    };
    // Each task gets the image of its platform.
    assert_eq!(digest(&first, "web"), manifest(0));
    assert_eq!(digest(&first, "arm"), manifest(1));
    assert_eq!(digest(&first, "side"), manifest(0));
    // The same image is pushed once.
    run(all).exits(0).prints(r#""outcome":"nothing-to-do""#);
    layout(&project.path("out"), "two");
    let second = ready(&run(all).exits(0));
    assert_ne!(digest(&second, "web"), digest(&first, "web"));

    let refused = |arguments: &str, code: i32, words: &str| {
        let ran = run(&format!("push {arguments}")).exits(code);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    };
    refused("--image nobody=oci:out", 64, "there is no service `nobody`");
    refused("--image oci:out", 64, "names no service");
    refused("--image web=docker://nginx", 64, "oci-archive:FILE");
    refused("--image plain=oci:out", 64, "x-ecs: {mirror: true}");
    refused("--image web=oci:out --image web=oci:out", 64, "two images are given for web");
    refused("--image web=oci:nowhere", 1, "read the image in nowhere: ");
    std::fs::write(project.path("text"), "no image").expect("write");
    refused("--image web=docker-archive:text", 1, "read the image in text: ");
}
