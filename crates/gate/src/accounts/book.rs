//! What the gate keeps of accounts: rows found, put and removed in the module `auth`. `Book` knows
//! its routines; a `Page` is the book open in one transaction.

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_schema::{Module, Value};
use mainstay_store::{Routine, Routines, Store, Transaction};
use rustc_hash::FxHashMap;

use super::record::{Moment, Record};
use super::rows::{Flow, Identity, Proof, Session, User};

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
}

/// Ways to find rows, beside the ones that `Record`s are put by.
const FINDS: &[(&str, &str)] = &[
    ("users", "id"),
    ("users", "email"),
    ("users", "phone"),
    ("identities", "user"),
    ("identities", "provider,provider_id"),
    ("sessions", "id"),
    ("sessions", "user"),
    ("proofs", "link"),
    ("proofs", "user,kind"),
    ("flows", "id"),
    ("flows", "code"),
];

const REMOVES: &[(&str, &str)] = &[
    ("users", "id"),
    ("identities", "id"),
    ("sessions", "id"),
    ("proofs", "id"),
    ("proofs", "user"),
    ("flows", "id"),
];

const PUTS: &[&str] = &[User::TABLE, Identity::TABLE, Session::TABLE, Proof::TABLE, Flow::TABLE];

const CALLS: &[&str] =
    &["users_page", "users_total", "newest_ended", "ended_after", "end_session", "forget_ended"];

impl Book {
    /// `module` is the position of `declared` in the catalog that the store was opened with.
    ///
    /// # Errors
    /// When the declaration lacks what the code asks of it.
    pub fn open(store: Arc<Store>, module: usize, declared: &Arc<Module>) -> Result<Self> {
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
        Ok(Self { store, module, known: Arc::new(known) })
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
        let known = Arc::clone(&self.known);
        let work =
            move |transaction: &mut Transaction<'_>| work(&mut Page { transaction, known: &known });
        self.store.transact(self.module, work).await
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
}

impl Page<'_, '_> {
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
    pub fn remove<R: Record>(&mut self, by: &'static str, value: &str) -> Result<()> {
        let routine = routine(self.known, R::TABLE, removes(by))?;
        self.transaction.run(routine, &[Value::Text(value.to_owned())]).map(drop)
    }

    /// Ends a session: it is gone, and its access tokens are refused until `until`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn end(&mut self, session: &Session, until: Moment) -> Result<()> {
        use super::record::Field;
        let routine = routine(self.known, "end_session", "call")?;
        let values = [session.id.value(), until.value()];
        self.transaction.run(routine, &values).map(drop)
    }
}

fn removes(by: &str) -> &'static str {
    match by {
        "id" => "remove id",
        _ => "remove user",
    }
}

fn routine<'k>(known: &'k Known, table: &'static str, by: &'static str) -> Result<&'k Routine> {
    known.get(&(table, by)).ok_or_else(|| Error::internal(format!("nobody finds {table} by {by}")))
}
