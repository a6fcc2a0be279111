use crate::compose::model::{Addressing, HealthTest, MountKind, Service};
use crate::diagnostic::{Code, Severity};
use crate::ecs::desired::Kind;
use crate::ecs::facts::{Facts, PathFacts, PathKind};
use crate::ecs::testing::{
    at, attachment, container, ecs_service, env, exposed, facts, has, healthcheck, loud, mount,
    networks, object, project, reference, resource, run, service, volume_mount,
};
use crate::ecs::translate::{Translation, translate};

fn offers(done: &Translation, name: &str) -> Vec<String> {
    ecs_service(done, name).service_connect_configuration.as_ref().map_or(Vec::new(), |connect| {
        connect
            .services
            .iter()
            .map(|s| {
                let alias = &s.client_aliases[0];
                format!("{}={}:{}@{}", s.discovery_name, alias.dns_name, alias.port, s.port_name)
            })
            .collect()
    })
}

fn api() -> Service {
    let mut api = service("api", "acme/api:1");
    api.expose = vec![exposed(8000)];
    api
}

#[test]
fn every_port_is_offered_under_every_name() {
    let mut api = api();
    api.networks["default"] = attachment(&["backend", "API"]);
    api.container_name = Some(at("shop_api".to_owned()));
    let done = run(vec![api, service("web", "acme/web:1")]);
    assert_eq!(
        offers(&done, "api"),
        [
            "api-8000=api:8000@api-8000",
            "backend-8000=backend:8000@api-8000",
            "shop_api-8000=shop_api:8000@api-8000",
        ]
    );
    assert_eq!(offers(&done, "web"), [""; 0]);
    let connect = ecs_service(&done, "web").service_connect_configuration.as_ref();
    assert_eq!(connect.map(|c| c.namespace.to_string()).as_deref(), Some("${namespace/main/arn}"));
}

#[test]
fn ports_that_only_a_peer_names_are_offered() {
    let mut web = service("web", "acme/web:1");
    env(&mut web, "API", "http://api:9000/v1");
    web.command = Some(at(vec!["--cache=cache:6380".to_owned()]));
    let done = run(vec![service("api", "acme/api:1"), service("cache", "acme/cache:1"), web]);
    assert_eq!(offers(&done, "api"), ["api-9000=api:9000@api-9000"]);
    assert_eq!(offers(&done, "cache"), ["cache-6380=cache:6380@cache-6380"]);
}

#[test]
fn a_host_and_a_port_in_two_variables_belong_together() {
    let mut web = service("web", "acme/web:1");
    env(&mut web, "API_HOST", "api");
    env(&mut web, "API_PORT", "9000");
    let done = run(vec![service("api", "acme/api:1"), web]);
    assert_eq!(offers(&done, "api"), ["api-9000=api:9000@api-9000"]);
    assert_eq!(loud(&done.diagnostics), []);
}

#[test]
fn ports_of_a_known_image_are_offered() {
    let done = run(vec![service("db", "postgres:16"), service("web", "acme/web:1")]);
    assert_eq!(offers(&done, "db"), ["db-5432=db:5432@db-5432"]);
}

#[test]
fn a_hostname_is_a_name_only_when_it_is_used() {
    let with_host = || Service { hostname: Some(at("backend".to_owned())), ..api() };
    let mut web = service("web", "acme/web:1");
    let done = run(vec![with_host(), web.clone()]);
    assert_eq!(offers(&done, "api").len(), 1);
    env(&mut web, "API", "backend:8000");
    let done = run(vec![with_host(), web]);
    assert_eq!(offers(&done, "api").len(), 2);
}

#[test]
fn a_service_that_offers_nothing_but_is_called_is_a_warning() {
    let mut web = service("web", "acme/web:1");
    env(&mut web, "API_HOST", "api");
    let done = run(vec![service("api", "acme/api:1"), web]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::NothingOffered)]);
}

