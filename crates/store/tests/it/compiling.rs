//! What SQL that people wrote is compiled to: columns with their origins, what can be written
//! through, what functions give, and what is refused with which sentence.

use std::sync::Arc;

use mainstay_base::Clock;
use mainstay_schema::model::{CompiledFunction, CompiledView, FunctionResult, Module, Piece};
use mainstay_schema::{Catalog, Type};
use mainstay_store::plan::{self, Change};
use mainstay_store::sqlite::compile::compile;
use mainstay_store::{Bound, Slot, Statement, Store};

use crate::harness::{Kept, Still, Texts, catalog, config, read_plan};

const SHOP: &str = r#"
name = "app"
[tables.teams]
columns.id = { type = "bigint", primary_key = true, identity = true }
columns.name = { type = "text", doc = "As people say it." }
[tables.notes]
columns.id = { type = "bigint", primary_key = true, identity = true }
columns.body = "text"
columns.price = { type = "numeric(12,2)", null = true }
columns.kind = { type = "enum", values = ["a", "b"], default = "a" }
columns.team = { references = "teams" }
[tables.pairs]
columns.a = "text"
columns.b = "text"
primary_key = ["a", "b"]
"#;

fn compiled(text: &str) -> (Catalog, Vec<String>) {
    let mut catalog = catalog(&format!("{SHOP}{text}"));
    let clock: Arc<dyn Clock> = Arc::new(Still);
    let refused = compile(&mut catalog, &clock).unwrap();
    let refused = refused.iter().map(|one| format!("{}: {}", one.place, one.why)).collect();
    (catalog, refused)
}

fn module(text: &str) -> Arc<Module> {
    let (catalog, refused) = compiled(text);
    assert_eq!(refused, Vec::<String>::new(), "{text}");
    Arc::clone(&catalog.modules[0])
}

fn view(text: &str) -> (Arc<Module>, CompiledView) {
    let module = module(text);
    let view = module.views[0].compiled.clone().unwrap();
    (module, view)
}

/// `name type [?] [= table.column]` for each column.
fn shown(module: &Module, view: &CompiledView) -> Vec<String> {
    let columns = view.table.columns.iter().zip(&view.origins);
    let shown = columns.map(|(column, origin)| {
        let null = if column.null { "?" } else { "" };
        let origin = origin.map(|at| {
            let table = &module.tables[at.table];
            format!(" = {}.{}", table.name, table.columns[at.column].name)
        });
        format!("{} {}{null}{}", column.name, column.ty, origin.unwrap_or_default())
    });
    shown.collect()
}

#[test]
fn columns_of_a_view_have_the_type_of_their_origin_or_the_declared_one() {
    for (sql, types, expect) in [
        (
            "select id, body as text, price, kind from notes",
            "",
            &[
                "id bigint = notes.id",
                "text text = notes.body",
                "price numeric(12,2)? = notes.price",
                "kind enum = notes.kind",
            ][..],
        ),
        (
            "select n.id, t.name from notes n join teams t on t.id = n.team",
            "",
            &["id bigint = notes.id", "name text = teams.name"],
        ),
        (
            "select n.id, t.name from notes n left join teams t on t.id = n.team",
            "",
            &["id bigint? = notes.id", "name text? = teams.name"],
        ),
        (
            "select t.name, count(*) as n, sum(price) as total from notes join teams t on t.id = team group by t.name",
            "columns.n = \"bigint\"\ncolumns.total = \"numeric(12,2)\"",
            &["name text = teams.name", "n bigint?", "total numeric(12,2)?"],
        ),
        (
            "with x as (select id, body from notes) select id, body from x",
            "",
            &["id bigint? = notes.id", "body text? = notes.body"],
        ),
        (
            "select id, (select name from teams where id = team) as team from notes",
            "",
            &["id bigint? = notes.id", "team text? = teams.name"],
        ),
        (
            "select id from notes union all select name from teams",
            "columns.id = \"text\"",
            &["id text?"],
        ),
        (
            "select id, body from notes",
            "columns.body = \"json\"",
            &["id bigint = notes.id", "body json"],
        ),
    ] {
        let (module, view) = view(&format!("[views.v]\nsql = '''{sql}'''\n{types}\n"));
        assert_eq!(shown(&module, &view), expect, "{sql}");
        assert!(view.table.primary_key.columns.is_empty() && !view.table.adopted);
    }
}

