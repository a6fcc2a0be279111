//! `provider` and `models`: what docker compose starts through programs of this machine.

use super::outcome::Outcomes;
use crate::compose::model::{Provider, Service, ServiceModel};
use crate::ecs::translate::context::Output;

/// Refuses what no container stands for.
pub(crate) fn check(service: &Service, out: &mut Output) {
    let mut outcomes = Outcomes::new(service, out);
    if let Some(provider) = &service.provider {
        let Provider { kind, options: _, extensions: _ } = &provider.value;
        let message = format!("the provider {:?} is a program of this machine", kind.value);
        let help = "leave the service out with `profiles`, make what it stands for in AWS, and \
            give its address to the others in variables";
        outcomes.refused(kind.span, message, help);
    }
    for (name, model) in &service.models {
        let message = format!("ECS does not run the model {name:?}");
        let variable = match &model.value {
            Some(ServiceModel { endpoint_var, model_var: _, extensions: _ })
                if !endpoint_var.is_empty() =>
            {
                endpoint_var.clone()
            }
            // As docker compose names it.
            _ => format!("{}_URL", name.to_ascii_uppercase().replace('-', "_")),
        };
        let help = format!(
            "take `models` away, and give the app the address of a hosted model in `{variable}`"
        );
        outcomes.refused(model.span, message, &help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::Extensions;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, find, loud, run, service};

    #[test]
    fn programs_of_this_machine_are_refused() {
        let mut db = service("db", "acme/db:1");
        db.provider = Some(Box::new(at(Provider {
            kind: at("awesomecloud".to_owned()),
            options: indexmap::IndexMap::new(),
            extensions: Extensions::new(),
        })));
        assert_eq!(loud(&run(vec![db]).diagnostics), [(Severity::Error, Code::Refused)]);
    }

    #[test]
    fn models_are_refused_and_the_variable_is_named() {
        let named = ServiceModel { endpoint_var: "AI".to_owned(), ..ServiceModel::default() };
        for (model, variable) in [(None, "`TINY_LLM_URL`"), (Some(named), "`AI`")] {
            let mut web = service("web", "acme/web:1");
            web.models.insert("tiny-llm".to_owned(), at(model));
            let done = run(vec![web]).diagnostics;
            assert_eq!(loud(&done), [(Severity::Error, Code::Refused)]);
            let found = find(&done, Code::Refused).and_then(|found| found.help.clone());
            assert!(found.is_some_and(|help| help.contains(variable)));
        }
    }
}
