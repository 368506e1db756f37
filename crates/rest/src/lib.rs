//! Answers for data: a request becomes an intent (`parse`), the gate gives a permit, the intent
//! becomes a plan (`plan`), the store runs it, and its rows become the answer (`render`). Parse,
//! plan and render are pure; the only I/O is the one call into the store.

pub mod config;
pub mod error;
pub mod limits;
pub mod observe;
pub mod parse;
pub mod plan;
mod plans;
pub mod render;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use mainstay_base::{Clock, Code, Error, Facts, Result};
use mainstay_gate::{Action, Credentials, Gate, Identity, Permit};
use mainstay_schema::Catalog;
use mainstay_store::Store;
use mainstay_store::plan::Guard;

pub use config::Config;
pub use plans::Plans;

use parse::prefer::{Returning, Tx};
use parse::{BodyKind, Intent, Item, Pairs, Resource, Verb};
use plan::change::{self, Returning as Rows};
use plan::insert::{self, PlannedWrite, Wanted};
use plan::made::Maker;
use plan::{Index, Target};
use render::{Head, JsonRows};

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
        let target = self.index.target(module, table);
        let permit = self.permit(&identity, &target, Action::Create)?;
        let intent = Intent::create(kind);
        let wanted = Wanted { returning: None, upserting: None, guard: Guard::default() };
        let maker = Maker::new(self.clock.now(), &identity);
        let planned = insert::plan(&self.plans, &target, &permit, &intent, body, &wanted, &maker)?;
        Ok(self.write(&intent, planned).await?.rows)
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
        self.handle(request, &intent, &identity).await
    }

    async fn handle(
        &self,
        request: &Request<Bytes>,
        intent: &Intent<'_>,
        identity: &Arc<Identity>,
    ) -> Result<Response<Bytes>> {
        match intent.resource {
            Resource::Root => {
                let message = "There is no document at the root of the data API";
                return Err(Error::new(Code::RootDisabled, message));
            }
            Resource::Function(name) => return Err(self.no_function(intent, name)),
            Resource::Table(_) => {}
        }
        let visible = |module, table| {
            let catalog = &self.index.catalog;
            self.gate.permit(identity, catalog, module, table, Action::Read).is_ok()
        };
        let target = plan::target(&self.index, intent, visible)?;
        let closed = self.gate.closed(identity, target.table);
        let target = target.seen_by(&closed);
        match intent.verb {
            Verb::Read { head } => self.read(request, intent, &target, identity, head).await,
            Verb::Create => self.create(request, intent, &target, identity).await,
            Verb::Put => self.put(request, intent, &target, identity).await,
            Verb::Update => self.update(request, intent, &target, identity).await,
            Verb::Delete => self.delete(request, intent, &target, identity).await,
            Verb::Options => Ok(render::options()),
        }
    }

    async fn read(
        &self,
        request: &Request<Bytes>,
        intent: &Intent<'_>,
        target: &Target<'_>,
        identity: &Arc<Identity>,
        head: bool,
    ) -> Result<Response<Bytes>> {
        let permit = self.permit(identity, target, Action::Read)?;
        let planned = plan::read::plan(&self.plans, &self.config, target, &permit, intent)?;
        let sink = JsonRows::new(planned.outputs, intent.media, u64::MAX);
        let offset = intent.page.offset;
        let counted_only = planned.plan.rows.is_none().then_some(planned.plan.limit);
        let answer = self.store.read(planned.plan, sink).await?;
        render::read(&Head::new(request, intent, target), answer, offset, head, counted_only)
    }

    async fn create(
        &self,
        request: &Request<Bytes>,
        intent: &Intent<'_>,
        target: &Target<'_>,
        identity: &Arc<Identity>,
    ) -> Result<Response<Bytes>> {
        let permit = self.permit(identity, target, Action::Create)?;
        let upserting = insert::upserting(target, intent)?;
        if let Some(upserting) = &upserting {
            // An upsert tells whether a row was there.
            self.permit(identity, target, Action::Read)?;
            if upserting.merges {
                self.permit(identity, target, Action::Update)?;
            }
        }
        let keys = key_items(target);
        let returning = self.returning(intent, target, identity, &keys)?;
        let wanted = Wanted { returning, upserting, guard: self.guard(intent) };
        let maker = Maker::new(self.clock.now(), identity);
        let body = request.body();
        let planned = insert::plan(&self.plans, target, &permit, intent, body, &wanted, &maker)?;
        let answer = self.write(intent, planned).await?;
        render::created(&Head::new(request, intent, target), answer)
    }

    async fn put(
        &self,
        request: &Request<Bytes>,
        intent: &Intent<'_>,
        target: &Target<'_>,
        identity: &Arc<Identity>,
    ) -> Result<Response<Bytes>> {
        let permit = self.permit(identity, target, Action::Create)?;
        self.permit(identity, target, Action::Update)?;
        self.permit(identity, target, Action::Read)?;
        let returning = self.returning(intent, target, identity, &[])?;
        let maker = Maker::new(self.clock.now(), identity);
        let guard = self.guard(intent);
        let body = request.body();
        let planned =
            plan::put::plan(&self.plans, target, &permit, intent, body, returning, guard, &maker)?;
        let answer = self.write(intent, planned).await?;
        render::put(&Head::new(request, intent, target), answer)
    }

    async fn update(
        &self,
        request: &Request<Bytes>,
        intent: &Intent<'_>,
        target: &Target<'_>,
        identity: &Arc<Identity>,
    ) -> Result<Response<Bytes>> {
        let permit = self.permit(identity, target, Action::Update)?;
        self.permit(identity, target, Action::Read)?;
        let returning = self.returning(intent, target, identity, &[])?;
        let guard = self.guard(intent);
        let asked = change::Asked { intent, returning, guard };
        let body = request.body();
        let maker = Maker::new(self.clock.now(), identity);
        let planned =
            change::update(&self.plans, &self.config, target, &permit, &asked, body, &maker)?;
        let head = Head::new(request, intent, target);
        match planned {
            Some(planned) => render::changed(&head, self.write(intent, planned).await?),
            None => render::unchanged(&head),
        }
    }

    async fn delete(
        &self,
        request: &Request<Bytes>,
        intent: &Intent<'_>,
        target: &Target<'_>,
        identity: &Arc<Identity>,
    ) -> Result<Response<Bytes>> {
        let permit = self.permit(identity, target, Action::Delete)?;
        self.permit(identity, target, Action::Read)?;
        let returning = self.returning(intent, target, identity, &[])?;
        let guard = self.guard(intent);
        let asked = change::Asked { intent, returning, guard };
        let planned = change::delete(&self.plans, &self.config, target, &permit, &asked)?;
        let answer = self.write(intent, planned).await?;
        render::deleted(&Head::new(request, intent, target), answer)
    }

    async fn write(
        &self,
        intent: &Intent<'_>,
        planned: PlannedWrite,
    ) -> Result<mainstay_store::Answer<JsonRows>> {
        let shown = intent.page.limit.unwrap_or(u64::MAX);
        let sink = JsonRows::new(planned.outputs, intent.media, shown);
        self.store.write(planned.plan, sink.skipping(intent.page.offset)).await
    }

    fn permit(
        &self,
        identity: &Arc<Identity>,
        target: &Target<'_>,
        action: Action,
    ) -> Result<Permit> {
        let catalog = &self.index.catalog;
        self.gate.permit(identity, catalog, target.module_at, target.table_at, action)
    }

    /// What a write gives back: rows need the right to read them.
    fn returning<'w, 'a>(
        &self,
        intent: &'w Intent<'a>,
        target: &Target<'_>,
        identity: &Arc<Identity>,
        keys: &'w [Item<'a>],
    ) -> Result<Rows<'w, 'a>> {
        match intent.prefer.returning {
            Some(Returning::Representation) => {
                self.permit(identity, target, Action::Read)?;
                Ok(Some(intent.query.select.as_deref()))
            }
            Some(Returning::HeadersOnly) if !keys.is_empty() => {
                self.permit(identity, target, Action::Read)?;
                Ok(Some(Some(keys)))
            }
            _ => Ok(None),
        }
    }

    fn guard(&self, intent: &Intent<'_>) -> Guard {
        Guard {
            exactly_one: intent.media.form == parse::accept::Form::Object,
            max_affected: intent.prefer.bound(),
            undo: self.config.tx_override && intent.prefer.tx == Some(Tx::Rollback),
        }
    }

    fn no_function(&self, intent: &Intent<'_>, name: &str) -> Error {
        let module = self.index.module(intent.profile).unwrap_or(self.index.catalog.default_module);
        let module = &self.index.catalog.modules[module];
        if module.functions.iter().any(|function| function.name == name) {
            let message = format!(
                "The function '{}.{name}' is declared but not served by this version",
                module.name
            );
            return Error::new(Code::NotImplemented, message);
        }
        let message =
            format!("Could not find the function {}.{name} in the schema cache", module.name);
        Error::new(Code::FunctionUnknown, message)
    }
}

/// The key columns as a select list, for `Location`.
fn key_items(target: &Target<'_>) -> Vec<Item<'static>> {
    let column = |at: &usize| Item::Column {
        alias: None,
        field: parse::Field {
            name: target.table.columns[*at].name.clone().into(),
            path: Vec::new(),
            as_text: false,
        },
        cast: None,
    };
    let key = &target.table.primary_key.columns;
    // A key that the caller may not read is not told in a header either.
    match key.iter().any(|at| target.closed.read.contains(at)) {
        true => Vec::new(),
        false => key.iter().map(column).collect(),
    }
}

fn route(resource: &Resource<'_>) -> &'static str {
    match resource {
        Resource::Root => "/rest/v1/",
        Resource::Table(_) => "/rest/v1/{table}",
        Resource::Function(_) => "/rest/v1/rpc/{function}",
    }
}
