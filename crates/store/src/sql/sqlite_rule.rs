//! What is left of an access rule as SQLite text. NULL is CEL's error, so that AND, OR and NOT mean
//! what `&&`, `||` and `!` mean. Where only truth counts, NULL and 0 both deny, and the text is the
//! plain one that an index can serve; under a NOT it is exact.

use std::sync::Arc;

use mainstay_schema::rule::Kind;
use mainstay_schema::rule::tree::{At, Cond, Field, Order, Term, TextTest, Via};

use super::Text;
use super::sqlite_rule_error::can_fail;
use super::sqlite_rule_value::{Nulls, nulls};
use super::sqlite_scope::Scope;
use crate::query::Ruled;

/// The condition on the row at hand; on no row at all when one is about to be made.
pub(super) fn rule(text: &mut Text, row: Option<&Scope<'_>>, ruled: &Ruled) {
    let vars = Vec::new();
    let mut writer = Writer { row, first: ruled.first, nested: 0, vars, vias: Vec::new() };
    writer.cond(text, &ruled.residual.cond, false);
}

/// What stands around the part that is written.
pub(super) struct Writer<'r, 's> {
    pub row: Option<&'r Scope<'s>>,
    /// The place of the first value.
    pub first: usize,
    /// Statements inside each other: from inside, columns of the row are named in full.
    pub nested: usize,
    /// Aliases of tables and lists by level.
    pub vars: Vec<usize>,
    /// References that are joined already, with their aliases.
    pub vias: Vec<(Arc<Via>, usize)>,
}

impl Writer<'_, '_> {
    pub fn cond(&mut self, text: &mut Text, cond: &Cond, exact: bool) {
        match cond {
            Cond::Const(truth) => drop(text.push(if *truth { "1" } else { "0" })),
            Cond::Error => drop(text.push("NULL")),
            Cond::All(parts) => self.joined(text, parts, " AND ", exact),
            Cond::Any(parts) => self.joined(text, parts, " OR ", exact),
            Cond::Not(inner) => {
                text.push("NOT (");
                self.cond(text, inner, true);
                text.push(")");
            }
            Cond::If(condition, yes, no) => {
                text.push("CASE (");
                self.cond(text, condition, true);
                text.push(") WHEN 1 THEN ");
                self.cond(text, yes, exact);
                text.push(" WHEN 0 THEN ");
                self.cond(text, no, exact);
                text.push(" END");
            }
            Cond::Rows { table, level, body } => {
                let exact = exact && can_fail(body);
                self.quantified(text, exact, |writer, text, part| {
                    writer.rows(text, table, *level, body, part);
                });
            }
            Cond::Items { list, level, body } => {
                self.atom(text, &[list], |writer, text| {
                    writer.guarded_items(text, list, *level, body, exact);
                });
            }
            test => self.test(text, test, exact),
        }
    }

    fn joined(&mut self, text: &mut Text, parts: &[Cond], joint: &str, exact: bool) {
        text.push("(").list(parts, joint, |text, part| self.cond(text, part, exact)).push(")");
    }

    /// `exists`: true when one is true; otherwise an error when one is.
    fn quantified(
        &mut self,
        text: &mut Text,
        exact: bool,
        mut each: impl FnMut(&mut Self, &mut Text, Part),
    ) {
        if !exact {
            return each(self, text, Part::Holds);
        }
        text.push("CASE WHEN ");
        each(self, text, Part::Holds);
        text.push(" THEN 1 WHEN ");
        each(self, text, Part::Fails);
        text.push(" THEN NULL ELSE 0 END");
    }

    fn rows(&mut self, text: &mut Text, table: &str, level: usize, body: &Cond, part: Part) {
        let alias = self.enter(text, level);
        text.push("EXISTS (SELECT 1 FROM ").name(table);
        text.push(&format!(" AS _mainstay_{alias} WHERE "));
        self.body(text, body, part);
        text.push(")");
    }

