use serde::Serialize;
use serde_json::Value as Json;

use super::{Body, Resource};

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
        let one = |service, operation, body: Json| Request {
            service,
            operation,
            name: name.to_owned(),
            body,
        };
        match self {
            Self::Cluster(b) => vec![one("ecs", "create-cluster", json(b))],
            Self::Namespace(b) => vec![one("servicediscovery", "create-http-namespace", json(b))],
            Self::PrivateNamespace(b) => {
                vec![one("servicediscovery", "create-private-dns-namespace", json(b))]
            }
            Self::DnsName(b) => vec![one("servicediscovery", "create-service", json(b))],
            Self::LogGroup(b) => vec![
                one("logs", "create-log-group", json(&b.create)),
                one("logs", "put-retention-policy", json(&b.retention)),
            ],
            Self::Secret(b) => vec![one("secretsmanager", "create-secret", json(b))],
            Self::Role(b) => {
                let mut requests = vec![one("iam", "create-role", json(&b.create))];
                requests.extend(b.policy.iter().map(|p| one("iam", "put-role-policy", json(p))));
                let attached = b.attached.iter().flatten();
                requests.extend(attached.enumerate().map(|(index, a)| Request {
                    name: format!("{name}+{}", index + 1),
                    ..one("iam", "attach-role-policy", json(a))
                }));
                requests
            }
            Self::Repository(b) => {
                let mut create = json(b);
                let lifecycle =
                    create.as_object_mut().and_then(|o| o.remove("lifecyclePolicyText"));
                let mut requests = vec![one("ecr", "create-repository", create)];
                requests.extend(lifecycle.map(|text| {
                    let body = serde_json::json!({
                        "lifecyclePolicyText": text, "repositoryName": b.repository_name,
                    });
                    one("ecr", "put-lifecycle-policy", body)
                }));
                requests
            }
            Self::Image(_) => Vec::new(),
            Self::SecurityGroup(b) => vec![one("ec2", "create-security-group", json(b))],
            Self::IngressRule(b) => {
                vec![one("ec2", "authorize-security-group-ingress", json(b))]
            }
            Self::FileSystem(b) => vec![one("efs", "create-file-system", json(b))],
            Self::MountTarget(b) => vec![one("efs", "create-mount-target", json(b))],
            Self::AccessPoint(b) => vec![one("efs", "create-access-point", json(b))],
            Self::LoadBalancer(b) => vec![one("elbv2", "create-load-balancer", json(b))],
            Self::TargetGroup(b) => vec![
                one("elbv2", "create-target-group", json(&b.create)),
                one("elbv2", "modify-target-group-attributes", json(&b.attributes)),
            ],
            Self::Listener(b) => vec![one("elbv2", "create-listener", json(b))],
            Self::ListenerRule(b) => vec![one("elbv2", "create-rule", json(b))],
            Self::TaskDefinition(b) => vec![one("ecs", "register-task-definition", json(b))],
            Self::Service(b) => {
                let mut create = json(b);
                if let (None, Some(create)) = (b.tasks(), create.as_object_mut()) {
                    create.remove("desiredCount");
                }
                vec![one("ecs", "create-service", create)]
            }
            Self::Job(b) => vec![one("ecs", "run-task", json(b))],
            Self::ScalableTarget(b) => {
                vec![one("application-autoscaling", "register-scalable-target", json(b))]
            }
            Self::ScalingPolicy(b) => {
                vec![one("application-autoscaling", "put-scaling-policy", json(b))]
            }
            Self::ScheduledAction(b) => {
                vec![one("application-autoscaling", "put-scheduled-action", json(b))]
            }
            Self::ScheduleGroup(b) => vec![one("scheduler", "create-schedule-group", json(b))],
            Self::Schedule(b) => vec![one("scheduler", "create-schedule", json(b))],
        }
    }
}

/// These types hold only strings, numbers, lists and string-keyed maps, which always serialise.
fn json<T: Serialize>(body: &T) -> Json {
    serde_json::to_value(body).unwrap_or(Json::Null)
}
