//! OpenAPI 3.1 of everything that the public address answers, as far as the caller may use it.
//! Names are made once (`named`), paths refer to shared parameters, responses and schemas.

mod batch;
mod fixed;
mod functions;
mod headers;
mod named;
mod parameters;
mod responses;
mod schemas;
mod sources;
mod used;
mod values;

use serde_json::{Map, Value, json};

use super::{About, Seen, VERSION};
use named::{Named, NamedSource};

/// The media type of the document.
pub const MEDIA_TYPE: &str = "application/json; charset=utf-8";

/// The document of all modules, or of the one at this place among those seen.
#[must_use]
pub fn document(seen: &Seen<'_>, about: &About<'_>, only: Option<usize>) -> Value {
    let named = Named::new(seen, only);
    let mut document = json!({
        "openapi": "3.1.1",
        "info": info(seen, &named),
        "servers": [{ "url": server(about), "description": "This application." }],
        "security": [{ "apikey": [] }, { "apikey": [], "bearer": [] }, { "bearer": [] }],
        "tags": tags(&named),
        "paths": paths(&named, about),
        "components": components(&named),
    });
    used::keep(&mut document);
    document
}

fn info(seen: &Seen<'_>, named: &Named<'_>) -> Value {
    let modules: Vec<String> =
        named.modules.iter().map(|module| format!("`{}`", module.name())).collect();
    json!({
        "title": seen.name,
        "summary": format!("The HTTP API of {}.", seen.name),
        "description": format!("{ABOUT}\n\nModules in this document: {}.", modules.join(", ")),
        "version": VERSION,
    })
}

const ABOUT: &str = "\
What the caller may use; what is closed to the caller is not in it. The document needs a key as \
all data does: without one the answer is 401.

`HEAD` answers as `GET` without a body wherever there is a `GET`, and `OPTIONS` tells the methods \
of a resource. A module that is not the default one is named by `Accept-Profile` (`GET`, `HEAD`) \
or `Content-Profile` (all others). Where two modules have a table, view or function of the same \
name, its path documents the first of them; `/openapi.json?profile=NAME` documents one module \
alone.

Rows have all columns of their schema unless `select` asks for others.";

fn server(about: &About<'_>) -> String {
    about.config.public_url.as_deref().map_or("/", |url| url.trim_end_matches('/')).to_owned()
}

fn tags(named: &Named<'_>) -> Vec<Value> {
    let of_module = |module: &named::NamedModule<'_>| {
        let doc = module.seen.module.doc.clone();
        json!({
            "name": module.tag,
            "description": doc.unwrap_or_else(|| format!("The module {}.", module.name())),
        })
    };
    let mut tags: Vec<Value> = named.modules.iter().map(of_module).collect();
    tags.push(json!({ "name": fixed::TAG, "description": "What belongs to no module." }));
    tags
}

fn paths(named: &Named<'_>, about: &About<'_>) -> Value {
    let mut paths = fixed::paths(named);
    for module in &named.modules {
        // In another module than the default one a table of this name is not what answers there.
        let alone = module.seen.is_default || named.modules.len() == 1;
        let open =
            |source: &&NamedSource<'_>| source.has_path && (alone || source.name() != "batch");
        for source in module.sources.iter().filter(open) {
            paths.insert(path(source.name()), sources::path(module, source, about));
        }
        for function in module.functions.iter().filter(|function| function.has_path) {
            let name = format!("rpc/{}", encoded(function.name()));
            paths.insert(format!("/rest/v1/{name}"), functions::path(module, function, about));
        }
    }
    Value::Object(paths)
}

fn path(name: &str) -> String {
    format!("/rest/v1/{}", encoded(name))
}

fn encoded(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, super::UNSAFE).to_string()
}

fn components(named: &Named<'_>) -> Value {
    json!({
        "schemas": schemas::all(named),
        "parameters": parameters::all(named),
        "responses": responses::all(),
        "headers": headers::all(),
        "securitySchemes": {
            "apikey": {
                "type": "apiKey",
                "in": "header",
                "name": "apikey",
                "description": "A key of the application (`mainstay keys`); the query parameter \
                                `apikey` does as well. Alone it decides the role.",
            },
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "The token of a signed-in user; it decides the role.",
            },
        },
    })
}

/// A map from pairs.
fn object(pairs: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// A reference to a part of the document.
fn refer(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}
