//! `logging`: where the output of a container goes.
//!
//! Fargate has three log drivers: `awslogs`, `splunk` and `awsfirelens` (ECS API reference,
//! `LogConfiguration.logDriver`). What Docker keeps on the host goes to CloudWatch Logs instead.

use indexmap::IndexMap;

use super::log_group::{self, log_group_name};
use crate::compose::model::{Launch, Logging, Service};
use crate::diagnostic::{Code, Diagnostic, credential};
use crate::ecs::desired::{LogConfiguration, SecretOption};
use crate::ecs::translate::context::{Context, Output};
use crate::source::{Located, Span};

/// The options of `awslogs` that ECS takes (ECS API reference, `LogConfiguration.options`).
const AWSLOGS: [&str; 8] = [
    GROUP,
    REGION,
    PREFIX,
    CREATE,
    "awslogs-datetime-format",
    "awslogs-multiline-pattern",
    "mode",
    "max-buffer-size",
];
const GROUP: &str = "awslogs-group";
const REGION: &str = "awslogs-region";
const PREFIX: &str = "awslogs-stream-prefix";
const CREATE: &str = "awslogs-create-group";

/// The options that every driver takes (ECS API reference, `LogConfiguration.options`).
const OF_ALL: [&str; 2] = ["mode", "max-buffer-size"];

/// The options that `splunk` cannot do without (ECS API reference, `LogConfiguration.options`).
const SPLUNK: [&str; 2] = ["splunk-token", "splunk-url"];

/// What becomes of a driver of Docker's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driver {
    /// CloudWatch Logs, in the place of files on the host.
    Default,
    Awslogs,
    Splunk,
    Firelens,
    /// One of Docker's that instances have.
    Docker,
    /// `none`: what is written is lost.
    Nothing,
    /// Fargate does not have it.
    Unknown,
}

/// Whether a launch type has a log driver that Fargate has not (ECS API reference,
/// `LogConfiguration.logDriver`).
pub(crate) fn has_driver(launch: Launch, driver: &str) -> bool {
    match launch {
        Launch::Fargate => false,
        Launch::Ec2 => {
            matches!(driver, "fluentd" | "gelf" | "json-file" | "journald" | "syslog")
        }
        Launch::ManagedInstances => driver == "json-file",
    }
}

/// The driver of a service.
pub(crate) fn driver(service: &Service) -> Driver {
    let driver = service.logging.as_ref().and_then(|logging| logging.value.driver.as_ref());
    match driver.map_or("", |driver| driver.value.as_str()) {
        name if has_driver(service.launch(), name) => Driver::Docker,
        "" | "json-file" | "local" => Driver::Default,
        "awslogs" => Driver::Awslogs,
        "splunk" => Driver::Splunk,
        "awsfirelens" => Driver::Firelens,
        "none" => Driver::Nothing,
        _ => Driver::Unknown,
    }
}

/// Where in CloudWatch Logs a container's output goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The group's name.
    pub(crate) group: String,
    /// Its region.
    pub(crate) region: String,
    /// What the names of its streams start with.
    pub(crate) prefix: String,
    /// Whether the driver makes the group.
    pub(crate) creates: bool,
    /// Whether decklift makes the group.
    pub(crate) is_own: bool,
}

/// Where in CloudWatch Logs the output of a service goes, if it goes there.
pub(crate) fn place(cx: &Context<'_>, service: &Service) -> Option<Place> {
    let own = log_group_name(cx, &service.name.value);
    let mut place = Place {
        group: own.clone(),
        region: cx.facts.region.clone(),
        prefix: service.name.value.clone(),
        creates: false,
        is_own: true,
    };
    match driver(service) {
        Driver::Default => return Some(place),
        Driver::Awslogs => {}
        _ => return None,
    }
    let options = &service.logging.as_ref()?.value.options;
    let given = |key| filled(options, key).map(|value| value.value.clone());
    // A group of decklift's stands in the stack's own region, and `convert` must say what `deploy` does:
    // where the file alone does not say which one that is, both makers are there.
    let is_said = cx.project.extension.region.is_some();
    let elsewhere = given(REGION).filter(|region| is_said && *region != cx.facts.region);
    place.is_own = given(GROUP).is_none_or(|group| group == own) && elsewhere.is_none();
    place.creates = given(CREATE).is_some_and(|value| value.eq_ignore_ascii_case("true"))
        || (elsewhere.is_some() && given(GROUP).is_none())
        || is_unsure(cx, options) && place.is_own;
    place.region = given(REGION).unwrap_or(place.region);
    place.group = given(GROUP).unwrap_or(own);
    place.prefix = given(PREFIX).unwrap_or(place.prefix);
    Some(place)
}

/// Whether the region of the logs is written, and the file does not say whether the project is there.
fn is_unsure(cx: &Context<'_>, options: &IndexMap<String, Located<String>>) -> bool {
    cx.project.extension.region.is_none() && filled(options, REGION).is_some()
}

/// CloudWatch Logs API reference, `CreateLogGroup.logGroupName`; part of it may not be known yet.
fn is_group(name: &str) -> bool {
    let takes = |c: char| c.is_ascii_alphanumeric() || ".-_/#".contains(c);
    name.contains("${") || name.len() <= 512 && name.chars().all(takes)
}

