//! What the gate keeps of accounts: rows found, put and removed in the module `auth`. `Book` knows
//! its routines; a `Page` is the book open in one transaction.

use std::sync::{Arc, OnceLock};

use mainstay_base::{Code, Error, Result};
use mainstay_schema::{Module, Value};
use mainstay_store::{Routine, Routines, Store, Transaction};
use mainstay_telemetry::Log;
use rustc_hash::FxHashMap;

use super::journal::Note;
use super::record::{Field, Moment, Record};
use super::rows::{
    Challenge, Event, Factor, Flow, Guesses, Identity, MachineKey, Posted, Proof, RecoveryCode,
    Seal, Session, SigningKey, User,
};
use crate::Gate;
use crate::observe;
use crate::sealer::Sealer;

/// The module's declaration.
const DECLARATION: &str = include_str!("auth.toml");

/// Its name, which no application's module may have: so the declaration cannot say it either.
const NAME: &str = "auth";

/// The module `auth`, checked; the engine has still to compile it.
///
/// # Errors
/// Never, unless what is built in is wrong: a test says that it is not.
pub fn declared() -> Result<Module> {
    let read = mainstay_schema::read_text("auth.toml", DECLARATION);
    let declared = read.map_err(|mistakes| Error::internal(mistakes.to_string()))?;
    let module = declared.catalog.modules.into_iter().next();
    let module = module.map(Arc::unwrap_or_clone).ok_or_else(|| Error::internal("no module"))?;
    Ok(Module { name: NAME.into(), ..module })
}

/// Routines by table and columns, or by the name of a function.
type Known = FxHashMap<(&'static str, &'static str), Routine>;

/// The accounts of an application.
pub struct Book {
    store: Arc<Store>,
    module: usize,
    known: Arc<Known>,
    sealer: Arc<Sealer>,
    log: Log,
    /// Whom ended sessions are told, once there is a gate.
    gate: OnceLock<Arc<Gate>>,
}

/// Ways to find rows.
const FINDS: &[(&str, &str)] = &[
    ("users", "id"),
    ("users", "email"),
    ("users", "phone"),
    ("identities", "id"),
    ("identities", "user"),
    ("identities", "provider,provider_id"),
    ("sessions", "id"),
    ("sessions", "user"),
    ("proofs", "link"),
    ("proofs", "user,kind"),
    ("proofs", "address,kind"),
    ("flows", "id"),
    ("flows", "code"),
    ("factors", "id"),
    ("factors", "user"),
    ("factors", "credential"),
    ("challenges", "id"),
    ("recovery_codes", "user"),
    ("letters", "id"),
    ("guesses", "what"),
    ("api_keys", "id"),
    ("api_keys", "name"),
    ("api_keys", "digest"),
    ("signing_keys", "kid"),
    ("seals", "name"),
];

const REMOVES: &[(&str, &str)] = &[
    ("users", "id"),
    ("identities", "id"),
    ("identities", "user"),
    ("sessions", "id"),
    ("proofs", "id"),
    ("proofs", "user"),
    ("flows", "id"),
    ("flows", "user"),
    ("factors", "id"),
    ("factors", "user"),
    ("challenges", "id"),
    ("recovery_codes", "id"),
    ("recovery_codes", "user"),
    ("letters", "id"),
    ("guesses", "what"),
    ("api_keys", "id"),
    ("signing_keys", "kid"),
];

const PUTS: &[&str] = &[
    User::TABLE,
    Identity::TABLE,
    Session::TABLE,
    Proof::TABLE,
    Flow::TABLE,
    Factor::TABLE,
    Challenge::TABLE,
    RecoveryCode::TABLE,
    Posted::TABLE,
    Guesses::TABLE,
    Event::TABLE,
    MachineKey::TABLE,
    SigningKey::TABLE,
    Seal::TABLE,
];

const CALLS: &[&str] = &[
    "users_page",
    "users_total",
    "ended_after",
    "end_session",
    "due_letters",
    "last_event",
    "events_after",
    "events_before",
    "all_keys",
    "all_signing_keys",
    "forget_old",
];

impl Book {
    /// `module` is the position of `declared` in the catalog that the store was opened with.
    ///
    /// # Errors
    /// When the declaration lacks what the code asks of it.
    pub fn open(
        store: Arc<Store>,
        (module, declared): (usize, &Arc<Module>),
        sealer: Arc<Sealer>,
        log: Log,
    ) -> Result<Self> {
        let make = Routines { module, declared };
        let mut known = Known::default();
        for (table, by) in FINDS {
            let columns: Vec<&str> = by.split(',').collect();
            known.insert((table, by), make.find(table, &columns)?);
        }
        for table in PUTS {
            known.insert((table, "put"), make.put(table)?);
        }
        for name in CALLS {
            known.insert((name, "call"), make.call(name)?);
        }
        for (table, by) in REMOVES {
            let columns: Vec<&str> = by.split(',').collect();
            known.insert((table, removes(by)), make.remove(table, &columns)?);
        }
        Ok(Self { store, module, known: Arc::new(known), sealer, log, gate: OnceLock::new() })
    }

    #[must_use]
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// From now on this gate hears of sessions that end here, as soon as that is on disk.
    pub fn tell(&self, gate: &Arc<Gate>) {
        let _ = self.gate.set(Arc::clone(gate));
    }

