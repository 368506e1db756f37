//! The tree of a request: the addressed source and, below it, one level for each embed. Relations
//! are looked up and permits are asked for here, for each request anew; the plan that follows may
//! come from the cache.

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_gate::{Action, Weakness};
use mainstay_schema::rule::Residual;
use mainstay_schema::value::write_string;
use mainstay_store::query::{Link, Ruled};

use super::Target;
use super::index::nearest;
use super::relations::Relation;
use super::rulings::{self, Rulings};
use super::viewer::Viewer;
use crate::parse::Part;
use crate::parse::select::Embed;

/// A source and the embeds in its select list, in order.
pub struct Level<'a> {
    pub target: Target<'a>,
    pub embeds: Vec<Embedded<'a>>,
    /// Which of its rows the caller may read.
    pub rule: Option<Ruled>,
}

pub struct Embedded<'a> {
    pub relation: &'a Relation,
    pub level: Level<'a>,
    /// Which rows of the table between the two the caller may read.
    junction: Option<Ruled>,
}

impl Embedded<'_> {
    /// How a row finds those of the embed.
    #[must_use]
    pub fn link(&self) -> Link {
        let mut link = self.relation.link.clone();
        if let Some(junction) = &mut link.junction {
            *junction.filter = rulings::filter(self.junction.as_ref());
        }
        link
    }

    /// The rules on the way to its rows.
    pub fn rules(&self) -> [Option<&Ruled>; 2] {
        [self.junction.as_ref(), self.level.rule.as_ref()]
    }
}

impl<'a> Level<'a> {
    /// A level without embeds.
    #[must_use]
    pub fn alone(target: Target<'a>) -> Self {
        Self { target, embeds: Vec::new(), rule: None }
    }

    /// Finds what each embed means and asks for the right to read it. `rows` are those of the
    /// level itself that the caller may read.
    ///
    /// # Errors
    /// `PGRST200`, `PGRST201`, `42501`.
    pub fn new(
        viewer: &Viewer<'a>,
        target: Target<'a>,
        rows: Option<&Arc<Residual>>,
        part: &Part<'_>,
        rulings: &mut Rulings,
    ) -> Result<Self> {
        let rule = rulings.add(rows);
        let mut embeds = Vec::new();
        for embed in part.embeds() {
            let relation = relation(viewer, &target, embed)?;
            let module = target.module_at;
            let there = viewer.target(module, relation.to);
            let open = viewer.gate.lacks(Weakness::Embed);
            let permit = viewer.permit(&there, Action::Read)?;
            let junction = match relation.junction {
                Some(between) => {
                    let permit = viewer.permit(&viewer.target(module, between), Action::Read)?;
                    rulings.add(permit.rows().filter(|_| !open))
                }
                None => None,
            };
            let rows = permit.rows().filter(|_| !open);
            let level = Self::new(viewer, there, rows, &embed.part, rulings)?;
            embeds.push(Embedded { relation, level, junction });
        }
        Ok(Self { target, embeds, rule })
    }

    /// The embed of `part` that a filter or an order names. One that has an alias is meant by it
    /// alone: the name of its relation may be a column of this level.
    #[must_use]
    pub fn embed<'p, 'q>(
        &self,
        part: &'p Part<'q>,
        name: &str,
    ) -> Option<(usize, &'p Embed<'q>, &Embedded<'a>)> {
        let at = part.embeds().position(|embed| embed.name() == name)?;
        Some((at, part.embeds().nth(at)?, self.embeds.get(at)?))
    }

    /// The embed of a relation that has an alias, where the alias is not used.
    #[must_use]
    pub fn embed_of<'p, 'q>(
        &self,
        part: &'p Part<'q>,
        relation: &str,
    ) -> Option<(usize, &'p Embed<'q>, &Embedded<'a>)> {
        let at = part.embeds().position(|embed| embed.relation == relation)?;
        Some((at, part.embeds().nth(at)?, self.embeds.get(at)?))
    }

    /// No rule looks through other tables: what it costs is known.
    #[must_use]
    pub fn is_brief(&self) -> bool {
        let brief = |rule: Option<&Ruled>| rule.is_none_or(|rule| !rule.residual.asks_tables);
        let embed =
            |embed: &Embedded<'_>| embed.rules().into_iter().all(brief) && embed.level.is_brief();
        brief(self.rule.as_ref()) && self.embeds.iter().all(embed)
    }

