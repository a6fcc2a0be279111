use crate::support::{Case, messages};

const A: &str = "services:\n  web: {image: a}\n";
const B: &str = "services:\n  web: {image: b}\n";

/// The image of `web` and the project's name.
fn image(case: &Case) -> (String, String) {
    let loaded = case.load();
    assert!(!loaded.diagnostics.has_errors(), "{}", case.drawn());
    let project = loaded.project.expect("a project");
    let image = project.services["web"].image.as_ref().expect("an image").value.clone();
    (image, project.name)
}

fn pair(image: &str, name: &str) -> (String, String) {
    (image.into(), name.into())
}

#[test]
fn the_usual_names_are_found_upwards_with_their_override() {
    let mut case = Case::new(&[("compose.yml", A), ("sub/dir/x", "")]);
    case.options.cwd = case.path("sub/dir");
    assert_eq!(image(&case), pair("a", "app"));
    case.write("../../docker-compose.override.yaml", B.as_bytes());
    assert_eq!(image(&case), pair("b", "app"));
}

#[test]
fn several_usual_names_are_a_warning() {
    let case = Case::new(&[("compose.yaml", A), ("docker-compose.yml", B)]);
    assert_eq!(image(&case), pair("a", "app"));
    assert_eq!(
        messages(&case.load()),
        [
            "warning several-files: there is more than one compose file; `compose.yaml` is used, `docker-compose.yml` is not"
        ]
    );
}

#[test]
fn named_files_take_no_override() {
    let case = Case::new(&[("x/a.yaml", A), ("x/compose.override.yaml", B)]).file("x/a.yaml");
    assert_eq!(image(&case), pair("a", "x"));
}

#[test]
fn compose_file_names_files() {
    let case = Case::new(&[("a.yaml", A), ("b.yaml", B)]).variable("COMPOSE_FILE", "a.yaml:b.yaml");
    assert_eq!(image(&case), pair("b", "app"));
    let case = Case::new(&[("a.yaml", A), ("b.yaml", B)])
        .variable("COMPOSE_FILE", "b.yaml;a.yaml")
        .variable("COMPOSE_PATH_SEPARATOR", ";");
    assert_eq!(image(&case), pair("a", "app"));
    let case = Case::new(&[("a.yaml", A), (".env", "COMPOSE_FILE=a.yaml\n")]);
    assert_eq!(image(&case), pair("a", "app"));
}

#[test]
fn standard_input() {
    let mut case = Case::new(&[("x", "")]).file("-");
    case.options.stdin = Some(A.into());
    assert_eq!(image(&case), pair("a", "app"));
    case.options.stdin = Some("services: [".into());
    assert!(case.drawn().contains("<stdin>:1:"), "{}", case.drawn());
}

#[test]
fn an_environment_adds_its_file_and_leaves_the_name_alone() {
    let mut case = Case::new(&[("compose.yaml", A), ("compose.prod.yaml", B)]);
    case.options.environment_name = Some("prod".into());
    assert_eq!(image(&case), pair("b", "app"));
    case.options.environment_name = Some("test".into());
    assert_eq!(image(&case), pair("a", "app"));
    case.write("compose.override.yaml", b"services:\n  web: {image: c, user: u}\n");
    case.options.environment_name = Some("prod".into());
    assert_eq!(image(&case), pair("b", "app"));
}

#[test]
fn the_name_has_four_sources() {
    let named = format!("name: ${{N:-My Shop}}\n{A}");
    let case = Case::new(&[("compose.yaml", &named)]);
    assert_eq!(image(&case).1, "myshop");
    let case = case.variable("COMPOSE_PROJECT_NAME", "from_env");
    assert_eq!(image(&case).1, "from_env");
    let mut case = case;
    case.options.project_name = Some("given".into());
    assert_eq!(image(&case).1, "given");
    case.options.project_name = Some("Not Good".into());
    insta::assert_snapshot!(case.drawn(), @r"
    error[invalid-project-name]: `-p` gives the invalid project name `Not Good`
     |
     = help: a project name has lower-case letters, digits, `-` and `_`, and starts with a letter or digit; `notgood` would do

    1 error
    ");
    let case =
        Case::new(&[("compose.yaml", "services:\n  web: {image: \"a${COMPOSE_PROJECT_NAME}\"}\n")]);
    assert_eq!(image(&case), pair("aapp", "app"));
}

#[test]
fn the_project_directory_is_what_paths_are_relative_to() {
    let text = "services:\n  web: {image: a, build: ./ctx}\n";
    let mut case = Case::new(&[("sub/compose.yaml", text)]).file("sub/compose.yaml");
    let context = |case: &Case| {
        let project = case.load().project.expect("a project");
        project.services["web"].build.as_ref().expect("a build").value.context.value.clone()
    };
    assert_eq!(context(&case), case.path("sub/ctx"));
    case.options.project_directory = Some("other".into());
    assert_eq!(context(&case), case.path("other/ctx"));
}

#[test]
fn profiles_choose_services() {
    let text = "services:\n  web: {image: a}\n  db: {image: a, profiles: [db, all]}\n  debug: {image: a, profiles: [debug]}\n";
    let names = |case: Case| -> Vec<String> {
        let project = case.load().project.expect("a project");
        project.services.keys().cloned().collect()
    };
    let case = || Case::new(&[("compose.yaml", text)]);
    assert_eq!(names(case()), ["web"]);
    assert_eq!(names(case().profile("db")), ["web", "db"]);
    assert_eq!(names(case().profile("*")), ["web", "db", "debug"]);
    assert_eq!(names(case().variable("COMPOSE_PROFILES", "all, debug")), ["web", "db", "debug"]);
}
