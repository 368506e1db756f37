//! Writes: new rows, upserts, and what comes back of them. Changes to rows that are there stand in
//! `change`.

use super::constraint::Draft;
use super::expect::{Expected, Refusal};
use super::read::{Reading, unknown};
use super::rules::Ready;
use super::sight::{Action, Sight};
use super::upsert::{Upsert, named_twice};
use super::{Model, State, change};
use crate::request::{Body, Request, Resolution, Returning, Verb};
use crate::rule::judge::loose;
use crate::world::{Cell, Column, Default, NOW, Row};

/// An answer and the rows that it leaves behind; or what may be said instead.
pub type Done = Result<(Expected, Vec<Vec<Row>>), Vec<Refusal>>;

pub fn answer(model: &Model<'_>, sight: &Sight<'_>, request: &Request) -> Done {
    let writing = Writing { model, sight, request, reading: Reading { sight } };
    match &request.verb {
        Verb::Post { body, on_conflict } => writing.post(body, on_conflict.as_deref()),
        Verb::Put { body } => writing.put(body),
        Verb::Patch { body } => change::update(&writing, body),
        _ => change::delete(&writing),
    }
}

/// One write by one caller.
pub struct Writing<'m, 'a> {
    pub model: &'m Model<'m>,
    pub sight: &'m Sight<'a>,
    pub request: &'m Request,
    pub reading: Reading<'m, 'a>,
}

impl Writing<'_, '_> {
    pub fn open(&self, actions: &[Action]) -> Result<(), Vec<Refusal>> {
        let closed = |action: &Action| self.sight.closed(self.request.table, *action);
        actions.iter().find_map(closed).map_or(Ok(()), |refusal| Err(vec![refusal]))
    }

    pub fn levels(&self) -> Result<(), Vec<Refusal>> {
        let mut found = Vec::new();
        self.reading.levels(self.request.table, &self.request.part, &mut found);
        either(found)
    }

    fn post(&self, body: &Body, on_conflict: Option<&[usize]>) -> Done {
        let table = self.request.table;
        let here = self.sight.table(table);
        let tells = match self.request.prefer.returning {
            Some(Returning::Representation) => true,
            Some(Returning::HeadersOnly) => {
                here.key.iter().all(|at| self.sight.reads_column(table, *at))
            }
            _ => false,
        };
        let resolution = self.request.prefer.resolution;
        let target = on_conflict.unwrap_or(&here.key);
        let upsert =
            resolution.map(|resolution| Upsert { target, merges: resolution == Resolution::Merge });
        let mut actions = vec![Action::Create];
        if tells || upsert.is_some() {
            actions.push(Action::Read);
        }
        if upsert.as_ref().is_some_and(|upsert| upsert.merges) {
            actions.push(Action::Update);
        }
        self.open(&actions)?;
        self.levels()?;
        if upsert.is_some() {
            self.target(target, on_conflict.is_some())?;
        }
        let (draft, touched, inserted) = self.add(body, upsert.as_ref(), tells)?;
        let state = self.state(draft);
        let merged = upsert.is_some_and(|upsert| upsert.merges) && inserted == 0;
        let expected = self.created(&state, &touched, merged, tells)?;
        Ok((expected, state.rows))
    }

    /// The columns that `on_conflict` names exist and are unique together.
    fn target(&self, target: &[usize], named: bool) -> Result<(), Vec<Refusal>> {
        let table = self.request.table;
        let hidden = target.iter().find(|at| !self.sight.reads_column(table, **at));
        if let Some(at) = hidden.filter(|_| named) {
            return Err(vec![unknown(self.sight, table, *at)]);
        }
        if !self.sight.table(table).is_unique(target) {
            let message = "there is no unique or exclusion constraint matching the ON CONFLICT \
                           specification";
            return Err(vec![Refusal::new(400, "42P10", message)]);
        }
        Ok(())
    }

