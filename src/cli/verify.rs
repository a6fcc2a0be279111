use clap::Args;

/// `decklift verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Treat warnings as failures
    #[arg(long)]
    pub strict: bool,
    /// Look at what a deploy with --create-vpc would need
    #[arg(long)]
    pub create_vpc: bool,
}
