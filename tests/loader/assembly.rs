//! Projects of several files: `extends`, `include`, documents, `!reset`. The values are those of
//! docker compose 2.40.3.

use decklift::compose::model::MountKind;
use decklift::compose::{ConfigForm, canonical};

use crate::support::{Case, messages};

fn config(case: &Case) -> serde_json::Value {
    let loaded = case.load();
    assert!(!loaded.diagnostics.has_errors(), "{}", case.drawn());
    canonical(&loaded, ConfigForm::Json).expect("a project")
}

#[test]
fn extends_across_files_keeps_each_file_s_directory() {
    let case = Case::new(&[
        (
            "compose.yaml",
            "services:\n  web:\n    extends: {file: a/one.yaml, service: web}\n    environment: {Z: 1}\n",
        ),
        (
            "a/one.yaml",
            "services:\n  web:\n    extends: {file: b/two.yaml, service: base}\n    build: ./ctx\n    env_file: e.env\n",
        ),
        (
            "a/b/two.yaml",
            "services:\n  base:\n    image: \"x:${TAG:-1}\"\n    env_file: [e.env]\n    volumes: [\"./d:/d:ro\"]\n    command: [a]\n",
        ),
        ("a/e.env", "A=1\n"),
        ("a/b/e.env", "A=0\nB=1\n"),
    ]);
    let loaded = case.load();
    assert!(!loaded.diagnostics.has_errors(), "{}", case.drawn());
    let web = &loaded.project.as_ref().expect("a project").services["web"];
    assert_eq!(web.image.as_ref().expect("an image").value, "x:1");
    assert_eq!(web.build.as_ref().expect("a build").value.context.value, case.path("a/ctx"));
    assert_eq!(web.mounts[0].value.kind, MountKind::Bind(case.path("a/b/d")));
    let values: Vec<_> = web.environment.iter().map(|(k, v)| format!("{k}={}", v.value)).collect();
    assert_eq!(values, ["A=1", "B=1", "Z=1"]);
    assert!(loaded.sources.place(web.mounts[0].span).starts_with("a/b/two.yaml:5:"));
}

#[test]
fn extends_resets_and_replaces() {
    let case = Case::new(&[(
        "compose.yaml",
        "services:\n  base: {image: x, ports: [\"80:80\"], environment: {A: 1, B: 2}, labels: {l: 1}}\n  web:\n    extends: base\n    ports: !override [\"81:81\"]\n    environment: {A: !reset null}\n    labels: !reset {}\n",
    )]);
    let web = &config(&case)["services"]["web"];
    assert_eq!(web["ports"][0]["target"], 81);
    assert_eq!(web["environment"], serde_json::json!({"B": "2"}));
    assert!(web.get("labels").is_none(), "{web}");
}

#[test]
fn what_cannot_be_extended_is_located() {
    let case = Case::new(&[
        (
            "compose.yaml",
            "services:\n  base: {image: x}\n  a: {extends: bse}\n  b: {extends: {file: o.yaml, service: x}}\n  c: {extends: {file: nope.yaml, service: x}}\n  d: {extends: d}\n  e: {extends: {file: o.yaml, service: loop}}\n  f: {extends: {file: \"https://x/y.yaml\", service: z}}\n  g: {extends: {file: o.yaml}}\n",
        ),
        (
            "o.yaml",
            "services:\n  xx: {image: a}\n  loop: {extends: {file: compose.yaml, service: e}}\n",
        ),
    ]);
    insta::assert_snapshot!(case.drawn());
}

#[test]
fn an_included_project_has_its_own_directory_and_variables() {
    let case = Case::new(&[
        (
            "compose.yaml",
            "include: [sub/c.yaml]\nservices: {web: {image: \"x:${V}-${W:-none}\", depends_on: [db]}}\n",
        ),
        (
            "sub/c.yaml",
            "services:\n  db: {image: \"db:${V}-${W}\", build: {dockerfile: D}, environment: [W, N], volumes: [\"./d:/d\"]}\nnetworks: {n: }\nx-foo: 1\nname: other\n",
        ),
        ("sub/.env", "V=sub\nW=subw\n"),
        (".env", "V=top\n"),
    ]);
    let out = config(&case);
    assert_eq!(out["name"], "app");
    assert_eq!(out["services"]["web"]["image"], "x:top-none");
    let db = &out["services"]["db"];
    assert_eq!(db["image"], "db:top-subw");
    assert_eq!(db["environment"], serde_json::json!({"W": "subw", "N": null}));
    assert_eq!(db["build"]["context"], case.path("sub").to_string_lossy().as_ref());
    assert_eq!(db["volumes"][0]["source"], case.path("sub/d").to_string_lossy().as_ref());
    assert!(out.get("x-foo").is_none());
}

