//! One column against its type: bounds, pattern, default, identity, generation. Comes after the
//! types of all columns are known, and makes the column of the catalog.

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};

use super::defaults;
use crate::limits::MAX_PATTERN_BYTES;
use crate::mistake::{Found, Mistake};
use crate::model::{Column, Default};
use crate::read::sketch::{ColumnSketch, TableSketch};
use crate::read::{bound, default};
use crate::types::Type;
use crate::value::number;

/// The column at `at`, whose type is unknown where a mistake was noted already.
pub(super) fn column(
    table: &TableSketch<'_>,
    at: usize,
    ty: Option<Type>,
    key: &[usize],
    found: &mut Found,
) -> Column {
    let sketch = &table.columns[at];
    let known = ty.is_some();
    let mut column = Column {
        name: sketch.name.value.clone(),
        doc: sketch.doc.clone(),
        ty: ty.unwrap_or(Type::Text),
        null: sketch.null.as_ref().is_some_and(|null| null.value),
        default: sketch.made.then_some(Default::Uuid),
        identity: sketch.identity.as_ref().map(|identity| identity.value),
        generated: sketch.generated.as_ref().map(|generated| generated.value.clone()),
        min_len: None,
        max_len: None,
        min: None,
        max: None,
        pattern: sketch.pattern.as_ref().map(|pattern| pattern.value.clone()),
        readonly: sketch.readonly.unwrap_or(false),
        collation: None,
        allow: sketch.allow.clone(),
    };
    check_key(table, sketch, key.contains(&at), found);
    check_generated(sketch, key.contains(&at), found);
    if known {
        bounds(sketch, &mut column, found);
        let pattern = pattern(sketch, &column.ty, found);
        collation(table, sketch, &mut column, found);
        check_identity(table, sketch, &column.ty, key == [at], found);
        if let Some(node) = sketch.default {
            column.default = default(node, &column.ty, table.adopted, found);
            defaults::check(sketch, &column, pattern.as_ref(), found);
        }
    }
    column
}

fn check_key(table: &TableSketch<'_>, sketch: &ColumnSketch<'_>, in_key: bool, found: &mut Found) {
    let Some(null) = sketch.null.as_ref().filter(|null| null.value && in_key) else {
        return;
    };
    if !table.adopted {
        let message =
            format!("column `{}` is part of the key, so it cannot be null", sketch.name.value);
        found.add(Mistake::new(null.place, "key-nullable", message).hint("leave `null` out"));
    }
}

fn check_generated(sketch: &ColumnSketch<'_>, in_key: bool, found: &mut Found) {
    let Some(generated) = &sketch.generated else {
        return;
    };
    let name = &sketch.name.value;
    let clash = match (sketch.default, &sketch.identity) {
        (Some(_), _) => Some("a `default`"),
        (None, Some(_)) => Some("an `identity`"),
        (None, None) if in_key => Some("a place in the primary key"),
        (None, None) => None,
    };
    if let Some(clash) = clash {
        let message = format!("column `{name}` is generated, so it cannot have {clash}");
        found.add(Mistake::new(generated.place, "generated-clash", message));
    }
}

fn check_identity(
    table: &TableSketch<'_>,
    sketch: &ColumnSketch<'_>,
    ty: &Type,
    whole_key: bool,
    found: &mut Found,
) {
    let Some(identity) = &sketch.identity else {
        return;
    };
    let name = &sketch.name.value;
    if !matches!(ty, Type::SmallInt | Type::Integer | Type::BigInt) {
        let message =
            format!("column `{name}` numbers itself, so it must be whole numbers, not `{ty}`");
        let hint = "write `type = \"bigint\"`";
        found.add(Mistake::new(identity.place, "identity-type", message).hint(hint));
    }
    let first = table.columns.iter().find(|column| column.identity.is_some());
    if first.is_some_and(|first| first.name.value != *name) {
        let message =
            format!("table `{}` has two columns that number themselves", table.name.value);
        found.add(Mistake::new(identity.place, "two-identities", message));
    } else if !whole_key {
        let message = format!("column `{name}` numbers itself, so it must be the primary key");
        let hint = "write `primary_key = true` beside it";
        found.add(Mistake::new(identity.place, "identity-not-key", message).hint(hint));
    }
    if let Some(default) = sketch.default {
        let message = format!("column `{name}` numbers itself, so it cannot have a `default`");
        found.add(Mistake::new(default.place, "generated-clash", message));
    }
}

