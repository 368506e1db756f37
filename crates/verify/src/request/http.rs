//! A request as HTTP: path, query, headers, body, in the dialect of docs/data-api.md.

use std::fmt::Write;

use bytes::Bytes;

use super::{Body, Embed, Filter, Item, Order, Part, Request, Resolution, Returning, Test, Verb};
use crate::world::cell::string;
use crate::world::{Cell, Function, Kind, Table};

/// What is sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub method: &'static str,
    /// Below `/rest/v1`, with the query, percent-encoded.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Sent {
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The request for a caller with this token.
    ///
    /// # Errors
    /// When it is no HTTP, which is a mistake of the generator.
    pub fn request(&self, token: &str) -> Result<http::Request<Bytes>, http::Error> {
        let mut request = http::Request::builder()
            .method(self.method)
            .uri(format!("/rest/v1{}", self.target))
            .header("apikey", token);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Bytes::from(self.body.clone()))
    }
}

/// Writes a request to these sources.
#[must_use]
pub fn write(request: &Request, tables: &[Table], functions: &[Function]) -> Sent {
    let mut sent = Sent {
        method: method(&request.verb),
        target: format!("/{}", tables[request.table].name),
        headers: request.headers.clone(),
        body: String::new(),
    };
    if let Verb::Batch(operations) = &request.verb {
        sent.target = "/batch".to_owned();
        sent.body = batch(operations, tables, functions);
        return sent;
    }
    let mut query = Query { tables, pairs: Vec::new() };
    query.part(&request.part, request.table, "");
    let table = &tables[request.table];
    match &request.verb {
        Verb::Post { body, on_conflict } => {
            if let Some(columns) = on_conflict {
                query.pair("on_conflict", names(table, columns));
            }
            sent.body = query.body(table, body);
        }
        Verb::Patch { body } | Verb::Put { body } => sent.body = query.body(table, body),
        Verb::Call { function, given, reads } => {
            sent.target = format!("/rpc/{}", functions[*function].name);
            match given {
                Some(cell) if *reads => query.pair("given", cell.plain()),
                Some(cell) => sent.body = format!("{{\"given\":{}}}", cell.wire()),
                None => {}
            }
        }
        _ => {}
    }
    sent.target.push_str(&query.text());
    let prefer = prefer(request);
    if !prefer.is_empty() {
        sent.headers.push(("prefer".to_owned(), prefer));
    }
    if request.single {
        let accept = "application/vnd.pgrst.object+json".to_owned();
        sent.headers.push(("accept".to_owned(), accept));
    }
    sent
}

fn method(verb: &Verb) -> &'static str {
    match verb {
        Verb::Get | Verb::Call { reads: true, .. } => "GET",
        Verb::Head => "HEAD",
        Verb::Post { .. } | Verb::Call { .. } | Verb::Batch(_) => "POST",
        Verb::Patch { .. } => "PATCH",
        Verb::Put { .. } => "PUT",
        Verb::Delete => "DELETE",
    }
}

fn prefer(request: &Request) -> String {
    let prefer = &request.prefer;
    let mut parts: Vec<String> = Vec::new();
    parts.extend(prefer.count.map(|count| format!("count={count}")));
    parts.extend(prefer.returning.map(|returning| {
        let word = match returning {
            Returning::Minimal => "minimal",
            Returning::HeadersOnly => "headers-only",
            Returning::Representation => "representation",
        };
        format!("return={word}")
    }));
    parts.extend(prefer.resolution.map(|resolution| {
        let word = match resolution {
            Resolution::Merge => "merge",
            Resolution::Ignore => "ignore",
        };
        format!("resolution={word}-duplicates")
    }));
    if prefer.missing_default {
        parts.push("missing=default".to_owned());
    }
    parts.join(",")
}

