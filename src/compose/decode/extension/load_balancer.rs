//! `x-ecs.load_balancer`: load balancers that are there already.

use super::super::Decoder;
use super::super::table::Table;
use crate::compose::model::{ExistingBalancer, NoBalancer, is_security_group_id};
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::Node;

/// The key of the retired integration.
pub(in crate::compose::decode) const RETIRED: &str = "x-aws-loadbalancer";

impl Decoder<'_> {
    /// One, or a list of one Application and one Network Load Balancer. `field` is what messages call
    /// it.
    pub(in crate::compose::decode) fn load_balancers(
        &mut self,
        field: &str,
        node: &Node,
    ) -> Vec<Located<ExistingBalancer>> {
        let items = node.as_sequence().unwrap_or(std::slice::from_ref(node));
        let mut all: Vec<Located<ExistingBalancer>> = Vec::new();
        for item in items {
            let Some(found) = self.load_balancer(field, item) else { continue };
            let same = |other: &&Located<ExistingBalancer>| {
                other.value.is_network() == found.value.is_network()
            };
            if let Some(other) = all.iter().find(same) {
                let kind = if found.value.is_network() { "Network" } else { "Application" };
                let message = format!("two {kind} Load Balancers");
                let fault = Diagnostic::error(Code::Conflict, message)
                    .at(other.span, "")
                    .at(found.span, "")
                    .help("a project stands behind one of each kind: take one of the two away");
                self.report(fault);
                continue;
            }
            all.push(found);
        }
        all
    }

    /// An ARN, or `{arn, security_group}`.
    fn load_balancer(&mut self, field: &str, node: &Node) -> Option<Located<ExistingBalancer>> {
        if node.as_mapping().is_none() {
            return self.balancer_arn(field, node);
        }
        let level = Level::Part("`x-ecs.load_balancer`");
        let mut table = Table::open(self, field, node, level)?;
        let help = "write `arn: arn:aws:elasticloadbalancing:…`";
        let arn = table.required(self, "arn", help);
        let found = arn.and_then(|node| self.balancer_arn(field, node));
        let group = table.value("security_group").and_then(|node| {
            let group = self.filled("security_group", node)?;
            if is_security_group_id(&group.value) {
                return Some(group);
            }
            self.invalid("security_group", node, "is no id of a group", "write `sg-0123…`");
            None
        });
        table.finish(self);
        found.map(|found| {
            found.map(|balancer| ExistingBalancer { security_group: group, ..balancer })
        })
    }

    fn balancer_arn(&mut self, field: &str, node: &Node) -> Option<Located<ExistingBalancer>> {
        let text = self.filled(field, node)?;
        let (why, help) = match ExistingBalancer::parse(&text.value) {
            Ok(found) => return Some(Located::new(found, text.span)),
            // It took names as well (compose-cli, `parseLoadBalancerExtension`).
            Err(NoBalancer::Other)
                if field == RETIRED
                    && let Some(found) = ExistingBalancer::named(&text.value) =>
            {
                return Some(Located::new(found, text.span));
            }
            Err(NoBalancer::Other) => (
                "is no ARN of a load balancer or a listener",
                "write `arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/NAME/ID`, which \
                 `aws elbv2 describe-load-balancers --names NAME` says",
            ),
            Err(NoBalancer::Classic) => (
                "is a Classic Load Balancer, or no whole ARN",
                "name an Application or a Network Load Balancer, whose ARN ends with its type, name \
                 and id: `loadbalancer/app/NAME/ID`",
            ),
            Err(NoBalancer::Gateway) => (
                "is a Gateway Load Balancer, which is for network appliances",
                "name an Application or a Network Load Balancer",
            ),
            Err(NoBalancer::NetworkListener) => (
                "is a listener of a Network Load Balancer, which has no rules to share it by",
                "name the load balancer itself, `loadbalancer/net/NAME/ID`: the project gets \
                 listeners of its own on it",
            ),
        };
        self.invalid(field, node, why, help);
        None
    }
}
