//! The commands that only look: `ps`, `logs`, `check`, `config`.

use insta::assert_snapshot;

use crate::support::{Answer, Project, Server};

const SHOP: &str = "name: shop\nservices:\n  web: {image: 'busybox:1.37', build: .}\n  \
                    worker: {build: .}\n";

#[test]
fn an_unknown_service() {
    assert_snapshot!(Project::of(SHOP).run("logs wbe -f"), @r"
    $ decklift logs wbe -f
    --- stderr
    error: there is no service `wbe`
     help: did you mean `web`?
    ---
    exit code 64
    ");
    assert_snapshot!(Project::of(SHOP).run("logs database"), @r"
    $ decklift logs database
    --- stderr
    error: there is no service `database`
     help: the services are web, worker
    ---
    exit code 64
    ");
}

#[test]
fn a_time_that_is_none() {
    assert_snapshot!(Project::of(SHOP).run("logs --since yesterday"));
    assert_eq!(Project::of(SHOP).run("logs --tail some").code, Some(64));
    assert_eq!(Project::of(SHOP).run("logs -f --previous").code, Some(64));
}

#[test]
fn a_file_at_fault() {
    for command in ["ps", "logs"] {
        let transcript = Project::web("    prots: [80]\n").run(command);
        assert_eq!(transcript.code, Some(3), "{transcript}");
        assert!(transcript.text.contains("did you mean `ports`?"), "{transcript}");
    }
}

/// AWS, as far as the two commands ask it. The newest task has just been replaced.
fn aws(request: &str) -> Answer {
    let target = request.lines().find_map(|line| line.strip_prefix("x-amz-target: "));
    let operation = target.and_then(|target| target.trim().rsplit('.').next()).unwrap_or_default();
    let task = |id: &str, health: &str, at: u32| {
        format!(
            r#"{{"taskArn":"arn:aws:ecs:r:1:task/shop/{id}","group":"service:shop-web",
            "lastStatus":"RUNNING","healthStatus":"{health}","createdAt":{at},"startedAt":{at},
            "taskDefinitionArn":"arn:aws:ecs:r:1:task-definition/shop-web:3","containers":[{{"name":"web",
            "image":"registry.example/web","imageDigest":"sha256:00ff",
            "networkInterfaces":[{{"privateIpv4Address":"10.0.0.7"}}]}}]}}"#
        )
    };
    let tags = |name: &str| {
        format!(
            r#"[{{"key":"decklift:project","value":"shop"}},
            {{"key":"decklift:environment","value":"default"}},
            {{"key":"decklift:resource","value":"service/{name}"}}]"#
        )
    };
    let service = |name: &str, tags: &str| {
        format!(
            r#"{{"serviceName":"shop-{name}","status":"ACTIVE","desiredCount":2,"runningCount":1,
            "pendingCount":1,"tags":{tags},"loadBalancers":[{{"targetGroupArn":"arn:tg",
            "containerName":"web","containerPort":80}}],"events":[{{"id":"1","createdAt":1,
            "message":"(service shop-{name}) rolling back to deployment ecs-svc/1."}},{{"id":"2",
            "createdAt":2,"message":"(service shop-{name}) (deployment ecs-svc/2) deployment failed: no."}}],
            "deployments":[{{"id":"ecs-svc/1","status":"PRIMARY","rolloutState":"COMPLETED",
            "taskDefinition":"arn:aws:ecs:r:1:task-definition/shop-{name}:3","createdAt":1795237579,
            "rolloutStateReason":"ECS deployment ecs-svc/1 completed."}}]}}"#
        )
    };
    let bound = |name: &str| -> Option<i64> {
        let (_, rest) = request.split_once(&format!("\"{name}\":"))?;
        rest.split([',', '}']).next()?.parse().ok()
    };
    let stretch = bound("startTime").unwrap_or(i64::MIN)..=bound("endTime").unwrap_or(i64::MAX);
    let event = |id: &str, stream: &str, at: u32, text: &str| {
        format!(
            r#"{{"eventId":"{id}","logStreamName":"web/web/{stream}","timestamp":{at},
            "ingestionTime":{at},"message":"{text}\n"}}"#
        )
    };
    let body = match operation {
        "ListServices" => r#"{"serviceArns":["a","b","c"]}"#.to_owned(),
        "DescribeServices" => format!(
            r#"{{"services":[{},{},{}]}}"#,
            service("old", &tags("old")),
            service("web", &tags("web")),
            // Somebody else's, in the same cluster.
            service("api", "[]"),
        ),
        "ListTasks" => r#"{"taskArns":["a","b"]}"#.to_owned(),
        "DescribeTasks" => format!(
            r#"{{"tasks":[{},{}]}}"#,
            task("bbbb2222cccc", "UNHEALTHY", 1_795_237_600),
            task("aaaa1111bbbb", "HEALTHY", 1)
        ),
        "FilterLogEvents" if request.contains("/decklift/shop/worker") => {
            let body = r#"{"__type":"ResourceNotFoundException","message":"no group"}"#;
            return Answer { status: 400, kind: "application/json", body: body.to_owned() };
        }
        // Two pages, the first of them empty.
        "FilterLogEvents" if !stretch.contains(&2500) => "{}".to_owned(),
        "FilterLogEvents" if !request.contains("nextToken") => {
            r#"{"events":[],"nextToken":"more"}"#.to_owned()
        }
        "FilterLogEvents" => format!(
            r#"{{"events":[{},{},{}]}}"#,
            event("1", "aaaa1111bbbb", 2000, "first"),
            event("3", "gone", 2500, "of a task that is gone"),
            event("2", "bbbb2222cccc", 3000, "second"),
        ),
        _ => {
            let body = "<DescribeTargetHealthResponse><DescribeTargetHealthResult>\
                <TargetHealthDescriptions><member><Target><Id>10.0.0.7</Id><Port>80</Port></Target>\
                <TargetHealth><State>unhealthy</State><Reason>Target.Timeout</Reason><Description>\
                Request timed out</Description></TargetHealth></member></TargetHealthDescriptions>\
                </DescribeTargetHealthResult></DescribeTargetHealthResponse>";
            return Answer { body: body.to_owned(), ..Answer::default() };
        }
    };
    Answer { kind: "application/json", body, ..Answer::default() }
}

