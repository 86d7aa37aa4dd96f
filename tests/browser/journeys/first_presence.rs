//! The first presence: a device is seen on a real network, its person claims it there, and the page says why they are here.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use vigie_tests::netns::{Host, Lan};
use vigie_tests::processes::{BoxProcess, wait_for};

use crate::scene::{Scene, play};

/// Where the box serves its pairing page, on the network that it shares with the phone.
const PAIRING: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 77, 0, 1)), 8322);

/// Nothing that the phone asks takes longer than a fraction of this.
const PATIENCE: Duration = Duration::from_secs(60);

/// Writes what the network's DHCP server knows: every host came just now.
fn tell_leases(file: &Path, hosts: &[Host]) {
    let expires = jiff::Timestamp::now().as_second() + 3_600;
    let head = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state\n";
    let lines = hosts.iter().map(|host| format!("{},{},,3600,{expires},1,0,0,,0\n", host.ip, host.mac));
    std::fs::write(file, std::iter::once(head.to_owned()).chain(lines).collect::<String>()).unwrap();
}

/// What the phone does with the link: opens it, or presses its button.
fn ask(lan: &Lan, method: &str, path: &str) -> String {
    let answer = lan.as_hosts(|| {
        let mut stream = TcpStream::connect(PAIRING).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {PAIRING}\r\nContent-Length: 0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    answer.unwrap()
}

/// A box on that network, whose DHCP server's leases it reads.
async fn box_on(scene: &mut Scene, file: &Path) {
    let mut real = BoxProcess::enrol(&scene.hub, "nancy", &scene.hub.folder).await.unwrap();
    real.configure(&format!(
        "[collect.host]\nheartbeat = \"1s\"\n[collect.lan]\nenabled = false\n[collect.leases]\npoll = \"1s\"\nfiles = \
         [\"{}\"]\n[pairing]\nenabled = true\nlisten = \"{PAIRING}\"",
        file.display()
    ))
    .unwrap();
    real.start().unwrap();
    let register = real.folder.join("data/devices.json");
    wait_for("the register on the box", async || register.exists()).await.unwrap();
    scene.boxes.push(real);
}

/// A link for a person, made by the page's own form.
async fn link(scene: &Scene) -> String {
    scene.open("/people/E1").await;
    scene.browser.click("#form-person_pairing_create [value=nancy]").await;
    scene.browser.click("#form-person_pairing_create button").await;
    scene.browser.wait_for_text("/pair?t=").await;
    let page = scene.browser.text().await;
    let link = page.split_whitespace().find(|word| word.contains("/pair?t=")).unwrap();
    link.split_once("/pair?").map(|(_, query)| format!("/pair?{query}")).unwrap()
}

async fn journey(scene: &mut Scene, lan: &Lan) {
    scene.furnish().await;
    scene.speak("en").await;
    let file = scene.hub.folder.join("leases");
    box_on(scene, &file).await;
    scene.log_in("lea").await;

    tell_leases(&file, lan.hosts());
    scene.open_until("/sites/nancy", "passing").await;

    scene.open("/people/E1").await;
    scene.browser.click("#form-people_put [type=checkbox][name=shows_name]").await;
    scene.browser.click("#form-people_put button").await;
    scene.browser.wait_for_text("Person saved.").await;
    let link = link(scene).await;
    assert!(ask(lan, "GET", &link).starts_with("HTTP/1.1 200"), "the page opens and claims nothing");
    scene.open("/people").await;
    assert_eq!(scene.browser.count("#claims").await, 0);
    assert!(ask(lan, "POST", &link).contains("administrator"));
    scene.open("/people").await;
    scene.browser.fill(".cardlist form.fields [name=label]", "Phone").await;
    scene.browser.click(".cardlist form.fields button").await;
    scene.browser.wait_for_text("Device paired.").await;

    let is_here = async || {
        tell_leases(&file, lan.hosts());
        scene.open("/presence").await;
        scene.browser.text().await.contains("Anne Blanc")
    };
    wait_for("the first presence", is_here).await.unwrap();
    let today = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::system()).date();
    scene.open(&format!("/presence/days/E1/{today}")).await;
    scene.browser.wait_for_text("Sessions").await;
    let why = scene.browser.find("#sessions + .scroll tbody tr").await.text().await.unwrap();
    assert!(why.starts_with("nancy today"), "where and when the device was seen: {why}");
    assert_eq!(scene.browser.count("figure.track").await, 1, "{}", scene.browser.text().await);
}

#[test]
fn journey_03_a_device_is_seen_claimed_by_its_person_and_the_first_presence_says_why() {
    let Some(lan) = Lan::new(2, 24).unwrap() else { return };
    let on_the_box = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(async |scene: &mut Scene| journey(scene, &lan).await));
    };
    lan.as_box(on_the_box).unwrap();
}
