//! What every subject starts with, made up by arithmetic: the same rows everywhere and each time.
//! Posts are read and written alone; articles stand between their authors and comments.

use crate::load::Random;

/// Posts that every subject starts with.
pub const ROWS: u64 = 10_000;

/// Articles, each with an author and three to seven comments: 10,000 comments, which is what one
/// seed file of Mainstay may hold.
pub const ARTICLES: u64 = 2_000;

/// Who the articles are by.
pub const AUTHORS: u64 = 100;

/// What the articles are about: 400 of them on each topic.
pub const TOPICS: u64 = 5;

/// Ids of the posts.
pub fn ids() -> Vec<String> {
    keys(7, ROWS)
}

/// The fields of the nth post.
pub fn row(at: u64) -> (String, String, String, i64) {
    let body =
        format!("The body of post number {at}, long enough to look like text that people write.");
    let views = i64::try_from(at).unwrap_or(0);
    (format!("author-{}", at % 100), body, format!("Post number {at}"), views)
}

/// One row of articles; views count up from 0, so that they name it.
pub struct Article {
    pub id: String,
    pub author: String,
    pub title: String,
    pub topic: String,
    pub views: u64,
}

/// One row of comments.
pub struct Comment {
    pub id: String,
    pub article: String,
    pub text: String,
}

/// Ids and names of the authors.
pub fn authors() -> Vec<(String, String)> {
    let named = |(at, id): (u64, String)| (id, format!("Author number {at}"));
    (0..).zip(keys(11, AUTHORS)).map(named).collect()
}

/// The articles in the order of their views.
pub fn articles() -> Vec<Article> {
    let authors = keys(11, AUTHORS);
    let by = |at: u64| authors[usize::try_from(at % AUTHORS).unwrap_or(0)].clone();
    let article = |(at, id): (u64, String)| Article {
        id,
        author: by(at),
        title: format!("Article number {at}"),
        topic: topic(at),
        views: at,
    };
    (0..).zip(keys(13, ARTICLES)).map(article).collect()
}

/// The topic of the nth article.
pub fn topic(at: u64) -> String {
    format!("topic-{}", at % TOPICS)
}

/// The comments, those of one article together.
pub fn comments() -> Vec<Comment> {
    let under: Vec<String> = (0_u64..)
        .zip(keys(13, ARTICLES))
        .flat_map(|(at, id)| (0..3 + at % 5).map(move |_| id.clone()))
        .collect();
    let comment = |(at, (article, id)): (u64, (String, String))| Comment {
        id,
        article,
        text: format!("What reader number {at} had to say about it, in one sentence."),
    };
    let ids = keys(17, under.len() as u64);
    (0..).zip(under.into_iter().zip(ids)).map(comment).collect()
}

/// Keys in rising order; another seed gives others.
fn keys(seed: u64, count: u64) -> Vec<String> {
    let mut random = Random::new(seed);
    (0..count)
        .map(|at| {
            let random =
                u128::from(random.below(1 << 40)) << 20 | u128::from(random.below(1 << 20));
            let bits = (0x0190_0000_0000_u128 + u128::from(at)) << 80
                | 0x7 << 76
                | 0x8 << 60
                | (random & 0x0fff_ffff_ffff_ffff);
            uuid::Uuid::from_u128(bits).hyphenated().to_string()
        })
        .collect()
}
