//! What good declarations become: the model they are read into, whole values compared, and that
//! what is written back reads as the same.

use std::path::Path;
use std::time::Duration;

use mainstay_schema::model::{
    Action, Argument, Check, Deed, Default, ForeignKey, Generated, Identity, Index, IndexColumn,
    Returns, Spot, Sql, Unique, ViewTenant,
};
use mainstay_schema::{
    Module, Rule, Scale, Table, Type, Value, read, read_text, read_texts, write,
};

fn module(text: &str) -> Module {
    let declared = read_text("app.toml", text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    (*declared.catalog.modules[0]).clone()
}

fn table(text: &str) -> Table {
    (*module(text).tables[0]).clone()
}

fn survives_writing(module: &Module) {
    let text = write::module(module);
    let again = read_texts(
        "x",
        &[("mainstay.toml", "name = \"x\"\n"), (&format!("modules/{}.toml", module.name), &text)],
    );
    let again = again.unwrap_or_else(|mistakes| panic!("{mistakes}\n{text}"));
    let again = (*again.catalog.modules[0]).clone();
    assert_eq!(without_spots(again), without_spots(module.clone()), "{text}");
}

/// Where an expectation stands is not part of what it says.
fn without_spots(mut module: Module) -> Module {
    module.expectations.iter_mut().for_each(|expectation| expectation.spot = Spot::default());
    module
}

const CATALOG: &str = r#"
doc = "What the shop sells."

[tables.categories]
columns.name = { type = "text", max = 80, unique = true }
allow.read   = "true"

[tables.products]
doc     = "One row for each thing on sale."
cache   = "60s"
indexes = [["category", "price"]]

[tables.products.columns]
sku      = { type = "text", unique = true, pattern = "^[A-Z0-9-]{3,32}$" }
name     = { type = "text", min = 1, max = 200 }
price    = { type = "numeric(12,2)", min = 0 }
stock    = { type = "integer", default = 0, min = 0 }
category = { references = "categories", on_delete = "restrict" }
cost     = { type = "numeric(12,2)", null = true, read = "auth.role == 'staff'" }

[tables.products.allow]
read   = "true"
create = "auth.role == 'staff'"
update = "auth.role == 'staff'"
delete = "auth.role == 'admin'"

[functions.restock]
args  = { sku = "text", amount = "integer" }
sql   = "update products set stock = stock + :amount where sku = :sku returning *"
allow = "auth.role == 'staff'"

[views.low_stock]
sql   = "select id, sku, stock from products where stock < 5"
allow.read = "auth.role == 'staff'"
"#;

#[test]
fn the_example_of_the_design_becomes_the_model_that_it_describes() {
    let declared = read_texts(
        "shop",
        &[
            (
                "mainstay.toml",
                "name = \"shop\"\ndefault_module = \"orders\"\n[server]\nlisten = \"x\"\n",
            ),
            ("mainstay.production.toml", "[auth]\nsignup = false\n"),
            ("modules/orders.toml", "[tables.orders]\ncolumns.note = \"text\"\n"),
            ("modules/catalog.toml", CATALOG),
        ],
    )
    .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let catalog = &declared.catalog;
    assert_eq!((catalog.name.as_str(), catalog.default_module), ("shop", 1));
    assert_eq!(declared.settings.len(), 2);
    assert_eq!(declared.settings[1].environment.as_deref(), Some("production"));
    let module = &catalog.modules[0];
    let (categories, products) = (&module.tables[0], &module.tables[1]);
    assert!(products.has_made_key());
    let names: Vec<&str> = products.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["id", "sku", "name", "price", "stock", "category", "cost"]);
    assert_eq!(products.columns[3].ty, Type::Numeric(Some(Scale { precision: 12, scale: 2 })));
    assert_eq!(products.columns[3].min.as_deref(), Some("0.00"));
    assert_eq!(products.columns[4].default, Some(Default::Value(Value::Int(0))));
    assert_eq!(products.columns[5].ty, Type::Uuid);
    assert_eq!(products.columns[6].allow.read, Rule::parse("auth.role == 'staff'").ok());
    assert_eq!(products.cache, Some(Duration::from_secs(60)));
    assert_eq!(products.uniques, [Unique { name: "products_sku_key".into(), columns: vec![1] }]);
    let expected = ForeignKey {
        name: "products_category_fkey".into(),
        columns: vec![5],
        table: 0,
        references: vec![0],
        on_delete: Action::Restrict,
        on_update: Action::NoAction,
    };
    assert_eq!(products.foreign_keys, [expected]);
    let part = |column| IndexColumn { column, descending: false };
    let expected = Index {
        name: "products_category_price_idx".into(),
        columns: vec![part(5), part(3)],
        unique: false,
        filter: None,
    };
    assert_eq!(products.indexes, [expected]);
    assert!(categories.allow.read.as_ref().is_some_and(Rule::is_always));
    assert_eq!(categories.allow.create, None);
    let argument = |name: &str, ty| Argument { name: name.into(), ty, default: None };
    let expected = [argument("sku", Type::Text), argument("amount", Type::Integer)];
    assert_eq!(module.functions[0].args, expected);
    assert!(module.views[0].allow.read.is_some());
    assert_eq!(catalog.module(None).map(|module| module.name.as_str()), Some("orders"));
    survives_writing(module);
}

