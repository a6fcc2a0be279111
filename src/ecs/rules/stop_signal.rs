//! `stop_signal`: ECS sends the signal that the image names, else SIGTERM.

use super::image::is_pushed;
use super::known_images;
use super::outcome::Outcomes;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;

/// The names of signals on Linux without `SIG`, sorted (signal(7); those that Docker takes: moby/sys,
/// `signal.SignalMap`).
const NAMES: &[&str] = &[
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL",
    "PIPE", "POLL", "PROF", "PWR", "QUIT", "RTMAX", "RTMIN", "SEGV", "STKFLT", "STOP", "SYS",
    "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU",
    "XFSZ",
];

/// The highest number of a signal: SIGRTMAX (signal(7)).
const LAST: u8 = 64;

/// Whether a text is a signal's name, with or without `SIG`, or its number. Signals of real time have
/// none of their own: Docker counts fifteen up from the first, and fourteen down from the last.
fn is_signal(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if is_number(text) {
        return text.parse().is_ok_and(|number: u8| (1..=LAST).contains(&number));
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let within = |offset: &str, most: u8| {
        is_number(offset)
            && !offset.starts_with('0')
            && offset.parse().is_ok_and(|offset: u8| offset <= most)
    };
    match (name.strip_prefix("RTMIN+"), name.strip_prefix("RTMAX-")) {
        (Some(offset), _) => within(offset, 15),
        (_, Some(offset)) => within(offset, 14),
        _ => NAMES.binary_search(&name).is_ok(),
    }
}

/// A signal's name without `SIG`, where it is one of those that images name (signal(7), the numbers of
/// x86 and ARM).
fn plain(text: &str) -> String {
    const NUMBERS: &[(&str, &str)] = &[
        ("1", "HUP"),
        ("2", "INT"),
        ("3", "QUIT"),
        ("9", "KILL"),
        ("10", "USR1"),
        ("12", "USR2"),
        ("15", "TERM"),
        ("28", "WINCH"),
    ];
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let number = NUMBERS.iter().find(|(number, _)| *number == name.trim_start_matches('0'));
    number.map_or(name, |(_, name)| name).to_owned()
}

/// Says what becomes of the signal (ECS developer guide, "Graceful shutdowns with ECS": the
/// `STOPSIGNAL` of the image, SIGTERM without one). An image that is pushed gets it written into it.
pub(crate) fn check(member: &Member<'_>, out: &mut Output) {
    let service = member.service;
    let Some(signal) = &service.stop_signal else { return };
    if !is_signal(&signal.value) {
        out.say(
            Diagnostic::error(Code::InvalidValue, format!("{:?} is no signal", signal.value))
                .at(signal.span, "")
                .help(
                    "write its name, with or without SIG (`SIGTERM`, `QUIT`, `RTMIN+3`), or its \
                     number from 1 to 64",
                )
                .service(member.name()),
        );
        return;
    }
    let mut outcomes = Outcomes::new(service, out);
    if is_pushed(member) {
        let help = "ECS sends the signal that the image names";
        return outcomes.near(signal.span, "the signal becomes a part of the image", help);
    }
    // What the image says counts, where somebody asked it.
    let known = service.image.as_ref().and_then(|image| known_images::signal(&image.value));
    let image = service.image_signal.as_deref().map(plain).or_else(|| known.map(str::to_owned));
    let wanted = plain(&signal.value);
    if image.as_ref() == Some(&wanted) {
        return;
    }
    if image.is_none() && wanted == "TERM" {
        let help = "SIGTERM is what ECS sends where the image does not say otherwise";
        outcomes.near(signal.span, "ECS sends the signal that the image names", help);
        return;
    }
    let sent = image.map_or("the image's".to_owned(), |image| format!("SIG{image}, the image's"));
    let message =
        format!("`stop_signal` does not carry over: ECS sends {sent}, not {}", signal.value);
    let help = format!(
        "build an image that names it: `FROM …` and `STOPSIGNAL {}`; or let the image go through \
         ECR: `x-ecs: {{mirror: true}}` at the service",
        signal.value
    );
    outcomes.differs(signal.span, message, &help);
}

#[cfg(test)]
mod tests {
    use super::is_signal;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::desired::{Body, Kind};
    use crate::ecs::testing::{at, built, loud, resource, run, service};

    #[test]
    fn the_image_says_which_signal() {
        let mut web = service("web", "acme/web:1");
        web.stop_signal = Some(at("SIGQUIT".to_owned()));
        let done = run(vec![web]).diagnostics;
        assert_eq!(loud(&done), [(Severity::Warning, Code::Approximated)]);
        // An image that is pushed has it written into it.
        let mut web = built("web");
        web.stop_signal = Some(at("SIGQUIT".to_owned()));
        let done = run(vec![web]);
        assert_eq!(loud(&done.diagnostics), []);
        let Body::Image(image) = &resource(&done, Kind::Image, "web").body else {
            panic!("no image")
        };
        assert_eq!(image.stop_signal.as_deref(), Some("SIGQUIT"));
        let mut web = service("web", "acme/web:1");
        web.stop_signal = Some(at("SIGTERM".to_owned()));
        assert_eq!(loud(&run(vec![web]).diagnostics), []);
    }

    #[test]
    fn an_image_that_was_asked_counts() {
        let said = |image: &str, of_image: &str, signal: &str| {
            let mut web = service("web", image);
            web.stop_signal = Some(at(signal.to_owned()));
            web.image_signal = Some(of_image.to_owned());
            let done = run(vec![web]).diagnostics;
            done.iter()
                .filter(|d| d.severity == Severity::Warning)
                .map(|d| d.message.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(said("acme/web:1", "SIGQUIT", "QUIT"), [""; 0]);
        assert_eq!(said("acme/web:1", "3", "SIGQUIT"), [""; 0]);
        assert_eq!(
            said("acme/web:1", "SIGQUIT", "SIGTERM"),
            ["`stop_signal` does not carry over: ECS sends SIGQUIT, the image's, not SIGTERM"]
        );
        assert_eq!(
            said("acme/web:1", "SIGTERM", "SIGINT"),
            ["`stop_signal` does not carry over: ECS sends SIGTERM, the image's, not SIGINT"]
        );
    }

    #[test]
    fn a_known_image_has_its_own_signal() {
        let said = |image: &str, signal: &str| {
            let mut web = service("web", image);
            web.healthcheck = None;
            web.stop_signal = Some(at(signal.to_owned()));
            let done = run(vec![web]).diagnostics;
            let of_it = done.iter().filter(|d| d.code == Code::Approximated);
            of_it.map(|d| (d.severity, d.message.clone())).collect::<Vec<_>>()
        };
        for same in ["SIGQUIT", "quit", "3"] {
            assert_eq!(said("nginx:1.27", same), [], "{same}");
        }
        let differs =
            "`stop_signal` does not carry over: ECS sends SIGQUIT, the image's, not SIGTERM";
        assert_eq!(said("nginx:1.27", "SIGTERM"), [(Severity::Warning, differs.to_owned())]);
        assert_eq!(said("redis:7", "SIGTERM"), []);
        assert_eq!(said("acme/web:1", "SIGTERM")[0].0, Severity::Note);
    }

    #[test]
    fn what_is_no_signal_is_refused_wherever_the_image_goes() {
        for mut web in [built("web"), service("web", "acme/web:1")] {
            web.stop_signal = Some(at("FOO".to_owned()));
            let done = run(vec![web]).diagnostics;
            assert_eq!(loud(&done), [(Severity::Error, Code::InvalidValue)]);
        }
    }

    #[test]
    fn names_and_numbers_of_signals() {
        for text in [
            "SIGTERM",
            "term",
            "sigquit",
            "1",
            "64",
            "RTMIN",
            "SIGRTMIN+3",
            "RTMIN+15",
            "RTMAX-14",
            "SIGRTMAX",
            "ABRT",
            "XFSZ",
        ] {
            assert!(is_signal(text), "{text}");
        }
        for text in [
            "",
            "FOO",
            "SIG",
            "0",
            "65",
            "-9",
            "+9",
            "256",
            "RTMIN+16",
            "RTMIN+0",
            "RTMIN+",
            "RTMIN-1",
            "RTMAX-15",
            "RTMAX+1",
            "TERM ",
            "SIGSIGTERM",
        ] {
            assert!(!is_signal(text), "{text}");
        }
    }
}
