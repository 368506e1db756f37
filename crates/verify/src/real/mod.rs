//! The real thing: Mainstay itself in this process, from the declaration to the answer, with a
//! store on a folder of its own and callers that bring signed tokens.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use mainstay_base::{Clock, Facts, Instant};
use mainstay_gate::{Gate, Weakness, keys};
use mainstay_rest::{Config, Rest};
use mainstay_schema::{Mistakes, read_text};
use mainstay_store::Store;
use mainstay_store::sqlite::compile::compile;
use mainstay_telemetry::Telemetry;
use tokio::runtime::Runtime;

use crate::request::http::Sent;
use crate::world::{NOW, World, declaration};

const SECRET: &str = "a secret that is known to everybody who reads this line of text";

/// The moment at which everything happens.
struct Still;

impl Clock for Still {
    fn now(&self) -> Instant {
        NOW
    }
}

/// Mainstay, serving one world.
pub struct Real {
    rest: Arc<Rest>,
    store: Arc<Store>,
    tokens: Vec<String>,
    facts: Facts,
}

/// Why a world is not served.
#[derive(Debug)]
pub enum Unserved {
    /// The declaration is refused, in the words of `check`.
    Refused(String),
    /// Something broke.
    Failed(String),
}

/// What was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answered {
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Where stores lie: in memory, where the system has a place for it.
#[must_use]
pub fn place() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() }
}

impl Real {
    /// Opens a world without its rows in an empty folder.
    ///
    /// # Errors
    /// When the declaration is refused, or the store cannot be opened.
    pub fn open(world: &World, folder: &Path, without: Option<Weakness>) -> Result<Self, Unserved> {
        let clock: Arc<dyn Clock> = Arc::new(Still);
        let failed = |error: mainstay_base::Error| Unserved::Failed(error.to_string());
        let mistaken = |mistakes: Mistakes| Unserved::Refused(mistakes.to_string());
        let mut declared = read_text("world.toml", &declaration(world)).map_err(mistaken)?;
        let refused = compile(&mut declared.catalog, &clock).map_err(failed)?;
        if let Some(refused) = refused.first() {
            return Err(Unserved::Refused(format!("{}: {}", refused.place, refused.why)));
        }
        declared.bind_views().map_err(mistaken)?;
        let catalog = declared.catalog;
        let mut config = mainstay_store::Config::new(Telemetry::silent(Arc::clone(&clock)));
        config.readers = 1;
        let store = Arc::new(Store::open(folder, &catalog, &config).map_err(failed)?);
        let roles = ["staff".to_owned()];
        let gate = Gate::new(SECRET.as_bytes(), &roles, Arc::clone(&clock));
        let gate = Arc::new(match without {
            None => gate,
            Some(weakness) => gate.weakened(weakness),
        });
        let settings =
            Config { aggregates: true, max_rows: world.max_rows as u64, ..Config::default() };
        let rest = Rest::new(Arc::new(catalog), Arc::clone(&store), gate, settings, clock);
        let sign = |caller: &crate::world::Caller| keys::sign(SECRET, &caller.all_claims());
        Ok(Self {
            rest: Arc::new(rest.map_err(failed)?),
            store,
            tokens: world.callers.iter().map(sign).collect::<Result<_, _>>().map_err(failed)?,
            facts: Facts::default(),
        })
    }

    /// Answers a request of a caller.
    ///
    /// # Errors
    /// When the request is no HTTP, which is a mistake of the generator.
    pub fn answer(
        &self,
        runtime: &Runtime,
        sent: &Sent,
        caller: usize,
    ) -> Result<Answered, http::Error> {
        let request = sent.request(&self.tokens[caller])?;
        let path = sent.path();
        Ok(read(runtime.block_on(self.rest.answer(&request, path, &self.facts))))
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        self.store.close();
    }
}

fn read(response: Response<Bytes>) -> Answered {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = response.headers().iter();
    Answered {
        status: response.status().as_u16(),
        headers: headers.map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
        body: text(response.body()),
    }
}