#[test]
fn what_runs() {
    let server = Server::new(aws);
    let project = Project::of(SHOP).file("Dockerfile", "FROM scratch").endpoint(&server.url);
    assert_snapshot!(project.run("ps"));
    assert_snapshot!(project.run("status web --output json"));
    assert_snapshot!(project.run("ps worker"));
    // A service that left the file can be asked for, a stranger cannot.
    assert_eq!(project.run("ps old").code, Some(0));
    assert_eq!(project.run("ps api").code, Some(64));
}

#[test]
fn what_was_written() {
    let server = Server::new(aws);
    let project = Project::of(SHOP).file("Dockerfile", "FROM scratch").endpoint(&server.url);
    assert_snapshot!(project.run("logs -t"));
    assert_snapshot!(project.run("logs web --tail 1 --since 1970-01-01T00:00:00Z --no-log-prefix"));
    assert_snapshot!(project.run("logs web --tail all --output json"));
}

#[test]
fn what_becomes_of_each_attribute() {
    let web = "    restart: always\n    hostname: x\n    attach: false\n    privileged: true\n    \
               deploy: {resources: {limits: {memory: 128M}}}\n";
    assert_snapshot!(Project::web(web).run("check"));
    assert_snapshot!(Project::web(web).run("check --output json"));
    assert_snapshot!(Project::web("").run("check"), @r"
    $ decklift check
    --- stdout
    web
      mapped        image
    shop: 1 service can go to ECS
    ---
    exit code 0
    ");
}

#[test]
fn annotations_on_github() {
    for command in ["check", "plan", "deploy --yes"] {
        let project = Project::web("    hostname: x\n    privileged: true\n");
        let plain = project.run(command);
        assert!(!plain.text.contains("::"), "{plain}");
        let on_github = project.variable("GITHUB_ACTIONS", "true").run(command);
        assert_eq!(on_github.code, Some(3), "{on_github}");
        for line in [
            "::warning file=compose.yaml,line=4,col=15,title=approximated::",
            "::error file=compose.yaml,line=5,col=17,title=refused::",
            "error[refused]",
        ] {
            assert!(on_github.text.contains(line), "{on_github}");
        }
    }
}

#[test]
fn a_summary_on_github() {
    for (attributes, code, found) in [
        ("    hostname: x|y\n    privileged: true\n", 3, "1 error, 2 warnings"),
        ("    hostname: x\n", 0, "0 errors, 1 warning"),
    ] {
        for command in ["check", "convert"] {
            let project = Project::web(attributes).file("summary.md", "before\n");
            let place = project.path("summary.md");
            let project = project.variable("GITHUB_STEP_SUMMARY", &place);
            let summary = || std::fs::read_to_string(&place).expect("a summary");
            // Elsewhere the variable is somebody else's.
            project.run(command);
            assert_eq!(summary(), "before\n");
            let project = project.variable("GITHUB_ACTIONS", "true");
            let run = project.run(command);
            assert_eq!(run.code, Some(code), "{run}");
            let summary = summary();
            assert!(summary.starts_with(&format!("before\n### decklift {command}\n")), "{summary}");
            assert!(summary.contains(found), "{summary}");
            assert!(
                summary.contains("| warning `approximated` | compose.yaml:4:15 | web |"),
                "{summary}"
            );
            assert_eq!(summary.contains("| error `refused` | compose.yaml:5:17 |"), code == 3);
            assert_eq!(summary.contains("| service | mapped |"), command == "check", "{summary}");
        }
    }
}

#[test]
fn names_of_services_and_images() {
    let project = Project::of(SHOP);
    assert_snapshot!(project.run("config --services"), @r"
    $ decklift config --services
    --- stdout
    web
    worker
    ---
    exit code 0
    ");
    assert_snapshot!(project.run("config --images"), @r"
    $ decklift config --images
    --- stdout
    busybox:1.37
    shop-worker
    ---
    exit code 0
    ");
}
