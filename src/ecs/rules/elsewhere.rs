//! ARNs of `x-ecs` that are of another region, account or partition than the project. Of load
//! balancers load_balancer/existing.rs speaks.

use crate::compose::Project;
use crate::compose::model::{Policy, Storage};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::{Context, Output};
use crate::source::{Located, Span};

/// How near a thing has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Near {
    /// In the same partition: whatever is called from here.
    Partition,
    /// In the same region.
    Region,
    /// In the same region, of the same account.
    Account,
}

/// The account of an emulator, which no customer of AWS has: a file that is for AWS is tried there.
const EMULATOR: &str = "000000000000";

/// Refuses the ARNs that cannot be meant here, as far as region and account are known.
pub(crate) fn check(cx: &Context<'_>, out: &mut Output) {
    if cx.facts.account == EMULATOR {
        return;
    }
    each_arn(cx.project, &mut |what, arn, span, service, near| {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", partition, _, region, account, _] = parts.as_slice() else { return };
        // What is no ARN of AWS's, those who read it refuse.
        if !partition.starts_with("aws") {
            return;
        }
        let facts = cx.facts;
        // The partition follows from the region.
        let is_known = !facts.region.contains("${");
        let pairs = [
            ("partition", *partition, &facts.partition, is_known),
            ("region", *region, &facts.region, near != Near::Partition),
            ("account", *account, &facts.account, near == Near::Account),
        ];
        let differs = |(_, has, want, counts): &&(_, &str, &String, bool)| {
            *counts && !has.is_empty() && *has != want.as_str() && !want.contains("${")
        };
        let Some((kind, has, want, _)) = pairs.iter().find(differs) else { return };
        let message = format!("the {what} is in the {kind} {has}, and the project in {want}");
        let help = format!("name one of the {kind} {want}, or deploy to {has}");
        let mut fault = Diagnostic::error(Code::InvalidValue, message).at(span, "").help(help);
        if let Some(service) = service {
            fault = fault.service(service);
        }
        out.say(fault);
    });
}

/// Everything that may be an ARN: what it is of, where it stands and at which service.
fn each_arn(project: &Project, look: &mut impl FnMut(&str, &str, Span, Option<&str>, Near)) {
    let own = &project.extension;
    let key = own.repositories.kms_key.as_ref();
    for (what, given, near) in [
        // elbv2 takes certificates of its own region alone (ACM user guide, "Services integrated with
        // AWS Certificate Manager").
        ("certificate", own.certificate.as_ref(), Near::Account),
        ("cluster", own.cluster.as_ref(), Near::Account),
        // ECR user guide, "Encryption at rest": the key is in the region of the repository.
        ("key of the repositories", key, Near::Region),
        ("permissions boundary", own.permissions_boundary.as_ref(), Near::Partition),
    ] {
        if let Some(Located { value, span }) = given {
            look(what, value, *span, None, near);
        }
    }
    for object in project.secrets.values() {
        if let Some(Located { value, span }) = &object.extension.arn {
            look("secret", value, *span, None, Near::Partition);
        }
        if let Some(name) = object.name.as_ref().filter(|_| object.external) {
            look("secret", name, object.span, None, Near::Partition);
        }
    }
    for storage in project.volumes.values().filter_map(|volume| volume.storage.as_ref()) {
        stored(storage, None, look);
    }
    for service in project.services.values() {
        let name = Some(service.name.value.as_str());
        let x = &service.extension;
        // ECS fetches secrets and parameters of other regions by their whole ARN (ECS API reference,
        // `Secret.valueFrom`).
        let roles = [("role", &x.role), ("execution role", &x.execution_role)];
        let roles = roles.into_iter().filter_map(|(what, given)| Some((what, given.as_ref()?)));
        let secrets = x.secret_env.values().map(|given| ("secret", given));
        let pull = x.pull_credentials.iter().map(|given| ("secret", given));
        let files = x.env_files_s3.iter().map(|given| ("file of variables", given));
        for (what, given) in roles.chain(secrets).chain(pull).chain(files) {
            look(what, &given.value, given.span, name, Near::Partition);
        }
        let queue = x.autoscaling.as_ref().and_then(|scaling| scaling.value.queue.as_ref());
        if let Some(arn) = queue.and_then(|queue| queue.value.arn.as_ref()) {
            // CloudWatch counts the messages of a queue in its region, for its account.
            look("queue", &arn.value, arn.span, name, Near::Account);
        }
        let mounts = service.mounts.iter().filter_map(|mount| mount.value.storage.as_ref());
        for storage in x.volume.iter().chain(mounts) {
            stored(storage, name, look);
        }
        for policy in &x.policies {
            if let Policy::Managed(arn) = &policy.value {
                look("policy", arn, policy.span, name, Near::Partition);
            }
        }
    }
}

