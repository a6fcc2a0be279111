//! Subnets and security groups that are named.

use super::finding::{Finding, Named};
use crate::ecs::facts::{SubnetFacts, WayOut};

const CHECK: &str = "network";

fn at(finding: Finding, place: Option<&Named>) -> Finding {
    match place {
        Some(named) => finding.of(named),
        None => finding,
    }
}

/// Judges the subnets that tasks run in: whether images can be pulled there. `endpoints` are those of the
/// VPC, by which tasks reach AWS without the Internet.
#[must_use]
pub fn ways_out(
    used: &[SubnetFacts],
    endpoints: &[String],
    place: Option<&Named>,
) -> Option<Finding> {
    let closed: Vec<&str> = closed(used).map(|subnet| subnet.id.as_str()).collect();
    if closed.is_empty() {
        return None;
    }
    // Amazon ECR user guide, "Amazon ECR interface VPC endpoints": what Fargate tasks need to pull.
    let missing: Vec<&str> = ["ecr.api", "ecr.dkr", "s3", "logs"]
        .into_iter()
        .filter(|name| !endpoints.iter().any(|there| there.ends_with(&format!(".{name}"))))
        .collect();
    if missing.is_empty() {
        let message = format!(
            "{} reach AWS by the VPC's endpoints alone: images must stand in ECR",
            closed.join(", ")
        );
        return Some(at(Finding::note(CHECK, message), place));
    }
    let message = format!(
        "{} {} no route to the Internet, and the VPC lacks endpoints for {}",
        closed.join(", "),
        if closed.len() == 1 { "has" } else { "have" },
        missing.join(", ")
    );
    let finding = Finding::failure(CHECK, message).help(
        "tasks there could not pull their images or write logs: name other subnets in \
         x-ecs.subnets, or give them a NAT gateway, or make the endpoints (with `secretsmanager` and \
         `ssm`, where secrets are read)",
    );
    Some(at(finding, place))
}

/// The subnets that no route leads out of.
pub fn closed(used: &[SubnetFacts]) -> impl Iterator<Item = &SubnetFacts> {
    used.iter().filter(|subnet| subnet.way_out == WayOut::None)
}

/// Judges whether the subnets have an address for each of so many tasks.
#[must_use]
pub fn room(used: &[SubnetFacts], tasks: i32, place: Option<&Named>) -> Option<Finding> {
    let free: i64 = used.iter().map(|subnet| i64::from(subnet.free)).sum();
    if used.is_empty() || free >= i64::from(tasks) {
        return None;
    }
    let message = format!("the subnets have {free} free addresses, and a rollout needs {tasks}");
    let help = "name further subnets in x-ecs.subnets: each task takes an address of its own";
    Some(at(Finding::failure(CHECK, message).help(help), place))
}

/// Both; where neither finds fault, that is said.
#[must_use]
pub fn subnets(
    used: &[SubnetFacts],
    endpoints: &[String],
    tasks: i32,
    place: Option<&Named>,
) -> Vec<Finding> {
    let found = [ways_out(used, endpoints, place), room(used, tasks, place)];
    let mut found: Vec<Finding> = found.into_iter().flatten().collect();
    if found.is_empty() {
        let zones: std::collections::BTreeSet<&str> =
            used.iter().map(|subnet| subnet.zone.as_str()).collect();
        let message = format!("{} subnets in {} zones lead out", used.len(), zones.len());
        found.push(Finding::ok(CHECK, message));
    }
    found
}

/// A security group as EC2 has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLook {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
}

/// Judges the security groups that are named.
#[must_use]
pub fn groups(named: &[Named], looks: &[GroupLook], vpc: &str) -> Vec<Finding> {
    const CHECK: &str = "security-groups";
    let judge = |named: &Named| match looks.iter().find(|look| look.id == named.text) {
        None => Finding::failure(CHECK, format!("there is no security group {}", named.text))
            .help("correct the id: `aws ec2 describe-security-groups` lists those of the region"),
        Some(look) if look.vpc != vpc => {
            let message = format!("{} is in {}, and tasks run in {vpc}", named.text, look.vpc);
            Finding::failure(CHECK, message)
                .help("name a group of that VPC, or the group's VPC in x-ecs.vpc")
        }
        Some(_) => Finding::ok(CHECK, format!("{} is in {vpc}", named.text)),
    };
    named.iter().map(|named| judge(named).of(named)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    fn subnet(id: &str, way_out: WayOut, free: i32) -> SubnetFacts {
        SubnetFacts { id: id.to_owned(), zone: format!("{id}-zone"), way_out, free }
    }

    fn levels(found: &[Finding]) -> Vec<Level> {
        found.iter().map(|finding| finding.level).collect()
    }

    #[test]
    fn tasks_need_a_way_out_or_endpoints() {
        let closed = [subnet("a", WayOut::None, 9), subnet("b", WayOut::Private, 9)];
        let found = subnets(&closed, &[], 2, None);
        assert_eq!(levels(&found), [Level::Failure]);
        assert!(found[0].message.starts_with("a has no route"), "{}", found[0].message);
        let all =
            ["ecr.api", "ecr.dkr", "s3", "logs"].map(|n| format!("com.amazonaws.eu-west-1.{n}"));
        assert_eq!(levels(&subnets(&closed, &all, 2, None)), [Level::Note]);
        assert_eq!(levels(&subnets(&closed, &all[..3], 2, None)), [Level::Failure]);
        assert_eq!(levels(&subnets(&closed[1..], &[], 2, None)), [Level::Ok]);
    }

    #[test]
    fn tasks_need_addresses() {
        let few = [subnet("a", WayOut::Public, 1), subnet("b", WayOut::Public, 2)];
        assert_eq!(levels(&subnets(&few, &[], 3, None)), [Level::Ok]);
        let found = subnets(&few, &[], 4, None);
        assert_eq!(levels(&found), [Level::Failure]);
        assert!(found[0].message.contains("3 free addresses"), "{}", found[0].message);
    }

    #[test]
    fn groups_must_be_of_the_vpc() {
        let named = |text: &str| Named { text: text.to_owned(), place: None, service: None };
        let look = |id: &str, vpc: &str| GroupLook { id: id.to_owned(), vpc: vpc.to_owned() };
        let wanted = [named("sg-1"), named("sg-2"), named("sg-3")];
        let found = groups(&wanted, &[look("sg-1", "vpc-1"), look("sg-2", "vpc-2")], "vpc-1");
        assert_eq!(levels(&found), [Level::Ok, Level::Failure, Level::Failure]);
    }
}
