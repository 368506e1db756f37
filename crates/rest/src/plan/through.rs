//! What a write goes to: a table, or the one table that a view can be written through. The rows
//! that it finds and gives back are those of the level that was addressed; the rows that it
//! changes are the table's.

use mainstay_base::{Code, Error, Result};
use mainstay_store::query::{Filter, Rows};

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
}

impl<'a> Written<'a> {
    /// # Errors
    /// `PGRST117` for a view that cannot be written through; as `Level::new`.
    pub fn new(viewer: &Viewer<'a>, target: Target<'a>, part: &Part<'_>) -> Result<Self> {
        let level = Level::new(viewer, target, part)?;
        let target = level.target.clone();
        if target.rows == Rows::Stored {
            return Ok(Self { level, table: target, pairs: None });
        }
        let Some(through) = viewer.index.through(target.module_at, target.table_at) else {
            let message = format!("The view '{}' can only be read", target.table.name);
            return Err(Error::new(Code::MethodUnsupported, message)
                .details("It is not a plain select of one table with its whole key."));
        };
        // A view has rules of its own: those of the table do not hold for who may use it.
        let base = viewer.index.target(target.module_at, through.base);
        let table = Target { index: &through.index, name: target.name, ..base };
        Ok(Self { level, table, pairs: Some(through.pairs.clone()) })
    }

    /// The rows of the table that a filter on the addressed level means.
    #[must_use]
    pub fn rows(&self, filter: Filter) -> Filter {
        match &self.pairs {
            None => filter,
            Some(pairs) => Filter::Through {
                view: self.level.target.source(),
                pairs: pairs.clone(),
                filter: Box::new(filter),
            },
        }
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
