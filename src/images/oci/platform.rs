use std::fmt;

use serde::{Deserialize, Serialize};

/// What an image runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::images) struct Platform {
    /// Such as `linux`.
    #[serde(default)]
    pub(in crate::images) os: String,
    /// Such as `arm64`.
    #[serde(default)]
    pub(in crate::images) architecture: String,
    /// Such as `v8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::images) variant: Option<String>,
}

impl Platform {
    /// Reads `os/architecture[/variant]`. What is left out is Linux on x86-64.
    pub(in crate::images) fn parse(text: &str) -> Self {
        let mut parts = text.splitn(3, '/').filter(|part| !part.is_empty());
        // What systems call their machine, Compose files say, too (containerd,
        // `platforms/database.go`).
        let architecture = match parts.clone().nth(1).unwrap_or("amd64") {
            "aarch64" => "arm64",
            "x86_64" | "x86-64" => "amd64",
            other => other,
        };
        let os = parts.next().unwrap_or("linux").to_owned();
        let variant = parts.nth(1).map(str::to_owned);
        Self { os, architecture: architecture.to_owned(), variant }
    }

    /// The variant, where it is not the one that goes without saying (containerd,
    /// `platforms/database.go`).
    fn own_variant(&self) -> Option<&str> {
        let usual = match self.architecture.as_str() {
            "arm64" => "v8",
            "arm" => "v7",
            "amd64" => "v1",
            _ => "",
        };
        self.variant.as_deref().filter(|variant| !variant.is_empty() && *variant != usual)
    }

    /// Whether both are one: `linux/arm64` is `linux/arm64/v8`.
    pub(in crate::images) fn is_same(&self, other: &Self) -> bool {
        self.serves(other) && self.own_variant() == other.own_variant()
    }

    /// Whether what is asked for leaves only the variant open.
    pub(in crate::images) fn serves(&self, wanted: &Self) -> bool {
        self.os == wanted.os
            && self.architecture == wanted.architecture
            && (wanted.variant.is_none() || self.own_variant() == wanted.own_variant())
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |text: &str| -> String {
            text.chars().filter(|c| c.is_ascii_graphic()).take(40).collect()
        };
        write!(f, "{}/{}", plain(&self.os), plain(&self.architecture))?;
        match &self.variant {
            Some(variant) => write!(f, "/{}", plain(variant)),
            None => Ok(()),
        }
    }
}
