//! Durations as people write them: `60s`, `5m`, `1h30m`, `250ms`. Used by declarations (`cache`)
//! and by configuration (`grace`, `access_token_ttl`, `keep`).

use std::time::Duration;

/// The units that may be written, longest first where one starts like another.
pub const UNITS: &[(&str, u64)] =
    &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads a duration: numbers with a unit each, at most a hundred years in all.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut millis: u64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let amount: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len());
        let (_, factor) = UNITS.iter().find(|(unit, _)| *unit == &rest[..letters])?;
        millis = millis.checked_add(amount.checked_mul(*factor)?)?;
        rest = &rest[letters..];
    }
    (millis <= 36_525 * 86_400_000).then(|| Duration::from_millis(millis))
}

/// The shortest text that `parse` reads back as the same duration, to the millisecond.
#[must_use]
pub fn format(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let unit = UNITS.iter().rev().find(|(_, factor)| millis % factor == 0 && millis >= *factor);
    match unit {
        Some((unit, factor)) => format!("{}{unit}", millis / factor),
        None => "0s".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written_back() {
        for (text, millis, back) in [
            ("60s", 60_000, "1m"),
            ("250ms", 250, "250ms"),
            ("1h30m", 5_400_000, "90m"),
            ("30d", 2_592_000_000, "30d"),
            ("0s", 0, "0s"),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
            assert_eq!(format(Duration::from_millis(millis)), back);
        }
        for wrong in ["", "60", "s", "1 h", "1x", "-5s", "99999999999999999999s", "99999d"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
