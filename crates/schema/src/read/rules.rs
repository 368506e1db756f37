//! `allow` and the rules of columns: texts become checked rules. Equal texts are read once, for an
//! adopted database may repeat one rule a thousand times.

use std::collections::HashMap;

use toml::de::DeValue;

use super::Reader;
use super::node::{Fields, Node};
use crate::mistake::Mistake;
use crate::model::{Allow, ColumnAllow};
use crate::rule::{Rule, RuleFault};

/// Rules by their source.
pub(super) type Known = HashMap<String, Result<Rule, RuleFault>>;

impl Reader {
    /// A rule: CEL in quotes, or `true` and `false` as they are.
    pub fn rule(&mut self, node: Node<'_>, what: &str) -> Option<Rule> {
        let source = match node.value {
            DeValue::Boolean(true) => return Some(Rule::always().placed(node.place)),
            DeValue::Boolean(false) => return Some(Rule::never().placed(node.place)),
            _ => node.text(what, &mut self.found)?.value,
        };
        let read = match self.rules.get(&source) {
            Some(known) => known.clone(),
            None => {
                let read = Rule::parse(&source);
                self.rules.insert(source.clone(), read.clone());
                read
            }
        };
        read.map(|rule| rule.placed(node.place))
            .map_err(|fault| {
                let place = node.place.inside(&source, fault.range);
                let mut mistake =
                    Mistake::new(place, fault.code, format!("{what}: {}", fault.message));
                mistake.hint = fault.hint;
                self.found.add(mistake);
            })
            .ok()
    }

    /// `allow` of a table or view.
    pub fn table_allow(&mut self, fields: &Fields<'_>) -> Allow {
        let Some(rules) = self.allow_fields(fields) else {
            return Allow::default();
        };
        let mut rule = |action: &str| {
            rules.get(action).and_then(|node| self.rule(node, &format!("`allow.{action}`")))
        };
        Allow {
            read: rule("read"),
            create: rule("create"),
            update: rule("update"),
            delete: rule("delete"),
        }
    }

    fn allow_fields<'a>(&mut self, fields: &Fields<'a>) -> Option<Fields<'a>> {
        let node = fields.get("allow")?;
        if !node.value.is_table() {
            let message = format!("`allow` must say what is allowed, not be {}", node.kind());
            let hint = "write `allow.read = \"…\"`, and the same for each other action";
            self.found.add(Mistake::new(node.place, "wrong-kind", message).hint(hint));
            return None;
        }
        let known = ["read", "create", "update", "delete"];
        node.fields("`allow`", &known, &mut self.found)
    }

    /// `read`, `create` and `update` of a column.
    pub fn column_allow(&mut self, fields: &Fields<'_>) -> ColumnAllow {
        let mut rule = |action: &str| {
            fields.get(action).and_then(|node| self.rule(node, &format!("`{action}`")))
        };
        ColumnAllow { read: rule("read"), create: rule("create"), update: rule("update") }
    }
}