#[test]
fn an_entry_of_include_may_say_more() {
    let case = Case::new(&[
        (
            "compose.yaml",
            "include:\n  - path: [sub/c.yaml, sub/o.yaml]\n    project_directory: pd\n    env_file: [one.env, two.env]\n",
        ),
        ("pd/x", ""),
        ("sub/c.yaml", "services: {db: {image: \"db:${A}-${B}\", build: ., ports: [\"80:80\"]}}\n"),
        ("sub/o.yaml", "services: {db: {build: {args: [X=1]}, ports: [\"81:81\"]}}\n"),
        ("one.env", "A=1\nB=1\n"),
        ("two.env", "B=2${A}\n"),
    ]);
    let db = &config(&case)["services"]["db"];
    assert_eq!(db["image"], "db:1-21");
    assert_eq!(db["build"]["context"], case.path("pd").to_string_lossy().as_ref());
    assert_eq!(db["build"]["args"]["X"], "1");
    assert_eq!(db["ports"].as_array().map(Vec::len), Some(2));
}

#[test]
fn the_same_resource_may_be_included_twice_but_not_two_of_one_name() {
    let shared = "services: {c: {image: a, ports: [\"80:80\"]}}\n";
    let case = Case::new(&[
        ("compose.yaml", "include: [a.yaml, b.yaml]\n"),
        ("a.yaml", "include: [s/c.yaml]\n"),
        ("b.yaml", "include: [s/c.yaml]\n"),
        ("s/c.yaml", shared),
    ]);
    assert!(!case.load().diagnostics.has_errors(), "{}", case.drawn());
    let case = Case::new(&[
        ("compose.yaml", "include: [a.yaml, b.yaml]\n"),
        ("a.yaml", "services: {x: {image: a}}\n"),
        ("b.yaml", "services: {x: {image: b}}\n"),
    ]);
    insta::assert_snapshot!("include_conflict", case.drawn());
}

#[test]
fn what_cannot_be_included_is_located() {
    let case = Case::new(&[
        (
            "compose.yaml",
            "include: [nope.yaml, \"oci://x/y\", dir, a.yaml, {path: b.yaml, env_file: no.env}, {pth: b.yaml}, 1]\nservices: {w: {image: x, depends_on: [unknown]}}\n",
        ),
        ("dir/x", ""),
        ("a.yaml", "include:\n  - compose.yaml\n"),
        ("b.yaml", "services: {}\n"),
    ]);
    insta::assert_snapshot!("include_faults", case.drawn());
}

#[test]
fn files_that_include_each_other_ever_more_often_are_stopped() {
    let text =
        |at: usize| format!("include: [{{path: f{0}.yaml}}, {{path: ./f{0}.yaml}}]\n", at + 1);
    let files: Vec<(String, String)> =
        (0..30).map(|at| (format!("f{at}.yaml"), text(at))).collect();
    let mut files: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    files.push(("f30.yaml", "services: {a: {image: x}}\n"));
    let case = Case::new(&files).file("f0.yaml");
    let found = messages(&case.load());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("error too-many-files:"), "{found:?}");
}

#[test]
fn documents_of_one_file_are_merged_like_files() {
    let case = Case::new(&[(
        "compose.yaml",
        "name: one\nservices: {web: {image: x, ports: [\"80:80\"], environment: [A=1]}}\n---\nname: two\nservices: {web: {ports: [\"81:81\"], environment: {A: 2}, labels: [l=1]}}\n---\nservices: {web: {labels: !reset }}\n",
    )]);
    let out = config(&case);
    assert_eq!(out["name"], "two");
    let web = &out["services"]["web"];
    assert_eq!(web["ports"].as_array().map(Vec::len), Some(2));
    assert_eq!(web["environment"]["A"], "2");
    assert!(web.get("labels").is_none());
}

#[test]
fn an_empty_file_changes_nothing_and_alone_is_none() {
    let text = "services: {web: {image: x}}\n";
    for empty in ["", "# nothing\n", "{}\n"] {
        let case = Case::new(&[("a.yaml", text), ("b.yaml", empty)]).file("a.yaml").file("b.yaml");
        assert!(case.load().diagnostics.is_empty(), "{}", case.drawn());
        let case = Case::new(&[("compose.yaml", empty)]);
        assert_eq!(messages(&case.load()).len(), 1, "{}", case.drawn());
    }
    let case = Case::new(&[("compose.yaml", "networks: {n: }\n")]);
    assert!(!case.load().diagnostics.has_errors());
    assert!(case.load().outcomes.has_errors());
}

#[test]
fn a_file_may_be_included_by_the_one_that_is_merged_over_it() {
    let case = Case::new(&[
        ("a.yaml", "services:\n  web: {image: a}\n"),
        ("b.yaml", "include: [a.yaml]\nservices:\n  db: {image: b}\n"),
    ]);
    let out = config(&case.file("a.yaml").file("b.yaml"));
    let names: Vec<_> = out["services"].as_object().expect("services").keys().collect();
    assert_eq!(names, ["db", "web"]);
}

#[test]
fn the_caller_s_own_pwd_counts() {
    let file = "services: {web: {image: \"x:${PWD}\"}}\n";
    let loaded = Case::new(&[("compose.yaml", file)]).variable("PWD", "w").load();
    let project = loaded.project.expect("a project");
    let image = project.services["web"].image.as_ref().expect("an image");
    assert_eq!(image.value, "x:w");
}