    fn put(&self, body: &Body) -> Done {
        self.open(&[Action::Create, Action::Update, Action::Read])?;
        self.levels()?;
        let key = &self.sight.table(self.request.table).key;
        if !key.iter().all(|at| self.sight.reads_column(self.request.table, *at)) {
            let message =
                "Filters must include all and only primary key columns with 'eq' operators";
            return Err(vec![Refusal::new(405, "PGRST105", message)]);
        }
        let represents = self.request.prefer.returning == Some(Returning::Representation);
        let upsert = Upsert { target: key, merges: true };
        let (draft, touched, inserted) = self.add(body, Some(&upsert), represents)?;
        let state = self.state(draft);
        if !represents {
            let empty = Expected::Empty { status: 204, content_range: None, location: None };
            return Ok((empty, state.rows));
        }
        let rows = self.returned(&state, &touched);
        let status = if inserted > 0 { 201 } else { 200 };
        Ok((self.representation(rows, status, None, true)?, state.rows))
    }

    /// Adds the rows of a body one by one. Gives the places of the rows that were touched, and how
    /// many of them are new.
    fn add(
        &self,
        body: &Body,
        upsert: Option<&Upsert<'_>>,
        tells: bool,
    ) -> Result<(Draft<'_, '_>, Vec<usize>, usize), Vec<Refusal>> {
        let table = self.request.table;
        let body = &self.whole(body);
        let rows: Vec<Row> = body.rows.iter().map(|row| self.filled(&body.columns, row)).collect();
        let mut refusals = self.reading.name_refusals(table, &self.request.part);
        if body.listed {
            refusals.extend(self.unlisted(&body.columns));
        }
        for (sent, row) in body.rows.iter().zip(&rows) {
            refusals.extend(self.unwritable(&body.columns, sent, row));
            refusals.extend(self.missing(body, row));
            // A row that comes back must be one that the caller may read.
            if tells && !self.reads(row) {
                refusals.push(self.row_refused());
            }
        }
        let named = body.listed || !body.rows.is_empty();
        if let Some(upsert) = upsert.filter(|upsert| upsert.merges && named) {
            refusals.extend(self.unmergeable(body, upsert));
        }
        either(refusals)?;
        let mut draft = Draft::new(self.sight);
        // Before anything is added: rows of the same statement are the caller's own.
        for (upsert, row) in upsert.iter().flat_map(|one| rows.iter().map(move |row| (one, row))) {
            if let Some(at) = self.met(&draft, upsert, row) {
                self.may_meet(&draft, at, upsert, body, row, tells)?;
            }
        }
        let (mut touched, mut inserted, mut seen) = (Vec::new(), 0, Vec::new());
        for row in rows {
            let met = upsert.and_then(|upsert| self.met(&draft, upsert, &row));
            if let Some(upsert) = upsert.filter(|upsert| upsert.merges) {
                let target: Vec<Cell> = upsert.target.iter().map(|at| row[*at].clone()).collect();
                let null = target.iter().any(Cell::is_null);
                if !null && seen.contains(&target) {
                    return Err(vec![named_twice()]);
                }
                seen.push(target);
            }
            match (met, upsert) {
                (Some(at), Some(upsert)) => {
                    if upsert.merges && self.changes(body, upsert) {
                        self.merge(&mut draft, at, body, &row)?;
                        touched.push(at);
                    }
                }
                _ => {
                    touched.push(self.insert(&mut draft, row)?);
                    inserted += 1;
                }
            }
        }
        Ok((draft, touched, inserted))
    }

    /// The rule to read says yes of a row as it will be.
    pub fn reads(&self, row: &Row) -> bool {
        let table = self.request.table;
        let row = loose(self.sight.table(table), &self.projected(row));
        let rule = self.sight.rules[table].read.as_ref();
        let reads = |rule: &Ready| rule.holds(&self.sight.asked, Some(row.as_ref()), None);
        self.sight.caller.is_service() || rule.is_some_and(reads)
    }

    /// Columns that are listed and are not there, whether or not there are rows.
    fn unlisted(&self, columns: &[usize]) -> Vec<Refusal> {
        let closed = columns.iter().filter_map(|at| self.closed_column(*at, None));
        closed.filter(|refusal| refusal.code == "PGRST204").collect()
    }

