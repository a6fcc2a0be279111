use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z. It serialises as RFC 3339, in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

/// The years that RFC 3339 can write: 0000 to 9999.
const RANGE: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

impl Moment {
    /// Moved into the years 0 to 9999, outside of which nothing can be written.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(*RANGE.start(), *RANGE.end()))
    }

    /// This machine's clock.
    #[must_use]
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Earlier by this much.
    #[must_use]
    pub fn before(self, by: Duration) -> Self {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_sub(by))
    }

    /// `2026-11-21T05:06:19Z`
    #[must_use]
    pub fn seconds(self) -> String {
        let [year, month, day, hour, minute, second] = self.parts();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// `3 min ago`; for moments to come `now`.
    #[must_use]
    pub fn ago(self, now: Self) -> String {
        let seconds = now.0.saturating_sub(self.0) / 1000;
        match seconds {
            i64::MIN..1 => "now".to_owned(),
            1..100 => format!("{seconds} s ago"),
            100..6_000 => format!("{} min ago", seconds / 60),
            6_000..172_800 => format!("{} h ago", seconds / 3600),
            _ => format!("{} d ago", seconds / 86_400),
        }
    }

    /// What `--since` takes: a time back from `now` (`90s`, `10m`, `2h`, `1h30m`, `3d`), RFC 3339
    /// (`2026-11-21T05:06:19Z`, with an offset and fractions if need be), or seconds since 1970.
    #[must_use]
    pub fn parse(text: &str, now: Self) -> Option<Self> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let millis = text.parse::<i64>().ok()?.checked_mul(1000)?;
            return RANGE.contains(&millis).then_some(Self(millis));
        }
        duration(text).map(|by| now.before(by)).or_else(|| rfc3339(text))
    }

    /// Year, month, day, hour, minute, second. The calendar is that of Howard Hinnant's
    /// "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
    fn parts(self) -> [i64; 6] {
        let (days, rest) = (self.0.div_euclid(86_400_000), self.0.rem_euclid(86_400_000) / 1000);
        let z = days + 719_468;
        let (era, day_of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        [year, month, day, rest / 3600, rest / 60 % 60, rest % 60]
    }
}

impl std::fmt::Display for Moment {
    /// With milliseconds: `2026-11-21T05:06:19.042Z`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.seconds();
        let whole = seconds.trim_end_matches('Z');
        write!(f, "{whole}.{:03}Z", self.0.rem_euclid(1000))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A time such as `90s`, `15m`, `1h30m` or `2d`; `None` when it is none, or beyond counting.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let (mut total, mut number) = (0u64, String::new());
    for c in text.chars() {
        let unit = match c {
            '0'..='9' => {
                number.push(c);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        let value: u64 = number.parse().ok()?;
        number.clear();
        total = value.checked_mul(unit).and_then(|value| total.checked_add(value))?;
    }
    (number.is_empty() && !text.is_empty()).then(|| Duration::from_secs(total))
}

/// A moment as RFC 3339 writes it.
fn rfc3339(text: &str) -> Option<Moment> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let part = text.get(range)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let is = |at: usize, c: &[u8]| text.as_bytes().get(at).is_some_and(|byte| c.contains(byte));
    let separated = is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":");
    let [year, month, day] = [number(0..4)?, number(5..7)?, number(8..10)?];
    let [hour, minute, second] = [number(11..13)?, number(14..16)?, number(17..19)?];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let valid = (1..=12).contains(&month)
        && (1..=last).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !separated || !valid {
        return None;
    }
    let (fraction, zone) = split_fraction(text.get(19..)?)?;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let millis = (seconds - offset(zone)?) * 1000 + fraction;
    RANGE.contains(&millis).then_some(Moment(millis))
}

/// `.042Z` as 42 and `Z`.
fn split_fraction(text: &str) -> Option<(i64, &str)> {
    let Some(rest) = text.strip_prefix('.') else { return Some((0, text)) };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (fraction, zone) = rest.split_at_checked(digits)?;
    let millis: String = fraction.chars().chain("000".chars()).take(3).collect();
    (digits > 0).then(|| Some((millis.parse().ok()?, zone)))?
}

/// Seconds east of UTC.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let two = |text: &str| -> Option<i64> {
        (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Days since 1970 (`days_from_civil`, as above).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Moment = Moment(1_795_237_579_042);

    fn read(text: &str) -> Option<i64> {
        Moment::parse(text, NOW).map(Moment::millis)
    }

    #[test]
    fn written_as_rfc_3339() {
        assert_eq!(NOW.to_string(), "2026-11-21T05:06:19.042Z");
        assert_eq!(NOW.seconds(), "2026-11-21T05:06:19Z");
        assert_eq!(Moment(0).seconds(), "1970-01-01T00:00:00Z");
        assert_eq!(Moment(-1).to_string(), "1969-12-31T23:59:59.999Z");
        assert_eq!(Moment::from_millis(i64::MAX).seconds(), "9999-12-31T23:59:59Z");
        assert_eq!(Moment::from_millis(i64::MIN).seconds(), "0000-01-01T00:00:00Z");
    }

    #[test]
    fn since_takes_a_time_back_a_date_and_unix_seconds() {
        assert_eq!(read("10m"), Some(NOW.0 - 600_000));
        assert_eq!(read("1h30m"), Some(NOW.0 - 5_400_000));
        assert_eq!(read("2d"), Some(NOW.0 - 172_800_000));
        assert_eq!(read("1795237579"), Some(1_795_237_579_000));
        assert_eq!(read("2026-11-21T05:06:19.042Z"), Some(NOW.0));
        assert_eq!(read("2026-11-21T06:06:19.0429+01:00"), Some(NOW.0));
        assert_eq!(read("2024-02-29T00:00:00Z"), Some(1_709_164_800_000));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "m",
            "10",
            "5w",
            "1h30",
            "yesterday",
            "2026-11-21",
            "2026-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2026-11-21T05:06:19",
            "2026-11-21T05:06:19.Z",
            "2026-11-21T05:06:19+1:00",
            "2026-11-21T25:06:19Z",
            "99999999999999999999",
            "99999999999999999999h",
            "2026-11-21Tä",
            "999999999999999",
        ] {
            let expected = (text == "10").then_some(10_000);
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn how_long_ago() {
        let ago = |seconds: i64| Moment(NOW.0 - seconds * 1000).ago(NOW);
        assert_eq!(ago(-5), "now");
        assert_eq!(ago(99), "99 s ago");
        assert_eq!(ago(100), "1 min ago");
        assert_eq!(ago(7200), "2 h ago");
        assert_eq!(ago(200_000), "2 d ago");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(millis in *RANGE.start()..=*RANGE.end()) {
            prop_assert_eq!(read(&Moment(millis).to_string()), Some(millis));
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,40}") {
            let _ = read(&text);
        }
    }
}
