//! Values for columns of which an expectation says nothing: they fit the column, and no two of
//! them are equal where the type allows it, so that nothing is allowed by accident.

use mainstay_schema::model::Default;
use mainstay_schema::{Column, Type};
use serde_json::Value;

use super::pattern;

/// The column gets no value of its own, or must not be given one.
pub fn is_left_out(column: &Column) -> bool {
    let made = match &column.default {
        // These are the caller's, and rows are laid down by nobody in particular.
        Some(Default::AuthUid | Default::AuthTenant) | None => false,
        Some(_) => true,
    };
    column.null || made || column.identity.is_some() || column.generated.is_some()
}

/// A value that the column takes; `number` makes it unlike the others.
pub fn value(column: &Column, number: u64) -> Value {
    match &column.ty {
        Type::Text => text(column, number).into(),
        Type::Enum(labels) => labels.first().cloned().unwrap_or_default().into(),
        Type::Uuid => format!("6d616465-7570-4000-8000-{number:012x}").into(),
        Type::SmallInt | Type::Integer | Type::BigInt => whole(column, number).into(),
        Type::Numeric(_) | Type::Real | Type::Double => fraction(column, number),
        Type::Boolean => false.into(),
        Type::TimestampTz => format!("{}T{}Z", date(number), time(number)).into(),
        Type::Timestamp => format!("{}T{}", date(number), time(number)).into(),
        Type::Date => date(number).into(),
        Type::Time => time(number).into(),
        Type::Bytes => {
            let least = usize::try_from(column.min_len.unwrap_or(0)).unwrap_or(0).max(4);
            format!("\\x{number:0width$x}", width = least * 2).into()
        }
        Type::Json => serde_json::json!({}),
        Type::Array(element) => {
            let inner = Column::bare("element", (**element).clone());
            let least = column.min_len.unwrap_or(0);
            (0..least).map(|at| value(&inner, number + at)).collect::<Vec<_>>().into()
        }
    }
}

fn text(column: &Column, number: u64) -> String {
    if let Some(made) = column.pattern.as_deref().and_then(|one| pattern::matching(one, number)) {
        return made;
    }
    let most = usize::try_from(column.max_len.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    let least = usize::try_from(column.min_len.unwrap_or(0)).unwrap_or(0);
    let long = format!("made up {number}");
    let short = number.to_string();
    let made = if long.len() <= most { long } else { short };
    let made: String = made.chars().take(most).collect();
    format!("{made:x<least$}")
}

/// Within the bounds, which may leave room for one value only.
fn whole(column: &Column, number: u64) -> i64 {
    let bound = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<i64>().ok());
    let most = bound(&column.max).unwrap_or(match column.ty {
        Type::SmallInt => i64::from(i16::MAX),
        _ => i64::from(i32::MAX),
    });
    let least = bound(&column.min).unwrap_or(most.min(1000));
    let number = i64::try_from(number).unwrap_or(0);
    let room = most.saturating_sub(least).saturating_add(1).max(1);
    least.saturating_add(number % room)
}

fn fraction(column: &Column, number: u64) -> Value {
    let bound = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<f64>().ok());
    // A numeric of few digits holds only small numbers.
    let most = match &column.ty {
        Type::Numeric(Some(scale)) => {
            let digits = i32::from(scale.precision).saturating_sub(i32::from(scale.scale));
            10_f64.powi(digits.clamp(0, 9))
        }
        _ => 1e9,
    };
    let least = bound(&column.min).unwrap_or(0.0);
    let most = bound(&column.max).unwrap_or(most - 1.0).max(least);
    let steps = (most - least).floor().clamp(0.0, 1e6);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 0 and a million
    let steps = steps as u64 + 1;
    #[allow(clippy::cast_precision_loss)] // below a million
    let value = least + (number % steps) as f64;
    value.into()
}

fn date(number: u64) -> String {
    format!("20{:02}-{:02}-{:02}", number / 336 % 100, number / 28 % 12 + 1, number % 28 + 1)
}

fn time(number: u64) -> String {
    format!("{:02}:{:02}:{:02}", number / 3600 % 24, number / 60 % 60, number % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_values_fit_their_columns_and_differ() {
        let bounded = |ty: &str, min: Option<&str>, max: Option<&str>| Column {
            min: min.map(str::to_owned),
            max: max.map(str::to_owned),
            ..Column::bare("c", Type::parse(ty).unwrap())
        };
        for column in [
            bounded("smallint", None, None),
            bounded("integer", Some("-5"), None),
            bounded("bigint", None, Some("5000")),
            bounded("numeric(5,2)", None, None),
            bounded("numeric(12,2)", Some("0.01"), None),
            bounded("double", None, None),
            bounded("text", None, None),
            bounded("uuid", None, None),
            bounded("timestamptz", None, None),
            bounded("date", None, None),
            bounded("bytes", None, None),
        ] {
            let (one, two) = (value(&column, 7), value(&column, 8));
            assert_ne!(one, two, "{}", column.ty);
            for made in [one, two] {
                assert!(column.ty.read_json(&made.to_string()).is_ok(), "{} {made}", column.ty);
            }
        }
        let narrow = bounded("smallint", Some("3"), Some("3"));
        assert_eq!(value(&narrow, 99), 3);
        let short = Column { max_len: Some(2), min_len: Some(2), ..bounded("text", None, None) };
        assert_eq!(value(&short, 7), "7x");
    }
}
