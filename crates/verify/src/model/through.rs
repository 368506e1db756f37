//! Writes through a view: its own rules say which rows are meant, the rows that change are the
//! table's, and so are the rules of their columns. For a table all of this is the table itself.

use super::State;
use super::write::Writing;
use crate::request::Body;
use crate::world::{Row, View};

impl Writing<'_, '_> {
    fn view(&self) -> Option<&View> {
        let place = self.request.table.checked_sub(self.sight.world.tables.len())?;
        self.sight.world.views.get(place)
    }

    /// It is a view that is addressed.
    #[must_use]
    pub fn is_through(&self) -> bool {
        self.view().is_some()
    }

    /// The table whose rows change.
    #[must_use]
    pub fn base(&self) -> usize {
        self.view().map_or(self.request.table, |view| view.table)
    }

    /// The body with the columns of the table.
    #[must_use]
    pub fn own(&self, body: &Body) -> Body {
        let mut own = body.clone();
        if let Some(view) = self.view() {
            let columns = own.columns.iter_mut().chain(&mut own.absent);
            columns.for_each(|at| *at = view.columns[*at]);
        }
        own
    }

    /// A row of the table as what is addressed shows it.
    #[must_use]
    pub fn projected(&self, row: &Row) -> Row {
        match self.view() {
            None => row.clone(),
            Some(view) => view.columns.iter().map(|at| row[*at].clone()).collect(),
        }
    }

    /// The places in the table of rows that are addressed.
    #[must_use]
    pub fn stored(&self, places: &[usize]) -> Vec<usize> {
        let Some(view) = self.view() else { return places.to_vec() };
        let all = view.places(&self.sight.state.rows[view.table]);
        places.iter().map(|at| all[*at]).collect()
    }

    /// Where rows of the table are among those that are shown afterwards, if they are.
    #[must_use]
    pub fn shown_again(&self, state: &State, stored: &[usize]) -> Vec<usize> {
        let Some(view) = self.view() else { return stored.to_vec() };
        let all = view.places(&state.rows[view.table]);
        stored.iter().filter_map(|at| all.iter().position(|known| known == at)).collect()
    }
}
