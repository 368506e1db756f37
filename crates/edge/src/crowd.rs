//! How many connections there are, in all and from each client, and who may still come in.
//! Asked by `accept` for each connection; a place is given back when the connection ends.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::EdgeConfig;

#[derive(Debug)]
pub(crate) struct Crowd {
    count: AtomicUsize,
    clients: Mutex<FxHashMap<IpAddr, usize>>,
    limit: usize,
    limit_per_client: usize,
    trusted: Vec<IpAddr>,
}

/// A place in the crowd, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    crowd: Arc<Crowd>,
    client: Option<IpAddr>,
}

impl Crowd {
    pub(crate) fn new(config: &EdgeConfig) -> Arc<Self> {
        Arc::new(Self {
            count: AtomicUsize::new(0),
            clients: Mutex::default(),
            limit: config.max_connections,
            limit_per_client: config.max_connections_per_client,
            trusted: config.trusted_proxies.clone(),
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// A place for a connection from `address`, or which bound stands against it.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Place, &'static str> {
        if self.count.fetch_add(1, Ordering::Relaxed) >= self.limit {
            self.count.fetch_sub(1, Ordering::Relaxed);
            return Err("connections");
        }
        // From here on dropping the place gives the count back.
        let mut place = Place { crowd: Arc::clone(self), client: None };
        let address = address.to_canonical();
        if self.trusted.contains(&address) {
            return Ok(place);
        }
        let client = client_of(address);
        {
            let mut clients = self.clients.lock();
            let here = clients.entry(client).or_default();
            if *here >= self.limit_per_client {
                return Err("connections_per_client");
            }
            *here += 1;
        }
        place.client = Some(client);
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.count.fetch_sub(1, Ordering::Relaxed);
        if let Some(client) = self.client {
            let mut clients = self.crowd.clients.lock();
            if let Some(here) = clients.get_mut(&client) {
                *here -= 1;
                if *here == 0 {
                    clients.remove(&client);
                }
            }
        }
    }
}

/// One IPv6 customer has a whole /64 to walk through; it counts as one client.
fn client_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_in_all_and_for_each_client_and_come_back() {
        let config = EdgeConfig {
            max_connections: 4,
            max_connections_per_client: 2,
            trusted_proxies: vec!["10.0.0.1".parse().unwrap()],
            ..EdgeConfig::default()
        };
        let crowd = Crowd::new(&config);
        let enter = |address: &str| crowd.enter(address.parse().unwrap());
        let (first, _second) = (enter("2001:db8::1").unwrap(), enter("2001:db8::2").unwrap());
        assert_eq!(enter("2001:db8::3").unwrap_err(), "connections_per_client");
        let _third = enter("10.0.0.1").unwrap();
        let _fourth = enter("::ffff:10.0.0.1").unwrap();
        assert_eq!(enter("192.0.2.1").unwrap_err(), "connections");
        drop(first);
        assert!(enter("2001:db8::3").is_ok());
        assert_eq!(crowd.count(), 3);
    }
}