fn filled<'a>(
    options: &'a IndexMap<String, Located<String>>,
    key: &str,
) -> Option<&'a Located<String>> {
    options.get(key).filter(|value| !value.value.is_empty())
}

/// The container's log configuration.
pub(crate) fn configuration(
    cx: &Context<'_>,
    service: &Service,
    out: &mut Output,
) -> Option<LogConfiguration> {
    let logging = service.logging.as_ref().map(|logging| &logging.value);
    let mut found = Found { service, out, configuration: LogConfiguration::default() };
    match (driver(service), logging) {
        (Driver::Default, logging) => found.default(cx, logging),
        (Driver::Awslogs, Some(logging)) => found.awslogs(cx, logging),
        (Driver::Splunk, Some(logging)) => found.splunk(logging),
        (Driver::Firelens, Some(logging)) => found.firelens(logging),
        (Driver::Docker, Some(logging)) => found.docker(logging),
        (Driver::Nothing, Some(logging)) => {
            found.nothing(logging);
            return None;
        }
        (_, Some(logging)) => {
            found.unknown(logging);
            return None;
        }
        (_, None) => return None,
    }
    found.check_delivery(logging);
    Some(found.configuration)
}

/// The configuration so far.
struct Found<'a, 'o> {
    service: &'a Service,
    out: &'o mut Output,
    configuration: LogConfiguration,
}

impl Found<'_, '_> {
    fn say(&mut self, diagnostic: Diagnostic, span: Span) {
        self.out.say(diagnostic.at(span, "").service(&self.service.name.value));
    }

    fn default(&mut self, cx: &Context<'_>, logging: Option<&Logging>) {
        self.configuration = log_group::configuration(cx, self.service);
        let Some(logging) = logging else { return };
        if let Some(driver) = logging.driver.as_ref().filter(|driver| !driver.value.is_empty()) {
            let message = if self.service.on_instances() {
                format!("ECS has no log driver `{}`", driver.value)
            } else {
                format!("`{}` keeps logs on the host; Fargate has none", driver.value)
            };
            let found = Diagnostic::note(Code::Approximated, message);
            self.say(
                found.help("they go to CloudWatch Logs: `decklift logs` shows them"),
                driver.span,
            );
        }
        let mut without = Vec::new();
        for (key, value) in &logging.options {
            if OF_ALL.contains(&key.as_str()) {
                self.set(key, &value.value);
            } else {
                without.push((key.as_str(), value.span));
            }
        }
        if let Some((_, span)) = without.first() {
            let names: Vec<_> = without.iter().map(|(name, _)| format!("`{name}`")).collect();
            let have = if names.len() == 1 { "has" } else { "have" };
            let message = format!("{} of `logging` {have} no effect on ECS", names.join(", "));
            let found = Diagnostic::note(Code::Ignored, message);
            self.say(
                found.help("`x-ecs.log_retention` says how many days CloudWatch Logs keeps"),
                *span,
            );
        }
    }

    fn awslogs(&mut self, cx: &Context<'_>, logging: &Logging) {
        self.configuration.log_driver = "awslogs".to_owned();
        for (key, value) in &logging.options {
            if AWSLOGS.contains(&key.as_str()) {
                self.set(key, &value.value);
            } else {
                let message = format!("the option `{key}` has no effect: ECS's awslogs lacks it");
                let found = Diagnostic::warning(Code::Ignored, message);
                self.say(found.help(format!("it takes `{}`", AWSLOGS.join("`, `"))), value.span);
            }
        }
        if let (Some(format), Some(pattern)) = (
            logging.options.get("awslogs-datetime-format"),
            logging.options.get("awslogs-multiline-pattern"),
        ) {
            let message = "a datetime format and a multiline pattern exclude each other";
            self.out.say(
                Diagnostic::error(Code::Conflict, message)
                    .at(format.span, "")
                    .at(pattern.span, "")
                    .help("keep one of the two: both say where a message starts")
                    .service(&self.service.name.value),
            );
        }
        if let Some(group) = filled(&logging.options, GROUP).filter(|group| !is_group(&group.value))
        {
            let message = format!("{:?} is no name of a log group", group.value);
            let found = Diagnostic::error(Code::InvalidValue, message);
            self.say(found.help("write up to 512 letters, digits and `.-_/#`"), group.span);
            return;
        }
        let Some(place) = place(cx, self.service) else { return };
        self.made_where(cx, logging, &place);
        for (key, value) in
            [(GROUP, &place.group), (REGION, &place.region), (PREFIX, &place.prefix)]
        {
            self.set(key, value);
        }
        if place.creates {
            self.set(CREATE, "true");
        }
    }

