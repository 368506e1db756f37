//! Functions: their arguments and what they give. Whole rows of a table are said to be of it, so
//! that they can be asked for embeds.

use mainstay_schema::model::{Argument, FunctionResult};
use mainstay_schema::{Table, Value};

use super::names::{key, of_type, text};
use super::written::Written;
use crate::describe::seen::{SeenFunction, SeenModule, SeenSource};

pub(super) fn function(out: &mut Written, module: &SeenModule<'_>, seen: &SeenFunction<'_>) {
    out.open(&format!("{}: ", key(&seen.function.name)));
    arguments(out, &seen.function.args);
    let set = |set: bool| if set { "[]" } else { "" };
    match &seen.compiled.result {
        FunctionResult::Void => out.line("Returns: undefined"),
        FunctionResult::Scalar { ty, set: many } => {
            let ty = of_type(ty);
            let ty = if ty.contains(' ') { format!("({ty})") } else { ty };
            out.line(&format!("Returns: {ty}{}", set(*many)));
        }
        FunctionResult::Rows { table, origin, set: many } => {
            rows(out, table, set(*many));
            let whole = module.sources.iter().find(|source| Some(source.at) == *origin);
            if let Some(source) = whole {
                options(out, source, *many);
            }
        }
    }
    out.close();
}

fn arguments(out: &mut Written, arguments: &[Argument]) {
    if arguments.is_empty() {
        out.line("Args: never");
        return;
    }
    out.open("Args: ");
    for argument in arguments {
        let mark = if argument.default.is_some() { "?" } else { "" };
        let null = if argument.default == Some(Value::Null) { " | null" } else { "" };
        out.line(&format!("{}{mark}: {}{null}", key(&argument.name), of_type(&argument.ty)));
    }
    out.close();
}

fn rows(out: &mut Written, table: &Table, end: &str) {
    out.open("Returns: ");
    for column in &table.columns {
        let null = if column.null { " | null" } else { "" };
        out.line(&format!("{}: {}{null}", key(&column.name), of_type(&column.ty)));
    }
    out.close_with(&format!("}}{end}"));
}

fn options(out: &mut Written, source: &SeenSource<'_>, set: bool) {
    out.open("SetofOptions: ");
    out.line("from: \"*\"");
    out.line(&format!("to: {}", text(&source.table.name)));
    out.line(&format!("isOneToOne: {}", !set));
    out.line(&format!("isSetofReturn: {set}"));
    out.close();
}
