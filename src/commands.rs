//! One file a command: wiring only.

mod built;
mod check;
mod commit;
mod config;
mod configuration;
mod convert;
mod deploy;
mod doctor;
mod down;
mod ending;
mod explain;
mod history;
mod iam_policy;
mod images;
mod init;
mod inspected;
mod lines;
mod logs;
mod mounted;
mod pinned;
mod plan;
mod planning;
mod prepare;
mod ps;
mod push;
mod registries;
mod rollback;
mod rows;
mod sandbox;
mod saved;
mod schema;
mod session;
mod signals;
mod turn;
mod vault;
mod verify;
mod world;

use crate::cli::{Cli, Command, SandboxCommand};
use crate::error::Error;
use session::Session;

/// Runs a command and gives its exit code.
#[must_use]
pub fn run(cli: Cli) -> u8 {
    let session = Session::new(cli.global, &cli.command);
    crate::trust::choose_profile(session.global.aws_profile.as_deref());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(dispatch(&session, cli.command));
            // A thread that still reads a file must not hold the program up.
            runtime.shutdown_background();
            session.tell_traffic();
            result
        }
        Err(error) => Err(Error::System {
            message: format!("failed to start: {error}"),
            help: "the machine refuses what every program needs; see the message".to_owned(),
        }),
    };
    match result {
        Ok(()) => 0,
        Err(error) => {
            if let Some((message, help)) = error.message() {
                session.screen.error(&message, help.as_deref());
            }
            error.exit_code()
        }
    }
}

async fn dispatch(session: &Session, command: Command) -> Result<(), Error> {
    match command {
        Command::Check(arguments) => check::run(session, &arguments),
        Command::Explain(arguments) => explain::run(session, &arguments),
        Command::Config(arguments) => config::run(session, &arguments),
        Command::Convert(arguments) => convert::run(session, &arguments),
        Command::Plan(arguments) => plan::run(session, &arguments).await,
        Command::Verify(arguments) => verify::run(session, &arguments).await,
        Command::Images(arguments) => images::run(session, &arguments).await,
        Command::Push(arguments) => push::run(session, &arguments).await,
        Command::Deploy(arguments) => deploy::run(session, &arguments).await,
        Command::Down(arguments) => down::run(session, &arguments).await,
        Command::IamPolicy(arguments) => iam_policy::run(session, &arguments),
        Command::Init(arguments) => init::run(session, &arguments),
        Command::Doctor => doctor::run(session).await,
        Command::Schema => schema::run(session),
        Command::Ps(arguments) => ps::run(session, &arguments).await,
        Command::Logs(arguments) => logs::run(session, &arguments).await,
        Command::History(arguments) => history::run(session, &arguments).await,
        Command::Rollback(arguments) => rollback::run(session, &arguments).await,
        Command::Sandbox { command } => match command {
            SandboxCommand::Status => sandbox::status(session).await,
            SandboxCommand::Logs { tail } => sandbox::logs(session, tail),
            SandboxCommand::Stop => sandbox::stop(session).await,
            SandboxCommand::Reset => sandbox::reset(session).await,
        },
    }
}
