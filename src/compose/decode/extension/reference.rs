//! `x-ecs`: what is there already, by its id, its name or its ARN. `decklift schema` says the same by
//! patterns.

use super::super::Decoder;
use super::domain::is_name;
use super::endpoint;
use crate::compose::did_you_mean;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::Node;

impl Decoder<'_> {
    /// A text that is what `is` says; `why` and `help` are for those that are not.
    pub(super) fn given_as(
        &mut self,
        field: &str,
        node: &Node,
        is: impl Fn(&str) -> bool,
        (why, help): (&str, &str),
    ) -> Option<Located<String>> {
        let text = self.filled(field, node)?;
        if is(&text.value) {
            return Some(text);
        }
        self.invalid(field, node, why, help);
        None
    }

    /// `x-ecs.task`; an empty one, of a variable that is not set perhaps, is said.
    pub(super) fn task_name(&mut self, node: &Node) -> Option<Located<String>> {
        let task = self.string("x-ecs.task", node)?;
        if task.value.trim().is_empty() {
            let fault =
                Diagnostic::warning(Code::Ignored, "`x-ecs.task` is empty: it joins nobody")
                    .at(node.span, "")
                    .help(
                        "write a name, the same at each service of the task, or take the key away",
                    );
            self.outcome(self.used_at(fault, node));
            return None;
        }
        Some(task)
    }

    /// `x-ecs.region`: words and a number (AWS General Reference, "Region names and codes").
    pub(super) fn region(&mut self, node: &Node) -> Option<Located<String>> {
        self.given_as("region", node, is_region, ("is no region", "write its code: `eu-west-1`"))
    }

    /// `x-ecs.subnets`
    pub(super) fn subnet_ids(&mut self, node: &Node) -> Vec<Located<String>> {
        let Some(items) = node.as_sequence() else { return self.strings("subnets", node) };
        let words = ("is no id of a subnet", "write it as EC2 has it: `subnet-0123456789abcdef0`");
        let is = |id: &str| is_id(id, "subnet-");
        items.iter().filter_map(|item| self.given_as("subnets", item, is, words)).collect()
    }

    /// The id of a VPC.
    pub(super) fn vpc_id(&mut self, field: &str, node: &Node) -> Option<Located<String>> {
        let help = "write `vpc-0123456789abcdef0`, or `default`, or `create` for one of its own";
        self.given_as(field, node, |id| is_id(id, "vpc-"), ("is no id of a VPC", help))
    }

    /// `x-ecs.cluster` (ECS API reference, `CreateCluster.clusterName`).
    pub(super) fn cluster(&mut self, node: &Node) -> Option<Located<String>> {
        let is = |text: &str| {
            let name = match text.starts_with("arn:") {
                true => arn(text, "ecs").and_then(|resource| resource.strip_prefix("cluster/")),
                false => Some(text),
            };
            name.is_some_and(|name| {
                name.len() <= 255 && is_made_of(name, |c| c.is_ascii_alphanumeric() || c == '_')
            })
        };
        let help = "write its name, of up to 255 letters, digits, `_` and `-`, or its ARN";
        self.given_as("cluster", node, is, ("names no cluster", help))
    }

    /// `x-ecs.certificate`: a listener takes those of ACM and of IAM (elbv2 API reference,
    /// `Certificate`).
    pub(super) fn certificate(&mut self, node: &Node) -> Option<Located<String>> {
        let is = |text: &str| match text.starts_with("arn:") {
            true => {
                arn(text, "acm").is_some_and(|resource| resource.starts_with("certificate/"))
                    || arn(text, "iam")
                        .is_some_and(|resource| resource.starts_with("server-certificate/"))
            }
            false => is_name(text),
        };
        let help = "write the ARN of a certificate in ACM, or its domain, in quotes where it begins \
            with a star: `'*.example.com'`";
        self.given_as("certificate", node, is, ("is neither an ARN nor a domain", help))
    }

    /// `x-ecs.permissions_boundary` (IAM API reference, `CreatePolicy.PolicyName`).
    pub(super) fn boundary(&mut self, node: &Node) -> Option<Located<String>> {
        let is = |text: &str| match text.starts_with("arn:") {
            true => arn(text, "iam").is_some_and(|resource| resource.starts_with("policy/")),
            false => {
                text.len() <= 512
                    && is_made_of(text, |c| c.is_ascii_alphanumeric() || "_+=,.@/".contains(c))
            }
        };
        let help =
            "write the name of a managed policy, or its ARN: `arn:aws:iam::ACCOUNT:policy/NAME`";
        self.given_as("permissions_boundary", node, is, ("names no managed policy", help))
    }

    /// A key of KMS, by its ARN, its id or its alias.
    pub(in crate::compose::decode) fn kms_key(
        &mut self,
        field: &str,
        node: &Node,
    ) -> Option<Located<String>> {
        let is = |key: &str| match key.starts_with("arn:") {
            true => arn(key, "kms").is_some_and(|resource| {
                resource.starts_with("key/") || resource.starts_with("alias/")
            }),
            false => match key.strip_prefix("alias/") {
                // KMS API reference, `CreateAlias.AliasName`
                Some(name) => is_made_of(name, |c| c.is_ascii_alphanumeric() || "_/".contains(c)),
                None => {
                    let plain = key.strip_prefix("mrk-").unwrap_or(key);
                    plain.len() >= 32 && plain.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
                }
            },
        };
        let help = "write the key's ARN or id, or `alias/NAME`";
        self.given_as(field, node, is, ("is no key of KMS", help))
    }

    /// The last part of the name of a service of AWS: `ecr.api`, `s3`.
    pub(super) fn endpoint_name(&mut self, node: &Node) -> Option<Located<String>> {
        let is = |name: &str| {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            !name.starts_with("com.") && name.split('.').all(|part| is_made_of(part, plain))
        };
        let help = "write what stands behind the region in its name: `logs` for \
            `com.amazonaws.REGION.logs`, or `ecr.api`, `s3`";
        let name = self.given_as("x-ecs.vpc.endpoints", node, is, ("names no service", help))?;
        if !endpoint::is_known(&name.value) {
            let message =
                format!("no service of AWS that decklift knows has an endpoint `{}`", name.value);
            let near = did_you_mean(&name.value, endpoint::known());
            let fault = Diagnostic::warning(Code::UndefinedReference, message)
                .at(node.span, "")
                .help(near.unwrap_or_else(|| {
                    "AWS refuses a name that it does not have when the VPC is there already: \
                        `aws ec2 describe-vpc-endpoint-services` lists those of a region"
                        .to_owned()
                }));
            self.outcome(self.used_at(fault, node));
        }
        Some(name)
    }
}

