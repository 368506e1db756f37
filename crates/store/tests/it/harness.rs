//! A store on a temporary folder, and plans made by hand from the query tree.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use mainstay_base::{Clock, Result};
use mainstay_schema::value::Stored;
use mainstay_schema::{Catalog, Module, Table, Value, read_text};
use mainstay_store::plan::{Change, Guard, InsertRun, Lane, ReadPlan, Update, Upsert};
use mainstay_store::query::{self, Conflict, Expr, Filter, Given, Insert, Operand, Select, Source};
use mainstay_store::{Bound, Config, RowView, Sink, Store, WritePlan, sql};
use mainstay_telemetry::Telemetry;
use tempfile::TempDir;

/// A clock that stands still.
pub struct Still;

impl Clock for Still {
    fn now(&self) -> i64 {
        1_700_000_000_000_000
    }
}

pub struct Kept {
    pub store: Arc<Store>,
    pub catalog: Catalog,
    pub folder: TempDir,
}

pub const NOTES: &str = r#"
name = "app"
[tables.teams]
columns.id = { type = "bigint", primary_key = true, identity = true }
columns.name = { type = "text", unique = true }
[tables.notes]
columns.id = { type = "bigint", primary_key = true, identity = true }
columns.text = "text"
columns.team = { references = "teams", null = true }
columns.size = { type = "integer", default = 1, check = "size > 0" }
"#;

pub fn config() -> Config {
    Config::new(Telemetry::silent(Arc::new(Still)))
}

pub fn catalog(text: &str) -> Catalog {
    read_text("app.toml", text).unwrap_or_else(|mistakes| panic!("{mistakes}")).catalog
}

pub fn open(text: &str) -> Kept {
    open_with(text, &config())
}

pub fn open_with(text: &str, config: &Config) -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let catalog = catalog(text);
    let store = Arc::new(Store::open(folder.path(), &catalog, config).unwrap());
    Kept { store, catalog, folder }
}

/// Rows as text, one cell after the other.
#[derive(Clone, Default)]
pub struct Texts {
    pub width: usize,
    pub rows: Arc<Mutex<Vec<String>>>,
}

impl Sink for Texts {
    fn row(&mut self, row: &dyn RowView) -> Result<()> {
        let cells: Result<Vec<String>> = (0..self.width)
            .map(|at| {
                Ok(match row.get(at)? {
                    Stored::Null => "null".to_owned(),
                    Stored::Int(number) => number.to_string(),
                    Stored::Real(number) => number.to_string(),
                    Stored::Text(text) => text.to_owned(),
                    Stored::Blob(bytes) => format!("{bytes:?}"),
                })
            })
            .collect();
        self.rows.lock().unwrap().push(cells?.join("|"));
        Ok(())
    }

    fn restart(&mut self) {
        self.rows.lock().unwrap().clear();
    }
}

impl Kept {
    pub fn module(&self) -> Arc<Module> {
        Arc::clone(&self.catalog.modules[0])
    }

    pub fn table(&self, name: &str) -> Arc<Table> {
        Arc::clone(self.module().table(name).unwrap())
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("app.db")
    }

    pub fn insert_plan(&self, table: &str, columns: &[usize], rows: Vec<Vec<Value>>) -> WritePlan {
        self.plan(table, Change::Insert(vec![self.run(table, columns, rows, None)]))
    }

    pub fn run(
        &self,
        table: &str,
        columns: &[usize],
        rows: Vec<Vec<Value>>,
        conflict: Option<Conflict>,
    ) -> InsertRun {
        let table = self.table(table);
        let upsert = conflict.as_ref().map(|conflict| Upsert {
            probe: Arc::new(sql::sqlite_write::probe(&table, &conflict.target)),
            target: conflict
                .target
                .iter()
                .map(|at| columns.iter().position(|column| column == at).unwrap())
                .collect(),
            merges: conflict.update.is_some(),
        });
        let insert =
            Insert { table, columns: columns.to_vec(), conflict, returning: vec![Expr::Column(0)] };
        let statement = Arc::new(sql::sqlite_write::insert(&insert));
        InsertRun {
            statement,
            columns: columns.into(),
            rows,
            upsert,
            checks: Vec::new(),
            meetings: Vec::new(),
            echo: None,
        }
    }

    pub fn plan(&self, table: &str, change: Change) -> WritePlan {
        WritePlan {
            addressed: self.table(table),
            refusal: mainstay_base::Code::Forbidden,
            module: 0,
            declared: self.module(),
            table: self.table(table),
            change,
            guard: Guard::default(),
            atomic: false,
            closed: Vec::new(),
            unseen: Vec::new(),
            reread: None,
        }
    }

    /// Sets one column of the rows that a filter keeps.
    pub fn update_plan(&self, table: &str, set: (usize, Value), filter: Filter) -> WritePlan {
        let fixed = vec![(set.0, Operand::Given(Given(0)))];
        let query =
            query::Update { table: self.table(table), set: fixed, filter, returning: Vec::new() };
        let statement = Arc::new(sql::sqlite_write::update(&query));
        let bound = Bound { statement, values: vec![set.1.clone()].into(), rules: Arc::default() };
        let update = Update { bound, set: vec![set], referenced: Vec::new(), checks: Vec::new() };
        self.plan(table, Change::Update(update))
    }

    pub async fn insert(&self, table: &str, columns: &[usize], row: Vec<Value>) -> Result<u64> {
        let plan = self.insert_plan(table, columns, vec![row]);
        self.store.write(plan, ()).await.map(|answer| answer.rows)
    }

    /// All rows of a table, by its first column.
    pub async fn rows(&self, table: &str) -> Vec<String> {
        let table = self.table(table);
        let outputs: Vec<Expr> = (0..table.columns.len()).map(Expr::Column).collect();
        let order =
            vec![query::Order { expr: Expr::Column(0), descending: false, nulls_first: false }];
        let width = outputs.len();
        let select = Select { order, ..Select::all(Source::stored(&table), outputs) };
        let statement = Arc::new(sql::sqlite::select(&select));
        let sink = Texts { width, ..Texts::default() };
        let rows = Arc::clone(&sink.rows);
        self.store.read(read_plan(statement, Vec::new()), sink).await.unwrap();
        rows.lock().unwrap().clone()
    }
}

pub fn read_plan(statement: Arc<mainstay_store::Statement>, values: Vec<Value>) -> ReadPlan {
    ReadPlan {
        brief: None,
        before: Vec::new(),
        module: 0,
        lane: Lane::Open,
        rows: Some(Bound { statement, values: values.into(), rules: Arc::default() }),
        count: None,
        limit: u64::MAX,
        offset: 0,
    }
}

pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
