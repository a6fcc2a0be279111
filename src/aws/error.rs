//! From the SDK's errors to [`CloudError`].

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ecs::operation::RequestId;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::error::operation::BuildError;

use crate::apply::cloud::{CloudError, CloudErrorKind};

/// The longest text of an answer that is no AWS error, such as a proxy's page.
const EXCERPT: usize = 200;

/// What to do when AWS does not take the credentials, or there are none.
const CREDENTIALS_HELP: &str = "run `aws configure`, or `aws sso login` when a session has run out, \
     or choose a profile with --aws-profile";

/// Names the operation of a failed call.
pub(super) trait OrFail<T> {
    /// The answer, or an error that names the operation, such as `ecs:CreateService`.
    fn or_fail(self, operation: &str) -> Result<T, CloudError>;
}

impl<T, E> OrFail<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    fn or_fail(self, operation: &str) -> Result<T, CloudError> {
        self.map_err(|error| from_sdk(operation, &error))
    }
}

/// A body that lacks what the API requires. The translation's validator lets none through.
impl From<BuildError> for CloudError {
    fn from(error: BuildError) -> Self {
        CloudError::new(CloudErrorKind::Service, "build a request", error.to_string())
            .help("this is a fault of decklift; please report it")
    }
}

impl CloudError {
    /// Whether AWS answered with one of these error codes.
    pub(super) fn is(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }

    /// Whether the same call may succeed in a moment: nobody answered, AWS asks to go slower, or has
    /// a fault of its own.
    pub(super) fn is_transient(&self) -> bool {
        const CODES: [&str; 9] = [
            "InternalError",
            "InternalFailure",
            "InternalServerError",
            "RequestLimitExceeded",
            "ServerException",
            "ServiceUnavailable",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
        ];
        match self.kind {
            CloudErrorKind::Unreachable => true,
            CloudErrorKind::Service => {
                self.is(&CODES) || self.code.is_none() && self.message.starts_with("HTTP 5")
            }
            _ => false,
        }
    }

    /// Whether no connection could be made at all, so that nothing can have been carried out.
    pub(super) fn is_unconnected(&self) -> bool {
        self.kind == CloudErrorKind::Unreachable && self.message.contains("(Connect)")
    }

    /// Whether AWS answered with this error code and a message that contains `part`.
    pub(super) fn says(&self, code: &str, part: &str) -> bool {
        self.is(&[code]) && self.message.to_ascii_lowercase().contains(part)
    }
}

fn from_sdk<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> CloudError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if let Some(cause) = find::<AssumeRoleError>(error) {
        return not_assumed(cause);
    }
    if let Some(cause) = find::<CredentialsError>(error) {
        return no_credentials(operation, cause);
    }
    match error {
        SdkError::ServiceError(inner) => {
            let meta = inner.err().meta();
            let status = inner.raw().status().as_u16();
            let request_id = meta.request_id().or_else(|| error.request_id()).map(str::to_owned);
            let mut answer = match meta.code().filter(|code| !code.is_empty()) {
                Some(code) => answered(operation, code, meta.message(), status),
                None => garbled(operation, status, inner.raw()),
            };
            answer.request_id = request_id;
            answer
        }
        SdkError::ResponseError(inner) => {
            garbled(operation, inner.raw().status().as_u16(), inner.raw())
        }
        SdkError::TimeoutError(_) => {
            unreachable(operation, "AWS did not answer in time".to_owned())
        }
        SdkError::DispatchFailure(failure) => {
            let cause = failure.as_connector_error().map_or_else(|| chain(error), |e| chain(e));
            if cause.contains("identity resolver timed out") {
                return credentials(operation, "no credentials were found in time".to_owned());
            }
            unreachable(operation, cause)
        }
        // ConstructionFailure, and what later versions of the SDK may add.
        _ => CloudError::new(CloudErrorKind::Service, operation, chain(error)),
    }
}

fn answered(operation: &str, code: &str, message: Option<&str>, status: u16) -> CloudError {
    let message = message.filter(|m| !m.is_empty()).map_or_else(|| code.to_owned(), shorten);
    let kind = if is_denied(code, status) {
        CloudErrorKind::AccessDenied
    } else if is_bad_credentials(code) {
        CloudErrorKind::Credentials
    } else if code.contains("NotFound") || code.contains("NoSuchEntity") {
        CloudErrorKind::NotFound
    } else {
        CloudErrorKind::Service
    };
    let mut error = CloudError::new(kind, operation, message);
    error.code = Some(code.to_owned());
    let lower = error.message.to_ascii_lowercase();
    match kind {
        _ if code.starts_with("TagPolic") || lower.contains("tag policy") => error.help(
            "the organisation has a policy for tags: correct them in `x-ecs: {tags: …}`, which are put \
             on everything as it is made",
        ),
        // IAM user guide, "Troubleshoot access denied error messages".
        CloudErrorKind::AccessDenied if lower.contains("service control policy") => {
            error.help(format!(
                "a service control policy of the organisation denies {}: whoever looks after it can say \
                 what it asks for. Where that is tags, put them into `x-ecs: {{tags: {{KEY: VALUE}}}}`; \
                 where it is a region, into `x-ecs.region`",
                action(operation)
            ))
        }
        CloudErrorKind::AccessDenied => {
            let help = denied_help(operation, &error.message);
            error.help(help)
        }
        CloudErrorKind::Credentials => error.help(CREDENTIALS_HELP),
        _ => error,
    }
}