/// The ARNs of where data lives. A volume of EBS's takes a key of its region (EBS user guide, "Amazon EBS
/// encryption"), and what is mounted is in the region of the task.
fn stored(
    storage: &Located<Storage>,
    service: Option<&str>,
    look: &mut impl FnMut(&str, &str, Span, Option<&str>, Near),
) {
    let found = match &storage.value {
        Storage::Ebs(ebs) => vec![("key of the volume", ebs.kms_key.as_ref())],
        Storage::S3Files { file_system, access_point } => {
            vec![("file system", Some(file_system)), ("access point", access_point.as_ref())]
        }
        Storage::Asset | Storage::Efs | Storage::Existing { .. } | Storage::Ephemeral => Vec::new(),
    };
    for (what, arn) in found {
        if let Some(arn) = arn {
            look(what, arn, storage.span, service, Near::Region);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::testing::{at, facts, project, service};
    use crate::ecs::translate;

    /// What is said of the project, whose region is eu-west-1.
    fn said(change: impl FnOnce(&mut Project)) -> Vec<String> {
        let mut project = project(vec![service("web", "acme/web:1")]);
        change(&mut project);
        let done = translate(&project, None, &facts());
        let errors = done.diagnostics.iter().filter(|d| d.code == Code::InvalidValue);
        errors.map(|d| d.message.clone()).collect()
    }

    #[test]
    fn what_must_be_near_is_near() {
        let cluster = |arn: &str| {
            said(|project| project.extension.cluster = Some(at(arn.to_owned()))).join("\n")
        };
        assert_eq!(cluster("arn:aws:ecs:eu-west-1:123456789012:cluster/x"), "");
        assert_eq!(cluster("x"), "");
        let other = cluster("arn:aws:ecs:us-east-1:123456789012:cluster/x");
        assert!(other.contains("the region us-east-1, and the project in eu-west-1"), "{other}");
        let other = cluster("arn:aws:ecs:eu-west-1:210987654321:cluster/x");
        assert!(other.contains("the account 210987654321"), "{other}");
    }

    #[test]
    fn a_file_for_aws_is_tried_on_an_emulator() {
        let mut project = project(vec![service("web", "acme/web:1")]);
        let cluster = "arn:aws:ecs:us-east-1:123456789012:cluster/x";
        project.extension.cluster = Some(at(cluster.to_owned()));
        let facts = crate::ecs::facts::Facts { account: EMULATOR.to_owned(), ..facts() };
        assert!(!translate(&project, None, &facts).diagnostics.has_errors());
    }

    #[test]
    fn a_secret_may_be_of_another_region_but_of_no_other_partition() {
        let secret = |arn: &str| {
            said(|project| {
                let web = project.services.get_mut("web").expect("a service");
                web.extension.secret_env.insert("X".to_owned(), at(arn.to_owned()));
            })
        };
        assert_eq!(secret("arn:aws:ssm:us-east-1:123456789012:parameter/a"), [""; 0]);
        assert_eq!(secret("arn:aws-cn:ssm:cn-north-1:123456789012:parameter/a").len(), 1);
    }

    #[test]
    fn data_and_queues_are_where_the_tasks_are() {
        use crate::compose::model::{Autoscaling, Ebs, QueueScaling};
        let stored = |storage: Storage| {
            said(|project| {
                let web = project.services.get_mut("web").expect("a service");
                web.extension.volume = Some(at(storage));
            })
        };
        let key = |region: &str| {
            let arn = format!("arn:aws:kms:{region}:210987654321:key/0123");
            stored(Storage::Ebs(Box::new(Ebs { kms_key: Some(arn), ..Ebs::default() })))
        };
        assert_eq!(key("eu-west-1"), [""; 0]);
        assert_eq!(
            key("us-east-1"),
            ["the key of the volume is in the region us-east-1, and the project in eu-west-1"]
        );
        let files = |region: &str| {
            let file_system = format!("arn:aws:s3files:{region}:123456789012:file-system/fs-0123");
            stored(Storage::S3Files { file_system, access_point: None })
        };
        assert_eq!(files("eu-west-1"), [""; 0]);
        assert_eq!(files("us-east-1").len(), 1);
        let queue = |account: &str| {
            said(|project| {
                let web = project.services.get_mut("web").expect("a service");
                web.extension.autoscaling = Some(at(Autoscaling {
                    max: Some(at(4)),
                    queue: Some(at(QueueScaling {
                        name: at("orders".to_owned()),
                        arn: Some(at(format!("arn:aws:sqs:eu-west-1:{account}:orders"))),
                        messages: at(5.0),
                    })),
                    ..Autoscaling::default()
                }));
            })
        };
        assert_eq!(queue("123456789012"), [""; 0]);
        assert_eq!(queue("210987654321").len(), 1);
    }
}
