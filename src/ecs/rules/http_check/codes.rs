//! Sets of what may come of a request: an HTTP status, or no answer.

/// The first and the last status that there may be (RFC 9110, "Status Codes").
const STATUS: std::ops::RangeInclusive<u16> = 100..=599;

/// No answer at all.
pub(super) const DOWN: u16 = 0;

/// The statuses that an Application Load Balancer may take for good (elbv2 API reference,
/// `Matcher.HttpCode`).
const MATCHED: std::ops::RangeInclusive<u16> = 200..=499;

const WORDS: usize = 10;

/// What may come of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Codes([u64; WORDS]);

impl Codes {
    pub(super) const NONE: Self = Self([0; WORDS]);

    /// Everything: each status, and no answer.
    pub(super) fn all() -> Self {
        Self::answers().or(Self::range(DOWN, DOWN))
    }

    /// Any answer.
    pub(super) fn answers() -> Self {
        Self::range(*STATUS.start(), *STATUS.end())
    }

    /// What is no error, redirects included.
    pub(super) fn good() -> Self {
        Self::range(200, 399)
    }

    pub(super) fn range(first: u16, last: u16) -> Self {
        let mut codes = Self::NONE;
        for (word, start) in codes.0.iter_mut().zip((0_u16..).step_by(64)) {
            let (first, last) = (first.max(start), last.min(start + 63));
            if first <= last {
                *word = (u64::MAX >> (63 - (last - first))) << (first - start);
            }
        }
        codes
    }

    /// Those of which it holds, no answer included.
    pub(super) fn of(holds: impl Fn(u16) -> bool) -> Self {
        let mut codes = Self::NONE;
        for code in std::iter::once(DOWN).chain(STATUS).filter(|code| holds(*code)) {
            codes.add(code);
        }
        codes
    }

    pub(super) fn add(&mut self, code: u16) {
        if let Some(word) = self.0.get_mut(usize::from(code) / 64) {
            *word |= 1 << (code % 64);
        }
    }

    pub(super) fn has(&self, code: u16) -> bool {
        self.0.get(usize::from(code) / 64).is_some_and(|word| word >> (code % 64) & 1 == 1)
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    fn with(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        let mut codes = self;
        for (word, other) in codes.0.iter_mut().zip(other.0) {
            *word = f(*word, other);
        }
        codes
    }

    pub(super) fn or(self, other: Self) -> Self {
        self.with(other, |a, b| a | b)
    }

    pub(super) fn and(self, other: Self) -> Self {
        self.with(other, |a, b| a & b)
    }

    pub(super) fn without(self, other: Self) -> Self {
        self.with(other, |a, b| a & !b)
    }

    /// As a matcher of an Application Load Balancer has it: `200`, `200-399`, `200,401`; nothing where
    /// none of them can stand there.
    pub(super) fn matcher(&self) -> Option<String> {
        let mut parts: Vec<(u16, u16)> = Vec::new();
        for code in MATCHED.filter(|code| self.has(*code)) {
            match parts.last_mut() {
                Some((_, last)) if *last + 1 == code => *last = code,
                _ => parts.push((code, code)),
            }
        }
        let texts = parts.iter().map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        });
        (!parts.is_empty()).then(|| texts.collect::<Vec<_>>().join(","))
    }

    /// Whether they are every answer, whatever its status.
    pub(super) fn is_any_answer(&self) -> bool {
        self.and(Self::answers()) == Self::answers()
    }
}

/// What a status is called (RFC 9110, "Status Codes"; RFC 6585).
pub(super) fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_what_they_say() {
        for (first, last) in [(0, 0), (100, 599), (200, 399), (255, 256), (64, 127), (128, 128)] {
            let codes = Codes::range(first, last);
            assert!(
                (0..640).all(|code| codes.has(code) == (first..=last).contains(&code)),
                "{first}-{last}"
            );
        }
        assert_eq!(Codes::all(), Codes::of(|_| true));
    }

    #[test]
    fn a_matcher_has_what_a_load_balancer_takes() {
        let mut codes = Codes::range(200, 204);
        codes.add(301);
        assert_eq!(codes.matcher().as_deref(), Some("200-204,301"));
        assert_eq!(Codes::answers().matcher().as_deref(), Some("200-499"));
        assert_eq!(Codes::range(500, 599).matcher(), None);
        assert!(Codes::answers().is_any_answer() && !Codes::range(100, 499).is_any_answer());
    }
}
