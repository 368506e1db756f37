//! Whose request it is: the address at the other end of the connection; behind a trusted proxy the
//! rightmost address of `X-Forwarded-For` that is no trusted proxy, for what stands left of it was
//! written by whoever sent it. No other header is asked. `visit` puts it into the facts.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::HeaderMap;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The client of a request that came over a connection from `peer`.
pub(crate) fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut client = peer.to_canonical();
    if !trusted.contains(&client) {
        return client;
    }
    let lists: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
    for list in lists.into_iter().rev() {
        let Ok(list) = list.to_str() else { return client };
        for text in list.rsplit(',') {
            // What is no address ends the search: the proxy before it is all that is known.
            let Some(address) = address(text.trim()) else { return client };
            client = address;
            if !trusted.contains(&client) {
                return client;
            }
        }
    }
    client
}

/// An address, some proxies put the port behind it.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|at| at.ip()));
    address.map(|address| address.to_canonical())
}

/// For a connection whose other end is not known any more: it is gone.
pub(crate) const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let trusted = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        of(peer.parse().unwrap(), &map, &trusted).to_string()
    }

    #[test]
    fn nobody_says_of_oneself_who_one_is() {
        for name in ["x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip", "client-ip"] {
            assert_eq!(client("192.0.2.9", &[(name, "198.51.100.1")]), "192.0.2.9", "{name}");
        }
        for name in ["forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip"] {
            assert_eq!(client("10.0.0.1", &[(name, "198.51.100.1")]), "10.0.0.1", "{name}");
        }
    }

    #[test]
    fn a_trusted_proxy_is_believed_about_who_came_to_it_and_about_no_more() {
        let via = |list: &str| client("10.0.0.1", &[("x-forwarded-for", list)]);
        assert_eq!(via("198.51.100.1"), "198.51.100.1");
        assert_eq!(via("203.0.113.7, 198.51.100.1"), "198.51.100.1", "the left is hearsay");
        assert_eq!(via("203.0.113.7, 198.51.100.1, 10.0.0.2"), "198.51.100.1");
        assert_eq!(via("::ffff:198.51.100.1"), "198.51.100.1");
        assert_eq!(via("[2001:db8::1]:443"), "2001:db8::1");
        assert_eq!(via("203.0.113.7, nonsense"), "10.0.0.1");
        assert_eq!(via("10.0.0.2"), "10.0.0.2");
        let two = [("x-forwarded-for", "203.0.113.7"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(client("::ffff:10.0.0.1", &two), "198.51.100.1");
    }
}
