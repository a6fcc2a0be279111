use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `decklift config`
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// How to print it [default: yaml]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<ConfigFormat>,
    /// Write it to a file
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub list: ConfigList,
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
}

/// How `config` prints the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ConfigFormat {
    /// YAML
    Yaml,
    /// JSON
    Json,
}
