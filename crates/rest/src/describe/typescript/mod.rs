//! The type `Database` as the generators of Supabase write it, so that `createClient<Database>()`
//! knows every row, embed and function. The text is laid out as their formatter would.

mod functions;
mod names;
mod sources;
mod written;

use super::Seen;
use super::seen::SeenModule;
use written::Written;

/// Declarations of the types that everything below uses.
const HEAD: &str = include_str!("head.ts");
/// Types that pick a part of `Database`.
const TAIL: &str = include_str!("tail.ts");

/// The whole file: `Json`, `Database`, and the types that pick from it.
#[must_use]
pub fn text(seen: &Seen<'_>) -> String {
    let mut out = Written::new(HEAD);
    out.open("export type Database = ");
    out.line("// Lets createClient know what the server can do.");
    out.open("__InternalSupabase: ");
    out.line("PostgrestVersion: \"13.0.5\"");
    out.close();
    for module in &seen.modules {
        self::module(&mut out, module);
        if module.is_public && module.module.name != "public" {
            out.line(&format!("public: Database[{}]", names::text(&module.module.name)));
        }
    }
    out.close();
    constants(&mut out, seen);
    out.finish(TAIL)
}

fn module(out: &mut Written, module: &SeenModule<'_>) {
    out.open(&format!("{}: ", names::key(&module.module.name)));
    let name = &module.module.name;
    let (views, tables): (Vec<_>, Vec<_>) =
        module.sources.iter().partition(|source| source.is_view);
    out.section("Tables", &tables, |out, source| sources::source(out, name, source));
    out.section("Views", &views, |out, source| sources::source(out, name, source));
    let functions: Vec<_> = module.functions.iter().collect();
    out.section("Functions", &functions, |out, function| {
        functions::function(out, module, function);
    });
    let labels = names::enums(module);
    out.section("Enums", &labels.iter().collect::<Vec<_>>(), |out, (name, labels)| {
        out.line(&format!("{}: {}", names::key(name), names::union(labels)));
    });
    out.section::<()>("CompositeTypes", &[], |_, ()| {});
    out.close();
}

/// The labels of every enum as values.
fn constants(out: &mut Written, seen: &Seen<'_>) {
    out.line("");
    out.open("export const Constants = ");
    for module in &seen.modules {
        out.open(&format!("{}: ", names::key(&module.module.name)));
        out.open("Enums: ");
        for (name, labels) in names::enums(module) {
            let labels: Vec<String> = labels.iter().map(|label| names::text(label)).collect();
            out.line(&format!("{}: [{}],", names::key(&name), labels.join(", ")));
        }
        out.close_with("},");
        out.close_with("},");
    }
    out.close_with("} as const");
}
