//! Compose files that can be read, and say what cannot be deployed.

use insta::assert_snapshot;

use crate::support::Project;

#[test]
fn misspelt_key() {
    assert_snapshot!(Project::web("    comand: sleep 1\n").refused());
}

#[test]
fn wrong_type() {
    assert_snapshot!(Project::web("    ports: 8080\n    environment: [1]\n").refused());
}

#[test]
fn required_variable_missing() {
    assert_snapshot!(Project::web("    user: \"${WEB_USER:?say who runs it}\"\n").refused());
}

#[test]
fn undefined_references() {
    let project = Project::web(
        "    depends_on: [databse]\n    networks: [backend]\n    volumes: [\"data:/data\"]\n  \
         database:\n    image: busybox:1.37\n",
    );
    assert_snapshot!(project.refused());
}

#[test]
fn cycle() {
    let project = Project::web(
        "    depends_on: [api]\n  api:\n    image: busybox\n    depends_on: [store]\n  store:\n    \
         image: busybox\n    depends_on: [web]\n",
    );
    assert_snapshot!(project.refused());
}

#[test]
fn neither_image_nor_build() {
    assert_snapshot!(Project::of("services:\n  web:\n    command: sleep 1\n").refused());
}

#[test]
fn impossible_size() {
    let project = Project::web(
        "    deploy:\n      resources:\n        limits:\n          cpus: \"64\"\n          \
         memory: 900G\n",
    );
    assert_snapshot!(project.refused());
}

#[test]
fn unsupported_attributes() {
    let project = Project::web(
        "    privileged: true\n    secrets: [key]\n    extends: {service: base}\n\
         secrets:\n  key: {file: key.txt}\n",
    );
    assert_snapshot!(project.refused());
}

#[test]
fn several_faults() {
    let project = Project::of(
        "services:\n  web:\n    imge: busybox\n    ports: [\"eighty\"]\n    cap_add: [NET_ADMIN]\n  \
         api:\n    image: busybox\n    healthcheck: {test: \"true\", interval: 5parsecs}\n    \
         networks: [back]\n  store:\n    build: ./store\n",
    );
    assert_snapshot!(project.refused());
}

#[test]
fn faults_in_two_files() {
    let project = Project::web("    cpus: lots\n")
        .file("compose.prod.yaml", "services:\n  web:\n    mem_limit: more\n");
    assert_snapshot!(project.refused_with("--environment prod"));
}

#[test]
fn build_context_missing() {
    assert_snapshot!(Project::of("services:\n  web:\n    build: ./wbe\n").refused());
}

#[test]
fn what_is_built_and_missing_at_home_converts() {
    let project = Project::of("services:\n  web:\n    build: ./wbe\n  api:\n    build: ./api\n");
    let project = project.file("api/readme", "");
    assert_snapshot!(project.run("convert -o out"));
}

#[test]
fn build_context_is_a_file() {
    let project = Project::of("services:\n  web:\n    build: ./web\n").file("web", "");
    assert_snapshot!(project.refused());
}

#[test]
fn dockerfile_missing() {
    let project = Project::of("services:\n  web:\n    build: ./web\n").file("web/readme", "");
    assert_snapshot!(project.refused());
}

#[test]
fn named_dockerfile_missing() {
    let compose = "services:\n  web:\n    build:\n      context: ./web\n      \
                   dockerfile: Dockerfile.prod\n";
    assert_snapshot!(Project::of(compose).file("web/Dockerfile", "FROM scratch\n").refused());
}

#[test]
fn env_file_missing() {
    assert_snapshot!(Project::web("    env_file: web.env\n").refused());
}

#[test]
fn warnings_are_errors_when_strict() {
    let project = Project::web("    container_name: web\n    restart: \"no\"\n");
    assert_snapshot!(project.refused_with("--strict"));
}

#[test]
fn as_json() {
    let project = Project::web("    comand: sleep 1\n    privileged: true\n");
    assert_snapshot!(project.refused_with("--output json"));
}

#[test]
fn as_json_with_whom_it_concerns() {
    let compose = "services:\n  a: {image: \"a:1\", networks: [n]}\n  b: {image: \"b:1\", networks: [n]}\n  \
                   c: {image: \"c:1\", privileged: true}\nnetworks: {n: {driver: macvlan}}\n";
    let said = Project::of(compose).refused_with("--output json");
    let concerned = "\"service\":null,\"services\":[\"a\",\"b\"],\"severity\":\"warning\"";
    assert!(said.contains(concerned), "{said}");
    assert!(said.contains("\"service\":\"c\",\"services\":[\"c\"]"), "{said}");
}

/// The line of a key of a secret is shown; the file's other lines are not.
#[test]
fn coloured_when_asked() {
    assert_snapshot!(Project::web("    comand: sleep 1\n").refused_with("--color always"));
}

#[test]
fn quiet_still_tells_of_faults() {
    assert_snapshot!(Project::web("    comand: sleep 1\n").refused_with("--quiet"));
}
