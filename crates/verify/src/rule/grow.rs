//! Rules by chance: well typed, of the shapes that people write, with errors now and then.

use super::{Column, Expr, Over, Root};
use crate::chance::Chance;
use crate::world::cell::string;
use crate::world::{Kind, Table};

/// What a rule may speak of.
#[derive(Clone)]
pub struct Scope<'t> {
    pub tables: &'t [Table],
    /// The table of `row`, of `new`, and of the rows that `exists` looks at.
    pub roots: Vec<(Root, usize)>,
    /// Elements of lists of text.
    pub elements: Vec<String>,
    /// Tables, references, `now` and `request` may stand in it.
    pub whole: bool,
}

/// Types of expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Bool,
    Int,
    Double,
    Text,
    Moment,
    Texts,
}

/// A rule: true or false, or an error.
pub fn grow(chance: &mut Chance, scope: &Scope<'_>) -> Expr {
    let depth = *chance.pick(&[0, 1, 1, 2, 2, 3]);
    Grower { chance }.truth(scope, depth)
}

struct Grower<'c> {
    chance: &'c mut Chance,
}

const SCALARS: [Type; 6] =
    [Type::Text, Type::Text, Type::Int, Type::Double, Type::Bool, Type::Moment];
const COMPARISONS: [&str; 7] = ["==", "==", "!=", "<", "<=", ">", ">="];

fn binary(operator: &'static str, left: Expr, right: Expr) -> Expr {
    Expr::Binary(operator, Box::new(left), Box::new(right))
}

fn fact(name: &'static str) -> Expr {
    Expr::Fact(name)
}

fn literal(text: impl Into<String>) -> Expr {
    Expr::Literal(text.into())
}

