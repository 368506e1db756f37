//! Which part of a result is wanted: `limit` and `offset`, and the `Range` header, intersected.

use http::HeaderMap;
use mainstay_base::{Code, Error, Result};

use super::Query;

/// A page of a result. `limit` is not yet bound by the server's own cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub offset: u64,
    pub limit: Option<u64>,
}

impl Page {
    /// From the query and, for reads, the header.
    ///
    /// # Errors
    /// `PGRST103` for a negative or reversed range.
    pub fn read(query: &Query<'_>, headers: &HeaderMap) -> Result<Self> {
        let page = Self::of_query(query)?;
        let header = headers.get("range").and_then(|value| value.to_str().ok());
        let items = headers.get("range-unit").is_none_or(|unit| unit == "items");
        match header.filter(|_| items) {
            Some(text) => page.within(text),
            None => Ok(page),
        }
    }

    /// From the query alone.
    ///
    /// # Errors
    /// `PGRST103` for a negative limit.
    pub fn of_query(query: &Query<'_>) -> Result<Self> {
        let limit = match query.part.limit {
            None => None,
            Some(limit) => Some(
                u64::try_from(limit)
                    .map_err(|_| unsatisfiable("Limit should be greater than or equal to zero."))?,
            ),
        };
        let offset = query.part.offset.map_or(0, |offset| u64::try_from(offset).unwrap_or(0));
        Ok(Self { offset, limit })
    }

    /// Intersects with `first-last` or `first-`; anything else is not a range of ours.
    fn within(self, text: &str) -> Result<Self> {
        let text = text.trim().strip_prefix("items=").unwrap_or(text.trim());
        let Some((first, last)) = text.split_once('-') else {
            return Ok(self);
        };
        let Ok(first) = first.parse::<u64>() else {
            return Ok(self);
        };
        let limit = match last {
            "" => None,
            last => match last.parse::<u64>() {
                Ok(last) if last < first => {
                    let why = "The lower boundary must be lower than or equal to the upper \
                               boundary in the Range header.";
                    return Err(unsatisfiable(why));
                }
                Ok(last) => Some(last - first + 1),
                Err(_) => return Ok(self),
            },
        };
        let offset = self.offset.max(first);
        let ends = [
            self.limit.map(|limit| self.offset.saturating_add(limit)),
            limit.map(|limit| first.saturating_add(limit)),
        ];
        let end = ends.into_iter().flatten().min();
        Ok(Self { offset, limit: end.map(|end| end.saturating_sub(offset)) })
    }
}

/// A whole number of a query parameter.
///
/// # Errors
/// `PGRST100`
pub fn number(what: &str, text: &str) -> Result<i64> {
    text.trim().parse().map_err(|_| {
        let shown: String = text.chars().take(50).collect();
        Error::new(Code::QueryUnreadable, format!("\"failed to parse {what} parameter ({shown})\""))
            .details("expecting a whole number")
    })
}

/// `PGRST103`
#[must_use]
pub fn unsatisfiable(why: impl Into<String>) -> Error {
    Error::new(Code::RangeUnsatisfiable, "Requested range not satisfiable").details(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Part;

    #[test]
    fn query_and_header_intersect() {
        let page = |limit, offset, range: &str| {
            let part = Part { limit, offset, ..Part::default() };
            let query = Query { part, ..Query::default() };
            let mut headers = HeaderMap::new();
            if !range.is_empty() {
                headers.insert("range", range.parse().unwrap());
            }
            Page::read(&query, &headers).map_err(|error| error.code().text())
        };
        let some = |offset, limit| Ok(Page { offset, limit: Some(limit) });
        assert_eq!(page(None, None, ""), Ok(Page::default()));
        assert_eq!(page(Some(5), Some(10), ""), some(10, 5));
        assert_eq!(page(None, None, "0-9"), some(0, 10));
        assert_eq!(page(None, None, "5-"), Ok(Page { offset: 5, limit: None }));
        assert_eq!(page(Some(3), None, "0-9"), some(0, 3));
        assert_eq!(page(Some(100), Some(5), "0-9"), some(5, 5));
        assert_eq!(page(None, None, "9-0"), Err("PGRST103"));
        assert_eq!(page(Some(-1), None, ""), Err("PGRST103"));
        assert_eq!(page(Some(0), None, ""), some(0, 0));
        assert_eq!(page(None, None, "bytes=0-1"), Ok(Page::default()));
    }
}
