//! How it is reached.

use std::collections::BTreeSet;

use super::super::Deployer;
use super::super::grant::{Grant, Scope};
use super::Ground;
use crate::ecs::desired::{Body, Kind};

impl Ground<'_> {
    /// The one certificate is found by its domain among all.
    pub(super) fn certificates(&self, grant: Grant) -> Option<Scope> {
        self.deployer.finds_certificate.then(|| match grant {
            Grant::Certificates => Scope::of([self.arn("acm", "certificate/*")]),
            _ => Scope::all(),
        })
    }

    /// A group's id is made up when the group is made, so its tags say whose it is.
    pub(super) fn ec2(&self, grant: Grant) -> Option<Scope> {
        let any = || Scope::of([self.arn("ec2", "security-group/*")]);
        let rules = || Scope::of([self.arn("ec2", "security-group-rule/*")]);
        match grant {
            Grant::SecurityGroupsOfOthers => {
                let arns = self.named("ec2", foreign_group, |id| format!("security-group/{id}"));
                (!arns.is_empty()).then(|| Scope::of(arns))
            }
            Grant::SecurityGroups => self.with(Kind::SecurityGroup, || self.tagged(any())),
            Grant::NewSecurityGroups => self.with(Kind::SecurityGroup, || self.to_be_tagged(any())),
            Grant::NewSecurityGroupTags => self.with(Kind::SecurityGroup, || {
                self.to_be_tagged(any()).when(
                    "StringEquals",
                    "ec2:CreateAction",
                    ["CreateSecurityGroup"],
                )
            }),
            Grant::SecurityGroupRules => self.with(Kind::IngressRule, rules),
            Grant::OwnSecurityGroupRules => self.with(Kind::IngressRule, || self.tagged(rules())),
            Grant::NewSecurityGroupRuleTags => self.with(Kind::IngressRule, || {
                self.to_be_tagged(rules()).when(
                    "StringEquals",
                    "ec2:CreateAction",
                    ["AuthorizeSecurityGroupIngress"],
                )
            }),
            _ => self.with(Kind::SecurityGroup, || {
                Scope::of(self.named("ec2", vpc, |id| {
                    let id = if id.contains("${") { "*" } else { id };
                    format!("vpc/{id}")
                }))
            }),
        }
    }

    /// What a VPC of the project's own is made of. Ids are made up when things are made, so their tags
    /// say whose they are (Service Authorization Reference, "Amazon EC2").
    pub(super) fn networks(&self, grant: Grant) -> Option<Scope> {
        const KINDS: [&str; 7] = [
            "elastic-ip",
            "internet-gateway",
            "natgateway",
            "route-table",
            "subnet",
            "vpc",
            "vpc-endpoint",
        ];
        let any = || Scope::of(KINDS.iter().map(|kind| self.arn("ec2", &format!("{kind}/*"))));
        let calls = [
            "AllocateAddress",
            "CreateInternetGateway",
            "CreateNatGateway",
            "CreateRouteTable",
            "CreateSubnet",
            "CreateVpc",
            "CreateVpcEndpoint",
        ];
        match grant {
            // The zone of a private name is AWS's own.
            Grant::EndpointZones => self.with(Kind::VpcEndpoint, Scope::all),
            Grant::NetworkLists => self.with(Kind::Vpc, Scope::all),
            Grant::NewNetworks => self.with(Kind::Vpc, || self.to_be_tagged(any())),
            Grant::NewNetworkTags => self.with(Kind::Vpc, || {
                self.to_be_tagged(any()).when("StringEquals", "ec2:CreateAction", calls)
            }),
            _ => self.with(Kind::Vpc, || self.tagged(any())),
        }
    }

    pub(super) fn elb(&self, grant: Grant) -> Option<Scope> {
        const SERVICE: &str = "elasticloadbalancing";
        let mut scope = Scope::default();
        for body in self.bodies() {
            match (grant, body) {
                (Grant::LoadBalancers, Body::LoadBalancer(balancer)) => {
                    let place = balancer_place(&balancer.kind, &balancer.name);
                    scope.resources.insert(self.arn(SERVICE, &format!("loadbalancer/{place}/*")));
                }
                (Grant::Listeners, Body::LoadBalancer(balancer)) => {
                    let place = balancer_place(&balancer.kind, &balancer.name);
                    for kind in ["loadbalancer", "listener", "listener-rule"] {
                        let arn = self.arn(SERVICE, &format!("{kind}/{place}/*"));
                        scope.resources.insert(arn);
                    }
                }
                (Grant::Listeners, Body::Listener(listener)) => {
                    if let Some(arn) = listener.load_balancer_arn.known() {
                        let part = |kind| arn.replacen(":loadbalancer/", kind, 1) + "/*";
                        scope.resources.extend([
                            arn.to_owned(),
                            part(":listener/"),
                            part(":listener-rule/"),
                        ]);
                    }
                }
                (Grant::Listeners, Body::ListenerRule(rule)) => {
                    if let Some(arn) = rule.listener_arn.known() {
                        let rules = arn.replacen(":listener/", ":listener-rule/", 1) + "/*";
                        scope.resources.extend([arn.to_owned(), rules]);
                    }
                }
                // The name ends with a hash that only AWS's answers make whole.
                (Grant::TargetGroups, Body::TargetGroup(group)) => {
                    let stem = group.create.name.rsplit_once('-').map_or("", |(stem, _)| stem);
                    let hyphen = if stem.is_empty() { "" } else { "-" };
                    let resource = format!("targetgroup/{stem}{hyphen}*/*");
                    scope.resources.insert(self.arn(SERVICE, &resource));
                }
                _ => {}
            }
        }
        (!scope.resources.is_empty()).then_some(scope)
    }

    /// Zones are the account's, and found by the names that they end with. Whoever deploys may write
    /// no name of them but the file's (Service Authorization Reference, "Amazon Route 53").
    pub(super) fn records(&self, grant: Grant) -> Option<Scope> {
        let names: BTreeSet<String> = self
            .bodies()
            .filter_map(|body| match body {
                // As Route 53 writes it: small letters, and octal numbers for what else there is.
                Body::AliasRecord(record) => Some(record.name().replace('*', "\\052")),
                _ => None,
            })
            .collect();
        if names.is_empty() {
            return None;
        }
        let partition = &self.deployer.partition;
        let zones = || Scope::of([format!("arn:{partition}:route53:::hostedzone/*")]);
        Some(match grant {
            Grant::Records => zones()
                .when(
                    "ForAllValues:StringEquals",
                    "route53:ChangeResourceRecordSetsNormalizedRecordNames",
                    names,
                )
                .when(
                    "ForAllValues:StringEquals",
                    "route53:ChangeResourceRecordSetsRecordTypes",
                    ["A", "AAAA"],
                ),
            Grant::RecordLook => zones(),
            _ => Scope::all(),
        })
    }

    pub(super) fn names(&self, grant: Grant) -> Option<Scope> {
        let has = self.has(Kind::Namespace) || self.has(Kind::PrivateNamespace);
        let any =
            |kinds: &[&str]| Scope::of(kinds.iter().map(|kind| self.arn("servicediscovery", kind)));
        match grant {
            Grant::NewNamespaces => self.with(Kind::Namespace, || self.to_be_tagged(Scope::all())),
            Grant::NewZones => {
                self.with(Kind::PrivateNamespace, || self.to_be_tagged(Scope::all()))
            }
            Grant::HostedZones => self.with(Kind::PrivateNamespace, || {
                let Deployer { partition, .. } = self.deployer;
                Scope::of([format!("arn:{partition}:route53:::hostedzone/*")])
            }),
            Grant::Zones => self.with(Kind::PrivateNamespace, Scope::all),
            Grant::DnsNames => self.with(Kind::DnsName, || any(&["namespace/*", "service/*"])),
            Grant::NamespaceLists => Some(Scope::all()),
            _ => has.then(|| any(&["namespace/*", "service/*"])),
        }
    }
}

fn vpc(body: &Body) -> Option<&str> {
    match body {
        // Of one that is made the id is made up by EC2.
        Body::SecurityGroup(group) => Some(group.vpc_id.known().unwrap_or("${")),
        _ => None,
    }
}

/// The group of a rule that stands in a group of others.
fn foreign_group(body: &Body) -> Option<&str> {
    match body {
        Body::IngressRule(rule) => rule.group_id.known(),
        _ => None,
    }
}

/// `app/NAME` or `net/NAME`
fn balancer_place(kind: &str, name: &str) -> String {
    let short = if kind == "network" { "net" } else { "app" };
    format!("{short}/{name}")
}
