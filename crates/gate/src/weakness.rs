//! Holes for the proof that proofs work: with one of them the oracle must find a leak. Nothing that
//! is served makes such a gate; tidy looks that only `verify` does.

use std::sync::Arc;

use mainstay_schema::rule::{Residual, tree::Cond};

use crate::permit::Ruling;

/// One guard that is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// The last part of what must hold of a row is forgotten.
    Conjunct,
    /// Columns are open to whoever may read their table.
    Column,
    /// Embedded rows are not filtered.
    Embed,
    /// Rows that are written are not judged.
    Check,
    /// The row that an upsert finds is not looked at.
    Upsert,
}

impl Weakness {
    pub(crate) fn applied(weakness: Option<Self>, ruling: Ruling) -> Ruling {
        match weakness {
            Some(Self::Check) => Ruling::new(ruling.parts().0, None),
            Some(Self::Conjunct) => {
                let (rows, check) = ruling.parts();
                Ruling::new(rows.and_then(|rows| shortened(&rows)), check)
            }
            _ => ruling,
        }
    }
}

fn shortened(rows: &Residual) -> Option<Arc<Residual>> {
    let Cond::All(parts) = &rows.cond else { return None };
    let mut shape = rows.shape.clone();
    shape.push(u8::MAX);
    let cond = Cond::all(parts[..parts.len() - 1].to_vec());
    Some(Arc::new(Residual { cond, shape, ..rows.clone() }))
}
