//! The rows of a trial: those that the expectation names, completed, and those that their
//! references need. All of them are laid down with the rights of the service role.

use mainstay_schema::model::{Default, ExpectedRow, ForeignKey};
use mainstay_schema::{AuthFacts, Table};
use serde_json::Value;

use super::ground::{Ground, alike, encoded};
use super::plausible;

/// References that lead on from one row: more is a circle.
const DEEPEST: usize = 16;

pub struct Rows<'g> {
    ground: &'g Ground<'g>,
    /// Named rows that are not there yet, by the place at which they were named.
    waiting: Vec<Option<(usize, ExpectedRow)>>,
    /// Rows as they are stored.
    laid: Vec<(usize, ExpectedRow)>,
    /// Which of `laid` each named row became.
    became: Vec<Option<usize>>,
    /// Values that were made up.
    made: u64,
}

impl<'g> Rows<'g> {
    /// `named` rows of tables, by position in the module.
    pub fn new(ground: &'g Ground<'g>, named: Vec<(usize, ExpectedRow)>) -> Self {
        let became = vec![None; named.len()];
        let waiting = named.into_iter().map(Some).collect();
        Self { ground, waiting, laid: Vec::new(), became, made: 0 }
    }

    /// Lays down every named row and what it needs.
    ///
    /// # Errors
    /// A sentence that says which row cannot be there.
    pub fn lay_all(&mut self) -> Result<(), String> {
        (0..self.waiting.len()).try_for_each(|at| self.lay_named(at, 0))
    }

    /// The named row at this place as it is stored.
    pub fn stored(&self, at: usize) -> Option<&ExpectedRow> {
        self.became.get(at).copied().flatten().map(|at| &self.laid[at].1)
    }

    /// A value for a column that a caller writes.
    ///
    /// # Errors
    /// As `lay_all`.
    pub fn value(&mut self, table: usize, column: usize) -> Result<Value, String> {
        let declared = self.table(table);
        let mut row = ExpectedRow::new();
        for key in declared.foreign_keys.iter().filter(|key| key.columns == [column]) {
            self.fill(key, declared, &mut row, 0)?;
        }
        let name = &declared.columns[column].name;
        Ok(row.remove(name).unwrap_or_else(|| self.made_up(table, column)))
    }

    /// The row as a caller sends it: what it must name is made up, what the server fills in is
    /// left to it. Rows that it points to are laid down.
    ///
    /// # Errors
    /// As `lay_all`.
    pub fn sent(
        &mut self,
        table: usize,
        row: &ExpectedRow,
        caller: &AuthFacts,
    ) -> Result<ExpectedRow, String> {
        let declared = self.table(table);
        let mut whole = row.clone();
        for column in &declared.columns {
            let own = match &column.default {
                Some(Default::AuthUid) => caller.uid.clone().map(Value::String),
                Some(Default::AuthTenant) => caller.claims.get("tenant").cloned(),
                _ => None,
            };
            if let Some(own) = own.filter(|_| !row.contains_key(&column.name)) {
                whole.insert(column.name.clone(), own);
            }
        }
        let mut whole = self.complete(table, whole, 0)?;
        let by_server = declared.columns.iter().filter(|column| {
            matches!(column.default, Some(Default::AuthUid | Default::AuthTenant))
        });
        for column in by_server.filter(|column| !row.contains_key(&column.name)) {
            whole.remove(&column.name);
        }
        Ok(whole)
    }

