//! Time zones: a stored moment, which is in UTC, as the clocks of a place show it. The zones come
//! with the program, so that a machine without them answers the same.

use std::fmt::Write;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A zone of the IANA database, such as `America/New_York`.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of this name, whatever its case.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        let zone = TimeZone::get(name).ok()?;
        zone.iana_name().is_some().then_some(Self(zone))
    }

    /// The name as the database spells it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Appends a stored `timestamptz` with the time and the offset of this zone, such as
    /// `2024-01-31T05:20:30.5-05:00`. `false`, and nothing is appended, when the text is no stored
    /// moment or lies at the very end of the years that can be shown.
    pub fn write(&self, stored: &str, out: &mut String) -> bool {
        let Some(moment) = moment(stored) else {
            return false;
        };
        let offset = self.0.to_offset(moment);
        super::time::push_datetime(out, offset.to_datetime(moment));
        let seconds = offset.seconds();
        let (hours, rest) = (seconds.abs() / 3600, seconds.abs() % 3600);
        let sign = if seconds < 0 { '-' } else { '+' };
        let _ = write!(out, "{sign}{hours:02}:{:02}", rest / 60);
        if rest % 60 != 0 {
            let _ = write!(out, ":{:02}", rest % 60);
        }
        true
    }
}

fn moment(stored: &str) -> Option<jiff::Timestamp> {
    let local: DateTime = stored.strip_suffix("+00:00")?.parse().ok()?;
    jiff::tz::Offset::UTC.to_timestamp(local).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_moment_is_shown_with_the_clock_and_the_offset_of_its_zone() {
        for (zone, stored, expect) in [
            ("America/New_York", "2024-01-31T10:20:30.5+00:00", "2024-01-31T05:20:30.5-05:00"),
            ("America/New_York", "2024-07-31T10:20:30+00:00", "2024-07-31T06:20:30-04:00"),
            ("europe/berlin", "2024-01-31T23:30:00+00:00", "2024-02-01T00:30:00+01:00"),
            (
                "Asia/Kolkata",
                "2024-01-31T10:20:30.000001+00:00",
                "2024-01-31T15:50:30.000001+05:30",
            ),
            ("America/New_York", "1800-01-01T12:00:00+00:00", "1800-01-01T07:03:58-04:56:02"),
            ("UTC", "2024-01-31T10:20:30+00:00", "2024-01-31T10:20:30+00:00"),
        ] {
            let mut out = String::new();
            assert!(Zone::find(zone).unwrap().write(stored, &mut out), "{zone} {stored}");
            assert_eq!(out, expect, "{zone} {stored}");
        }
    }

    #[test]
    fn what_is_no_zone_and_no_moment_is_told() {
        for name in ["", "Nowhere/City", "../etc/passwd", "+01:00"] {
            assert_eq!(Zone::find(name), None, "{name}");
        }
        assert_eq!(Zone::find("europe/paris").unwrap().name(), "Europe/Paris");
        let zone = Zone::find("Asia/Tokyo").unwrap();
        for stored in ["", "noon", "2024-01-31T10:20:30", "9999-12-31T23:59:59+00:00"] {
            let mut out = String::new();
            assert!(!zone.write(stored, &mut out), "{stored}");
            assert_eq!(out, "");
        }
    }
}
