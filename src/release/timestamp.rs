use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const DAY: u64 = 86_400;
/// The last second of the year 9999: what comes later has no RFC 3339 form.
const LAST: u64 = 253_402_300_799;

/// A moment to the second, written as RFC 3339 in UTC: `2026-03-01T09:30:00Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Seconds since 1970; what lies after the year 9999 is that year's last second.
    #[must_use]
    pub fn new(seconds: u64) -> Self {
        Self(seconds.min(LAST))
    }

    /// This machine's clock.
    #[must_use]
    pub fn now() -> Self {
        Self::new(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0
    }

    /// So much later.
    #[must_use]
    pub fn plus(self, time: Duration) -> Self {
        Self::new(self.0.saturating_add(time.as_secs()))
    }

    /// Reads what [`Timestamp`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let part = |range: std::ops::Range<usize>| {
            let digits = text.get(range)?;
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u64>().ok())?
        };
        let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
        let (hour, minute, second) = (part(11..13)?, part(14..16)?, part(17..19)?);
        let days = days_from_civil(year, month, day)?;
        let seconds = days * DAY + hour * 3600 + minute * 60 + second;
        // Whatever is not written in exactly this way, a 31 June say, does not come back the same.
        Some(Self::new(seconds)).filter(|timestamp| timestamp.to_string() == text)
    }
}

/// Days since 1970-01-01 in the Gregorian calendar, with years that begin in March.
fn days_from_civil(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = year - u64::from(month <= 2);
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    // 719 468 days lie between 0000-03-01 and 1970-01-01.
    (era * 146_097 + day_of_era).checked_sub(719_468)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (self.0 / DAY + 719_468, self.0 % DAY);
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("no time in RFC 3339, UTC"))
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::DateTime;
    use aws_smithy_types::date_time::Format;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn written_as_another_implementation_writes_it(seconds in 0..=LAST) {
            let text = Timestamp::new(seconds).to_string();
            let other = DateTime::from_secs(i64::try_from(seconds).expect("small"));
            prop_assert_eq!(&text, &other.fmt(Format::DateTime).expect("a date"));
            prop_assert_eq!(Timestamp::parse(&text), Some(Timestamp::new(seconds)));
        }

        #[test]
        fn no_text_upsets_the_reader(text in ".{0,24}") {
            if let Some(timestamp) = Timestamp::parse(&text) {
                prop_assert_eq!(timestamp.to_string(), text);
            }
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01 00:00:00Z"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
        assert!(Timestamp::parse("2024-02-29T23:59:59Z").is_some());
        assert_eq!(Timestamp::new(u64::MAX).to_string(), "9999-12-31T23:59:59Z");
    }
}