    fn table(&self, at: usize) -> &'g Table {
        &self.ground.module.tables[at]
    }

    fn lay_named(&mut self, at: usize, depth: usize) -> Result<(), String> {
        let Some((table, row)) = self.waiting[at].take() else { return Ok(()) };
        self.lay(table, row, depth)?;
        self.became[at] = Some(self.laid.len() - 1);
        Ok(())
    }

    fn lay(&mut self, table: usize, row: ExpectedRow, depth: usize) -> Result<(), String> {
        let name = &self.table(table).name;
        let row = Value::Object(self.complete(table, row, depth)?);
        let answer = self.ground.serve("POST", &format!("/{}", encoded(name)), Some(&row));
        let answer = answer.map_err(|error| error.message().to_owned())?;
        let stored = answer.rows().first().and_then(Value::as_object).cloned();
        match stored.filter(|_| answer.is_good()) {
            Some(stored) => self.laid.push((table, stored)),
            None => {
                return Err(format!("the row {row} cannot be in `{name}`: {}", answer.told()));
            }
        }
        Ok(())
    }

    /// Values for what the row must have, and the rows that it points to.
    fn complete(
        &mut self,
        table: usize,
        mut row: ExpectedRow,
        depth: usize,
    ) -> Result<ExpectedRow, String> {
        let declared = self.table(table);
        if depth > DEEPEST {
            let name = &declared.name;
            return Err(format!(
                "references lead from `{name}` in a circle: name the rows in `given`"
            ));
        }
        // Whose the row is comes first: what it points to belongs to the same.
        if let Some(tenant) = declared.tenant {
            self.make_up(table, tenant, &mut row);
        }
        for key in &declared.foreign_keys {
            self.fill(key, declared, &mut row, depth)?;
        }
        for column in 0..declared.columns.len() {
            self.make_up(table, column, &mut row);
        }
        Ok(row)
    }

    fn make_up(&mut self, table: usize, at: usize, row: &mut ExpectedRow) {
        let column = &self.table(table).columns[at];
        if !row.contains_key(&column.name) && !plausible::is_left_out(column) {
            let value = self.made_up(table, at);
            row.insert(column.name.clone(), value);
        }
    }

    fn made_up(&mut self, table: usize, column: usize) -> Value {
        self.made += 1;
        plausible::value(&self.table(table).columns[column], self.made)
    }

    /// Sees to it that what the row points to is there; a reference that must have a value and has
    /// none gets a row of its own to point to.
    fn fill(
        &mut self,
        key: &ForeignKey,
        declared: &Table,
        row: &mut ExpectedRow,
        depth: usize,
    ) -> Result<(), String> {
        let target = self.table(key.table);
        let columns = key.columns.iter().map(|at| &declared.columns[*at]);
        let may_be_null = columns.clone().any(|column| {
            !row.contains_key(&column.name) && plausible::is_left_out(column)
                || row.get(&column.name).is_some_and(Value::is_null)
        });
        if may_be_null {
            return Ok(());
        }
        let mut wanted = ExpectedRow::new();
        for (column, other) in columns.clone().zip(&key.references) {
            if let Some(value) = row.get(&column.name) {
                wanted.insert(target.columns[*other].name.clone(), value.clone());
            }
        }
        let is_whole = wanted.len() == key.columns.len();
        let itself = is_whole
            && std::ptr::eq(target, declared)
            && wanted
                .iter()
                .all(|(name, value)| row.get(name).is_some_and(|own| alike(own, value)));
        if itself || is_whole && self.is_there(key.table, &wanted, depth)? {
            return Ok(());
        }
        if let (Some(own), Some(other)) = (declared.tenant, target.tenant)
            && let Some(tenant) = row.get(&declared.columns[own].name)
        {
            wanted.entry(&target.columns[other].name).or_insert_with(|| tenant.clone());
        }
        self.lay(key.table, wanted, depth + 1)?;
        let Some((_, stored)) = self.laid.last() else { return Ok(()) };
        for (column, other) in columns.zip(&key.references) {
            if let Some(value) = stored.get(&target.columns[*other].name) {
                row.insert(column.name.clone(), value.clone());
            }
        }
        Ok(())
    }

    /// Whether a row with these values is there; one that is named and waits is laid down for it.
    fn is_there(
        &mut self,
        table: usize,
        wanted: &ExpectedRow,
        depth: usize,
    ) -> Result<bool, String> {
        let fits = |(of, row): &(usize, ExpectedRow)| {
            *of == table
                && wanted
                    .iter()
                    .all(|(name, value)| row.get(name).is_some_and(|own| alike(own, value)))
        };
        if self.laid.iter().any(fits) {
            return Ok(true);
        }
        let waits = self.waiting.iter().position(|one| one.as_ref().is_some_and(fits));
        waits.map_or(Ok(false), |at| self.lay_named(at, depth + 1).map(|()| true))
    }
}
