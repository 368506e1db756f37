//! The letters that were caught in development: for programs as JSON, for people as a page at the
//! operator's address.

use mainstay_mail::Post;
use mainstay_mail::catcher::Caught;
use serde_json::{Value as Json, json};

use super::super::Auth;
use super::super::answer::{Answer, time};
use crate::accounts::record::Moment;

/// `GET /admin/letters`, newest first.
pub(super) fn listed(auth: &Auth) -> Answer {
    let shown = caught(auth).into_iter().map(|caught| {
        let letter = &caught.letter;
        json!({
            "id": letter.id,
            "at": time(Moment(caught.at)),
            "kind": letter.kind.name(),
            "to": letter.to.as_str(),
            "subject": letter.subject,
            "text": letter.text,
            "html": letter.html,
            "link": letter.link,
        })
    });
    Answer::json(200, json!({ "letters": shown.collect::<Json>() }))
}

fn caught(auth: &Auth) -> Vec<Caught> {
    match auth.post.as_ref() {
        Post::Catcher(catcher) => catcher.letters(),
        Post::Smtp(_) => Vec::new(),
    }
}

impl Auth {
    /// Whether letters stay here, for the operator to see.
    #[must_use]
    pub fn keeps_letters(&self) -> bool {
        matches!(self.post.as_ref(), Post::Catcher(_))
    }

    /// A page of HTML with the letters that were kept, newest first.
    #[must_use]
    pub fn letters_page(&self) -> String {
        let letters = caught(self);
        let articles: String = letters.iter().map(article).collect();
        let none = if letters.is_empty() { "<p>No letter yet.</p>" } else { "" };
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <title>Letters</title></head><body><h1>Letters</h1>\
             <p>Kept instead of being sent: no mail server is set.</p>{none}{articles}</body></html>"
        )
    }
}

fn article(caught: &Caught) -> String {
    let letter = &caught.letter;
    let link = letter.link.as_deref().map(|link| {
        let link = escaped(link);
        format!("<p><a href=\"{link}\" rel=\"noreferrer\">{link}</a></p>")
    });
    format!(
        "<hr><article><h2>{}</h2><p>to {}, {}, {}</p><pre>{}</pre>{}</article>",
        escaped(&letter.subject),
        escaped(letter.to.as_str()),
        letter.kind.name(),
        time(Moment(caught.at)).as_str().unwrap_or_default(),
        escaped(&letter.text),
        link.unwrap_or_default()
    )
}

/// As text of HTML, or as a value in quotes.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
