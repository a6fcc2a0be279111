//! A machine without a Docker engine.

use crate::emulator::Emulator;
use crate::support::{Project, Sandbox};

#[test]
fn a_deployment_without_an_engine() {
    let sandbox = Sandbox::new("simulated").variable("DECKLIFT_SANDBOX_ENGINE", "none");
    let project = Project::example("shop");
    sandbox.run(&project.arguments("plan")).exits(0);
    let aws = Emulator::of(&sandbox);
    let nothing = aws.inventory();

    let first = sandbox.run(&project.arguments("deploy --yes")).exits(0);
    first.says("tasks are simulated").says("placeholder images stand for what would be built");
    sandbox.run("sandbox status").exits(0).prints("engine      none");
    let before = aws.inventory();
    assert_eq!(aws.tasks("shop", "shop-worker").len(), 2);
    sandbox.run(&project.arguments("deploy --yes")).exits(0).says("No changes");
    assert_eq!(aws.inventory(), before);

    project.write("api/message.txt", "Ripe pears tomorrow.\n");
    sandbox.run(&project.arguments("deploy --yes")).exits(0);
    assert_eq!(aws.service("shop", "shop-api").0, "shop-api:2");
    assert_eq!(aws.service("shop", "shop-web").0, "shop-web:1");

    sandbox.run(&project.arguments("down --yes")).exits(0);
    assert_eq!(aws.inventory(), nothing);
}
