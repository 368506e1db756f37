//! Requests of a pair: reads of all kinds, some of them with orders that leave ties, pages, other
//! forms and misspelled names; at last one write, for what comes after it may well be told apart.

use crate::chance::Chance;
use crate::request::http::{Sent, write};
use crate::request::{self, Item, Request, Shape, Verb};
use crate::world::World;

/// Requests of one caller.
pub fn requests(chance: &mut Chance, world: &World, caller: usize, reads: usize) -> Vec<Sent> {
    let sources = world.sources();
    let mut asked = Vec::new();
    while asked.len() < reads {
        let request = drawn(chance, world, caller, Shape { writes: false, batches: false });
        if !stands_in(&request, world) {
            let sent = write(&loosened(chance, request), &sources, &world.functions);
            asked.push(twisted(chance, sent, &sources));
        }
    }
    loop {
        let mut request = drawn(chance, world, caller, Shape { writes: true, batches: false });
        if !matches!(request.verb, Verb::Get | Verb::Head | Verb::Call { .. }) {
            // What is embedded in a row that comes back is of the state after the write.
            if let Some(items) = &mut request.part.select {
                items.retain(|item| !matches!(item, Item::Embed(_)));
            }
            request.part.order.retain(|order| order.embed.is_none());
            if request.part.select.as_ref().is_some_and(Vec::is_empty) {
                request.part.select = None;
            }
            asked.push(write(&request, &sources, &world.functions));
            return asked;
        }
    }
}

fn drawn(chance: &mut Chance, world: &World, caller: usize, shape: Shape) -> Request {
    Request { caller, ..request::grow(chance, world, shape) }
}

/// A function that shows what its caller may not see.
fn stands_in(request: &Request, world: &World) -> bool {
    matches!(request.verb, Verb::Call { function, .. } if world.functions[function].definer)
}

/// Leaves ties to the engine: what it makes of them may not depend on what is hidden.
fn loosened(chance: &mut Chance, mut request: Request) -> Request {
    if chance.percent(40) {
        request.part.order.truncate(1);
    }
    request
}

/// The same in another form.
fn twisted(chance: &mut Chance, mut sent: Sent, sources: &[crate::world::Table]) -> Sent {
    let mut header = |name: &str, value: &str| {
        if !sent.headers.iter().any(|(known, _)| known == name) {
            sent.headers.push((name.to_owned(), value.to_owned()));
        }
    };
    match chance.below(20) {
        0..=1 => header("accept", "text/csv"),
        2 => header("accept", "application/vnd.pgrst.array+json;nulls=stripped"),
        3..=4 if sent.method != "POST" => header("range", chance.word(&["0-0", "1-2", "0-9"])),
        5 => header("if-none-match", "*"),
        6..=7 => {
            // A name that is nearly right is answered with the nearest that may be told.
            let column = &chance.pick(&chance.clone().pick(sources).columns).name;
            let wrong = format!("{}q", &column[..column.len() - 1]);
            let joint = if sent.target.contains('?') { '&' } else { '?' };
            sent.target = format!("{}{joint}{wrong}=eq.1", sent.target);
        }
        8 => sent.method = if sent.method == "POST" { "POST" } else { "OPTIONS" },
        _ => {}
    }
    sent
}
