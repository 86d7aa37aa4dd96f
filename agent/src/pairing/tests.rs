//! The pairing page in both languages, and what it claims when.

use std::sync::Mutex;

use vigie_shared::clock::ManualClock;
use vigie_shared::id::BootId;
use vigie_shared::wire::Stamp;

use super::*;
use crate::local_page::words::Lang;

const PHONE: Mac = Mac([0x8e, 0x1b, 0x7c, 0, 0x11, 0x22]);
const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 7));

/// One neighbour, and a hub that knows the ticket `good`.
#[derive(Default)]
struct World {
    claims: Mutex<Vec<(Mac, i64, [u8; 16])>>,
    is_broken: bool,
}

#[async_trait]
impl Neighbours for World {
    async fn device_at(&self, ip: IpAddr) -> Option<Mac> {
        (ip == HERE).then_some(PHONE)
    }
}

#[async_trait]
impl Registrar for World {
    fn ticket(&self, text: &str) -> Result<PairingTicket, TicketError> {
        match text {
            "good" => Ok(PairingTicket { site: "metz".parse().unwrap(), secret: [9; 16], expires_ms: 1 }),
            "old" => Err(TicketError::Expired),
            _ => Err(TicketError::Foreign),
        }
    }

    async fn claim(&self, claim: &DeviceClaim) -> anyhow::Result<()> {
        anyhow::ensure!(!self.is_broken, "no route");
        self.claims.lock().unwrap().push((claim.mac, claim.seen_ms, claim.secret.0));
        Ok(())
    }
}

fn page(world: &Arc<World>) -> PairingPage {
    let stamp = Stamp { boot: BootId::default(), uptime_ms: 0, wall_ms: 77, is_synced: true };
    let clock = Arc::new(ManualClock::new(stamp));
    PairingPage { neighbours: world.clone(), registrar: world.clone(), clock, own: OwnNames::new(None) }
}

async fn ask(world: &Arc<World>, (method, path, query): (&str, &str, &str), from: IpAddr) -> Reply {
    let asked = Asked { method, path, query: Some(query), host: Some("10.0.0.1:8322"), languages: Some("fr") };
    page(world).answer(asked, from).await
}

#[tokio::test]
async fn a_device_is_claimed_when_the_button_is_pressed_and_not_before() {
    let world = Arc::new(World::default());
    let shown = ask(&world, ("GET", "/pair", "t=good"), HERE).await;
    assert_eq!(shown.status, 200);
    assert!(shown.body.contains("8e:1b:7c:00:11:22") && shown.body.contains("adresse est privée"), "{}", shown.body);
    assert!(shown.body.contains("action=\"/pair?lang=fr&amp;t=good\""), "{}", shown.body);
    assert!(world.claims.lock().unwrap().is_empty());

    let sent = ask(&world, ("POST", "/pair", "lang=en&t=good"), HERE).await;

    assert!(sent.body.contains("administrator confirms it"), "{}", sent.body);
    assert_eq!(*world.claims.lock().unwrap(), [(PHONE, 77, [9; 16])]);
}

#[tokio::test]
async fn who_has_no_good_link_or_comes_from_elsewhere_claims_nothing() {
    let world = Arc::new(World::default());
    let elsewhere = IpAddr::from([192, 0, 2, 1]);
    for (query, from, status) in
        [("t=old", HERE, 403), ("t=forged", HERE, 403), ("", HERE, 403), ("t=good", elsewhere, 409)]
    {
        assert_eq!(ask(&world, ("POST", "/pair", query), from).await.status, status, "{query}");
    }
    assert_eq!(ask(&world, ("DELETE", "/pair", "t=good"), HERE).await.status, 405);
    assert_eq!(ask(&world, ("GET", "/", ""), HERE).await.status, 404);
    let rebound =
        Asked { method: "POST", path: "/pair", query: Some("t=good"), host: Some("evil.example"), languages: None };
    assert_eq!(page(&world).answer(rebound, HERE).await.status, 421);
    assert!(world.claims.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_hub_that_does_not_answer_is_said_and_nothing_is_promised() {
    let world = Arc::new(World { is_broken: true, ..World::default() });
    let failed = ask(&world, ("POST", "/pair", "t=good"), HERE).await;
    assert_eq!(failed.status, 502);
    assert!(failed.body.contains("rien n’a changé"), "{}", failed.body);
}

#[test]
fn whatever_stands_in_the_link_stays_text() {
    let html = words::page(&Word::Ask(PHONE), "\"><script>", Lang::En);
    assert!(!html.contains("<script"), "{html}");
}