#[test]
fn reserved_words_and_odd_names_are_names_like_others() {
    let text = r#"
[tables.select]
columns.order = "text"
columns.group = { type = "integer", index = true }
columns."from" = { references = "select", null = true }
[tables."Größe & \"Maß\""]
columns."Ключ" = { type = "text", primary_key = true }
columns."a(b), c" = { type = "text", unique = true }
columns."price desc" = "integer"
columns.true = "boolean"
indexes = [["price desc"], ["Ключ desc"]]
[tables."order items"]
columns.size = { references = "Größe & \"Maß\"", on_delete = "cascade" }
columns.other = { references = { table = "Größe & \"Maß\"", columns = ["a(b), c"] } }
"#;
    let module = module(text);
    let names: Vec<&str> = module.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["select", "Größe & \"Maß\"", "order items"]);
    let odd = &module.tables[1];
    assert_eq!(odd.indexes[0].columns, [IndexColumn { column: 2, descending: false }]);
    assert_eq!(odd.indexes[1].columns, [IndexColumn { column: 0, descending: true }]);
    assert_eq!(module.tables[2].columns[1].ty, Type::Text);
    survives_writing(&module);
}

#[test]
fn every_type_is_read_with_its_default_and_written_back() {
    let text = r#"
[tables.t.columns]
a = { type = "text", default = { value = "now" } }
b = { type = "smallint", default = -5, min = -10, max = 10 }
c = { type = "integer", default = 0x1F }
d = { type = "bigint", default = 9223372036854775807 }
e = { type = "numeric(12,2)", default = 9.5, max = 10 }
f = { type = "numeric", default = "123456789012345678901234567890.5" }
g = { type = "real", default = 1.5 }
h = { type = "double", default = "infinity", min = 1e-7 }
i = { type = "boolean", default = true }
j = { type = "uuid", default = "00000000-0000-7000-8000-000000000001" }
k = { type = "timestamptz", default = 2024-01-31T10:20:30+02:00 }
l = { type = "timestamp", default = "now" }
m = { type = "date", default = 2024-01-31 }
n = { type = "time", default = 10:20:30 }
o = { type = "json", default = { a = [1, "x", true], b = { c = 1.5 } } }
p = { type = "bytes", default = '\x00ff', max = 2 }
q = { type = "enum", values = ["draft", "now"], default = "now" }
r = { type = "text[]", default = ["a", "b,c", "d\"e\\"], max = 3 }
s = { type = "integer[]", default = "{1,NULL,3}" }
t = { type = "enum[]", values = ["x", "y"], default = ["y"] }
u = { type = "uuid", default = "uuid" }
v = { type = "text", default = "auth.uid" }
w = { type = "json", default = "[]" }
x = { type = "numeric(20,4)", default = 1 }
"#;
    let module = module(text);
    let defaults: Vec<Default> = module.tables[0].columns[1..]
        .iter()
        .map(|column| column.default.clone().unwrap())
        .collect();
    let text = |text: &str| Default::Value(Value::Text(text.into()));
    let expected = [
        text("now"),
        Default::Value(Value::Int(-5)),
        Default::Value(Value::Int(31)),
        Default::Value(Value::Int(i64::MAX)),
        Default::Value(Value::Real(9.5)),
        text("123456789012345678901234567890.5"),
        Default::Value(Value::Real(1.5)),
        Default::Value(Value::Real(f64::INFINITY)),
        Default::Value(Value::Int(1)),
        text("00000000-0000-7000-8000-000000000001"),
        text("2024-01-31T08:20:30+00:00"),
        Default::Now,
        text("2024-01-31"),
        text("10:20:30"),
        text(r#"{"a":[1,"x",true],"b":{"c":1.5}}"#),
        Default::Value(Value::Blob(vec![0, 255])),
        text("now"),
        text(r#"["a","b,c","d\"e\\"]"#),
        text("[1,null,3]"),
        text(r#"["y"]"#),
        Default::Uuid,
        Default::AuthUid,
        text("[]"),
        text("1.0000"),
    ];
    for (at, (got, expected)) in defaults.iter().zip(&expected).enumerate() {
        assert_eq!(got, expected, "column {}", module.tables[0].columns[at + 1].name);
    }
    survives_writing(&module);
}

#[test]
fn keys_of_all_kinds_are_read_and_written_back() {
    let text = r#"
[tables.counted]
columns.no = { type = "bigint", primary_key = true, identity = "always" }
[tables.pairs]
columns.a = "integer"
columns.b = { references = "counted", on_update = "cascade", name = "pairs_to_counted" }
primary_key = ["b", "a"]
[tables.named]
columns.a = { type = "text", unique = true }
columns.b = "text"
primary_key = { columns = ["a"], name = "the_key" }
unique = [["b", "a"], { columns = ["b"], name = "only_b" }]
[tables.points]
columns.x = "integer"
columns.y = "bigint"
columns.z = { references = "named(a)", on_delete = "set null", null = true }
foreign_keys = [{ columns = ["y", "x"], references = "pairs", on_delete = "cascade" }]
[tables.chain]
columns.id = { references = "counted", primary_key = true }
[tables.chained]
columns.to = { references = "chain" }
[tables.found]
columns.a = { type = "text", null = true, default = { sql = "lower('A')" }, collation = "nocase" }
columns.b = "integer"
primary_key = []
adopted = true
"#;
    let module = module(text);
    let by = |name: &str| module.table(name).unwrap_or_else(|| panic!("{name}"));
    assert_eq!(by("counted").columns[0].identity, Some(Identity::Always));
    assert_eq!(by("pairs").primary_key.columns, [1, 0]);
    assert_eq!(by("pairs").foreign_keys[0].name, "pairs_to_counted");
    assert_eq!(by("named").primary_key.name, "the_key");
    let names: Vec<&str> = by("named").uniques.iter().map(|unique| unique.name.as_str()).collect();
    assert_eq!(names, ["named_a_key", "named_b_a_key", "only_b"]);
    assert_eq!(by("points").foreign_keys[1].name, "points_y_x_fkey");
    assert_eq!(by("points").foreign_keys[1].references, [1, 0]);
    assert_eq!(by("chained").columns[1].ty, Type::BigInt);
    assert!(by("found").primary_key.columns.is_empty() && by("found").columns.len() == 2);
    assert_eq!(by("found").columns[0].collation.as_deref(), Some("NOCASE"));
    survives_writing(&module);
}

#[test]
fn constraints_get_the_names_that_postgres_gives_them() {
    let text = r#"
[tables.a]
columns.b_c = { type = "text", unique = true, check = "b_c > ''" }
columns.price = { type = "integer", check = { sql = "price > 0", name = "positive" } }
checks = ["price < 10", "price < 20", { sql = "price <> 7", name = "no_seven" }]
indexes = [["price"], { columns = ["price desc"], where = "price > 1" }, { columns = ["b_c"], unique = true, name = "x" }]
[tables.a_b]
columns.c = { type = "text", unique = true }
columns.total = { type = "integer", generated = { sql = "length(c)", stored = true } }
"#;
    let module = module(text);
    let first = &module.tables[0];
    assert_eq!(first.primary_key.name, "a_pkey");
    let checks: Vec<&str> = first.checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(checks, ["a_b_c_check", "positive", "a_check", "a_check1", "no_seven"]);
    let indexes: Vec<&str> = first.indexes.iter().map(|index| index.name.as_str()).collect();
    assert_eq!(indexes, ["a_price_idx", "a_price_idx1", "x"]);
    assert_eq!(first.indexes[1].filter.as_deref(), Some("price > 1"));
    assert_eq!(first.uniques[0].name, "a_b_c_key");
    assert_eq!(module.tables[1].uniques[0].name, "a_b_c_key1");
    assert_eq!(first.checks[1], Check { name: "positive".into(), sql: "price > 0".into() });
    let generated = Generated { sql: "length(c)".into(), stored: true };
    assert_eq!(module.tables[1].columns[2].generated, Some(generated));
    survives_writing(&module);
}

#[test]
fn functions_and_views_keep_both_dialects_and_optional_arguments() {
    let text = r#"
[functions.f]
doc = "Several\nlines."
args.b = { type = "integer", default = 5 }
args.a = { type = "text", null = true }
args.c = { type = "enum", values = ["x"], default = "x" }
sql.sqlite = "select :b, :a, :c"
sql.postgres = "select :b::int, :a, :c; select ':z' /* :y */"
allow = true
[views.v]
sql = '''
with x as (select 1)
select * from x'''
"#;
    let module = module(text);
    let args: Vec<(&str, &Option<Value>)> =
        module.functions[0].args.iter().map(|arg| (arg.name.as_str(), &arg.default)).collect();
    let expected = [
        ("b", &Some(Value::Int(5))),
        ("a", &Some(Value::Null)),
        ("c", &Some(Value::Text("x".into()))),
    ];
    assert_eq!(args, expected);
    assert!(matches!(&module.functions[0].sql, Sql::Each { sqlite: Some(_), postgres: Some(_) }));
    assert!(module.functions[0].allow.as_ref().is_some_and(Rule::is_always));
    assert_eq!(module.views[0].allow.read, None);
    survives_writing(&module);
}

#[test]
fn what_functions_views_and_searches_say_of_their_columns_is_kept() {
    let text = r#"
[tables.date]
columns.name = "text"
columns.note = "text"
search = ["note", "name"]
[views.v]
sql = "select 1 as b, 2 as a"
columns.b = "numeric(12,2)"
columns.a = "text[]"
allow.read = true
allow.update = "auth.role == 'staff'"
"#;
    let column = |name: &str, ty| (name.to_owned(), ty);
    let cases = [
        ("\"void\"", Returns::Void),
        ("\"integer\"", Returns::Scalar { ty: Type::Integer, set: false }),
        ("\"setof  text[]\"", Returns::Scalar { ty: Type::Array(Box::new(Type::Text)), set: true }),
        // A table wins over the type of its name.
        ("\"date\"", Returns::Table { table: 0, set: false }),
        ("\"SETOF date\"", Returns::Table { table: 0, set: true }),
        (
            "{ z = \"bigint\", a = \"text\" }",
            Returns::Columns {
                columns: vec![column("z", Type::BigInt), column("a", Type::Text)],
                set: false,
            },
        ),
        (
            "[{ z = \"bigint\" }]",
            Returns::Columns { columns: vec![column("z", Type::BigInt)], set: true },
        ),
    ];
    for (returns, expect) in cases {
        let text = format!("{text}[functions.f]\nsql = \"select 1\"\nreturns = {returns}\n");
        let module = module(&text);
        assert_eq!(module.functions[0].returns, Some(expect), "{returns}");
        assert_eq!(module.tables[0].search, [2, 1]);
        let types = [
            column("b", Type::Numeric(Some(Scale { precision: 12, scale: 2 }))),
            column("a", Type::Array(Box::new(Type::Text))),
        ];
        assert_eq!(module.views[0].types, types);
        assert!(module.views[0].allow.update.is_some() && module.views[0].allow.create.is_none());
        survives_writing(&module);
    }
}

#[test]
fn a_reference_that_no_index_leads_to_gets_one() {
    let text = r#"
[tables.a]
columns.n = "text"
[tables.b]
columns.z = { references = "a", name = "b_y_idx" }
columns.y = { references = "a" }
columns.x = { references = "a", index = true }
columns.w = { references = "a", unique = true }
columns.v = { references = "a" }
indexes = [["v", "x"], { columns = ["z"], where = "z > ''" }]
[tables.found]
columns.y = { references = "a" }
adopted = true
"#;
    let module = module(text);
    let names: Vec<&str> =
        module.tables[1].indexes.iter().map(|index| index.name.as_str()).collect();
    assert_eq!(names, ["b_x_idx", "b_v_x_idx", "b_z_idx", "b_z_idx1", "b_y_idx1"]);
    assert!(module.tables[2].indexes.is_empty());
    survives_writing(&module);
    let plain = "[tables.a]\n[tables.b]\ncolumns.y = { references = \"a\" }\n";
    let plain = self::module(plain);
    assert_eq!(plain.tables[1].indexes.len(), 1);
    assert!(!write::module(&plain).contains("index"), "{}", write::module(&plain));
    survives_writing(&plain);
    let searched =
        "[tables.t]\ncolumns.search = { type = \"text\", index = true }\nsearch = [\"search\"]\n";
    assert_eq!(table(searched).indexes[0].name, "t_search_idx1", "the search has the other name");
}

#[test]
fn a_table_without_columns_has_just_its_id() {
    let table = table("[tables.t]\n");
    assert_eq!(table.columns.len(), 1);
    assert!(table.has_made_key());
    assert!(table.allow.read.is_none(), "closed by default");
}

#[test]
fn dotted_keys_and_tables_declare_the_same() {
    let dotted =
        "[tables.t]\ncolumns.a = \"text\"\ncolumns.b = { type = \"integer\" }\nallow.read = true\n";
    let nested = "[tables.t.columns.a]\ntype = \"text\"\n[tables.t.columns.b]\ntype = \"integer\"\n[tables.t.allow]\nread = \"true\"\n";
    let inline = "tables = { t = { columns = { a = \"text\", b = \"integer\" }, allow = { read = \"true\" } } }\n";
    let arrays = "[tables.t.columns]\na = \"text\"\nb = \"integer\"\n[[tables.t.indexes]]\ncolumns = [\"a\"]\n[tables.t.allow]\nread = true\n";
    assert_eq!(table(dotted), table(nested));
    assert_eq!(table(dotted), table(inline));
    assert_eq!(table(arrays).indexes.len(), 1);
}

#[test]
fn a_one_file_application_has_one_module_of_its_name() {
    let declared = read_text("my/blog.toml", "[tables.t]\ncolumns.a = \"text\"\n").unwrap();
    assert_eq!(declared.catalog.modules[0].name, "blog");
    let declared =
        read_text("x.toml", "name = \"shop\"\ndoc = \"d\"\n[tables.t]\n[auth]\nsignup = true\n")
            .unwrap();
    assert_eq!(declared.catalog.name, "shop");
    assert_eq!(declared.catalog.modules[0].doc.as_deref(), Some("d"));
    assert_eq!(declared.catalog.module(Some("public")).map(|m| m.name.as_str()), Some("shop"));
}

#[test]
fn a_folder_is_read_from_disk_and_names_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("shop");
    std::fs::create_dir_all(root.join("modules")).unwrap();
    std::fs::write(root.join("mainstay.toml"), "[server]\ngrace = \"30s\"\n").unwrap();
    std::fs::write(root.join("mainstay.test.toml"), "[limits]\nconnections = 1\n").unwrap();
    std::fs::write(root.join("modules/catalog.toml"), CATALOG).unwrap();
    std::fs::write(root.join("modules/.hidden.toml"), "nonsense").unwrap();
    for path in [root.clone(), root.join("mainstay.toml")] {
        let declared = read(&path).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        assert_eq!(declared.catalog.name, "shop");
        assert_eq!(declared.files.len(), 3);
    }
}

#[test]
fn the_blog_that_we_ship_is_free_of_mistakes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/blog.toml");
    let declared = read(&path).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let module = &declared.catalog.modules[0];
    assert_eq!(module.tables.len(), 4);
    for table in &module.tables {
        assert!(table.allow.read.is_some() && table.allow.create.is_none(), "{}", table.name);
    }
    survives_writing(module);
}

#[test]
fn the_written_form_is_one_that_a_person_would_write() {
    insta::assert_snapshot!("written", write::module(&module(CATALOG)));
}

#[test]
fn a_tenant_column_is_filled_by_the_server_unless_something_else_is_said() {
    let text = r#"
[tables.orgs]
tenant = "id"
[tables.notes]
tenant = "org"
columns.org = { references = "orgs" }
columns.body = "text"
[tables.kept]
tenant = "org"
columns.org = { type = "bigint", default = 7, readonly = false }
columns.by = { type = "uuid", default = "auth.uid", readonly = true }
columns.of = { type = "integer", default = "auth.tenant" }
columns.word = { type = "text", default = { value = "auth.tenant" } }
[views.one]
sql = "select 1 as a"
tenant = false
[views.two]
sql = "select org, body from notes"
tenant = "org"
[views.three]
sql = "select 1 as a"
"#;
    let module = module(text);
    let [orgs, notes, kept] = module.tables.as_slice() else { panic!("three tables") };
    assert_eq!((orgs.tenant, notes.tenant, kept.tenant), (Some(0), Some(1), Some(1)));
    assert_eq!(orgs.columns[0].default, Some(Default::AuthTenant));
    let facts = |column: &mainstay_schema::Column| (column.default.clone(), column.readonly);
    assert_eq!(facts(&notes.columns[1]), (Some(Default::AuthTenant), true));
    assert_eq!(facts(&notes.columns[2]), (None, false));
    assert_eq!(facts(&kept.columns[1]), (Some(Default::Value(Value::Int(7))), false));
    assert_eq!(facts(&kept.columns[2]), (Some(Default::AuthUid), true));
    assert_eq!(facts(&kept.columns[3]), (Some(Default::AuthTenant), false));
    let word = Value::Text("auth.tenant".into());
    assert_eq!(kept.columns[4].default, Some(Default::Value(word)));
    let tenants: Vec<&ViewTenant> = module.views.iter().map(|view| &view.tenant).collect();
    let named = ViewTenant::Column("org".into());
    assert_eq!(tenants, [&ViewTenant::Open, &named, &ViewTenant::Unsaid]);
    survives_writing(&module);
}

#[test]
fn what_concerns_rules_alone_is_not_stored() {
    let ruled = "[tables.t]\ntenant = \"a\"\ncolumns.a = \"text\"\ncolumns.b = { type = \"text\", readonly = true }\n";
    let plain = "[tables.t]\ncolumns.a = { type = \"text\", default = \"auth.tenant\" }\ncolumns.b = \"text\"\n";
    let stored = |text: &str| serde_json::to_string(&table(text)).unwrap();
    assert_eq!(stored(ruled), stored(plain));
    let earlier = stored(plain).replace("\"AuthTenant\"", "\"AuthUid\"");
    assert!(serde_json::from_str::<Table>(&earlier).is_ok(), "{earlier}");
}

#[test]
fn functions_say_for_whom_their_rows_are() {
    for (said, definer) in [("", false), ("\"invoker\"", false), ("\"definer\"", true)] {
        let security = if said.is_empty() { String::new() } else { format!("security = {said}\n") };
        let module = module(&format!("[functions.f]\nsql = \"select 1\"\n{security}"));
        assert_eq!(module.functions[0].definer, definer, "{said}");
        survives_writing(&module);
    }
}

const EXPECTED: &str = r#"
[tables.teams]
columns.owner = "uuid"
[tables.orders]
columns.team  = { references = "teams" }
columns.total = { type = "numeric(12,2)", null = true }
columns.paid  = "boolean"
columns.tags  = "text[]"
columns.more  = { type = "json", null = true }
columns.due   = { type = "timestamptz", null = true }
[views.open_orders]
sql = "select id, total from orders where not paid"

[[expect]]
as     = "anon"
cannot = "read"
table  = "orders"

[[expect]]
doc     = "An owner pays."
as      = { uid = "u1", email = "a@example.org", aal = "aal2", claims = { tenant = "t1", level = 2 } }
can     = "update"
table   = "orders"
columns = ["due"]
row     = { team = "00000000-0000-7000-8000-000000000001", total = 12.5 }
new     = { paid = true, total = { null = true }, more = { null = 1 }, tags = ["a"] }
given   = { teams = [{ owner = "00000000-0000-7000-8000-00000000000A" }], orders = [{}, {}] }

[[expect]]
as    = { role = "staff", roles = ["staff", "clerk"] }
can   = "read"
table = "open_orders"
row   = { total = "12.50" }
"#;

#[test]
fn expectations_say_as_whom_what_and_where_they_stand() {
    let module = module(EXPECTED);
    let [anon, owner, staff] = module.expectations.as_slice() else { panic!("three of them") };
    let spot = Spot { file: "app.toml".into(), line: 14 };
    assert_eq!((&anon.spot, anon.allowed, anon.deed), (&spot, false, Deed::Read));
    assert_eq!((anon.caller.role.as_str(), &anon.caller.uid), ("anon", &None));
    assert_eq!(anon.caller.roles, ["anon"]);
    assert_eq!((owner.allowed, owner.deed, owner.source.as_str()), (true, Deed::Update, "orders"));
    assert_eq!(owner.doc.as_deref(), Some("An owner pays."));
    assert_eq!(owner.caller.role, "authenticated");
    let claims = serde_json::json!({"role": "authenticated", "sub": "u1", "aal": "aal2",
        "email": "a@example.org", "tenant": "t1", "level": 2});
    assert_eq!(owner.caller.claims, claims);
    assert_eq!(owner.columns, ["due"]);
    let new = serde_json::json!({"paid": true, "total": null, "more": {"null": 1}, "tags": ["a"]});
    assert_eq!(serde_json::Value::Object(owner.new.clone()), new);
    let given: Vec<(&str, usize)> =
        owner.given.iter().map(|(table, row)| (table.as_str(), row.len())).collect();
    assert_eq!(given, [("teams", 1), ("orders", 0), ("orders", 0)]);
    assert_eq!(owner.given[0].1["owner"], "00000000-0000-7000-8000-00000000000a");
    assert_eq!((staff.caller.role.as_str(), &staff.caller.uid), ("staff", &None));
    assert_eq!(staff.caller.roles, ["staff", "clerk"]);
    assert_eq!((staff.source.as_str(), &staff.row["total"]), ("open_orders", &"12.50".into()));
    survives_writing(&module);
}

#[test]
fn parts_of_a_rule_about_the_caller_are_told_apart_by_what_they_say() {
    let text = r#"
        name = "app"
        [tables.notes]
        columns.word = "text"
        allow.read = "row.word == 'a' && has(auth.claims.tenant) || row.word == 'b' && has(auth.claims.level) || row.word == 'c' && has(auth.claims.tenant)"
    "#;
    let declared = read_text("app.toml", text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let rule = declared.catalog.modules[0].tables[0].allow.read.as_ref().unwrap();
    let knowns = &rule.bound().unwrap().knowns;
    let texts: Vec<&str> = knowns.iter().map(|known| known.text.as_str()).collect();
    assert_eq!(texts, ["has(auth.claims.tenant)", "has(auth.claims.level)"]);
}
