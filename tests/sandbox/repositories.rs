//! `x-ecs.repositories`: made as the file says, or one that is there already for all images.

use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::support::{Project, Sandbox};

fn ecr(sandbox: &Sandbox, action: &str, body: &Value) -> Value {
    let target = format!("AmazonEC2ContainerRegistry_V20150921.{action}");
    Emulator::of(sandbox).json("ecr", &target, body)
}

fn repository(sandbox: &Sandbox, name: &str) -> Value {
    let answer = ecr(sandbox, "DescribeRepositories", &json!({"repositoryNames": [name]}));
    answer["repositories"][0].clone()
}

/// All tags in a repository, sorted.
fn tags(sandbox: &Sandbox, name: &str) -> Vec<String> {
    let answer = ecr(sandbox, "DescribeImages", &json!({"repositoryName": name}));
    let images = answer["imageDetails"].as_array().expect("images").iter();
    let tags = images.flat_map(|image| image["imageTags"].as_array().cloned().unwrap_or_default());
    let mut tags: Vec<String> = tags.filter_map(|tag| Some(tag.as_str()?.to_owned())).collect();
    tags.sort();
    tags
}

#[test]
fn repositories_are_made_as_the_file_says_and_follow_it() {
    let sandbox = Sandbox::new("settings").variable("DECKLIFT_SANDBOX_ENGINE", "none");
    let project = Project::of(
        "name: app\nx-ecs:\n  repositories: {prefix: team, keep: 3, scan: false, immutable: true, kms_key: \
         alias/images}\nservices:\n  web: {image: acme/web:1, x-ecs: {mirror: true}}\n",
    );
    let folder = project.path("");
    let run = |arguments: &str| sandbox.run_in(&folder, &format!("{arguments} --sandbox"));
    let name = "team/app/web";
    run("push --tag v1").exits(0);
    let found = repository(&sandbox, name);
    assert_eq!(found["imageTagMutability"], "IMMUTABLE");
    // The SDK leaves out what is false.
    assert_ne!(found["imageScanningConfiguration"]["scanOnPush"], true);
    assert_eq!(found["encryptionConfiguration"]["encryptionType"], "KMS");
    assert_eq!(found["encryptionConfiguration"]["kmsKey"], "alias/images");
    let policy = ecr(&sandbox, "GetLifecyclePolicy", &json!({"repositoryName": name}));
    let policy = policy["lifecyclePolicyText"].as_str().expect("a policy").to_owned();
    let rules: Value = serde_json::from_str(&policy).expect("JSON");
    assert_eq!(rules["rules"][1]["selection"]["countNumber"], 3);

    // Tags that never move: the same image again, a release's mark, and another image.
    run("push --tag v1").exits(0);
    run("deploy --yes").exits(0).does_not_say("could not be marked");
    assert!(tags(&sandbox, name).contains(&"release-1".to_owned()));
    project.edit("compose.yaml", "acme/web:1", "acme/web:2");
    run("push --tag v1").exits(1).says("the tag v1 names another image in team/app/web");
    run("push --tag v2").exits(0);
    run("deploy --yes").exits(0).does_not_say("could not be marked");
    assert!(tags(&sandbox, name).contains(&"release-2".to_owned()));
    run("plan --exit-code").exits(0);

    // What may change changes in place.
    project.edit("compose.yaml", "keep: 3, scan: false, immutable: true", "keep: 4");
    run("plan").exits(0).prints("imageTagMutability: IMMUTABLE -> MUTABLE");
    run("deploy --yes").exits(0);
    let found = repository(&sandbox, name);
    assert_eq!(found["imageTagMutability"], "MUTABLE");
    assert_eq!(found["imageScanningConfiguration"]["scanOnPush"], true);
    let after = ecr(&sandbox, "GetLifecyclePolicy", &json!({"repositoryName": name}));
    assert_ne!(after["lifecyclePolicyText"].as_str().expect("a policy"), policy);
    run("push --tag v1").exits(0);
    run("plan --exit-code").exits(0);
}

#[test]
fn one_repository_that_is_there_holds_all_images_and_stays() {
    let sandbox = Sandbox::new("existing").variable("DECKLIFT_SANDBOX_ENGINE", "none");
    let project = Project::of(
        "name: app\nx-ecs: {repositories: {existing: app/images}}\nservices:\n  web: {image: acme/web:1, x-ecs: \
         {mirror: true}}\n  api: {image: acme/api:1, x-ecs: {mirror: true}}\n  twin: {image: acme/api:1, x-ecs: \
         {mirror: true}}\n",
    );
    let folder = project.path("");
    let run = |arguments: &str| sandbox.run_in(&folder, &format!("{arguments} --sandbox"));
    for command in ["plan", "push"] {
        run(command).exits(3).says("there is no repository app/images");
    }
    ecr(&sandbox, "CreateRepository", &json!({"repositoryName": "app/images"}));
    let policy = json!({"repositoryName": "app/images", "lifecyclePolicyText": "{\"rules\": []}"});
    ecr(&sandbox, "PutLifecyclePolicy", &policy);
    let before = repository(&sandbox, "app/images");

    run("push --tag v1").exits(0).prints("app/images@sha256:");
    let there = tags(&sandbox, "app/images");
    for tag in ["web-v1", "api-v1", "twin-v1"] {
        assert!(there.contains(&tag.to_owned()), "{there:?}");
    }
    // Two services have one image: the name of what makes it.
    let own = there.iter().filter(|tag| tag.starts_with("decklift-copy-")).count();
    assert_eq!(own, 2, "{there:?}");
    run("deploy --yes").exits(0);
    run("plan --exit-code").exits(0);
    run("images").exits(0).prints("app/images");
    run("down --yes --all").exits(0);
    assert_eq!(repository(&sandbox, "app/images"), before);
    assert_eq!(tags(&sandbox, "app/images"), there);
    let after = ecr(&sandbox, "GetLifecyclePolicy", &json!({"repositoryName": "app/images"}));
    assert_eq!(after["lifecyclePolicyText"], policy["lifecyclePolicyText"]);
}
