use std::collections::BTreeMap;
use std::path::PathBuf;

/// What to load, and the surroundings to load it in. Nothing else of the process is looked at.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// `-f`, in order; `-` is standard input. Empty: `COMPOSE_FILE`, else the usual names from
    /// `cwd` upwards, with the override file beside them.
    pub files: Vec<PathBuf>,
    /// `-p`
    pub project_name: Option<String>,
    /// `--project-directory`: what relative paths are relative to.
    pub project_directory: Option<PathBuf>,
    /// `--env-file`, in order. Empty: `COMPOSE_ENV_FILES`, else `.env` beside the project.
    pub env_files: Vec<PathBuf>,
    /// `--ecs-params`: an `ecs-params.yml` of the retired ecs-cli, relative to `cwd`.
    pub ecs_params: Option<PathBuf>,
    /// `--no-interpolate`: variables stay as they are written. There is no project then, only the
    /// document that [`super::uninterpolated`] gives out.
    pub no_interpolate: bool,
    /// `--profile`; `*` for all. Empty: `COMPOSE_PROFILES`.
    pub profiles: Vec<String>,
    /// Only these services and those that they depend on; empty: all of them. To name a service is to
    /// activate its profiles.
    pub services: Vec<String>,
    /// Services that are wanted beside others: their profiles are active. Who is none is no fault here.
    pub wanted: Vec<String>,
    /// `--environment`: adds `compose.<name>.yaml` beside the first file, where it exists.
    pub environment_name: Option<String>,
    /// The caller's environment.
    pub variables: BTreeMap<String, String>,
    /// The absolute working directory.
    pub cwd: PathBuf,
    /// What standard input holds, for `-f -`.
    pub stdin: Option<String>,
}
