//! Variables and commands that look like a credential: they would stand in the task definition, where
//! everybody with read access to ECS sees them. The value itself is never printed.

use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic, credential};
use crate::ecs::translate::context::Output;
use crate::source::Span;

/// Warns of each variable that looks like a credential, and of commands with a password.
pub(crate) fn check(service: &Service, out: &mut Output) {
    let words = [("entrypoint", &service.entrypoint), ("command", &service.command)];
    for (name, words) in words.into_iter().filter_map(|(name, words)| Some((name, words.as_ref()?)))
    {
        if credential::in_command(&words.value) {
            let message = format!(
                "the {name} holds a password, which stands in plain text in the task definition"
            );
            out.say(
                Diagnostic::warning(Code::LiteralCredential, message)
                    .at(words.span, "")
                    .help(
                        "hand it over as a variable with `x-ecs.secret_env`, and let a shell put it there: \
                        `sh -c 'exec redis-server --requirepass \"$$REDIS_PASSWORD\"'`",
                    )
                    .service(&service.name.value),
            );
        }
    }
    for (name, value) in &service.environment {
        // It does not go to ECS.
        if service.extension.secret_env.contains_key(name) {
            continue;
        }
        if is_one(name, &value.value) {
            out.say(warning(name, value.span, &service.name.value));
        }
    }
}

/// Whether a variable looks like a credential.
pub(crate) fn is_one(name: &str, value: &str) -> bool {
    credential::is_one(name, value)
        || credential::has_userinfo(value)
        || credential::has_known_form(value)
        || credential::has_password(value)
}

/// The warning of it.
pub(crate) fn warning(name: &str, place: Span, service: &str) -> Diagnostic {
    let message =
        format!("{name} looks like a credential and stands in plain text in the task definition");
    Diagnostic::warning(Code::LiteralCredential, message)
        .at(place, "")
        .help(
            "keep it in Secrets Manager and hand it over with `x-ecs.secret_env`, \
            or as a Compose secret",
        )
        .service(service)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::testing::{at, env, run, service};

    fn warned(name: &str, value: &str) -> bool {
        let mut web = service("web", "acme/web:1");
        env(&mut web, name, value);
        let done = run(vec![web]);
        let said: Vec<_> = done.diagnostics.iter().collect();
        for diagnostic in &said {
            assert_eq!(diagnostic.code, Code::LiteralCredential);
            assert!(!format!("{diagnostic:?}").contains("hunter2"), "{diagnostic:?}");
        }
        !said.is_empty()
    }

    #[test]
    fn credentials_are_seen_and_never_printed() {
        for name in [
            "POSTGRES_PASSWORD",
            "MYSQL_ROOT_PASSWORD",
            "PGPASSWORD",
            "DB_PASS",
            "AWS_SECRET_ACCESS_KEY",
            "API_KEY",
            "STRIPE_APIKEY",
            "GITHUB_TOKEN",
            "JWT_SECRET",
            "db_pwd",
            "spring.datasource.password",
            "WORDPRESS_AUTH_KEY",
            "WORDPRESS_SECURE_AUTH_KEY",
            "WORDPRESS_LOGGED_IN_KEY",
            "WORDPRESS_NONCE_KEY",
            "WORDPRESS_AUTH_SALT",
            "WORDPRESS_SECURE_AUTH_SALT",
            "WORDPRESS_LOGGED_IN_SALT",
            "WORDPRESS_NONCE_SALT",
            "VAULT_DEV_ROOT_TOKEN_ID",
            "RABBITMQ_ERLANG_COOKIE",
            "PGPASS",
            "SLACK_WEBHOOK",
            "SLACK_WEBHOOK_URL",
        ] {
            assert!(warned(name, "hunter2"), "{name}");
        }
        assert!(warned("DATABASE_URL", "postgres://shop:hunter2@db/shop"));
        assert!(warned("ConnectionString", "Server=db;Database=shop;User Id=sa;Password=hunter2"));
        assert!(warned("POSTGRES_PASSWORD", "changeme"));
        assert!(warned("APP_KEY", "base64:hunter2"));
        assert!(warned("BASIC_AUTH", "admin:hunter2"));
        assert!(warned("AIRFLOW__CORE__FERNET_KEY", "hunter2"));
        assert!(warned("KC_DB_PW", "hunter2"));
        assert!(warned("STRIPE", "sk_live_hunter22"));
        assert!(warned("SPRING_APPLICATION_JSON", r#"{"a":{"password":"hunter2"}}"#));
    }

    #[test]
    fn commands_with_a_password_are_seen() {
        let said = |words: &[&str]| {
            let mut web = service("web", "acme/web:1");
            web.command = Some(at(words.iter().map(|word| (*word).to_owned()).collect()));
            let done = run(vec![web]);
            let codes: Vec<_> = done.diagnostics.iter().map(|said| said.code).collect();
            codes
        };
        assert_eq!(said(&["redis-server", "--requirepass", "x1"]), [Code::LiteralCredential]);
        assert_eq!(said(&["redis-server", "--appendonly", "yes"]), []);
    }

    #[test]
    fn what_only_looks_like_one_is_not() {
        for (name, value) in [
            ("POSTGRES_PASSWORD_FILE", "/run/secrets/x"),
            ("TOKEN_TTL", "60"),
            ("ALLOW_EMPTY_PASSWORD", "yes"),
            ("DB_PASSWORD", ""),
            ("PWD", "/app"),
            ("COMPASS", "north"),
            ("KEYBOARD", "us"),
            ("DATABASE_URL", "postgres://shop@db/shop"),
            ("PATHS", "a://b/c:d@e"),
            ("ConnectionString", "Server=db;Database=shop;Integrated Security=true"),
            ("ConnectionString", "Server=db;User Id=sa;Password="),
            ("ConnectionString", "Server=db;User Id=sa;Password=${DB_PASSWORD}"),
            ("DB_PASSWORD", "${DB_PASSWORD}"),
            ("SLACK_WEBHOOK_ENABLED", "hunter"),
            ("PGPASSFILE", "/run/secrets/pgpass"),
            ("Y_PASSWORD", "/run/secrets/y"),
            ("PUSHER_APP_KEY", "abc"),
            ("BASIC_AUTH", "true"),
            ("CALLBACK_BASIC_AUTH", "https://x"),
        ] {
            assert!(!warned(name, value), "{name}");
        }
    }
}
