//! Lines of logs, each behind the service and task that wrote it.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::json;

use crate::inspect::LogLine;

/// How lines are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineOptions {
    /// With coloured prefixes.
    pub color: bool,
    /// Whether a terminal reads them, which must not be steered by what a container wrote.
    pub terminal: bool,
    /// With the service and the task.
    pub prefix: bool,
    /// With the time.
    pub timestamps: bool,
    /// As JSON, one object a line.
    pub json: bool,
}

/// The digits of a task's id that tell it from the others.
const TASK: usize = 6;

/// One after the other, as the services come.
const COLORS: [AnsiColor; 10] = [
    AnsiColor::Cyan,
    AnsiColor::Yellow,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::BrightCyan,
    AnsiColor::BrightYellow,
    AnsiColor::BrightGreen,
    AnsiColor::BrightMagenta,
    AnsiColor::BrightBlue,
];

/// Draws lines of these services.
#[derive(Debug)]
pub struct Lines<'a> {
    services: &'a [String],
    width: usize,
    options: LineOptions,
}

impl<'a> Lines<'a> {
    /// The width of the prefix is that of the longest name.
    #[must_use]
    pub fn new(services: &'a [String], options: LineOptions) -> Self {
        let longest = services.iter().map(|service| service.chars().count()).max().unwrap_or(0);
        Self { services, width: longest + 1 + TASK, options }
    }

    /// The line, ended; several when the message has several lines.
    #[must_use]
    pub fn draw(&self, service: usize, line: &LogLine) -> String {
        let name = self.services.get(service).map_or("", String::as_str);
        if self.options.json {
            let LogLine { id: _, at, taken: _, task, message } = line;
            let object = json!({"time": at, "service": name, "task": task, "message": message});
            return format!("{object}\n");
        }
        let mut prefix = String::new();
        if self.options.prefix {
            let task: String = line.task.chars().take(TASK).collect();
            let _ = write!(prefix, "{:<width$} |", format!("{name}/{task}"), width = self.width);
            if self.options.color {
                let color = COLORS[service % COLORS.len()];
                let style = Style::new().fg_color(Some(color.into()));
                prefix = format!("{style}{prefix}{style:#}");
            }
            prefix.push(' ');
        }
        if self.options.timestamps {
            let _ = write!(prefix, "{} ", line.at);
        }
        let mut out = String::new();
        for text in line.message.split('\n') {
            let text = text.strip_suffix('\r').unwrap_or(text);
            let text = if self.options.terminal { tame(text) } else { text.to_owned() };
            let _ = writeln!(out, "{prefix}{text}");
        }
        out
    }
}

/// The text without what would steer a terminal: of escape sequences only those that set colours and
/// styles stay (ECMA-48: CSI, digits, `:` and `;`, `m`), of control characters only the tab. Colours
/// end with the line.
fn tame(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut styled = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let csi = match c {
            '\u{1b}' if rest.peek() == Some(&'[') => {
                rest.next();
                true
            }
            '\u{1b}' => {
                skip_sequence(&mut rest);
                continue;
            }
            '\u{9b}' => true,
            '\t' => {
                out.push(c);
                continue;
            }
            c if c.is_control() => continue,
            c => {
                out.push(c);
                continue;
            }
        };
        if csi && let Some(parameters) = style_of(&mut rest) {
            let _ = write!(out, "\u{1b}[{parameters}m");
            styled = true;
        }
    }
    if styled {
        out.push_str("\u{1b}[0m");
    }
    out
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// The parameters of a CSI sequence that sets a style; nothing for any other, which is skipped.
fn style_of(rest: &mut Rest<'_>) -> Option<String> {
    let mut parameters = String::new();
    // Parameter and intermediate bytes are 0x20 to 0x3f, the final byte is 0x40 to 0x7e.
    while let Some(c) = rest.next_if(|c| ('\u{20}'..='\u{3f}').contains(c)) {
        parameters.push(c);
    }
    let last = rest.next_if(|c| ('\u{40}'..='\u{7e}').contains(c))?;
    let plain = parameters.chars().all(|c| c.is_ascii_digit() || matches!(c, ';' | ':'));
    (last == 'm' && plain).then_some(parameters)
}

