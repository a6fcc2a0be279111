//! The stable names of all diagnostics.

use super::Example;

/// Makes the enum, its names, its explanations and its examples from one table.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $cure:literal;)+) => {
        /// The stable kebab-case name of a kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// The name as it is printed.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $name,)+ }
            }

            /// What the code means, in one or two sentences.
            #[must_use]
            pub fn explanation(self) -> &'static str {
                match self { $(Code::$variant => concat!($($doc),+).trim_ascii_start(),)+ }
            }

            /// What to do about it, in one or two sentences.
            #[must_use]
            pub fn cure(self) -> &'static str {
                match self { $(Code::$variant => $cure,)+ }
            }

            /// Files that are at fault in this way, and how they are cured.
            #[must_use]
            pub fn example(self) -> Example {
                Example::new(match self {
                    $(Code::$variant => include_str!(concat!("examples/", $name, ".txt")),)+
                })
            }
        }
    };
}

codes! {
    // Files
    /// The Compose file, or a file that it names, does not exist.
    FileNotFound = "file-not-found",
        "Check the spelling, and the folder: names are relative to the working directory for \
        `-f`, and to the Compose file for files that it names.";
    /// A file cannot be read: a directory, a pipe, no permission.
    FileUnreadable = "file-unreadable",
        "Name a regular file that you may read, or pass the text on standard input with `-f -`.";
    /// A file is larger than decklift reads.
    FileTooLarge = "file-too-large",
        "Check that it is the file you mean: a Compose file has kilobytes. Data belongs into \
        files that are mounted or built into an image.";
    /// Several files have one of the usual names; one of them is used.
    SeveralFiles = "several-files",
        "Say which one with `-f`, or delete the others.";
    /// A file is not UTF-8 text.
    NotText = "not-text",
        "Save the file as UTF-8.";
    /// The Compose file holds no document.
    FileEmpty = "file-empty",
        "Write `services:` and at least one service below it, or name another file with `-f`.";
    // YAML
    /// The text is not YAML.
    YamlSyntax = "yaml-syntax",
        "Look at the line that is shown, and at the one above it: most faults are indentation, a \
        missing space after a colon, or text that needs quotes.";
    /// More than one YAML document in a file: Compose merges them as if they were files of their own.
    SeveralDocuments = "several-documents",
        "Delete the `---` and what follows, or keep the documents in files of their own and name \
        each with `-f`.";
    /// A key stands twice in one mapping.
    DuplicateKey = "duplicate-key",
        "Keep one of the two: in YAML neither wins.";
    /// An alias names an anchor that does not exist.
    UnknownAnchor = "unknown-anchor",
        "Define the anchor with `&name` above the first alias `*name`, in the same file; put the \
        value into quotes when the star is part of it.";
    /// The document nests too deep or has too many values, aliases, variables and ranges resolved.
    YamlLimit = "yaml-limit",
        "Check the brackets and the indentation, and write fewer aliases of aliases and \
        shorter ranges.";
    /// A tag that Compose does not know.
    UnknownTag = "unknown-tag",
        "Remove the tag, or put the value into quotes when the exclamation mark is part of it.";
    /// A merge key (`<<`) whose value is not a mapping.
    BadMergeKey = "bad-merge-key",
        "Give `<<` an alias of a mapping, or a list of such aliases.";
    // Interpolation and environment files
    /// A `${VARIABLE}` expression that cannot be parsed.
    BadInterpolation = "bad-interpolation",
        "Write `${NAME}`, `${NAME:-default}`, `${NAME:?message}` or `${NAME:+replacement}`; \
        write `$$` for a dollar sign.";
    /// A variable that the file requires is not set.
    RequiredVariable = "required-variable",
        "Set the variable in the environment, in `.env`, or in a file that you name with \
        `--env-file`.";
    /// A variable is not set; Compose takes an empty string.
    UnsetVariable = "unset-variable",
        "Set the variable, or give it a default: `${NAME:-default}`, which may be empty. Write \
        `$$` for a dollar sign.";
    /// A line of a `.env` or `env_file` file that cannot be parsed.
    BadEnvFile = "bad-env-file",
        "Write `NAME=value`, one a line, and close every quote.";
    // Shape
    /// An attribute that the Compose Specification does not know.
    UnknownAttribute = "unknown-attribute",
        "Correct the spelling or the indentation. What is yours alone starts with `x-`.";
    /// An attribute of the Compose Specification that decklift does not support yet.
    NotSupportedYet = "not-supported-yet",
        "Remove the attribute, or leave the service out on ECS with `profiles`. `decklift \
        config` takes it all the same.";
    /// A value of another type than the attribute takes.
    WrongType = "wrong-type",
        "Write the value in one of the forms that the message names.";
    /// A value that the attribute does not take.
    InvalidValue = "invalid-value",
        "Write a value that the attribute takes; the help names them.";
    /// A command line in one text that docker compose, too, reads only up to a shell operator.
    CommandCutShort = "command-cut-short",
        "Let a shell read the line: `[sh, -c, \"first && second\"]`.";
    /// An attribute that must be given is missing.
    MissingAttribute = "missing-attribute",
        "Add the attribute that the message names.";
    // References
    /// Two attributes, or two files, that contradict each other.
    Conflict = "conflict",
        "Keep one of the two places that are shown.";
    /// A name that is defined nowhere in the file.
    UndefinedReference = "undefined-reference",
        "Define the name at the top level or under `services`, or correct its spelling.";
    /// Files that include each other, or services that extend each other, in a circle.
    ReferenceCycle = "reference-cycle",
        "Remove one `include` or `extends` of the circle.";
    /// A Compose file that is not on this machine.
    RemoteFile = "remote-file",
        "Fetch the file, keep it beside the others, and name its path.";
    /// More files are included or extended than decklift reads.
    TooManyFiles = "too-many-files",
        "Include each file once, at the top, in place of once for each service; write one document in place of many.";
    /// Services that depend on each other in a circle.
    DependencyCycle = "dependency-cycle",
        "Remove one `depends_on` of the circle: one service must start first.";
    /// A service with neither `image` nor `build`.
    NoImageNoBuild = "no-image-no-build",
        "Write `image` to use an image that exists, or `build` to make one.";
    /// A service that is left out because none of its profiles is active.
    InactiveProfile = "inactive-profile",
        "Activate the profile with `--profile NAME` or `COMPOSE_PROFILES`, or remove the \
        reference.";
    /// A dependent waits for the health of a service whose health check is switched off.
    NoHealthcheck = "no-healthcheck",
        "Write a `healthcheck`, or wait with `condition: service_started`.";
    /// An attribute that Compose itself no longer uses.
    Obsolete = "obsolete",
        "Remove the attribute.";
    /// A project without services.
    NoServices = "no-services",
        "Write at least one service under `services`.";
    /// A project name that Compose does not take.
    InvalidProjectName = "invalid-project-name",
        "Use lower-case letters, digits, `-` and `_`, with a letter or digit first.";
    // Translation to ECS
    /// CPU or memory beyond what a Fargate task can have.
    ImpossibleSize = "impossible-size",
        "Lower the limits, or give the task a size with `x-ecs.cpu` and `x-ecs.memory`: at most \
        16384 CPU units and 122880 MiB.";
    /// CPU or memory was rounded up to a size that Fargate offers.
    SizeRounded = "size-rounded",
        "Nothing needs to be done. Limits that add up to a size of Fargate, or `x-ecs.cpu` and \
        `x-ecs.memory`, say it exactly.";
    /// A value that ECS only takes within a range was moved into it.
    Clamped = "clamped",
        "Write a value within the range that the help names.";
    /// An attribute works on ECS, but differently.
    Approximated = "approximated",
        "Nothing needs to be done when the difference that the message names does not matter to \
        the service.";
    /// An attribute has no effect on ECS.
    Ignored = "ignored",
        "Nothing needs to be done; remove the attribute where it is not needed by Docker \
        either.";
    /// An attribute cannot work on ECS.
    Refused = "refused",
        "Take another way, which the help names, or leave the service out on ECS with \
        `profiles`.";
    /// A published port that stays private.
    PortNotPublic = "port-not-public",
        "Write `x-ecs: {ports: {PORT: public}}` to open the port, or `none` to say that it stays \
        private.";
    /// A port that becomes reachable from the Internet.
    PortPublic = "port-public",
        "Nothing needs to be done. Write `x-ecs: {ports: {PORT: none}}` to keep the port \
        private.";
    /// A request that AWS would refuse.
    AwsRule = "aws-rule",
        "Change the value that the request is made from; the help names the rule.";
    /// More of something than AWS gives an account that has not asked for more.
    QuotaExceeded = "quota-exceeded",
        "Ask for more with Service Quotas before you deploy, or need less: `decklift verify` says what \
        the account may have.";
    /// A volume that starts empty on EFS, where Docker would copy the image's content into it.
    VolumeStartsEmpty = "volume-starts-empty",
        "Let the container write what it needs when it does not find it, or let the image fill the \
        volume: `x-ecs: {seed: true}` at the service.";
    /// A service waits until another one is healthy, which has no health check.
    HealthyWithoutCheck = "healthy-without-check",
        "Write a `healthcheck` in the Compose file: ECS does not see that of the image.";
    /// An image has no tag, or `latest`: the next deployment may run another version.
    UnpinnedImage = "unpinned-image",
        "Write the version as the tag: `postgres:16`.";
    /// A health check calls a program that the image does not have.
    MissingTool = "missing-tool",
        "Call a program that the image has, or build an image that has this one.";
    /// A container has less memory than its image needs.
    LittleMemory = "little-memory",
        "Write a larger `mem_limit`, or tell the program to take less.";
    /// A program asks more of the kernel than its machine has.
    KernelLimit = "kernel-limit",
        "Tell the program to do with less, or run it on instances and set the limit there.";
    /// An image is made for another kind of machine than the task runs on.
    WrongMachine = "wrong-machine",
        "Write the `platform` that the image is made for, or name another image.";
    /// A reverse proxy stands behind the load balancer, which can do its work.
    ProxyBehindBalancer = "proxy-behind-balancer",
        "Nothing needs to be done: it works. Without it requests take one step less.";
    /// A service is called by name, and no port of it is known.
    NothingOffered = "nothing-offered",
        "List the port under `expose` or `ports`.";
    /// Two services answer to one name.
    NameConflict = "name-conflict",
        "Give one of the services another alias or `container_name`; for several copies of one \
        service use `deploy.replicas`.";
    /// Two services publish one port.
    PortConflict = "port-conflict",
        "Publish one of them on another port.";
    /// A value that looks like a credential stands in the file.
    LiteralCredential = "literal-credential",
        "Whoever may read the task definition reads the value. Keep it in Secrets Manager or \
        Systems Manager, and let ECS fetch it with `x-ecs: {secret_env: {NAME: ARN}}`, or write it \
        as a secret of Compose.";
    /// A build context or Dockerfile that does not exist.
    BuildContext = "build-context",
        "Correct the path: `build` is relative to the Compose file, `dockerfile` to the \
        context.";
}

impl Code {
    /// The code of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn names_are_kebab_case_and_unique() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            let name = code.as_str();
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
            assert!(seen.insert(name), "{name} stands twice");
            for sentence in [code.explanation(), code.cure()] {
                assert!(sentence.ends_with('.') && !sentence.contains("  "), "{name}: {sentence}");
            }
            assert_eq!(Code::from_name(name), Some(*code));
        }
    }
}
