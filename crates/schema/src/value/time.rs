//! Dates and times. Read: every ISO 8601 form that PostgreSQL takes. Kept: the wire form in UTC
//! with trailing zeros trimmed, which sorts as text. Source: PostgreSQL 15, section 8.5.

use jiff::civil::{Date, DateTime, Time};
use mainstay_base::{Code, Error, Instant, Result};

use super::Value;
use crate::Type;
use crate::rule::tree::TimePart;

const MICROS_PER_SECOND: i64 = 1_000_000;

pub(super) fn timestamptz(ty: &Type, text: &str) -> Result<Value> {
    let (date, time, offset_seconds) = split(ty, text)?;
    let local = micros(DateTime::from_parts(date, time));
    let utc = local - i64::from(offset_seconds.unwrap_or(0)) * MICROS_PER_SECOND;
    format_utc(utc).map(Value::Text).ok_or_else(|| out_of_range(text))
}

pub(super) fn timestamp(ty: &Type, text: &str) -> Result<Value> {
    let (date, time, _) = split(ty, text)?;
    let mut kept = String::with_capacity(26);
    push_datetime(&mut kept, DateTime::from_parts(date, time));
    Ok(Value::Text(kept))
}

pub(super) fn date(ty: &Type, text: &str) -> Result<Value> {
    let (date, _, _) = split(ty, text)?;
    Ok(Value::Text(date_text(date)))
}

pub(super) fn time(ty: &Type, text: &str) -> Result<Value> {
    let trimmed = text.trim();
    let (clock, _) = split_offset(trimmed).unwrap_or((trimmed, None));
    let time = read_clock(clock).ok_or_else(|| bad(ty, text))?.ok_or_else(|| out_of_range(text))?;
    let mut kept = String::with_capacity(15);
    push_time(&mut kept, time);
    Ok(Value::Text(kept))
}

/// The stored form of a moment: `2024-01-31T10:20:30.123456+00:00`. `None` outside years 1-9999.
#[must_use]
pub fn format_utc(instant: Instant) -> Option<String> {
    let moment = jiff::Timestamp::from_microsecond(instant).ok()?;
    let utc = jiff::tz::Offset::UTC.to_datetime(moment);
    if utc.year() < 1 {
        return None;
    }
    let mut text = String::with_capacity(32);
    push_datetime(&mut text, utc);
    text.push_str("+00:00");
    Some(text)
}

/// The moment of a stored timestamp or date, in microseconds since the epoch; what has no offset is
/// taken as UTC.
#[must_use]
pub fn moment(stored: &str) -> Option<Instant> {
    let (date, time, offset_seconds) = split(&Type::TimestampTz, stored).ok()?;
    let local = micros(DateTime::from_parts(date, time));
    Some(local - i64::from(offset_seconds.unwrap_or(0)) * MICROS_PER_SECOND)
}

/// A part of a moment in UTC, as CEL counts it.
#[must_use]
pub fn part(moment: Instant, part: TimePart) -> Option<i64> {
    let utc = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::from_microsecond(moment).ok()?);
    Some(match part {
        TimePart::FullYear => i64::from(utc.year()),
        TimePart::Month => i64::from(utc.month()) - 1,
        TimePart::Date => i64::from(utc.day()),
        TimePart::DayOfMonth => i64::from(utc.day()) - 1,
        TimePart::DayOfWeek => i64::from(utc.date().weekday().to_sunday_zero_offset()),
        TimePart::DayOfYear => i64::from(utc.day_of_year()) - 1,
        TimePart::Hours => i64::from(utc.hour()),
        TimePart::Minutes => i64::from(utc.minute()),
        TimePart::Seconds => i64::from(utc.second()),
        TimePart::Milliseconds => i64::from(utc.millisecond()),
    })
}

fn micros(local: DateTime) -> i64 {
    let days = i64::from(days_since_epoch(local.date()));
    let time = local.time();
    let seconds =
        i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    (days * 86_400 + seconds) * MICROS_PER_SECOND + i64::from(time.subsec_nanosecond()) / 1000
}

fn days_since_epoch(date: Date) -> i32 {
    let epoch = Date::constant(1970, 1, 1);
    epoch.until(date).map_or(0, |span| span.get_days())
}

/// Date, time of day and offset in seconds; a bare date means midnight.
fn split(ty: &Type, text: &str) -> Result<(Date, Time, Option<i32>)> {
    let trimmed = text.trim();
    let (day, rest) = match trimmed.char_indices().find(|(_, c)| matches!(c, 'T' | 't' | ' ')) {
        Some((at, _)) => (&trimmed[..at], Some(trimmed[at + 1..].trim())),
        None => (trimmed, None),
    };
    let date = read_date(day).ok_or_else(|| bad(ty, text))?.ok_or_else(|| out_of_range(text))?;
    let Some(rest) = rest else {
        return Ok((date, Time::midnight(), None));
    };
    let (clock, offset) = split_offset(rest).ok_or_else(|| bad(ty, text))?;
    let time = read_clock(clock).ok_or_else(|| bad(ty, text))?.ok_or_else(|| out_of_range(text))?;
    Ok((date, time, offset))
}

fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<i32> {
    let fits = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

/// Outer `None`: not written as a date. Inner `None`: written so, but no such day.
fn read_date(text: &str) -> Option<Option<Date>> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (year, month, day) = (number(year, 4..=4)?, number(month, 1..=2)?, number(day, 1..=2)?);
    let made = || {
        let year = i16::try_from(year).ok().filter(|year| *year >= 1)?;
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    Some(made())
}

fn read_clock(text: &str) -> Option<Option<Time>> {
    let mut parts = text.split(':');
    let (hour, minute) = (number(parts.next()?, 1..=2)?, number(parts.next()?, 2..=2)?);
    let (second, nanosecond) = match parts.next() {
        None => (0, 0),
        Some(seconds) => {
            let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
            (number(whole, 2..=2)?, read_fraction(fraction)?)
        }
    };
    if parts.next().is_some() {
        return None;
    }
    let made = || {
        Time::new(
            i8::try_from(hour).ok()?,
            i8::try_from(minute).ok()?,
            i8::try_from(second).ok()?,
            nanosecond,
        )
        .ok()
    };
    Some(made())
}

/// Digits after the point as nanoseconds, cut to whole microseconds.
fn read_fraction(digits: &str) -> Option<i32> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut nanos = 0;
    for at in 0..6 {
        let digit = digits.as_bytes().get(at).map_or(0, |byte| i32::from(byte - b'0'));
        nanos = nanos * 10 + digit;
    }
    Some(nanos * 1000)
}

/// Cuts `Z`, `+hh`, `+hhmm` or `+hh:mm[:ss]` off; the offset is in seconds east of Greenwich.
fn split_offset(text: &str) -> Option<(&str, Option<i32>)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock.trim_end(), Some(0)));
    }
    if let Some(clock) = text.strip_suffix("UTC").or_else(|| text.strip_suffix("utc")) {
        return Some((clock.trim_end(), Some(0)));
    }
    let Some(at) = text.find(['+', '-']) else {
        return Some((text, None));
    };
    let sign = if text.as_bytes()[at] == b'-' { -1 } else { 1 };
    let digits: String = text[at + 1..].chars().filter(|c| *c != ':').collect();
    let field = |range: std::ops::Range<usize>| {
        digits.get(range).map_or(Some(0), |part| number(part, 2..=2))
    };
    let (hours, minutes, seconds) = match digits.len() {
        2 => (field(0..2)?, 0, 0),
        4 => (field(0..2)?, field(2..4)?, 0),
        6 => (field(0..2)?, field(2..4)?, field(4..6)?),
        _ => return None,
    };
    if hours > 15 || minutes > 59 || seconds > 59 {
        return None;
    }
    Some((text[..at].trim_end(), Some(sign * (hours * 3600 + minutes * 60 + seconds))))
}

pub(super) fn push_datetime(text: &mut String, moment: DateTime) {
    text.push_str(&date_text(moment.date()));
    text.push('T');
    push_time(text, moment.time());
}

fn date_text(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

fn push_time(text: &mut String, time: Time) {
    use std::fmt::Write;
    let _ = write!(text, "{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
    let micros = time.subsec_nanosecond() / 1000;
    if micros > 0 {
        let _ = write!(text, ".{micros:06}");
        while text.ends_with('0') {
            text.pop();
        }
    }
}

fn bad(ty: &Type, text: &str) -> Error {
    let shown: String = text.chars().take(200).collect();
    let message = format!("invalid input syntax for type {}: \"{shown}\"", ty.sql_name());
    Error::new(Code::TimeInvalid, message)
}

fn out_of_range(text: &str) -> Error {
    let shown: String = text.chars().take(200).collect();
    let message = format!("date/time field value out of range: \"{shown}\"");
    Error::new(Code::TimeOutOfRange, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_accepted_form_and_kept_in_utc() {
        for (ty, given, expect) in [
            ("timestamptz", "2024-01-31T10:20:30.123456Z", "2024-01-31T10:20:30.123456+00:00"),
            ("timestamptz", "2024-01-31 10:20:30.120+02", "2024-01-31T08:20:30.12+00:00"),
            ("timestamptz", "2024-01-31", "2024-01-31T00:00:00+00:00"),
            ("timestamptz", "2024-02-29T23:59:59-0130", "2024-03-01T01:29:59+00:00"),
            ("timestamptz", "2024-01-31T10:20Z", "2024-01-31T10:20:00+00:00"),
            ("timestamp", "2024-01-31 10:20:30", "2024-01-31T10:20:30"),
            ("timestamp", "2024-01-31T10:20:30.5+05:00", "2024-01-31T10:20:30.5"),
            ("date", "2024-1-5", "2024-01-05"),
            ("date", "2024-01-05T12:00:00Z", "2024-01-05"),
            ("time", "9:05", "09:05:00"),
            ("time", "10:20:30.000100", "10:20:30.0001"),
        ] {
            let ty = Type::parse(ty).unwrap();
            assert_eq!(ty.read_text(given).unwrap(), Value::Text(expect.into()), "{ty} {given}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_the_right_code() {
        for (ty, given, code) in [
            ("timestamptz", "yesterday-ish", "22007"),
            ("timestamptz", "2024-13-01", "22008"),
            ("timestamptz", "2023-02-29", "22008"),
            ("timestamptz", "2024-01-01T25:00", "22008"),
            ("timestamptz", "2024-01-01T10:00:00+99", "22007"),
            ("date", "", "22007"),
            ("time", "noon", "22007"),
            ("time", "10:61", "22008"),
        ] {
            let ty = Type::parse(ty).unwrap();
            assert_eq!(ty.read_text(given).unwrap_err().code().text(), code, "{ty} {given}");
        }
    }

    #[test]
    fn stored_moments_sort_as_text() {
        let mut kept: Vec<String> =
            [1_000_000, 1, 1_500_000, 0, 999_999].iter().filter_map(|at| format_utc(*at)).collect();
        kept.sort();
        let order: Vec<&str> = kept.iter().map(|text| &text[17..text.len() - 6]).collect();
        assert_eq!(order, ["00", "00.000001", "00.999999", "01", "01.5"]);
    }
}
