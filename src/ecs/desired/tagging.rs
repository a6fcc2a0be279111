use std::collections::BTreeMap;

use super::{Body, Tag, TagSpecification, UpperTag};

/// Tags by key.
type Tags = BTreeMap<String, String>;

impl Body {
    /// The tags, whichever way the service spells them.
    #[must_use]
    pub fn tags(&self) -> Tags {
        match self {
            Self::Cluster(b) => lower(&b.tags),
            Self::TaskDefinition(b) => lower(&b.tags),
            Self::Service(b) => lower(&b.tags),
            // A job is looked for by its family and by who started it.
            Self::Job(b) => lower(&b.tags),
            Self::Namespace(b) => upper(&b.tags),
            Self::PrivateNamespace(b) => upper(&b.tags),
            Self::DnsName(b) => upper(&b.tags),
            Self::Secret(b) => upper(&b.tags),
            Self::Role(b) => upper(&b.create.tags),
            Self::Repository(b) => upper(&b.tags),
            Self::FileSystem(b) => upper(&b.tags),
            Self::AccessPoint(b) => upper(&b.tags),
            Self::LoadBalancer(b) => upper(&b.tags),
            Self::TargetGroup(b) => upper(&b.create.tags),
            Self::Listener(b) => upper(&b.tags),
            Self::ListenerRule(b) => upper(&b.tags),
            Self::Alarm(b) => upper(&b.tags),
            Self::ScheduleGroup(b) => upper(&b.tags),
            Self::Vpc(b) => specified(&b.create.tag_specifications),
            Self::Subnet(b) => specified(&b.tag_specifications),
            Self::InternetGateway(b) => specified(&b.create.tag_specifications),
            Self::Address(b) => specified(&b.tag_specifications),
            Self::NatGateway(b) => specified(&b.tag_specifications),
            Self::RouteTable(b) => specified(&b.create.tag_specifications),
            Self::SecurityGroup(b) => specified(&b.tag_specifications),
            Self::IngressRule(b) => specified(&b.tag_specifications),
            Self::VpcEndpoint(b) => specified(&b.tag_specifications),
            Self::LogGroup(b) => b.create.tags.to_map(),
            Self::ScalableTarget(b) => b.tags.to_map(),
            Self::ScalingPolicy(_) | Self::ScheduledAction(_) | Self::Schedule(_) => Tags::new(),
            // The tag that notes a record is the load balancer's.
            Self::Image(_) | Self::MountTarget(_) | Self::AliasRecord(_) => Tags::new(),
        }
    }

    /// Sets a tag, where the resource takes tags.
    pub fn set_tag(&mut self, key: &str, value: &str) {
        let lower = match self {
            Self::Cluster(b) => &mut b.tags,
            Self::TaskDefinition(b) => &mut b.tags,
            Self::Service(b) => &mut b.tags,
            Self::Job(b) => &mut b.tags,
            _ => return self.set_upper_tag(key, value),
        };
        lower.retain(|tag| tag.key != key);
        lower.push(Tag { key: key.to_owned().into(), value: value.to_owned() });
        lower.sort();
    }

    /// The tags of what EC2 tags while it makes it.
    pub fn tag_specifications(&mut self) -> Option<&mut Vec<TagSpecification>> {
        Some(match self {
            Self::Vpc(b) => &mut b.create.tag_specifications,
            Self::Subnet(b) => &mut b.tag_specifications,
            Self::InternetGateway(b) => &mut b.create.tag_specifications,
            Self::Address(b) => &mut b.tag_specifications,
            Self::NatGateway(b) => &mut b.tag_specifications,
            Self::RouteTable(b) => &mut b.create.tag_specifications,
            Self::SecurityGroup(b) => &mut b.tag_specifications,
            Self::IngressRule(b) => &mut b.tag_specifications,
            Self::VpcEndpoint(b) => &mut b.tag_specifications,
            _ => return None,
        })
    }

    fn set_upper_tag(&mut self, key: &str, value: &str) {
        let upper = match self {
            Self::Namespace(b) => &mut b.tags,
            Self::PrivateNamespace(b) => &mut b.tags,
            Self::DnsName(b) => &mut b.tags,
            Self::Secret(b) => &mut b.tags,
            Self::Role(b) => &mut b.create.tags,
            Self::Repository(b) => &mut b.tags,
            Self::FileSystem(b) => &mut b.tags,
            Self::AccessPoint(b) => &mut b.tags,
            Self::LoadBalancer(b) => &mut b.tags,
            Self::TargetGroup(b) => &mut b.create.tags,
            Self::Listener(b) => &mut b.tags,
            Self::ListenerRule(b) => &mut b.tags,
            Self::Alarm(b) => &mut b.tags,
            Self::ScheduleGroup(b) => &mut b.tags,
            Self::LogGroup(b) => {
                b.create.tags.insert(key.to_owned(), value.to_owned());
                return;
            }
            Self::ScalableTarget(b) => {
                b.tags.insert(key.to_owned(), value.to_owned());
                return;
            }
            body => match body.tag_specifications().and_then(|list| list.first_mut()) {
                Some(specification) => &mut specification.tags,
                None => return,
            },
        };
        upper.retain(|tag| tag.key != key);
        upper.push(UpperTag { key: key.to_owned().into(), value: value.to_owned() });
        upper.sort();
    }
}

fn specified(list: &[TagSpecification]) -> Tags {
    list.iter().flat_map(|specification| upper(&specification.tags)).collect()
}

fn lower(tags: &[Tag]) -> Tags {
    tags.iter().map(|tag| (tag.key.to_string(), tag.value.clone())).collect()
}

fn upper(tags: &[UpperTag]) -> Tags {
    tags.iter().map(|tag| (tag.key.to_string(), tag.value.clone())).collect()
}
