use super::*;
use crate::ecs::desired::{FirelensConfiguration, SecretOption, TextMap};

#[test]
fn log_drivers() {
    container("logs without awslogs-region", |c| {
        if let Some(log) = &mut c.log_configuration {
            log.options.remove("awslogs-region");
        }
    });
    container("no log driver", |c| {
        let options = TextMap::new();
        let log_driver = "json-file".into();
        c.log_configuration =
            Some(LogConfiguration { log_driver, options, ..LogConfiguration::default() });
    });
    container("logs without splunk-url", |c| {
        let token = SecretOption { name: "splunk-token".into(), value_from: "arn:x".into() };
        c.log_configuration = Some(LogConfiguration {
            log_driver: "splunk".into(),
            secret_options: vec![token],
            ..LogConfiguration::default()
        });
    });
    let set = |key: &'static str, value: &'static str| {
        move |c: &mut ContainerDefinition| {
            if let Some(log) = &mut c.log_configuration {
                log.options.insert(key, value);
            }
        }
    };
    container("a mode that is not taken", set("mode", "fast"));
    container("a mode that is not taken", set("max-buffer-size", "big"));
    container("two patterns", |c| {
        set("awslogs-datetime-format", "%Y")(c);
        set("awslogs-multiline-pattern", "^x")(c);
    });
    container("stands twice, or is empty", |c| {
        if let Some(log) = &mut c.log_configuration {
            let name = "awslogs-group".to_owned();
            log.secret_options.push(SecretOption { name, value_from: "arn:x".into() });
        }
    });
}

fn router(kind: &str, options: &[(&str, &str)]) -> ContainerDefinition {
    let options = options.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let firelens_configuration = Some(FirelensConfiguration { kind: kind.into(), options });
    ContainerDefinition { firelens_configuration, ..helper() }
}

fn sends(container: &mut ContainerDefinition) {
    container.log_configuration =
        Some(LogConfiguration { log_driver: "awsfirelens".into(), ..LogConfiguration::default() });
}

#[test]
fn log_routers() {
    container("0 log routers", sends);
    task("2 log routers", |t| {
        let second = ContainerDefinition { name: "second".into(), ..router("fluentd", &[]) };
        t.container_definitions.extend([router("fluentbit", &[]), second]);
    });
    task("sends to itself", |t| {
        let mut router = router("fluentbit", &[]);
        sends(&mut router);
        t.container_definitions.push(router);
    });
    task("is no log router", |t| t.container_definitions.push(router("logstash", &[])));
    task("reads its file from elsewhere", |t| {
        t.container_definitions.push(router("fluentbit", &[("config-file-type", "s3")]));
    });
}
