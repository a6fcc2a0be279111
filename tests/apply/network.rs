//! A VPC of the project's own against the cloud in memory.

use decklift::ecs::desired::{Desired, Kind, ResourceId};
use decklift::plan::{Action, first_deploy};

use super::*;

fn in_own_vpc(vpc: &str) -> Desired {
    project(&format!(
        "x-ecs: {{vpc: {vpc}}}\nservices:\n  web: {{image: 'acme/web:1', ports: ['80:8000']}}\n  \
         worker: {{image: 'acme/worker:1'}}\n"
    ))
}

const VPCS: [&str; 2] = ["{create: true, nat: one, endpoints: true}", "create"];

#[test]
fn nothing_starts_before_its_way_out() {
    for vpc in VPCS {
        let desired = in_own_vpc(vpc);
        let order: Vec<&ResourceId> = first_deploy(&desired)
            .into_iter()
            .filter(|(_, action)| *action != Action::Rollout)
            .map(|(place, _)| desired.resources.get_index(place).expect("one").0)
            .collect();
        let place = |kind: Kind| order.iter().position(|id| id.kind == kind).expect("a step");
        let last = |kind: Kind| order.iter().rposition(|id| id.kind == kind).unwrap_or_default();
        assert!(place(Kind::Subnet) > place(Kind::Vpc));
        assert!(place(Kind::LoadBalancer) > place(Kind::InternetGateway));
        assert!(place(Kind::Service) > last(Kind::RouteTable));
        assert!(place(Kind::Service) > last(Kind::VpcEndpoint));
        if desired.resources.keys().any(|id| id.kind == Kind::NatGateway) {
            assert!(place(Kind::NatGateway) > place(Kind::InternetGateway));
        }
    }
}

#[test]
fn it_is_made_once_and_goes() {
    for vpc in VPCS {
        let cloud = Memory::default();
        let desired = in_own_vpc(vpc);
        assert_eq!(deploy(&cloud, &desired).1, Verdict::Done);
        assert_eq!(plan_again(&cloud, &desired).steps, []);
        assert_eq!(down(&cloud, &desired), Verdict::Done);
        assert_eq!(cloud.bodies(), BTreeMap::new());
    }
}

#[test]
fn killed_at_any_call_the_next_run_goes_on() {
    let desired = in_own_vpc(VPCS[0]);
    let calm = Memory::default();
    deploy(&calm, &desired);
    let calls = calm.calls().len();
    assert!(calls > 20, "{calls}");
    for call in 1..=calls {
        for fault in [Fault::KillBefore(call), Fault::KillAfter(call)] {
            let cloud = Memory::default();
            cloud.set_fault(Some(fault));
            deploy(&cloud, &desired);
            cloud.set_fault(None);
            assert_eq!(deploy(&cloud, &desired).1, Verdict::Done, "{fault:?}");
            assert_eq!(end_state(&cloud), end_state(&calm), "{fault:?}");
            assert_eq!(plan_again(&cloud, &desired).steps, [], "{fault:?}");
        }
    }
}
