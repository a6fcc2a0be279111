//! The keys of `x-ecs`, as editors and `docs/compose-support.md` know them.

mod project;
mod scaling;
mod storage;

use serde_json::{Map, Value, json};

use self::project::PROJECT;
use self::scaling::{STEPS, TIMES};
use self::storage::MOUNT;

/// Path below `x-ecs`, JSON Schema of the value, and what it is for. A group stands before its parts.
type Key = (&'static str, &'static str, &'static str);

const TEXT: &str = r#"{"type": "string", "minLength": 1}"#;
const REGION: &str = r#"{"type": "string", "pattern": "^[a-z]+(-[a-z]+)+-[0-9]+$"}"#;
const SUBNETS: &str =
    r#"{"type": "array", "items": {"type": "string", "pattern": "^subnet-[0-9a-f]+$"}}"#;
const VPC_ID: &str = r#"{"type": "string", "pattern": "^vpc-[0-9a-f]+$"}"#;
const CLUSTER: &str = r#"{"type": "string", "pattern": "^(arn:[^:]+:ecs:[^:]*:[^:]*:cluster/)?[a-zA-Z0-9_-]{1,255}$"}"#;
/// An ARN of ACM or IAM, or a domain.
const CERTIFICATE: &str = r#"{
  "type": "string",
  "pattern": "^(arn:[^:]+:(acm|iam):.+|([*][.])?([a-zA-Z0-9_-]+[.])+[a-zA-Z0-9_-]+)$"
}"#;
/// The name of a policy, with its path perhaps, or its ARN.
const BOUNDARY: &str =
    r#"{"type": "string", "pattern": "^(arn:[^:]+:iam::[^:]*:policy/)?[a-zA-Z0-9_+=,.@/-]+$"}"#;
const KMS_KEY: &str = r#"{"type": "string", "pattern": "^(arn:[^:]+:kms:.+|alias/[a-zA-Z0-9_/-]+|(mrk-)?[0-9a-fA-F-]{32,})$"}"#;
const ENDPOINTS: &str = r#"{
  "type": ["boolean", "array"],
  "items": {"type": "string", "pattern": "^(?!com[.])[a-z0-9-]+([.][a-z0-9-]+)*$"}
}"#;
const ONE_OR_MORE: &str = r#"{"type": ["string", "array"], "items": {"type": "string"}}"#;
const FLAG: &str = r#"{"type": "boolean"}"#;
const TEXTS: &str = r#"{"type": "array", "items": {"type": "string"}}"#;
const NAMES: &str = r#"{"type": "object", "additionalProperties": {"type": "string"}}"#;
const GROUP: &str = r#"{"type": "object", "additionalProperties": false}"#;
const ANY: &str = r#"{"type": "object"}"#;
const COUNT: &str = r#"{"type": "integer", "minimum": 0}"#;
const SIZE: &str = r#"{"type": ["string", "integer"]}"#;
const WEIGHT: &str = r#"{"type": "integer", "minimum": 0, "maximum": 1000}"#;
const SHARE: &str = r#"{"type": ["number", "string"], "minimum": 0, "maximum": 100}"#;
const BASE: &str = r#"{"type": "integer", "minimum": 0, "maximum": 100000}"#;
const WEIGHTS: &str = r#"{
  "type": "object",
  "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 1000}
}"#;
const LAUNCH: &str = r#"{"enum": ["fargate", "ec2", "managed-instances"]}"#;
const DISCOVERY: &str = r#"{"enum": ["service-connect", "dns"]}"#;
const NETWORK_MODE: &str = r#"{"enum": ["awsvpc", "bridge", "host", "none"]}"#;
const GROUP_ID: &str = r#"{"type": "string", "pattern": "^sg-[0-9a-f]+$"}"#;
const ABOVE: &str = r#"{"type": "number", "exclusiveMinimum": 0}"#;
/// An ARN, or the keys below it, or a list of these.
const BALANCERS: &str = r#"{
  "type": ["string", "object", "array"],
  "pattern": "^arn:",
  "additionalProperties": false,
  "maxItems": 2,
  "items": {"type": ["string", "object"]}
}"#;
/// A key that chooses by standing there: `{ephemeral}`.
const CHOICE: &str = r#"{"type": ["boolean", "object", "null"]}"#;
/// The same, or the id of a file system.
const EFS: &str =
    r#"{"type": ["boolean", "object", "null", "string"], "pattern": "^fs-[0-9a-f]+$"}"#;
/// The id of a file system of S3 Files, or its ARN.
const S3_FILES: &str =
    r#"{"type": "string", "pattern": "^(fs-[0-9a-f]+|arn:[a-z-]+:s3files:.+)$"}"#;
