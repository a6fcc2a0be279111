//! Files on top of images with real containers: what is mounted, what `configs` say, and a secret
//! that stands elsewhere, read back over HTTP.

use crate::emulator::{Emulator, get};
use crate::support::{Project, Sandbox, engine};

/// `site` is of an image that is only run, `built` of one that is built; both serve their files.
const APP: &str = r#"name: files
services:
  site:
    image: busybox:1.37
    command: httpd -f -p 80 -h /www
    ports: ["8080:80"]
    stop_grace_period: 2s
    stop_signal: SIGINT
    volumes: ["./www:/www:ro", "./extra.conf:/www/extra/a.conf:ro"]
    configs:
      - {source: greeting, target: /www/greeting.txt, mode: 0440}
      - {source: colour, target: /www/colour.txt}
    secrets: [{source: db, target: /www/db.txt}]
  built:
    build: ./image
    entrypoint: []
    command: httpd -f -p 80 -h /www
    ports: ["8081:80"]
    stop_grace_period: 2s
    volumes: ["./extra.conf:/www/conf/extra.conf:ro"]
configs:
  greeting: {content: "hello\n"}
  colour: {environment: COLOUR}
secrets:
  db: {file: db.txt}
"#;

const COLOUR: &str = "c0lour-of-the-shell";

const DOCKERFILE: &str = "FROM busybox:1.37\nRUN mkdir -p /www/conf && echo page > /www/index.html \
    && echo own > /www/conf/own.conf\nENTRYPOINT [\"/bin/false\"]\n";

#[test]
fn mounted_files_configs_and_a_secret_are_where_the_file_says() {
    if !engine("mounted_files_configs_and_a_secret_are_where_the_file_says") {
        return;
    }
    let sandbox = Sandbox::new("assets").variable("COLOUR", COLOUR);
    let project = Project::of(APP);
    for folder in ["www", "image"] {
        std::fs::create_dir(project.path(folder)).expect("a folder");
    }
    project.write("www/index.html", "welcome");
    project.write("extra.conf", "extra");
    project.write("db.txt", "pa55");
    project.write("image/Dockerfile", DOCKERFILE);
    let first = sandbox.run(&project.arguments("deploy --yes")).exits(0);
    let page = |url: &str, path: &str| get(&format!("{url}{path}")).expect("an answer");
    let site = first.url("site");
    for (path, text) in [
        ("/index.html", "welcome"),
        ("/extra/a.conf", "extra"),
        ("/greeting.txt", "hello\n"),
        ("/colour.txt", COLOUR),
        ("/db.txt", "pa55"),
    ] {
        assert_eq!(page(&site, path), (200, text.to_owned()), "{path}");
    }
    let built = first.url("built");
    assert_eq!(page(&built, "/conf/extra.conf").1, "extra");
    assert_eq!(page(&built, "/conf/own.conf").1, "own\n");

    // Nothing changed, so there is nothing to do; and one file is one new revision.
    let plan = sandbox.run(&project.arguments("plan")).exits(0).prints("No changes");
    for told in [&first, &plan] {
        assert!(!told.stdout.contains(COLOUR) && !told.stderr.contains(COLOUR), "{told}");
    }
    let aws = Emulator::of(&sandbox);
    let before = aws.task_definitions();
    project.write("www/index.html", "changed");
    sandbox.run(&project.arguments("deploy --yes")).exits(0);
    assert_eq!(page(&site, "/index.html").1, "changed");
    assert_eq!(aws.task_definitions().difference(&before).count(), 1);
    sandbox.run(&project.arguments("down --yes")).exits(0);
}

/// What is mounted of another image, which need not be one that runs.
const OF_AN_IMAGE: &str = r#"name: files
services:
  site:
    image: busybox:1.37
    command: httpd -f -p 80 -h /srv
    ports: ["8080:80"]
    stop_grace_period: 2s
    x-ecs: {http: {health_check: /pages/passwd}}
    volumes:
      - {type: image, source: "busybox:1.37", target: /srv/pages, read_only: true, image: {subpath: etc}}
"#;

#[test]
fn a_part_of_another_image_is_served() {
    if !engine("a_part_of_another_image_is_served") {
        return;
    }
    let (sandbox, project) = (Sandbox::new("of-image"), Project::of(OF_AN_IMAGE));
    let ran = sandbox.run(&project.arguments("deploy --yes")).exits(0);
    let page = get(&format!("{}/pages/passwd", ran.url("site"))).expect("an answer");
    assert!(page.0 == 200 && page.1.contains("root:"), "{page:?}");
    sandbox.run(&project.arguments("deploy --yes")).exits(0).says("No changes");
    // Another part is another image.
    project.edit("compose.yaml", "subpath: etc", "subpath: nothing");
    let ran = sandbox.run(&project.arguments("deploy --yes"));
    ran.says("nothing is at nothing").says("compose.yaml:10:9");
}

#[test]
fn what_must_not_be_in_an_image_is_refused_before_anything_is_pushed() {
    if !engine("what_must_not_be_in_an_image_is_refused_before_anything_is_pushed") {
        return;
    }
    let sandbox = Sandbox::new("assets-refused");
    let compose = "name: refused\nservices:\n  site:\n    image: busybox:1.37\n    volumes: ['./www:/www:ro']\n";
    let project = Project::of(compose);
    std::fs::create_dir(project.path("www")).expect("a folder");
    std::os::unix::fs::symlink("/etc/passwd", project.path("www/l")).expect("a link");
    let told = sandbox.run(&project.arguments("plan")).exits(3);
    told.says("./www/l is a link to /etc/passwd, which is not mounted with it");
}
