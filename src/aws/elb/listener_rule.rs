//! `elbv2` rules of listeners.

use aws_sdk_elasticloadbalancingv2::types as sdk;

use super::listener::{action_back, actions};
use crate::apply::cloud::{Changed, CloudError};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::{Found, Orphans};
use crate::aws::tags::{self, Tags};
use crate::aws::values::text;
use crate::ecs::desired::{
    Attribute, Body, ConditionValues, Desired, ListenerRule, RuleCondition, Value,
};

/// The last priority (elbv2 API reference, `CreateRule`).
const LAST: i32 = 50_000;

impl Aws {
    pub(in crate::aws) async fn create_listener_rule(
        &self,
        body: &ListenerRule,
    ) -> Result<Changed, CloudError> {
        // AWS takes the same conditions twice: a run before this one may have been killed.
        if let Some(found) = self.find_listener_rule(body).await? {
            return self.take_over_rule(body, &found).await;
        }
        match self.put_rule(body, body.priority).await {
            Err(error) if error.is(&["PriorityInUse"]) => {
                // The holder is our own rule, when the answer to its creation was lost.
                if let Some(found) = self.find_listener_rule(body).await? {
                    return self.take_over_rule(body, &found).await;
                }
                // The holder is a rule that goes away, or to another priority: the two change places.
                let arn = text(&body.listener_arn)?;
                let taken: Vec<_> = self.rules_of(arn).await?.iter().filter_map(priority).collect();
                let free = (1..=LAST).rev().find(|number| !taken.contains(number));
                let made = self.put_rule(body, free.unwrap_or(LAST)).await?;
                let Some(arn) = made.attributes.get(&Attribute::Arn) else { return Err(error) };
                match self.take_priority(body, arn, free.unwrap_or(LAST)).await {
                    Ok(()) => Ok(made),
                    Err(error) => {
                        self.delete_listener_rule(arn).await?;
                        Err(error)
                    }
                }
            }
            answer => answer,
        }
    }

    /// A rule for the same requests: ours, when an answer was lost, or somebody else's.
    async fn take_over_rule(
        &self,
        body: &ListenerRule,
        found: &sdk::Rule,
    ) -> Result<Changed, CloudError> {
        let have = self.tags_of_one(found.rule_arn().unwrap_or_default()).await?;
        let wanted = Body::ListenerRule(Box::new(body.clone()));
        tags::check("elbv2:CreateRule", &wanted, "a rule for the same requests", &have)?;
        self.settle_rule(body, found).await
    }

    async fn put_rule(&self, body: &ListenerRule, priority: i32) -> Result<Changed, CloudError> {
        let ListenerRule { listener_arn, priority: _, conditions, actions: list, tags } = body;
        let call = self
            .elb()
            .create_rule()
            .listener_arn(text(listener_arn)?)
            .priority(priority)
            .set_conditions(Some(conditions.iter().map(condition).collect()))
            .set_actions(Some(actions(list)?))
            .set_tags(super::to_sdk_tags(tags)?);
        let answer = call.send().await.or_fail("elbv2:CreateRule")?;
        Ok(changed(answer.rules().first()))
    }

    /// Gives a rule its priority, in one call with the rule that has it: no request is ever without
    /// its rule.
    async fn take_priority(
        &self,
        body: &ListenerRule,
        arn: &str,
        have: i32,
    ) -> Result<(), CloudError> {
        let pair = |arn: &str, priority| {
            sdk::RulePriorityPair::builder().rule_arn(arn).priority(priority).build()
        };
        let mut pairs = vec![pair(arn, body.priority)];
        let rules = self.rules_of(text(&body.listener_arn)?).await?;
        let holder = rules.iter().find(|rule| priority(rule) == Some(body.priority));
        if let Some(holder) = holder.and_then(|rule| rule.rule_arn()).filter(|held| *held != arn) {
            let wanted = Body::ListenerRule(Box::new(body.clone()));
            let name = format!("a rule of priority {}", body.priority);
            let tags = self.tags_of_one(holder).await?;
            tags::check("elbv2:SetRulePriorities", &wanted, &name, &tags)?;
            pairs.push(pair(holder, have));
        }
        let call = self.elb().set_rule_priorities().set_rule_priorities(Some(pairs));
        call.send().await.or_fail("elbv2:SetRulePriorities").map(|_| ())
    }

    pub(in crate::aws) async fn update_listener_rule(
        &self,
        body: &ListenerRule,
    ) -> Result<Changed, CloudError> {
        match self.find_listener_rule(body).await? {
            Some(found) => self.settle_rule(body, &found).await,
            None => self.create_listener_rule(body).await,
        }
    }

    async fn settle_rule(
        &self,
        body: &ListenerRule,
        found: &sdk::Rule,
    ) -> Result<Changed, CloudError> {
        let arn = found.rule_arn().unwrap_or_default();
        let call = self
            .elb()
            .modify_rule()
            .rule_arn(arn)
            .set_conditions(Some(body.conditions.iter().map(condition).collect()))
            .set_actions(Some(actions(&body.actions)?));
        call.send().await.or_fail("elbv2:ModifyRule")?;
        if let Some(have) = priority(found).filter(|have| *have != body.priority) {
            self.take_priority(body, arn, have).await?;
        }
        self.add_tags(arn, &body.tags).await?;
        Ok(changed(Some(found)))
    }

