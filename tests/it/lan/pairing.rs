//! The pairing page on a real LAN: the box finds out by itself which device opened the link.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use vigie_agent::collectors::lan::netlink::Table;
use vigie_agent::local_page::request::OwnNames;
use vigie_agent::pairing::{self, Config, PairingPage, Registrar};
use vigie_shared::clock::SystemClock;
use vigie_shared::devices::DeviceClaim;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::mac::Mac;
use vigie_shared::pairing::{PairingTicket, TicketError};

use super::network;

const PAGE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(10, 77, 0, 1)), 8322);

/// Nothing here takes longer than a fraction of this.
const PATIENCE: Duration = Duration::from_secs(60);

/// A hub that takes every claim.
#[derive(Default)]
struct Taker(Mutex<Vec<Mac>>);

#[async_trait]
impl Registrar for Taker {
    fn ticket(&self, _text: &str) -> Result<PairingTicket, TicketError> {
        Ok(PairingTicket { site: "metz".parse().unwrap(), secret: [9; 16], expires_ms: i64::MAX })
    }

    async fn claim(&self, claim: &DeviceClaim) -> anyhow::Result<()> {
        self.0.lock().unwrap().push(claim.mac);
        Ok(())
    }
}

/// Presses the button; none while the page is not there yet.
fn press() -> Option<String> {
    let mut stream = TcpStream::connect(PAGE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"POST /pair?t=x HTTP/1.1\r\nHost: 10.77.0.1:8322\r\nContent-Length: 0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    Some(answer)
}

#[test]
fn a_device_that_opens_a_link_is_claimed_by_the_address_that_the_kernel_knows() {
    let Some(lan) = network(3, 24) else { return };
    let (taker, lifecycle) = (Arc::new(Taker::default()), Lifecycle::new());
    let page = PairingPage {
        neighbours: Arc::new(Table),
        registrar: taker.clone(),
        clock: Arc::new(SystemClock::new(|| true)),
        own: OwnNames::new(None),
    };
    let config = Config { enabled: true, listen: PAGE };
    let lifecycle_there = lifecycle.clone();
    let serve = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            pairing::start(&config, page, &lifecycle_there);
            lifecycle_there.wait().await
        })
    };
    let until = Instant::now() + PATIENCE;
    let answer = std::thread::scope(|scope| {
        let serving = scope.spawn(|| lan.as_box(serve));
        let pressed = lan.as_hosts(|| {
            let tries = std::iter::from_fn(|| (Instant::now() < until).then(press));
            tries.flatten().next()
        });
        lifecycle.stop();
        serving.join().unwrap().unwrap();
        pressed.unwrap().expect("the page answers")
    });

    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("administrator"), "{answer}");
    let claimed = taker.0.lock().unwrap().clone();
    assert_eq!(claimed.len(), 1);
    assert!(lan.hosts().iter().any(|host| host.mac == claimed[0]), "{claimed:?}");
}
