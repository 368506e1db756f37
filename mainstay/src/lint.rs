//! What is allowed, and perhaps not meant: tables that anybody may read with columns named like
//! secrets or addresses, views that show what their readers may not read. Warnings of `check`; an
//! `[[expect]]` that says the same makes one go away.

mod words;

use mainstay_gate::Action;
use mainstay_gate::identity::{ANON, SERVICE};
use mainstay_schema::mistake::Source;
use mainstay_schema::model::{Deed, View};
use mainstay_schema::{Module, Rule, Table};

use crate::openness::{Openness, Rules, rule};

/// One thing to think about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// A stable name of this kind of warning.
    pub code: &'static str,
    /// The file and its line, where one can be told.
    pub spot: Option<(String, usize)>,
    pub message: String,
    pub hint: String,
}

/// Everything that is worth a thought; `sources` are the files of the declaration.
#[must_use]
pub fn warnings(rules: &Rules<'_>, sources: &[Source]) -> Vec<Warning> {
    let mut found = Vec::new();
    for (at, module) in rules.catalog.modules.iter().enumerate() {
        for (source, table) in module.sources().enumerate() {
            found.extend(told_to_anybody(rules, sources, (at, source), module, table));
        }
        for (view, source) in
            module.views.iter().filter(|view| view.compiled.is_some()).zip(module.tables.len()..)
        {
            found.extend(shown_past_rules(rules, sources, (at, source), module, view));
        }
    }
    found
}

/// Columns that look private and that the anonymous role may read.
fn told_to_anybody(
    rules: &Rules<'_>,
    sources: &[Source],
    place: (usize, usize),
    module: &Module,
    table: &Table,
) -> Vec<Warning> {
    if rules.source(ANON, place, Action::Read) == Openness::Closed {
        return Vec::new();
    }
    let told = table.columns.iter().enumerate().filter_map(|(at, column)| {
        let what = words::private(&column.name)?;
        let open = rules.column(ANON, place, at, Action::Read) != Openness::Closed;
        let name = &column.name;
        (open && !is_meant(module, &table.name, Some(name), ANON)).then(|| Warning {
            code: "open-private-column",
            spot: spot(rule(&table.allow, Action::Read), sources),
            message: format!(
                "anybody may read `{name}` of `{}.{}`, which is named like {what}",
                module.name, table.name
            ),
            hint: format!(
                "close the column: `read = \"auth.role != 'anon'\"`; or say that it is meant: \
                 `[[expect]]` with as = \"anon\", can = \"read\", table = \"{}\", \
                 columns = [\"{name}\"]",
                table.name
            ),
        })
    });
    told.collect()
}

/// A view that a role may read, although it may not read a table that the view shows.
fn shown_past_rules(
    rules: &Rules<'_>,
    sources: &[Source],
    (at, source): (usize, usize),
    module: &Module,
    view: &View,
) -> Vec<Warning> {
    let mut found = Vec::new();
    let reads = view.compiled.as_ref().map(|compiled| compiled.reads.as_slice());
    for role in rules.roles.iter().filter(|role| *role != SERVICE) {
        if rules.source(role, (at, source), Action::Read) == Openness::Closed
            || is_meant(module, &view.name, None, role)
        {
            continue;
        }
        let closed =
            |table: &&usize| rules.source(role, (at, **table), Action::Read) == Openness::Closed;
        let Some(table) = reads.unwrap_or_default().iter().find(closed) else { continue };
        let (view, table) = (&view.name, &module.tables[*table].name);
        let allow = &module.views[source - module.tables.len()].allow;
        found.push(Warning {
            code: "view-past-rules",
            spot: spot(allow.read.as_ref(), sources),
            message: format!(
                "`{role}` may read the view `{}.{view}`, but not the table `{table}` that it shows",
                module.name
            ),
            hint: format!(
                "a view sees every row of its tables; if that is meant, say so: `[[expect]]` with \
                 as = \"{role}\", can = \"read\", table = \"{view}\""
            ),
        });
    }
    found
}

/// An expectation says that the role may read it.
fn is_meant(module: &Module, source: &str, column: Option<&String>, role: &str) -> bool {
    module.expectations.iter().any(|expectation| {
        expectation.allowed
            && expectation.deed == Deed::Read
            && expectation.source == source
            && expectation.caller.role == role
            && column.is_none_or(|column| expectation.columns.contains(column))
    })
}

/// Where a rule stands.
#[must_use]
pub fn spot(rule: Option<&Rule>, sources: &[Source]) -> Option<(String, usize)> {
    let place = rule?.place?;
    let source = sources.get(place.file)?;
    let (line, _) = source.position(place.range.map_or(0, |(start, _)| start));
    Some((source.path.clone(), line))
}

/// A rule as it was written, however many lines it has.
#[must_use]
pub fn on_one_line(rule: &Rule) -> String {
    rule.source.split_whitespace().collect::<Vec<_>>().join(" ")
}
