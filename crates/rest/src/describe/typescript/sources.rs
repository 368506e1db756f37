//! Tables and views: what is read, what may be written, and where they lead.

use super::names::{key, of_column, text};
use super::written::Written;
use crate::describe::seen::{Reference, SeenColumn, SeenSource};

pub(super) fn source(out: &mut Written, module: &str, source: &SeenSource<'_>) {
    let table = &source.table.name;
    out.open(&format!("{}: ", key(table)));
    out.open("Row: ");
    for seen in &source.columns {
        let ty = of_column(module, table, seen.column);
        out.line(&format!("{}: {}", key(&seen.column.name), or_null(ty, seen.column.null)));
    }
    out.close();
    // A view that cannot be written has no such types, so that TypeScript refuses to.
    if !source.is_view || source.can.create || source.can.update {
        out.open("Insert: ");
        source.columns.iter().for_each(|seen| written(out, module, table, seen, true));
        out.close();
        out.open("Update: ");
        source.columns.iter().for_each(|seen| written(out, module, table, seen, false));
        out.close();
    }
    relationships(out, &source.references);
    out.close();
}

fn written(out: &mut Written, module: &str, table: &str, seen: &SeenColumn<'_>, inserts: bool) {
    let name = key(&seen.column.name);
    let open = if inserts { seen.create } else { seen.update };
    if !open {
        out.line(&format!("{name}?: never"));
        return;
    }
    let mark = if inserts && seen.needed { "" } else { "?" };
    let ty = or_null(of_column(module, table, seen.column), seen.bounds.null);
    out.line(&format!("{name}{mark}: {ty}"));
}

fn or_null(ty: String, null: bool) -> String {
    if null { format!("{ty} | null") } else { ty }
}

fn relationships(out: &mut Written, references: &[Reference<'_>]) {
    if references.is_empty() {
        out.line("Relationships: []");
        return;
    }
    let mut sorted: Vec<&Reference<'_>> = references.iter().collect();
    sorted.sort_by_key(|reference| (reference.name, reference.to));
    out.line("Relationships: [");
    for reference in sorted {
        out.open("  ");
        out.line(&format!("  foreignKeyName: {}", text(reference.name)));
        out.line(&format!("  columns: [{}]", list(&reference.columns)));
        out.line(&format!("  isOneToOne: {}", reference.one_to_one));
        out.line(&format!("  referencedRelation: {}", text(reference.to)));
        out.line(&format!("  referencedColumns: [{}]", list(&reference.to_columns)));
        out.close_with("  },");
    }
    out.line("]");
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| text(name)).collect::<Vec<_>>().join(", ")
}
