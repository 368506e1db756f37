//! The templates of an application: for each kind of letter a subject, a text and an HTML form,
//! from its folder `mail/` where there is a file, from `wording` otherwise. Read once at start;
//! `write` makes what `letter` sends. docs/mail.md tells the operator.

use std::fs;
use std::path::Path;

use mainstay_base::nearest;
use mainstay_base::{Error, Result};

use crate::limits::{FLAWS, LETTER_BYTES, SUBJECT_CHARACTERS, TEMPLATE_BYTES, TEMPLATE_FILES};
use crate::template::{Form, Template};
use crate::{Flaw, Kind, Values, wording};

/// The forms of a letter and how their files end.
const FORMS: [(Form, &str); 3] =
    [(Form::Subject, ".subject.txt"), (Form::Text, ".txt"), (Form::Html, ".html")];

/// Every template, read.
#[derive(Clone, Debug)]
pub struct Templates(Vec<(Kind, [Template; 3])>);

/// What a letter says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Written {
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Templates {
    /// Reads the folder, which need not be there.
    ///
    /// # Errors
    /// Everything that is wrong, at most `FLAWS` of it: files that belong to no letter, that are
    /// too large or no text, and places that name no value.
    pub fn load(folder: &Path) -> Result<Self, Vec<Flaw>> {
        let mut flaws = unknown_files(folder);
        let mut all = Vec::new();
        for kind in Kind::ALL {
            let mut forms = Vec::new();
            for ((form, ending), standard) in FORMS.into_iter().zip(wording::of(kind)) {
                let name = format!("{}{ending}", kind.name());
                let source = own(folder, &name).map(|own| own.unwrap_or(standard));
                let file = format!("mail/{name}");
                match source.and_then(|source| read(&file, &source, kind, form)) {
                    Ok(template) => forms.push(template),
                    Err(found) => flaws.extend(found),
                }
            }
            if let Ok(forms) = forms.try_into() {
                all.push((kind, forms));
            }
        }
        flaws.truncate(FLAWS);
        if flaws.is_empty() { Ok(Self(all)) } else { Err(flaws) }
    }

    /// A letter of `kind` with these values.
    ///
    /// # Errors
    /// A fault of ours when it is larger than `LETTER_BYTES`.
    pub fn write(&self, kind: Kind, values: &Values<'_>) -> Result<Written> {
        let Some((_, [subject, text, html])) = self.0.iter().find(|(known, _)| *known == kind)
        else {
            return Err(Error::internal("a kind of letter without templates"));
        };
        let written = Written {
            subject: one_line(&subject.fill(values)),
            text: text.fill(values),
            html: html.fill(values),
        };
        if written.text.len() + written.html.len() > LETTER_BYTES {
            return Err(Error::internal("a letter is larger than the bound"));
        }
        Ok(written)
    }
}

/// Without breaks, so that a subject ends where its header ends, and of a length that is shown.
fn one_line(subject: &str) -> String {
    let plain: String =
        subject.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.chars().take(SUBJECT_CHARACTERS).collect()
}

fn read(file: &str, source: &str, kind: Kind, form: Form) -> Result<Template, Vec<Flaw>> {
    let source = if form == Form::Subject { source.trim() } else { source };
    if form == Form::Subject && (source.is_empty() || source.contains('\n')) {
        return Err(vec![flaw(file, "a subject is one line")]);
    }
    Template::read(file, source, kind, form)
}

