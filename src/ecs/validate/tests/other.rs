use super::*;

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

#[test]
fn roles() {
    role("no role name", |r| {
        r.create.role_name = "a b".into();
        r.policy.role_name = "a b".into();
    });
    role("has no place", |r| r.policy.role_name = "other".into());
    role("is no path", |r| r.create.path = "/shop".into());
    role("description", |r| r.create.description = "x".repeat(1001));
    role("lets nobody take", |r| r.create.assume_role_policy_document = "{}".into());
    role("policy is not taken", |r| r.policy.policy_document = "{".into());
    role("also the name of", |r| {
        r.create.role_name = "SHOP-worker-execution".into();
        r.policy.role_name = "SHOP-worker-execution".into();
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
    let edits: [(&str, fn(&mut Secret)); 6] = [
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
    image("no image tag", |i| i.image_tag = "-x".into());
    image("no place in an image", |i| {
        i.assets.push(crate::ecs::desired::Asset {
            source: crate::ecs::desired::AssetSource::Content(String::new()),
            target: "etc/x".into(),
            uid: 0,
            gid: 0,
            mode: None,
        });
    });
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