    pub(in crate::aws) async fn delete_listener_rule(&self, arn: &str) -> Result<(), CloudError> {
        let call = self.elb().delete_rule().rule_arn(arn);
        match call.send().await.or_fail("elbv2:DeleteRule") {
            Err(error) if !error.is(&["RuleNotFound", "ListenerNotFound"]) => Err(error),
            _ => Ok(()),
        }
    }

    /// The rule for the same requests.
    async fn find_listener_rule(
        &self,
        body: &ListenerRule,
    ) -> Result<Option<sdk::Rule>, CloudError> {
        let rules = self.rules_of(text(&body.listener_arn)?).await?;
        Ok(rules.into_iter().find(|rule| conditions_back(rule) == body.conditions))
    }

    /// Without the default one, which is the listener's own.
    pub(in crate::aws) async fn rules_of(
        &self,
        listener: &str,
    ) -> Result<Vec<sdk::Rule>, CloudError> {
        let pages = self.elb().describe_rules().listener_arn(listener).into_paginator();
        let all: Result<Vec<sdk::Rule>, _> = pages.items().send().collect().await;
        match all.or_fail("elbv2:DescribeRules") {
            Err(error) if error.is(&["ListenerNotFound"]) => Ok(Vec::new()),
            answer => {
                let mut rules = answer?;
                rules.retain(|rule| rule.is_default() != Some(true));
                Ok(rules)
            }
        }
    }
}

/// Whether a listener may have rules of ours: they are for hosts and paths, so that those of streams have
/// none.
pub(super) fn may_have(desired: &Desired, listener: &sdk::Listener, orphans: Orphans) -> bool {
    use sdk::ProtocolEnum::{Http, Https};
    if !matches!(listener.protocol(), None | Some(Http | Https)) {
        return false;
    }
    orphans != Orphans::None
        || desired.resources.values().any(|resource| match &resource.body {
            Body::ListenerRule(rule) => leads(desired, rule, listener),
            _ => false,
        })
}

/// Whether a rule is to stand at a listener.
fn leads(desired: &Desired, rule: &ListenerRule, listener: &sdk::Listener) -> bool {
    match &rule.listener_arn {
        Value::Known(arn) => listener.listener_arn() == Some(arn),
        Value::From(id, _) => match desired.resources.get(id).map(|wanted| &wanted.body) {
            Some(Body::Listener(wanted)) => listener.port() == Some(wanted.port),
            _ => true,
        },
    }
}

fn priority(rule: &sdk::Rule) -> Option<i32> {
    rule.priority()?.parse().ok()
}

fn condition(condition: &RuleCondition) -> sdk::RuleCondition {
    let RuleCondition { field, host_header_config, path_pattern_config } = condition;
    let hosts = host_header_config.as_ref().map(|ConditionValues { values }| {
        sdk::HostHeaderConditionConfig::builder().set_values(Some(values.clone())).build()
    });
    let paths = path_pattern_config.as_ref().map(|ConditionValues { values }| {
        sdk::PathPatternConditionConfig::builder().set_values(Some(values.clone())).build()
    });
    sdk::RuleCondition::builder()
        .field(field)
        .set_host_header_config(hosts)
        .set_path_pattern_config(paths)
        .build()
}

fn conditions_back(rule: &sdk::Rule) -> Vec<RuleCondition> {
    let mut all: Vec<_> = rule.conditions().iter().map(condition_back).collect();
    all.sort();
    all
}

fn condition_back(condition: &sdk::RuleCondition) -> RuleCondition {
    let field = condition.field().unwrap_or_default().to_owned();
    // One value stands in both places.
    let sorted = |config: Option<&[String]>| {
        let values = config.filter(|list| !list.is_empty()).unwrap_or(condition.values());
        let mut values = values.to_vec();
        values.sort();
        ConditionValues { values }
    };
    let hosts = condition.host_header_config().map(|config| config.values());
    let paths = condition.path_pattern_config().map(|config| config.values());
    RuleCondition {
        host_header_config: (field == "host-header").then(|| sorted(hosts)),
        path_pattern_config: (field == "path-pattern").then(|| sorted(paths)),
        field,
    }
}

/// What a rule asks for, and its priority.
pub(super) fn place(rule: &sdk::Rule) -> Option<(Vec<RuleCondition>, i32)> {
    Some((conditions_back(rule), priority(rule)?))
}

/// A rule as it was read, in the words of Desired.
pub(super) fn observed(listener: &str, rule: &sdk::Rule, tags: Tags) -> Found {
    let body = ListenerRule {
        listener_arn: Value::from(listener),
        priority: priority(rule).unwrap_or_default(),
        conditions: conditions_back(rule),
        actions: rule.actions().iter().map(action_back).collect(),
        tags: tags::to_upper(&tags),
    };
    Found::new(Body::ListenerRule(Box::new(body)))
        .with(Attribute::Arn, rule.rule_arn())
        .tagged(tags)
}

fn changed(rule: Option<&sdk::Rule>) -> Changed {
    let arn = rule.and_then(|rule| rule.rule_arn());
    let arn = arn.map(|arn| (Attribute::Arn, arn.to_owned()));
    Changed { attributes: arn.into_iter().collect(), ..Changed::default() }
}