#[test]
fn a_link_to_what_offers_nothing_is_a_warning() {
    let linked = |edit: fn(&mut Service)| {
        let mut web = service("web", "acme/web:1");
        let links = vec![at("api:backend".to_owned())];
        web.addressing = Some(Box::new(Addressing { links, ..Addressing::default() }));
        let mut api = service("api", "acme/api:1");
        edit(&mut api);
        run(vec![api, web]).diagnostics.iter().any(|said| said.code == Code::NothingOffered)
    };
    assert!(linked(|_| {}));
    assert!(!linked(|api| api.expose = vec![exposed(8000)]));
    assert!(!linked(|api| api.networks = networks(&["other"])));
}

#[test]
fn the_port_of_a_health_check_is_offered() {
    let checked = |line: &str| {
        let mut api = service("api", "acme/api:1");
        api.healthcheck = Some(healthcheck(HealthTest::Shell(line.to_owned())));
        api
    };
    let line = "wget --spider http://localhost:9999/health";
    let done = run(vec![checked(line), service("web", "acme/web:1")]);
    assert_eq!(offers(&done, "api"), ["api-9999=api:9999@api-9999"]);
    // Nobody could call it.
    let done = run(vec![checked(line)]);
    assert_eq!(container(&done, "api").port_mappings.len(), 0);
}

#[test]
fn a_postgres_is_known_by_its_files() {
    let offered = |edit: fn(&mut Service)| {
        let mut db = service("db", "acme/harbor-db:1");
        db.mounts = vec![volume_mount("data", "/var/lib/postgresql/data")];
        edit(&mut db);
        offers(&run(vec![db, service("web", "acme/web:1")]), "db")
    };
    assert_eq!(offered(|_| {}), ["db-5432=db:5432@db-5432"]);
    assert_eq!(offered(|db| env(db, "PGPORT", "5433")), ["db-5433=db:5433@db-5433"]);
    assert_eq!(offered(|db| env(db, "POSTGRES_PORT", "5434")), ["db-5434=db:5434@db-5434"]);
    assert_eq!(offered(|db| db.expose = vec![exposed(1)]), ["db-1=db:1@db-1"]);
    assert_eq!(offered(|db| db.command = Some(at(vec!["pg_dump".to_owned()]))), [""; 0]);
    assert_eq!(offered(|db| db.mounts = vec![volume_mount("data", "/data")]), [""; 0]);
}

#[test]
fn ports_that_a_file_names_are_offered() {
    let proxy = || service("proxy", "nginx:1.27");
    let apps = || [service("app", "acme/app:1"), service("api", "acme/api:1")];
    let text = "location / { proxy_pass http://app:3000; } upstream x { server api:4000; }";

    let mut mounted = proxy();
    let kind = MountKind::Bind("/app/default.conf".into());
    mounted.mounts = vec![mount(kind, "/etc/nginx/conf.d/default.conf")];
    let [app, api] = apps();
    let known = PathFacts { text: text.to_owned(), ..PathFacts::plain(PathKind::File) };
    let paths = [("/app/default.conf".into(), known)].into_iter().collect();
    let project_of = project(vec![mounted, app, api]);
    let done = translate(&project_of, None, &Facts { paths, ..facts() });
    assert_eq!(offers(&done, "app"), ["app-3000=app:3000@app-3000"]);
    assert_eq!(offers(&done, "api"), ["api-4000=api:4000@api-4000"]);

    let mut configured = proxy();
    configured.written.configs = vec![reference("conf", &[("target", "/etc/nginx/nginx.conf")])];
    let [app, api] = apps();
    let mut project_of = project(vec![configured, app, api]);
    project_of.configs.insert("conf".to_owned(), object(&[("content", text)]));
    let done = translate(&project_of, None, &facts());
    assert_eq!(offers(&done, "app"), ["app-3000=app:3000@app-3000"]);
}

