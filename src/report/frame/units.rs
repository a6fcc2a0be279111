use std::time::Duration;

/// `48s`, `1m12s`, `2h05m`
pub(in crate::report) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        ..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Mebibytes with three digits: `0.4`, `71.4`, `118`.
pub(super) fn mebibytes(bytes: u64) -> String {
    // Tenths in whole numbers: what is done never rounds up to what is wanted.
    let tenths = u128::from(bytes) * 10 / (1 << 20);
    if tenths >= 1000 {
        return (tenths / 10).to_string();
    }
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes() {
        let text = |seconds| time(Duration::from_secs(seconds));
        assert_eq!([text(0), text(59), text(72), text(7500)], ["0s", "59s", "1m12s", "2h05m"]);
        let sizes = [0, 419_431, 39_950_746, 123_731_968, u64::MAX].map(mebibytes);
        assert_eq!(sizes, ["0.0", "0.4", "38.1", "118", "17592186044415"]);
    }
}
