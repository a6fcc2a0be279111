use clap::Args;

/// `decklift verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Treat warnings as failures
    #[arg(long)]
    pub strict: bool,
}
