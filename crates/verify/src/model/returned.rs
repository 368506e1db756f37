//! What comes back of a write: rows as the part shows them, how many, and where a new one is.

use std::fmt::Write;

use super::State;
use super::expect::{Expected, Refusal, Rows};
use super::read::{Reading, not_singular};
use super::write::Writing;
use crate::request::Returning;
use crate::world::{Cell, Row};

impl Writing<'_, '_> {
    /// The rows that come back, as the part shows them.
    pub fn returned(&self, state: &State, touched: &[usize]) -> Vec<String> {
        let after = self.after(state);
        let reading = Reading { sight: &after };
        let (table, part) = (self.request.table, &self.request.part);
        // What RETURNING cannot give is read again, so that the rule sees the state after, too.
        let again = self.is_through()
            || !part.order.is_empty()
            || part.embeds().next().is_some()
            || part.aggregates();
        let touched = self.shown_again(state, touched);
        let sees = |at: &usize| !again || after.visible(table).contains(at);
        let inner = |at: &usize| reading.has_inner(table, *at, part);
        let kept: Vec<usize> = touched.iter().copied().filter(sees).filter(inner).collect();
        let sorted = if part.aggregates() { kept } else { reading.sorted(table, kept, part) };
        reading.shown(table, &sorted, part)
    }

    /// Those of the touched rows that the view shows, and shows to the caller.
    fn seen_again(&self, state: &State, touched: &[usize]) -> Vec<usize> {
        let after = self.after(state);
        let shows = |at: &usize| {
            let shown = self.shown_again(state, &[*at]);
            shown.iter().any(|place| after.visible(self.request.table).contains(place))
        };
        touched.iter().copied().filter(shows).collect()
    }

    /// The answer to a create.
    pub fn created(
        &self,
        state: &State,
        touched: &[usize],
        merged: bool,
        tells: bool,
    ) -> Result<Expected, Vec<Refusal>> {
        let represents = self.request.prefer.returning == Some(Returning::Representation);
        let headers = self.request.prefer.returning == Some(Returning::HeadersOnly) && tells;
        let rows = if represents { self.returned(state, touched) } else { Vec::new() };
        // Keys that come back through a view are those of rows that it shows.
        let through = headers && self.is_through();
        let told = if through { self.seen_again(state, touched) } else { touched.to_vec() };
        let count = if represents { rows.len() } else { told.len() };
        let status = if merged && count > 0 { 200 } else { 201 };
        let total = self.request.prefer.count.map(|_| count);
        let range = Some(format!("*/{}", total.map_or("*".to_owned(), |total| total.to_string())));
        if represents {
            return self.representation(rows, status, range, true);
        }
        let location = match told.as_slice() {
            [one] if headers => {
                let row = self.projected(&state.rows[self.base()][*one]);
                Some(self.location(&row))
            }
            _ => None,
        };
        Ok(Expected::Empty { status, content_range: range, location })
    }

    /// Rows as the body.
    pub fn representation(
        &self,
        rows: Vec<String>,
        status: u16,
        content_range: Option<String>,
        ordered: bool,
    ) -> Result<Expected, Vec<Refusal>> {
        let single = self.request.single;
        if single && rows.len() != 1 {
            return Err(vec![not_singular(rows.len())]);
        }
        let ordered = ordered || !self.request.part.order.is_empty();
        Ok(Expected::Rows(Rows { status, rows, ordered, single, content_range, head: false }))
    }

    /// `/table?key=eq.value`
    fn location(&self, row: &Row) -> String {
        let here = self.sight.table(self.request.table);
        let mut text = format!("/{}", here.name);
        for (place, at) in here.key.iter().enumerate() {
            let value = match &row[*at] {
                Cell::Bool(truth) => truth.to_string(),
                cell => cell.plain(),
            };
            let separator = if place == 0 { '?' } else { '&' };
            let _ = write!(text, "{separator}{}=eq.{}", here.columns[*at].name, encoded(&value));
        }
        text
    }
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
