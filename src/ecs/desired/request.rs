use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value as Json;

use super::{Body, Repository, Resource};

/// One call of the AWS API, on paper.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Request {
    /// The service as the AWS CLI names it: `ecs`, `elbv2` …
    pub service: &'static str,
    /// The operation as the AWS CLI names it: `create-service` …
    pub operation: &'static str,
    /// The resource's logical name.
    pub name: String,
    /// What `--cli-input-json` takes.
    pub body: Json,
}

/// Which call of the AWS API a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// The service as the AWS CLI names it: `ecs`, `elbv2` …
    pub service: &'static str,
    /// The operation as the AWS CLI names it: `create-service` …
    pub operation: &'static str,
    /// The resource's logical name.
    pub name: Cow<'a, str>,
}

/// Takes requests in, one after the other.
pub trait Requests<'a> {
    /// Takes a request in: the call, and what `--cli-input-json` takes.
    fn request<T: Serialize>(&mut self, call: Call<'a>, body: &T);
}

/// Keeps them.
impl<'a> Requests<'a> for Vec<Request> {
    fn request<T: Serialize>(&mut self, call: Call<'a>, body: &T) {
        let Call { service, operation, name } = call;
        self.push(Request { service, operation, name: name.into_owned(), body: json(body) });
    }
}

impl Resource {
    /// The requests that create this resource, in order. An [`Body::Image`] has none: it is pushed.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.body.requests(&self.id.name)
    }
}

impl Body {
    /// The requests that create a resource of this name with this body, in order.
    #[must_use]
    pub fn requests(&self, name: &str) -> Vec<Request> {
        let mut requests = Vec::new();
        self.each_request(name, &mut requests);
        requests
    }

