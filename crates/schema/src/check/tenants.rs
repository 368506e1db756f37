//! `tenant` of a table: the column that says whose a row is. The server fills it in, so that a
//! client that knows nothing of tenants stays within its own.

use super::lookup::Tables;
use crate::mistake::{Found, Mistake};
use crate::model::{Column, Default};
use crate::read::tells_tenants;

/// The tenant column of the table at `at`, with what goes without saying.
pub(super) fn column(
    tables: &Tables<'_, '_>,
    at: usize,
    columns: &mut [Column],
    found: &mut Found,
) -> Option<usize> {
    let table = &tables.sketches[at];
    let name = table.tenant.as_ref()?;
    let Some(position) = tables.column(at, &name.value) else {
        found.add(tables.unknown_column(at, name));
        return None;
    };
    let (sketch, column) = (&table.columns[position], &mut columns[position]);
    let (place, name) = (name.place, &name.value);
    if !tells_tenants(&column.ty) {
        let message =
            format!("column `{name}` cannot say whose a row is: it holds `{}`", column.ty);
        let hint = "a tenant is `text`, `uuid` or a whole number, as in the claim `tenant`";
        found.add(Mistake::new(place, "tenant-type", message).hint(hint));
    }
    if column.null {
        let place = sketch.null.as_ref().map_or(place, |null| null.place);
        let message = format!("column `{name}` says whose a row is, so it cannot be null");
        let hint = "leave `null` out: a row without a tenant would be nobody's";
        found.add(Mistake::new(place, "tenant-null", message).hint(hint));
    }
    let made_by = [
        ("is generated", column.generated.is_some()),
        ("numbers itself", column.identity.is_some()),
    ];
    for (how, _) in made_by.iter().filter(|(_, made)| *made) {
        let message = format!("column `{name}` {how}, so it cannot say whose a row is");
        found.add(Mistake::new(place, "generated-clash", message));
    }
    if sketch.default.is_none() && column.generated.is_none() && column.identity.is_none() {
        column.default = Some(Default::AuthTenant);
    }
    column.readonly = sketch.readonly.unwrap_or(true);
    Some(position)
}