#[test]
fn an_id_is_no_address_in_a_shared_task_either() {
    let said = |words: &[&str]| {
        let mut app = service("app", "acme/app:1");
        app.expose = vec![exposed(3000)];
        let mut side = service("side", "acme/side:1");
        side.extension.task = Some(at("both".to_owned()));
        app.extension.task = Some(at("both".to_owned()));
        side.command = Some(at(words.iter().map(|word| (*word).to_owned()).collect()));
        loud(&run(vec![app, side]).diagnostics).contains(&(Severity::Warning, Code::Approximated))
    };
    assert!(!said(&["daprd", "--app-id", "app"]));
    assert!(!said(&["daprd", "--name=app"]));
    assert!(said(&["daprd", "--app-host", "app"]));
    assert!(said(&["daprd", "http://app:3000"]));
}

#[test]
fn two_services_under_one_name_are_refused() {
    let mut web = service("web", "acme/web:1");
    web.networks["default"] = attachment(&["api"]);
    let done = run(vec![api(), web]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::NameConflict)]);
}

#[test]
fn one_alias_on_two_networks_with_one_port_is_refused() {
    let member = |name: &str, network: &str| {
        let mut member = service(name, "acme/db");
        member.expose = vec![exposed(5000)];
        member.networks = [(network.to_owned(), attachment(&["db"]))].into_iter().collect();
        member
    };
    let done = run(vec![member("a", "left"), member("b", "right")]);
    let alone = (Severity::Warning, Code::PortNotPublic);
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::NameConflict), alone, alone]);
}

#[test]
fn a_service_alone_has_no_proxy_and_no_namespace() {
    let done = run(vec![api()]);
    assert!(ecs_service(&done, "api").service_connect_configuration.is_none());
    assert!(!has(&done, Kind::Namespace, "main"));
}

#[test]
fn services_without_a_common_network_are_no_peers() {
    let mut web = service("web", "acme/web:1");
    web.networks = networks(&["front"]);
    env(&mut web, "API", "api:9000");
    let done = run(vec![api(), web, service("job", "acme/job:1")]);
    assert_eq!(offers(&done, "api"), ["api-8000=api:8000@api-8000"]);
    assert!(resource(&done, Kind::Service, "web").peers.is_empty());
    let peers: Vec<_> =
        resource(&done, Kind::Service, "job").peers.iter().map(|p| &p.name).collect();
    assert_eq!(peers, ["api"]);
}

#[test]
fn names_that_aws_does_not_take_are_said() {
    let mut api = api();
    api.networks["default"] = attachment(&["-x"]);
    let done = run(vec![api, service("web", "acme/web:1")]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
}

#[test]
fn in_a_crowd_peers_are_those_that_are_named() {
    let mut crowd: Vec<_> = (0..100)
        .map(|n| {
            let mut member = service(&format!("s{n}"), "acme/s");
            member.expose = vec![exposed(80)];
            member
        })
        .collect();
    env(&mut crowd[0], "NEXT", "http://s1");
    let done = run(crowd);
    let peers = |name: &str| resource(&done, Kind::Service, name).peers.len();
    assert_eq!((peers("s0"), peers("s1")), (1, 0));
}

#[test]
fn udp_has_no_names() {
    let mut dns = service("dns", "acme/dns:1");
    dns.expose = vec![exposed(53)];
    dns.expose[0].value.protocol = crate::compose::model::Protocol::Udp;
    let alone = run(vec![dns.clone()]).diagnostics;
    assert_eq!(loud(&alone), [(Severity::Warning, Code::PortNotPublic)]);
    let done = run(vec![dns, service("web", "acme/web:1")]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
    assert!(ecs_service(&done, "dns").service_connect_configuration.is_none());
}

#[test]
fn containers_of_one_task_are_told_of_localhost_alone() {
    let mut web = service("web", "acme/web:1");
    env(&mut web, "API_HOST", "api");
    let mut api = service("api", "acme/api:1");
    for one in [&mut web, &mut api] {
        one.extension.task = Some(at("pair".to_owned()));
    }
    let done = run(vec![web, api]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
}
