//! Volumes of EBS's: ECS makes one for each task, and takes it away with the task (ECS developer guide,
//! "Use Amazon EBS volumes with Amazon ECS").

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::grants;
use super::infrastructure_role::infrastructure_role;
use super::mounts::{Place, Stored};
use super::own_volumes;
use super::task::task_definition_id;
use super::volumes::of_the_task;
use crate::compose::model::{Ebs, EbsType};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Attribute, Body, EbsTagSpecification, Kind, ManagedEbsVolume, PutRolePolicy, ResourceId, Role,
    Tag, TaskVolume, TerminationPolicy, Value, VolumeConfiguration,
};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::unit::Unit;

/// GiB of a volume of which nothing is said: what a task on Fargate has for a disk without asking.
/// The slow types begin higher.
const USUAL: u32 = 20;

/// What AWS lets ECS do to volumes (AWS managed policy reference,
/// `AmazonECSInfrastructureRolePolicyForVolumes`).
const POLICY: &str = "service-role/AmazonECSInfrastructureRolePolicyForVolumes";

/// The task's volume, which whoever starts the task says more of.
pub(crate) fn task_volume(
    unit: &Unit<'_>,
    stored: &Stored<'_>,
    ebs: &Ebs,
    out: &mut Output,
) -> TaskVolume {
    let plain = of_the_task(stored.name.clone());
    if has_schedule(unit) {
        by_the_clock(unit, stored, ebs, out);
        return plain;
    }
    TaskVolume { host: None, configured_at_launch: Some(true), ..plain }
}

fn has_schedule(unit: &Unit<'_>) -> bool {
    unit.members.iter().any(|member| member.service.extension.schedule.is_some())
}

/// EventBridge Scheduler starts tasks without a word on their volumes (its API reference,
/// `EcsParameters`): their own disk is as new with each of them.
fn by_the_clock(unit: &Unit<'_>, stored: &Stored<'_>, ebs: &Ebs, out: &mut Output) {
    let span = stored.mount.span;
    let fault = if ebs.snapshot.is_some() {
        let message = "a task that is started by the clock has no volume made of a snapshot";
        Diagnostic::error(Code::Refused, message).at(span, "").help(
            "let the job fetch the data, from S3 say, or take `schedule` away: a deployment's job \
            has the volume",
        )
    } else {
        let message = "the task's own disk serves, not EBS";
        Diagnostic::note(Code::Approximated, message).at(span, "in a job that is started by the clock")
            .help("both are new and empty with every task; `x-ecs.ephemeral_storage` says how large it is")
    };
    out.say(fault.service(unit.name()));
}

/// The mounts of a unit's volumes on EBS, by the volumes' names.
fn mounts<'u>(unit: &'u Unit<'_>) -> BTreeMap<&'u str, (&'u Stored<'u>, &'u Ebs)> {
    let mut found = BTreeMap::new();
    for stored in unit.members.iter().flat_map(|member| &member.stored) {
        if let Place::Ebs(ebs) = &stored.place {
            found.entry(stored.name.as_str()).or_insert((stored, &**ebs));
        }
    }
    found
}

/// What ECS does not take of a task's volumes, and what differs from Docker's.
pub(crate) fn check(
    cx: &Context<'_>,
    unit: &Unit<'_>,
    volumes: &BTreeMap<String, TaskVolume>,
    out: &mut Output,
) {
    let mut made: Vec<_> = mounts(unit)
        .into_iter()
        .filter(|(name, _)| volumes.get(*name).is_some_and(|v| v.configured_at_launch.is_some()))
        .collect();
    made.sort_by_key(|(_, (stored, _))| stored.mount.span.start);
    let on_instances = unit.leader().service.on_instances();
    let mut found = Vec::new();
    if let [(_, (first, _)), (_, (second, _)), ..] = made.as_slice() {
        let message = "a task has one volume on EBS at most";
        found.push(
            Diagnostic::error(Code::Refused, message)
                .at(second.mount.span, "the second")
                .at(first.mount.span, "the first")
                .help(
                    "`x-ecs: ephemeral` keeps one of them on the task's own disk; `efs` keeps what \
                    is to stay",
                ),
        );
    }
    for (_, (stored, ebs)) in &made {
        let span = stored.mount.span;
        if ebs.kind == EbsType::Standard && !on_instances {
            let message = "Fargate has no magnetic volumes";
            let help = "write `type: st1` or `type: gp3`";
            found.push(Diagnostic::error(Code::Refused, message).at(span, "").help(help));
        }
        if ebs.size.is_none() && ebs.snapshot.is_none() {
            let message = format!("the volume on EBS has {} GiB", size(ebs).unwrap_or(USUAL));
            let help = "Compose says no size: `x-ecs: {ebs: {size: 100}}` does, in GiB";
            found.push(Diagnostic::note(Code::Approximated, message).at(span, "").help(help));
        }
        if on_instances {
            let message = "volumes on EBS need instances of the Nitro system";
            let help =
                "with an image for ECS of December 2023 or later; others do not start the task";
            found.push(Diagnostic::note(Code::Approximated, message).at(span, "").help(help));
        }
        if let Some(key) = &ebs.kms_key {
            let message = format!("the policy of {key} has to let the volume's role in");
            let help =
                "a key's own policy has the last word; one that leaves it to IAM does let it in";
            found.push(Diagnostic::note(Code::Approximated, message).at(span, "").help(help));
        }
        found.extend(own_volumes::apart(cx, unit, stored, "on EBS of its own"));
    }
    for fault in found {
        out.say(fault.service(unit.name()));
    }
}

fn size(ebs: &Ebs) -> Option<u32> {
    match (ebs.size, &ebs.snapshot) {
        (None, None) => Some(USUAL.max(*ebs.kind.sizes().start())),
        (size, _) => size,
    }
}