/// Whether a text is not empty, and has hyphens and what is taken beside them.
fn is_made_of(text: &str, takes: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(|c| c == '-' || takes(c))
}

/// `eu-west-1`, `us-gov-east-1`
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let Some((number, words)) = parts.split_last() else { return false };
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    words.len() >= 2
        && words.iter().all(is_word)
        && !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit())
}

/// The prefix, and hexadecimal digits (EC2 user guide, "Resource IDs").
fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|digits| {
        !digits.is_empty()
            && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

/// The resource of `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`, where it is one of that service.
fn arn<'a>(text: &'a str, service: &str) -> Option<&'a str> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, of, _, _, resource]
            if !partition.is_empty()
                && *of == service
                && !resource.is_empty()
                && resource.bytes().all(|b| b.is_ascii_graphic()) =>
        {
            Some(resource)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions() {
        for (text, good) in [
            ("eu-west-1", true),
            ("us-gov-east-1", true),
            ("ap-southeast-12", true),
            ("eu-west", false),
            ("EU-WEST-1", false),
            ("eu--1", false),
            ("1", false),
            ("eu west-1", false),
        ] {
            assert_eq!(is_region(text), good, "{text}");
        }
    }

    #[test]
    fn arns() {
        assert_eq!(arn("arn:aws:kms:r:1:key/x", "kms"), Some("key/x"));
        assert_eq!(arn("arn:aws:iam::aws:policy/a:b", "iam"), Some("policy/a:b"));
        for text in ["arn:aws:kms:r:1:", "arn:aws:kms", "arn::kms:r:1:key/x", "arn:aws:kms:r:1:a b"]
        {
            assert_eq!(arn(text, "kms"), None, "{text}");
        }
    }
}
