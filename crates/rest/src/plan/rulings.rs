//! The access rules of one plan: what is left of each for the caller, and the values of all of them
//! in the order in which the levels were permitted.

use std::sync::Arc;

use mainstay_schema::Value;
use mainstay_schema::rule::Residual;
use mainstay_store::query::{Filter, Ruled};

/// Gathers the values while permits are asked for.
#[derive(Debug, Default)]
pub struct Rulings {
    values: Vec<Value>,
}

impl Rulings {
    /// A rule of this plan, with its values behind those of the rules before it.
    pub fn add(&mut self, rows: Option<&Arc<Residual>>) -> Option<Ruled> {
        let residual = Arc::clone(rows?);
        let first = self.values.len();
        self.values.extend_from_slice(&residual.values);
        Some(Ruled { residual, first })
    }

    #[must_use]
    pub fn finish(self) -> Arc<[Value]> {
        // Most plans have none, and the empty list is there already.
        if self.values.is_empty() { Arc::default() } else { self.values.into() }
    }
}

/// The condition that a rule is; none without one.
#[must_use]
pub fn filter(rule: Option<&Ruled>) -> Filter {
    rule.map_or(Filter::NONE, |rule| Filter::Rule(rule.clone()))
}

/// A filter of rows that a rule allows. Conditions are looked at in their order, so what may fail
/// stands behind the rule; otherwise the filter stands first, for of two bounds of one column an
/// index takes the first, and what the caller looks for is narrower than what it may see.
#[must_use]
pub fn ruled(rule: Filter, filter: Filter) -> Filter {
    if filter.may_fail() { rule.and(filter) } else { filter.and(rule) }
}

/// A residual behind rules that are there already, with the values of all of them.
#[must_use]
pub fn behind(rules: &[Value], residual: &Arc<Residual>) -> (Ruled, Arc<[Value]>) {
    let ruled = Ruled { residual: Arc::clone(residual), first: rules.len() };
    (ruled, rules.iter().chain(&residual.values).cloned().collect())
}
