//! Rows for development: `seed/MODULE/TABLE.csv` or `.json`, loaded through the data API's own
//! checks when a module's file has just been made.

use std::path::Path;

use mainstay_base::{Code, Error, Result};
use mainstay_rest::Rest;
use mainstay_rest::parse::BodyKind;

/// Loads what there is for the modules in `fresh`, referenced tables first. Returns the rows.
///
/// # Errors
/// When a file cannot be read or a row is refused; the error names the file.
pub async fn load(application: &Path, rest: &Rest, fresh: &[usize]) -> Result<u64> {
    let mut rows = 0;
    for module in fresh {
        let declared = &rest.catalog().modules[*module];
        for table in in_order(declared) {
            for (ending, kind) in [("csv", BodyKind::Csv), ("json", BodyKind::Json)] {
                let name = format!("{}.{ending}", declared.tables[table].name);
                let path = application.join("seed").join(&declared.name).join(name);
                let Ok(body) = std::fs::read(&path) else { continue };
                rows += rest.load(*module, table, kind, &body).await.map_err(|error| {
                    let message = format!("The seed {} was refused", path.display());
                    let details = error.details_text().unwrap_or_default();
                    Error::new(Code::Internal, message)
                        .details(format!("{} {details}", error.message()))
                })?;
            }
        }
    }
    Ok(rows)
}

/// Tables in an order in which every reference finds its row, cycles as they are declared.
fn in_order(module: &mainstay_schema::Module) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    while order.len() < module.tables.len() {
        let ready = (0..module.tables.len()).find(|at| {
            !order.contains(at)
                && module.tables[*at]
                    .foreign_keys
                    .iter()
                    .all(|key| key.table == *at || order.contains(&key.table))
        });
        let next = ready.or_else(|| (0..module.tables.len()).find(|at| !order.contains(at)));
        order.extend(next);
    }
    order
}
