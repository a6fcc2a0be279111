//! `elbv2` listeners.

use aws_sdk_elasticloadbalancingv2::types as sdk;

use crate::apply::cloud::{Changed, CloudError};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::Found;
use crate::aws::tags::{self, Tags};
use crate::aws::values::text;
use crate::ecs::desired::{
    Attribute, Body, Certificate, FixedResponseConfig, ForwardConfig, Listener, ListenerAction,
    RedirectConfig, TargetGroupTuple, Value,
};

impl Aws {
    pub(in crate::aws) async fn create_listener(
        &self,
        body: &Listener,
    ) -> Result<Changed, CloudError> {
        let Listener {
            load_balancer_arn,
            protocol,
            port,
            certificates,
            ssl_policy,
            default_actions,
            tags: list,
        } = body;
        let answer = self
            .elb()
            .create_listener()
            .load_balancer_arn(text(load_balancer_arn)?)
            .protocol(protocol.as_str().into())
            .port(*port)
            .set_certificates(to_sdk(certificates))
            .set_ssl_policy(ssl_policy.clone())
            .set_default_actions(Some(actions(default_actions)?))
            .set_tags(super::to_sdk_tags(list)?)
            .send()
            .await
            .or_fail("elbv2:CreateListener");
        match answer {
            Ok(answer) => Ok(changed(answer.listeners().first())),
            Err(error) if error.is(&["DuplicateListener"]) => {
                let Some(found) = self.find_listener(body).await? else { return Err(error) };
                let have = self.tags_of_one(found.listener_arn().unwrap_or_default()).await?;
                let wanted = Body::Listener(Box::new(body.clone()));
                let name = format!("the listener on port {port}");
                tags::check("elbv2:CreateListener", &wanted, &name, &have)?;
                self.settle_listener(body, &found).await
            }
            Err(error) => Err(error),
        }
    }

    pub(in crate::aws) async fn update_listener(
        &self,
        body: &Listener,
    ) -> Result<Changed, CloudError> {
        match self.find_listener(body).await? {
            Some(found) => self.settle_listener(body, &found).await,
            None => self.create_listener(body).await,
        }
    }

    async fn settle_listener(
        &self,
        body: &Listener,
        found: &sdk::Listener,
    ) -> Result<Changed, CloudError> {
        let arn = found.listener_arn().unwrap_or_default();
        let call = self
            .elb()
            .modify_listener()
            .listener_arn(arn)
            .protocol(body.protocol.as_str().into())
            .set_certificates(to_sdk(&body.certificates))
            .set_ssl_policy(body.ssl_policy.clone())
            .set_default_actions(Some(actions(&body.default_actions)?));
        call.send().await.or_fail("elbv2:ModifyListener")?;
        self.add_tags(arn, &body.tags).await?;
        Ok(changed(Some(found)))
    }

    pub(in crate::aws) async fn delete_listener(&self, arn: &str) -> Result<(), CloudError> {
        let call = self.elb().delete_listener().listener_arn(arn);
        match call.send().await.or_fail("elbv2:DeleteListener") {
            Err(error) if !error.is(&["ListenerNotFound", "LoadBalancerNotFound"]) => Err(error),
            _ => Ok(()),
        }
    }

    /// A load balancer has one listener a port.
    async fn find_listener(&self, body: &Listener) -> Result<Option<sdk::Listener>, CloudError> {
        let all = self.listeners_of(text(&body.load_balancer_arn)?).await?;
        Ok(all.into_iter().find(|listener| listener.port() == Some(body.port)))
    }

    pub(super) async fn listeners_of(&self, arn: &str) -> Result<Vec<sdk::Listener>, CloudError> {
        let pages = self.elb().describe_listeners().load_balancer_arn(arn).into_paginator();
        let all: Result<Vec<_>, _> = pages.items().send().collect().await;
        match all.or_fail("elbv2:DescribeListeners") {
            Err(error) if error.is(&["LoadBalancerNotFound"]) => Ok(Vec::new()),
            answer => answer,
        }
    }
}

fn to_sdk(list: &[Certificate]) -> Option<Vec<sdk::Certificate>> {
    let certificates = list.iter().map(|Certificate { certificate_arn }| {
        sdk::Certificate::builder().certificate_arn(certificate_arn).build()
    });
    (!list.is_empty()).then(|| certificates.collect())
}

/// The target group stands in the action itself, not only in a forward configuration: it is one
/// group, and so says every reader of listeners.
pub(super) fn actions(list: &[ListenerAction]) -> Result<Vec<sdk::Action>, CloudError> {
    list.iter().map(action).collect()
}

