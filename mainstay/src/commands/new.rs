//! `mainstay new NAME`: writes a small, commented application that serves at once. The files stand
//! in templates/ and, for the shop's modules, in examples/shop; they are part of the binary.

use std::fs;
use std::path::{Path, PathBuf};

use mainstay_base::{Code, Error};
use serde_json::json;

use crate::report::{Failure, say};

/// Write a small, commented application that serves at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mainstay new diary
  mainstay new shop --template shop")]
pub struct Args {
    /// The folder to make; its last part is what the application is called.
    #[arg(value_name = "NAME")]
    path: PathBuf,
    /// What it is to be.
    #[arg(long, value_enum, default_value_t = Template::Blog)]
    template: Template,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Template {
    /// Authors, posts and comments, in one module.
    Blog,
    /// A catalog, orders and payments: three modules.
    Shop,
}

/// Letters of a name, as many as a PostgreSQL database or a host name takes.
const NAME_LETTERS: usize = 63;

pub fn run(args: &Args, as_json: bool) -> Result<(), Failure> {
    let name = name(&args.path)?;
    refuse_occupied(&args.path)?;
    let folder = args.path.display().to_string();
    let files = files(args.template);
    for (file, text) in files {
        let text = text.replace("{name}", name).replace("{folder}", &folder);
        write(&args.path.join(file), &text)?;
    }
    if as_json {
        let files: Vec<&str> = files.iter().map(|(file, _)| *file).collect();
        say!("{}", json!({ "name": name, "folder": folder, "files": files }));
        return Ok(());
    }
    say!("{name} is written:");
    for (file, _) in files {
        say!("  {folder}/{file}");
    }
    say!("\nNext:");
    say!("  mainstay dev {folder}     serve it and follow your changes");
    say!("  mainstay keys {folder}    the keys that clients send as `apikey`");
    Ok(())
}

/// The last part of the path, which becomes the application's name.
fn name(path: &Path) -> Result<&str, Failure> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let fits = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.len() <= NAME_LETTERS
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if fits {
        return Ok(name);
    }
    Err(Failure::Misused {
        message: format!("\"{}\" is no name for an application", path.display()),
        hint: format!(
            "It starts with a letter and has letters, digits, - and _, at most {NAME_LETTERS}."
        ),
    })
}

/// Nothing that is there already is written over.
fn refuse_occupied(path: &Path) -> Result<(), Failure> {
    let occupied = match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    };
    match occupied {
        false => Ok(()),
        true => Err(Failure::Misused {
            message: format!("{} exists and is not an empty folder", path.display()),
            hint: "Choose another name; nothing was written.".to_owned(),
        }),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let made = match path.parent() {
        Some(folder) => fs::create_dir_all(folder),
        None => Ok(()),
    };
    made.and_then(|()| fs::write(path, text)).map_err(|error| {
        let message = format!("{} cannot be written", path.display());
        Failure::Failed(Error::new(Code::Internal, message).details(error.to_string()))
    })
}

/// The files of a template, below the new folder.
fn files(template: Template) -> &'static [(&'static str, &'static str)] {
    match template {
        Template::Blog => BLOG,
        Template::Shop => SHOP,
    }
}

macro_rules! template {
    ($($path:literal = $source:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../", $source)))),*]
    };
}

const BLOG: &[(&str, &str)] = template![
    "mainstay.toml" = "templates/blog/mainstay.toml",
    "mainstay.production.toml" = "templates/production.toml",
    "modules/blog.toml" = "templates/blog/modules/blog.toml",
    "seed/blog/authors.csv" = "templates/blog/seed/blog/authors.csv",
    "seed/blog/posts.csv" = "templates/blog/seed/blog/posts.csv",
    "seed/blog/comments.csv" = "templates/blog/seed/blog/comments.csv",
    ".gitignore" = "templates/gitignore",
];

const SHOP: &[(&str, &str)] = template![
    "mainstay.toml" = "templates/shop/mainstay.toml",
    "mainstay.production.toml" = "templates/production.toml",
    "modules/catalog.toml" = "../examples/shop/modules/catalog.toml",
    "modules/orders.toml" = "../examples/shop/modules/orders.toml",
    "modules/payments.toml" = "../examples/shop/modules/payments.toml",
    "seed/catalog/categories.csv" = "templates/shop/seed/catalog/categories.csv",
    "seed/catalog/products.csv" = "templates/shop/seed/catalog/products.csv",
    "seed/orders/customers.csv" = "templates/shop/seed/orders/customers.csv",
    "seed/orders/orders.csv" = "templates/shop/seed/orders/orders.csv",
    "seed/orders/order_lines.csv" = "templates/shop/seed/orders/order_lines.csv",
    ".gitignore" = "templates/gitignore",
];
