"""What holds in this sandbox and what does not: the honest list of `sandbox status`."""


def promises(engine):
    """[{"promise", "holds", "note"}], for the engine that is there."""
    real = engine.kind == "docker"
    table = [
        # promise, holds with an engine, note with an engine, holds without, note without
        ("containers run", True, "every task is a set of real containers", False, "tasks are simulated"),
        ("service names resolve", True,
         "Service Connect aliases lead to tasks that serve, through each task's hosts file; new endpoints are seen "
         "after a new deployment, as on AWS", False, "no container that could resolve them"),
        ("Service Connect port translation", False,
         "a name leads to the task's own ports: an alias port that differs from the container port is not translated",
         False, "no container"),
        ("Service Connect proxy", False,
         "no proxy: no retries, no connection draining of its own, no TLS, and the server sees the client's address",
         False, "no container"),
        ("Cloud Map private DNS names resolve", True, "as service.namespace in every task's hosts file, "
         "and as service where a container of the task writes the namespace into /etc/resolv.conf; "
         "DiscoverInstances does not list the tasks", False, "no container"),
        ("containers of a task share localhost", True, "one network namespace a task", False, "no container"),
        ("dependsOn", True, "START, COMPLETE, SUCCESS, HEALTHY, startTimeout", False, "no container"),
        ("container health checks", True,
         "run at least every 2 s, with the retries raised in proportion", False, "always healthy"),
        ("memory limits", True, "memory, memoryReservation, the task's memory for each container; OutOfMemoryError",
         False, "no container"),
        ("cpu", False, "cpu is a share, as on EC2; a Fargate task is not held to its size", False, "no container"),
        ("Fargate sizes", False, "invalid pairs of cpu and memory are accepted", False, "as with an engine"),
        ("ulimits", True, "set where the engine may; else the container runs without and the log says so",
         False, "no container"),
        ("stopTimeout", True, "SIGTERM, wait, SIGKILL; 30 s by default, at most 120 s on Fargate",
         False, "no container"),
        ("users, capabilities, read-only root, tmpfs, init, system controls", True, "", False, "no container"),
        ("restart policies", True, "", False, "no container"),
        ("EFS volumes", True, "empty and root-owned at first, kept until the file system is deleted or the sandbox "
         "stops; not encrypted, not shared between machines", False, "no container"),
        ("EFS access point users", False, "the directory's owner is set; PosixUser is not enforced", False,
         "no container"),
        ("EBS volumes", False, "one a task, empty at first and gone with it; of no size, not encrypted, never made of a "
         "snapshot", False, "no container"),
        ("logs", True, "awslogs to CloudWatch Logs, complete also for containers that die at once", False,
         "one line says that nothing ran"),
        ("other log drivers", False, "output stays in the engine (docker logs)", False, "no container"),
        ("secrets", True, "Secrets Manager and SSM, decrypted", False, "checked for existence only"),
        ("image pulls", True, "from the sandbox's registry always; from others only what is not there locally",
         True, "images of the sandbox's registry must have been pushed"),
        ("image platforms", False, "an image of another architecture runs only where the engine can emulate it",
         False, "not looked at"),
        ("rolling updates", True, "minimumHealthyPercent and maximumPercent; no request is lost", True,
         "the states only"),
        ("blue/green, canary and linear deployments", False, "rolled out as a rolling update", False,
         "as with an engine"),
        ("circuit breaker and rollback", True, "on a first deployment too", False, "no task ever fails"),
        ("deployment alarms", False, "not watched", False, "not watched"),
        ("target health", True, "real checks with the target group's path, port and matcher", False,
         "always healthy"),
        ("load balancer URLs", True, "a loopback port for every HTTP and HTTPS listener (HTTPS answers as HTTP)",
         True, "answers with a page that says that tasks are simulated"),
        ("network load balancers", True, "a loopback port for every TCP and TLS listener (TLS answers as TCP); UDP "
         "listeners are stored, and no port is opened", False, "stored; no port is opened"),
        ("load balancer stickiness and authentication", False, "stored, not applied", False, "as with an engine"),
        ("security groups", False, "stored and checked for use; every task reaches every other", False,
         "as with an engine"),
        ("subnets, public addresses, NAT", False, "all tasks are on one bridge network of the engine", False,
         "as with an engine"),
        ("IAM roles and policies", False, "stored; nothing is denied", False, "as with an engine"),
        ("task metadata and task credentials", False, "no endpoint: the sandbox listens on loopback only", False,
         "no container"),
        ("AWS APIs from inside a task", False, "the sandbox listens on loopback only", False, "no container"),
        ("service auto scaling", False, "left out with a warning: a service runs as many tasks as it starts with",
         False, "as with an engine"),
        ("scheduled tasks", False, "EventBridge Scheduler stores schedules and runs no ECS task", False,
         "as with an engine"),
        ("ECS exec", False, "no Session Manager: `docker exec` with the container's runtimeId does it", False,
         "no container"),
        ("bridge and host networking", False, "run as awsvpc", False, "no container"),
        ("image scans", False, "ECR answers that it cannot scan: a gate warns, and refuses with --strict", False,
         "as with an engine"),
        ("TLS certificates", False, "issued at once; listeners speak plain HTTP", False, "as with an engine"),
    ]
    chosen = []
    for name, holds, note, without, note_without in table:
        chosen.append({"promise": name, "holds": holds if real else without, "note": note if real else note_without})
    return chosen
