//! The stable names of all diagnostics.

/// Makes the enum, its names and its explanations from one table.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
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
        }
    };
}

codes! {
    // Files
    /// The Compose file, or a file that it names, does not exist.
    FileNotFound = "file-not-found",
    /// A file cannot be read: a directory, a pipe, no permission.
    FileUnreadable = "file-unreadable",
    /// A file is larger than decklift reads.
    FileTooLarge = "file-too-large",
    /// Several files have one of the usual names; one of them is used.
    SeveralFiles = "several-files",
    /// A file is not UTF-8 text.
    NotText = "not-text",
    /// The Compose file holds no document.
    FileEmpty = "file-empty",
    // YAML
    /// The text is not YAML.
    YamlSyntax = "yaml-syntax",
    /// More than one YAML document in a file.
    SeveralDocuments = "several-documents",
    /// A key stands twice in one mapping.
    DuplicateKey = "duplicate-key",
    /// An alias names an anchor that does not exist.
    UnknownAnchor = "unknown-anchor",
    /// The document nests too deep, has too many nodes, or its aliases expand too far.
    YamlLimit = "yaml-limit",
    /// A tag that Compose does not know.
    UnknownTag = "unknown-tag",
    /// A merge key (`<<`) whose value is not a mapping.
    BadMergeKey = "bad-merge-key",
    // Interpolation and environment files
    /// A `${VARIABLE}` expression that cannot be parsed.
    BadInterpolation = "bad-interpolation",
    /// A variable that the file requires is not set.
    RequiredVariable = "required-variable",
    /// A variable is not set; Compose takes an empty string.
    UnsetVariable = "unset-variable",
    /// A line of a `.env` or `env_file` file that cannot be parsed.
    BadEnvFile = "bad-env-file",
    // Shape
    /// An attribute that the Compose Specification does not know.
    UnknownAttribute = "unknown-attribute",
    /// An attribute of the Compose Specification that decklift does not support yet.
    NotSupportedYet = "not-supported-yet",
    /// A value of another type than the attribute takes.
    WrongType = "wrong-type",
    /// A value that the attribute does not take.
    InvalidValue = "invalid-value",
    /// A command line in one text that docker compose, too, reads only up to a shell operator.
    CommandCutShort = "command-cut-short",
    /// An attribute that must be given is missing.
    MissingAttribute = "missing-attribute",
    // References
    /// Two attributes, or two files, that contradict each other.
    Conflict = "conflict",
    /// A name that is defined nowhere in the file.
    UndefinedReference = "undefined-reference",
    /// Files that include each other, or services that extend each other, in a circle.
    ReferenceCycle = "reference-cycle",
    /// A Compose file that is not on this machine.
    RemoteFile = "remote-file",
    /// More files are included or extended than decklift reads.
    TooManyFiles = "too-many-files",
    /// Services that depend on each other in a circle.
    DependencyCycle = "dependency-cycle",
    /// A service with neither `image` nor `build`.
    NoImageNoBuild = "no-image-no-build",
    /// A service that is left out because none of its profiles is active.
    InactiveProfile = "inactive-profile",
    /// A dependent waits for the health of a service that has no health check in the file.
    NoHealthcheck = "no-healthcheck",
    /// An attribute that Compose itself no longer uses.
    Obsolete = "obsolete",
    /// A project without services.
    NoServices = "no-services",
    /// A project name that Compose does not take.
    InvalidProjectName = "invalid-project-name",
    // Translation to ECS
    /// CPU or memory beyond what a Fargate task can have.
    ImpossibleSize = "impossible-size",
    /// CPU or memory was rounded up to a size that Fargate offers.
    SizeRounded = "size-rounded",
    /// A value that ECS only takes within a range was moved into it.
    Clamped = "clamped",
    /// An attribute works on ECS, but differently.
    Approximated = "approximated",
    /// An attribute has no effect on ECS.
    Ignored = "ignored",
    /// An attribute cannot work on ECS.
    Refused = "refused",
    /// A published port that stays private.
    PortNotPublic = "port-not-public",
    /// A port that becomes reachable from the Internet.
    PortPublic = "port-public",
    /// A request that AWS would refuse.
    AwsRule = "aws-rule",
    /// A volume that starts empty on EFS, where Docker would copy the image's content into it.
    VolumeStartsEmpty = "volume-starts-empty",
    /// A service waits until another one is healthy, which has no health check.
    HealthyWithoutCheck = "healthy-without-check",
    /// A service is called by name, and no port of it is known.
    NothingOffered = "nothing-offered",
    /// Two services answer to one name.
    NameConflict = "name-conflict",
    /// Two services publish one port.
    PortConflict = "port-conflict",
    /// A value that looks like a credential stands in the file.
    LiteralCredential = "literal-credential",
    /// A build context or Dockerfile that does not exist.
    BuildContext = "build-context",
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
            assert!(!code.explanation().is_empty());
        }
    }
}