    /// As [`Body::requests`], for those who need not keep them.
    pub fn each_request<'a>(&self, name: &'a str, out: &mut impl Requests<'a>) {
        let call = |service, operation| Call { service, operation, name: Cow::Borrowed(name) };
        match self {
            Self::Vpc(b) => {
                out.request(call("ec2", "create-vpc"), &b.create);
                numbered(&b.attributes, call("ec2", "modify-vpc-attribute"), out);
            }
            Self::Subnet(b) => out.request(call("ec2", "create-subnet"), b),
            Self::InternetGateway(b) => {
                out.request(call("ec2", "create-internet-gateway"), &b.create);
                out.request(call("ec2", "attach-internet-gateway"), &b.attach);
            }
            Self::Address(b) => out.request(call("ec2", "allocate-address"), b),
            Self::NatGateway(b) => out.request(call("ec2", "create-nat-gateway"), b),
            Self::RouteTable(b) => {
                out.request(call("ec2", "create-route-table"), &b.create);
                numbered(&b.routes, call("ec2", "create-route"), out);
                numbered(&b.associations, call("ec2", "associate-route-table"), out);
            }
            Self::VpcEndpoint(b) => out.request(call("ec2", "create-vpc-endpoint"), b),
            Self::Cluster(b) => out.request(call("ecs", "create-cluster"), b),
            Self::Namespace(b) => {
                out.request(call("servicediscovery", "create-http-namespace"), b);
            }
            Self::PrivateNamespace(b) => {
                out.request(call("servicediscovery", "create-private-dns-namespace"), b);
            }
            Self::DnsName(b) => out.request(call("servicediscovery", "create-service"), b),
            Self::LogGroup(b) => {
                out.request(call("logs", "create-log-group"), &b.create);
                out.request(call("logs", "put-retention-policy"), &b.retention);
            }
            Self::Secret(b) => out.request(call("secretsmanager", "create-secret"), b),
            Self::Role(b) => {
                out.request(call("iam", "create-role"), &b.create);
                b.policy.iter().for_each(|p| out.request(call("iam", "put-role-policy"), p));
                for (index, attached) in b.attached.iter().flatten().enumerate() {
                    let name = Cow::Owned(format!("{name}+{}", index + 1));
                    out.request(Call { name, ..call("iam", "attach-role-policy") }, attached);
                }
            }
            Self::Repository(b) => repository(b, call, out),
            Self::Image(_) => {}
            Self::SecurityGroup(b) => out.request(call("ec2", "create-security-group"), b),
            Self::IngressRule(b) => {
                out.request(call("ec2", "authorize-security-group-ingress"), b);
            }
            Self::FileSystem(b) => out.request(call("efs", "create-file-system"), b),
            Self::MountTarget(b) => out.request(call("efs", "create-mount-target"), b),
            Self::AccessPoint(b) => out.request(call("efs", "create-access-point"), b),
            Self::LoadBalancer(b) => out.request(call("elbv2", "create-load-balancer"), b),
            Self::TargetGroup(b) => {
                out.request(call("elbv2", "create-target-group"), &b.create);
                out.request(call("elbv2", "modify-target-group-attributes"), &b.attributes);
            }
            Self::Listener(b) => out.request(call("elbv2", "create-listener"), b),
            Self::ListenerRule(b) => out.request(call("elbv2", "create-rule"), b),
            Self::AliasRecord(b) => {
                b.note.iter().for_each(|note| out.request(call("elbv2", "add-tags"), note));
                out.request(call("route53", "change-resource-record-sets"), &b.change);
            }
            Self::TaskDefinition(b) => out.request(call("ecs", "register-task-definition"), b),
            Self::Service(b) => match b.tasks() {
                Some(_) => out.request(call("ecs", "create-service"), b),
                None => {
                    let mut create = json(b);
                    create.as_object_mut().map(|create| create.remove("desiredCount"));
                    out.request(call("ecs", "create-service"), &create);
                }
            },
            Self::Job(b) => out.request(call("ecs", "run-task"), b),
            Self::ScalableTarget(b) => {
                out.request(call("application-autoscaling", "register-scalable-target"), b);
            }
            Self::ScalingPolicy(b) => {
                out.request(call("application-autoscaling", "put-scaling-policy"), b);
            }
            Self::Alarm(b) => out.request(call("cloudwatch", "put-metric-alarm"), b),
            Self::ScheduledAction(b) => {
                out.request(call("application-autoscaling", "put-scheduled-action"), b);
            }
            Self::ScheduleGroup(b) => out.request(call("scheduler", "create-schedule-group"), b),
            Self::Schedule(b) => out.request(call("scheduler", "create-schedule"), b),
        }
    }
}

/// Several requests of one kind, each under a number.
fn numbered<'a, T: Serialize>(all: &[T], call: Call<'a>, out: &mut impl Requests<'a>) {
    for (index, body) in all.iter().enumerate() {
        let name = Cow::Owned(format!("{}+{}", call.name, index + 1));
        out.request(Call { name, ..call.clone() }, body);
    }
}

/// The lifecycle policy is a request of its own.
fn repository<'a>(
    repository: &Repository,
    call: impl Fn(&'static str, &'static str) -> Call<'a>,
    out: &mut impl Requests<'a>,
) {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct PutLifecyclePolicy<'a> {
        lifecycle_policy_text: &'a str,
        repository_name: &'a str,
    }
    let Some(text) = &repository.lifecycle_policy_text else {
        return out.request(call("ecr", "create-repository"), repository);
    };
    let create = Repository { lifecycle_policy_text: None, ..repository.clone() };
    out.request(call("ecr", "create-repository"), &create);
    let repository_name = &create.repository_name;
    let lifecycle = PutLifecyclePolicy { lifecycle_policy_text: text, repository_name };
    out.request(call("ecr", "put-lifecycle-policy"), &lifecycle);
}

/// These types hold only strings, numbers, lists and string-keyed maps, which always serialise.
fn json<T: Serialize>(body: &T) -> Json {
    serde_json::to_value(body).unwrap_or(Json::Null)
}
