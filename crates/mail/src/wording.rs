//! What the letters say when the application says nothing else: short, in English, with link and
//! code side by side, for some readers open links on their own. Read by `templates` like any other
//! template.

use crate::Kind;

/// The words of one kind; the layout is the same for all.
struct Words {
    subject: &'static str,
    lead: &'static str,
    /// The words on the link, where there is one.
    link: Option<&'static str>,
    code: bool,
    /// What to do when the reader knows nothing of it.
    otherwise: &'static str,
}

/// Subject, text and HTML.
pub(super) fn of(kind: Kind) -> [String; 3] {
    let words = words(kind);
    [words.subject.to_owned(), text(&words), html(&words)]
}

fn text(words: &Words) -> String {
    let mut text = format!("{}\n", words.lead);
    if let Some(link) = words.link {
        text.push_str(&format!("\n{link}:\n{{{{ .ConfirmationURL }}}}\n"));
    }
    if words.code {
        text.push_str(&format!("\n{}: {{{{ .Token }}}}\n", code_label(words)));
    }
    text.push_str(&format!("\n{}\n\n{{{{ .SiteURL }}}}\n", words.otherwise));
    text
}

fn html(words: &Words) -> String {
    let mut body = format!("<p>{}</p>\n", words.lead);
    if let Some(link) = words.link {
        body.push_str(&format!(
            "<p><a href=\"{{{{ .ConfirmationURL }}}}\" style=\"display:inline-block;padding:10px \
             18px;border-radius:6px;background:#1f2937;color:#ffffff;text-decoration:none\">{link}\
             </a></p>\n"
        ));
    }
    if words.code {
        body.push_str(&format!(
            "<p>{}: <strong style=\"font-family:monospace;font-size:20px;letter-spacing:2px\">\
             {{{{ .Token }}}}</strong></p>\n",
            code_label(words)
        ));
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <title>{}</title></head>\n<body style=\"margin:0;padding:24px;font-family:sans-serif;\
         font-size:16px;line-height:1.5;color:#111827;background:#ffffff\">\n{body}\
         <p style=\"color:#6b7280\">{}</p>\n<p style=\"color:#6b7280\">{{{{ .SiteURL }}}}</p>\n\
         </body>\n</html>\n",
        words.subject, words.otherwise
    )
}

fn code_label(words: &Words) -> &'static str {
    if words.link.is_some() { "Or enter this code" } else { "Your code" }
}

fn words(kind: Kind) -> Words {
    let asked =
        |subject, lead, link, otherwise| Words { subject, lead, link, code: true, otherwise };
    let notice = |subject, lead| Words {
        subject,
        lead,
        link: None,
        code: false,
        otherwise: "If this was not you, reset your password at once and check your account.",
    };
    const NOTHING: &str = "If you did not ask for this, ignore this letter: nothing will change.";
    match kind {
        Kind::Confirm => asked(
            "Confirm your address",
            "Somebody, hopefully you, signed up with this address. Confirm that it is yours.",
            Some("Confirm this address"),
            "If it was not you, ignore this letter: the address will not be used.",
        ),
        Kind::Invite => asked(
            "You are invited",
            "You are invited to open an account.",
            Some("Accept the invitation"),
            "If you do not want it, ignore this letter.",
        ),
        Kind::MagicLink => asked(
            "Your sign-in link",
            "Here is the link that signs you in. It works once.",
            Some("Sign in"),
            NOTHING,
        ),
        Kind::Recovery => asked(
            "Reset your password",
            "Somebody, hopefully you, asked to reset the password of this account.",
            Some("Choose a new password"),
            NOTHING,
        ),
        Kind::EmailChangeCurrent | Kind::EmailChangeNew => asked(
            "Confirm your new address",
            "The address of an account is to change from {{ .Email }} to {{ .NewEmail }}.",
            Some("Confirm the change"),
            NOTHING,
        ),
        Kind::Reauthentication => asked(
            "{{ .Token }} is your code",
            "Something that you are about to do needs your confirmation.",
            None,
            "Tell this code to nobody. If you are not about to do anything, change your password.",
        ),
        Kind::PasswordChanged => notice(
            "Your password was changed",
            "The password of the account {{ .Email }} was changed.",
        ),
        Kind::EmailChanged => notice(
            "Your address was changed",
            "The address of your account was changed from {{ .OldEmail }} to {{ .NewEmail }}.",
        ),
        Kind::FactorAdded => notice(
            "A second factor was added",
            "A second factor ({{ .FactorType }}) was added to the account {{ .Email }}.",
        ),
        Kind::FactorRemoved => notice(
            "A second factor was removed",
            "A second factor ({{ .FactorType }}) was removed from the account {{ .Email }}.",
        ),
    }
}
