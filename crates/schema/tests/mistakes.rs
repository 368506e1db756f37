//! Every mistake that a declaration can hold, as a person sees it: one table of (name, text), one
//! snapshot. A case that shows nothing fails, and so does one whose mistakes are not the expected.

use mainstay_schema::{read_text, read_texts};

/// (what is claimed, the code that must come up, the declaration)
const CASES: &[(&str, &str, &str)] = &[
    ("unknown type", "unknown-type", "[tables.t]\ncolumns.a = \"txet\"\n"),
    ("a type of another system", "unknown-type", "[tables.t]\ncolumns.a = \"varchar(20)\"\n"),
    ("an array of arrays", "array-of-arrays", "[tables.t]\ncolumns.a = \"text[][]\"\n"),
    ("numeric without digits", "numeric-digits", "[tables.t]\ncolumns.a = \"numeric(0)\"\n"),
    (
        "numeric with more digits after the point than in all",
        "numeric-digits",
        "[tables.t]\ncolumns.a = { type = \"numeric(2,3)\" }\n",
    ),
    ("unknown key at the top", "unknown-key", "nmae = \"x\"\n[tables.t]\ncolumns.a = \"text\"\n"),
    (
        "key of a section at the top",
        "unknown-key",
        "listen = \"x\"\n[tables.t]\ncolumns.a = \"text\"\n",
    ),
    (
        "unknown section",
        "unknown-key",
        "[sever]\nlisten = \"x\"\n[tables.t]\ncolumns.a = \"text\"\n",
    ),
    (
        "unknown key in a section",
        "unknown-key",
        "[server]\nlisen = \"x\"\n[tables.t]\ncolumns.a = \"text\"\n",
    ),
    ("unknown key in a table", "unknown-key", "[tables.t]\ncolums.a = \"text\"\n"),
    ("column beside columns", "unknown-key", "[tables.t]\nbirthday = \"text\"\n"),
    (
        "unknown key in a column",
        "unknown-key",
        "[tables.t]\ncolumns.a = { type = \"text\", uniqe = true }\n",
    ),
    (
        "unknown key in allow",
        "unknown-key",
        "[tables.t]\ncolumns.a = \"text\"\nallow.raed = \"true\"\n",
    ),
    (
        "unknown key in a function",
        "unknown-key",
        "[functions.f]\nslq = \"select 1\"\nsql = \"select 1\"\n",
    ),
    (
        "unknown key in a view",
        "unknown-key",
        "[views.v]\nsql = \"select 1\"\nallow.write = \"true\"\n",
    ),
    (
        "returns of an unknown name",
        "unknown-table",
        "[tables.products]\ncolumns.a = \"text\"\n[functions.f]\nsql = \"select 1\"\nreturns = \"setof prodcts\"\n",
    ),
    (
        "returns of an unknown type",
        "unknown-type",
        "[functions.f]\nsql = \"select 1\"\nreturns = \"setof itneger\"\n",
    ),
    (
        "returns of many nothings",
        "returns",
        "[functions.f]\nsql = \"select 1\"\nreturns = \"setof void\"\n",
    ),
    (
        "returns of an enum",
        "enum-without-values",
        "[functions.f]\nsql = \"select 1\"\nreturns = \"enum\"\n",
    ),
    (
        "returns of a list of enums in a column",
        "enum-without-values",
        "[functions.f]\nsql = \"select 1\"\nreturns = { a = \"enum[]\" }\n",
    ),
    (
        "returns of a column with an unknown type",
        "unknown-type",
        "[functions.f]\nsql = \"select 1\"\nreturns = [{ a = \"int\" }]\n",
    ),
    ("returns without columns", "no-columns", "[functions.f]\nsql = \"select 1\"\nreturns = {}\n"),
    (
        "returns of two rows",
        "returns",
        "[functions.f]\nsql = \"select 1\"\nreturns = [{ a = \"text\" }, { b = \"text\" }]\n",
    ),
    ("returns of a number", "wrong-kind", "[functions.f]\nsql = \"select 1\"\nreturns = 1\n"),
    (
        "columns of a view with an unknown type",
        "unknown-type",
        "[views.v]\nsql = \"select 1 as a\"\ncolumns.a = \"numbr\"\n",
    ),
    (
        "columns of a view that are options",
        "wrong-kind",
        "[views.v]\nsql = \"select 1 as a\"\ncolumns.a = { type = \"text\" }\n",
    ),
    (
        "search in an unknown column",
        "unknown-column",
        "[tables.t]\ncolumns.name = \"text\"\nsearch = [\"nmae\"]\n",
    ),
    (
        "search in the same column twice",
        "duplicate-column",
        "[tables.t]\ncolumns.a = \"text\"\nsearch = [\"a\", \"a\"]\n",
    ),
    ("search in nothing", "no-columns", "[tables.t]\ncolumns.a = \"text\"\nsearch = []\n"),
    (
        "search in a number",
        "search-type",
        "[tables.t]\ncolumns.a = \"text\"\ncolumns.b = \"integer\"\nsearch = [\"a\", \"b\"]\n",
    ),
    (
        "search in an adopted table",
        "search-adopted",
        "[tables.t]\ncolumns.a = \"text\"\nadopted = true\nsearch = [\"a\"]\n",
    ),
    (
        "search in a column whose name the index has itself",
        "search-column",
        "[tables.t]\ncolumns.Rank = \"text\"\nsearch = [\"Rank\"]\n",
    ),
    (
        "search of a table whose key has a name of the engine",
        "search-column",
        "[tables.t]\ncolumns.a = \"text\"\ncolumns.rowid = { type = \"bigint\", primary_key = true }\nsearch = [\"a\"]\n",
    ),
    (
        "table named like a part of a search",
        "duplicate-name",
        "[tables.t]\ncolumns.a = \"text\"\nsearch = [\"a\"]\n[tables.T_Search]\ncolumns.a = \"text\"\n",
    ),
    (
        "view named like a part of a search",
        "duplicate-name",
        "[tables.t]\ncolumns.a = \"text\"\nsearch = [\"a\"]\n[views.t_search_rows]\nsql = \"select 1 as a\"\n",
    ),
    (
        "index named like a part of a search",
        "duplicate-constraint",
        "[tables.t]\ncolumns.a = \"text\"\nsearch = [\"a\"]\nindexes = [{ columns = [\"a\"], name = \"t_search_idx\" }]\n",
    ),
    (
        "unknown key in an index",
        "unknown-key",
        "[tables.t]\ncolumns.a = \"text\"\nindexes = [{ columns = [\"a\"], were = \"a > 1\" }]\n",
    ),
    (
        "unknown key in a foreign key",
        "unknown-key",
        "[tables.t]\ncolumns.a = \"uuid\"\nforeign_keys = [{ column = [\"a\"], columns = [\"a\"], references = \"t\" }]\n",
    ),
    (
        "reference to a table that is not there",
        "unknown-table",
        "[tables.users]\ncolumns.a = \"text\"\n[tables.t]\ncolumns.owner = { references = \"usres\" }\n",
    ),
    (
        "reference to another module",
        "unknown-table",
        "[tables.t]\ncolumns.owner = { references = \"people.users\" }\n",
    ),
    (
        "reference to a column that is not there",
        "unknown-column",
        "[tables.users]\ncolumns.username = { type = \"text\", unique = true }\n[tables.t]\ncolumns.owner = { references = \"users(usrename)\" }\n",
    ),
    (
        "reference to a column that is not unique",
        "reference-not-unique",
        "[tables.users]\ncolumns.username = \"text\"\n[tables.t]\ncolumns.owner = { references = \"users(username)\" }\n",
    ),
    (
        "one column points to a key of two",
        "reference-count",
        "[tables.users]\ncolumns.a = \"text\"\ncolumns.b = \"text\"\nprimary_key = [\"a\", \"b\"]\n[tables.t]\ncolumns.owner = { references = \"users\" }\n",
    ),
    (
        "two columns point to one",
        "reference-count",
        "[tables.users]\ncolumns.a = \"text\"\n[tables.t]\ncolumns.a = \"uuid\"\ncolumns.b = \"uuid\"\nforeign_keys = [{ columns = [\"a\", \"b\"], references = \"users\" }]\n",
    ),
    (
        "reference of another type",
        "reference-type",
        "[tables.users]\ncolumns.a = \"text\"\n[tables.t]\ncolumns.owner = \"text\"\nforeign_keys = [{ columns = [\"owner\"], references = \"users\" }]\n",
    ),
    (
        "reference cycle without a null",
        "reference-cycle",
        "[tables.a]\ncolumns.b = { references = \"b\" }\n[tables.b]\ncolumns.c = { references = \"c\" }\n[tables.c]\ncolumns.a = { references = \"a\" }\n",
    ),
    (
        "self reference without a null",
        "reference-cycle",
        "[tables.folders]\ncolumns.parent = { references = \"folders\" }\n",
    ),
    (
        "key that is a reference to itself",
        "reference-loop",
        "[tables.a]\ncolumns.id = { references = \"b\", primary_key = true }\n[tables.b]\ncolumns.id = { references = \"a\", primary_key = true }\n",
    ),
    (
        "tables that differ in case",
        "duplicate-name",
        "[tables.Posts]\ncolumns.a = \"text\"\n[tables.posts]\ncolumns.a = \"text\"\n",
    ),
    (
        "columns that differ in case",
        "duplicate-name",
        "[tables.t]\ncolumns.Name = \"text\"\ncolumns.name = \"text\"\n",
    ),
    (
        "functions that differ in case",
        "duplicate-name",
        "[functions.f]\nsql = \"select 1\"\n[functions.F]\nsql = \"select 1\"\n",
    ),
    (
        "table named like a view",
        "duplicate-name",
        "[tables.t]\ncolumns.a = \"text\"\n[views.T]\nsql = \"select 1\"\n",
    ),
    (
        "the same key twice",
        "toml-syntax",
        "[tables.t]\ncolumns.a = \"text\"\ncolumns.a = \"text\"\n",
    ),
    ("TOML that does not parse", "toml-syntax", "[tables.t\ncolumns.a = \"text\"\ncolumns.b = \n"),
    (
        "rule that does not parse",
        "rule-syntax",
        "[tables.t]\ncolumns.a = \"text\"\nallow.read = \"auth.role == \"\n",
    ),
    (
        "rule with one equals sign",
        "rule-syntax",
        "[tables.t]\ncolumns.a = \"text\"\nallow.read = \"auth.role = 'admin'\"\n",
    ),
    (
        "rule with a column that is not there",
        "rule-unknown-name",
        "[tables.t]\ncolumns.ower = \"text\"\nallow.update = \"row.owner == auth.uid\"\n",
    ),
    (
        "rule to read that looks at the new row",
        "rule-unknown-name",
        "[tables.t]\ncolumns.a = \"text\"\nallow.read = \"new.a != 'x'\"\n",
    ),
    (
        "rule of a column that differs from row to row",
        "rule-unknown-name",
        "[tables.t]\ncolumns.a = { type = \"text\", read = \"row.a != 'x'\" }\n",
    ),
    (
        "rule that compares a reference with a number",
        "rule-type",
        "[tables.t]\ncolumns.up = { references = \"t\", null = true }\n\
         allow.read = \"row.up.up == 5\"\n",
    ),
    (
        "rule over the rows of a table that is not there",
        "rule-unknown-name",
        "[tables.t]\ncolumns.a = \"text\"\nallow.read = \"tt.exists(x, x.a == row.a)\"\n",
    ),
    (
        "rule that looks at a number that the database makes",
        "rule-type",
        "[tables.t]\ncolumns.id = { type = \"bigint\", primary_key = true, identity = true }\n\
         allow.create = \"new.id > 5\"\n",
    ),
    (
        "rule with an unknown name",
        "rule-unknown-name",
        "[tables.t]\ncolumns.a = \"text\"\nallow.read = \"role == 'admin'\"\n",
    ),
    (
        "rule with an unknown field",
        "rule-unknown-name",
        "[tables.t]\ncolumns.a = \"text\"\nallow.read = \"auth.rol == 'admin'\"\n",
    ),
    (
        "rule with an unknown function",
        "rule-unknown-name",
        "[functions.f]\nsql = \"select 1\"\nallow = \"auth.email.endswith('x')\"\n",
    ),
    (
        "rule that is not true or false",
        "rule-type",
        "[tables.t]\ncolumns.a = \"text\"\nallow.read = \"auth.role\"\n",
    ),
    (
        "rule that compares a text with a number",
        "rule-type",
        "[tables.t]\ncolumns.a = \"text\"\nallow.read = \"auth.role == 5\"\n",
    ),
    (
        "rule that is nested too deep",
        "rule-too-large",
        "[tables.t]\ncolumns.a = \"text\"\nallow.read = \"((((((((((((((((((((((((((((((true))))))))))))))))))))))))))))))\"\n",
    ),
    ("rule that is no text", "wrong-kind", "[tables.t]\ncolumns.a = \"text\"\nallow.read = 1\n"),
    ("allow that is a text", "wrong-kind", "[tables.t]\ncolumns.a = \"text\"\nallow = \"true\"\n"),
    (
        "min above max",
        "min-above-max",
        "[tables.t]\ncolumns.a = { type = \"text\", min = 5, max = 3 }\n",
    ),
    (
        "min above max of decimals",
        "min-above-max",
        "[tables.t]\ncolumns.a = { type = \"numeric(5,2)\", min = 10.5, max = 9.75 }\n",
    ),
    (
        "negative length",
        "negative-length",
        "[tables.t]\ncolumns.a = { type = \"text\", max = -1 }\n",
    ),
    (
        "bounds on a type without any",
        "bounds-type",
        "[tables.t]\ncolumns.a = { type = \"boolean\", max = 1 }\n",
    ),
    (
        "bound that does not fit the type",
        "default-type",
        "[tables.t]\ncolumns.a = { type = \"smallint\", max = 40000 }\n",
    ),
    (
        "pattern that does not compile",
        "pattern",
        "[tables.t]\ncolumns.a = { type = \"text\", pattern = \"[a-\" }\n",
    ),
    (
        "pattern with look-ahead",
        "pattern",
        "[tables.t]\ncolumns.a = { type = \"text\", pattern = \"(?=a)b\" }\n",
    ),
    (
        "pattern on a number",
        "pattern-type",
        "[tables.t]\ncolumns.a = { type = \"integer\", pattern = \"^1\" }\n",
    ),
    (
        "key on a nullable column",
        "key-nullable",
        "[tables.t]\ncolumns.a = { type = \"text\", primary_key = true, null = true }\n",
    ),
    (
        "default of the wrong type",
        "default-type",
        "[tables.t]\ncolumns.a = { type = \"integer\", default = \"5\" }\n",
    ),
    (
        "default that is no date",
        "default-type",
        "[tables.t]\ncolumns.a = { type = \"date\", default = \"2023-02-29\" }\n",
    ),
    (
        "number as the default of a text",
        "default-type",
        "[tables.t]\ncolumns.a = { type = \"text\", default = 5 }\n",
    ),
    (
        "now as the default of a text",
        "default-type",
        "[tables.t]\ncolumns.a = { type = \"text\", default = \"now\" }\n",
    ),
    (
        "default above its own max",
        "default-bounds",
        "[tables.t]\ncolumns.a = { type = \"integer\", max = 5, default = 6 }\n",
    ),
    (
        "default longer than its own max",
        "default-bounds",
        "[tables.t]\ncolumns.a = { type = \"text\", max = 2, default = \"abc\" }\n",
    ),
    (
        "default that breaks its own pattern",
        "default-bounds",
        "[tables.t]\ncolumns.a = { type = \"text\", pattern = \"^[a-z]+$\", default = \"A\" }\n",
    ),
    (
        "default that is no label",
        "default-type",
        "[tables.t]\ncolumns.a = { type = \"enum\", values = [\"draft\", \"public\"], default = \"darft\" }\n",
    ),
    (
        "a number that JSON does not have",
        "default-type",
        "[tables.t]\ncolumns.a = { type = \"json\", default = { a = nan } }\n",
    ),
    (
        "a number that is larger than any type",
        "default-type",
        "[tables.t]\ncolumns.a = { type = \"bigint\", default = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF }\n",
    ),
    (
        "SQL default of a table of our own",
        "default-sql",
        "[tables.t]\ncolumns.a = { type = \"text\", default = { sql = \"lower('A')\" } }\n",
    ),
    (
        "enum without values",
        "enum-without-values",
        "[tables.t]\ncolumns.a = \"enum\"\ncolumns.b = { type = \"enum\", values = [] }\n",
    ),
    (
        "label twice",
        "duplicate-value",
        "[tables.t]\ncolumns.a = { type = \"enum\", values = [\"x\", \"y\", \"x\"] }\n",
    ),
    (
        "values on a text",
        "values-without-enum",
        "[tables.t]\ncolumns.a = { type = \"text\", values = [\"x\"] }\n",
    ),
    (
        "unknown action",
        "unknown-action",
        "[tables.u]\ncolumns.a = \"text\"\n[tables.t]\ncolumns.u = { references = \"u\", on_delete = \"cascad\" }\n",
    ),
    (
        "set null on a column that is not null",
        "action-impossible",
        "[tables.u]\ncolumns.a = \"text\"\n[tables.t]\ncolumns.u = { references = \"u\", on_delete = \"set null\" }\n",
    ),
    (
        "set default without a default",
        "action-impossible",
        "[tables.u]\ncolumns.a = \"text\"\n[tables.t]\ncolumns.u = { references = \"u\", on_update = \"set default\" }\n",
    ),
    (
        "on_delete without references",
        "without-references",
        "[tables.t]\ncolumns.a = { type = \"text\", on_delete = \"cascade\" }\n",
    ),
    (
        "both type and references",
        "type-and-references",
        "[tables.u]\ncolumns.a = \"text\"\n[tables.t]\ncolumns.u = { type = \"uuid\", references = \"u\" }\n",
    ),
    ("neither type nor references", "no-type", "[tables.t]\ncolumns.a = { null = true }\n"),
    (
        "generated with a default",
        "generated-clash",
        "[tables.t]\ncolumns.a = { type = \"text\", generated = \"lower('A')\", default = \"x\" }\n",
    ),
    (
        "identity on a text",
        "identity-type",
        "[tables.t]\ncolumns.a = { type = \"text\", primary_key = true, identity = true }\n",
    ),
    (
        "identity beside the key",
        "identity-not-key",
        "[tables.t]\ncolumns.a = { type = \"bigint\", identity = true }\n",
    ),
    (
        "two identities",
        "two-identities",
        "[tables.t]\ncolumns.a = { type = \"bigint\", primary_key = true, identity = true }\ncolumns.b = { type = \"bigint\", identity = \"always\" }\n",
    ),
    (
        "primary key at column and table",
        "two-keys",
        "[tables.t]\ncolumns.a = { type = \"text\", primary_key = true }\nprimary_key = [\"a\"]\n",
    ),
    (
        "two columns that are the key each",
        "two-keys",
        "[tables.t]\ncolumns.a = { type = \"text\", primary_key = true }\ncolumns.b = { type = \"text\", primary_key = true }\n",
    ),
    ("empty key", "no-columns", "[tables.t]\ncolumns.a = \"text\"\nprimary_key = []\n"),
    ("an id that is not the key", "id-not-key", "[tables.t]\ncolumns.id = \"bigint\"\n"),
    (
        "unknown column in the key",
        "unknown-column",
        "[tables.t]\ncolumns.name = \"text\"\nprimary_key = [\"nmae\"]\n",
    ),
    (
        "unknown column in a unique constraint",
        "unknown-column",
        "[tables.t]\ncolumns.name = \"text\"\nunique = [[\"name\", \"nam\"]]\n",
    ),
    (
        "unknown column in an index",
        "unknown-column",
        "[tables.t]\ncolumns.price = \"text\"\nindexes = [[\"prise desc\"]]\n",
    ),
    (
        "column twice in an index",
        "duplicate-column",
        "[tables.t]\ncolumns.a = \"text\"\nindexes = [[\"a\", \"a desc\"]]\n",
    ),
    (
        "constraint name twice",
        "duplicate-constraint",
        "[tables.t]\ncolumns.a = \"text\"\nunique = [{ columns = [\"a\"], name = \"x\" }]\nchecks = [{ sql = \"a > ''\", name = \"X\" }]\n",
    ),
    ("cache that is no duration", "duration", "[tables.t]\ncache = \"60\"\ncolumns.a = \"text\"\n"),
    ("empty name", "bad-name", "[tables.t]\ncolumns.\"\" = \"text\"\n"),
    (
        "name that is too long",
        "bad-name",
        "[tables.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\ncolumns.a = \"text\"\n",
    ),
    ("name with a control character", "bad-name", "[tables.\"a\\u0000b\"]\ncolumns.a = \"text\"\n"),
    ("name of SQLite", "reserved-name", "[tables.sqlite_master]\ncolumns.a = \"text\"\n"),
    ("name of a function", "reserved-name", "[tables.JSON_each]\ncolumns.a = \"text\"\n"),
    ("name of Mainstay", "bad-name", "[tables._mainstay_feed]\ncolumns.a = \"text\"\n"),
    (
        "module name that is taken",
        "reserved-name",
        "name = \"auth\"\n[tables.t]\ncolumns.a = \"text\"\n",
    ),
    (
        "module name that is no file name",
        "module-name",
        "name = \"My Shop\"\n[tables.t]\ncolumns.a = \"text\"\n",
    ),
    (
        "default module that is not there",
        "unknown-module",
        "name = \"shop\"\ndefault_module = \"shpo\"\n[tables.t]\ncolumns.a = \"text\"\n",
    ),
    ("nothing declared", "no-modules", "name = \"shop\"\n"),
    (
        "argument that is not declared",
        "unknown-argument",
        "[functions.f]\nargs = { sku = \"text\" }\nsql = \"select :sku, :amuont\"\n",
    ),
    (
        "argument that is not used",
        "unused-argument",
        "[functions.f]\nargs = { sku = \"text\", amount = \"integer\" }\nsql = \"select ':amount', :sku -- :amount\"\n",
    ),
    (
        "argument of an unknown type",
        "unknown-type",
        "[functions.f]\nargs = { sku = \"string\" }\nsql = \"select :sku\"\n",
    ),
    (
        "argument with a bad default",
        "default-type",
        "[functions.f]\nargs = { n = { type = \"integer\", default = 1.5 } }\nsql = \"select :n\"\n",
    ),
    ("function without SQL", "missing-key", "[functions.f]\nargs = { }\n"),
    ("function with an open quote", "sql", "[functions.f]\nsql = \"select 'a\"\n"),
    ("view that writes", "view-not-a-select", "[views.v]\nsql = \"delete from t\"\n"),
    ("view of two statements", "view-not-a-select", "[views.v]\nsql = \"select 1; select 2\"\n"),
    ("view with an argument", "view-not-a-select", "[views.v]\nsql = \"select :a\"\n"),
    ("empty check", "empty-text", "[tables.t]\ncolumns.a = \"text\"\nchecks = [\" \"]\n"),
    (
        "check that leaves its brackets",
        "sql",
        "[tables.t]\ncolumns.a = \"text\"\nchecks = [\"a > 1); drop table t; --\"]\n",
    ),
    ("text where a table belongs", "wrong-kind", "tables = \"posts\"\n"),
    ("number where a column belongs", "wrong-kind", "[tables.t]\ncolumns.a = 5\n"),
    (
        "text where a list belongs",
        "wrong-kind",
        "[tables.t]\ncolumns.a = \"text\"\nindexes = [\"a\"]\n",
    ),
    (
        "text where a flag belongs",
        "wrong-kind",
        "[tables.t]\ncolumns.a = { type = \"text\", unique = \"yes\" }\n",
    ),
    (
        "collation that is not known",
        "unknown-collation",
        "[tables.t]\ncolumns.a = { type = \"text\", collation = \"nocas\" }\n",
    ),
    (
        "generated key",
        "generated-clash",
        "[tables.t]\ncolumns.a = { type = \"text\", primary_key = true, generated = \"lower('A')\" }\n",
    ),
    (
        "tenant in an unknown column",
        "unknown-column",
        "[tables.t]\ntenant = \"ogr\"\ncolumns.org = \"text\"\n",
    ),
    (
        "tenant in a column that may be null",
        "tenant-null",
        "[tables.t]\ntenant = \"org\"\ncolumns.org = { type = \"text\", null = true }\n",
    ),
    (
        "tenant in a column of another type",
        "tenant-type",
        "[tables.t]\ntenant = \"org\"\ncolumns.org = \"date\"\n",
    ),
    (
        "tenant in a column that numbers itself",
        "generated-clash",
        "[tables.t]\ntenant = \"no\"\ncolumns.no = { type = \"bigint\", primary_key = true, identity = true }\n",
    ),
    (
        "tenant of a table that is open",
        "wrong-kind",
        "[tables.t]\ntenant = false\ncolumns.org = \"text\"\n",
    ),
    (
        "tenant of a view without a column",
        "wrong-kind",
        "[views.v]\nsql = \"select 1 as a\"\ntenant = true\n",
    ),
    (
        "default of a tenant in a date",
        "default-type",
        "[tables.t]\ncolumns.a = { type = \"date\", default = \"auth.tenant\" }\n",
    ),
    (
        "readonly that is a rule",
        "wrong-kind",
        "[tables.t]\ncolumns.a = { type = \"text\", readonly = \"auth.role == 'staff'\" }\n",
    ),
    (
        "security of another kind",
        "wrong-kind",
        "[functions.f]\nsql = \"select 1\"\nsecurity = \"caller\"\n",
    ),
    (
        "expect that is one table",
        "wrong-kind",
        "[tables.t]\ncolumns.a = \"text\"\n[expect]\nas = \"anon\"\n",
    ),
    (
        "unknown key in an expectation",
        "unknown-key",
        "[tables.t]\ncolumns.a = \"text\"\n[[expect]]\nas = \"anon\"\ncan = \"read\"\ntable = \"t\"\nrows = {}\n",
    ),
    (
        "expectation of nobody, nothing and nowhere",
        "missing-key",
        "[tables.t]\ncolumns.a = \"text\"\n[[expect]]\ndoc = \"x\"\n",
    ),
    (
        "expectation that cannot fail to hold",
        "two-verdicts",
        "[tables.t]\ncolumns.a = \"text\"\n[[expect]]\nas = \"anon\"\ncan = \"read\"\ncannot = \"read\"\ntable = \"t\"\n",
    ),
    (
        "expectation of an unknown action",
        "unknown-action",
        "[tables.t]\ncolumns.a = \"text\"\n[[expect]]\nas = \"anon\"\ncan = \"raed\"\ntable = \"t\"\n",
    ),
    (
        "expectation of an unknown table",
        "unknown-table",
        "[tables.t]\ncolumns.a = \"text\"\n[[expect]]\nas = \"anon\"\ncan = \"read\"\ntable = \"tt\"\n",
    ),
    (
        "expectation of unknown columns",
        "unknown-column",
        "[tables.t]\ncolumns.a = \"text\"\n[[expect]]\nas = \"anon\"\ncan = \"read\"\ntable = \"t\"\ncolumns = [\"b\"]\nrow = { aa = 1 }\n",
    ),
    (
        "expectation with a value that does not fit",
        "default-type",
        "[tables.t]\ncolumns.a = \"text\"\n[[expect]]\nas = \"anon\"\ncan = \"read\"\ntable = \"t\"\nrow = { a = 1 }\n",
    ),
    (
        "expectation of a new row that is there",
        "expect-key",
        "[tables.t]\ncolumns.a = \"text\"\n[[expect]]\nas = \"anon\"\ncan = \"create\"\ntable = \"t\"\nrow = { a = \"x\" }\n",
    ),
    (
        "expectation of a change that says none",
        "missing-key",
        "[tables.t]\ncolumns.a = \"text\"\n[[expect]]\nas = \"anon\"\ncan = \"update\"\ntable = \"t\"\n",
    ),
    (
        "expectation of deleting columns of a new row",
        "expect-key",
        "[tables.t]\ncolumns.a = \"text\"\n[[expect]]\nas = \"anon\"\ncan = \"delete\"\ntable = \"t\"\ncolumns = [\"a\"]\nnew = { a = \"x\" }\n",
    ),
    (
        "expectation with rows of an unknown table",
        "unknown-table",
        "[tables.t]\ncolumns.a = \"text\"\n[[expect]]\nas = \"anon\"\ncan = \"read\"\ntable = \"t\"\ngiven = { u = [{}] }\n",
    ),
    (
        "expectation with one row where rows stand",
        "wrong-kind",
        "[tables.t]\ncolumns.a = \"text\"\n[[expect]]\nas = \"anon\"\ncan = \"read\"\ntable = \"t\"\ngiven = { t = {} }\n",
    ),
    (
        "expectation of a number",
        "wrong-kind",
        "[tables.t]\ncolumns.a = \"text\"\n[[expect]]\nas = 1\ncan = \"read\"\ntable = \"t\"\n",
    ),
    (
        "expectation with a caller's own claim among the others",
        "expect-key",
        "[tables.t]\ncolumns.a = \"text\"\n[[expect]]\nas = { claims = { sub = \"u\" } }\ncan = \"read\"\ntable = \"t\"\n",
    ),
    (
        "expectation with a claim that is no JSON",
        "wrong-kind",
        "[tables.t]\ncolumns.a = \"text\"\n[[expect]]\nas = { claims = { n = inf } }\ncan = \"read\"\ntable = \"t\"\n",
    ),
    (
        "several at once, in order",
        "unknown-type",
        "[tables.t]\ncolumns.a = \"txt\"\ncolumns.b = { type = \"integer\", max = \"x\" }\nallow.read = \"rwo.x\"\n\n[views.v]\nsql = \"update t\"\n",
    ),
];

