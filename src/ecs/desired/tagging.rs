use std::collections::BTreeMap;

use super::{Body, Tag, UpperTag};

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
            Self::ScheduleGroup(b) => upper(&b.tags),
            Self::SecurityGroup(b) => {
                b.tag_specifications.iter().flat_map(|s| upper(&s.tags)).collect()
            }
            Self::LogGroup(b) => b.create.tags.clone(),
            Self::ScalableTarget(b) => b.tags.clone(),
            Self::ScalingPolicy(_) | Self::ScheduledAction(_) | Self::Schedule(_) => Tags::new(),
            // The tag that notes a record is the load balancer's.
            Self::Image(_) | Self::IngressRule(_) | Self::MountTarget(_) | Self::AliasRecord(_) => {
                Tags::new()
            }
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
        lower.push(Tag { key: key.to_owned(), value: value.to_owned() });
        lower.sort();
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
            Self::ScheduleGroup(b) => &mut b.tags,
            Self::SecurityGroup(b) => match b.tag_specifications.first_mut() {
                Some(specification) => &mut specification.tags,
                None => return,
            },
            Self::LogGroup(b) => {
                b.create.tags.insert(key.to_owned(), value.to_owned());
                return;
            }
            Self::ScalableTarget(b) => {
                b.tags.insert(key.to_owned(), value.to_owned());
                return;
            }
            _ => return,
        };
        upper.retain(|tag| tag.key != key);
        upper.push(UpperTag { key: key.to_owned(), value: value.to_owned() });
        upper.sort();
    }
}

fn lower(tags: &[Tag]) -> Tags {
    tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

fn upper(tags: &[UpperTag]) -> Tags {
    tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}