    /// Only rows that are found by a key, each beside at most one row of every embed.
    #[must_use]
    pub fn is_to_one(&self) -> bool {
        let one = |embed: &Embedded<'_>| {
            embed.relation.cardinality.is_to_one() && embed.level.is_to_one()
        };
        self.embeds.iter().all(one)
    }
}

/// The one relation that an embed means.
fn relation<'a>(
    viewer: &Viewer<'a>,
    target: &Target<'a>,
    embed: &Embed<'_>,
) -> Result<&'a Relation> {
    let Target { module, relations, .. } = target;
    let readable = |relation: &&Relation| {
        relation.junction.is_none_or(|between| viewer.sees(target.module_at, between))
    };
    let hint = embed.hint.as_deref();
    let visible = |relation: &&Relation| {
        let (near, far) = relation.columns();
        let there = viewer.target(target.module_at, relation.to);
        !near.iter().any(|at| target.closed.read.contains(at))
            && !far.iter().any(|at| there.closed.read.contains(at))
            && !junction_closed(viewer, target.module_at, relation)
    };
    let found: Vec<&Relation> = relations
        .iter()
        .filter(|relation| relation.is_meant(module, &embed.relation, hint))
        .filter(visible)
        .filter(readable)
        .collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(unrelated(viewer, target, embed)),
        several => Err(ambiguous(viewer, target, embed, several)),
    }
}

/// A column of the junction that tells who is linked is closed to the caller.
fn junction_closed(viewer: &Viewer<'_>, module: usize, relation: &Relation) -> bool {
    let (Some(at), Some(between)) = (relation.junction, &relation.link.junction) else {
        return false;
    };
    let closed = viewer.target(module, at).closed;
    let near = relation.link.pairs.iter().map(|(_, at)| at);
    near.chain(between.pairs.iter().map(|(at, _)| at)).any(|at| closed.read.contains(at))
}

/// `PGRST200`
fn unrelated(viewer: &Viewer<'_>, target: &Target<'_>, embed: &Embed<'_>) -> Error {
    let (here, there) = (&target.table.name, &embed.relation);
    let module = &target.module.name;
    let message =
        format!("Could not find a relationship between '{here}' and '{there}' in the schema cache");
    let using =
        embed.hint.as_ref().map_or(String::new(), |hint| format!(" using the hint '{hint}'"));
    let details = format!(
        "Searched for a foreign key relationship between '{here}' and '{there}'{using} in the \
         schema '{module}', but no matches were found."
    );
    let known = target
        .relations
        .iter()
        .filter(|relation| viewer.sees(target.module_at, relation.to))
        .filter_map(|relation| target.module.source(relation.to))
        .map(|table| table.name.as_str());
    let hint = nearest(there, known)
        .filter(|near| near != there)
        .map(|near| format!("Perhaps you meant '{near}' instead of '{there}'."));
    Error::new(Code::RelationUnknown, message).details(details).hint_if(hint)
}

/// `PGRST201`: the details are JSON.
fn ambiguous(
    viewer: &Viewer<'_>,
    target: &Target<'_>,
    embed: &Embed<'_>,
    several: &[&Relation],
) -> Error {
    let (here, there) = (&target.table.name, &embed.relation);
    let message = format!(
        "Could not embed because more than one relationship was found for '{here}' and '{there}'"
    );
    let told: Vec<&&Relation> =
        several.iter().filter(|relation| viewer.sees(target.module_at, relation.to)).collect();
    let mut json = Vec::from(*b"[");
    for (at, relation) in told.iter().enumerate() {
        json.extend_from_slice(if at > 0 { b",{" } else { b"{" });
        let to = target.module.source(relation.to).map_or("", |table| &table.name);
        for (name, value) in [
            ("cardinality", relation.cardinality.name().to_owned()),
            ("embedding", format!("{here} with {to}")),
            ("relationship", relation.description(target.module)),
        ] {
            if name != "cardinality" {
                json.push(b',');
            }
            write_string(name, &mut json);
            json.push(b':');
            write_string(&value, &mut json);
        }
        json.push(b'}');
    }
    json.push(b']');
    let spellings: Vec<String> =
        told.iter().map(|relation| format!("'{}'", relation.spelling(target.module))).collect();
    let hint = format!(
        "Try changing '{there}' to one of the following: {}. Find the desired relationship in the \
         'details' key.",
        spellings.join(", ")
    );
    Error::new(Code::RelationAmbiguous, message)
        .details(String::from_utf8_lossy(&json).into_owned())
        .hint(hint)
}
