//! Load balancing with real containers: rules of a listener that two services share, a stream through
//! the Network Load Balancer, and names in DNS alone.

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use crate::emulator::{get, http};
use crate::support::{Project, Sandbox, engine};

const APP: &str = r#"name: routes
x-ecs: {discovery: dns}
services:
  web:
    image: busybox:1.37
    command: sh -c 'mkdir /www; echo web > /www/index.html; exec httpd -f -p 80 -h /www'
    ports: ["8080:80"]
    stop_grace_period: 2s
    x-ecs: {http: {host: "*.example.com"}}
  api:
    image: busybox:1.37
    command: sh -c 'mkdir -p /www/api; echo api | tee /www/index.html > /www/api/index.html; exec httpd -f -p 8000 -h /www'
    ports: ["8080:8000"]
    stop_grace_period: 2s
    healthcheck: {test: [CMD, "true"], interval: 5s}
    x-ecs: {http: {path: "/api/*", health_check: /}}
  stream:
    image: busybox:1.37
    command: sh -c 'while true; do echo hello from the stream | nc -l -p 7000; done'
    ports: [{target: 7000, published: "7000", app_protocol: tcp}]
    stop_grace_period: 2s
    x-ecs: {ports: {7000: public}}
  ask:
    image: busybox:1.37
    command: wget -qO- http://api:8000/
    depends_on: {api: {condition: service_healthy}}
    x-ecs: {job: true}
"#;

#[test]
fn services_share_a_listener_and_a_stream_has_its_own() {
    if !engine("services_share_a_listener_and_a_stream_has_its_own") {
        return;
    }
    let (sandbox, project) = (Sandbox::new("routes"), Project::of(APP));
    let made = sandbox.run(&project.arguments("deploy --yes")).exits(0).says("ask | api");
    let url = made.url("web");
    assert_eq!(made.url("api"), url);
    let host = url.trim_start_matches("http://");
    let page = |name: &str, path: &str| {
        http(host, &format!("GET {path} HTTP/1.0\r\nHost: {name}\r\n\r\n")).expect("an answer")
    };
    assert_eq!(page("shop.example.com", "/"), (200, "web\n".to_owned()));
    assert_eq!(page("localhost", "/api/"), (200, "api\n".to_owned()));
    assert_eq!(get(&url).expect("an answer").0, 404);

    let stream = made.url("stream");
    let mut connection =
        TcpStream::connect(stream.trim_start_matches("tcp://")).expect("a connection");
    connection.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    let mut said = String::new();
    connection.read_to_string(&mut said).expect("a text");
    assert_eq!(said, "hello from the stream\n");

    sandbox.run(&project.arguments("plan")).exits(0).prints("No changes");
    sandbox.run(&project.arguments("down --yes")).exits(0);
}