fn batch(operations: &[Request], tables: &[Table], functions: &[Function]) -> String {
    let operation = |request: &Request| {
        let sent = write(request, tables, functions);
        let headers: Vec<String> = sent
            .headers
            .iter()
            .filter(|(name, _)| name == "prefer" || name == "accept")
            .map(|(name, value)| format!("{}:{}", string(name), string(value)))
            .collect();
        let mut text = format!(
            "{{\"method\":{},\"path\":{},\"headers\":{{{}}}",
            string(sent.method),
            string(&sent.target),
            headers.join(",")
        );
        if !sent.body.is_empty() {
            let _ = write!(text, ",\"body\":{}", sent.body);
        }
        text.push('}');
        text
    };
    let operations: Vec<String> = operations.iter().map(operation).collect();
    format!("{{\"operations\":[{}]}}", operations.join(","))
}

fn names(table: &Table, columns: &[usize]) -> String {
    columns.iter().map(|at| table.columns[*at].name.as_str()).collect::<Vec<_>>().join(",")
}

struct Query<'t> {
    tables: &'t [Table],
    pairs: Vec<(String, String)>,
}

impl Query<'_> {
    fn pair(&mut self, name: &str, value: String) {
        self.pairs.push((name.to_owned(), value));
    }

    fn text(&self) -> String {
        let pairs =
            self.pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        let text = pairs.collect::<Vec<_>>().join("&");
        if text.is_empty() { text } else { format!("?{text}") }
    }

    fn body(&mut self, table: &Table, body: &Body) -> String {
        if body.listed {
            let all: Vec<usize> = body.columns.iter().chain(&body.absent).copied().collect();
            self.pair("columns", names(table, &all));
        }
        let row = |row: &Vec<Cell>| {
            let field = |(at, cell): (&usize, &Cell)| {
                format!("{}:{}", string(&table.columns[*at].name), cell.wire())
            };
            let fields: Vec<String> = body.columns.iter().zip(row).map(field).collect();
            format!("{{{}}}", fields.join(","))
        };
        let rows: Vec<String> = body.rows.iter().map(row).collect();
        match (body.many, rows.as_slice()) {
            (false, [one]) => one.clone(),
            _ => format!("[{}]", rows.join(",")),
        }
    }

    /// `before` is the path of embeds that leads to the part.
    fn part(&mut self, part: &Part, table: usize, before: &str) {
        if let Some(select) = part.select.as_ref().filter(|_| before.is_empty()) {
            let list = self.select(select, table);
            self.pair("select", list);
        }
        for filter in &part.filters {
            self.top(filter, part, table, before);
        }
        if !part.order.is_empty() {
            let order: Vec<String> =
                part.order.iter().map(|order| self.order(order, part, table)).collect();
            self.pair(&format!("{before}order"), order.join(","));
        }
        if let Some(limit) = part.limit {
            self.pair(&format!("{before}limit"), limit.to_string());
        }
        if let Some(offset) = part.offset {
            self.pair(&format!("{before}offset"), offset.to_string());
        }
        for embed in part.embeds() {
            self.part(&embed.part, embed.way.to, &format!("{before}{}.", name(embed)));
        }
    }

    fn select(&self, items: &[Item], table: usize) -> String {
        let alias = |alias: &Option<String>| {
            alias.as_ref().map_or(String::new(), |alias| format!("{alias}:"))
        };
        let column = |at: usize| self.tables[table].columns[at].name.as_str();
        let item = |item: &Item| match item {
            Item::Star => "*".to_owned(),
            Item::Column { column: at, alias: named } => format!("{}{}", alias(named), column(*at)),
            Item::Aggregate { function, column: None, alias: named } => {
                format!("{}{function}()", alias(named))
            }
            Item::Aggregate { function, column: Some(at), alias: named } => {
                format!("{}{}.{function}()", alias(named), column(*at))
            }
            Item::Embed(embed) => {
                let spread = if embed.spread { "..." } else { "" };
                let inner = if embed.inner { "!inner" } else { "" };
                let inside = self.select(embed.part.items(), embed.way.to);
                let named = alias(&embed.alias);
                format!("{spread}{named}{}{inner}({inside})", embed.way.spelling())
            }
        };
        items.iter().map(item).collect::<Vec<_>>().join(",")
    }

    fn order(&self, order: &Order, part: &Part, table: usize) -> String {
        let embed = order.embed.and_then(|at| part.embed(at));
        let table = embed.map_or(table, |embed| embed.way.to);
        let mut text = self.tables[table].columns[order.column].name.clone();
        if let Some(embed) = embed {
            text = format!("{}({text})", name(embed));
        }
        text.push_str(if order.descending { ".desc" } else { ".asc" });
        text.push_str(match order.nulls_first {
            Some(true) => ".nullsfirst",
            Some(false) => ".nullslast",
            None => "",
        });
        text
    }

    fn top(&mut self, filter: &Filter, part: &Part, table: usize, before: &str) {
        match filter {
            Filter::All { not, filters } | Filter::Any { not, filters } => {
                let word = if matches!(filter, Filter::All { .. }) { "and" } else { "or" };
                let not = if *not { "not." } else { "" };
                let list = self.list(filters, part, table);
                self.pair(&format!("{before}{not}{word}"), format!("({list})"));
            }
            Filter::Test { column, inside, not, test } => {
                let field = self.field(table, *column, *inside);
                let not = if *not { "not." } else { "" };
                let value = self::test(test, self.tables[table].columns[*column].kind, false);
                self.pair(&format!("{before}{field}"), format!("{not}{value}"));
            }
            Filter::Missing { embed, not } => {
                let Some(embed) = part.embed(*embed) else { return };
                let not = if *not { "not." } else { "" };
                self.pair(&format!("{before}{}", name(embed)), format!("{not}is.null"));
            }
        }
    }

    fn list(&self, filters: &[Filter], part: &Part, table: usize) -> String {
        let one = |filter: &Filter| match filter {
            Filter::All { not, filters } | Filter::Any { not, filters } => {
                let word = if matches!(filter, Filter::All { .. }) { "and" } else { "or" };
                let not = if *not { "not." } else { "" };
                format!("{not}{word}({})", self.list(filters, part, table))
            }
            Filter::Test { column, inside, not, test } => {
                let field = self.field(table, *column, *inside);
                let not = if *not { "not." } else { "" };
                let value = self::test(test, self.tables[table].columns[*column].kind, true);
                format!("{field}.{not}{value}")
            }
            Filter::Missing { embed, not } => {
                let named = part.embed(*embed).map_or(String::new(), name);
                let not = if *not { "not." } else { "" };
                format!("{named}.{not}is.null")
            }
        };
        filters.iter().map(one).collect::<Vec<_>>().join(",")
    }

    fn field(&self, table: usize, column: usize, inside: Option<&str>) -> String {
        let name = &self.tables[table].columns[column].name;
        inside.map_or_else(|| name.clone(), |path| format!("{name}->>{path}"))
    }
}

