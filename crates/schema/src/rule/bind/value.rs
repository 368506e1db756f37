//! Literals, operators and functions. A conditional value is moved out into a condition, so that
//! only the branch that is taken can fail.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::rows::step;
use super::{Binder, Meaning};
use crate::limits::MAX_RULE_NODES;
use crate::rule::RuleFault;
use crate::rule::constant::Const;
use crate::rule::kind::Kind;
use crate::rule::operator::{self, is_operator};
use crate::rule::tree::{Cond, Function, Key, Order, Term, TextTest, TimePart};

type Made<'m> = Result<Meaning<'m>, RuleFault>;

impl<'m> Binder<'_, 'm> {
    pub(super) fn literal(&mut self, node: &IdedExpr, literal: &LiteralValue) -> Made<'m> {
        Ok(Meaning::Term(Term::Const(match literal {
            LiteralValue::Boolean(truth) => return Ok(Meaning::Cond(Cond::Const(*truth.inner()))),
            LiteralValue::String(text) => Const::Text(text.inner().to_owned()),
            LiteralValue::Int(number) => Const::Int(*number.inner()),
            LiteralValue::Double(number) => Const::Double(*number.inner()),
            LiteralValue::Null => Const::Null,
            LiteralValue::Bytes(bytes) => Const::Bytes(bytes.inner().to_vec()),
            LiteralValue::UInt(_) => {
                let fault = self.fault(node, "rule-type", "columns have no unsigned numbers");
                return Err(fault.hint("leave the `u` out"));
            }
        })))
    }

    pub(super) fn call(&mut self, node: &IdedExpr, call: &CallExpr, depth: usize) -> Made<'m> {
        let name = call.func_name.as_str();
        self.walk.known_function(node, name)?;
        match (name, call.args.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, [left, right]) => {
                let parts = vec![self.part(left, depth)?, self.part(right, depth)?];
                let and = name == operators::LOGICAL_AND;
                Ok(Meaning::Cond(if and { Cond::All(parts) } else { Cond::Any(parts) }))
            }
            (operators::LOGICAL_NOT, [inner]) => {
                Ok(Meaning::Cond(Cond::Not(Box::new(self.part(inner, depth)?))))
            }
            (operators::CONDITIONAL, [condition, yes, no]) => {
                let condition = Box::new(self.part(condition, depth)?);
                let (yes, no) = (self.term(yes, depth)?, self.term(no, depth)?);
                // A column may be null, which is a value as long as nobody takes it for a
                // condition.
                let decides =
                    |term: &Term| matches!(term, Term::Truth(_) | Term::Const(Const::Bool(_)));
                if decides(&yes) && decides(&no) {
                    let (yes, no) = (super::truth(yes), super::truth(no));
                    return Ok(Meaning::Cond(Cond::If(condition, Box::new(yes), Box::new(no))));
                }
                Ok(Meaning::Term(Term::If(condition, Box::new(yes), Box::new(no))))
            }
            (operators::IN, [value, list]) => self.within(node, value, list, depth),
            (operators::INDEX, [from, key]) => self.index(node, from, key, depth),
            _ => self.strict(node, call, depth),
        }
    }

    /// An operand of `&&` and its like.
    fn part(&mut self, node: &IdedExpr, depth: usize) -> Result<Cond, RuleFault> {
        let before = self.nodes;
        self.cond(node, depth).map_err(|fault| {
            if self.nodes == before {
                return fault;
            }
            let message = fault.message.replace("the rule is ", "");
            match message.strip_suffix(", not true or false") {
                Some(kind) => {
                    RuleFault { message: format!("{kind} is not true or false"), ..fault }
                }
                None => fault,
            }
        })
    }

    fn within(
        &mut self,
        node: &IdedExpr,
        value: &IdedExpr,
        list: &IdedExpr,
        depth: usize,
    ) -> Made<'m> {
        let value = self.term(value, depth)?;
        if let Expr::List(listed) = &list.expr {
            let items: Vec<Term> = listed
                .elements
                .iter()
                .map(|item| self.term(item, depth))
                .collect::<Result<_, _>>()?;
            let kind = value.kind();
            let fits = |item: &&Term| {
                !(item.kind().compares(kind) || item.kind() == Kind::Null || kind == Kind::Null)
            };
            if let Some(wrong) = items.iter().find(fits) {
                let message = format!("{} is never {}", kind.words(), wrong.kind().words());
                return Err(self.fault(node, "rule-type", message));
            }
            let mut values = vec![value];
            values.extend(items);
            let made = self.lift(node, values, &mut |mut values| {
                let value = values.remove(0);
                Cond::In(value, values)
            })?;
            return Ok(Meaning::Cond(made));
        }
        let list = self.term(list, depth)?;
        operator::operator(operators::IN, &[value.kind(), list.kind()])
            .map_err(|refusal| self.walk.written.refused(node, refusal))?;
        let made = self.lift(node, vec![value, list], &mut |values| pair(values, Cond::Within))?;
        Ok(Meaning::Cond(made))
    }

    fn index(
        &mut self,
        node: &IdedExpr,
        from: &IdedExpr,
        key: &IdedExpr,
        depth: usize,
    ) -> Made<'m> {
        let key = match &key.expr {
            Expr::Literal(LiteralValue::String(name)) => Key::Name(name.inner().to_owned()),
            Expr::Literal(LiteralValue::Int(at)) => Key::At(*at.inner()),
            _ => {
                let fault = self.fault(key, "rule-type", "an index of a column is a constant");
                return Err(fault.hint(
                    "write a text in quotes or a number; `in` and `exists` look \
                                       through a whole list",
                ));
            }
        };
        let from = match (self.meaning(from, depth)?, &key) {
            // Columns whose names CEL could not read behind a dot.
            (Meaning::Row(at, shape) | Meaning::Reference(_, at, shape), Key::Name(name)) => {
                return self.column(node, at, shape, name);
            }
            (Meaning::Term(term) | Meaning::Reference(term, ..), _) => term,
            (Meaning::Row(..) | Meaning::Cond(_), _) => return Err(self.whole_row(node)),
        };
        if !from.kind().is_listed() {
            let message = format!("{} has no elements", from.kind().words());
            return Err(self.fault(node, "rule-type", message));
        }
        Ok(Meaning::Term(step(from, key)))
    }

    /// Operators and functions that need all their values.
    fn strict(&mut self, node: &IdedExpr, call: &CallExpr, depth: usize) -> Made<'m> {
        let name = call.func_name.as_str();
        let nodes: Vec<&IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
        let values: Vec<Term> =
            nodes.iter().map(|node| self.term(node, depth)).collect::<Result<_, _>>()?;
        let kinds: Vec<Kind> = values.iter().map(Term::kind).collect();
        let answer = match is_operator(name) {
            true => operator::operator(name, &kinds),
            false => operator::function(name, &kinds),
        };
        answer.map_err(|refusal| self.walk.written.refused(node, refusal))?;
        if let Some(cond) = self.test(node, name, &values)? {
            return Ok(Meaning::Cond(cond));
        }
        let Some(function) = function(name, &kinds) else {
            let message = format!("`{name}` does not work on columns in a rule");
            return Err(self
                .fault(node, "rule-type", message)
                .hint("keep the value in a column of the right type"));
        };
        if calculates(function) && values.iter().any(is_dynamic) {
            let message = "values out of JSON are compared, not calculated with";
            return Err(self
                .fault(node, "rule-type", message)
                .hint("keep the value in a column of its own"));
        }
        Ok(Meaning::Term(self.calculate(node, function, values)?))
    }

    /// A test of values, if this is one.
    fn test(
        &mut self,
        node: &IdedExpr,
        name: &str,
        values: &[Term],
    ) -> Result<Option<Cond>, RuleFault> {
        let order = match name {
            operators::LESS => Some(Order::Less),
            operators::LESS_EQUALS => Some(Order::LessEqual),
            operators::GREATER => Some(Order::Greater),
            operators::GREATER_EQUALS => Some(Order::GreaterEqual),
            _ => None,
        };
        let text = match name {
            "contains" => Some(TextTest::Contains),
            "startsWith" => Some(TextTest::StartsWith),
            "endsWith" => Some(TextTest::EndsWith),
            _ => None,
        };
        let values = values.to_vec();
        let made = match (name, order, text) {
            (operators::EQUALS, ..) => self.lift(node, values, &mut |v| pair(v, Cond::Equal))?,
            (operators::NOT_EQUALS, ..) => {
                Cond::Not(Box::new(self.lift(node, values, &mut |v| pair(v, Cond::Equal))?))
            }
            (_, Some(order), _) => {
                self.lift(node, values, &mut |v| pair(v, |l, r| Cond::Order(order, l, r)))?
            }
            (_, _, Some(test)) => {
                self.lift(node, values, &mut |v| pair(v, |l, r| Cond::Text(test, l, r)))?
            }
            ("matches", ..) => {
                self.pattern(node, &values[1])?;
                self.lift(node, values, &mut |v| pair(v, Cond::Matches))?
            }
            _ => return Ok(None),
        };
        Ok(Some(made))
    }

    /// A regular expression is compiled once, so it cannot come from a row.
    fn pattern(&self, node: &IdedExpr, pattern: &Term) -> Result<(), RuleFault> {
        match pattern {
            Term::Known(..) => Ok(()),
            Term::Const(Const::Text(text)) => super::super::pattern::compile(text)
                .map(drop)
                .map_err(|why| self.fault(node, "rule-type", format!("`matches`: {why}"))),
            _ => {
                let message = "the pattern of `matches` is a constant, or known of the caller";
                Err(self.fault(node, "rule-type", message))
            }
        }
    }

    /// What is copied for each branch counts each time, or a short text could grow without end.
    fn count(&mut self, node: &IdedExpr, values: &[Term]) -> Result<(), RuleFault> {
        for value in values {
            value.each(&mut |_| self.nodes += 1);
        }
        if self.nodes > MAX_RULE_NODES {
            return Err(self.fault(node, "rule-too-large", "the rule has too many steps"));
        }
        Ok(())
    }

    /// The same for values that are made of values.
    fn calculate(
        &mut self,
        node: &IdedExpr,
        function: Function,
        mut values: Vec<Term>,
    ) -> Result<Term, RuleFault> {
        self.count(node, &values)?;
        let Some(at) = values.iter().position(|value| matches!(value, Term::If(..))) else {
            return Ok(Term::Call(function, values));
        };
        let Term::If(condition, yes, no) = values.remove(at) else {
            return Ok(Term::Error);
        };
        let with = |binder: &mut Self, value: Term| {
            let mut values = values.clone();
            values.insert(at, value);
            binder.calculate(node, function, values).map(Box::new)
        };
        let (yes, no) = (with(self, *yes)?, with(self, *no)?);
        Ok(Term::If(condition, yes, no))
    }

    /// Moves conditional values out: `(c ? a : b) == d` is `c ? a == d : b == d`.
    fn lift(
        &mut self,
        node: &IdedExpr,
        mut values: Vec<Term>,
        make: &mut dyn FnMut(Vec<Term>) -> Cond,
    ) -> Result<Cond, RuleFault> {
        self.count(node, &values)?;
        let Some(at) = values.iter().position(|value| matches!(value, Term::If(..))) else {
            return Ok(make(values));
        };
        let Term::If(condition, yes, no) = values.remove(at) else {
            return Ok(Cond::Error);
        };
        let mut with = |binder: &mut Self, value: Term| {
            let mut values = values.clone();
            values.insert(at, value);
            binder.lift(node, values, make).map(Box::new)
        };
        let yes = with(self, *yes)?;
        let no = with(self, *no)?;
        Ok(Cond::If(condition, yes, no))
    }
}