    /// Who makes the group, where that is not decklift alone.
    fn made_where(&mut self, cx: &Context<'_>, logging: &Logging, place: &Place) {
        if let Some(region) = logging.options.get(REGION)
            && is_unsure(cx, &logging.options)
            && place.is_own
        {
            let message = format!(
                "the driver makes the log group where {} is another region than the project's",
                place.region
            );
            let found = Diagnostic::note(Code::Approximated, message);
            let help = "leave `awslogs-region` out: logs are in the project's region then; or say at the \
                top level which one that is: `x-ecs: {region: …}`";
            self.say(found.help(help), region.span);
        } else if let (Some(region), None) =
            (logging.options.get(REGION).filter(|_| !place.is_own), logging.options.get(GROUP))
        {
            let message = format!("the driver makes the log group in {} itself", place.region);
            let found = Diagnostic::warning(Code::Approximated, message);
            let help = "decklift makes groups in its own region alone: `log_retention` does not \
                reach this one, and `down` leaves it";
            self.say(found.help(help), region.span);
        } else if let Some(group) = logging.options.get(GROUP).filter(|_| !place.is_own)
            && !place.creates
        {
            let message = format!("the log group {:?} must exist", place.group);
            let found = Diagnostic::note(Code::Approximated, message);
            let help = "leave `awslogs-group` out, and decklift makes one; or set \
                `awslogs-create-group: \"true\"`";
            self.say(found.help(help), group.span);
        }
    }

    fn splunk(&mut self, logging: &Logging) {
        self.configuration.log_driver = "splunk".to_owned();
        self.all(logging);
        for key in SPLUNK.into_iter().filter(|key| filled(&logging.options, key).is_none()) {
            let span = logging.driver.as_ref().map_or(self.service.span(), |driver| driver.span);
            let found = Diagnostic::error(Code::MissingAttribute, format!("splunk needs `{key}`"));
            self.say(found.help(format!("write it under `options`: `{key}: …`")), span);
        }
    }

    fn docker(&mut self, logging: &Logging) {
        let driver = logging.driver.as_ref().map(|driver| driver.value.clone());
        self.configuration.log_driver = driver.unwrap_or_default();
        self.all(logging);
    }

    fn firelens(&mut self, logging: &Logging) {
        self.configuration.log_driver = "awsfirelens".to_owned();
        self.all(logging);
    }

    fn nothing(&mut self, logging: &Logging) {
        let Some(driver) = &logging.driver else { return };
        let found = Diagnostic::note(Code::Approximated, "nothing that the service says is kept");
        self.say(found.help("take `driver: none` away to see its logs"), driver.span);
    }

    fn unknown(&mut self, logging: &Logging) {
        let Some(driver) = &logging.driver else { return };
        let host = if self.service.on_instances() { "ECS" } else { "Fargate" };
        let message = format!("{host} has no log driver `{}`", driver.value);
        let found = Diagnostic::error(Code::Refused, message);
        let help = "take `logging` away: the logs go to CloudWatch Logs; or write `driver: \
            awsfirelens` with the destination as options, and a log router sends them there";
        self.say(found.help(help), driver.span);
    }

    /// Every option as it is; what stands in a secret is read from there by ECS.
    fn all(&mut self, logging: &Logging) {
        for (key, value) in &logging.options {
            if is_secret(&value.value) {
                let option = SecretOption { name: key.clone(), value_from: value.value.clone() };
                self.configuration.secret_options.push(option);
                continue;
            }
            if credential::is_one(key, &value.value) {
                let message = format!("{key} stands in plain text in the task definition");
                let help = "keep it in Secrets Manager, and write the secret's ARN here: ECS \
                    hands the value to the log driver";
                let found = Diagnostic::warning(Code::LiteralCredential, message).help(help);
                self.say(found, value.span);
            }
            self.set(key, &value.value);
        }
        self.configuration.secret_options.sort();
    }

    /// `mode` and `max-buffer-size`.
    fn check_delivery(&mut self, logging: Option<&Logging>) {
        let Some(options) = logging.map(|logging| &logging.options) else { return };
        if let Some(mode) = options.get("mode")
            && !matches!(mode.value.as_str(), "blocking" | "non-blocking")
        {
            let found = Diagnostic::error(Code::InvalidValue, "this is no mode of a log driver");
            self.say(found.help("write `blocking` or `non-blocking`"), mode.span);
        }
        if let Some(size) = options.get("max-buffer-size")
            && !is_size(&size.value)
        {
            let found = Diagnostic::error(Code::InvalidValue, "this is no size of a buffer");
            self.say(found.help("write a number with a unit: `25m`"), size.span);
        }
    }

    fn set(&mut self, key: &str, value: &str) {
        self.configuration.options.insert(key.to_owned(), value);
    }
}

/// Whether a value is the ARN of a secret, or of a parameter (ECS API reference, `Secret`).
pub(crate) fn is_secret(value: &str) -> bool {
    let mut parts = value.split(':');
    parts.next() == Some("arn") && matches!(parts.nth(1), Some("secretsmanager" | "ssm"))
}

/// Digits and a unit, as Docker writes sizes.
pub(crate) fn is_size(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let unit = text.get(digits..).unwrap_or_default().to_ascii_lowercase();
    digits > 0 && matches!(unit.as_str(), "" | "b" | "k" | "kb" | "m" | "mb" | "g" | "gb")
}

#[cfg(test)]
#[path = "logging_tests.rs"]
mod tests;
