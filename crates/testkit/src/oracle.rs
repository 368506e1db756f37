//! Knows what was acknowledged. Each writer has rows of its own and one request under way at most,
//! so after a crash every row is either as acknowledged or as that one request would have left it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::http::{Answer, Connection};

/// Rows by id: the text that they hold.
pub type Rows = BTreeMap<String, String>;

/// What a writer knows.
#[derive(Clone, Debug, Default)]
pub struct Oracle {
    pub writer: usize,
    /// As acknowledged.
    pub rows: Rows,
    /// As the request under way would leave them.
    pub pending: Option<Rows>,
    pub acknowledged: u64,
    count: u64,
    random: u64,
}

/// A difference between what was acknowledged and what is there.
#[derive(Debug)]
pub struct Loss {
    pub writer: usize,
    pub id: String,
    pub expected: Option<String>,
    pub found: Option<String>,
}

impl Oracle {
    #[must_use]
    pub fn new(writer: usize, seed: u64) -> Self {
        let random = (seed ^ (writer as u64 + 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { writer, random, ..Self::default() }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % bound
    }

    fn new_id(&mut self) -> String {
        self.count += 1;
        format!("w{}-{}", self.writer, self.count)
    }

    fn known_id(&mut self) -> Option<String> {
        let len = self.rows.len() as u64;
        if len == 0 {
            return None;
        }
        let at = usize::try_from(self.below(len)).unwrap_or(0);
        self.rows.keys().nth(at).cloned()
    }

    /// Makes one write: an insert, a bulk insert, an upsert, an update or a delete.
    ///
    /// # Errors
    /// When the connection was cut; the request stays pending.
    pub fn write(&mut self, connection: &mut Connection) -> std::io::Result<Answer> {
        let text = format!("t{}", self.below(1 << 40));
        let kind = self.below(10);
        let known = self.known_id();
        let mut after = self.rows.clone();
        let (method, path, prefer, ids) = match (kind, known) {
            (0..=2, _) | (_, None) => {
                ("POST", "/ledger".to_owned(), "return=minimal", vec![self.new_id()])
            }
            (3..=4, _) => {
                let ids = (0..5).map(|_| self.new_id()).collect();
                ("POST", "/ledger".to_owned(), "return=minimal", ids)
            }
            (5..=6, Some(id)) => {
                let ids = vec![id, self.new_id()];
                ("POST", "/ledger".to_owned(), "resolution=merge-duplicates", ids)
            }
            (7..=8, Some(id)) => {
                ("PATCH", format!("/ledger?id=eq.{id}"), "return=minimal", vec![id])
            }
            (_, Some(id)) => ("DELETE", format!("/ledger?id=eq.{id}"), "return=minimal", vec![id]),
        };
        let body = match method {
            "POST" => {
                let row = |id: &String| serde_json::json!({ "id": id, "writer": self.writer, "text": text });
                Value::Array(ids.iter().map(row).collect()).to_string()
            }
            "PATCH" => serde_json::json!({ "text": text }).to_string(),
            _ => String::new(),
        };
        for id in ids {
            match method {
                "DELETE" => drop(after.remove(&id)),
                _ => drop(after.insert(id, text.clone())),
            }
        }
        self.pending = Some(after);
        let answer = connection.ask(method, &path, prefer, &body)?;
        let after = self.pending.take();
        if (200..300).contains(&answer.status) {
            self.acknowledged += 1;
            self.rows = after.unwrap_or_default();
        }
        Ok(answer)
    }

    /// Reads this writer's rows.
    ///
    /// # Errors
    /// When the server cannot be read.
    pub fn stored(&self, connection: &mut Connection) -> std::io::Result<Rows> {
        let mut rows = Rows::new();
        let mut last = String::new();
        loop {
            let path = format!(
                "/ledger?writer=eq.{}&id=gt.{last}&select=id,text&order=id&limit=1000",
                self.writer
            );
            let answer = connection.ask("GET", &path, "", "")?;
            let page: Value = serde_json::from_str(&answer.body).map_err(std::io::Error::other)?;
            let Some(page) = page.as_array() else {
                return Err(std::io::Error::other(answer.body));
            };
            for row in page {
                let cell = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
                rows.insert(cell("id"), cell("text"));
            }
            if page.len() < 1000 {
                return Ok(rows);
            }
            last = rows.keys().next_back().cloned().unwrap_or_default();
        }
    }

    /// Compares with what is there, and goes on from it. All of the request under way happened, or
    /// none of it.
    pub fn settle(&mut self, stored: Rows) -> Vec<Loss> {
        let pending = self.pending.take();
        let losses = match pending {
            Some(after) if after == stored => Vec::new(),
            _ if self.rows == stored => Vec::new(),
            _ => self.differences(&stored),
        };
        self.rows = stored;
        losses
    }

    fn differences(&self, stored: &Rows) -> Vec<Loss> {
        let mut ids: Vec<&String> = self.rows.keys().chain(stored.keys()).collect();
        ids.sort();
        ids.dedup();
        ids.into_iter()
            .filter(|id| self.rows.get(*id) != stored.get(*id))
            .map(|id| Loss {
                writer: self.writer,
                id: id.clone(),
                expected: self.rows.get(id).cloned(),
                found: stored.get(id).cloned(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(pairs: &[(&str, &str)]) -> Rows {
        pairs.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn the_oracle_tells_lost_from_unknown() {
        let mut oracle = Oracle::new(1, 1);
        oracle.rows = rows(&[("a", "1"), ("b", "2")]);
        oracle.pending = Some(rows(&[("a", "1"), ("b", "2"), ("c", "3"), ("d", "3")]));
        let before = oracle.clone();
        assert!(before.clone().settle(rows(&[("a", "1"), ("b", "2")])).is_empty());
        let all = rows(&[("a", "1"), ("b", "2"), ("c", "3"), ("d", "3")]);
        assert!(before.clone().settle(all).is_empty());
        let half = rows(&[("a", "1"), ("b", "2"), ("c", "3")]);
        assert_eq!(before.clone().settle(half).len(), 1, "half a request is a loss");
        assert_eq!(oracle.settle(rows(&[("a", "1")]))[0].id, "b");
    }
}
