//! The local page of a real box: what its person on site reads while the hub is there, and while it is not.

use vigie_tests::processes::{BoxProcess, HubProcess, free_port, wait_for};

#[tokio::test(flavor = "multi_thread")]
async fn a_running_box_says_on_its_page_what_is_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.start().await.unwrap();
    let mut victim = BoxProcess::enrol(&hub, "page01", folder.path()).await.unwrap();
    let port = free_port().unwrap();
    victim.configure(&format!("[collect.lan]\nenabled = false\n[local_page]\nlisten = \"127.0.0.1:{port}\"")).unwrap();
    victim.start().unwrap();
    let page = async |path: &str| {
        let answer = reqwest::get(format!("http://127.0.0.1:{port}{path}")).await.ok()?;
        answer.text().await.ok()
    };
    let says = async |word: &str| page("/status.json").await.is_some_and(|text| text.contains(word));

    wait_for("the page's word of a connection", async || says("\"connected\"").await).await.unwrap();
    let french = page("/?lang=fr").await.unwrap();
    assert!(french.contains("page01") && french.contains("la box peut être débranchée"), "{french}");

    hub.kill();
    wait_for("the page's word of the outage", async || says("\"lost\"").await).await.unwrap();
    let english = page("/").await.unwrap();
    assert!(english.contains("Not connected for") && english.contains("waits here, safely"), "{english}");
}
