use crate::support::{messages, one, web};

/// Whole files.
const FILES: &[(&str, &str)] = &[
    ("no_services", "name: x\n"),
    ("empty_services", "services: {}\n"),
    ("null_services", "services:\n"),
    ("service_is_null", "services:\n  web:\n"),
    ("service_is_text", "services:\n  web: nginx\n"),
    ("bad_service_name", "services:\n  \"we b\": {image: a}\n"),
    ("neither_image_nor_build", "services:\n  web:\n    ports: [\"80:80\"]\n"),
    ("misspelt_image_says_it_once", "services:\n  web:\n    imgae: nginx\n"),
    ("attribute_of_a_service_at_the_top", "services:\n  web:\n    image: a\nports: [\"80\"]\n"),
    ("misspelt_top_level", "servcies:\n  web: {image: a}\n"),
    (
        "undefined_references",
        "services:\n  web:\n    image: a\n    depends_on: [bd, cache]\n    networks: [frnt]\n    volumes: [dta:/data]\n  db: {image: a}\nnetworks: {front: }\nvolumes: {data: }\n",
    ),
    ("self_dependency", "services:\n  web: {image: a, depends_on: [web]}\n"),
    (
        "cycle",
        "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: {c: {condition: service_started}}}\n  c:\n    image: x\n    depends_on:\n      - a\n",
    ),
    (
        "healthy_without_a_check",
        "services:\n  a: {image: x, depends_on: {b: {condition: service_healthy}, c: {condition: service_healthy}}}\n  b: {image: x}\n  c: {image: x, healthcheck: {disable: true}}\n",
    ),
    (
        "container_name_twice",
        "services:\n  a: {image: x, container_name: one}\n  b: {image: x, container_name: one}\n",
    ),
    (
        "inactive_profile",
        "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, profiles: [debug]}\n",
    ),
    ("all_profiles_inactive", "services:\n  b: {image: x, profiles: [debug]}\n"),
    (
        "refused_through_an_alias",
        "x-base: &base\n  image: a\n  user: 1000\nservices:\n  web: *base\n  api:\n    <<: *base\n",
    ),
    ("includes", "include: [other.yaml]\nservices:\n  web: {image: a, depends_on: [other]}\n"),
    ("project_name", "name: \"---\"\nservices:\n  web: {image: a}\n"),
    ("old_version", "version: \"3.8\"\nservices:\n  web: {image: a}\n"),
    ("required_variable", "services:\n  web:\n    image: \"nginx:${TAG:?set it ${NO}}\"\n"),
    (
        "bad_interpolation",
        "services:\n  web:\n    image: a\n    command: [\"${}\", \"${A!}\", \"ok ${B\"]\n",
    ),
    ("unset_variables", "services:\n  web:\n    image: \"a${TAG}\"\n    command: $TAG $OTHER\n"),
    (
        "external_volume",
        "services:\n  web: {image: a, volumes: [data:/d]}\nvolumes:\n  data: {external: true, driver: local}\n",
    ),
    (
        "extension",
        "x-ecs: {regoin: eu-west-1, cluster: c, log_retention: many, tags: [a]}\nservices:\n  web:\n    image: a\n    x-ecs:\n      cpu: -1\n      ports: {80: internal, 81: pubic, http: none}\n      http: {health_check: health, host: a}\n      exec: true\n",
    ),
    (
        "network_extension",
        "services:\n  web: {image: a, networks: [m, n]}\nnetworks:\n  m: {x-ecs: {security_group: sg-web}}\n  n: {x-ecs: {security_grup: sg-1a2b3c4d}}\n",
    ),
    (
        "resources_of_other_kinds",
        "services:\n  web: {image: a, networks: [n], volumes: [vol:/v]}\nnetworks:\n  n: {driver: macvlan, ipam: {}, labels: {}}\nvolumes:\n  vol: {labels: {}, drivr: local}\n",
    ),
];

#[test]
fn files() {
    for (name, text) in FILES {
        insta::assert_snapshot!(*name, one(text).drawn());
    }
}

