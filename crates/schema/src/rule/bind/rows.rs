//! Names of rows and columns: `row.price`, `row.team.owner`, `m.user`, and steps into JSON columns.

use std::sync::Arc;

use cel::common::ast::{IdedExpr, SelectExpr};

use super::{Binder, Meaning};
use crate::Column;
use crate::limits::MAX_RULE_REFERENCES;
use crate::model::Table;
use crate::rule::RuleFault;
use crate::rule::kind::Kind;
use crate::rule::tree::{At, Cond, Field, Key, Term, Via};
use mainstay_base::nearest;

/// A table or view as rules see it.
#[derive(Debug)]
pub(crate) struct Shape<'m> {
    pub name: &'m str,
    pub columns: &'m [Column],
    /// By column: the table and the column there that it refers to alone.
    pub opens: Vec<Option<(usize, usize)>>,
    /// Columns that a key or an index begins with.
    pub indexed: Vec<usize>,
}

impl<'m> Shape<'m> {
    pub fn of(table: &'m Table) -> Self {
        let opens = (0..table.columns.len()).map(|at| {
            let key = table.foreign_keys.iter().find(|key| key.columns == [at])?;
            Some((key.table, *key.references.first()?))
        });
        let keys = std::iter::once(&table.primary_key.columns)
            .chain(table.uniques.iter().map(|unique| &unique.columns));
        let keys = keys.filter_map(|columns| columns.first().copied());
        let indexes = table.indexes.iter().filter(|index| index.filter.is_none());
        let indexes = indexes.filter_map(|index| Some(index.columns.first()?.column));
        let indexed = keys.chain(indexes).collect();
        Self { name: &table.name, columns: &table.columns, opens: opens.collect(), indexed }
    }
}

impl<'m> Binder<'_, 'm> {
    pub(super) fn ident(&mut self, node: &IdedExpr, name: &str) -> Result<Meaning<'m>, RuleFault> {
        if let Some(var) = self.vars.iter().rev().find(|var| var.name == name) {
            return Ok(match var.shape {
                Some(shape) => Meaning::Row(At::Var(var.level), shape),
                None => Meaning::Term(Term::Item(var.level)),
            });
        }
        let row = match (name, self.scope.row) {
            ("row", Some(shape)) if self.scope.sees_row => Some((At::Row, shape)),
            ("new", Some(shape)) if self.scope.sees_new => Some((At::New, shape)),
            _ => None,
        };
        if let Some((at, shape)) = row {
            return Ok(Meaning::Row(at, shape));
        }
        if matches!(name, "row" | "new") {
            let message = format!("`{name}` is not known here");
            return Err(self.fault(node, "rule-unknown-name", message).hint(self.scope.why_not));
        }
        if self.scope.tables.iter().any(|table| table.name == name) {
            let message = format!("`{name}` is a table");
            let hint = format!("ask for its rows: `{name}.exists(x, x.… == …)`");
            return Err(self.fault(node, "rule-type", message).hint(hint));
        }
        Err(self.walk.unknown_name(node, name))
    }

    pub(super) fn select(
        &mut self,
        node: &IdedExpr,
        select: &SelectExpr,
        depth: usize,
    ) -> Result<Meaning<'m>, RuleFault> {
        let name = select.field.as_str();
        match self.meaning(&select.operand, depth)? {
            Meaning::Row(at, shape) | Meaning::Reference(_, at, shape) => {
                if select.test {
                    let message = "every row has all its columns, so this is always true";
                    let fault = self.fault(node, "rule-type", message);
                    return Err(fault.hint(format!("write `….{name} != null`")));
                }
                self.column(node, at, shape, name)
            }
            Meaning::Term(term) if term.kind().fits(Kind::Map) => Ok(match select.test {
                true => Meaning::Cond(Cond::Has(term, name.to_owned())),
                false => Meaning::Term(step(term, Key::Name(name.to_owned()))),
            }),
            Meaning::Term(term) => {
                let message = format!("{} has no field `{name}`", term.kind().words());
                Err(self.fault(node, "rule-type", message))
            }
            Meaning::Cond(_) => {
                let message = format!("true or false has no field `{name}`");
                Err(self.fault(node, "rule-type", message))
            }
        }
    }

    pub(super) fn column(
        &mut self,
        node: &IdedExpr,
        at: At,
        shape: &'m Shape<'m>,
        name: &str,
    ) -> Result<Meaning<'m>, RuleFault> {
        let Some(column) = shape.columns.iter().position(|column| column.name == name) else {
            let message = format!("`{}` has no column `{name}`", shape.name);
            let names = shape.columns.iter().map(|column| column.name.as_str());
            let hint = match nearest(name, names.clone()) {
                Some(right) => format!("did you mean `{right}`?"),
                None => {
                    format!("its columns are {}", names.take(20).collect::<Vec<_>>().join(", "))
                }
            };
            return Err(self.fault(node, "rule-unknown-name", message).hint(hint));
        };
        let known = &shape.columns[column];
        if at == At::New && (known.generated.is_some() || known.identity.is_some()) {
            let message = format!("`new.{name}` is made by the database and not known before");
            return Err(self.fault(node, "rule-type", message));
        }
        let references = references(&at);
        let term = Term::Field(field(at, column, shape));
        let Some((table, key)) = shape.opens.get(column).copied().flatten() else {
            return Ok(Meaning::Term(term));
        };
        if references == MAX_RULE_REFERENCES {
            let message = format!("more than {MAX_RULE_REFERENCES} references in a row");
            return Err(self.fault(node, "rule-too-large", message));
        }
        let Some(there) = self.scope.tables.get(table) else {
            return Ok(Meaning::Term(term));
        };
        let via = Via {
            key: term.clone(),
            table: there.name.into(),
            column: there.columns[key].name.as_str().into(),
        };
        Ok(Meaning::Reference(term, At::Via(Arc::new(via)), there))
    }
}

/// A column of a row.
pub(crate) fn field(at: At, column: usize, shape: &Shape<'_>) -> Field {
    let known = &shape.columns[column];
    Field {
        at,
        column,
        name: known.name.as_str().into(),
        ty: known.ty.clone(),
        null: known.null,
        collated: known.collation.is_some(),
        indexed: shape.indexed.contains(&column),
    }
}

fn references(at: &At) -> usize {
    match at {
        At::Via(via) => match &via.key {
            Term::Field(field) => 1 + references(&field.at),
            _ => 1,
        },
        _ => 0,
    }
}

/// One more step into JSON.
pub(super) fn step(from: Term, key: Key) -> Term {
    match from {
        Term::Step(inner, mut path) => {
            path.push(key);
            Term::Step(inner, path)
        }
        other => Term::Step(Box::new(other), vec![key]),
    }
}