/// What the volumes are that the unit's task definition leaves open. `tags`: of a job, which has no
/// service whose tags its volume could carry.
pub(crate) fn configurations(
    cx: &Context<'_>,
    unit: &Unit<'_>,
    tags: Option<&[Tag]>,
    out: &mut Output,
) -> Vec<VolumeConfiguration> {
    let task = out.desired.resources.get(&task_definition_id(unit.name()));
    let Some(Body::TaskDefinition(task)) = task.map(|task| &task.body) else { return Vec::new() };
    let open = task.volumes.iter().filter(|volume| volume.configured_at_launch == Some(true));
    let names: Vec<_> = open.map(|volume| volume.name.clone()).collect();
    let mounts = mounts(unit);
    let known = names.iter().filter_map(|name| Some((name, mounts.get(name.as_str())?.1)));
    let made: Vec<(&String, &Ebs)> = known.collect();
    if made.is_empty() {
        return Vec::new();
    }
    let keys: Vec<_> = made.iter().filter_map(|(_, ebs)| ebs.kms_key.as_deref()).collect();
    let role_arn = add_role(cx, unit, &keys, out);
    let configured = made.into_iter().map(|(name, ebs)| VolumeConfiguration {
        name: name.clone(),
        managed_ebs_volume: managed(ebs, tags, role_arn.clone()),
    });
    configured.collect()
}

fn managed(ebs: &Ebs, tags: Option<&[Tag]>, role_arn: Value) -> ManagedEbsVolume {
    let Ebs {
        size: _, // as much as is needed
        kind,
        iops,
        throughput,
        is_plain,
        kms_key,
        snapshot,
        file_system,
        ephemeral: _, // a leave, asked for before
    } = ebs;
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    ManagedEbsVolume {
        encrypted: !is_plain,
        kms_key_id: kms_key.clone(),
        volume_type: kind.as_str().to_owned(),
        size_in_gib: size(ebs).map(number),
        snapshot_id: snapshot.clone(),
        volume_initialization_rate: None,
        iops: iops.map(number),
        throughput: throughput.map(number),
        tag_specifications: vec![EbsTagSpecification {
            resource_type: "volume".to_owned(),
            tags: tags.map(<[Tag]>::to_vec).unwrap_or_default(),
            propagate_tags: tags.is_none().then(|| "SERVICE".to_owned()),
        }],
        role_arn,
        termination_policy: tags.map(|_| TerminationPolicy { delete_on_termination: true }),
        // ECS takes it unless told: said, so that a read shows the same.
        filesystem_type: file_system.clone().unwrap_or_else(|| "xfs".to_owned()),
    }
}

/// The role with which ECS makes the unit's volume (ECS developer guide, "Amazon ECS infrastructure IAM
/// role"); its ARN.
fn add_role(cx: &Context<'_>, unit: &Unit<'_>, keys: &[&str], out: &mut Output) -> Value {
    let name = unit.name();
    // No Compose service has a `+` in its name.
    let id = ResourceId::new(Kind::Role, format!("{name}+volumes"));
    let description = format!("Lets ECS make the volumes of {name} in {}", cx.stack);
    let role = infrastructure_role(cx, &format!("{name}-volumes"), &id, description, POLICY);
    let statements = keys.iter().flat_map(|key| of_key(cx, key)).collect();
    let policy = grants::document(statements).map(|policy_document| PutRolePolicy {
        role_name: role.create.role_name.clone(),
        policy_name: "volumes".to_owned(),
        policy_document,
    });
    let body = Body::Role(Box::new(Role { policy, ..role }));
    out.add(id.clone(), body, Some(name), Some(unit.span()));
    Value::From(id, Attribute::Arn)
}

/// What encrypting with a key of one's own takes (EBS user guide, "Amazon EBS encryption requirements").
/// The managed policy says nothing of keys.
fn of_key(cx: &Context<'_>, key: &str) -> [Json; 3] {
    let alias = key.split_once("alias/").map(|(_, name)| format!("alias/{name}"));
    let resource = match (&alias, key.starts_with("arn:")) {
        // A policy cannot name a key by its alias (KMS developer guide, "Using aliases to control
        // access").
        (Some(_), _) => cx.arn("kms", "key/*"),
        (None, true) => key.to_owned(),
        (None, false) => cx.arn("kms", &format!("key/{key}")),
    };
    let facts = cx.facts;
    let suffix = if facts.partition == "aws-cn" { ".cn" } else { "" };
    let ec2 = format!("ec2.{}.amazonaws.com{suffix}", facts.region);
    let with = |actions: &[&str], conditions: &[(&str, &str, Json)]| {
        let mut statement = grants::allow(actions, vec![resource.clone()]);
        let mut all: BTreeMap<&str, BTreeMap<&str, Json>> = BTreeMap::new();
        for (operator, name, value) in conditions {
            all.entry(operator).or_default().insert(name, value.clone());
        }
        if let Some(alias) = &alias {
            let of_alias = all.entry("ForAnyValue:StringEquals").or_default();
            of_alias.insert("kms:ResourceAliases", alias.as_str().into());
        }
        if !all.is_empty() {
            statement["Condition"] = json!(all);
        }
        statement
    };
    let via = ("StringEquals", "kms:ViaService", Json::from(ec2));
    let for_aws = ("Bool", "kms:GrantIsForAWSResource", Json::from("true"));
    let uses = [
        "kms:Decrypt",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    ];
    [
        with(&["kms:CreateGrant"], &[for_aws, via.clone()]),
        with(&uses, &[via]),
        with(&["kms:DescribeKey"], &[]),
    ]
}

#[cfg(test)]
#[path = "ebs_tests.rs"]
mod tests;
