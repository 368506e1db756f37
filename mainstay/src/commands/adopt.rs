//! `mainstay adopt SOURCE DIR`: the arguments, the progress bar and the report. The store copies
//! and reads the database, `adoption` writes the folder.

use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use mainstay_store::adopt::{NoteKind, Progress};
use serde_json::{Value, json};

use crate::adoption::{self, Asked, Done};
use crate::report::{Failure, say};

/// Make an application of an existing SQLite database. The source is copied, never written to.
///
/// Every table is closed to callers until a rule opens it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mainstay adopt music.sqlite music --open-read
  mainstay adopt /var/lib/app/production.db app --json | jq '.notes'")]
pub struct Args {
    /// The SQLite database; it may be in use.
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
    /// The folder to make; it may be there if it is empty.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Let anybody read every table, for a first look.
    #[arg(long)]
    open_read: bool,
    /// The name of the module that the tables belong to [default: from the name of the file].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

pub fn run(args: &Args, as_json: bool) -> Result<(), Failure> {
    let asked = Asked {
        source: &args.source,
        folder: &args.folder,
        open_read: args.open_read,
        name: args.name.as_deref(),
    };
    // Drawn on stderr, and only where that is a terminal.
    let bar = if as_json { ProgressBar::hidden() } else { bar() };
    let done = adoption::adopt(&asked, &mut |progress| show(&bar, progress));
    bar.finish_and_clear();
    let done = done?;
    match as_json {
        true => say!("{}", in_json(&args.folder, &done)),
        false => print(args, &done),
    }
    Ok(())
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg:24} {wide_bar} {percent}% {eta}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn show(bar: &ProgressBar, progress: Progress<'_>) {
    match progress {
        Progress::Copied { done, total } => {
            bar.set_message("copying");
            bar.set_length(total);
            bar.set_position(done);
        }
        Progress::Examined { table, rows } => {
            bar.set_message(format!("reading {table}, {rows} rows"));
        }
    }
}

fn in_json(folder: &Path, done: &Done) -> Value {
    let module = &done.adopted.module;
    let tables = module.tables.iter().zip(&done.adopted.rows);
    let tables = tables.map(
        |(table, rows)| json!({ "name": table.name, "rows": rows, "columns": table.columns.len() }),
    );
    let views = module.views.iter().map(|view| &view.name);
    let notes = done.adopted.notes.iter().map(|note| {
        json!({
            "kind": note.kind.word(),
            "object": note.object,
            "column": note.column,
            "reason": note.reason,
        })
    });
    json!({
        "folder": folder,
        "module": module.name,
        "database": done.database,
        "tables": tables.collect::<Vec<_>>(),
        "views": views.collect::<Vec<_>>(),
        "notes": notes.collect::<Vec<_>>(),
    })
}

fn print(args: &Args, done: &Done) {
    let module = &done.adopted.module;
    let width = module.tables.iter().map(|table| table.name.chars().count()).max().unwrap_or(0);
    for (table, rows) in module.tables.iter().zip(&done.adopted.rows) {
        say!("  {:width$}  {rows:>10} rows", table.name);
    }
    let rows: u64 = done.adopted.rows.iter().sum();
    let (source, folder) = (args.source.display(), args.folder.display());
    say!("{source}: {} tables, {rows} rows in {folder}", module.tables.len());
    let kinds = [
        (NoteKind::Widened, "Taken with a wider type, so that every value is shown:"),
        (NoteKind::Kept, "Not in the declarations, but still in force in the database:"),
        (NoteKind::Hidden, "Not served:"),
        (NoteKind::Warning, "To know:"),
    ];
    for (kind, head) in kinds {
        let notes: Vec<_> = done.adopted.notes.iter().filter(|note| note.kind == kind).collect();
        if !notes.is_empty() {
            say!("\n{head}");
        }
        for note in notes {
            match &note.column {
                Some(column) => say!("  {}.{column}: {}", note.object, note.reason),
                None => say!("  {}: {}", note.object, note.reason),
            }
        }
    }
    match args.open_read {
        true => say!(
            "\nAnybody may read every table: take `allow.read` out before others can reach it."
        ),
        false => {
            say!("\nEvery table is closed: open one with a rule in modules/{}.toml.", module.name)
        }
    }
    say!("Next: mainstay serve {folder}");
}
