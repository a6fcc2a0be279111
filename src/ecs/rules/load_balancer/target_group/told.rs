//! What of a health check a load balancer does otherwise.

use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::rules::http_check::{Asked, Need};
use crate::ecs::translate::context::Output;

/// Says what the load balancer cannot ask, or does not look at.
pub(super) fn say(service: &Service, found: &Result<Asked, Need>, out: &mut Output) {
    let check = service.healthcheck.as_ref();
    let Some(test) = check.and_then(|check| check.value.test.as_ref()) else { return };
    let name = &service.name.value;
    let asked = match found {
        Ok(asked) => asked,
        Err(need) => {
            let message =
                format!("the load balancer does not ask as the health check of {name} does");
            out.say(
                Diagnostic::warning(Code::Approximated, message)
                    .at(test.span, why(*need))
                    .help(
                        "it asks for / with a plain GET and takes 200 to 399 for good: name a path \
                         for which that is true with `x-ecs: {http: {health_check: /PATH}}`",
                    )
                    .service(name),
            );
            return;
        }
    };
    let mut note = |message: String, help: &str| {
        out.say(
            Diagnostic::note(Code::Approximated, message)
                .at(test.span, "")
                .help(help)
                .service(name),
        );
    };
    let path = &asked.path;
    if asked.any_status {
        note(
            format!("the load balancer takes every answer for {path} below 500 for good"),
            "the health check fails on no status either: write `curl -f`, or compare the status; \
             `x-ecs: {http: {health_check: /PATH}}` takes 200 to 399",
        );
    }
    if asked.reads {
        note(
            format!("the load balancer does not look at the text of the answer for {path}"),
            "it takes the status alone; the health check of the container still looks at the text",
        );
    }
    if asked.others > 0 {
        note(
            format!(
                "of the requests of the health check, the load balancer makes the one for {path}"
            ),
            "the health check of the container still makes all; \
             `x-ecs: {http: {health_check: /PATH}}` names another one",
        );
    }
}

/// Why it cannot.
fn why(need: Need) -> &'static str {
    match need {
        Need::Method => "another method than GET",
        Need::Credentials => "it sends credentials",
        Need::Header => "it sends a header",
        Need::Proxy => "it goes through a proxy, or a socket",
        Need::Status => "it wants a status outside of 200 to 499",
        Need::Several => "one of several requests is enough",
    }
}