#[test]
fn every_mistake_is_shown_with_its_line_and_what_to_write() {
    let mut shown = String::new();
    for (claim, code, text) in CASES {
        let mistakes = match read_text("app.toml", text) {
            Ok(_) => panic!("{claim}: nothing was found in\n{text}"),
            Err(mistakes) => mistakes,
        };
        let codes: Vec<&str> = mistakes.list().iter().map(|mistake| mistake.code).collect();
        assert!(codes.contains(code), "{claim}: {codes:?} in\n{text}");
        shown.push_str(&format!("## {claim}\n\n{}\n", mistakes.render(false)));
    }
    insta::assert_snapshot!("mistakes", shown);
}

#[test]
fn mistakes_in_several_files_are_shown_in_the_order_of_files_and_lines() {
    let mistakes = read_texts(
        "shop",
        &[
            ("mainstay.toml", "name = \"shop\"\ndefault_module = \"order\"\n[tables.x]\n"),
            ("mainstay.production.toml", "[servr]\n"),
            ("modules/Orders.toml", "[tables.t]\ncolumns.a = \"text\"\n"),
            ("modules/orders.toml", "[tables.t]\ncolumns.a = \"txt\"\ncolumns.b = \"itneger\"\n"),
        ],
    )
    .unwrap_err();
    insta::assert_snapshot!("several_files", mistakes.render(false));
}

