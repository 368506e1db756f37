//! Answers for data: a request becomes an intent (`parse`), the gate gives a permit, the intent
//! becomes a plan (`plan`), the store runs it, and its rows become the answer (`render`). Parse,
//! plan and render are pure; the only I/O is the one call into the store.

pub mod config;
pub mod describe;
mod documents;
pub mod error;
pub mod limits;
pub mod observe;
pub mod parse;
pub mod plan;
mod plans;
pub mod render;
mod work;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use mainstay_base::{Clock, Code, Error, Facts, Result};
use mainstay_gate::{Action, Credentials, Gate, Identity};
use mainstay_schema::Catalog;
use mainstay_store::Store;
use mainstay_store::plan::Guard;

pub use config::Config;
pub use documents::Describer;
pub use plans::Plans;

use parse::{BodyKind, Intent, Pairs, Part, Resource};
use plan::insert::{self, Wanted};
use plan::made::Maker;
use plan::viewer::Viewer;
use plan::{Index, Written};
use render::{Head, JsonRows};
use work::{Ask, Planned, Work};

/// The data API of one application.
pub struct Rest {
    index: Index,
    store: Arc<Store>,
    gate: Arc<Gate>,
    plans: Plans,
    config: Config,
    clock: Arc<dyn Clock>,
}

impl Rest {
    /// # Errors
    /// When a declared bound cannot be compiled.
    pub fn new(
        catalog: Arc<Catalog>,
        store: Arc<Store>,
        gate: Arc<Gate>,
        config: Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let index = Index::new(catalog)?;
        Ok(Self { index, store, gate, plans: Plans::new(), config, clock })
    }

    /// What the data API tells the metrics.
    #[must_use]
    pub fn plans(&self) -> &Plans {
        &self.plans
    }

    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.index.catalog
    }

    #[must_use]
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Inserts the rows of a body with the rights of the service role: for seeds.
    ///
    /// # Errors
    /// As a `POST`.
    pub async fn load(
        &self,
        module: usize,
        table: usize,
        kind: BodyKind,
        body: &[u8],
    ) -> Result<u64> {
        let identity = Arc::new(Identity::service());
        let viewer = Viewer { index: &self.index, gate: &self.gate, identity: &identity };
        let target = viewer.target(module, table);
        let permit = viewer.permit(&target, Action::Create)?;
        let written = Written::new(&viewer, target, &Part::default())?;
        let intent = Intent::create(kind);
        let guard = Guard::default();
        let wanted = Wanted { written: &written, returning: None, upserting: None, guard };
        let maker = Maker::new(self.clock.now(), &identity);
        let (plans, config) = (&self.plans, &self.config);
        let planned = insert::plan(plans, config, &permit, &intent, body, &wanted, &maker)?;
        let sink = JsonRows::new(planned.outputs, intent.media, u64::MAX);
        Ok(self.store.write(planned.plan, sink).await?.rows)
    }

    /// Answers a request below `/rest/v1`; `path` is what follows, decoded.
    pub async fn answer(
        &self,
        request: &Request<Bytes>,
        path: &str,
        facts: &Facts,
    ) -> Response<Bytes> {
        match self.try_answer(request, path, facts).await {
            Ok(response) => response,
            Err(error) => {
                facts.set_failure(error.code(), error.cause().map(ToString::to_string));
                error::response(&error)
            }
        }
    }

    async fn try_answer(
        &self,
        request: &Request<Bytes>,
        path: &str,
        facts: &Facts,
    ) -> Result<Response<Bytes>> {
        let pairs = Pairs::read(request.uri().query().unwrap_or_default())?;
        let credentials = Credentials::read(request.headers(), pairs.get("apikey"))?;
        let identity = self.gate.identify(credentials)?;
        facts.set_role(identity.role());
        if let Some(user) = identity.uid() {
            facts.set_user(user);
        }
        let mut intent = parse::intent(request.method(), path, request.headers(), &pairs)?;
        intent.prefer.tx_applied = self.config.tx_override;
        facts.set_route(route(&intent.resource));
        if intent.resource == Resource::Root && self.config.openapi {
            return self.root(request, &intent, &identity);
        }
        let ask =
            Ask { uri: request.uri(), body: request.body(), intent: &intent, identity: &identity };
        self.handle(&ask).await
    }

    async fn handle(&self, ask: &Ask<'_>) -> Result<Response<Bytes>> {
        if ask.intent.resource == Resource::Root {
            let message = "The document at the root is switched off";
            return Err(Error::new(Code::RootDisabled, message));
        }
        let Planned { target, work, finish } = work::plan(self, ask)?;
        let head = Head { uri: ask.uri, intent: ask.intent, target: &target };
        let answer = match work {
            Work::Read(plan, sink) => Some(self.store.read(plan, sink).await?),
            Work::Write(plan, sink) => Some(self.store.write(plan, sink).await?),
            Work::Nothing => None,
        };
        render::finish(&head, finish, answer)
    }
}

fn route(resource: &Resource<'_>) -> &'static str {
    match resource {
        Resource::Root => "/rest/v1/",
        Resource::Table(_) => "/rest/v1/{table}",
        Resource::Function(_) => "/rest/v1/rpc/{function}",
    }
}
