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

/// Bytes with three digits and their unit: `71.4 MiB`.
pub(in crate::report) fn bytes(bytes: u64) -> String {
    let (shift, unit) = unit(bytes);
    format!("{} {unit}", digits(bytes, shift))
}

/// `71.4/118 MiB`, in the unit of the whole.
pub(super) fn part(done: u64, total: u64) -> String {
    let (shift, unit) = unit(total);
    format!("{}/{} {unit}", digits(done, shift), digits(total, shift))
}

fn unit(bytes: u64) -> (u32, &'static str) {
    match bytes {
        ..0x400 => (0, "B"),
        0x400..0x10_0000 => (10, "KiB"),
        0x10_0000..0x4000_0000 => (20, "MiB"),
        _ => (30, "GiB"),
    }
}

fn digits(bytes: u64, shift: u32) -> String {
    // Tenths in whole numbers: what is done never rounds up to what is wanted.
    let tenths = (u128::from(bytes) * 10) >> shift;
    if tenths >= 1000 || shift == 0 {
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
        let sizes = [0, 419_431, 39_950_746, 123_731_968, u64::MAX].map(bytes);
        assert_eq!(sizes, ["0 B", "409 KiB", "38.1 MiB", "118 MiB", "17179869183 GiB"]);
        assert_eq!(part(123_731_967, 123_731_968), "117/118 MiB");
        assert_eq!(part(1000, 39_950_746), "0.0/38.1 MiB");
    }
}