/// `min` and `max`: a length or a value, by the type.
fn bounds(sketch: &ColumnSketch<'_>, column: &mut Column, found: &mut Found) {
    let name = &sketch.name.value;
    let has_length = matches!(column.ty, Type::Text | Type::Bytes | Type::Array(_));
    let mut smaller = None;
    for (key, node) in [("`min`", sketch.min), ("`max`", sketch.max)] {
        let Some(node) = node else { continue };
        if has_length {
            let length = node.count(key, found);
            let slot = if key == "`min`" { &mut column.min_len } else { &mut column.max_len };
            *slot = length;
        } else if column.ty.is_number() {
            let value = bound(node, &column.ty, key, found);
            let slot = if key == "`min`" { &mut column.min } else { &mut column.max };
            *slot = value;
        } else {
            let message = format!("{key} says nothing about `{}`", column.ty);
            let hint = "it bounds numbers, and the length of text, bytes and lists";
            found.add(Mistake::new(node.place, "bounds-type", message).hint(hint));
        }
        smaller = Some(node.place);
    }
    let crossed = match (&column.min, &column.max, column.min_len, column.max_len) {
        (Some(min), Some(max), ..) => number::compare(min, max) == Ordering::Greater,
        (_, _, Some(min), Some(max)) => min > max,
        _ => false,
    };
    if let Some(place) = smaller.filter(|_| crossed) {
        let message = format!("`min` of column `{name}` is above its `max`, so no value fits");
        found.add(Mistake::new(place, "min-above-max", message));
    }
}

fn pattern(sketch: &ColumnSketch<'_>, ty: &Type, found: &mut Found) -> Option<Regex> {
    let pattern = sketch.pattern.as_ref()?;
    if *ty != Type::Text {
        let message = format!("`pattern` is for text, not for `{ty}`");
        found.add(Mistake::new(pattern.place, "pattern-type", message));
        return None;
    }
    let built = RegexBuilder::new(&pattern.value).size_limit(MAX_PATTERN_BYTES).build();
    built
        .map_err(|error| {
            let said = error.to_string();
            let said = said.lines().last().unwrap_or_default().trim_start_matches("error: ");
            let message = format!("`pattern` does not compile: {said}");
            let mut mistake = Mistake::new(pattern.place, "pattern", message);
            if said.contains("look-around") || said.contains("backreferences") {
                mistake = mistake
                    .hint("patterns are matched in linear time, which these features do not allow");
            }
            found.add(mistake);
        })
        .ok()
}

fn collation(
    table: &TableSketch<'_>,
    sketch: &ColumnSketch<'_>,
    column: &mut Column,
    found: &mut Found,
) {
    const KNOWN: &[&str] = &["BINARY", "NOCASE", "RTRIM"];
    let Some(collation) = &sketch.collation else {
        return;
    };
    let upper = collation.value.to_ascii_uppercase();
    if !KNOWN.contains(&upper.as_str()) {
        let message = format!("unknown collation `{}`", collation.value);
        let mistake = Mistake::new(collation.place, "unknown-collation", message);
        found.add(
            mistake
                .hint("known are BINARY, NOCASE and RTRIM")
                .nearest(&upper, KNOWN.iter().copied()),
        );
    } else if !table.adopted && !matches!(column.ty, Type::Text | Type::Enum(_)) {
        let message = format!("`collation` is for text, not for `{}`", column.ty);
        found.add(Mistake::new(collation.place, "collation-type", message));
    }
    column.collation = Some(upper);
}