/// The missing action is not always the call's own: tags, roles and service-linked roles take others.
/// AWS mostly names it ("User: … is not authorized to perform: iam:PassRole on resource: …"; IAM user
/// guide, "Troubleshoot access denied error messages").
fn denied_help(operation: &str, message: &str) -> String {
    let named = message.split_once("not authorized to perform: ").and_then(|(_, rest)| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, ':' | '-'));
        let named = rest[..end.unwrap_or(rest.len())].trim_end_matches(':');
        named.split_once(':').is_some_and(|(_, action)| !action.is_empty()).then_some(named)
    });
    let missing = named.map_or_else(|| action(operation), str::to_owned);
    format!("the caller's IAM policies must allow {missing}")
}

/// Every service spells it in its own way.
fn is_denied(code: &str, status: u16) -> bool {
    matches!(
        code,
        "AccessDenied"
            | "AccessDeniedException"
            | "AccessDeniedFault"
            | "UnauthorizedOperation"
            | "UnauthorizedAccess"
            | "UnauthorizedException"
            | "AuthorizationError"
            | "OperationNotPermitted"
            | "NotAuthorized"
    ) || (status == 403 && !is_bad_credentials(code))
}

fn is_bad_credentials(code: &str) -> bool {
    matches!(
        code,
        "ExpiredToken"
            | "ExpiredTokenException"
            | "RequestExpired"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "AuthFailure"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "IncompleteSignature"
            | "InvalidAccessKeyId"
            | "OptInRequired"
            | "TokenRefreshRequired"
    )
}

/// The IAM action of an operation; a few bear other names than their operations.
fn action(operation: &str) -> String {
    let renamed = operation.replacen("elbv2:", "elasticloadbalancing:", 1);
    renamed.replacen("efs:", "elasticfilesystem:", 1)
}

impl CloudError {
    /// Whether an endpoint that is not AWS says that it does not have the service.
    pub(super) fn is_unserved(&self) -> bool {
        let is_garbled = self.kind == CloudErrorKind::Service && self.code.is_none();
        is_garbled && (self.message.starts_with("HTTP 400") || self.message.starts_with("HTTP 404"))
    }
}

/// An answer that is no AWS error: a proxy's page, say, or a wrong endpoint.
fn garbled(operation: &str, status: u16, response: &HttpResponse) -> CloudError {
    let body = response.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
    let text = strip_markup(&body);
    let said = if text.is_empty() { String::new() } else { format!(": {}", shorten(&text)) };
    let message = format!("HTTP {status}, which is no answer of AWS{said}");
    let page = body.trim_start().to_ascii_lowercase();
    let is_page = page.starts_with("<!doctype html") || page.starts_with("<html");
    // A page comes from something in the way, not from AWS.
    if status == 403 && !is_page {
        let help = denied_help(operation, &message);
        return CloudError::new(CloudErrorKind::AccessDenied, operation, message).help(help);
    }
    CloudError::new(CloudErrorKind::Service, operation, message)
        .help("is there a proxy in the way, or does AWS_ENDPOINT_URL point somewhere else?")
}

fn strip_markup(body: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in body.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shorten(text: &str) -> String {
    // AWS's own messages are complete sentences; only what is far too long is cut.
    let limit = EXCERPT * 10;
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn unreachable(operation: &str, cause: String) -> CloudError {
    CloudError::new(CloudErrorKind::Unreachable, operation, cause).help(
        "check the network, the proxy settings and AWS_ENDPOINT_URL, and that the region exists",
    )
}

fn credentials(operation: &str, message: String) -> CloudError {
    CloudError::new(CloudErrorKind::Credentials, operation, message).help(CREDENTIALS_HELP)
}

/// No credentials, or none that could be loaded. The cause never contains the credentials.
pub(super) fn no_credentials(operation: &str, cause: &CredentialsError) -> CloudError {
    let why = chain(cause);
    let message = match cause {
        CredentialsError::ProviderTimedOut(_) => "no AWS credentials were found in time".to_owned(),
        // The instance metadata service is the last place to look, and most machines have none: that
        // it failed says nothing but that there was nothing before it.
        CredentialsError::CredentialsNotLoaded(_) => "no AWS credentials were found".to_owned(),
        _ if why.contains("IMDS") => "no AWS credentials were found".to_owned(),
        _ => format!("the AWS credentials could not be loaded: {why}"),
    };
    credentials(operation, message)
}

/// A role that may not be taken, by `--assume-role` or by a profile. STS's message names both: who
/// asks, and the role.
fn not_assumed(cause: &AssumeRoleError) -> CloudError {
    const OPERATION: &str = "sts:AssumeRole";
    let meta = cause.meta();
    let code = meta.code().unwrap_or_default();
    let message = meta.message().filter(|text| !text.is_empty()).unwrap_or(code);
    let mut error = CloudError::new(CloudErrorKind::Credentials, OPERATION, shorten(message));
    error.code = Some(code.to_owned()).filter(|code| !code.is_empty());
    error.request_id = meta.request_id().map(str::to_owned);
    error.help(match is_denied(code, 0) {
        true => {
            "both must agree: the role's trust policy must name the caller (with --external-id, where \
             it asks for sts:ExternalId), and the caller's own policies must allow sts:AssumeRole on \
             the role"
        }
        false => CREDENTIALS_HELP,
    })
}

/// Whether what went wrong with credentials is that a session of IAM Identity Center is over, or was
/// never begun (the SDK's words for it).
pub(super) fn needs_login(error: &CloudError) -> bool {
    let text = error.message.to_ascii_lowercase();
    let is_sso = text.contains("sso") || text.contains("ssooidc");
    is_sso && ["expired", "token", "session", "refresh"].iter().any(|word| text.contains(word))
}

/// The first error of this type among the causes.
fn find<'a, T: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// An error with its causes, each said once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !said.iter().any(|s| s.contains(&text)) {
            said.push(text);
        }
        next = error.source();
    }
    shorten(&said.join(": "))
}
