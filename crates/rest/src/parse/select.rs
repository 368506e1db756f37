//! `select=`: which columns come back, under which names, as which types, and which rows of other
//! tables with them.

use mainstay_base::{Code, Error, Result};

use super::cursor::Cursor;
use super::filter::{Field, field};
use super::{Name, Part};
use crate::limits;

/// One item of a select list.
#[derive(Clone, Debug, PartialEq)]
pub enum Item<'a> {
    /// `*`
    Star,
    Column(Column<'a>),
    /// Boxed: it is much larger than the others.
    Embed(Box<Embed<'a>>),
}

/// `[alias:]column[->path][::cast][.aggregate()[::cast]]`, or `[alias:]count()[::cast]`
#[derive(Clone, Debug, PartialEq)]
pub struct Column<'a> {
    pub alias: Option<Name<'a>>,
    /// None for `count()`, which counts rows.
    pub field: Option<Field<'a>>,
    pub cast: Option<Name<'a>>,
    pub aggregate: Option<Aggregate<'a>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate<'a> {
    pub function: Function,
    pub cast: Option<Name<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Count,
    Sum,
    Avg,
    Min,
    Max,
}

impl Function {
    const ALL: [Self; 5] = [Self::Count, Self::Sum, Self::Avg, Self::Min, Self::Max];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

/// `[...][alias:]relation[!hint][!inner|!left](items)`
#[derive(Clone, Debug, PartialEq)]
pub struct Embed<'a> {
    pub alias: Option<Name<'a>>,
    pub relation: Name<'a>,
    pub hint: Option<Name<'a>>,
    /// Rows of this side are kept only with a row of the other.
    pub inner: bool,
    /// Its columns stand among those of this side.
    pub spread: bool,
    /// What is wanted of the other side. `select` is always given.
    pub part: Part<'a>,
}

impl<'a> Column<'a> {
    /// A column as it is.
    #[must_use]
    pub fn plain(field: Field<'a>) -> Self {
        Self { alias: None, field: Some(field), cast: None, aggregate: None }
    }
}

impl Embed<'_> {
    /// The name under which it stands in the answer.
    #[must_use]
    pub fn name(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.relation)
    }
}

/// Reads a select list. An empty one asks for empty objects.
///
/// # Errors
/// `PGRST100` for what does not parse or is over its bound.
pub fn read(text: &str) -> Result<Vec<Item<'_>>> {
    let mut cursor = Cursor::new("select parameter", text);
    if cursor.is_done() {
        return Ok(Vec::new());
    }
    let mut count = Count::default();
    let items = items(&mut cursor, &mut count, 0)?;
    match cursor.is_done() {
        true => Ok(items),
        false => Err(cursor.error("expecting \",\" or end of input")),
    }
}

/// Counted over the whole list, embeds included.
#[derive(Default)]
struct Count {
    items: usize,
    embeds: usize,
}

fn items<'a>(cursor: &mut Cursor<'a>, count: &mut Count, depth: usize) -> Result<Vec<Item<'a>>> {
    let mut items = Vec::new();
    loop {
        items.push(item(cursor, count, depth)?);
        count.items += 1;
        if count.items > limits::SELECT_ITEMS {
            return Err(over("select has more than", limits::SELECT_ITEMS, "items"));
        }
        if !cursor.take(",") {
            return Ok(items);
        }
    }
}

fn over(what: &str, bound: usize, unit: &str) -> Error {
    Error::new(Code::QueryUnreadable, format!("{what} {bound} {unit}"))
}

fn item<'a>(cursor: &mut Cursor<'a>, count: &mut Count, depth: usize) -> Result<Item<'a>> {
    cursor.take_while(|c| c == ' ');
    let spread = cursor.take("...");
    if !spread && cursor.take("*") {
        return Ok(Item::Star);
    }
    let mut alias = None;
    let mut first = field(cursor)?;
    let rest = cursor.rest();
    if first.path.is_empty() && rest.starts_with(':') && !rest.starts_with("::") {
        cursor.skip(1);
        alias = Some(first.name);
        first = field(cursor)?;
    }
    if !spread && first.path.is_empty() && first.name == "count" && cursor.take("()") {
        let aggregate = Some(Aggregate { function: Function::Count, cast: cast(cursor)? });
        return Ok(Item::Column(Column { alias, field: None, cast: None, aggregate }));
    }
    let embeds = first.path.is_empty() && matches!(cursor.peek(), Some('(' | '!'));
    if embeds || spread {
        return embed(cursor, count, depth, Embed::new(alias, first.name, spread));
    }
    let cast_before = cast(cursor)?;
    if cast_before.is_some() && cursor.peek() == Some('(') {
        return Err(cursor.error("expecting the next column: a cast takes no digits"));
    }
    let aggregate = aggregate(cursor)?;
    Ok(Item::Column(Column { alias, field: Some(first), cast: cast_before, aggregate }))
}

impl<'a> Embed<'a> {
    fn new(alias: Option<Name<'a>>, relation: Name<'a>, spread: bool) -> Self {
        Self { alias, relation, hint: None, inner: false, spread, part: Part::default() }
    }
}