#[test]
fn a_view_carries_its_doc_and_rules_and_the_docs_of_its_columns() {
    let (_, view) = view(
        "[views.v]\ndoc = \"d\"\nsql = \"select name from teams -- all\\n;\"\nallow.read = true\nallow.delete = false\n",
    );
    assert_eq!(view.table.name, "v");
    assert_eq!(view.table.doc.as_deref(), Some("d"));
    assert_eq!(view.table.columns[0].doc.as_deref(), Some("As people say it."));
    assert!(view.table.allow.read.is_some() && view.table.allow.delete.is_some());
    assert!(view.table.allow.create.is_none());
}

#[test]
fn only_a_plain_look_at_one_table_can_be_written_through() {
    for (sql, expect) in [
        ("select * from notes", Some("notes")),
        ("select id, body from notes as n where price > 1 order by id", Some("notes")),
        ("select id, upper(body) as body from \"notes\"", Some("notes")),
        ("select b, a from pairs", Some("pairs")),
        ("select a from pairs", None),
        ("select body from notes", None),
        ("select id, id as again from notes", None),
        ("select distinct id from notes", None),
        ("select id from notes limit 5", None),
        ("select id from notes where id in (select team from notes)", None),
        ("select n.id from notes n, teams t", None),
        ("select n.id from notes n join teams t on true", None),
        ("select max(id) as body, id from notes", None),
        ("select id, \"count\"(*) as body from notes", None),
        ("select id, row_number() over () as body from notes", None),
        ("with n as (select id from notes) select id from n", None),
        ("select id from notes union all select id from notes", None),
        ("select id from (notes)", None),
        ("values (1)", None),
    ] {
        let types = if sql.contains("body from") || sql.contains("as body") { "body" } else { "" };
        let mut text = format!("[views.v]\nsql = '''{sql}'''\n");
        for (name, ty) in [("body", "text"), ("id", "bigint"), ("column1", "bigint")] {
            let wanted = name == types
                || (name == "id" && sql.contains("union"))
                || (name == "column1" && sql.starts_with("values"));
            if wanted {
                text.push_str(&format!("columns.{name} = \"{ty}\"\n"));
            }
        }
        let (module, view) = view(&text);
        let base = view.base.map(|at| module.tables[at].name.as_str());
        assert_eq!(base, expect, "{sql}");
    }
}

#[test]
fn views_read_each_other_in_any_order() {
    let text = r#"
[views.a]
sql = "select id, name from b where id > 1"
[views.b]
sql = "select n.id, t.name, n.body from notes n left join c t on t.id = n.team"
[views.c]
sql = "select * from teams"
"#;
    let module = module(text);
    let of = |at: usize| module.views[at].compiled.clone().unwrap();
    assert_eq!(shown(&module, &of(0)), ["id bigint? = notes.id", "name text? = teams.name"]);
    assert_eq!((of(0).base, of(1).base, of(2).base), (None, None, Some(0)));
    let names: Vec<&str> = module.sources().map(|source| source.name.as_str()).collect();
    assert_eq!(names, ["teams", "notes", "pairs", "a", "b", "c"]);
}