    /// Nobody gives a value, and there must be one.
    fn missing(&self, body: &Body, row: &Row) -> Vec<Refusal> {
        let here = self.sight.table(self.base());
        let columns = here.columns.iter().enumerate();
        let missing = columns.filter(|(at, column)| {
            row[*at].is_null() && !column.null && !body.columns.contains(at)
        });
        missing.map(|(at, _)| null_in(self.sight, self.base(), at)).collect()
    }

    fn insert(&self, draft: &mut Draft<'_, '_>, row: Row) -> Result<usize, Vec<Refusal>> {
        let table = self.base();
        draft.rows[table].push(row.clone());
        let at = draft.rows[table].len() - 1;
        let told = |column: usize| Some(row[column].clone());
        either(draft.duplicates(table, at, &told))?;
        if draft.is_whole() { Ok(at) } else { Err(draft.dangling(table, at, &told)) }
    }

    /// What `columns=` lists and no row has is written, too: null, or with `missing=default` what
    /// the server makes of it.
    pub fn whole(&self, body: &Body) -> Body {
        let mut whole = self.own(body);
        let columns = &self.sight.table(self.base()).columns;
        for at in std::mem::take(&mut whole.absent) {
            let made = self.request.prefer.missing_default;
            let cell = if made { self.made(&columns[at]) } else { Cell::Null };
            whole.columns.push(at);
            whole.rows.iter_mut().for_each(|row| row.push(cell.clone()));
        }
        whole
    }

    /// The new row: what was sent, and what the server makes of the rest.
    fn filled(&self, columns: &[usize], sent: &[Cell]) -> Row {
        let here = self.sight.table(self.base());
        let mut row: Row = here.columns.iter().map(|column| self.made(column)).collect();
        for (at, cell) in columns.iter().zip(sent) {
            row[*at] = cell.clone();
        }
        row
    }

    fn made(&self, column: &Column) -> Cell {
        let claims = self.sight.caller.all_claims();
        match &column.default {
            Some(Default::Constant(cell)) => cell.clone(),
            Some(Default::Now) => match column.kind {
                crate::world::Kind::Date => Cell::Date(NOW / 86_400_000_000),
                _ => Cell::Moment(NOW),
            },
            Some(Default::Uid) => {
                self.sight.caller.uid.map_or(Cell::Null, |uid| Cell::Text(uid.into()))
            }
            Some(Default::Tenant) => {
                match claims.get("tenant").and_then(|tenant| tenant.as_str()) {
                    Some(tenant) => Cell::Text(tenant.to_owned()),
                    None => Cell::Null,
                }
            }
            Some(Default::Made) | None => Cell::Null,
        }
    }

    /// Some row of the body passes the rule to create.
    pub fn any_creation(&self) -> bool {
        let table = self.request.table;
        let body = match &self.request.verb {
            Verb::Post { body, .. } | Verb::Put { body } => &self.whole(body),
            _ => return true,
        };
        let passes = |sent: &Vec<Cell>| {
            let new = self.projected(&self.filled(&body.columns, sent));
            let new = loose(self.sight.table(table), &new);
            let rule = self.sight.rules[table].create.as_ref();
            rule.is_some_and(|rule| rule.holds(&self.sight.asked, None, Some(new.as_ref())))
        };
        body.rows.iter().any(passes)
    }