#[test]
fn programs_get_the_same_as_json() {
    let mistakes = read_text("app.toml", "[tables.t]\ncolumns.\"é\" = \"txet\"\n").unwrap_err();
    assert_eq!(
        mistakes.to_json(),
        serde_json::json!([{
            "file": "app.toml",
            "line": 2,
            "column": 15,
            "message": "unknown type `txet`",
            "hint": "did you mean `text`?",
            "code": "unknown-type",
        }])
    );
}

#[test]
fn colour_is_only_there_when_it_was_asked_for() {
    let mistakes = read_text("app.toml", "[tables.t]\ncolumns.a = \"txet\"\n").unwrap_err();
    assert!(!mistakes.render(false).contains('\u{1b}'));
    assert!(mistakes.render(true).contains('\u{1b}'));
}

#[test]
fn a_path_that_is_not_there_is_a_mistake_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("nowhere");
    let shown = mainstay_schema::read(&missing).unwrap_err().render(false);
    assert!(
        shown.contains("there is no such file or folder") && shown.contains("nowhere"),
        "{shown}"
    );
    let shown = mainstay_schema::read(folder.path()).unwrap_err().render(false);
    assert!(shown.contains("the folder has no mainstay.toml"), "{shown}");
    std::fs::write(folder.path().join("mainstay.toml"), "name = \"x\"\n").unwrap();
    let shown = mainstay_schema::read(folder.path()).unwrap_err().render(false);
    assert!(shown.contains("the application has no modules"), "{shown}");
    std::fs::create_dir(folder.path().join("modules")).unwrap();
    std::fs::write(folder.path().join("modules/a.toml"), b"\xff\xfe").unwrap();
    let shown = mainstay_schema::read(folder.path()).unwrap_err().render(false);
    assert!(shown.contains("not UTF-8"), "{shown}");
}