fn action(action: &ListenerAction) -> Result<sdk::Action, CloudError> {
    let ListenerAction {
        kind,
        target_group_arn,
        forward_config,
        redirect_config,
        fixed_response_config,
    } = action;
    let redirect = redirect_config.as_ref().map(|config| {
        // What is left out is that of the request (elbv2 API reference, `RedirectActionConfig`).
        let RedirectConfig { protocol, port, status_code, host: _, path: _, query: _ } = config;
        let builder = sdk::RedirectActionConfig::builder().protocol(protocol).port(port);
        builder.status_code(status_code.as_str().into()).build()
    });
    let response = fixed_response_config.as_ref().map(|config| {
        let FixedResponseConfig { status_code, content_type, message_body } = config;
        sdk::FixedResponseActionConfig::builder()
            .status_code(status_code)
            .content_type(content_type)
            .message_body(message_body)
            .build()
    });
    Ok(sdk::Action::builder()
        .r#type(kind.as_str().into())
        .set_target_group_arn(target_group_arn.as_ref().map(text).transpose()?.map(str::to_owned))
        .set_forward_config(forward_config.as_ref().map(forward).transpose()?)
        .set_redirect_config(redirect)
        .set_fixed_response_config(response)
        .build())
}

fn forward(config: &ForwardConfig) -> Result<sdk::ForwardActionConfig, CloudError> {
    let tuples = config.target_groups.iter().map(|tuple| {
        let TargetGroupTuple { target_group_arn, weight } = tuple;
        let tuple = sdk::TargetGroupTuple::builder().target_group_arn(text(target_group_arn)?);
        Ok(tuple.weight(*weight).build())
    });
    let tuples = tuples.collect::<Result<Vec<_>, CloudError>>()?;
    Ok(sdk::ForwardActionConfig::builder().set_target_groups(Some(tuples)).build())
}

/// The target groups of an action, where there are several.
fn weighted(action: &sdk::Action) -> Option<ForwardConfig> {
    let groups = action.forward_config()?.target_groups();
    let tuples = groups.iter().map(|group| TargetGroupTuple {
        target_group_arn: Value::from(group.target_group_arn().unwrap_or_default()),
        // The default is that of Elastic Load Balancing.
        weight: group.weight().unwrap_or(1),
    });
    (groups.len() > 1).then(|| ForwardConfig { target_groups: tuples.collect() })
}

pub(super) fn action_back(action: &sdk::Action) -> ListenerAction {
    let forwarded = || {
        let groups = action.forward_config().map(|config| config.target_groups());
        groups.and_then(|groups| match groups {
            [one] => one.target_group_arn(),
            _ => None,
        })
    };
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    ListenerAction {
        kind: action.r#type().map_or("forward", |kind| kind.as_str()).to_owned(),
        target_group_arn: action.target_group_arn().or_else(forwarded).map(Value::from),
        forward_config: weighted(action),
        redirect_config: action.redirect_config().map(|config| RedirectConfig {
            protocol: owned(config.protocol()),
            port: owned(config.port()),
            status_code: owned(config.status_code().map(|code| code.as_str())),
            host: other_than("#{host}", config.host()),
            path: other_than("/#{path}", config.path()),
            query: other_than("#{query}", config.query()),
        }),
        fixed_response_config: action.fixed_response_config().map(|config| FixedResponseConfig {
            status_code: owned(config.status_code()),
            content_type: owned(config.content_type()),
            message_body: owned(config.message_body()),
        }),
    }
}

/// What somebody has set in the place of a default.
fn other_than(default: &str, text: Option<&str>) -> Option<String> {
    text.filter(|text| *text != default).map(str::to_owned)
}

/// A listener as it was read, in the words of Desired.
pub(super) fn observed(listener: &sdk::Listener, tags: Tags) -> Found {
    let body = Listener {
        load_balancer_arn: Value::from(listener.load_balancer_arn().unwrap_or_default()),
        protocol: listener.protocol().map_or("HTTP", |p| p.as_str()).to_owned(),
        port: listener.port().unwrap_or_default(),
        certificates: listener
            .certificates()
            .iter()
            .filter_map(|certificate| certificate.certificate_arn())
            .map(|arn| Certificate { certificate_arn: arn.to_owned() })
            .collect(),
        // Only what speaks TLS has one (Elastic Load Balancing API reference, `CreateListener`).
        ssl_policy: listener
            .ssl_policy()
            .filter(|_| listener.protocol().is_some_and(|p| matches!(p.as_str(), "HTTPS" | "TLS")))
            .map(str::to_owned),
        default_actions: listener.default_actions().iter().map(action_back).collect(),
        tags: tags::to_upper(&tags),
    };
    Found::new(Body::Listener(Box::new(body)))
        .with(Attribute::Arn, listener.listener_arn())
        .tagged(tags)
}

fn changed(listener: Option<&sdk::Listener>) -> Changed {
    let arn = listener.and_then(|listener| listener.listener_arn());
    let arn = arn.map(|arn| (Attribute::Arn, arn.to_owned()));
    Changed { attributes: arn.into_iter().collect(), ..Changed::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::desired::{Kind, ResourceId};

    #[test]
    fn an_action_comes_back_as_it_was_sent() {
        for sent in [
            ListenerAction::forward("one".into()),
            ListenerAction::forward_between("one".into(), "two".into()),
            ListenerAction::to_https(),
            ListenerAction::not_found(),
        ] {
            let request = action(&sent).expect("nothing is left open");
            assert_eq!(action_back(&request), sent);
        }
        let open = ResourceId::new(Kind::TargetGroup, "web-80-alternate");
        let open = Value::From(open, Attribute::Arn);
        assert!(action(&ListenerAction::forward_between("one".into(), open)).is_err());
    }
}