#[test]
fn what_cannot_be_served_is_refused_in_words_that_help() {
    for (text, expect) in [
        (
            "[views.v]\nsql = \"select count(*) as n from notes\"",
            "app.v: column `n` is computed, so its type must be said: `columns.n = \"TYPE\"`",
        ),
        (
            "[views.v]\nsql = \"select id from notes\"\ncolumns.no = \"text\"",
            "app.v: `columns.no` is no column of it; it has id",
        ),
        (
            "[views.v]\nsql = \"select n.id, t.id from notes n, teams t\"",
            "app.v: two columns are called `id`: name one of them with `as`",
        ),
        (
            "[views.v]\nsql = 'select id as \"\" from notes'",
            "app.v: a column has an empty name: name it with `as`",
        ),
        ("[views.v]\nsql = \"select nope from notes\"", "app.v: no such column: nope"),
        ("[views.v]\nsql = \"with x as (select 1) delete from notes\"", "app.v: a view only reads"),
        ("[views.v]\nsql = \"select ? as id\"", "app.v: a view has no parameters"),
        (
            "[views.v]\nsql = \"select id from notes where body = auth_uid()\"",
            "app.v: a view is one statement that does not know who asks; `auth_uid()` and the \
             like are for functions",
        ),
        (
            "[views.v]\nsql = \"select * from w\"\n[views.w]\nsql = \"select * from v\"",
            "app.v: no such table: w",
        ),
        (
            "[views.v]\nsql.postgres = \"select 1\"",
            "app.v: there is no `sql.sqlite` beside `sql.postgres`, and SQLite is what serves it",
        ),
        (
            "[functions.f]\nsql.postgres = \"select 1\"",
            "app.f: there is no `sql.sqlite` beside `sql.postgres`, and SQLite is what serves it",
        ),
        (
            "[functions.f]\nsql = \"select 1 as n\"",
            "app.f: column `n` is computed, so its type must be said: declare `returns`",
        ),
        (
            "[functions.f]\nsql = \"select id, body from notes\"\nreturns = \"bigint\"",
            "app.f: `returns` says one `bigint`, and the last statement gives 2 columns",
        ),
        (
            "[functions.f]\nsql = \"delete from notes\"\nreturns = \"bigint\"",
            "app.f: `returns` says `bigint`, and the last statement gives nothing",
        ),
        (
            "[functions.f]\nsql = \"select id from teams\"\nreturns = \"setof teams\"",
            "app.f: `returns` says rows of `teams` (id, name), and the last statement gives id",
        ),
        (
            "[functions.f]\nsql = \"select 1 as a, 2 as c\"\nreturns = { a = \"integer\", b = \"integer\" }",
            "app.f: `returns` says columns (a, b), and the last statement gives a, c",
        ),
        (
            "[functions.f]\nsql = \"delete from notes\"\nreturns = [{ a = \"integer\" }]",
            "app.f: `returns` says columns (a), and the last statement gives nothing",
        ),
        (
            "[functions.f]\nsql = \"drop table notes\"",
            "app.f: a function reads and writes rows; `drop` is not for it",
        ),
        (
            "[functions.f]\nsql = \"delete from notes where id = ?\"",
            "app.f: a value is written as `:name` of an argument",
        ),
        (
            "[functions.f]\nargs.a = \"bigint\"\nsql = \"delete from notes where id in (:a, ?1)\"",
            "app.f: a value is written as `:name` of an argument",
        ),
        (
            "[functions.f]\nargs.a = \"bigint\"\nsql = \"select :a::text\"\nreturns = \"text\"",
            "app.f: unrecognized token: \":\"",
        ),
        (
            "[tables.t]\ncolumns.a = { type = \"text\", check = \"nope > 1\" }",
            "app.t: no such column: nope",
        ),
    ] {
        let (catalog, refused) = compiled(&format!("{text}\n"));
        assert_eq!(refused.first().map(String::as_str), Some(expect), "{text}");
        let module = &catalog.modules[0];
        assert!(module.views.iter().all(|view| view.compiled.is_none()), "{text}");
        assert!(module.functions.iter().all(|function| function.compiled.is_none()), "{text}");
    }
}

#[test]
fn what_only_its_application_can_compile_does_not_close_an_adopted_table() {
    let text = r#"
[tables.found]
columns.a = { type = "text", primary_key = true, default = { sql = "theirs()" } }
columns.b = { type = "text", null = true, generated = "theirs(a)" }
checks = ["theirs(a) > 1"]
indexes = [{ columns = ["a"], where = "theirs(a)", name = "few" }]
adopted = true
[views.v]
sql = "select a, b from found"
"#;
    let (module, view) = view(text);
    assert_eq!(shown(&module, &view), ["a text = found.a", "b text? = found.b"]);
    let (_, refused) =
        compiled(&text.replace("adopted = true\n", "").replace("{ sql = \"theirs()\" }", "\"x\""));
    assert_eq!(refused[0], "app.found: no such function: theirs");
}

fn function(text: &str) -> CompiledFunction {
    let module = module(&format!("[functions.f]\n{text}\n"));
    module.functions[0].compiled.clone().unwrap()
}

/// `void`, `setof bigint`, `row of notes [origin]: a text, b bigint`.
fn given(result: &FunctionResult) -> String {
    let many = |set: &bool| if *set { "setof " } else { "" };
    match result {
        FunctionResult::Void => "void".to_owned(),
        FunctionResult::Scalar { ty, set } => format!("{}{ty}", many(set)),
        FunctionResult::Rows { table, origin, set } => {
            let columns = table.columns.iter();
            let columns: Vec<String> =
                columns.map(|column| format!("{} {}", column.name, column.ty)).collect();
            let origin = origin.map_or_else(String::new, |at| format!("#{at}"));
            format!("{}{}{origin}({})", many(set), table.name, columns.join(", "))
        }
    }
}

