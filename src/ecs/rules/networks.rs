//! What networks, and services on them, say beside their names: addresses and interfaces, which
//! AWS hands out itself.

use super::outcome::Outcomes;
use super::security_groups::existing_group;
use crate::compose::model::{AttachmentOption, Network, NetworkAttachment, NetworkOption, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// What a network is on ECS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// A security group.
    Group,
    /// Nothing: those on it are in the network of their instances.
    Instances,
}

impl Reach {
    /// What a network is, as a reason.
    fn why(self) -> &'static str {
        match self {
            Self::Group => "every network on ECS is a security group",
            Self::Instances => "those on it are in the network of their instances",
        }
    }
}

/// Says what of a network does not carry over.
pub(crate) fn describe(name: &str, network: &Network, reach: Reach, out: &mut Output) {
    let Network {
        span,
        name: _, // named
        internal,
        external: _, // named
        driver,
        options,
        security_group: _, // security_groups.rs
        settings: _,
    } = network;
    named(name, network, reach, out);
    if *internal {
        out.say(
            Diagnostic::warning(
                Code::Approximated,
                format!("members of the internal network {name} can reach the Internet"),
            )
            .at(*span, "")
            .help(
                "nothing can come in from the load balancer; images could not be pulled \
                without a way out",
            ),
        );
    }
    if let Some(driver) = driver {
        out.say(driven(driver, reach));
    }
    for option in options {
        let why = match option.value {
            NetworkOption::Attachable if reach == Reach::Group => {
                "whoever carries its security group is on it"
            }
            NetworkOption::Attachable | NetworkOption::DriverOpts => reach.why(),
            NetworkOption::EnableIpv4 | NetworkOption::EnableIpv6 | NetworkOption::Ipam => {
                "addresses are those of the subnets: `x-ecs.subnets` names them"
            }
            NetworkOption::Labels => "`x-ecs.tags` at the top level says what everything carries",
        };
        let message = format!("a network's `{}` has no effect on ECS", option.value.as_str());
        out.say(Diagnostic::note(Code::Ignored, message).at(option.span, "").help(why));
    }
}

/// Says what the name of a network, and that it is somebody else's, does not mean here.
fn named(name: &str, network: &Network, reach: Reach, out: &mut Output) {
    let exists = existing_group(network).is_some();
    if network.external && !exists && reach == Reach::Instances {
        let message = format!("the external network {name} has nothing that stands for it");
        out.say(
            Diagnostic::warning(Code::Approximated, message)
                .at(network.span, "")
                .help("those on it are in the network of their instances: others reach them there"),
        );
    } else if network.external && !exists {
        let message =
            format!("the external network {name} becomes a security group of the project");
        out.say(Diagnostic::warning(Code::Approximated, message).at(network.span, "").help(
            "what others put on it is not reached: name a group that they carry, too, with \
                `x-ecs: {security_group: sg-…}` at the network",
        ));
    } else if let Some(outside) = network.name.as_ref().filter(|_| !exists) {
        out.say(
            Diagnostic::note(Code::Ignored, "a network's `name` has no effect on ECS")
                .at(outside.span, "")
                .help(match reach {
                    Reach::Group => {
                        "the network becomes a security group that is named after its key"
                    }
                    Reach::Instances => reach.why(),
                }),
        );
    }
}

fn driven(driver: &Located<String>, reach: Reach) -> Diagnostic {
    let message = format!("the network driver {:?} has no effect on ECS", driver.value);
    let help = reach.why();
    match driver.value.as_str() {
        "bridge" | "overlay" | "default" => Diagnostic::note(Code::Ignored, message).help(help),
        // `macvlan`, say, puts containers on the network of the house.
        _ => Diagnostic::warning(Code::Ignored, message)
            .help(format!("{help}, and tasks have addresses of the VPC's subnets")),
    }
    .at(driver.span, "")
}

/// Says what of a service's places in networks does not carry over.
pub(crate) fn check(service: &Service, out: &mut Output) {
    let mut outcomes = Outcomes::new(service, out);
    for attachment in service.networks.values() {
        // The aliases are discovery.rs's.
        let NetworkAttachment { span: _, aliases: _, options } = attachment;
        for option in options {
            let why = match option.value {
                AttachmentOption::Ipv4Address
                | AttachmentOption::Ipv6Address
                | AttachmentOption::LinkLocalIps
                | AttachmentOption::MacAddress => {
                    "every task gets an address of its own: others reach the service by name"
                }
                AttachmentOption::InterfaceName
                | AttachmentOption::Priority
                | AttachmentOption::GwPriority
                | AttachmentOption::DriverOpts => {
                    "a Fargate task has one network interface, whatever its networks are"
                }
            };
            let message = format!("`{}` has no effect on ECS", option.value.as_str());
            outcomes.ignored(option.span, message, why);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{at, facts, loud, project, run, service};
    use crate::ecs::translate;

    #[test]
    fn addresses_and_interfaces_are_noted() {
        let mut web = service("web", "acme/web:1");
        web.networks["default"].options = AttachmentOption::ALL.map(at).to_vec();
        let done = run(vec![web]).diagnostics;
        assert_eq!((loud(&done), done.len()), (vec![], AttachmentOption::ALL.len()));
    }

    #[test]
    fn how_docker_makes_a_network_is_noted() {
        let said = |change: &dyn Fn(&mut Network)| {
            let mut project = project(vec![service("web", "acme/web:1")]);
            change(&mut project.networks["default"]);
            let done = translate(&project, None, &facts()).diagnostics;
            (loud(&done), done.len())
        };
        let options = NetworkOption::ALL.map(at).to_vec();
        assert_eq!(said(&|network| network.options.clone_from(&options)), (vec![], options.len()));
        let driver =
            |name: &str| said(&|network: &mut Network| network.driver = Some(at(name.to_owned())));
        assert_eq!(driver("bridge"), (vec![], 1));
        assert_eq!(driver("macvlan"), (vec![(Severity::Warning, Code::Ignored)], 1));
        assert_eq!(
            said(&|network| network.external = true),
            (vec![(Severity::Warning, Code::Approximated)], 1)
        );
    }
}
