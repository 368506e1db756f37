//! The rules of a world, ready to be judged, and what can be said of one for a caller before any
//! row is looked at.

use cel::common::value::Val;

use super::fold::{Verdict, fold};
use crate::rule::{Column, Expr, Facts, Judge, Over, Program, Root, Snapshot, judge};
use crate::world::{Table, World};

/// The rules of one table.
#[derive(Debug, Default)]
pub struct TableRules {
    pub read: Option<Ready>,
    pub create: Option<Ready>,
    /// The parts that `&&` joins; those that look at the new row are checks.
    pub update: Option<Vec<Ready>>,
    pub delete: Option<Ready>,
    pub columns: Vec<ColumnRules>,
    /// What must hold of references that are written.
    pub links: Vec<(usize, Ready)>,
}

#[derive(Debug, Default)]
pub struct ColumnRules {
    pub read: Option<Ready>,
    pub create: Option<Ready>,
    pub update: Option<Ready>,
}

/// A rule and its parts, each of which can be judged.
#[derive(Debug)]
pub struct Ready {
    pub expr: Expr,
    program: Program,
    /// Parts that look at no row, by where they stand in the tree.
    pub known: Vec<(usize, Program)>,
    pub looks_at_new: bool,
}

/// Makes the rules of a world ready: those of its sources, and those of its functions.
///
/// # Errors
/// When the interpreter cannot read one.
pub fn ready(
    judge: &Judge,
    world: &World,
    sources: &[Table],
) -> Result<(Vec<TableRules>, Vec<Option<Ready>>), String> {
    let places = sources.iter().enumerate();
    let rules = places.map(|(at, table)| of_table(judge, sources, at, table));
    let one = |rule: &Option<Expr>| -> Result<Option<Ready>, String> {
        rule.as_ref().map(|rule| Ready::new(judge, sources, rule)).transpose()
    };
    let calls = world.functions.iter().map(|function| one(&function.allow));
    Ok((rules.collect::<Result<_, String>>()?, calls.collect::<Result<_, String>>()?))
}

fn of_table(
    judge: &Judge,
    sources: &[Table],
    at: usize,
    table: &Table,
) -> Result<TableRules, String> {
    let one = |rule: &Option<Expr>| -> Result<Option<Ready>, String> {
        rule.as_ref().map(|rule| Ready::new(judge, sources, rule)).transpose()
    };
    let bound = |rule: &Option<Expr>, roots: &[Root]| {
        rule.as_ref().map(|rule| with_tenant(rule, at, table, roots))
    };
    let parts = |rule: &Expr| -> Result<Vec<Ready>, String> {
        rule.conjuncts().into_iter().map(|part| Ready::new(judge, sources, part)).collect()
    };
    let columns = table.columns.iter().map(|column| {
        Ok(ColumnRules {
            read: one(&column.read)?,
            create: one(&column.create)?,
            update: one(&column.update)?,
        })
    });
    let allow = &table.allow;
    let update = bound(&allow.update, &[Root::Row, Root::New]);
    let links = links(sources, at, table);
    Ok(TableRules {
        read: one(&bound(&allow.read, &[Root::Row]))?,
        create: one(&bound(&allow.create, &[Root::New]))?,
        update: update.as_ref().map(parts).transpose()?,
        delete: one(&bound(&allow.delete, &[Root::Row]))?,
        columns: columns.collect::<Result<_, String>>()?,
        links: links
            .iter()
            .map(|(column, rule)| Ok((*column, Ready::new(judge, sources, rule)?)))
            .collect::<Result<_, String>>()?,
    })
}

fn column(root: &Root, table: usize, steps: Vec<usize>) -> Expr {
    Expr::Column(Column { root: root.clone(), table, steps, inside: Vec::new() })
}

fn joined(operator: &'static str, left: Expr, right: Expr) -> Expr {
    Expr::Binary(operator, Box::new(left), Box::new(right))
}

/// `row.tenant == auth.claims.tenant && rule`
fn with_tenant(rule: &Expr, at: usize, table: &Table, roots: &[Root]) -> Expr {
    let Some(tenant) = table.tenant else { return rule.clone() };
    roots.iter().fold(rule.clone(), |rule, root| {
        let own = joined("==", column(root, at, vec![tenant]), Expr::Fact("auth.claims.tenant"));
        joined("&&", own, rule)
    })
}

/// What a reference from a table with tenants to another must keep: it stays with the tenant.
fn links(sources: &[Table], at: usize, table: &Table) -> Vec<(usize, Expr)> {
    let mut found = Vec::new();
    for (place, here) in table.columns.iter().enumerate() {
        let Some(to) = here.reference.filter(|_| table.tenant.is_some()) else { continue };
        let Some(tenant) = sources[to.table].tenant else { continue };
        let none = joined("==", column(&Root::New, at, vec![place]), Expr::Literal("null".into()));
        let there = column(&Root::New, at, vec![place, tenant]);
        let same = joined("==", there, Expr::Fact("auth.claims.tenant"));
        found.push((place, joined("||", none, same)));
    }
    found
}

impl Ready {
    fn new(judge: &Judge, tables: &[Table], rule: &Expr) -> Result<Self, String> {
        let mut known = Vec::new();
        let mut place = 0;
        gather(judge, tables, rule, &mut place, &mut known)?;
        Ok(Self {
            expr: rule.clone(),
            program: judge.read(rule, tables)?,
            known,
            looks_at_new: rule.mentions(&Root::New),
        })
    }

    /// It says `true`.
    #[must_use]
    pub fn holds(&self, asked: &Asked<'_>, row: Option<&dyn Val>, new: Option<&dyn Val>) -> bool {
        let Asked { judge, facts, snapshot } = *asked;
        judge.holds(&self.program, &judge::Scope { facts, snapshot, row, new })
    }

    /// What is known of it before any row is looked at, by whoever looks no further than needed.
    #[must_use]
    pub fn verdict(&self, asked: &Asked<'_>) -> Verdict {
        fold(&self.expr, self, asked, &mut 0)
    }
}

/// What a rule is judged by.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub judge: &'a Judge,
    pub facts: &'a Facts,
    pub snapshot: &'a Snapshot,
}

/// It looks at no row and no table.
fn is_known(expr: &Expr, lists: &[&str]) -> bool {
    let table = matches!(expr, Expr::Every { over: Over::Table(_), .. });
    let mut lists = lists.to_vec();
    match expr {
        Expr::Column(_) => return false,
        Expr::Element(name) => return lists.contains(&name.as_str()),
        Expr::Every { name, .. } | Expr::Made { name, .. } => lists.push(name),
        _ => {}
    }
    !table && expr.parts().into_iter().all(|part| is_known(part, &lists))
}

/// Known parts by their place in the order in which the tree is walked.
fn gather(
    judge: &Judge,
    tables: &[Table],
    expr: &Expr,
    place: &mut usize,
    known: &mut Vec<(usize, Program)>,
) -> Result<(), String> {
    let at = *place;
    *place += 1;
    if is_known(expr, &[]) {
        known.push((at, judge.read(expr, tables)?));
    }
    for part in expr.parts() {
        gather(judge, tables, part, place, known)?;
    }
    Ok(())
}