/// The name by which filters and orders speak of an embed.
#[must_use]
pub fn name(embed: &Embed) -> String {
    embed.alias.clone().unwrap_or_else(|| embed.way.name.clone())
}

/// `inner` values stand in a list, where commas and brackets end them.
fn test(test: &Test, kind: Kind, inner: bool) -> String {
    let value = |cell: &Cell| match inner {
        true => quoted(&cell.plain()),
        false => cell.plain(),
    };
    match test {
        Test::Compare(operator, cell) => format!("{operator}.{}", value(cell)),
        Test::In(cells) => {
            let items: Vec<String> = cells.iter().map(|cell| quoted(&cell.plain())).collect();
            format!("in.({})", items.join(","))
        }
        Test::Like { pattern, fold_case } => {
            let word = if *fold_case { "ilike" } else { "like" };
            format!("{word}.{}", if inner { quoted(pattern) } else { pattern.clone() })
        }
        Test::Is(word) => format!("is.{word}"),
        Test::Contains(cell) | Test::Overlaps(cell) => {
            let word = if matches!(test, Test::Contains(_)) { "cs" } else { "ov" };
            debug_assert!(kind == Kind::Texts, "only arrays contain");
            format!("{word}.{}", value(cell))
        }
    }
}

/// In quotes where it would not be one value otherwise.
fn quoted(text: &str) -> String {
    let plain = !text.is_empty()
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '*' | '%'));
    match plain {
        true => text.to_owned(),
        false => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => encoded.push(char::from(byte)),
            b'-' | b'_' | b'.' | b'*' | b'(' | b')' | b',' | b':' | b'!' => {
                encoded.push(char::from(byte));
            }
            byte => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}