fn pair(values: Vec<Term>, make: impl FnOnce(Term, Term) -> Cond) -> Cond {
    match <[Term; 2]>::try_from(values) {
        Ok([left, right]) => make(left, right),
        Err(_) => Cond::Error,
    }
}

fn function(name: &str, kinds: &[Kind]) -> Option<Function> {
    if let Some((_, part)) = TimePart::ALL.iter().find(|(known, _)| *known == name) {
        return Some(Function::Part(*part));
    }
    Some(match (name, kinds) {
        (operators::ADD, [left, _]) if *left != Kind::List => Function::Add,
        (operators::SUBSTRACT, _) => Function::Subtract,
        (operators::MULTIPLY, _) => Function::Multiply,
        (operators::DIVIDE, _) => Function::Divide,
        (operators::MODULO, _) => Function::Remainder,
        (operators::NEGATE, _) => Function::Negate,
        ("size", [kind]) if *kind != Kind::Bytes => Function::Size,
        ("lowerAscii", _) => Function::LowerAscii,
        ("upperAscii", _) => Function::UpperAscii,
        ("int", [Kind::Int | Kind::Double]) => Function::ToInt,
        ("double", [Kind::Int | Kind::Double]) => Function::ToDouble,
        ("string", [Kind::Int | Kind::Text]) => Function::ToText,
        _ => return None,
    })
}

fn calculates(function: Function) -> bool {
    !matches!(function, Function::Size | Function::LowerAscii | Function::UpperAscii)
}

/// Only the data knows what kind it is.
fn is_dynamic(term: &Term) -> bool {
    match term {
        Term::Step(..) | Term::Item(_) => true,
        Term::Field(field) => Kind::of(&field.ty) == Kind::Any,
        Term::If(_, yes, no) => is_dynamic(yes) || is_dynamic(no),
        _ => false,
    }
}
