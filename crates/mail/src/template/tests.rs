//! Templates as they are read, with their mistakes, and as they are filled in.

use proptest::prelude::*;
use serde_json::json;

use super::*;

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic_or_leaves_a_place_open(
        source in prop_oneof![any::<String>(), "([{}<>\"'!/ü\n -]|\\{\\{ ?\\.(Data\\.)?[Ta]oken ?\\}\\}|style|--){0,30}"],
    ) {
        for form in [Form::Subject, Form::Text, Form::Html] {
            if let Ok(template) = read(&source, form) {
                prop_assert!(!template.fill(&Values::default()).contains("{{"));
            }
        }
    }
}

fn read(source: &str, form: Form) -> Result<Template, Vec<String>> {
    Template::read("mail/confirm.html", source, Kind::Confirm, form)
        .map_err(|flaws| flaws.iter().map(ToString::to_string).collect())
}

fn filled(source: &str, form: Form, data: &Value) -> String {
    let values = Values {
        confirmation_url: "https://a.example/verify?token=x&type=signup",
        token: "123456",
        email: "o'neil@example.com",
        data: data.as_object(),
        ..Values::default()
    };
    read(source, form).unwrap().fill(&values)
}

#[test]
fn templates_of_the_platform_work_unchanged() {
    let theirs = "<h2>Confirm your signup</h2>\n\n\
         <p><a href=\"{{ .ConfirmationURL }}\">Confirm your mail</a></p>\n\
         <p>Alternatively, enter the code: {{ .Token }}</p>";
    assert_eq!(
        filled(theirs, Form::Html, &json!({})),
        "<h2>Confirm your signup</h2>\n\n\
         <p><a href=\"https://a.example/verify?token=x&amp;type=signup\">Confirm your mail</a>\
         </p>\n<p>Alternatively, enter the code: 123456</p>"
    );
}

#[test]
fn every_way_to_write_a_place_is_understood() {
    let data = json!({ "name": "Ann", "n": 3, "yes": true, "a": { "b": "deep" }, "no": null });
    let table = [
        ("{{.Token}}", "123456"),
        ("{{  .Token  }}", "123456"),
        ("a {{- .Token -}} b", "a123456b"),
        ("a {{- /* why */ -}} b", "ab"),
        ("{{ .Data.name }} {{ .Data.n }} {{ .Data.yes }} {{ .Data.a.b }}", "Ann 3 true deep"),
        ("[{{ .Data.no }}{{ .Data.a }}{{ .Data.none.at.all }}]", "[]"),
        ("{ } }} {", "{ } }} {"),
        ("", ""),
    ];
    for (source, expected) in table {
        assert_eq!(filled(source, Form::Text, &data), expected, "{source}");
    }
}

#[test]
fn values_cannot_break_out_of_html() {
    let data = json!({ "name": "<script>alert(\"1\")</script>&'" });
    assert_eq!(
        filled("<p>{{ .Data.name }} {{ .Email }}</p>", Form::Html, &data),
        "<p>&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;&amp;&#39; o&#39;neil@example.com</p>"
    );
}

#[test]
fn what_users_wrote_is_one_short_line() {
    let data = json!({ "name": format!("a\r\nBcc: x\u{202e}\u{2028}\t\0{}", "b".repeat(999)) });
    let line = filled("{{ .Data.name }}", Form::Text, &data);
    assert!(line.starts_with("a  Bcc: x    b"), "{line:?}");
    assert_eq!(line.chars().count(), DATA_VALUE_CHARACTERS);
}

#[test]
fn mistakes_are_found_with_line_and_nearest_spelling() {
    let table = [
        (
            "a\nb {{ .Tokn }}",
            "mail/confirm.html:2: `{{ .Tokn }}` names no value (did you mean `{{ .Token }}`?)",
        ),
        (
            "{{ .token }}",
            "mail/confirm.html:1: `{{ .token }}` names no value (did you mean `{{ .Token }}`?)",
        ),
        (
            "{{ Token }}",
            "mail/confirm.html:1: `{{ Token }}` is no value: only values are filled in (did you mean `{{ .Token }}`?)",
        ),
        ("{{ .NewEmail }}", "mail/confirm.html:1: `.NewEmail` has no value in `confirm`"),
        (
            "{{ if .Token }}x",
            "mail/confirm.html:1: `{{ if .Token }}` is no value: only values are filled in",
        ),
        ("\n\n{{ .Token", "mail/confirm.html:3: `{{` is not closed"),
        (
            "{{ .Data }}",
            "mail/confirm.html:1: `{{ .Data }}` names no value (did you mean `{{ .Data.name }}`?)",
        ),
        ("{{ .Data.a-b }}", "mail/confirm.html:1: `{{ .Data.a-b }}` names no value"),
        ("{{}}", "mail/confirm.html:1: `{{  }}` is no value: only values are filled in"),
    ];
    for (source, flaw) in table {
        let flaws = read(source, Form::Html).unwrap_err();
        assert_eq!(flaws.len(), 1, "{flaws:?}");
        assert!(flaws[0].starts_with(flaw), "{} <> {flaw}", flaws[0]);
    }
    assert_eq!(read("{{ .A }}{{ .B }}\n{{", Form::Text).unwrap_err().len(), 3);
    assert!(read(&"{{ .Token }}".repeat(PLACES + 1), Form::Text).is_err());
}

#[test]
fn what_users_wrote_stands_in_text_only() {
    let place = "{{ .Data.name }}";
    for text in [
        "<p class=\"a>b\">?</p>",
        "1 < 2 ?",
        "<!-- don't --><b>?</b>",
        "<style>a{b:'<'}</style>?",
        "<title>?</title>",
        "?",
    ] {
        assert!(read(&text.replace('?', place), Form::Html).is_ok(), "{text}");
    }
    for tag in [
        "<a href=\"?\">",
        "<a title='>' href='?'>",
        "<p ?>",
        "<!-- ? -->",
        "<style>?</style>",
        "<SCRIPT>?</SCRIPT>",
        "</?>",
    ] {
        assert!(read(&tag.replace('?', place), Form::Html).is_err(), "{tag}");
        assert!(read(&tag.replace('?', place), Form::Text).is_ok(), "{tag}");
    }
    assert!(read("<a href=\"{{ .ConfirmationURL }}\">", Form::Html).is_ok());
}