/// Skips what follows an ESC that begins no CSI sequence.
fn skip_sequence(rest: &mut Rest<'_>) {
    match rest.next() {
        // Strings for the device: OSC, DCS, SOS, PM, APC, up to BEL or ST.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = rest.next() {
                if matches!(c, '\u{07}' | '\u{9c}') {
                    return;
                }
                if c == '\u{1b}' {
                    rest.next_if_eq(&'\\');
                    return;
                }
            }
        }
        // Two characters, such as the choice of a character set: `ESC ( B`.
        Some('\u{20}'..='\u{2f}') => {
            rest.next();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::inspect::Moment;

    fn line(message: &str) -> LogLine {
        LogLine {
            id: String::new(),
            at: Moment::from_millis(1_500),
            taken: Moment::default(),
            task: "3f2a1c9e0000".to_owned(),
            message: message.to_owned(),
        }
    }

    fn drawn(options: LineOptions, message: &str) -> String {
        let services = ["web".to_owned(), "worker".to_owned()];
        Lines::new(&services, options).draw(0, &line(message))
    }

    #[test]
    fn the_prefix_is_as_wide_as_the_longest_and_on_every_line() {
        let options = LineOptions { prefix: true, ..LineOptions::default() };
        assert_eq!(drawn(options, "a\r\nb"), "web/3f2a1c    | a\nweb/3f2a1c    | b\n");
        let all = LineOptions { timestamps: true, color: true, ..options };
        assert_eq!(
            drawn(all, "a"),
            "\u{1b}[36mweb/3f2a1c    |\u{1b}[0m 1970-01-01T00:00:01.500Z a\n"
        );
        assert_eq!(drawn(LineOptions::default(), "a"), "a\n");
    }

    #[test]
    fn as_json_a_line_is_a_line() {
        let options = LineOptions { json: true, ..LineOptions::default() };
        let text = drawn(options, "a\nb \"c\" \u{1b}[2J");
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(json["message"], "a\nb \"c\" \u{1b}[2J");
        assert_eq!(json["task"], "3f2a1c9e0000");
        assert_eq!(json["service"], "web");
        assert_eq!(json["time"], "1970-01-01T00:00:01.500Z");
        assert_eq!(text.matches('\n').count(), 1);
    }

    #[test]
    fn a_terminal_is_coloured_but_not_steered() {
        for (given, shown) in [
            ("plain\ttext", "plain\ttext"),
            ("\u{1b}[1;31mred\u{1b}[0m", "\u{1b}[1;31mred\u{1b}[0m\u{1b}[0m"),
            ("\u{1b}[2J\u{1b}[Hgone", "gone"),
            ("\u{1b}]0;title\u{7}text", "text"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{9b}31mred", "\u{1b}[31mred\u{1b}[0m"),
            ("over\rwritten\u{8}\u{7}", "overwritten"),
            ("\u{1b}(Bx\u{1b}7y\u{1b}", "xy"),
            ("\u{1b}[?25lx\u{1b}[>1mz", "xz"),
            ("\u{1b}[31", ""),
        ] {
            assert_eq!(tame(given), shown, "{given:?}");
        }
        let raw = drawn(LineOptions::default(), "\u{1b}[2J");
        assert_eq!(raw, "\u{1b}[2J\n", "what is no terminal gets what was written");
    }

    proptest! {
        #[test]
        fn nothing_but_styles_steers(text in "[\\x1b\\x9b\\[\\]0-9;?mHJP\\\\a\\x07\\x00]{0,30}") {
            let tamed = tame(&text);
            for (index, _) in tamed.match_indices('\u{1b}') {
                let rest = &tamed[index + 1..];
                let body = rest.strip_prefix('[').expect("CSI");
                let end = body.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':');
                prop_assert_eq!(&body[end.expect("an end")..][..1], "m");
            }
            let steers = |c: char| c.is_control() && c != '\u{1b}';
            prop_assert!(!tamed.contains(steers), "{:?}", tamed);
        }
    }
}
