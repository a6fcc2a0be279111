//! Variables whose value looks like a credential: it would stand in the task definition, where
//! everybody with read access to ECS sees it. The value itself is never printed.

use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;

/// Words of a variable's name, between underscores, that say that the value is a credential.
const WORDS: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASS",
    "PWD",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "PRIVATEKEY",
    "SECRETKEY",
    "ACCESSKEY",
];

/// Two words in a row that say so.
const PAIRS: &[(&str, &str)] = &[
    ("API", "KEY"),
    ("ACCESS", "KEY"),
    ("PRIVATE", "KEY"),
    ("SECRET", "KEY"),
    ("SIGNING", "KEY"),
    ("ENCRYPTION", "KEY"),
    ("MASTER", "KEY"),
    ("ACCOUNT", "KEY"),
];

/// Last words after which the value is something about a credential, not one.
const ABOUT: &[&str] = &[
    "FILE",
    "PATH",
    "DIR",
    "URL",
    "URI",
    "TTL",
    "EXPIRY",
    "EXPIRES",
    "EXPIRATION",
    "LIFETIME",
    "LENGTH",
    "NAME",
    "ID",
    "TYPE",
    "HEADER",
    "ALGORITHM",
    "ENABLED",
    "DISABLED",
    "ISSUER",
    "AUDIENCE",
    "MODE",
    "POLICY",
    "PROVIDER",
    "TIMEOUT",
    "PREFIX",
    "SCHEME",
    "SECONDS",
    "MINUTES",
    "HOURS",
    "DAYS",
];

/// Warns of each variable that looks like a credential.
pub(crate) fn check(service: &Service, out: &mut Output) {
    for (name, value) in &service.environment {
        // It does not go to ECS.
        if service.extension.secret_env.contains_key(name) {
            continue;
        }
        if is_one(name, &value.value) || has_userinfo(&value.value) {
            out.say(
                Diagnostic::warning(
                    Code::LiteralCredential,
                    format!(
                        "{name} looks like a credential and stands in plain text in the \
                        task definition"
                    ),
                )
                .at(value.span, "")
                .help(
                    "keep it in Secrets Manager and hand it over with `x-ecs.secret_env`, \
                    or as a Compose secret",
                )
                .service(&service.name.value),
            );
        }
    }
}

/// Whether a setting of this name and value is a credential in plain text.
pub(crate) fn is_one(name: &str, value: &str) -> bool {
    names_a_credential(name) && is_literal(value)
}

fn names_a_credential(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    // The shell's working directories.
    if matches!(upper.as_str(), "PWD" | "OLDPWD") {
        return false;
    }
    let words: Vec<_> = upper.split(['_', '-', '.']).filter(|word| !word.is_empty()).collect();
    if words.last().is_some_and(|last| ABOUT.contains(last)) {
        return false;
    }
    words
        .iter()
        .any(|word| WORDS.contains(word) || word.ends_with("PASSWORD") || word.ends_with("APIKEY"))
        || words.windows(2).any(|pair| PAIRS.contains(&(pair[0], pair[1])))
}

/// Whether a value may be a credential at all: switches and empty values are not.
fn is_literal(value: &str) -> bool {
    !matches!(
        value.to_ascii_lowercase().as_str(),
        "" | "true" | "false" | "yes" | "no" | "on" | "off" | "0" | "1" | "none" | "null"
    )
}

/// Whether a value is an address with a password in it.
fn has_userinfo(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(user, _)| {
        user.split_once(':').is_some_and(|(_, password)| !password.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::testing::{env, run, service};

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
        ] {
            assert!(warned(name, "hunter2"), "{name}");
        }
        assert!(warned("DATABASE_URL", "postgres://shop:hunter2@db/shop"));
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
        ] {
            assert!(!warned(name, value), "{name}");
        }
    }
}