/// CPU units or virtual CPUs.
const CPU: &str = r#"{"type": ["number", "string"], "exclusiveMinimum": 0}"#;
/// One of the words, or the keys below it.
const STORAGE: &str = r#"{
  "type": ["string", "object", "null"],
  "pattern": "^(asset|ebs|efs|ephemeral)$",
  "additionalProperties": false
}"#;
/// A word, or the keys below it.
const VPC: &str = r#"{
  "type": ["string", "object"],
  "pattern": "^(vpc-[0-9a-f]+|default|create)$",
  "additionalProperties": false
}"#;
/// Keys alone.
const KEYS: &str = r#"{"type": ["object", "null"], "additionalProperties": false}"#;

/// A place for `x-ecs`: what messages call it, the path to it, and its keys.
pub(super) struct Place {
    /// For people.
    pub(super) title: &'static str,
    /// Below the top level; `*` is any name, `[]` any item.
    pub(super) path: &'static [&'static str],
    /// JSON Schema of `x-ecs` itself.
    pub(super) schema: &'static str,
    /// The keys.
    pub(super) keys: &'static [Key],
}

/// Everywhere that `x-ecs` may stand.
pub(super) const PLACES: &[Place] = &[
    Place { title: "At the top level", path: &[], schema: KEYS, keys: PROJECT },
    Place { title: "At a service", path: &["services", "*"], schema: KEYS, keys: SERVICE },
    Place {
        title: "At a mount of a service, in its long form",
        path: &["services", "*", "volumes", "[]"],
        schema: STORAGE,
        keys: MOUNT,
    },
    Place { title: "At a volume", path: &["volumes", "*"], schema: STORAGE, keys: MOUNT },
    Place { title: "At a network", path: &["networks", "*"], schema: KEYS, keys: NETWORK },
    Place { title: "At a secret", path: &["secrets", "*"], schema: KEYS, keys: SECRET },
];