    fn guarded_items(
        &mut self,
        text: &mut Text,
        list: &Term,
        level: usize,
        body: &Cond,
        exact: bool,
    ) {
        if exact {
            text.push("CASE WHEN ");
            self.items(text, list);
            text.push(" IS NULL THEN NULL ELSE ");
        }
        self.quantified(text, exact && can_fail(body), |writer, text, part| {
            let alias = writer.enter(text, level);
            text.push("EXISTS (SELECT 1 FROM json_each(");
            writer.items(text, list);
            text.push(&format!(") AS _mainstay_{alias} WHERE "));
            writer.body(text, body, part);
            text.push(")");
        });
        if exact {
            text.push(" END");
        }
    }

    fn items(&mut self, text: &mut Text, list: &Term) {
        text.push("mainstay_dyn_items(");
        self.nested += 1;
        self.dynamic(text, list);
        self.nested -= 1;
        text.push(")");
    }

    /// The alias of a new row at this level.
    fn enter(&mut self, text: &mut Text, level: usize) -> usize {
        let alias = text.alias();
        self.vars.truncate(level);
        self.vars.push(alias);
        alias
    }

    fn body(&mut self, text: &mut Text, body: &Cond, part: Part) {
        self.nested += 1;
        match part {
            Part::Holds => self.cond(text, body, false),
            Part::Fails => {
                text.push("(");
                self.cond(text, body, true);
                text.push(") IS NULL");
            }
        }
        self.nested -= 1;
    }

    fn test(&mut self, text: &mut Text, test: &Cond, exact: bool) {
        match test {
            Cond::Is(term) => self.atom(text, &[term], |writer, text| {
                if is_dynamic(term) {
                    text.push("mainstay_dyn_truth(");
                    writer.term(text, term);
                    text.push(")");
                } else {
                    writer.term(text, term);
                }
            }),
            Cond::Equal(left, right) if !exact && self.found(text, left, right) => {}
            Cond::Equal(left, right) => self.atom(text, &[left, right], |writer, text| {
                writer.equal(text, left, right, exact);
            }),
            Cond::Order(order, left, right) => self.atom(text, &[left, right], |writer, text| {
                writer.order(text, *order, left, right);
            }),
            Cond::In(value, list) => {
                let terms: Vec<&Term> = std::iter::once(value).chain(list).collect();
                self.atom(text, &terms, |writer, text| writer.listed(text, value, list, exact));
            }
            Cond::Within(value, list) => self.atom(text, &[value, list], |writer, text| {
                text.push("mainstay_dyn_in(");
                writer.dynamic(text, value);
                text.push(", ");
                writer.dynamic(text, list);
                text.push(")");
            }),
            Cond::Text(test, left, right) => self.atom(text, &[left, right], |writer, text| {
                text.push(match test {
                    TextTest::Contains => "mainstay_holds(",
                    TextTest::StartsWith => "mainstay_starts(",
                    TextTest::EndsWith => "mainstay_ends(",
                });
                writer.text(text, left);
                text.push(", ");
                writer.text(text, right);
                text.push(")");
            }),
            Cond::Matches(value, pattern) => self.atom(text, &[value], |writer, text| {
                text.push("mainstay_match(");
                writer.term(text, pattern);
                text.push(", ");
                writer.text(text, value);
                text.push(")");
            }),
            Cond::Has(from, key) => self.atom(text, &[from], |writer, text| {
                text.push("mainstay_dyn_has(");
                writer.dynamic(text, from);
                text.push(", ").fixed(mainstay_schema::Value::Text(key.clone())).push(")");
            }),
            _ => drop(text.push("NULL")),
        }
    }

    /// A test of values that must all be there: the rows that its references point to are joined in
    /// one statement around it, and where one is missing there is no row, so NULL.
    fn atom(&mut self, text: &mut Text, terms: &[&Term], write: impl FnOnce(&mut Self, &mut Text)) {
        let mut needed = Vec::new();
        for term in terms {
            collect(term, &mut needed);
        }
        needed.retain(|via| !self.vias.iter().any(|(known, _)| known == via));
        if needed.is_empty() {
            return write(self, text);
        }
        let before = self.vias.len();
        let added: Vec<(Arc<Via>, usize)> =
            needed.into_iter().map(|via| (via, text.alias())).collect();
        self.vias.extend(added.iter().cloned());
        self.nested += 1;
        text.push("(SELECT ");
        write(self, text);
        text.push(" FROM ").list(&added, ", ", |text, (via, alias)| {
            text.name(&via.table).push(&format!(" AS _mainstay_{alias}"));
        });
        text.push(" WHERE ").list(&added, " AND ", |text, (via, alias)| {
            text.push(&format!("_mainstay_{alias}.")).name(&via.column).push(" = ");
            self.key(text, &via.key);
        });
        text.push(")");
        self.nested -= 1;
        self.vias.truncate(before);
    }

