use crate::source::Located;

/// A load balancer that is there already: `x-ecs.load_balancer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExistingBalancer {
    /// Its ARN.
    pub arn: String,
    /// The ARN of a listener of it, where that was named: only rules are made on it.
    pub listener: Option<String>,
    /// `security_group`: the one of its groups that the tasks let in.
    pub security_group: Option<Located<String>>,
}

/// Why a text is the ARN of no load balancer that a project can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoBalancer {
    /// It is the ARN of none.
    Other,
    /// It is a Classic Load Balancer.
    Classic,
    /// It is a Gateway Load Balancer.
    Gateway,
    /// It is a listener of a Network Load Balancer, which has no rules.
    NetworkListener,
}

/// What the ARNs of load balancers hold in front of their resource.
const SERVICE: &str = "elasticloadbalancing";

impl ExistingBalancer {
    /// Reads the ARN of an Application or Network Load Balancer, or of a listener of the former
    /// (Service Authorization Reference, "Resource types defined by AWS Elastic Load Balancing V2").
    ///
    /// # Errors
    ///
    /// For every other text.
    pub fn parse(text: &str) -> Result<Self, NoBalancer> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, SERVICE, region, account, resource] = parts[..] else {
            return Err(NoBalancer::Other);
        };
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let known = partition.starts_with("aws") && partition.chars().all(plain);
        let place = !region.is_empty() && region.chars().all(plain);
        let digits = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
        if !(known && place && digits) {
            return Err(NoBalancer::Other);
        }
        let path: Vec<&str> = resource.split('/').collect();
        let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if path.iter().any(|part| part.is_empty() || !part.chars().all(word)) {
            return Err(NoBalancer::Other);
        }
        let of = |arn: String, listener| Self { arn, listener, security_group: None };
        match path[..] {
            ["loadbalancer", "app" | "net", _, _] => Ok(of(text.to_owned(), None)),
            ["listener", "app", name, id, _] => {
                let head = text.strip_suffix(resource).unwrap_or_default();
                Ok(of(format!("{head}loadbalancer/app/{name}/{id}"), Some(text.to_owned())))
            }
            ["listener", "net", ..] => Err(NoBalancer::NetworkListener),
            ["loadbalancer" | "listener", "gwy", ..] => Err(NoBalancer::Gateway),
            ["loadbalancer", _] => Err(NoBalancer::Classic),
            _ => Err(NoBalancer::Other),
        }
    }

    /// An Application Load Balancer by its name alone: the rest of its ARN is looked up where AWS is
    /// asked. Nothing where that is no name of one (elbv2 API reference, `CreateLoadBalancer`).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let is_name = (1..=32).contains(&name.len()) && name.chars().all(word);
        if !is_name || name.starts_with('-') || name.ends_with('-') {
            return None;
        }
        let arn = format!(
            "arn:${{aws.partition}}:{SERVICE}:${{aws.region}}:${{aws.account}}:loadbalancer/app/{name}/\
             ${{load-balancer.{name}.id}}"
        );
        Some(Self { arn, listener: None, security_group: None })
    }

    /// Its name, where nothing else is known of it.
    #[must_use]
    pub fn name_alone(&self) -> Option<&str> {
        self.arn.contains("${").then(|| self.name())
    }

    /// Whether it is a Network Load Balancer.
    #[must_use]
    pub fn is_network(&self) -> bool {
        self.label().starts_with("net/")
    }

    /// The end of its ARN, behind `loadbalancer/`: `app/NAME/ID`.
    #[must_use]
    pub fn label(&self) -> &str {
        self.arn.split_once(":loadbalancer/").map_or("", |(_, label)| label)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.label().split('/').nth(1).unwrap_or_default()
    }

    /// The region that it is in.
    #[must_use]
    pub fn region(&self) -> &str {
        self.arn.split(':').nth(3).unwrap_or_default()
    }

    /// The account that it is in.
    #[must_use]
    pub fn account(&self) -> &str {
        self.arn.split(':').nth(4).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:";

    fn read(resource: &str) -> Result<ExistingBalancer, NoBalancer> {
        ExistingBalancer::parse(&format!("{HEAD}{resource}"))
    }

    #[test]
    fn load_balancers_by_their_arn() {
        let shared = read("loadbalancer/app/shared/50dc6c495c0c9188").expect("one");
        assert_eq!((shared.name(), shared.region()), ("shared", "eu-west-1"));
        assert_eq!(shared.label(), "app/shared/50dc6c495c0c9188");
        assert_eq!((shared.account(), shared.is_network()), ("123456789012", false));
        assert!(read("loadbalancer/net/tcp/50dc6c495c0c9188").expect("one").is_network());
    }

    #[test]
    fn a_listener_says_its_load_balancer() {
        let found = read("listener/app/shared/50dc6c495c0c9188/f2f7dc8efc522ab2").expect("one");
        assert_eq!(found.arn, format!("{HEAD}loadbalancer/app/shared/50dc6c495c0c9188"));
        assert!(found.listener.is_some_and(|arn| arn.ends_with("/f2f7dc8efc522ab2")));
    }

    #[test]
    fn what_is_none() {
        assert_eq!(read("loadbalancer/shared"), Err(NoBalancer::Classic));
        assert_eq!(read("loadbalancer/gwy/fire/0123"), Err(NoBalancer::Gateway));
        assert_eq!(read("listener/gwy/fire/0123/4567"), Err(NoBalancer::Gateway));
        assert_eq!(read("listener/net/tcp/0123/4567"), Err(NoBalancer::NetworkListener));
        for resource in [
            "targetgroup/web/0123",
            "loadbalancer/app/shared",
            "loadbalancer/app/shared/0123/4567",
            "loadbalancer/app//0123",
            "loadbalancer/app/sha red/0123",
            "listener-rule/app/shared/1/2/3",
            "",
        ] {
            assert_eq!(read(resource), Err(NoBalancer::Other), "{resource}");
        }
        for text in [
            "shared",
            "",
            "arn:aws:elasticloadbalancing:eu-west-1:12345:loadbalancer/app/shared/0123",
            "arn:aws:elasticloadbalancing::123456789012:loadbalancer/app/shared/0123",
            "arn:aws:ec2:eu-west-1:123456789012:loadbalancer/app/shared/0123",
        ] {
            assert_eq!(ExistingBalancer::parse(text), Err(NoBalancer::Other), "{text}");
        }
    }
}
