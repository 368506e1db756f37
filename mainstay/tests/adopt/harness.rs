//! What the tests share: making a source, adopting it, serving it, comparing it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mainstay_testkit::http::Answer;
use mainstay_testkit::{Connection, Process};
use rusqlite::OpenFlags;
use rusqlite::types::ValueRef;
use serde_json::Value;

/// Rows of one page.
const PAGE: usize = 1000;

pub fn mainstay() -> Command {
    Command::new(env!("CARGO_BIN_EXE_mainstay"))
}

pub fn adopt(source: &Path, folder: &Path, more: &[&str]) -> Output {
    mainstay().arg("adopt").arg(source).arg(folder).args(more).output().unwrap()
}

/// Adopts a source that can be adopted, and gives the report.
pub fn adopted(source: &Path, folder: &Path, more: &[&str]) -> Value {
    let done = adopt(source, folder, &[more, &["--json"]].concat());
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

/// A database made of statements.
pub fn made(folder: &Path, name: &str, sql: &str) -> (PathBuf, rusqlite::Connection) {
    let path = folder.join(name);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(sql).unwrap();
    (path, connection)
}

/// An adopted application that is served until it is dropped.
pub struct Served {
    process: Option<Process>,
    anon: String,
    service: String,
}

impl Served {
    pub fn start(folder: &Path) -> Self {
        let keys = mainstay().args(["keys", "--json"]).arg(folder).output().unwrap();
        let keys: Value = serde_json::from_slice(&keys.stdout).unwrap();
        let mut serve = mainstay();
        serve.arg("serve").arg(folder);
        let process = Process::start(serve).unwrap_or_else(|said| panic!("{said}"));
        let key = |name: &str| keys[name].as_str().unwrap().to_owned();
        Self { process: Some(process), anon: key("anon"), service: key("service_role") }
    }

    fn connect(&self, key: &str) -> Connection {
        Connection::open(self.process.as_ref().unwrap().address, key).unwrap()
    }

    /// Asks without an account.
    pub fn read(&self, path: &str) -> Answer {
        self.connect(&self.anon).ask("GET", path, "", "").unwrap()
    }

    /// Asks with the key that no rule binds; rows come back.
    pub fn write(&self, method: &str, path: &str, body: &str) -> Answer {
        self.connect(&self.service).ask(method, path, "return=representation", body).unwrap()
    }

    /// Every row of a table, page by page.
    pub fn rows(&self, table: &str) -> Vec<Value> {
        let mut connection = self.connect(&self.anon);
        let mut rows = Vec::new();
        loop {
            let path = format!("/{}?limit={PAGE}&offset={}", encoded(table), rows.len());
            let answer = connection.ask("GET", &path, "", "").unwrap();
            assert_eq!(answer.status, 200, "{table}: {}", answer.body);
            let page: Vec<Value> = serde_json::from_str(&answer.body).unwrap();
            let is_last = page.len() < PAGE;
            rows.extend(page);
            if is_last {
                return rows;
            }
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }
}

/// Compares every cell of a table with the source. Gives the number of rows.
pub fn same_rows(served: &Served, source: &rusqlite::Connection, table: &str) -> usize {
    let shown = served.rows(table);
    let quoted = table.replace('"', "\"\"");
    let sql = format!("SELECT * FROM \"{quoted}\" NOT INDEXED");
    let mut statement = source.prepare(&sql).unwrap();
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query([]).unwrap();
    let mut count = 0;
    while let Some(row) = rows.next().unwrap() {
        let cells = shown.get(count).and_then(Value::as_object);
        let cells = cells.unwrap_or_else(|| panic!("{table} has no row {count}"));
        assert_eq!(cells.len(), names.len(), "{table}");
        for (at, name) in names.iter().enumerate() {
            let value = row.get_ref(at).unwrap();
            assert!(
                same(&cells[name], value),
                "{table}.{name}, row {count}: {} {value:?}",
                cells[name]
            );
        }
        count += 1;
    }
    assert_eq!(shown.len(), count, "{table}");
    count
}

/// The cell shows this value and no other.
fn same(cell: &Value, value: ValueRef<'_>) -> bool {
    let hex = |bytes: &[u8]| {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        cell.as_str() == Some(&format!("\\x{digits}"))
    };
    match value {
        ValueRef::Null => cell.is_null(),
        ValueRef::Integer(number) => match cell {
            Value::Bool(truth) => i64::from(*truth) == number,
            Value::String(text) => *text == number.to_string(),
            #[allow(clippy::cast_precision_loss)] // a decimal is shown as 3.00
            cell => cell.as_i64() == Some(number) || cell.as_f64() == Some(number as f64),
        },
        ValueRef::Real(number) => match cell {
            Value::String(text) => text.parse() == Ok(number),
            cell => cell.as_f64() == Some(number),
        },
        ValueRef::Text(bytes) => match (std::str::from_utf8(bytes), cell) {
            (Err(_), _) => hex(bytes),
            // JSON is shown as JSON, all else as the text that it is.
            (Ok(text), cell) => {
                cell.as_str() == Some(text)
                    || serde_json::from_str::<Value>(text).is_ok_and(|json| json == *cell)
            }
        },
        ValueRef::Blob(bytes) => hex(bytes),
    }
}

pub fn read_only(path: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// Everything but letters and digits as `%XX`.
pub fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// The reasons in a report that concern an object, or one column of it.
pub fn notes<'r>(report: &'r Value, object: &str, column: Option<&str>) -> Vec<&'r str> {
    let all = report["notes"].as_array().unwrap().iter();
    all.filter(|note| note["object"] == object && note["column"].as_str() == column)
        .map(|note| note["reason"].as_str().unwrap())
        .collect()
}
