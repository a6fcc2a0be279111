//! What the Dockerfile of a service says of the image that is still to be built.

use serde_json::Value;

use crate::support::Project;

#[test]
fn peers_reach_the_ports_that_a_dockerfile_exposes() {
    let compose = "name: app
services:
  web: {image: 'nginx:1', ports: ['80:80'], environment: {UPSTREAM: api, PHP: php}}
  api: {build: ./api}
  php: {build: {context: ./php, target: run}}
";
    let project = Project::of(compose)
        .file(
            "api/Dockerfile",
            "FROM golang:1 AS build\nEXPOSE 1\nFROM scratch\nENV P=8000\nEXPOSE $P\n",
        )
        .file("php/Dockerfile", "FROM php:8.3-fpm-alpine AS run\nFROM run\nEXPOSE 2\n");
    let done = project.run("convert --out out");
    assert_eq!(done.code, Some(0), "{}", done.text);
    assert!(!done.text.contains("nothing-offered"), "{}", done.text);
    for (service, port) in [("api", 8000), ("php", 9000)] {
        let request = |call: &str| -> Value {
            let path = project.path(&format!("out/ecs/{call}/{service}.json"));
            let text = std::fs::read_to_string(path).expect("a request");
            serde_json::from_str(&text).expect("JSON")
        };
        let task = request("register-task-definition");
        let mappings = &task["containerDefinitions"][0]["portMappings"];
        assert_eq!(mappings.as_array().map(Vec::len), Some(1), "{mappings}");
        assert_eq!(mappings[0]["containerPort"], port);
        let names = &request("create-service")["serviceConnectConfiguration"]["services"];
        let alias = &names[0]["clientAliases"][0];
        assert_eq!((&alias["dnsName"], &alias["port"]), (&service.into(), &port.into()));
    }
}
