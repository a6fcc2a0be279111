//! AWS Systems Manager Parameter Store: the numbered parameters that releases are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_ssm::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_ssm::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ssm::error::BoxError;
use aws_sdk_ssm::types::{Parameter, ParameterType, Tag};
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::Aws;
use super::error::OrFail;
use super::pace::Pace;
use super::tags::{ENVIRONMENT, PROJECT, RESOURCE, Tags};
use crate::apply::cloud::CloudError;
use crate::release::{Created, Entry, Listing, Store, folder};

/// The most parameters that one answer of GetParametersByPath has, and that one call of
/// DeleteParameters and GetParameters takes (API reference).
const PAGE: usize = 10;

/// The parameters `/decklift/<project>/<environment>/releases/<number>`.
#[derive(Clone, Debug)]
pub struct Parameters {
    client: aws_sdk_ssm::Client,
    pace: Pace,
    folder: String,
    tags: Tags,
}

impl Aws {
    /// The releases of a project in an environment.
    #[must_use]
    pub fn releases(&self, project: &str, environment: &str) -> Parameters {
        let folder = folder(project, environment);
        let own = [(PROJECT, project), (ENVIRONMENT, environment)];
        let tags = own.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        Parameters { client: self.ssm().clone(), pace: self.pace.clone(), folder, tags }
    }
}

impl Parameters {
    /// With further tags on the releases that are made, `x-ecs.tags` say.
    #[must_use]
    pub fn tagged(mut self, tags: impl IntoIterator<Item = (String, String)>) -> Self {
        self.tags.extend(tags);
        self
    }

    /// The tags of a new release. A parameter that is written over keeps them, and takes none (API
    /// reference, `PutParameter.Tags`).
    fn to_sdk_tags(&self, number: u64) -> Result<Vec<Tag>, CloudError> {
        let resource = (RESOURCE.to_owned(), format!("release/{number}"));
        let all = self.tags.iter().map(|(key, value)| (key.clone(), value.clone()));
        let tag = |(key, value)| Tag::builder().key(key).value(value).build();
        Ok(all.chain([resource]).map(tag).collect::<Result<_, _>>()?)
    }

    /// What is wrong, and with which parameter.
    fn at(&self, number: Option<u64>) -> impl Fn(CloudError) -> CloudError {
        let name = number.map_or_else(|| self.folder.clone(), |number| self.name(number));
        move |mut error: CloudError| {
            error.resource.get_or_insert_with(|| name.clone());
            error
        }
    }

    /// The entry of a parameter; what has another name than a number is nobody's release.
    fn entry(&self, parameter: &Parameter) -> Option<Entry> {
        let name = parameter.name()?.strip_prefix(&*self.folder)?.strip_prefix('/')?;
        let number: u64 = name.parse().ok()?;
        let modified = parameter.last_modified_date().and_then(since_1970).unwrap_or_default();
        let value = parameter.value().unwrap_or_default().to_owned();
        (number.to_string() == name).then_some(Entry { number, modified, value })
    }

    async fn put(&self, number: u64, value: &str, overwrite: bool) -> Result<(), CloudError> {
        let tags = self.to_sdk_tags(number)?;
        let call = || async {
            let mut call = self
                .client
                .put_parameter()
                .name(self.name(number))
                .value(value)
                .overwrite(overwrite);
            if !overwrite {
                call = call
                    .r#type(ParameterType::String)
                    .set_tags(Some(tags.clone()))
                    .description("A release made by decklift, or its lock while it runs");
            }
            call.send().await.or_fail("ssm:PutParameter")
        };
        // Two that write one name at a time may both be told so.
        let again = |error: &CloudError, _| error.is(&["TooManyUpdates"]);
        self.pace.retry(again, call).await.map(|_| ()).map_err(self.at(Some(number)))
    }
}

impl Store for Parameters {
    async fn list(&self) -> Result<Listing, CloudError> {
        let mut found = BTreeMap::new();
        let (mut token, mut answered) = (None, None);
        loop {
            let date = Dated::default();
            let page = self
                .client
                .get_parameters_by_path()
                .path(&self.folder)
                .recursive(false)
                .set_next_token(token)
                .customize()
                .interceptor(date.clone())
                .send()
                .await
                .or_fail("ssm:GetParametersByPath")
                .map_err(self.at(None))?;
            // The first page's date: what came later must not look older than it is.
            answered = answered.or_else(|| date.get());
            let entries = page.parameters().iter().filter_map(|parameter| self.entry(parameter));
            found.extend(entries.map(|entry| (entry.number, entry)));
            token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        let now = answered
            .unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        Ok(Listing { entries: found.into_values().collect(), now })
    }

    async fn read(&self, numbers: &[u64]) -> Result<Vec<Entry>, CloudError> {
        let names = numbers.iter().take(PAGE).map(|number| self.name(*number)).collect();
        let call = self.client.get_parameters().set_names(Some(names)).send().await;
        let answer =
            call.or_fail("ssm:GetParameters").map_err(self.at(numbers.first().copied()))?;
        Ok(answer.parameters().iter().filter_map(|parameter| self.entry(parameter)).collect())
    }

    async fn create(&self, number: u64, value: &str) -> Result<Created, CloudError> {
        match self.put(number, value, false).await {
            Ok(()) => Ok(Created::Made),
            Err(error) if error.is(&["ParameterAlreadyExists"]) => Ok(Created::Exists),
            Err(error) => Err(error),
        }
    }

    async fn overwrite(&self, number: u64, value: &str) -> Result<(), CloudError> {
        self.put(number, value, true).await
    }

    async fn delete(&self, numbers: &[u64]) -> Result<(), CloudError> {
        for some in numbers.chunks(PAGE) {
            let names = some.iter().map(|number| self.name(*number)).collect();
            let call = self.client.delete_parameters().set_names(Some(names)).send().await;
            call.or_fail("ssm:DeleteParameters").map_err(self.at(some.first().copied()))?;
        }
        Ok(())
    }

    fn name(&self, number: u64) -> String {
        format!("{}/{number}", self.folder)
    }
}

fn since_1970(date: &DateTime) -> Option<Duration> {
    Some(Duration::new(u64::try_from(date.secs()).ok()?, date.subsec_nanos()))
}

/// Takes down the date of an answer: AWS's clock.
#[derive(Clone, Debug, Default)]
pub(super) struct Dated(Arc<Mutex<Option<Duration>>>);

impl Dated {
    pub(super) fn get(&self) -> Option<Duration> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[dyn_dispatch_hint]
impl Intercept for Dated {
    fn name(&self) -> &'static str {
        "Dated"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|text| DateTime::from_str(text, Format::HttpDate).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date.as_ref().and_then(since_1970);
        Ok(())
    }
}
