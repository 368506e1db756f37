//! Answers for data: a request becomes an intent (`parse`), the gate gives a permit, the intent
//! becomes a plan (`plan`), the store runs it, and its rows become the answer (`render`). Parse,
//! plan and render are pure; the only I/O is the one call into the store.

mod batch;
pub mod config;
pub mod describe;
mod documents;
pub mod error;
pub mod limits;
mod methods;
pub mod observe;
mod once;
pub mod parse;
pub mod plan;
mod plans;
pub mod render;
mod route;
mod tag;
mod work;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use mainstay_base::{Clock, Code, Error, Facts, Result};
use mainstay_gate::{Action, Caller, Credentials, Gate, Identity};
use mainstay_schema::Catalog;
use mainstay_store::plan::Guard;
use mainstay_store::{Store, Transaction};

pub use config::Config;
pub use documents::Describer;
pub use plans::Plans;
pub use route::Route;

use once::{Once, UnderWay};
use parse::prefer::Tx;
use parse::{BodyKind, Intent, Pairs, Part, Resource, Verb};
use plan::insert::{self, Wanted};
use plan::made::Maker;
use plan::through::Permits;
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
    under_way: UnderWay,
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
        let under_way = UnderWay::default();
        Ok(Self { index, store, gate, plans: Plans::new(), config, clock, under_way })
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
        let caller = Caller::of(&identity, self.clock.now());
        let viewer = Viewer { index: &self.index, gate: &self.gate, caller };
        let target = viewer.target(module, table);
        let act = viewer.permit(&target, Action::Create)?;
        let permits = Permits { act, read: None, update: None };
        let written = Written::new(&viewer, target, permits, &Part::default())?;
        let intent = Intent::create(kind);
        let guard = Guard::default();
        let (returning, upserting, blind) = (None, None, false);
        let written = &written;
        let wanted = Wanted { viewer: &viewer, written, returning, upserting, guard, blind };
        let maker = Maker::new(caller.now, &identity);
        let (plans, config) = (&self.plans, &self.config);
        let planned = insert::plan(plans, config, &intent, body, &wanted, &maker)?;
        let sink = JsonRows::new(planned.outputs, intent.media, u64::MAX);
        Ok(self.store.write(planned.plan, sink).await?.rows)
    }

    /// Answers a request below `/rest/v1`; `path` is what follows, decoded.
    pub async fn answer(
        self: &Arc<Self>,
        request: &Request<Bytes>,
        path: &str,
        facts: &Facts,
    ) -> Response<Bytes> {
        match self.try_answer(request, path, facts).await {
            Ok(response) => response,
            Err(error) => {
                facts.set_failure(error.code(), error.cause().map(ToString::to_string));
                let mut response = error::response(&error);
                self.say_methods(request, path, &error, &mut response);
                response
            }
        }
    }

    async fn try_answer(
        self: &Arc<Self>,
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
        let intent = self.intent(request, path, &pairs)?;
        let batch = self.batch_module(&intent)?;
        let route = if batch.is_some() { Route::Batch } else { Route::of(&intent.resource) };
        facts.set_route(route.template());
        if intent.resource == Resource::Root && self.config.openapi {
            return self.root(request, &intent, &identity);
        }
        let once = Once::read(request, &identity, &self.under_way, self.clock.as_ref())?;
        if batch.is_some() || once.is_some() {
            let whole = Whole { request, path, identity: &identity, batch, once };
            // Boxed, so that the requests that come alone carry nothing of it.
            return Box::pin(self.together(whole, &intent)).await;
        }
        let ask = Ask::new(request, path, &intent, &identity);
        self.alone(&ask).await
    }

    /// Reads the parts of a request that are not its body.
    fn intent<'a>(
        &self,
        request: &'a Request<Bytes>,
        path: &'a str,
        pairs: &'a Pairs<'a>,
    ) -> Result<Intent<'a>> {
        let mut intent = parse::intent(request.method(), path, request.headers(), pairs)?;
        intent.prefer.tx_applied = self.config.tx_override;
        Ok(intent)
    }

    /// One request by itself: plan, run, render.
    async fn alone(&self, ask: &Ask<'_>) -> Result<Response<Bytes>> {
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
        let response = render::finish(&head, finish, answer)?;
        Ok(tag::conditional(ask, response))
    }

    /// Several operations, or one that is done once: everything happens in one transaction, on the
    /// thread that writes the module.
    async fn together(
        self: &Arc<Self>,
        whole: Whole<'_>,
        intent: &Intent<'_>,
    ) -> Result<Response<Bytes>> {
        let Whole { request, path, identity, batch, once } = whole;
        let module = match batch {
            Some(module) => module,
            // What cannot be planned is refused before anything is recorded.
            None => work::plan(self, &Ask::new(request, path, intent, identity))?.target.module_at,
        };
        let operations = match batch {
            Some(_) => Some(batch::read(request.body())?),
            None => None,
        };
        let undoes = self.config.tx_override && intent.prefer.tx == Some(Tx::Rollback);
        let (rest, request) = (Arc::clone(self), request.clone());
        let (path, identity) = (path.to_owned(), Arc::clone(identity));
        let run = move |transaction: &mut Transaction<'_>| {
            let pairs = Pairs::read(request.uri().query().unwrap_or_default())?;
            let intent = rest.intent(&request, &path, &pairs)?;
            let ask = Ask::new(&request, &path, &intent, &identity);
            let work = |transaction: &mut Transaction<'_>| match &operations {
                Some(operations) => batch::run(&rest, &ask, operations, transaction),
                None => work::run(&rest, &ask, transaction),
            };
            if undoes {
                transaction.undo();
            }
            match &once {
                Some(once) => once.answer(transaction, work),
                None => work(transaction),
            }
        };
        self.store.transact(module, run).await
    }

    /// The module of a batch, if the request is one. A table of that name comes first.
    fn batch_module(&self, intent: &Intent<'_>) -> Result<Option<usize>> {
        if intent.resource != Resource::Table("batch") || intent.verb != Verb::Create {
            return Ok(None);
        }
        let module = plan::module(&self.index, intent)?;
        let taken = self.index.modules[module].sources.contains_key("batch");
        Ok((!taken).then_some(module))
    }
}

/// A request whose parts happen together.
struct Whole<'a> {
    request: &'a Request<Bytes>,
    path: &'a str,
    identity: &'a Arc<Identity>,
    /// The module of a batch.
    batch: Option<usize>,
    once: Option<Once>,
}