/// What follows the name: hints and join words in any order, then the items in brackets.
fn embed<'a>(
    cursor: &mut Cursor<'a>,
    count: &mut Count,
    depth: usize,
    mut embed: Embed<'a>,
) -> Result<Item<'a>> {
    count.embeds += 1;
    if depth >= limits::EMBED_DEPTH {
        return Err(over("embeds are nested deeper than", limits::EMBED_DEPTH, "levels"));
    }
    if count.embeds > limits::EMBEDS {
        return Err(over("select has more than", limits::EMBEDS, "embeds"));
    }
    while cursor.take("!") {
        let word = cursor.name()?;
        match word.as_ref() {
            "inner" => embed.inner = true,
            "left" => {}
            _ if embed.hint.is_none() => embed.hint = Some(word),
            _ => return Err(cursor.error("expecting one hint, \"inner\" or \"left\"")),
        }
    }
    cursor.expect("(")?;
    cursor.take_while(|c| c == ' ');
    let mut list = Vec::new();
    if !cursor.take(")") {
        list = items(cursor, count, depth + 1)?;
        cursor.expect(")")?;
    }
    embed.part.select = Some(list);
    Ok(Item::Embed(Box::new(embed)))
}

fn cast<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Name<'a>>> {
    if cursor.take("::") { cursor.name().map(Some) } else { Ok(None) }
}

/// `.sum()`
fn aggregate<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Aggregate<'a>>> {
    if cursor.peek() != Some('.') {
        return Ok(None);
    }
    for function in Function::ALL {
        if cursor.take(&format!(".{}()", function.name())) {
            return Ok(Some(Aggregate { function, cast: cast(cursor)? }));
        }
    }
    Err(cursor.error("expecting avg(), count(), max(), min() or sum()"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(items: &[Item<'_>]) -> String {
        let one = |item: &Item<'_>| match item {
            Item::Star => "*".to_owned(),
            Item::Column(column) => {
                let alias = column.alias.as_ref().map_or(String::new(), |name| format!("{name}="));
                let field = column.field.as_ref().map_or("#".to_owned(), |f| f.name.to_string());
                let path = column.field.as_ref().map_or(0, |field| field.path.len());
                let cast = column.cast.as_ref().map_or(String::new(), |cast| format!("::{cast}"));
                let aggregate = column.aggregate.as_ref().map_or(String::new(), |aggregate| {
                    let cast = aggregate.cast.as_ref().map_or(String::new(), |c| format!("::{c}"));
                    format!(".{}{cast}", aggregate.function.name())
                });
                format!("{alias}{field}{}{cast}{aggregate}", "/".repeat(path))
            }
            Item::Embed(embed) => {
                let alias = embed.alias.as_ref().map_or(String::new(), |name| format!("{name}="));
                let hint = embed.hint.as_ref().map_or(String::new(), |hint| format!("!{hint}"));
                let inner = if embed.inner { "!!" } else { "" };
                let spread = if embed.spread { "..." } else { "" };
                let inside = draw(embed.part.select.as_deref().unwrap_or_default());
                format!("{spread}{alias}{}{hint}{inner}[{inside}]", embed.relation)
            }
        };
        items.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn select_lists_are_read_as_the_dialect_writes_them() {
        for (given, expect) in [
            ("", ""),
            ("*", "*"),
            ("id,name", "id name"),
            ("n:name::text", "n=name::text"),
            ("data->a->>b", "data//"),
            ("author:users(name)", "author=users[name]"),
            ("posts!inner(id)", "posts!![id]"),
            ("a!fk_name(*)", "a!fk_name[*]"),
            ("a!inner!fk(*),b!fk!left()", "a!fk!![*] b!fk[]"),
            ("...author(name,n:country(x))", "...author[name n=country[x]]"),
            ("*, author(*, posts(id))", "* author[* posts[id]]"),
            ("count()", "#.count"),
            ("c:count()::text,amount.sum()", "c=#.count::text amount.sum"),
            ("t:amount::int.avg()::float8,grp", "t=amount::int.avg::float8 grp"),
            ("count", "count"),
            ("\"a.b\"(\"c,d\")", "a.b[c,d]"),
        ] {
            assert_eq!(draw(&read(given).unwrap()), expect, "{given}");
        }
    }

    #[test]
    fn what_does_not_parse_says_where() {
        for (given, column) in
            [("a,,b", 3), ("a(", 3), ("a(b", 4), ("a(b))", 5), ("a.foo()", 2), ("a!b!c(d)", 6)]
        {
            let error = read(given).unwrap_err();
            assert_eq!(error.code(), Code::QueryUnreadable, "{given}");
            assert!(error.message().contains(&format!("column {column})")), "{error} {given}");
        }
    }

    #[test]
    fn depth_and_number_of_embeds_are_bounded() {
        let deep = |levels: usize| format!("{}id{}", "a(".repeat(levels), ")".repeat(levels));
        assert!(read(&deep(limits::EMBED_DEPTH)).is_ok());
        assert!(read(&deep(limits::EMBED_DEPTH + 1)).is_err());
        assert!(read(&deep(1000)).is_err());
        let wide = |count: usize| vec!["a(id)"; count].join(",");
        assert!(read(&wide(limits::EMBEDS)).is_ok());
        assert!(read(&wide(limits::EMBEDS + 1)).is_err());
        assert!(read(&vec!["id"; limits::SELECT_ITEMS + 1].join(",")).is_err());
    }
}
