//! Whether a subject answers a case as the floor does. A subject that answered less, or an error,
//! would be measured for work that it does not do.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::data::ROWS;
use crate::load::{Ask, Random};
use crate::subjects::{self, Subject};
use crate::{answer, asks};

/// Requests that are compared.
const ASKED: u64 = 3;

/// What came to one request.
#[derive(Debug, PartialEq)]
struct Seen {
    rows: Vec<Value>,
    /// How many there are on all pages, when that was said.
    all: Option<u64>,
}

/// The floor's answers to the first requests of a case.
pub struct Expected(Vec<Seen>);

/// Asks a floor that is started for this.
pub async fn expected(case: &str) -> std::io::Result<Expected> {
    let floor = subjects::floor()?;
    let ask = asks::ask(&floor, case)?;
    look(&floor, case, &*ask).await.map(Expected)
}

/// # Errors
/// What the subject answers and what was expected, when they differ.
pub async fn same(
    subject: &Subject,
    case: &str,
    ask: &Ask,
    expected: &Expected,
) -> std::io::Result<()> {
    for (seen, expected) in look(subject, case, ask).await?.iter().zip(&expected.0) {
        let same = match subject.alike {
            true => seen == expected,
            false => core(seen) == core(expected),
        };
        if !same {
            let name = subject.name;
            let text = format!("{name} answers {case} with {seen:?}, the floor with {expected:?}");
            return Err(std::io::Error::other(text));
        }
    }
    Ok(())
}

async fn look(subject: &Subject, case: &str, ask: &Ask) -> std::io::Result<Vec<Seen>> {
    // That somebody is there is all that the answers of this case say.
    let silent = case == "health";
    let mut stream = TcpStream::connect(subject.address).await?;
    let mut all = Vec::new();
    for seed in 1..=ASKED {
        let mut request = Vec::new();
        ask(&mut Random::new(seed), &mut request);
        let mut seen = exchange(&mut stream, &request, silent).await?;
        if ["insert", "mixed"].contains(&case) {
            without_keys(&mut seen.rows);
        }
        all.push(seen);
    }
    if case.starts_with("bulk") {
        // The write itself is answered with nothing: what it wrote is read.
        for views in [ROWS, 500_000, 900_000] {
            let request = asks::list(subject, views);
            let mut seen = exchange(&mut stream, &request, false).await?;
            if seen.rows.len() != 20 {
                return Err(std::io::Error::other(format!("{} lacks rows", subject.name)));
            }
            without_keys(&mut seen.rows);
            all.push(seen);
        }
    }
    Ok(all)
}

async fn exchange(stream: &mut TcpStream, request: &[u8], silent: bool) -> std::io::Result<Seen> {
    let mut buffer = Vec::new();
    stream.write_all(request).await?;
    let status = answer::read(stream, &mut buffer).await?;
    let (head, body) = answer::parts(&buffer)?;
    if !(200..300).contains(&status) {
        let request = String::from_utf8_lossy(request);
        let line = request.lines().next().unwrap_or_default();
        let body = String::from_utf8_lossy(&body);
        return Err(std::io::Error::other(format!("{line} is answered with {status}: {body}")));
    }
    if silent || body.is_empty() {
        return Ok(Seen { rows: Vec::new(), all: None });
    }
    let body: Value = serde_json::from_slice(&body)?;
    let range = answer::field(head, "content-range").and_then(|range| range.split_once('/'));
    let all = range.and_then(|(_, all)| all.parse().ok()).or(body["totalItems"].as_u64());
    Ok(Seen { rows: rows(body), all })
}

/// The rows of an answer: a list, a page of items or a single one.
fn rows(body: Value) -> Vec<Value> {
    match body {
        Value::Array(rows) => rows,
        Value::Object(mut page) => match page.remove("items") {
            Some(Value::Array(rows)) => rows,
            _ => vec![Value::Object(page)],
        },
        _ => Vec::new(),
    }
}

/// Keys of new rows are nobody's choice.
fn without_keys(rows: &mut [Value]) {
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        row.remove("id");
    }
}

/// What rows say whose keys and columns are a subject's own: titles, views, and what is embedded.
fn core(seen: &Seen) -> (Vec<Value>, Option<u64>) {
    let row = |row: &Value| {
        let expand = &row["expand"];
        let author = row["author"]["name"].as_str().or(expand["author"]["name"].as_str());
        let comments = row["comments"].as_array().or(expand["comments_via_article"].as_array());
        let mut said: Vec<_> = comments.into_iter().flatten().map(|one| &one["text"]).collect();
        said.sort_by_key(|text| text.as_str());
        json!([row["title"], row["views"], author, said])
    };
    (seen.rows.iter().map(row).collect(), seen.all)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Seen, core};

    #[test]
    fn rows_of_other_keys_are_compared_by_what_they_say() {
        let floor = json!({ "id": "a", "title": "t", "views": 1, "author": { "name": "n" },
                            "comments": [{ "id": "x", "text": "1" }, { "id": "y", "text": "2" }] });
        let expanded = |author: &str, said: Value| {
            json!({ "id": "b", "title": "t", "views": 1, "author": "w",
                    "expand": { "author": { "name": author }, "comments_via_article": said } })
        };
        let both = json!([{ "text": "2" }, { "text": "1" }]);
        let cases = [
            (expanded("n", both.clone()), true),
            (expanded("m", both), false),
            (expanded("n", json!([{ "text": "1" }])), false),
            (json!({ "id": "b", "title": "t", "views": 1, "author": "w" }), false),
        ];
        let seen = |row: Value, all| Seen { rows: vec![row], all };
        for (given, expect) in cases {
            let shown = given.to_string();
            let same = core(&seen(given, None)) == core(&seen(floor.clone(), None));
            assert_eq!(same, expect, "{shown}");
        }
        assert_ne!(core(&seen(floor.clone(), Some(1))), core(&seen(floor, Some(2))));
    }
}
