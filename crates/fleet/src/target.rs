//! The address of a call, as text from elsewhere becomes one: HTTPS, or HTTP on this machine, and
//! nothing that two readers could read in two ways. `connect` judges where its host leads.

use http::Uri;

use crate::limits::URL_BYTES;

/// An address that may be called, if where it leads is allowed.
///
/// # Errors
/// What is wrong with it; the address itself is not repeated, it may hold a secret.
pub fn read(text: &str) -> Result<Uri, &'static str> {
    if text.len() > URL_BYTES {
        return Err("the address is too long");
    }
    // `http::Uri` drops a fragment without a word, and takes a backslash in none of its parts.
    if text.contains('#') {
        return Err("the address has a fragment");
    }
    let uri: Uri = text.parse().map_err(|_| "the address cannot be read")?;
    let authority = uri.authority().ok_or("the address names no host")?;
    if authority.as_str().contains('@') {
        return Err("the address names a user");
    }
    if authority.host().is_empty() {
        return Err("the address names no host");
    }
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if is_this_machine(authority.host()) => Ok(uri),
        Some("http") => Err("the call would travel in clear to another machine"),
        _ => Err("the address is not one of HTTPS"),
    }
}

/// `localhost`, 127.0.0.0/8 or ::1.
pub fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || bare(host).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// An IPv6 address without its brackets.
pub fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_is_called_anywhere_and_http_on_this_machine_only() {
        for text in [
            "https://example.com",
            "https://example.com:8443/a?b=c",
            "https://[2606:4700::1111]/",
            "HTTPS://example.com/",
            "http://localhost:9/",
            "http://LOCALHOST/",
            "http://127.0.0.1:9/",
            "http://[::1]:9/",
        ] {
            assert!(read(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "/path",
            "example.com",
            "example.com:443",
            "//example.com/",
            "http://example.com/",
            "http://localhost.example/",
            "http://127.0.0.1.example/",
            "http://10.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https:///path",
            "https://user@example.com/",
            "https://user:secret@example.com/",
            "https://@example.com/",
            "https://localhost@example.com/",
            "https://example.com/#fragment",
            "https://example.com\\@evil.example/",
            "https://exa mple.com/",
            "https://example.com/\r\nx: y",
            "https://ex\u{e4}mple.com/",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(&format!("https://example.com/{}", "a".repeat(URL_BYTES))).is_err());
    }
}
