//! Plans `PUT`: one whole row under the key that its URL names.

use mainstay_base::{Code, Error, Result};
use mainstay_store::plan::Change;

use super::Target;
use super::change::Asked;
use super::insert::{self, PlannedWrite, Upserting, Wanted};
use super::made::Maker;
use crate::parse::{Given, Intent, Node, Operator, Page};
use crate::{Config, Plans};

/// # Errors
/// `PGRST105`, `PGRST114`, `PGRST115`, and those of an insert.
pub fn plan(
    plans: &Plans,
    config: &Config,
    asked: &Asked<'_, '_>,
    body: &[u8],
    maker: &Maker<'_>,
    blind: bool,
) -> Result<PlannedWrite> {
    let Asked { viewer, intent, written, returning, guard } = *asked;
    let target = &written.table;
    if intent.page != Page::default() {
        let message = "limit/offset querystring parameters are not allowed for PUT";
        return Err(Error::new(Code::PutRangeGiven, message));
    }
    let key = &target.table.primary_key.columns;
    let given = key_filters(target, intent)?;
    let upserting = Some(Upserting { target: key.clone(), merges: true });
    let wanted = Wanted { viewer, written, returning, upserting, guard, blind };
    let planned = insert::plan(plans, config, intent, body, &wanted, maker)?;
    let same = match &planned.plan.change {
        Change::Insert(runs) => match runs.as_slice() {
            [run] if run.rows.len() == 1 => key.iter().zip(&given).all(|(at, value)| {
                let place = run.columns.iter().position(|column| column == at);
                place.is_some_and(|place| run.rows[0][place] == *value)
            }),
            _ => false,
        },
        _ => false,
    };
    if same {
        return Ok(planned);
    }
    let message = "Payload values do not match URL in primary key column(s)";
    Err(Error::new(Code::PutKeyMismatch, message))
}

/// The values by which the URL names every key column, in key order, and nothing else.
fn key_filters(target: &Target<'_>, intent: &Intent<'_>) -> Result<Vec<mainstay_schema::Value>> {
    let wrong = || {
        let message = "Filters must include all and only primary key columns with 'eq' operators";
        Error::new(Code::PutFiltersWrong, message)
    };
    let (table, key) = (target.table, &target.table.primary_key.columns);
    let filters = &intent.query.part.filters;
    if key.is_empty() || filters.len() != key.len() {
        return Err(wrong());
    }
    let mut values = Vec::with_capacity(key.len());
    for at in key {
        let column = &table.columns[*at];
        let place = filters.iter().position(|node| match node {
            Node::One(one) => {
                // A hidden column is as one that is not there.
                target.visible(one.field.name.as_ref()) == Some(*at)
                    && one.field.path.is_empty()
                    && one.operator == Operator::Eq
                    && !one.not
            }
            _ => false,
        });
        match place.and_then(|place| intent.query.values.get(place)) {
            Some(Given::One(text)) if filters.len() == intent.query.values.len() => {
                values.push(column.ty.read_text(text)?);
            }
            _ => return Err(wrong()),
        }
    }
    Ok(values)
}
