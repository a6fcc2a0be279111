use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `decklift config`
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Only these services and those that they depend on [default: all]
    #[arg(value_name = "SERVICE", conflicts_with = "variables")]
    pub only: Vec<String>,
    /// How to print it [default: yaml, or a table with --variables]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<ConfigFormat>,
    /// Write it to a file
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Leave variables as they are written
    #[arg(long, conflicts_with_all = ["only", "images", "volumes", "networks", "models", "all_profiles"])]
    pub no_interpolate: bool,
    /// Taken for the sake of docker compose, where it changes nothing either: env files are read
    #[arg(long)]
    pub no_env_resolution: bool,
    /// Without NAME: print the variables that the Compose files are read with, NAME=value, one a line;
    /// with NAME as everywhere: the environment
    // The global option of this id, whose value may be left out here.
    #[arg(short = 'E', long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    pub environment: Option<String>,
    #[command(flatten)]
    pub list: ConfigList,
}

impl ConfigArgs {
    /// Whether the model is wanted, and no list in its place.
    #[must_use]
    pub fn prints_model(&self) -> bool {
        let ConfigList { services, images, volumes, networks, models, profiles, variables } =
            self.list;
        let lists = [services, images, volumes, networks, models, profiles, variables];
        !lists.contains(&true) && !self.lists_environment()
    }

    /// Whether `--environment` stands without a name: the variables are wanted.
    #[must_use]
    pub fn lists_environment(&self) -> bool {
        self.environment.as_deref() == Some("")
    }
}

/// What to print in place of the model.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct ConfigList {
    /// Print the names of the services, one a line
    #[arg(long)]
    pub services: bool,
    /// Print the names of the images, one a line
    #[arg(long)]
    pub images: bool,
    /// Print the names of the volumes, one a line
    #[arg(long)]
    pub volumes: bool,
    /// Print the names of the networks, one a line
    #[arg(long)]
    pub networks: bool,
    /// Print the names of the models, one a line
    #[arg(long)]
    pub models: bool,
    /// Print the names of all profiles, one a line
    // Another than the global option of this name.
    #[arg(long = "profiles", id = "all_profiles")]
    pub profiles: bool,
    /// Print the variables that the Compose files mention, with their defaults
    #[arg(long)]
    pub variables: bool,
}

/// How `config` prints the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ConfigFormat {
    /// YAML
    Yaml,
    /// JSON
    Json,
}
