//! The scenarios of mainstay/tests/clients/scenarios, run by two clients that people use as they
//! are: @supabase/supabase-js and Python's supabase. What they must find is asked of the database
//! files themselves, by SQL that stands in the scenarios, never of the server.

use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::clients::{folder, ready};
use crate::harness::{Forge, Server, binary, finish, now, python, repository, sign, skip};

/// Fewer would mean that scenarios were lost, not that they passed.
const ASSERTIONS: u64 = 300;

#[test]
fn supabase_js_finds_what_the_scenarios_say() {
    let Some(apps) = Apps::start() else { return };
    if !ready() {
        return;
    }
    let mut node = Command::new("node");
    node.arg(folder().join("js/run.mjs"));
    apps.run(node, "javascript");
}

#[test]
fn the_python_client_finds_what_the_scenarios_say() {
    let Some(apps) = Apps::start() else { return };
    let python = match python("python-client", &folder().join("python/requirements.txt")) {
        Ok(python) => python,
        Err(why) => return skip("the_python_client_finds_what_the_scenarios_say", &why),
    };
    let mut command = Command::new(python);
    command.arg("-B").arg(folder().join("python/run.py"));
    apps.run(command, "python");
}

/// Both applications, served.
struct Apps {
    music: Server,
    shop: Server,
    chinook: PathBuf,
    _folder: TempDir,
}

impl Apps {
    /// The adopted sample with what music.toml adds, and the shop with its seeds.
    fn start() -> Option<Self> {
        let chinook = repository().join("../shared/data/chinook.sqlite");
        if !chinook.is_file() {
            skip("the scenarios of the clients", "../shared/data/chinook.sqlite is not there");
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        let app = home.path().join("music");
        let mut adopt = Command::new(binary());
        adopt.arg("adopt").arg(&chinook).arg(&app).arg("--open-read");
        finish(&mut adopt).unwrap();
        append(&app.join("modules/chinook.toml"), &text_of(&folder().join("music.toml")));
        append(
            &app.join("mainstay.toml"),
            "\n[api]\naggregates = true\ntransaction_override = true\n\n[auth]\nroles = [\"staff\"]\n",
        );
        let data = tempfile::tempdir_in(home.path()).unwrap();
        for file in std::fs::read_dir(app.join("data")).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), data.path().join(file.file_name())).unwrap();
        }
        let music = Server::over("serve", &app, &[], &[], data);
        let shop = Server::of(&repository().join("examples/shop"));
        Some(Self { music, shop, chinook, _folder: home })
    }

    /// Runs every scenario with one client, and sees that none was lost.
    fn run(self, mut command: Command, client: &str) {
        let given = json!({
            "apps": { "music": app(&self.music), "shop": app(&self.shop) },
            "scenarios": self.scenarios(client),
        });
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), given.to_string()).unwrap();
        let output = command.arg(file.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let failed: Vec<&str> = said.lines().filter(|line| line.starts_with("not ok")).collect();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{complaint}", failed.join("\n"));
        let counts: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        println!("{client}: {counts}");
        assert!(counts["assertions"].as_u64().unwrap() >= ASSERTIONS, "{counts}");
        for server in [self.music, self.shop] {
            let output = server.stop();
            assert!(!output.contains("\"level\":\"error\""), "{output}");
        }
    }

    /// All files, in one form: a list of calls each, with the answers filled in.
    fn scenarios(&self, client: &str) -> Vec<Value> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder().join("scenarios"))
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        let mut scenarios = Vec::new();
        for file in files {
            let app = if file.ends_with("shop.json") { "shop" } else { "music" };
            let read = serde_json::from_str(&text_of(&file));
            let list: Vec<Value> = read.unwrap_or_else(|why| panic!("{}: {why}", file.display()));
            scenarios.extend(list.iter().map(|scenario| self.scenario(scenario, app, client)));
        }
        scenarios
    }

    fn scenario(&self, scenario: &Value, app: &str, client: &str) -> Value {
        let whole = [scenario.clone()];
        let calls = scenario["calls"].as_array().map_or(&whole[..], Vec::as_slice);
        let mine = |call: &&Value| call["only"].as_str().is_none_or(|only| only == client);
        let calls = calls.iter().filter(mine).map(|call| {
            let mut call = call.clone();
            self.fill_in(&mut call, app);
            call
        });
        json!({ "name": scenario["name"], "app": app, "calls": calls.collect::<Vec<_>>() })
    }

    /// Puts what SQL says in place of the SQL.
    fn fill_in(&self, call: &mut Value, app: &str) {
        let name = call["name"].clone();
        let expect = call["expect"].as_object_mut().unwrap_or_else(|| panic!("{name}"));
        for (word, place) in [("sql", "data"), ("sqlcount", "count"), ("sqltext", "data")] {
            let Some(sql) = expect.remove(word) else { continue };
            let (module, sql) = match &sql {
                Value::Array(both) => (both[0].as_str().unwrap(), both[1].as_str().unwrap()),
                sql => ("catalog", sql.as_str().unwrap()),
            };
            let database = match app {
                "music" => self.chinook.clone(),
                _ => self.shop.data().join(format!("{module}.db")),
            };
            let found = ask(&database, sql);
            let value = match word {
                "sql" => serde_json::from_str(&found).unwrap(),
                "sqlcount" => json!(found.parse::<u64>().unwrap()),
                _ => json!(found),
            };
            expect.insert(place.to_owned(), value);
        }
    }
}

/// One value, as text.
fn ask(database: &Path, sql: &str) -> String {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(database, flags).unwrap();
    let asked = format!("select cast(({sql}) as text)");
    let found = connection.query_row(&asked, [], |row| row.get(0));
    found.unwrap_or_else(|why| panic!("{sql}: {why}"))
}

/// Where it is and a token for everybody who asks.
fn app(server: &Server) -> Value {
    let signed = |role: &str, expires: i64| {
        let claims = json!({ "role": role, "sub": "u1", "exp": now() + expires });
        sign(server.secret(), &claims)
    };
    json!({
        "url": format!("http://{}", server.address),
        "anon": server.anon(),
        "tokens": {
            "anon": server.anon(),
            "service": server.service(),
            "staff": signed("staff", 600),
            "expired": signed("authenticated", -600),
            "forged": Forge::new("not the secret of this server, but long").token(),
        },
    })
}

fn append(path: &Path, text: &str) {
    std::fs::write(path, text_of(path) + text).unwrap();
}

fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}
