use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ResourceId;

/// What another resource only knows once it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attribute {
    /// The Amazon resource name. Of a task definition: with its revision.
    Arn,
    /// The id, such as `sg-0a1b…` or `fs-0a1b…`.
    Id,
    /// Of a load balancer or a target group: the end of its Amazon resource name, from `app/` or
    /// `targetgroup/` on.
    Label,
    /// The host name of a load balancer.
    DnsName,
    /// Of a load balancer: the zone of its host name, which alias records name.
    ZoneId,
    /// The full name of an image with its digest: `registry/repository@sha256:…`.
    Uri,
    /// Of a secret: its Amazon resource name with the version that holds the value.
    ValueFrom,
    /// Of a revision that a job runs: the release in which it last completed.
    Completed,
}

impl Attribute {
    /// The name inside placeholders.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arn => "arn",
            Self::Id => "id",
            Self::Label => "label",
            Self::DnsName => "dns-name",
            Self::ZoneId => "zone-id",
            Self::Uri => "uri",
            Self::ValueFrom => "value-from",
            Self::Completed => "completed",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [
            Self::Arn,
            Self::Id,
            Self::Label,
            Self::DnsName,
            Self::ZoneId,
            Self::Uri,
            Self::ValueFrom,
            Self::Completed,
        ]
        .into_iter()
        .find(|a| a.as_str() == text)
    }
}

/// A string of a request: known now, or known once another resource exists.
///
/// It serialises to the string itself, or to a placeholder `${kind/name/attribute}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// The string.
    Known(String),
    /// An attribute of another resource.
    From(ResourceId, Attribute),
}

impl Value {
    /// The string, where it is known.
    #[must_use]
    pub fn known(&self) -> Option<&str> {
        match self {
            Self::Known(text) => Some(text),
            Self::From(..) => None,
        }
    }

    /// The resource that this value waits for.
    #[must_use]
    pub fn reference(&self) -> Option<(&ResourceId, Attribute)> {
        match self {
            Self::Known(_) => None,
            Self::From(id, attribute) => Some((id, *attribute)),
        }
    }

    /// Reads what [`fmt::Display`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let reference = || {
            let inner = text.strip_prefix("${")?.strip_suffix('}')?;
            let (path, attribute) = inner.rsplit_once('/')?;
            Some(Self::From(ResourceId::parse(path)?, Attribute::parse(attribute)?))
        };
        reference().unwrap_or_else(|| Self::Known(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Known(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Known(text.to_owned())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(text) => f.write_str(text),
            Self::From(id, attribute) => write!(f, "${{{id}/{}}}", attribute.as_str()),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(text) => serializer.serialize_str(text),
            Self::From(ResourceId { kind, name }, attribute) => {
                let parts = ["${", kind.as_str(), "/", name, "/", attribute.as_str(), "}"];
                serializer.serialize_str(&parts.concat())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}