/// Attributes of one service.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("null_attribute", "    environment:\n    user:\n    ports:\n"),
    (
        "wrong_types",
        "    user: 1000\n    command: [sleep, 5]\n    hostname: [a]\n    environment: text\n    depends_on: {a: yes}\n    healthcheck: []\n",
    ),
    (
        "ports",
        "    ports:\n      - 99999\n      - \"80:99999\"\n      - \"1-3:1-2\"\n      - \"a:80\"\n      - \"80/icmp\"\n      - \"80/sctp\"\n      - \"1.2.3:80:80\"\n      - {published: 80}\n      - {target: 0, mode: hots}\n      - {target: 80, protocl: tcp}\n      - {target: 1, host_ip: x, published: y}\n",
    ),
    ("expose", "    expose: [\"80:80\", x, 70000]\n"),
    (
        "numbers",
        "    cpus: -1\n    mem_limit: lots\n    mem_reservation: -5\n    scale: -1\n    deploy: {replicas: 99999999999}\n",
    ),
    (
        "more_numbers",
        "    cpus: .nan\n    scale: two\n    deploy: {replicas: 1.5, resources: {limits: {memory: 512}, reservations: {cpus: \"1x\"}}}\n",
    ),
    (
        "durations",
        "    stop_grace_period: 30\n    healthcheck: {test: a, interval: 10x, timeout: fast, retries: -1, start_period: -1s}\n",
    ),
    ("booleans", "    init: maybe\n    tty: 1\n    read_only: \"yes\"\n"),
    ("healthcheck_lists", "    healthcheck: {test: [curl, a]}\n"),
    ("healthcheck_without_command", "    healthcheck: {test: [CMD]}\n"),
    ("command_lines", "    command: echo \"open\n    entrypoint: run a && run b\n"),
    (
        "volumes",
        "    volumes:\n      - \"a::b\"\n      - \"a:b:c:d\"\n      - {type: bind, target: /x}\n      - {type: image, source: a, target: /y}\n      - {type: vlume, target: /z}\n      - {source: a, target: /w}\n      - {type: volume, target: /u, bind: {propagation: shared}, volume: {subpath: a, nocopy: true}}\n",
    ),
    ("mounted_twice", "    tmpfs: [/a, \"/b:size=x,mode=1770\"]\n    volumes: [/a]\n"),
    (
        "choices",
        "    restart: sometimes\n    deploy: {mode: replicatd, update_config: {order: first, failure_action: stop, max_failure_ratio: 2}}\n",
    ),
    ("restart_condition", "    deploy: {restart_policy: {condition: on-failur}}\n"),
    ("conditions", "    depends_on: {web: {condition: healthy}}\n"),
    (
        "conflicts",
        "    scale: 2\n    container_name: one\n    cpus: 1\n    mem_limit: 1g\n    deploy: {replicas: 3, resources: {limits: {cpus: 2, memory: 2g}}}\n",
    ),
    ("platforms", "    platform: linux/arm64\n    build: {context: ., platforms: [linux/amd64]}\n"),
    (
        "unsupported",
        "    secrets: [a]\n    logging: {driver: none}\n    links: [web]\n    extends: {service: x}\n    stop_signal: SIGINT\n    pull_policy: never\n    networks: {default: {ipv4_address: 1.2.3.4}}\n",
    ),
    (
        "ignored",
        "    attach: false\n    develop: {watch: []}\n    pull_policy: always\n    x-anything: {a: 1}\n",
    ),
    ("names_with_blanks", "    environment: [\"A =1\"]\n"),
    ("keys_that_are_no_text", "    environment: {1: a, true: b}\n    labels: {2: c}\n"),
    (
        "env_files",
        "    env_file:\n      - nope.env\n      - {path: none.env, required: false}\n      - {path: a.env, format: yaml}\n      - {required: true}\n",
    ),
    ("ranges", "    ports: [\"3000-3005:80\"]\n"),
];

#[test]
fn attributes() {
    for (name, text) in ATTRIBUTES {
        insta::assert_snapshot!(*name, web(text).drawn());
    }
}

#[test]
fn names_of_extensions_are_no_names() {
    for attribute in [
        "    extra_hosts: {x-a: 10.0.0.1}\n",
        "    storage_opt: {x-a: b}\n",
        "    networks: [x-a]\n",
    ] {
        let found = messages(&web(attribute).load());
        assert!(found.iter().any(|message| message.contains("`x-a`")), "{found:?}");
    }
}

#[test]
fn a_network_is_named_once() {
    let found = messages(&web("    networks: [default, default]\n").load());
    assert_eq!(found, ["error conflict: `default` stands twice in `networks`"]);
}