    /// Does something with the accounts, all of it or nothing; it may be run more than once before
    /// it is answered.
    ///
    /// # Errors
    /// As the work; `503` when the store takes no writes.
    pub async fn write<T, W>(&self, mut work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnMut(&mut Page<'_, '_>) -> Result<T> + Send + 'static,
    {
        let (known, sealer) = (Arc::clone(&self.known), Arc::clone(&self.sealer));
        let work = move |transaction: &mut Transaction<'_>| {
            let (notes, ended) = (Vec::new(), Vec::new());
            let mut page = Page { transaction, known: &known, sealer: &sealer, notes, ended };
            let done = work(&mut page)?;
            Ok((done, page.notes, page.ended))
        };
        let (done, notes, ended) = self.store.transact(self.module, work).await?;
        if let Some(gate) = self.gate.get() {
            for (session, until) in ended {
                gate.end_sessions(&[session], until.seconds());
            }
        }
        notes.iter().for_each(|note| observe::tell(&self.log, note));
        Ok(done)
    }

    /// Rows with these values, in a snapshot of now.
    ///
    /// # Errors
    /// `503` when the store cannot be asked.
    pub async fn find<R: Record>(&self, by: &'static str, values: &[Value]) -> Result<Vec<R>> {
        let routine = routine(&self.known, R::TABLE, by)?;
        self.store.ask(routine, values).await?.into_iter().map(R::read).collect()
    }

    /// The first of them.
    ///
    /// # Errors
    /// As `find`.
    pub async fn one<R: Record>(&self, by: &'static str, value: &str) -> Result<Option<R>> {
        let found = self.find(by, &[Value::Text(value.to_owned())]).await?;
        Ok(found.into_iter().next())
    }

    /// The rows of a table that a function gives.
    ///
    /// # Errors
    /// As `find`.
    pub async fn list<R: Record>(&self, name: &'static str, values: &[Value]) -> Result<Vec<R>> {
        self.call(name, values).await?.into_iter().map(R::read).collect()
    }

    /// What a function gives.
    ///
    /// # Errors
    /// As `find`.
    pub async fn call(&self, name: &'static str, values: &[Value]) -> Result<Vec<Vec<Value>>> {
        self.store.ask(routine(&self.known, name, "call")?, values).await
    }
}

/// The book in one transaction.
pub struct Page<'p, 't> {
    transaction: &'p mut Transaction<'t>,
    known: &'p Known,
    sealer: &'p Sealer,
    /// What the log is to tell once it is on disk.
    notes: Vec<Note>,
    /// Sessions that end, and until when their tokens could live.
    ended: Vec<(String, Moment)>,
}

impl Page<'_, '_> {
    #[must_use]
    pub fn sealer(&self) -> &Sealer {
        self.sealer
    }

    pub(super) fn remember(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Rows with these values, as this transaction sees them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn find<R: Record>(&mut self, by: &'static str, values: &[Value]) -> Result<Vec<R>> {
        let routine = routine(self.known, R::TABLE, by)?;
        self.transaction.run(routine, values)?.into_iter().map(R::read).collect()
    }

    /// The first of them.
    ///
    /// # Errors
    /// When the store fails.
    pub fn one<R: Record>(&mut self, by: &'static str, value: &str) -> Result<Option<R>> {
        Ok(self.find(by, &[Value::Text(value.to_owned())])?.into_iter().next())
    }

    /// Adds a row, or replaces the one of its key.
    ///
    /// # Errors
    /// `23505` when another row has a value that must be unique; when the store fails.
    pub fn put<R: Record>(&mut self, record: &R) -> Result<()> {
        let routine = routine(self.known, R::TABLE, "put")?;
        self.transaction.run(routine, &record.values()).map(drop)
    }

    /// As `put`, and says whether the row could be there beside the others.
    ///
    /// # Errors
    /// When the store fails.
    pub fn offer<R: Record>(&mut self, record: &R) -> Result<bool> {
        match self.put(record) {
            Ok(()) => Ok(true),
            Err(error) if error.code() == Code::UniqueViolated => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes the rows with this value.
    ///
    /// # Errors
    /// When the store fails.
    pub fn remove<R: Record>(&mut self, by: &str, value: &str) -> Result<()> {
        let routine = routine(self.known, R::TABLE, removes(by))?;
        self.transaction.run(routine, &[Value::Text(value.to_owned())]).map(drop)
    }

    /// What a function gives, as this transaction sees it.
    ///
    /// # Errors
    /// When the store fails.
    pub fn call(&mut self, name: &'static str, values: &[Value]) -> Result<Vec<Vec<Value>>> {
        self.transaction.run(routine(self.known, name, "call")?, values)
    }

    /// Ends a session: it is gone, and its access tokens are refused until `until`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn end(&mut self, session: &Session, until: Moment) -> Result<()> {
        self.call("end_session", &[session.id.value(), until.value()])?;
        self.ended.push((session.id.clone(), until));
        Ok(())
    }
}

fn removes(by: &str) -> &'static str {
    match by {
        "id" => "remove id",
        "what" => "remove what",
        "kid" => "remove kid",
        _ => "remove user",
    }
}

fn routine<'k>(known: &'k Known, table: &'static str, by: &'static str) -> Result<&'k Routine> {
    known.get(&(table, by)).ok_or_else(|| Error::internal(format!("nobody finds {table} by {by}")))
}