    /// Equality by which an index can find rows, where only truth counts: a row that is referred to
    /// is looked up by what it must hold, and what a reference leads to is looked up first.
    fn found(&mut self, text: &mut Text, left: &Term, right: &Term) -> bool {
        let typed = |term: &Term| !is_dynamic(term) && term.kind() != Kind::Null;
        if !(typed(left) && typed(right) && left.kind().compares(right.kind())) {
            return false;
        }
        [(left, right), (right, left)].into_iter().any(|(near, far)| {
            self.by_holder(text, near, far) || self.by_reference(text, near, far)
        })
    }

    /// `row.team.owner == auth.uid`: the row's team is one of those with this owner.
    fn by_holder(&mut self, text: &mut Text, value: &Term, far: &Term) -> bool {
        let (Term::Param(..), Term::Field(field)) = (value, far) else { return false };
        let At::Via(via) = &field.at else { return false };
        let Term::Field(Field { at: At::Row, .. }) = &via.key else { return false };
        // All that the caller holds is looked up first: dear where a key says which row is meant.
        let whole = self.nested == 0 && self.row.is_some_and(|row| row.number().is_none());
        if !field.indexed || !whole || !text.scans {
            return false;
        }
        self.key(text, &via.key);
        let alias = text.alias();
        self.vias.push((Arc::clone(via), alias));
        self.nested += 1;
        text.push(&format!(" IN (SELECT _mainstay_{alias}.")).name(&via.column);
        text.push(" FROM ").name(&via.table).push(&format!(" AS _mainstay_{alias} WHERE "));
        self.equal(text, far, value, false);
        text.push(")");
        self.nested -= 1;
        self.vias.pop();
        true
    }

    /// `m.team == row.project.team`: the team of the project is looked up once.
    fn by_reference(&mut self, text: &mut Text, near: &Term, far: &Term) -> bool {
        let (Term::Field(own), Term::Field(field)) = (near, far) else { return false };
        let both_null = nulls(near) == Nulls::Value && nulls(far) == Nulls::Value;
        if !matches!(own.at, At::Row | At::Var(_)) || !matches!(field.at, At::Via(_)) || both_null {
            return false;
        }
        self.term(text, near);
        text.push(" = ");
        self.atom(text, &[far], |writer, text| writer.term(text, far));
        true
    }

    fn order(&mut self, text: &mut Text, order: Order, left: &Term, right: &Term) {
        let operator = match order {
            Order::Less => " < ",
            Order::LessEqual => " <= ",
            Order::Greater => " > ",
            Order::GreaterEqual => " >= ",
        };
        if is_dynamic(left) || is_dynamic(right) {
            text.push("mainstay_dyn_order(");
            self.dynamic(text, left);
            text.push(", ");
            self.dynamic(text, right);
            text.push(")").push(operator).push("0");
            return;
        }
        self.term(text, left);
        text.push(operator);
        self.term(text, right);
    }
}

/// Which rows an `exists` looks for.
#[derive(Clone, Copy)]
enum Part {
    Holds,
    Fails,
}

/// Only the data knows what kind it is: the value travels as JSON.
pub(super) fn is_dynamic(term: &Term) -> bool {
    matches!(term.kind(), Kind::Any | Kind::List | Kind::Map)
}

/// The references that a value needs, those first that others start from.
pub(super) fn collect(term: &Term, into: &mut Vec<Arc<Via>>) {
    match term {
        Term::Field(Field { at: At::Via(via), .. }) => {
            collect(&via.key, into);
            if !into.contains(via) {
                into.push(Arc::clone(via));
            }
        }
        Term::Step(inner, _) => collect(inner, into),
        Term::Call(_, values) => values.iter().for_each(|value| collect(value, into)),
        _ => {}
    }
}