const SERVICE: &[Key] = &[
    (
        "allow_shared_volume",
        FLAG,
        "whether several tasks of a database may have one volume, at its own risk",
    ),
    ("autoscaling", GROUP, "how many tasks run, by load"),
    ("autoscaling.cooldown", COUNT, "seconds between two changes"),
    ("autoscaling.cpu", SHARE, "the average use of processors that is aimed at, in percent"),
    ("autoscaling.max", COUNT, "tasks that run at most"),
    ("autoscaling.memory", SHARE, "the average use of memory that is aimed at, in percent"),
    ("autoscaling.min", COUNT, "tasks that always run, 1 unless given"),
    ("autoscaling.queue", GROUP, "scale by the messages that wait in a queue of SQS"),
    ("autoscaling.queue.arn", TEXT, "the queue's ARN, instead of its name"),
    ("autoscaling.queue.messages", ABOVE, "how many messages may wait for each task that runs"),
    ("autoscaling.queue.name", TEXT, "the queue's name"),
    (
        "autoscaling.requests",
        ABOVE,
        "requests a minute that one task shall get from the load balancer",
    ),
    (
        "autoscaling.schedule",
        TIMES,
        "other limits from certain times on: entries of `expression`, which is `cron(…)`, `rate(…)` \
         or `at(…)` as Application Auto Scaling takes it, `timezone`, `min` and `max`",
    ),
    (
        "autoscaling.steps",
        STEPS,
        "so many tasks more or fewer, the further the load is from a threshold: `metric` (`cpu` or \
         `memory`), `up` (steps of `above` and `add`), `down` (steps of `below` and `remove`), \
         `cooldown`, and `minutes` in a row that the load lies there, 3 unless given; or a list",
    ),
    ("capacity", GROUP, "what the tasks run on"),
    ("capacity.base", BASE, "how many tasks run on the first provider before weights count"),
    ("capacity.fargate", WEIGHT, "weight of Fargate"),
    ("capacity.fargate_spot", WEIGHT, "weight of Fargate Spot"),
    ("capacity.providers", WEIGHTS, "weights of other capacity providers of the cluster, by name"),
    ("cpu", CPU, "CPU units of the task, 1024 is one virtual CPU; up to 16 counts virtual CPUs"),
    ("env_files_s3", TEXTS, "files of variables that ECS reads: `s3://BUCKET/PATH.env`"),
    ("ephemeral_storage", SIZE, "the task's own disk in GiB, 21 to 200"),
    ("exec", FLAG, "whether `aws ecs execute-command` may open a shell in the tasks"),
    ("execution_role", TEXT, "name or ARN of an existing role that ECS starts the tasks with"),
    ("http", GROUP, "how the load balancer treats the service"),
    (
        "http.alias",
        ONE_OR_MORE,
        "names of the load balancer that leads to the service, as `domain` at the top level",
    ),
    (
        "http.deregistration_delay",
        r#"{"type": ["integer", "string"], "minimum": 0, "maximum": 3600}"#,
        "seconds that a task has to answer what it was asked before it left, or `30s`",
    ),
    (
        "http.health_check",
        r#"{"type": "string", "pattern": "^/"}"#,
        "the path that the target group asks for",
    ),
    ("http.host", ONE_OR_MORE, "the names that requests are for, of services on one listener"),
    (
        "http.path",
        ONE_OR_MORE,
        "the paths that requests are for, of services on one listener: `/api` and what is below it",
    ),
    (
        "http.stickiness",
        r#"{"type": ["boolean", "integer"], "minimum": 1, "maximum": 604800}"#,
        "whether a visitor stays with one task, by a cookie: seconds, or `true` for a day",
    ),
    ("job", FLAG, "whether it runs to completion, once a deployment"),
    ("launch", LAUNCH, "what its tasks run on: `fargate` unless given"),
    (
        "log_router",
        r#"{"type": ["string", "object"], "additionalProperties": false}"#,
        "the router of the logging driver `awsfirelens`: its image, or the keys below",
    ),
    ("log_router.image", TEXT, "its image"),
    ("log_router.options", NAMES, "options of FireLens"),
    ("log_router.type", r#"{"enum": ["fluentbit", "fluentd"]}"#, "what the image runs"),
    ("memory", SIZE, "memory of the task, such as 2g"),
    ("mirror", FLAG, "whether its image is copied into the project's own registry"),
    ("network_mode", NETWORK_MODE, "the network of its tasks on instances"),
    ("overrides", GROUP, "what the requests to ECS say in the end; null takes a field away"),
    (
        "overrides.containers",
        r#"{"type": "object", "additionalProperties": {"type": "object"}}"#,
        "fields of container definitions, by container",
    ),
    ("overrides.service", ANY, "fields of `CreateService`"),
    ("overrides.task_definition", ANY, "fields of `RegisterTaskDefinition`"),
    ("placement", GROUP, "which instances its tasks run on"),
    (
        "placement.constraints",
        r#"{"type": "array", "items": {"type": ["string", "object"]}}"#,
        "`distinctInstance`, or an expression of the cluster query language",
    ),
    (
        "placement.strategy",
        r#"{"type": "array", "maxItems": 5, "items": {"type": ["string", "object"]}}"#,
        "`random`, `spread: attribute:ecs.availability-zone`, `binpack: memory`, in order",
    ),
    (
        "policies",
        r#"{"type": ["string", "object", "array"], "items": {"type": ["string", "object"]}}"#,
        "what the tasks may do: ARNs of managed policies, and statements",
    ),
    (
        "ports",
        r#"{"type": "object", "additionalProperties": {"enum": ["public", "internal", "none"]}}"#,
        "by container port: who reaches it through a load balancer; what does not speak HTTP has a \
         network load balancer",
    ),
    ("pull_credentials", TEXT, "ARN or name of the secret to log in to the image's registry with"),
    ("role", TEXT, "name or ARN of an existing role for the tasks"),
    ("rollout", GROUP, "how new tasks replace old ones, beyond `deploy.update_config`"),
    (
        "rollout.alarms",
        r#"{"type": ["string", "array"], "items": {"type": "string"}}"#,
        "names of CloudWatch alarms that end the rollout and bring the old tasks back",
    ),
    (
        "rollout.bake",
        TEXT,
        "how long the alarms are watched, such as 5m; and the old tasks stay, where requests are moved",
    ),
    ("rollout.breaker", FLAG, "whether failing tasks end the rollout and bring the old tasks back"),
    ("rollout.max_percent", COUNT, "the share of tasks that runs at most, old and new together"),
    (
        "rollout.min_percent",
        r#"{"type": "integer", "minimum": 0, "maximum": 100}"#,
        "the share of tasks that stays healthy",
    ),
    (
        "rollout.pause",
        r#"{"type": ["string", "boolean"]}"#,
        "how long `canary` waits after its share, and `linear` after each; `true`: until somebody \
         says go on, before requests are moved",
    ),
    (
        "rollout.percent",
        r#"{"type": ["number", "string"], "minimum": 0, "maximum": 100}"#,
        "the share of the requests that `canary` moves first, and `linear` with each step",
    ),
    (
        "rollout.strategy",
        r#"{"enum": ["rolling", "blue-green", "canary", "linear"]}"#,
        "`rolling` unless given: tasks take turns; the others start all new tasks and move the \
         requests: all at once, a share first, or share by share",
    ),
    (
        "schedule",
        r#"{"type": "string", "pattern": "^(rate|cron)\\(.+\\)$"}"#,
        "when the job runs, instead of once a deployment: `rate(1 day)` or `cron(0 3 * * ? *)`",
    ),
    ("secret_env", NAMES, "variables by name: a secret of the file, or an ARN or a parameter"),
    ("seed", FLAG, "whether new volumes are filled with what the image has at their place"),
    ("task", TEXT, "the name of a task that several services share"),
    ("task_role", TEXT, "another name of `role`"),
    ("volume", STORAGE, "where the mounts of the service live that do not say it themselves"),
    ("volume.access_point", TEXT, "id of an access point of that file system"),
    ("volume.asset", CHOICE, "in the image"),
    ("volume.ebs", storage::EBS, storage::EBS_TEXT),
    ("volume.ebs.encrypted", FLAG, storage::ENCRYPTED),
    ("volume.ebs.file_system", storage::FILE_SYSTEM, storage::FILE_SYSTEM_TEXT),
    ("volume.ebs.iops", storage::RATE, storage::IOPS),
    ("volume.ebs.kms_key", KMS_KEY, storage::KMS_KEY),
    ("volume.ebs.size", storage::SIZE, storage::SIZE_TEXT),
    ("volume.ebs.snapshot", storage::SNAPSHOT, storage::SNAPSHOT_TEXT),
    ("volume.ebs.throughput", storage::RATE, storage::THROUGHPUT),
    ("volume.ebs.type", storage::TYPE, storage::TYPE_TEXT),
    ("volume.efs", EFS, "on EFS: the project's file system, or the one of this id"),
    ("volume.ephemeral", CHOICE, "on the task's own disk, gone with it"),
    ("volume.s3files", S3_FILES, "on the file system of S3 Files of this id or ARN"),
];

const NETWORK: &[Key] = &[(
    "security_group",
    r#"{"type": "string", "pattern": "^sg-[0-9a-f]+$"}"#,
    "id of an existing security group that stands for the network",
)];

const SECRET: &[Key] = &[
    ("arn", TEXT, "ARN of a secret or a parameter that is there already"),
    ("key", TEXT, "one key of its JSON"),
];

/// The JSON Schema of `x-ecs`, for editors: it holds for a whole Compose file, and says nothing of the
/// rest of it.
#[must_use]
pub fn schema() -> Value {
    let mut root = json!({"type": "object"});
    for place in PLACES {
        let mut at = &mut root;
        for name in place.path {
            // Of what may be empty, or one word, nothing is said.
            at = match *name {
                "*" => &mut at["additionalProperties"],
                "[]" => &mut at["items"],
                name => &mut at["properties"][name],
            };
        }
        at["properties"]["x-ecs"] = keys(place);
    }
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    root["title"] = "x-ecs in Compose files, for decklift".into();
    root
}

fn keys(place: &Place) -> Value {
    let mut root = Value::Object(parsed(place.schema));
    for (path, schema, text) in place.keys {
        let mut at = &mut root;
        for name in path.split('.') {
            at = &mut at["properties"][name];
        }
        let mut schema = parsed(schema);
        schema.insert("description".to_owned(), (*text).into());
        *at = Value::Object(schema);
    }
    root
}

/// The table is this file's own text; a test reads all of it.
fn parsed(schema: &str) -> Map<String, Value> {
    serde_json::from_str(schema).unwrap_or_default()
}

/// Where `x-ecs` may stand, and its keys with what they are for.
pub fn extension_keys() -> impl Iterator<Item = (&'static str, Vec<(&'static str, &'static str)>)> {
    PLACES.iter().map(|place| {
        let keys = place.keys.iter().map(|(path, _, text)| (*path, *text));
        (place.title, keys.collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_one() {
        for place in PLACES {
            assert!(!parsed(place.schema).is_empty(), "{}", place.title);
        }
        for (path, schema, text) in PLACES.iter().flat_map(|place| place.keys) {
            let schema: Value = serde_json::from_str(schema).expect(path);
            assert!(schema.is_object() && !text.is_empty(), "{path}");
        }
    }

    #[test]
    fn a_group_stands_before_its_parts() {
        for place in PLACES {
            for (index, (path, ..)) in place.keys.iter().enumerate() {
                let Some((group, _)) = path.rsplit_once('.') else { continue };
                assert!(place.keys[..index].iter().any(|(path, ..)| *path == group), "{path}");
            }
        }
    }

    #[test]
    fn the_schema_reaches_every_place() {
        let schema = schema();
        assert!(schema["properties"]["x-ecs"]["properties"]["region"].is_object());
        let service = &schema["properties"]["services"]["additionalProperties"];
        let http = &service["properties"]["x-ecs"]["properties"]["http"];
        assert_eq!(http["properties"]["health_check"]["pattern"], "^/");
        assert_eq!(http["additionalProperties"], false);
        let mount = &service["properties"]["volumes"]["items"]["properties"]["x-ecs"];
        assert!(mount["properties"]["efs"].is_object() && mount["pattern"].is_string());
        // A volume may be empty.
        assert!(schema["properties"]["volumes"]["additionalProperties"]["type"].is_null());
    }
}
