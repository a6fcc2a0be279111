//! Errors as they come over the wire, and creations whose first answer was lost.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use super::recorder::Recorder;
use super::*;
use crate::ecs::desired::{
    CreateRole, FileSystem, Namespace, PutRolePolicy, Repository, Role, SecurityGroup,
    TagSpecification, UpperTag,
};
use crate::ecs::desired::{ImageScanning, Kind};

fn tags(project: &str) -> Vec<UpperTag> {
    let tag = |key: &str, value: &str| UpperTag {
        key: format!("decklift:{key}").into(),
        value: value.to_owned(),
    };
    vec![tag("environment", "default"), tag("project", project)]
}

fn repository() -> Repository {
    Repository {
        repository_name: "shop/web".to_owned(),
        image_tag_mutability: "IMMUTABLE".to_owned(),
        image_scanning_configuration: ImageScanning { scan_on_push: true },
        encryption_configuration: None,
        lifecycle_policy_text: None,
        tags: tags("shop"),
    }
}

fn group() -> SecurityGroup {
    SecurityGroup {
        group_name: "shop-web".to_owned(),
        description: "web".to_owned(),
        vpc_id: "vpc-1".into(),
        tag_specifications: vec![TagSpecification {
            resource_type: "security-group".to_owned(),
            tags: tags("shop"),
        }],
    }
}

async fn identity(status: u16, body: &str) -> CloudError {
    // The first call is tried more than once.
    Recorder::new(std::iter::repeat_n((status, body), 20)).aws().identity().await.unwrap_err()
}

#[tokio::test]
async fn access_denied_names_the_action_in_every_dialect() {
    let json = r#"{"__type":"AccessDeniedException","message":"User: arn:aws:iam::1:user/x is not authorized to perform: ecr:CreateRepository"}"#;
    let recorder = Recorder::new([(400, json)]);
    let error = recorder.aws().create_repository(&repository()).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::AccessDenied);
    assert_eq!(error.operation, "ecr:CreateRepository");
    assert_eq!(error.code.as_deref(), Some("AccessDeniedException"));
    assert_eq!(error.request_id.as_deref(), Some("request-1"));
    assert!(error.help.unwrap().contains("must allow ecr:CreateRepository"));

    let xml = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation.</Message></Error></Errors><RequestID>r-2</RequestID></Response>";
    let recorder = Recorder::new([(403, xml)]);
    let error = recorder.aws().create_security_group(&group()).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::AccessDenied);
    assert_eq!(error.message, "You are not authorized to perform this operation.");
    assert!(error.request_id.is_some());

    let body = FileSystem {
        creation_token: "t".to_owned(),
        encrypted: true,
        performance_mode: "generalPurpose".to_owned(),
        throughput_mode: "elastic".to_owned(),
        tags: Vec::new(),
    };
    let rest = r#"{"__type":"AccessDeniedException","Message":"no"}"#;
    let error = Recorder::new([(403, rest)]).aws().create_file_system(&body).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::AccessDenied);
    assert!(error.help.unwrap().contains("elasticfilesystem:CreateFileSystem"));
}

#[tokio::test]
async fn bad_credentials_are_told_apart() {
    let xml = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error><RequestId>r</RequestId></ErrorResponse>";
    let error = identity(403, xml).await;
    assert_eq!(error.kind, CloudErrorKind::Credentials);
    assert!(error.help.unwrap().contains("aws sso login"));
}

#[tokio::test]
async fn an_answer_that_is_not_aws_s_is_readable() {
    let error = identity(
        502,
        "<html><head><title>502</title></head><body><h1>Bad  Gateway</h1></body></html>",
    )
    .await;
    assert_eq!(error.kind, CloudErrorKind::Service);
    assert_eq!(error.message, "HTTP 502, which is no answer of AWS: 502 Bad Gateway");
    let repository = Recorder::new([(500, "<html>proxy says no</html>")]);
    let error = repository.aws().create_repository(&self::repository()).await.unwrap_err();
    assert!(error.message.contains("proxy says no"), "{error:?}");
    assert!(error.help.unwrap().contains("AWS_ENDPOINT_URL"));
}

#[tokio::test]
async fn no_credentials_say_what_to_do() {
    let nobody = aws_credential_types::provider::SharedCredentialsProvider::new(Nobody);
    let aws = Recorder::default().aws_of(nobody);
    let error = aws.identity().await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::Credentials, "{error:?}");
    assert_eq!(error.message, "no AWS credentials were found");
}

#[tokio::test]
async fn a_repository_that_exists_is_ours_or_refused() {
    let exists = r#"{"__type":"RepositoryAlreadyExistsException","message":"exists"}"#;
    let described = r#"{"repositories":[{"repositoryArn":"arn:r","repositoryName":"shop/web","repositoryUri":"1.dkr/shop/web"}]}"#;
    let ours = r#"{"tags":[{"Key":"decklift:project","Value":"shop"},{"Key":"decklift:environment","Value":"default"}]}"#;
    let recorder = Recorder::new([
        (400, exists),
        (200, described),
        (200, ours),
        (200, "{}"),
        (200, "{}"),
        (200, "{}"),
        (200, described),
    ]);
    let changed = recorder.aws().create_repository(&repository()).await.unwrap();
    assert_eq!(changed.attributes[&Attribute::Uri], "1.dkr/shop/web");
    assert_eq!(
        recorder.operations(),
        [
            "CreateRepository",
            "DescribeRepositories",
            "ListTagsForResource",
            "PutImageTagMutability",
            "PutImageScanningConfiguration",
            "DeleteLifecyclePolicy",
            "DescribeRepositories",
        ]
    );
    let recorder = Recorder::new([(400, exists), (200, described), (200, "{\"tags\":[]}")]);
    let error = recorder.aws().create_repository(&repository()).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::NotOurs);
    assert_eq!(error.message, "shop/web exists and was not made by decklift");
}

