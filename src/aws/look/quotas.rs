use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::verify::Quota;

impl Aws {
    /// How much of something the account may have in the region: what was granted, else the default.
    /// Nothing where Service Quotas knows no such quota under that name.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn quota(&self, quota: &Quota) -> Result<Option<f64>, CloudError> {
        let Quota { service, code, .. } = quota;
        let call = self.quotas().get_service_quota().service_code(*service).quota_code(*code);
        let found = match call.send().await.or_fail("servicequotas:GetServiceQuota") {
            // Nothing was ever granted (Service Quotas API reference, `GetServiceQuota`: applied values).
            Err(error) if error.is(&["NoSuchResourceException"]) => {
                let call = self.quotas().get_aws_default_service_quota();
                let call = call.service_code(*service).quota_code(*code);
                match call.send().await.or_fail("servicequotas:GetAwsDefaultServiceQuota") {
                    Err(error) if error.is(&["NoSuchResourceException"]) => None,
                    answer => answer?.quota,
                }
            }
            answer => answer?.quota,
        };
        let same = |name: &str| name.eq_ignore_ascii_case(quota.name);
        Ok(found
            .filter(|found| found.quota_name().is_some_and(same))
            .and_then(|found| found.value()))
    }
}
