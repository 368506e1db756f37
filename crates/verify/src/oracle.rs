//! The oracle: each world is served by Mainstay and by the slow evaluator, and both must answer
//! every request alike.

use mainstay_gate::Weakness;
use serde_json::value::RawValue;
use tokio::runtime::Runtime;

use crate::chance::Chance;
use crate::model::expect::leaked;
use crate::model::{Expected, Model};
use crate::real::{Answered, Real, Unserved, place};
use crate::request::http::{Sent, write};
use crate::request::{self, Body, Part, Prefer, Request, Shape, Verb};
use crate::rule::Judge;
use crate::world::{self, Grammar, World};

/// Requests to each world; a case is one of them, and the last six bits of its seed say which.
pub const REQUESTS: usize = 64;

/// The seed of the nth world of a run.
#[must_use]
pub fn world_seed(seed: u64, at: u64) -> u64 {
    Chance::new(seed ^ Chance::new(at).draw()).draw()
}

/// What runs worlds: one for each thread.
pub struct Bench {
    pub runtime: Runtime,
    pub judge: Judge,
    /// The guard that is taken out of Mainstay, for the proof that this is found.
    pub without: Option<Weakness>,
}

/// What became of a world.
#[derive(Debug)]
pub enum Outcome {
    /// Both answered alike, so many times.
    Alike(usize),
    Refused(String),
    Different(Box<Difference>),
}

/// Two answers that differ, or one that tells what it may not.
#[derive(Debug)]
pub struct Difference {
    /// Its requests end with the one that shows the difference.
    pub world: World,
    /// The place of that request.
    pub at: usize,
    pub caller: usize,
    pub sent: Sent,
    /// Any of these; none for a document, of which only what it hides is known.
    pub expected: Vec<Expected>,
    pub answered: Answered,
    pub what: String,
}

impl Bench {
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(without: Option<Weakness>) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        Ok(Self { runtime, judge: Judge::new(), without })
    }
}

/// A world with its requests.
#[must_use]
pub fn grow(seed: u64, grammar: Grammar, shape: Shape) -> World {
    let mut world = world::grow(seed, grammar);
    let mut chance = Chance::new(!seed);
    world.requests =
        (0..REQUESTS).map(|_| request::grow(&mut chance.fork(), &world, shape)).collect();
    world
}

/// Serves a world twice and compares.
///
/// # Errors
/// When something breaks that is no difference.
pub fn run(bench: &Bench, world: &World) -> Result<Outcome, String> {
    let folder = tempfile::tempdir_in(place()).map_err(|error| error.to_string())?;
    let real = match Real::open(world, folder.path(), bench.without) {
        Ok(real) => real,
        Err(Unserved::Refused(why)) => return Ok(Outcome::Refused(why)),
        Err(Unserved::Failed(why)) => return Err(why),
    };
    let sources = world.sources();
    let mut model = Model::new(world, &bench.judge)?;
    load(bench, &real, world)?;
    for (at, request) in world.requests.iter().enumerate() {
        let sent = write(request, &sources, &world.functions);
        let hidden = model.hidden(request);
        let endings = model.answers(request);
        let answered = real.answer(&bench.runtime, &sent, request.caller);
        let answered = answered.map_err(|error| format!("{sent:?}: {error}"))?;
        let expected: Vec<Expected> =
            endings.iter().map(|ending| ending.expected.clone()).collect();
        let right = endings.into_iter().find(|one| one.expected.difference(&answered).is_none());
        let what = match right {
            None => Some(wrong(&expected, &answered)),
            Some(ending) => {
                let leak = leaked(&hidden, &answered);
                model.accept(ending);
                match leak {
                    Some(what) => Some(what),
                    None if matches!(request.verb, Verb::Get | Verb::Head | Verb::Call { .. }) => {
                        None
                    }
                    None => stored(bench, &real, &model, world)?,
                }
            }
        };
        if let Some(what) = what {
            let mut world = world.clone();
            world.requests.truncate(at + 1);
            let caller = request.caller;
            let different = Difference { world, at, caller, sent, expected, answered, what };
            return Ok(Outcome::Different(Box::new(different)));
        }
    }
    let told = documents(bench, &real, &model, world)?;
    Ok(told.map_or(Outcome::Alike(world.requests.len()), Outcome::Different))
}

/// The document of the data API tells each caller no more than it may know, at whatever time.
fn documents(
    bench: &Bench,
    real: &Real,
    model: &Model<'_>,
    world: &World,
) -> Result<Option<Box<Difference>>, String> {
    for caller in 0..world.callers.len() {
        let sent = get("/".to_owned());
        let answered = real.answer(&bench.runtime, &sent, caller);
        let answered = answered.map_err(|error| error.to_string())?;
        let refused = (answered.status != 200).then(|| "the document: is refused".to_owned());
        let told = leaked(&model.unnamed(caller), &answered);
        let Some(what) = refused.or(told.map(|told| format!("the document: {told}"))) else {
            continue;
        };
        let (world, at) = (World { requests: Vec::new(), ..world.clone() }, REQUESTS - 1);
        let expected = Vec::new();
        let different = Difference { world, at, caller, sent, expected, answered, what };
        return Ok(Some(Box::new(different)));
    }
    Ok(None)
}

fn get(target: String) -> Sent {
    Sent { method: "GET", target, headers: Vec::new(), body: String::new() }
}

fn wrong(expected: &[Expected], answered: &Answered) -> String {
    let all: Vec<String> = expected.iter().filter_map(|one| one.difference(answered)).collect();
    all.join("; or ")
}

/// What is wrong with the rows of all tables, read by whoever sees everything.
fn stored(
    bench: &Bench,
    real: &Real,
    model: &Model<'_>,
    world: &World,
) -> Result<Option<String>, String> {
    let service = world.callers.len() - 1;
    for (at, table) in world.tables.iter().enumerate() {
        let mut found: Vec<Box<RawValue>> = Vec::new();
        loop {
            let sent = get(format!("/{}?offset={}", table.name, found.len()));
            let answered = real.answer(&bench.runtime, &sent, service);
            let answered = answered.map_err(|error| error.to_string())?;
            let page: Vec<Box<RawValue>> = serde_json::from_str(&answered.body)
                .map_err(|error| format!("{sent:?}: {error}: {answered:?}"))?;
            let full = page.len() == world.max_rows;
            found.extend(page);
            if !full {
                break;
            }
        }
        let found: Vec<&str> = found.iter().map(|row| row.get()).collect();
        let expected = model.stored(at);
        if found != expected {
            let name = &table.name;
            return Ok(Some(format!("{name} should hold {expected:#?}, holds {found:#?}")));
        }
    }
    Ok(None)
}

/// Puts the rows in, as the service role.
fn load(bench: &Bench, real: &Real, world: &World) -> Result<(), String> {
    let service = world.callers.len() - 1;
    for (table, rows) in world.rows.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
        let columns = (0..world.tables[table].columns.len()).collect();
        let body =
            Body { columns, rows: rows.clone(), many: true, listed: false, absent: Vec::new() };
        let request = Request {
            caller: service,
            table,
            verb: Verb::Post { body, on_conflict: None },
            part: Part::default(),
            prefer: Prefer::default(),
            single: false,
            headers: Vec::new(),
        };
        let sent = write(&request, &world.tables, &[]);
        let answered = real.answer(&bench.runtime, &sent, service);
        let answered = answered.map_err(|error| error.to_string())?;
        if answered.status != 201 {
            return Err(format!("rows are refused: {sent:?}: {answered:?}"));
        }
    }
    Ok(())
}
