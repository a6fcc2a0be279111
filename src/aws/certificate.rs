//! AWS Certificate Manager: the certificate of a domain.

#[cfg(test)]
#[path = "certificate_tests.rs"]
mod tests;

use aws_sdk_acm::types as sdk;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::Aws;
use super::error::OrFail;
use super::observe::IN_FLIGHT;
use crate::apply::cloud::{CloudError, CloudErrorKind};

const LIST: &str = "acm:ListCertificates";

/// The keys that a listener of an Application Load Balancer takes; without a list ACM tells of RSA
/// with 2048 bits and less alone (ACM API reference, `Filters.keyTypes`; "HTTPS listeners for your
/// Application Load Balancer").
const KEYS: [sdk::KeyAlgorithm; 6] = [
    sdk::KeyAlgorithm::Rsa2048,
    sdk::KeyAlgorithm::Rsa3072,
    sdk::KeyAlgorithm::Rsa4096,
    sdk::KeyAlgorithm::EcPrime256v1,
    sdk::KeyAlgorithm::EcSecp384r1,
    sdk::KeyAlgorithm::EcSecp521r1,
];

/// A certificate that holds for a domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// It names the domain itself, not only a wildcard over it.
    exact: bool,
    /// Its end, seconds since 1970.
    until: i64,
    /// Its ARN, so that one of two equals is always the same one.
    arn: String,
    /// Whether it may be used; else it waits for its domain to be proved.
    issued: bool,
}

impl Aws {
    /// The ARN of the certificate of a domain in this region: one that names it before one with a
    /// wildcard, then the one that holds longest.
    pub(super) async fn certificate_of(&self, domain: &str) -> Result<String, CloudError> {
        let mut all = self.certificates_for(domain).await?;
        all.sort();
        match all.iter().rev().find(|candidate| candidate.issued) {
            Some(best) => Ok(best.arn.clone()),
            None => Err(self.no_certificate(domain, all.last())),
        }
    }

    fn no_certificate(&self, domain: &str, pending: Option<&Candidate>) -> CloudError {
        let region = self.region();
        let fault =
            |message| CloudError::new(CloudErrorKind::NotFound, "find the certificate", message);
        match pending {
            Some(Candidate { arn, .. }) => fault(format!(
                "the certificate of {domain} in {region} has not been issued: its domain is not \
                 proved yet"
            ))
            .help(format!(
                "put the CNAME record into the domain's DNS that `aws acm describe-certificate \
                 --region {region} --certificate-arn {arn}` says, and deploy again once it is ISSUED"
            )),
            None => fault(format!("ACM has no certificate of {domain} in {region}")).help(format!(
                "request one with `aws acm request-certificate --region {region} --domain-name \
                 {domain} --validation-method DNS`, prove the domain, and deploy again; or give the \
                 ARN of another in x-ecs.certificate"
            )),
        }
    }

    /// Has a certificate issued where there is none. For the sandbox, whose emulator issues at once
    /// and asks for no proof.
    ///
    /// # Errors
    ///
    /// When the emulator does not answer.
    pub async fn issue_certificate(&self, domain: &str) -> Result<(), CloudError> {
        if self.certificates_for(domain).await?.iter().any(|candidate| candidate.issued) {
            return Ok(());
        }
        let call = self.acm().request_certificate().domain_name(domain);
        let call = call.validation_method(sdk::ValidationMethod::Dns);
        call.send().await.or_fail("acm:RequestCertificate").map(|_| ())
    }

    async fn certificates_for(&self, domain: &str) -> Result<Vec<Candidate>, CloudError> {
        let keys = sdk::Filters::builder().set_key_types(Some(KEYS.to_vec())).build();
        let pages = self
            .acm()
            .list_certificates()
            .certificate_statuses(sdk::CertificateStatus::Issued)
            .certificate_statuses(sdk::CertificateStatus::PendingValidation)
            .includes(keys)
            .into_paginator()
            .items();
        let all: Result<Vec<sdk::CertificateSummary>, _> = pages.send().collect().await;
        stream::iter(all.or_fail(LIST)?)
            .map(|summary| async move { self.candidate(&summary, domain).await })
            .buffered(IN_FLIGHT)
            .try_filter_map(|found| async move { Ok(found) })
            .try_collect()
            .await
    }

    async fn candidate(
        &self,
        summary: &sdk::CertificateSummary,
        domain: &str,
    ) -> Result<Option<Candidate>, CloudError> {
        let Some(arn) = summary.certificate_arn() else { return Ok(None) };
        let mut names = summary.subject_alternative_name_summaries().to_vec();
        names.extend(summary.domain_name().map(str::to_owned));
        let mut fits = fit(&names, domain);
        // The list has the first hundred names of a certificate (API reference,
        // `CertificateSummary`); an emulator may have none.
        let partial = summary.subject_alternative_name_summaries().is_empty()
            || summary.has_additional_subject_alternative_names() == Some(true);
        if fits != Some(true) && partial {
            let call = self.acm().describe_certificate().certificate_arn(arn);
            let answer = call.send().await.or_fail("acm:DescribeCertificate")?;
            let certificate = answer.certificate();
            let more = certificate.map(|c| c.subject_alternative_names()).unwrap_or_default();
            fits = fits.max(fit(more, domain));
        }
        Ok(fits.map(|exact| Candidate {
            exact,
            until: summary.not_after().map_or(0, |time| time.secs()),
            arn: arn.to_owned(),
            issued: summary.status() == Some(&sdk::CertificateStatus::Issued),
        }))
    }
}

/// Whether one of the names is the domain itself (`Some(true)`), or a wildcard that holds for it.
fn fit(names: &[String], domain: &str) -> Option<bool> {
    let names = || names.iter().map(|name| name.trim_end_matches('.'));
    let domain = domain.trim_end_matches('.');
    if names().any(|name| name.eq_ignore_ascii_case(domain)) {
        return Some(true);
    }
    // A wildcard stands for one label (RFC 6125, 6.4.3).
    let (first, parent) = domain.split_once('.')?;
    let holds =
        |name: &str| name.strip_prefix("*.").is_some_and(|rest| rest.eq_ignore_ascii_case(parent));
    (first != "*" && names().any(holds)).then_some(false)
}
