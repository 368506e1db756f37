//! What a write goes to: a table, or the one table that a view can be written through. The rows
//! that it finds and gives back are those of the level that was addressed; the rows that it
//! changes are the table's.

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_gate::Permit;
use mainstay_schema::Value;
use mainstay_store::query::{Filter, Rows, Ruled};

use super::rulings::{self, Rulings};
use super::viewer::Viewer;
use super::{Level, Target};
use crate::parse::Part;

/// The addressed level and the table behind it.
pub struct Written<'a> {
    /// What the caller named: filters and returned rows are about it.
    pub level: Level<'a>,
    /// What is written, under the caller's names of its columns.
    pub table: Target<'a>,
    /// Columns of the table's key and where the view shows them.
    pub pairs: Option<Vec<(usize, usize)>>,
    /// By column of the view the table's column that it shows.
    columns: Option<&'a [Option<usize>]>,
    /// What may be done.
    pub permits: Permits,
    /// Which rows may be changed or deleted, beside those that may be read.
    pub act: Option<Ruled>,
    /// Values of the rules of all levels, and of `act` behind them.
    pub rules: Arc<[Value]>,
}

/// The rights that a write has.
#[derive(Clone, Debug)]
pub struct Permits {
    /// To create, to update or to delete.
    pub act: Permit,
    /// To read, where the write finds or gives back rows.
    pub read: Option<Permit>,
    /// To update, where a new row may meet one that is there.
    pub update: Option<Permit>,
}

impl<'a> Written<'a> {
    /// # Errors
    /// `PGRST117` for a view that cannot be written through; as `Level::new`.
    pub fn new(
        viewer: &Viewer<'a>,
        target: Target<'a>,
        permits: Permits,
        part: &Part<'_>,
    ) -> Result<Self> {
        let mut rulings = Rulings::default();
        let rows = permits.read.as_ref().and_then(Permit::rows);
        let level = Level::new(viewer, target, rows, part, &mut rulings)?;
        let act = rulings.add(permits.act.rows());
        let rules = rulings.finish();
        let target = level.target.clone();
        if target.rows == Rows::Stored {
            let (pairs, columns) = (None, None);
            return Ok(Self { level, table: target, pairs, columns, permits, act, rules });
        }
        let Some(through) = viewer.index.through(target.module_at, target.table_at) else {
            let message = format!("The view '{}' can only be read", target.table.name);
            return Err(Error::new(Code::MethodUnsupported, message)
                .details("It is not a plain select of one table with its whole key."));
        };
        // A view has rules of its own for its rows; those of the table's columns still hold.
        let base = viewer.target(target.module_at, through.base);
        let table = Target { index: &through.index, name: target.name, ..base };
        let (pairs, columns) = (Some(through.pairs.clone()), Some(through.columns.as_slice()));
        Ok(Self { level, table, pairs, columns, permits, act, rules })
    }

    /// The column of the table that a rule of the level means.
    #[must_use]
    pub fn stored_column(&self, column: usize) -> Option<usize> {
        match self.columns {
            None => Some(column),
            Some(columns) => columns.get(column).copied().flatten(),
        }
    }

    /// The rows of the table that a filter on the addressed level means, and that the caller may
    /// act on.
    #[must_use]
    pub fn rows(&self, filter: Filter) -> Filter {
        let filter = self.found(filter);
        match &self.pairs {
            None => filter,
            Some(pairs) => Filter::Through {
                view: self.level.target.source(),
                pairs: pairs.clone(),
                filter: Box::new(filter),
            },
        }
    }

    /// The same on the level itself.
    #[must_use]
    pub fn found(&self, filter: Filter) -> Filter {
        let read = rulings::filter(self.level.rule.as_ref());
        rulings::ruled(read.and(rulings::filter(self.act.as_ref())), filter)
    }

    /// The rows that come back are read apart from the change: the statement that changes them
    /// cannot give them as asked.
    #[must_use]
    pub fn rereads(&self, returning: Option<&Part<'_>>) -> bool {
        returning.is_some_and(|part| {
            self.pairs.is_some() || !part.order.is_empty() || part.has_embeds() || part.aggregates()
        })
    }
}