/// The application's own file, if there is one.
fn own(folder: &Path, name: &str) -> Result<Option<String>, Vec<Flaw>> {
    let (path, file) = (folder.join(name), format!("mail/{name}"));
    let bytes = match fs::metadata(&path).map(|about| about.len()) {
        Ok(bytes) if bytes > TEMPLATE_BYTES => {
            return Err(vec![flaw(&file, format!("is larger than {TEMPLATE_BYTES} bytes"))]);
        }
        Ok(_) => fs::read(&path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => Err(error),
    };
    let bytes = bytes.map_err(|error| vec![flaw(&file, format!("cannot be read: {error}"))])?;
    let text = String::from_utf8(bytes).map_err(|_| vec![flaw(&file, "is not UTF-8 text")])?;
    Ok(Some(text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n")))
}

/// A file under a slightly wrong name would be passed over in silence.
fn unknown_files(folder: &Path) -> Vec<Flaw> {
    let known: Vec<String> = Kind::ALL
        .iter()
        .flat_map(|kind| FORMS.map(|(_, ending)| format!("{}{ending}", kind.name())))
        .collect();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => return vec![flaw("mail", format!("cannot be read: {error}"))],
    };
    let mut names: Vec<String> = entries
        .take(TEMPLATE_FILES)
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| !name.starts_with('.') && !known.contains(name))
        .collect();
    names.sort();
    let strange = |name: &String| {
        let near = nearest(name, known.iter().map(String::as_str));
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        let flaw = flaw(&format!("mail/{name}"), "is a template of no letter");
        Flaw { hint, ..flaw }
    };
    names.iter().map(strange).collect()
}

fn flaw(file: &str, message: impl Into<String>) -> Flaw {
    Flaw { file: file.to_owned(), line: 0, message: message.into(), hint: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        folder
    }

    fn flaws(files: &[(&str, &[u8])]) -> Vec<String> {
        let found = Templates::load(folder(files).path()).unwrap_err();
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_kind_has_a_letter_without_any_file() {
        let templates = Templates::load(Path::new("/nowhere/mail")).unwrap();
        for kind in Kind::ALL {
            let values = Values {
                confirmation_url: "https://a.example/v?t=1&u=2",
                token: "123456",
                site_url: "https://a.example",
                email: "ann@example.com",
                ..Values::default()
            };
            let written = templates.write(kind, &values).unwrap();
            let all = format!("{written:?}");
            assert!(!all.contains("{{") && !written.subject.is_empty(), "{all}");
            let names = |field| kind.fields().contains(&field);
            assert_eq!(written.text.contains("123456"), names(crate::Field::Token));
            let link = names(crate::Field::ConfirmationUrl);
            assert_eq!(written.text.contains("\nhttps://a.example/v?t=1&u=2\n"), link);
            assert_eq!(written.html.contains("href=\"https://a.example/v?t=1&amp;u=2\""), link);
        }
    }

    #[test]
    fn a_file_of_the_application_replaces_one_form_and_no_other() {
        let folder = folder(&[
            ("confirm.html", b"\xef\xbb\xbf<b>{{ .Token }}</b>\r\n"),
            ("invite.subject.txt", b"Hello {{ .Data.name }}\n"),
            (".DS_Store", b"\0"),
        ]);
        let templates = Templates::load(folder.path()).unwrap();
        let data = serde_json::json!({ "name": "Ann\r\nBcc: eve@example.com" });
        let values = Values { token: "1", data: data.as_object(), ..Values::default() };
        let confirm = templates.write(Kind::Confirm, &values).unwrap();
        assert_eq!(confirm.html, "<b>1</b>\n");
        assert_eq!(confirm.subject, "Confirm your address");
        let invite = templates.write(Kind::Invite, &values).unwrap();
        assert_eq!(invite.subject, "Hello Ann  Bcc: eve@example.com");
    }

    #[test]
    fn every_mistake_of_a_folder_is_told_at_once() {
        let told = flaws(&[
            ("magiclink.html", b"x"),
            ("confirm.txt", b"a\n{{ .Tokn }}"),
            ("confirm.subject.txt", b"two\nlines"),
            ("invite.subject.txt", b" \n"),
            ("recovery.txt", b"\xff"),
            ("recovery.html", &vec![b'a'; usize::try_from(TEMPLATE_BYTES).unwrap() + 1]),
        ]);
        assert_eq!(
            told,
            [
                "mail/magiclink.html: is a template of no letter (did you mean `magic_link.html`?)",
                "mail/confirm.subject.txt: a subject is one line",
                "mail/confirm.txt:2: `{{ .Tokn }}` names no value (did you mean `{{ .Token }}`?)",
                "mail/invite.subject.txt: a subject is one line",
                "mail/recovery.txt: is not UTF-8 text",
                "mail/recovery.html: is larger than 65536 bytes",
            ]
        );
    }

    #[test]
    fn a_letter_beyond_the_bound_is_not_written() {
        let folder = folder(&[("confirm.html", "{{ .Email }}".repeat(90).as_bytes())]);
        let templates = Templates::load(folder.path()).unwrap();
        let email = "a".repeat(10_000);
        let values = Values { email: &email, ..Values::default() };
        assert!(templates.write(Kind::Confirm, &values).is_err());
    }
}