#[test]
fn what_a_function_gives_is_declared_or_found_out() {
    for (text, expect, read_only, query) in [
        ("sql = \"delete from notes\"", "void", false, false),
        ("sql = \"select id from notes\"\nreturns = \"void\"", "void", true, true),
        ("sql = \"select 1\"\nreturns = \"integer\"", "integer", true, true),
        ("sql = \"select id from notes\"\nreturns = \"setof bigint\"", "setof bigint", true, true),
        ("sql = \"values (1), (2)\"\nreturns = \"setof integer\"", "setof integer", true, true),
        (
            "sql = \"select * from teams where id = 1\"\nreturns = \"teams\"",
            "teams#0(id bigint, name text)",
            true,
            true,
        ),
        ("sql = \"select * from teams\"", "setof teams#0(id bigint, name text)", true, true),
        (
            "sql = \"select id, name as title from teams\"",
            "setof f(id bigint, title text)",
            true,
            true,
        ),
        (
            "args.n = \"text\"\nsql = \"update teams set name = :n returning *\"",
            "setof teams#0(id bigint, name text)",
            false,
            false,
        ),
        (
            "args.n = \"text\"\nsql = \"insert into teams (name) values (:n) returning id\"",
            "setof f(id bigint)",
            false,
            false,
        ),
        (
            "sql = \"select count(*) as n, max(name) as last from teams\"\nreturns = { last = \"text\", n = \"bigint\" }",
            "f(n bigint, last text)",
            true,
            true,
        ),
        (
            "sql = \"select 1 as n union select 2\"\nreturns = [{ n = \"bigint\" }]",
            "setof f(n bigint)",
            true,
            true,
        ),
        (
            "sql = \"delete from notes; with t as (select * from teams) select * from t\"",
            "setof teams#0(id bigint, name text)",
            false,
            true,
        ),
    ] {
        let compiled = function(text);
        assert_eq!(given(&compiled.result), expect, "{text}");
        assert_eq!((compiled.read_only, compiled.query), (read_only, query), "{text}");
    }
}

#[test]
fn a_function_may_read_a_view_and_know_who_asks() {
    let text = r#"
[functions.f]
args.a = "bigint"
sql = "select id, auth_uid() as me from v where id > :a and auth_role() <> 'anon'; "
returns = [{ id = "bigint", me = "text" }]
[views.v]
sql = "select id from notes"
"#;
    let module = module(text);
    let compiled = module.functions[0].compiled.clone().unwrap();
    let values = compiled.statements[0].iter().filter(|piece| !matches!(piece, Piece::Text(_)));
    assert_eq!((compiled.statements.len(), values.count()), (1, 3));
    let FunctionResult::Rows { table, .. } = compiled.result else { panic!("rows") };
    assert_eq!(table.columns[1].ty, Type::Text);
}

fn kept(text: &str) -> Kept {
    let (catalog, refused) = compiled(text);
    assert_eq!(refused, Vec::<String>::new());
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(folder.path(), &catalog, &config()).unwrap());
    Kept { store, catalog, folder }
}

impl Kept {
    async fn ask(&self, sql: &str) -> Vec<String> {
        let statement = Arc::new(Statement { sql: sql.to_owned(), slots: Vec::<Slot>::new() });
        let sink = Texts { width: 1, ..Texts::default() };
        let rows = Arc::clone(&sink.rows);
        self.store.read(read_plan(statement, Vec::new()), sink).await.unwrap();
        rows.lock().unwrap().clone()
    }
}

const NAMES: &str = r#"
[views.shouted]
sql = "select name as loud from named"
columns.loud = "text"
[views.named]
sql = "select upper(name) as name from teams"
columns.name = "text"
"#;

#[tokio::test]
async fn every_connection_has_the_views_and_the_file_holds_none() {
    let kept = kept(NAMES);
    let name = mainstay_schema::Value::Text("red".to_owned());
    kept.insert("teams", &[1], vec![name]).await.unwrap();
    assert_eq!(kept.ask("SELECT loud FROM shouted").await, ["RED"]);
    // The writer reads it, too.
    let sql = "DELETE FROM teams WHERE upper(name) IN (SELECT loud FROM shouted)";
    let statement = Arc::new(Statement { sql: sql.to_owned(), slots: Vec::new() });
    let bound = Bound { statement, values: Vec::new().into(), rules: Arc::default() };
    let delete = Change::Delete(plan::Delete { bound, referenced: Vec::new() });
    kept.store.write(kept.plan("teams", delete), ()).await.unwrap();
    assert_eq!(kept.rows("teams").await, Vec::<String>::new());
    kept.store.close();
    let file = rusqlite::Connection::open(kept.file()).unwrap();
    let views = "SELECT count(*) FROM sqlite_schema WHERE type = 'view'";
    assert_eq!(file.query_row(views, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}
