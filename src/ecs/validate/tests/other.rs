use super::*;
use crate::ecs::desired::{Asset, AssetSource};

#[test]
fn security_groups() {
    group("no security group name", |g| g.group_name = "sg-1".into());
    group("no description", |g| g.description = "ü".into());
    group("no description", |g| g.description.clear());
    rule("not exactly one source", |r| r.ip_permissions[0].ip_ranges.clear());
    rule("not exactly one permission", |r| r.ip_permissions.clear());
    rule("with ports", |r| r.ip_permissions[0].from_port = Some(0));
    rule("with ports", |r| r.ip_permissions[0].ip_protocol = "-1".into());
    // Names are compared without case.
    group("also the name of", |g| g.group_name = "SHOP-EFS".into());
}

fn policy(role: &mut Role) -> &mut crate::ecs::desired::PutRolePolicy {
    role.policy.as_mut().expect("a policy")
}

#[test]
fn managed_policies_and_boundaries() {
    use crate::ecs::desired::AttachRolePolicy;
    let arn = |n: usize| format!("arn:aws:iam::aws:policy/Policy{n}");
    let attach = |r: &Role, policy_arn: String| AttachRolePolicy {
        role_name: r.create.role_name.clone(),
        policy_arn,
    };
    role("26 managed policies", |r| {
        r.attached = Some((0..26).map(|n| attach(r, arn(n))).collect());
    });
    role("is no managed policy", |r| r.attached = Some(vec![attach(r, "ReadOnlyAccess".into())]));
    role("is no managed policy", |r| {
        r.attached = Some(vec![AttachRolePolicy { role_name: "other".into(), policy_arn: arn(0) }]);
    });
    role("is no permissions boundary", |r| r.create.permissions_boundary = Some("limits".into()));
}

#[test]
fn roles() {
    role("no role name", |r| {
        r.create.role_name = "a b".into();
        policy(r).role_name = "a b".into();
    });
    role("has no place", |r| policy(r).role_name = "other".into());
    role("is no path", |r| r.create.path = "/shop".into());
    role("description", |r| r.create.description = "x".repeat(1001));
    role("lets nobody take", |r| r.create.assume_role_policy_document = "{}".into());
    role("policy is not taken", |r| policy(r).policy_document = "{".into());
    role("also the name of", |r| {
        r.create.role_name = "SHOP-worker-execution".into();
        policy(r).role_name = "SHOP-worker-execution".into();
    });
}

#[test]
fn log_groups() {
    logs("is no log group name", |g| {
        g.create.log_group_name = "a b".into();
        g.retention.log_group_name = "a b".into();
    });
    logs("for another group", |g| g.retention.log_group_name = "other".into());
    logs("cannot be kept", |g| g.retention.retention_in_days = 31);
}

#[test]
fn secrets() {
    use crate::ecs::desired::{Resource, Secret, UpperTag};
    let faults = |edit: fn(&mut Secret)| {
        let mut desired = good();
        for name in ["db", "other"] {
            let secret = Secret {
                name: format!("decklift/shop/{name}"),
                description: String::new(),
                tags: Vec::new(),
            };
            desired.insert(Resource {
                id: ResourceId::new(Kind::Secret, name),
                body: Body::Secret(secret),
                service: None,
                origin: None,
                waits: Vec::new(),
                peers: Vec::new(),
                restarts: Vec::new(),
                stateful: false,
            });
        }
        let id = ResourceId::new(Kind::Secret, "other");
        let Some(Body::Secret(secret)) = desired.resources.get_mut(&id).map(|r| &mut r.body) else {
            panic!("no secret")
        };
        edit(secret);
        validate(&desired).into_iter().map(|d| d.message).collect::<Vec<_>>()
    };
    assert_eq!(faults(|_| {}), Vec::<String>::new());
    type Edit = fn(&mut Secret);
    let edits: [(&str, Edit); 6] = [
        ("no name for a secret", |s| s.name = "a b".into()),
        ("no name for a secret", |s| s.name = "db-secret".into()),
        ("no name for a secret", |s| s.name = "x".repeat(513)),
        ("also the name of", |s| s.name = "decklift/shop/db".into()),
        ("description", |s| s.description = "x".repeat(2049)),
        ("is not taken", |s| s.tags.push(UpperTag { key: "aws:x".into(), value: "y".into() })),
    ];
    for (wanted, edit) in edits {
        let found = faults(edit);
        assert!(found.len() == 1 && found[0].contains(wanted), "{found:?}");
    }
}

#[test]
fn namespaces_repositories_and_images() {
    namespace("no namespace name", |n| n.name = "a b".into());
    let mut desired = good();
    for kind in [Kind::Repository, Kind::Image] {
        match desired.resources.get_mut(&ResourceId::new(kind, "web")).map(|r| &mut r.body) {
            Some(Body::Repository(r)) => r.repository_name = "Shop/web".into(),
            Some(Body::Image(i)) => i.repository_name = "Shop/web".into(),
            body => panic!("{body:?}"),
        }
    }
    let found = validate(&desired);
    assert!(found.len() == 1 && found[0].message.contains("no repository name"), "{found:?}");
    image("cannot be put into the image", |i| {
        let link = AssetSource::Link("/run/x".into());
        i.assets = vec![Asset::of_root("x".into(), link, false)];
    });
    image("cannot be put into the image", |i| {
        let text = AssetSource::Content { text: String::new() };
        i.assets = vec![Asset::of_root("/x".into(), text, false); 2];
    });
    image("no image tag", |i| i.image_tag = "-x".into());
    image("no repository", |i| i.repository_name = "other".into());
}

#[test]
fn file_systems() {
    system("is no token", |s| s.creation_token = "x".repeat(65));
    mount("also the name of", |m| m.subnet_id = SUBNETS[1].into());
    mount("five security groups", |m| m.security_groups = vec![Value::from("sg-1"); 6]);
    point("is no path", |p| p.root_directory.path = "/a/b/c/d/e".into());
    point("is no path", |p| p.root_directory.path = "/.a".into());
    point("are no permissions", |p| p.root_directory.creation_info.permissions = "rwx".into());
    point("no user or group id", |p| p.root_directory.creation_info.owner_uid = -1);
}