#[tokio::test]
async fn a_role_under_another_path_is_somebody_else_s() {
    let body = Role {
        create: CreateRole {
            path: "/decklift/shop/".to_owned(),
            role_name: "shop-web".to_owned(),
            assume_role_policy_document: "{}".to_owned(),
            description: String::new(),
            permissions_boundary: None,
            tags: Vec::new(),
        },
        policy: Some(PutRolePolicy {
            role_name: "shop-web".to_owned(),
            policy_name: "execution".to_owned(),
            policy_document: "{}".to_owned(),
        }),
        attached: None,
    };
    let exists = "<ErrorResponse><Error><Code>EntityAlreadyExists</Code><Message>exists</Message></Error></ErrorResponse>";
    let got = |path: &str| {
        format!(
            "<GetRoleResponse><GetRoleResult><Role><Path>{path}</Path><RoleName>shop-web</RoleName><RoleId>R</RoleId><Arn>arn:role</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></Role></GetRoleResult></GetRoleResponse>"
        )
    };
    let recorder = Recorder::new([(409, exists), (200, &got("/")), (200, "")]);
    let error = recorder.aws().create_role(&body).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::NotOurs);

    let recorder =
        Recorder::new([(409, exists), (200, &got("/decklift/shop/")), (200, ""), (200, "")]);
    let changed = recorder.aws().create_role(&body).await.unwrap();
    assert_eq!(changed.attributes[&Attribute::Arn], "arn:role");
    assert_eq!(
        recorder.operations(),
        ["CreateRole", "GetRole", "UpdateAssumeRolePolicy", "PutRolePolicy"]
    );
}

#[tokio::test]
async fn a_namespace_request_that_was_heard_twice_is_followed() {
    let twice = r#"{"__type":"DuplicateRequest","Message":"dup","DuplicateOperationId":"op-1"}"#;
    let pending = r#"{"Operation":{"Id":"op-1","Status":"PENDING"}}"#;
    let done = r#"{"Operation":{"Id":"op-1","Status":"SUCCESS","Targets":{"NAMESPACE":"ns-1"}}}"#;
    let got = r#"{"Namespace":{"Id":"ns-1","Arn":"arn:ns-1","Name":"shop"}}"#;
    let recorder = Recorder::new([(400, twice), (200, pending), (200, done), (200, got)]);
    let body = Namespace { name: "shop".to_owned(), tags: tags("shop") };
    let changed = recorder.aws().create_namespace(&body).await.unwrap();
    assert_eq!(changed.attributes[&Attribute::Id], "ns-1");
    assert_eq!(changed.attributes[&Attribute::Arn], "arn:ns-1");
}

#[tokio::test]
async fn a_group_goes_when_its_interfaces_are_gone_and_not_before() {
    let busy = "<Response><Errors><Error><Code>DependencyViolation</Code><Message>busy</Message></Error></Errors><RequestID>r</RequestID></Response>";
    let done = "<DeleteSecurityGroupResponse><return>true</return></DeleteSecurityGroupResponse>";
    let recorder = Recorder::new([(400, busy), (400, busy), (200, done)]);
    recorder.aws().delete_security_group("sg-1").await.unwrap();
    assert_eq!(recorder.sent().len(), 3);
    let gone = "<Response><Errors><Error><Code>InvalidGroup.NotFound</Code><Message>gone</Message></Error></Errors><RequestID>r</RequestID></Response>";
    Recorder::new([(400, gone)]).aws().delete_security_group("sg-1").await.unwrap();
    let recorder = Recorder::new(std::iter::repeat_n((400, busy), 1000));
    let error = recorder.aws().delete_security_group("sg-1").await.unwrap_err();
    assert_eq!(error.code.as_deref(), Some("DependencyViolation"));
    assert!(recorder.sent().len() < 1000, "it waits, but not for ever");
}

#[tokio::test]
async fn an_image_is_not_aws_s_to_make() {
    let body = Body::Image(Box::new(crate::ecs::desired::Image {
        repository_name: "r".to_owned(),
        registry: None,
        shared: false,
        image_tag: "t".to_owned(),
        platform: "linux/amd64".to_owned(),
        base: None,
        assets: Vec::new(),
        stop_signal: None,
        cleared: Vec::new(),
    }));
    let aws = Recorder::default().aws();
    let id = ResourceId::new(Kind::Image, "web");
    let error = aws.create(&id, &body, false).await.unwrap_err();
    assert_eq!((error.kind, error.resource.as_deref()), (CloudErrorKind::Image, Some("image/web")));
}

/// Has no credentials.
#[derive(Debug)]
struct Nobody;

impl aws_credential_types::provider::ProvideCredentials for Nobody {
    fn provide_credentials<'a>(
        &'a self,
    ) -> aws_credential_types::provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        aws_credential_types::provider::future::ProvideCredentials::ready(Err(
            aws_credential_types::provider::error::CredentialsError::not_loaded("none"),
        ))
    }
}
