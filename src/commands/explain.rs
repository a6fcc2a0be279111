use super::Session;
use crate::cli::ExplainArgs;
use crate::compose::did_you_mean;
use crate::diagnostic::{Code, Part};
use crate::error::Error;

/// `decklift explain`
pub(super) fn run(session: &Session, arguments: &ExplainArgs) -> Result<(), Error> {
    let Some(name) = &arguments.code else {
        let width = Code::ALL.iter().map(|code| code.as_str().len()).max().unwrap_or_default();
        for code in Code::ALL {
            let name = code.as_str();
            session.screen.data(&format!("{name:width$}  {}", code.explanation()));
        }
        return Ok(());
    };
    let Some(code) = Code::from_name(name) else {
        let names = Code::ALL.iter().map(|code| code.as_str());
        return Err(Error::Usage {
            message: format!("there is no diagnostic `{name}`"),
            help: did_you_mean(name, names)
                .unwrap_or_else(|| "`decklift explain` lists them all".to_owned()),
        });
    };
    session.screen.data(text(code).trim_end());
    Ok(())
}

/// What a code means, what to do, and its example.
fn text(code: Code) -> String {
    let mut out = format!("{code}: {}\n\n{}\n", code.explanation(), code.cure());
    let (options, cured) = code.example().options();
    for (part, body) in code.example().parts() {
        let title = match part {
            Part::File(name) | Part::Latin1(name) => format!("{name}, at fault"),
            Part::Cured(name) => format!("{name}, cured"),
            Part::Described => "what is printed".to_owned(),
            Part::Options(_) => format!("decklift check {options}"),
            Part::CuredOptions(_) => format!("decklift check {cured}, cured"),
        };
        out.push_str(&format!("\n--- {title}\n{body}"));
    }
    out
}
