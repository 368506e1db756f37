//! `Accept`: the form of the answer. The first media type that can be made wins.

use http::{HeaderMap, header};
use mainstay_base::{Code, Error, Result};

/// A form that an answer can take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Media {
    pub form: Form,
    /// `nulls=stripped`: keys whose value is null are left out.
    pub strip_nulls: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    #[default]
    Json,
    /// `application/vnd.pgrst.array+json`
    Array,
    /// `application/vnd.pgrst.object+json`: exactly one row.
    Object,
    Csv,
}

/// Reads the header; without one, JSON.
///
/// # Errors
/// `PGRST107` when nothing acceptable can be made.
pub fn read(headers: &HeaderMap) -> Result<Media> {
    let mut given = headers.get_all(header::ACCEPT).iter().peekable();
    if given.peek().is_none() {
        return Ok(Media::default());
    }
    let texts: Vec<&str> = given.filter_map(|value| value.to_str().ok()).collect();
    let offers = texts.iter().flat_map(|text| text.split(','));
    if let Some(media) = offers.clone().find_map(media) {
        return Ok(media);
    }
    let shown: String = texts.join(", ").chars().take(200).collect();
    let message = format!("None of these media types are available: {shown}");
    Err(Error::new(Code::MediaTypeUnacceptable, message))
}

/// Reads the header of a request for a document, which has one form.
///
/// # Errors
/// `PGRST107` when that form is not acceptable.
pub fn document(headers: &HeaderMap) -> Result<Media> {
    let given = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut offers = given.flat_map(|text| text.split(','));
    match offers.any(|offer| offer.trim().starts_with("application/openapi+json")) {
        true => Ok(Media::default()),
        false => read(headers),
    }
}

fn media(offer: &str) -> Option<Media> {
    let mut parts = offer.split(';').map(str::trim);
    let essence = parts.next()?;
    let mut strip_nulls = false;
    for parameter in parts {
        if parameter.eq_ignore_ascii_case("nulls=stripped") {
            strip_nulls = true;
        } else if matches!(parameter, "q=0" | "q=0.0" | "q=0.00" | "q=0.000") {
            return None;
        }
    }
    let form = match essence.to_ascii_lowercase().as_str() {
        "*/*" | "application/*" | "application/json" | "" => Form::Json,
        "application/vnd.pgrst.array+json" | "application/vnd.pgrst.array" => Form::Array,
        "application/vnd.pgrst.object+json" | "application/vnd.pgrst.object" => Form::Object,
        "text/csv" | "text/*" => Form::Csv,
        _ => return None,
    };
    let strips = matches!(form, Form::Array | Form::Object);
    Some(Media { form, strip_nulls: strip_nulls && strips })
}

impl Form {
    /// The `Content-Type` of the answer.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Array => "application/vnd.pgrst.array+json; charset=utf-8",
            Self::Object => "application/vnd.pgrst.object+json; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_form_that_can_be_made_wins() {
        let form = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("accept", accept.parse().unwrap());
            read(&headers).map(|media| (media.form, media.strip_nulls)).ok()
        };
        assert_eq!(form("*/*"), Some((Form::Json, false)));
        assert_eq!(form("image/png, text/csv"), Some((Form::Csv, false)));
        assert_eq!(form("text/csv;q=0, application/json"), Some((Form::Json, false)));
        assert_eq!(
            form("application/vnd.pgrst.object+json;nulls=stripped"),
            Some((Form::Object, true))
        );
        assert_eq!(form("image/png"), None);
    }
}
