//! Values that the server makes for columns that a new row does not name.

use mainstay_base::{Instant, Result};
use mainstay_gate::Identity;
use mainstay_schema::model::Default;
use mainstay_schema::value::time;
use mainstay_schema::{Column, Type, Value};

/// Makes values for one request: every `now` in it is the same moment.
pub struct Maker<'a> {
    now: Option<String>,
    identity: &'a Identity,
}

impl<'a> Maker<'a> {
    #[must_use]
    pub fn new(now: Instant, identity: &'a Identity) -> Self {
        Self { now: time::format_utc(now), identity }
    }

    /// The caller for whom values are made.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        self.identity
    }

    /// The value of a column's default; `None` when the database has to make it.
    ///
    /// # Errors
    /// When the caller's id does not fit the type of its column.
    pub fn value(&self, column: &Column) -> Result<Option<Value>> {
        Ok(match &column.default {
            Some(Default::Value(value)) => Some(value.clone()),
            Some(Default::Now) => Some(self.now(&column.ty)),
            Some(Default::Uuid) => Some(Value::Text(new_id())),
            Some(Default::AuthUid) => match self.identity.uid() {
                Some(uid) => Some(column.ty.read_text(uid)?),
                None => Some(Value::Null),
            },
            Some(Default::AuthTenant) => Some(self.tenant(&column.ty)?),
            Some(Default::Sql(_)) => None,
            None if column.identity.is_some() || column.generated.is_some() => None,
            None => Some(Value::Null),
        })
    }

    /// The claim `tenant`, where it is of the column's kind: a number is no text, as in rules.
    fn tenant(&self, ty: &Type) -> Result<Value> {
        let whole = matches!(ty, Type::SmallInt | Type::Integer | Type::BigInt);
        match self.identity.facts().claims.get("tenant") {
            Some(serde_json::Value::String(tenant)) if !whole => ty.read_text(tenant),
            Some(serde_json::Value::Number(tenant)) if whole => ty.read_text(&tenant.to_string()),
            _ => Ok(Value::Null),
        }
    }

    /// The moment in the stored form of a type of time.
    fn now(&self, ty: &Type) -> Value {
        let Some(moment) = &self.now else { return Value::Null };
        let local = moment.trim_end_matches("+00:00");
        Value::Text(match ty {
            Type::Date => local[..10].to_owned(),
            Type::Time => local[11..].to_owned(),
            Type::Timestamp => local.to_owned(),
            _ => moment.clone(),
        })
    }

    /// The server fills the column of a new row that does not name it. Constants too: a default
    /// that is declared anew holds at once, while the one in the table's text stays as it was made.
    #[must_use]
    pub fn makes(column: &Column) -> bool {
        matches!(&column.default, Some(default) if !matches!(default, Default::Sql(_)))
    }
}

/// A uuid of version 7: ordered by time, also within a millisecond of one process.
fn new_id() -> String {
    let mut buffer = uuid::Uuid::encode_buffer();
    uuid::Uuid::now_v7().hyphenated().encode_lower(&mut buffer).to_owned()
}
