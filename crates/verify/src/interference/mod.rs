//! Non-interference: two databases that differ only in what a caller may not see answer that caller
//! byte for byte alike. `vary` makes the second of the first, `ask` the requests, which may be
//! wilder than those of the oracle since nobody has to know the right answer.

mod ask;
mod vary;

use std::fmt::Write;

use crate::chance::Chance;
use crate::model::Model;
use crate::oracle::{Bench, grow};
use crate::real::{Answered, Real, Unserved, place};
use crate::request::http::{Sent, write};
use crate::request::{Body, Part, Prefer, Request, Shape, Verb};
use crate::world::{Grammar, Row, World, declaration};

/// Pairs of one declaration; the last bits of a pair's seed say which it is.
pub const PAIRS: usize = 16;
/// Reads of a pair, before its one write.
const READS: usize = 6;

/// What became of a world.
#[derive(Debug)]
pub enum Outcome {
    /// So many pairs, each of which answered alike.
    Alike(usize),
    Refused(String),
    Different(Box<Leak>),
}

/// A request that tells two databases apart.
#[derive(Debug)]
pub struct Leak {
    pub world: World,
    /// The pair, by its place.
    pub at: usize,
    /// The rows of the second database.
    pub varied: Vec<Vec<Row>>,
    pub caller: usize,
    /// What was asked, the telling request last.
    pub sent: Vec<Sent>,
    pub answers: [Answered; 2],
}

/// Asks pairs of one declaration. With `only` all others are passed over.
///
/// # Errors
/// When something breaks that is no difference.
pub fn run(bench: &Bench, seed: u64, only: Option<usize>) -> Result<Outcome, String> {
    let world = grow(seed, Grammar::Whole, Shape { writes: false, batches: false });
    let folders = [tempfile::tempdir_in(place()), tempfile::tempdir_in(place())];
    let mut served = Vec::new();
    for folder in &folders {
        let folder = folder.as_ref().map_err(ToString::to_string)?;
        match Real::open(&world, folder.path(), bench.without) {
            Ok(real) => served.push(real),
            Err(Unserved::Refused(why)) => return Ok(Outcome::Refused(why)),
            Err(Unserved::Failed(why)) => return Err(why),
        }
    }
    let (asked, model) = (vary::Asked::of(&world), Model::new(&world, &bench.judge)?);
    let mut pairs = 0;
    let mut pair =
        |at: usize| -> Result<Option<Leak>, String> {
            let mut chance = Chance::new(!seed ^ (at as u64 + 1));
            let caller = chance.below(world.callers.len() - 1);
            let Some(varied) = vary::vary(&mut chance, &world, &asked, &model, caller) else {
                return Ok(None);
            };
            pairs += 1;
            for (real, rows) in served.iter().zip([&world.rows, &varied]) {
                load(bench, real, &world, rows)?;
            }
            let requests = ask::requests(&mut chance, &world, caller, READS);
            Ok(told(bench, [&served[0], &served[1]], caller, &requests)?.map(|(sent, answers)| {
                Leak { world: world.clone(), at, varied, caller, sent, answers }
            }))
        };
    for at in (0..PAIRS).filter(|at| only.is_none_or(|only| only == *at)) {
        if let Some(leak) = pair(at)? {
            return Ok(Outcome::Different(Box::new(leak)));
        }
    }
    Ok(Outcome::Alike(pairs))
}

/// What was asked, and the two answers to the last request.
type Told = (Vec<Sent>, [Answered; 2]);

/// The requests up to the first that is not answered alike.
fn told(
    bench: &Bench,
    served: [&Real; 2],
    caller: usize,
    requests: &[Sent],
) -> Result<Option<Told>, String> {
    for (at, sent) in requests.iter().enumerate() {
        let answer = |real: &Real| {
            let answered = real.answer(&bench.runtime, sent, caller);
            answered.map_err(|error| format!("{sent:?}: {error}"))
        };
        let answers = [answer(served[0])?, answer(served[1])?];
        if answers[0] != answers[1] {
            return Ok(Some((requests[..=at].to_vec(), answers)));
        }
    }
    Ok(None)
}

/// Takes all rows away and puts these in.
fn load(bench: &Bench, real: &Real, world: &World, rows: &[Vec<Row>]) -> Result<(), String> {
    let service = world.callers.len() - 1;
    let ask = |sent: &Sent| {
        let answered = real.answer(&bench.runtime, sent, service);
        let answered = answered.map_err(|error| error.to_string())?;
        match answered.status {
            201 | 204 => Ok(()),
            _ => Err(format!("the rows are not taken: {sent:?}: {answered:?}")),
        }
    };
    for table in world.tables.iter().rev() {
        let key = &table.columns[table.key[0]].name;
        let target = format!("/{}?{key}=not.is.null", table.name);
        ask(&Sent { method: "DELETE", target, headers: Vec::new(), body: String::new() })?;
    }
    for (table, rows) in rows.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
        let columns = (0..world.tables[table].columns.len()).collect();
        let absent = Vec::new();
        let body = Body { columns, rows: rows.clone(), many: true, listed: false, absent };
        let request = Request {
            caller: service,
            table,
            verb: Verb::Post { body, on_conflict: None },
            part: Part::default(),
            prefer: Prefer::default(),
            single: false,
            headers: Vec::new(),
        };
        ask(&write(&request, &world.tables, &[]))?;
    }
    Ok(())
}

impl Leak {
    /// As a person reads it.
    #[must_use]
    pub fn shown(&self) -> String {
        let Self { world, varied, caller, sent, answers, .. } = self;
        let mut text = declaration(world);
        let claims = serde_json::Value::Object(world.callers[*caller].all_claims());
        let _ = writeln!(text, "\nmax_rows = {}", world.max_rows);
        for (table, (first, second)) in world.tables.iter().zip(world.rows.iter().zip(varied)) {
            let shown = |row: &Row| {
                let cells: Vec<String> = row.iter().map(crate::world::Cell::wire).collect();
                format!("{}: {}", table.name, cells.join(" "))
            };
            for row in first {
                let mark = if second.contains(row) { ' ' } else { '-' };
                let _ = writeln!(text, "{mark} {}", shown(row));
            }
            for row in second.iter().filter(|row| !first.contains(row)) {
                let _ = writeln!(text, "+ {}", shown(row));
            }
        }
        let _ = writeln!(text, "\nas {claims}");
        for one in sent {
            let _ = writeln!(text, "{} {} {:?} {}", one.method, one.target, one.headers, one.body);
        }
        for answered in answers {
            let Answered { status, headers, body } = answered;
            let _ = writeln!(text, "\nAnswered {status} {headers:?}\n{body}");
        }
        text
    }
}
