//! The rules of a world, ready to be judged, and what can be said of one for a caller before any
//! row is looked at.

use cel::common::value::Val;

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
    known: Vec<(usize, Program)>,
    pub looks_at_new: bool,
}

/// What is known of a rule for a caller, whatever the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    True,
    False,
    Error,
    /// False or an error.
    Never,
    Unknown,
    /// A list without elements.
    Nothing,
}

impl Verdict {
    /// It is certainly found out that it will not be true.
    #[must_use]
    pub fn denies(self) -> bool {
        matches!(self, Self::False | Self::Error)
    }

    /// It will not be true, and whether that is found out before any row is looked at is open.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Never | Self::Unknown)
    }
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
        let mut place = 0;
        fold(&self.expr, self, asked, &mut place)
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
        Expr::Every { name, .. } => lists.push(name),
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

fn fold(expr: &Expr, ready: &Ready, asked: &Asked<'_>, place: &mut usize) -> Verdict {
    let at = *place;
    *place += 1;
    let parts: Vec<Verdict> =
        expr.parts().into_iter().map(|part| fold(part, ready, asked, place)).collect();
    if let Some((_, program)) = ready.known.iter().find(|(known, _)| *known == at) {
        return asked.judge.verdict(program, asked.facts, asked.snapshot);
    }
    use Verdict::{Error, False, Never, Nothing, True, Unknown};
    match (expr, parts.as_slice()) {
        (Expr::Binary("&&", ..), [left, right]) => match (left, right) {
            (False, _) | (_, False) => False,
            (True, other) | (other, True) => *other,
            (Error, Error) => Error,
            (Unknown, Unknown) => Unknown,
            _ => Never,
        },
        (Expr::Binary("||", ..), [left, right]) => match (left, right) {
            (True, _) | (_, True) => True,
            (False, other) | (other, False) => *other,
            (Error, Error) => Error,
            (Unknown, _) | (_, Unknown) => Unknown,
            _ => Never,
        },
        (Expr::Binary("==" | "!=", ..), [True | False, True | False]) => {
            let same = parts[0] == parts[1];
            let equal = matches!(expr, Expr::Binary("==", ..));
            if same == equal { True } else { False }
        }
        (Expr::Not(_), [one]) => match one {
            True => False,
            False => True,
            Error => Error,
            Never | Unknown | Nothing => Unknown,
        },
        (Expr::Choice(..), [test, yes, no]) => match test {
            True => *yes,
            False => *no,
            Error => Error,
            Never | Unknown | Nothing => {
                match [yes, no].into_iter().all(|one| matches!(one, False | Error | Never)) {
                    true => Never,
                    false => Unknown,
                }
            }
        },
        (Expr::Every { all: false, over: Over::Table(_), .. }, [condition]) => match condition {
            False => False,
            Error | Never => Never,
            True | Unknown | Nothing => Unknown,
        },
        (Expr::Every { over: Over::List(_), .. }, [Error, _]) => Error,
        (Expr::Every { over: Over::List(_), all, .. }, [Nothing, _]) => {
            if *all {
                True
            } else {
                False
            }
        }
        (Expr::Every { all: true, over: Over::Table(_), .. }, [True]) => True,
        (Expr::Every { all: false, .. }, [.., False | Error | Never]) => Never,
        (Expr::Binary("in", ..), [left, Nothing]) if *left != Error => Never,
        (Expr::Every { .. }, _) => Unknown,
        (_, parts) if parts.contains(&Error) => Error,
        _ => Unknown,
    }
}