#[test]
fn a_hundred_mistakes_are_shown_and_the_rest_is_counted() {
    let mut text = String::from("[tables.t]\n");
    (0..5_000).for_each(|at| text.push_str(&format!("columns.c{at} = \"txet\"\n")));
    let mistakes = read_text("app.toml", &text).unwrap_err();
    assert_eq!(mistakes.render(false).matches("unknown type").count(), 100);
    assert!(mistakes.render(false).contains("\nand 901 more\n"), "{}", mistakes.count());
}

#[test]
fn hostile_texts_are_read_in_bounded_time() {
    let hostile = [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "{a=".repeat(50_000)),
        format!("{} = 1", "a.".repeat(100_000) + "a"),
        "[[a]]\n".repeat(50_000),
        "\"".repeat(100_000),
        "= \n".repeat(50_000),
        (0..20_000)
            .map(|at| format!("[tables.t{at}]\ncolumns.a = {{ references = \"x{at}\" }}\n"))
            .collect(),
        (0..5_000)
            .map(|at| format!("[tables.t{at}]\ncolumns.a = {{ references = \"t{}\" }}\n", at + 1))
            .collect(),
        (0..2_000)
            .map(|at| {
                format!(
                    "[tables.t{at}]\ncolumns.id = {{ references = \"t{}\", primary_key = true }}\n",
                    at + 1
                )
            })
            .collect(),
        format!(
            "[tables.t]\ncolumns.a = {{ type = \"text\", pattern = \"{}\" }}\n",
            "(a{1000}){1000}"
        ),
        format!(
            "[tables.t]\ncolumns.a = {{ type = \"text\", pattern = \"{}\" }}\n",
            "(".repeat(50_000)
        ),
    ];
    for text in &hostile {
        let start = std::time::Instant::now();
        let _ = read_text("app.toml", text);
        let shown: String = text.chars().take(60).collect();
        assert!(start.elapsed().as_secs() < 60, "{shown} took {:?}", start.elapsed());
    }
}

/// Conditional values are moved out of what is calculated with them: that must not grow without end.
#[test]
fn rules_that_double_with_each_step_are_refused() {
    let sum = "(row.t ? 1 : 2) + ".repeat(22);
    let text = format!("[tables.t]\ncolumns.t = \"boolean\"\nallow.read = \"{sum}0 == 3\"\n");
    let mistakes = read_text("app.toml", &text).unwrap_err();
    assert_eq!(mistakes.list()[0].code, "rule-too-large");
}
