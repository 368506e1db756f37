//! Reads the rows of a write apart from it, where the write cannot give them as asked: in an
//! order, with embeds, or as a view shows them.

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_schema::Value;
use mainstay_store::Bound;
use mainstay_store::query::{Given, Select};

use super::rows::{self, Shaping};
use super::shape::{Key, Kind};
use super::{Prepared, Written, conditions, read, rulings};
use crate::parse::{Intent, Part};
use crate::{Config, Plans};

/// Rows by their keys, in the order asked for or that of the keys. The first value is the place
/// of the keys.
///
/// # Errors
/// As `rows`; `PGRST127` for a table that has no key.
pub fn by_keys(
    plans: &Plans,
    config: &Config,
    written: &Written<'_>,
    intent: &Intent<'_>,
    part: &Part<'_>,
) -> Result<Bound> {
    let level = &written.level;
    if level.target.table.primary_key.columns.is_empty() {
        let message = "rows of a table without a key cannot be returned in an order or with embeds";
        return Err(Error::new(Code::NotImplemented, message));
    }
    let mut key = Key::new(Kind::Read, &level.target);
    key.text("by keys").part(level, part).shown(intent);
    let prepared = plans.get_or_make(key, || {
        let mut shaping = Shaping::new(config, &intent.query, 1).shown(intent);
        let built = rows::build(level, part, &mut shaping)?;
        // The filters of the write may not hold any more for what it has written.
        let filter = conditions::inner(level, part, &mut shaping)?;
        let filter = rulings::ruled(rulings::filter(level.rule.as_ref()), filter);
        let select = Select { filter, keys: Some(Given(0)), ..built.select };
        Ok(Prepared::select(&select, built.outputs, shaping.inputs))
    })?;
    let values = read::values(config, &prepared, &intent.query, vec![Value::Null])?.into();
    let (statement, rules) = (Arc::clone(&prepared.statement), Arc::clone(&written.rules));
    Ok(Bound { statement, values, rules })
}

/// The rows that a delete will take away.
///
/// # Errors
/// As `rows`.
pub fn before(
    plans: &Plans,
    config: &Config,
    written: &Written<'_>,
    intent: &Intent<'_>,
    part: &Part<'_>,
) -> Result<Bound> {
    let level = &written.level;
    let mut key = Key::new(Kind::Delete, &level.target);
    key.text("before").part(level, part).rule(written.act.as_ref()).shown(intent);
    let prepared = plans.get_or_make(key, || {
        let mut shaping = Shaping::new(config, &intent.query, 0).shown(intent);
        let built = rows::build(level, part, &mut shaping)?;
        let filter = built.select.filter.clone().and(rulings::filter(written.act.as_ref()));
        let select = Select { filter, ..built.select };
        Ok(Prepared::select(&select, built.outputs, shaping.inputs))
    })?;
    let values = read::values(config, &prepared, &intent.query, Vec::new())?.into();
    let (statement, rules) = (Arc::clone(&prepared.statement), Arc::clone(&written.rules));
    Ok(Bound { statement, values, rules })
}