    /// Why a row may not be added, whatever else is there.
    fn unwritable(&self, columns: &[usize], sent: &[Cell], row: &Row) -> Vec<Refusal> {
        let table = self.base();
        let here = self.sight.table(table);
        let new = loose(here, row);
        let mut found = Vec::new();
        for (at, cell) in columns.iter().zip(sent) {
            let column = &here.columns[*at];
            let rules = &self.sight.rules[table].columns[*at];
            let holds = rules.create.as_ref().map(|rule| {
                let judged = rule.holds(&self.sight.asked, None, Some(new.as_ref()));
                let judges = !self.sight.caller.is_service();
                if judges && !judged && !rule.verdict(&self.sight.asked).denies() {
                    found.push(self.row_refused());
                }
                judged
            });
            found.extend(self.closed_column(*at, holds));
            let changed = column.readonly && *cell != self.made(column);
            if changed && !self.sight.caller.is_service() {
                let name = &column.name;
                let message = format!("cannot insert a non-DEFAULT value into column \"{name}\"");
                found.push(Refusal::new(400, "428C9", message));
            }
        }
        // What the server makes is judged like what is sent.
        let judged = |at: &usize| columns.contains(at) || here.columns[*at].default.is_some();
        for (at, column) in here.columns.iter().enumerate() {
            if judged(&at) && row[at].is_null() && !column.null {
                found.push(null_in(self.sight, table, at));
            }
        }
        let rules = &self.sight.rules[table];
        let stays =
            |(_, rule): &(usize, Ready)| rule.holds(&self.sight.asked, None, Some(new.as_ref()));
        if !self.sight.caller.is_service() && !rules.links.iter().all(stays) {
            found.push(self.row_refused());
        }
        let source = self.request.table;
        let rule = self.sight.rules[source].create.as_ref();
        let new = loose(self.sight.table(source), &self.projected(row));
        let passes = self.sight.caller.is_service()
            || rule.is_some_and(|rule| rule.holds(&self.sight.asked, None, Some(new.as_ref())));
        if !passes {
            found.push(self.row_refused());
        }
        found
    }

    /// Why a column may not be written: `holds` is what its own rule says, if it has one. One that
    /// the caller can neither read nor write is not there at all.
    pub fn closed_column(&self, at: usize, holds: Option<bool>) -> Option<Refusal> {
        let (sight, table) = (self.sight, self.base());
        if sight.caller.is_service() {
            return None;
        }
        let here = sight.table(self.request.table);
        let name = &sight.table(table).columns[at].name;
        let rules = &sight.rules[table].columns[at];
        let writes = |rule: &Option<Ready>| {
            rule.as_ref().is_some_and(|rule| !rule.verdict(&sight.asked).denies())
        };
        match (sight.reads_column(table, at), holds) {
            (_, Some(true)) | (true, None) => None,
            (false, _) if !writes(&rules.create) && !writes(&rules.update) => {
                let message = format!(
                    "Could not find the '{name}' column of '{}' in the schema cache",
                    here.name
                );
                Some(Refusal::new(400, "PGRST204", message))
            }
            (false, None) | (_, Some(false)) => {
                Some(sight.forbidden(format!("permission denied for column {name}")))
            }
        }
    }

    #[must_use]
    pub fn row_refused(&self) -> Refusal {
        let name = &self.sight.table(self.request.table).name;
        let message = format!("new row violates row-level security policy for table \"{name}\"");
        self.sight.forbidden(message)
    }

    /// The state that a draft becomes.
    pub fn state(&self, draft: Draft<'_, '_>) -> State {
        State::new(self.sight.world, self.sight.sources, draft.rows)
    }

    /// What the caller sees when the write has happened.
    pub fn after<'s>(&'s self, state: &'s State) -> Sight<'s> {
        let asked = super::Asked { snapshot: &state.snapshot, ..self.sight.asked };
        Sight::new(self.model, state, asked, self.sight.caller)
    }
}

/// Nothing to refuse is good.
pub fn either(refusals: Vec<Refusal>) -> Result<(), Vec<Refusal>> {
    if refusals.is_empty() { Ok(()) } else { Err(refusals) }
}

/// A hidden column is not named.
#[must_use]
pub fn null_in(sight: &Sight<'_>, table: usize, column: usize) -> Refusal {
    let here = sight.table(table);
    let which = match sight.reads_column(table, column) {
        true => format!("column \"{}\"", here.columns[column].name),
        false => "a column".to_owned(),
    };
    let message =
        format!("null value in {which} of relation \"{}\" violates not-null constraint", here.name);
    Refusal::new(400, "23502", message)
}