impl Grower<'_> {
    fn truth(&mut self, scope: &Scope<'_>, depth: usize) -> Expr {
        if depth == 0 {
            return self.plain_truth(scope);
        }
        let inner = depth - 1;
        match self.chance.below(20) {
            0..=4 => binary("&&", self.truth(scope, inner), self.truth(scope, inner)),
            5..=8 => binary("||", self.truth(scope, inner), self.truth(scope, inner)),
            9 => Expr::Not(Box::new(self.truth(scope, inner))),
            10 => Expr::Choice(
                Box::new(self.truth(scope, inner)),
                Box::new(self.truth(scope, inner)),
                Box::new(self.truth(scope, inner)),
            ),
            11..=14 if scope.whole => self.every(scope, inner),
            15 => self.over_list(scope, inner),
            16 => binary("==", self.truth(scope, inner), self.truth(scope, inner)),
            _ => self.plain_truth(scope),
        }
    }

    /// A condition without others in it.
    fn plain_truth(&mut self, scope: &Scope<'_>) -> Expr {
        match self.chance.below(22) {
            0..=1 => literal("true"),
            2 => literal(if self.chance.percent(70) { "true" } else { "false" }),
            3 if scope.whole && self.chance.percent(30) => match self.chance.percent(50) {
                true => {
                    let method = self.chance.word(&["'GET'", "'POST'", "'PATCH'"]);
                    binary("==", fact("request.method"), literal(method))
                }
                false => {
                    let value = self.chance.word(&["'a'", "'ab'"]);
                    binary("==", fact("request.headers['x-word']"), literal(value))
                }
            },
            3..=4 => {
                let role = self.chance.word(&["'staff'", "'authenticated'", "'anon'"]);
                binary("==", fact("auth.role"), literal(role))
            }
            5..=8 => self.own(scope),
            9 => self.known(),
            10 if self.chance.percent(60) => self.known(),
            10 => self.null(scope),
            11..=12 => self.within(scope),
            13..=14 => self.of_text(scope),
            15 => self.inside(scope),
            _ => {
                let ty = *self.chance.pick(&SCALARS[..if scope.whole { 6 } else { 5 }]);
                let operators: &[&str] =
                    if ty == Type::Bool { &COMPARISONS[..3] } else { &COMPARISONS };
                let operator = *self.chance.pick(operators);
                binary(operator, self.value(scope, ty, 1), self.value(scope, ty, 1))
            }
        }
    }

    /// `row.owner == auth.uid`
    fn own(&mut self, scope: &Scope<'_>) -> Expr {
        let owner = self.column(scope, &|kind| kind == Kind::Uuid);
        match owner {
            Some(owner) => binary("==", owner, fact("auth.uid")),
            None => Expr::Has(Box::new(fact("auth.uid"))),
        }
    }

    fn known(&mut self) -> Expr {
        let name = self.chance.word(&[
            "auth.uid",
            "auth.email",
            "auth.claims.tenant",
            "auth.claims.level",
            "auth.claims.flags",
        ]);
        Expr::Has(Box::new(fact(name)))
    }

    fn null(&mut self, scope: &Scope<'_>) -> Expr {
        let operator = if self.chance.percent(50) { "==" } else { "!=" };
        match self.column(scope, &|_| true) {
            Some(column) => binary(operator, column, literal("null")),
            None => literal("true"),
        }
    }

    fn within(&mut self, scope: &Scope<'_>) -> Expr {
        match self.chance.below(4) {
            0 => binary("in", self.value(scope, Type::Text, 0), self.value(scope, Type::Texts, 0)),
            1 => {
                let count = self.chance.between(0, 3);
                let items = (0..count).map(|_| self.value(scope, Type::Int, 0)).collect();
                binary("in", self.value(scope, Type::Int, 0), Expr::List(items))
            }
            2 => binary("in", literal("'editor'"), fact("auth.roles")),
            _ => {
                let count = self.chance.between(1, 3);
                let items = (0..count).map(|_| self.constant(Type::Text)).collect();
                binary("in", self.value(scope, Type::Text, 0), Expr::List(items))
            }
        }
    }

    fn of_text(&mut self, scope: &Scope<'_>) -> Expr {
        let text = self.value(scope, Type::Text, 1);
        match self.chance.below(5) {
            0 => Expr::Method("startsWith", Box::new(text), vec![self.value(scope, Type::Text, 0)]),
            1 => Expr::Method("endsWith", Box::new(text), vec![self.value(scope, Type::Text, 0)]),
            2 => Expr::Method("contains", Box::new(text), vec![self.value(scope, Type::Text, 0)]),
            3 if scope.whole => {
                let pattern = *self.chance.pick(&["'^a'", "'[bc]$'", "'^(ab|x).*'", "'^$'"]);
                Expr::Method("matches", Box::new(text), vec![literal(pattern)])
            }
            _ => binary("==", text, self.value(scope, Type::Text, 0)),
        }
    }

    /// Something inside of a document, whose type nobody knows.
    fn inside(&mut self, scope: &Scope<'_>) -> Expr {
        let Some(Expr::Column(mut column)) = self.column(scope, &|kind| kind == Kind::Json) else {
            return binary("==", fact("auth.claims.flags.vip"), literal("true"));
        };
        column.inside = match self.chance.below(6) {
            0..=2 => vec!["a"],
            3 => vec!["b"],
            4 => vec!["o", "f"],
            _ => vec!["owner"],
        };
        let last = column.inside.last().copied();
        let inside = Expr::Column(column);
        match (self.chance.below(4), last) {
            (0, _) => Expr::Has(Box::new(inside)),
            (_, Some("a")) => {
                let operator = self.chance.word(&COMPARISONS);
                binary(operator, inside, literal(self.chance.word(&["1", "2", "1.5", "null"])))
            }
            (_, Some("b")) => binary("==", inside, self.constant(Type::Text)),
            (_, Some("f")) => inside,
            _ => binary("==", inside, fact("auth.uid")),
        }
    }

    /// `members.exists(m, m.team == row.team && m.user == auth.uid)`
    fn every(&mut self, scope: &Scope<'_>, depth: usize) -> Expr {
        let bound = scope.roots.iter().filter(|(root, _)| matches!(root, Root::Bound(_))).count();
        if bound >= 2 {
            return self.plain_truth(scope);
        }
        let table = self.chance.below(scope.tables.len());
        let name = format!("x{}", scope.elements.len() + bound + 1);
        let mut within = scope.clone();
        within.roots.push((Root::Bound(name.clone()), table));
        let rest = self.truth(&within, depth.min(1));
        let condition = match self.linked(scope, &name, table) {
            Some(link) if self.chance.percent(70) => binary("&&", link, rest),
            _ => rest,
        };
        let all = self.chance.percent(25);
        Expr::Every { over: Over::Table(table), name, all, condition: Box::new(condition) }
    }

    /// A condition that ties a row of `table` to one that is at hand: by a reference, if there is
    /// one, or to the caller.
    fn linked(&mut self, scope: &Scope<'_>, name: &str, table: usize) -> Option<Expr> {
        let there = |column: usize| {
            let root = Root::Bound(name.to_owned());
            Expr::Column(Column { root, table, steps: vec![column], inside: Vec::new() })
        };
        let mut links = Vec::new();
        for (root, here) in &scope.roots {
            let own = |column: usize| {
                let (root, table) = (root.clone(), *here);
                Expr::Column(Column { root, table, steps: vec![column], inside: Vec::new() })
            };
            let near = scope.tables[*here].columns.iter().enumerate();
            let far = scope.tables[table].columns.iter().enumerate();
            for (at, column) in near {
                if column.reference.is_some_and(|reference| reference.table == table) {
                    links.push(binary("==", there(scope.tables[table].key[0]), own(at)));
                }
            }
            for (at, column) in far {
                if column.reference.is_some_and(|reference| reference.table == *here) {
                    links.push(binary("==", there(at), own(scope.tables[*here].key[0])));
                }
            }
        }
        for (at, column) in scope.tables[table].columns.iter().enumerate() {
            if column.kind == Kind::Uuid && column.reference.is_none() {
                links.push(binary("==", there(at), fact("auth.uid")));
            }
        }
        self.chance.choose(&links).cloned()
    }

    fn over_list(&mut self, scope: &Scope<'_>, depth: usize) -> Expr {
        let list = self.value(scope, Type::Texts, 0);
        let name = format!("e{}", scope.elements.len() + scope.roots.len() + 1);
        let mut within = scope.clone();
        within.elements.push(name.clone());
        let condition = match self.chance.percent(60) {
            true => {
                let against = self.value(scope, Type::Text, 0);
                binary("==", Expr::Element(name.clone()), against)
            }
            false => self.truth(&within, depth.min(1)),
        };
        let all = self.chance.percent(30);
        Expr::Every { over: Over::List(Box::new(list)), name, all, condition: Box::new(condition) }
    }

    /// A value of this type, of things and operations that have it.
    fn value(&mut self, scope: &Scope<'_>, ty: Type, depth: usize) -> Expr {
        if depth > 0
            && self.chance.percent(25)
            && let Some(made) = self.made(scope, ty, depth - 1)
        {
            return made;
        }
        let from_columns = self.chance.percent(65);
        let column = match from_columns {
            true => self.column(scope, &|kind| fits(kind, ty)),
            false => None,
        };
        if let Some(column) = column {
            return column;
        }
        match ty {
            Type::Text if !scope.elements.is_empty() && self.chance.percent(40) => {
                Expr::Element(self.chance.pick(&scope.elements).clone())
            }
            Type::Moment if scope.whole && self.chance.percent(50) => fact("now"),
            _ if self.chance.percent(40) => self.claim(ty),
            _ => self.constant(ty),
        }
    }

    /// What an operation makes.
    fn made(&mut self, scope: &Scope<'_>, ty: Type, depth: usize) -> Option<Expr> {
        Some(match ty {
            Type::Int => match self.chance.below(6) {
                0 => Expr::Function("size", vec![self.value(scope, Type::Text, depth)]),
                1 => Expr::Function("size", vec![self.value(scope, Type::Texts, depth)]),
                2 if scope.whole => {
                    let getter = self.chance.word(&[
                        "getFullYear",
                        "getMonth",
                        "getDate",
                        "getDayOfMonth",
                        "getDayOfWeek",
                        "getDayOfYear",
                        "getHours",
                        "getMinutes",
                        "getSeconds",
                        "getMilliseconds",
                    ]);
                    let moment = self.value(scope, Type::Moment, depth);
                    Expr::Method(getter, Box::new(moment), Vec::new())
                }
                3 => Expr::Function("int", vec![self.value(scope, Type::Double, depth)]),
                _ => {
                    let operator = self.chance.word(&["+", "-", "*", "/", "%"]);
                    let left = self.value(scope, Type::Int, depth);
                    binary(operator, left, self.value(scope, Type::Int, depth))
                }
            },
            Type::Double => match self.chance.below(3) {
                0 => Expr::Function("double", vec![self.value(scope, Type::Int, depth)]),
                _ => {
                    let operator = self.chance.word(&["+", "-", "*"]);
                    let left = self.value(scope, Type::Double, depth);
                    binary(operator, left, self.value(scope, Type::Double, depth))
                }
            },
            Type::Text => match self.chance.below(4) {
                0 if scope.whole => {
                    let on = Box::new(self.value(scope, Type::Text, depth));
                    let name = self.chance.word(&["lowerAscii", "upperAscii"]);
                    Expr::Method(name, on, Vec::new())
                }
                1 => Expr::Function("string", vec![self.value(scope, Type::Int, depth)]),
                _ => {
                    let left = self.value(scope, Type::Text, depth);
                    binary("+", left, self.value(scope, Type::Text, depth))
                }
            },
            Type::Moment if scope.whole => {
                let operator = if self.chance.percent(50) { "+" } else { "-" };
                let span = self.chance.word(&["'1h'", "'24h'", "'1ms'", "'-36h'"]);
                let span = Expr::Function("duration", vec![literal(span)]);
                binary(operator, self.value(scope, Type::Moment, depth), span)
            }
            Type::Bool => self.truth(scope, depth),
            _ => return None,
        })
    }

    fn claim(&mut self, ty: Type) -> Expr {
        match ty {
            Type::Text => fact(self.chance.word(&[
                "auth.uid",
                "auth.uid",
                "auth.role",
                "auth.email",
                "auth.claims.tenant",
                "auth.claims.word",
            ])),
            Type::Int => fact("auth.claims.level"),
            Type::Double => fact("auth.claims.weight"),
            Type::Bool => fact("auth.claims.flags.vip"),
            Type::Texts => fact(self.chance.word(&["auth.roles", "auth.claims.teams"])),
            Type::Moment => self.constant(ty),
        }
    }

    fn constant(&mut self, ty: Type) -> Expr {
        match ty {
            Type::Text => {
                let kind = *self.chance.pick(&[Kind::Text, Kind::Text, Kind::Enum, Kind::Uuid]);
                literal(string(&kind.draw(self.chance).plain()))
            }
            Type::Int => literal(Kind::Integer.draw(self.chance).plain()),
            Type::Double => literal(self.chance.word(&["0.0", "1.0", "1.5", "-0.5", "100.0"])),
            Type::Bool => literal(if self.chance.percent(50) { "true" } else { "false" }),
            Type::Moment => {
                let moment = Kind::Moment.draw(self.chance).plain();
                Expr::Function("timestamp", vec![literal(string(&moment))])
            }
            Type::Texts => {
                let count = self.chance.between(0, 2);
                Expr::List((0..count).map(|_| self.constant(Type::Text)).collect())
            }
        }
    }

    /// A column of a row at hand, or of one that up to two references lead to.
    fn column(&mut self, scope: &Scope<'_>, is: &dyn Fn(Kind) -> bool) -> Option<Expr> {
        let mut found = Vec::new();
        for (root, table) in &scope.roots {
            let mut ways: Vec<Vec<usize>> = vec![Vec::new()];
            if scope.whole {
                ways.extend(self.ways(scope.tables, *table));
            }
            for way in ways {
                let end = end(scope.tables, *table, &way);
                for (at, column) in scope.tables[end].columns.iter().enumerate() {
                    if is(column.kind) {
                        let mut steps = way.clone();
                        steps.push(at);
                        let inside = Vec::new();
                        let root = root.clone();
                        found.push(Expr::Column(Column { root, table: *table, steps, inside }));
                    }
                }
            }
        }
        let near = |expr: &&Expr| matches!(expr, Expr::Column(column) if column.steps.len() == 1);
        let close: Vec<Expr> = found.iter().filter(near).cloned().collect();
        match self.chance.percent(70) && !close.is_empty() {
            true => Some(self.chance.pick(&close).clone()),
            false => self.chance.choose(&found).cloned(),
        }
    }

    /// Ways over one or two references.
    fn ways(&mut self, tables: &[Table], table: usize) -> Vec<Vec<usize>> {
        let mut ways: Vec<Vec<usize>> = Vec::new();
        for (at, column) in tables[table].columns.iter().enumerate() {
            let Some(reference) = column.reference else { continue };
            ways.push(vec![at]);
            for (next, column) in tables[reference.table].columns.iter().enumerate() {
                if column.reference.is_some() {
                    ways.push(vec![at, next]);
                }
            }
        }
        ways
    }
}

/// The table that references lead to.
fn end(tables: &[Table], table: usize, way: &[usize]) -> usize {
    way.iter().fold(table, |table, step| {
        tables[table].columns[*step].reference.map_or(table, |reference| reference.table)
    })
}

fn fits(kind: Kind, ty: Type) -> bool {
    match ty {
        Type::Text => matches!(kind, Kind::Text | Kind::Enum | Kind::Uuid),
        Type::Int => matches!(kind, Kind::Integer | Kind::BigInt),
        Type::Double => matches!(kind, Kind::Numeric | Kind::Double),
        Type::Moment => matches!(kind, Kind::Moment | Kind::Date),
        Type::Bool => kind == Kind::Boolean,
        Type::Texts => kind == Kind::Texts,
    }
}
