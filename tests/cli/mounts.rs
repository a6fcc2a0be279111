//! What is mounted from this machine, and what `check` and `plan` say about it.

use insta::assert_snapshot;

use crate::support::Project;

const MOUNTS: &str = "    volumes:\n      - ./site.conf:/etc/site.conf:ro\n      - \
                      ./gone.conf:/etc/gone.conf:ro\n      - ./things:/things\n";

fn project() -> Project {
    Project::web(MOUNTS).file("site.conf", "x").file("things/a", "x")
}

#[test]
fn check_warns_of_what_a_deploy_needs() {
    assert_snapshot!(project().run("check"));
}

#[test]
fn plan_refuses_what_cannot_be_deployed_before_anything_is_asked() {
    assert_snapshot!(project().run("plan"));
}

#[test]
fn keys_do_not_go_into_images() {
    let key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n";
    let project = Project::web("    volumes: [\"./tls:/etc/tls:ro\"]\n").file("tls/a.pem", key);
    assert_snapshot!(project.refused());
}
