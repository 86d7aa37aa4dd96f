//! Tokens that are limited to sites or to parts of the API, over MQTT.

use serde_json::json;

use super::*;
use crate::store::accounts::{Credential, CredentialKind, Scope};
use crate::store::audit::ActFilter;

const REFUSED: u8 = 0x80;

/// A program with a token of the owner that is limited so.
async fn log_in(scene: &Scene, scope: Scope) -> Client {
    let limited = Credential {
        secret_sha256: secret::sha256(b"vgt_limited"),
        kind: CredentialKind::Token,
        account: "owner".to_owned(),
        label: "limited".to_owned(),
        role: Role::Owner,
        created_ms: NOW,
        expires_ms: NOW + 60_000,
        scope,
        used_ms: None,
    };
    scene.stage.store.add_credential(&limited).await.unwrap();
    let mut client = scene.dial(64 * 1024);
    client.say(&connect("MQTT", 4, 0xc2, 60, &["test", "owner", "vgt_limited"])).await;
    assert_eq!(client.hear().await, (0x20, vec![0, 0]));
    client
}

#[tokio::test]
async fn a_token_for_a_site_is_told_of_that_site_and_gives_commands_to_no_other() {
    let scene = Scene::new(OperatorsConfig::default()).await;
    scene.stage.add_site("brest", "Brest").await;
    let mut client = log_in(&scene, Scope { sites: ["metz".parse().unwrap()].into(), ..Scope::default() }).await;

    assert_eq!(client.ask(&["vigie/v1/brest/state", "vigie/v1/+/state"]).await, [REFUSED, 0]);
    assert_eq!(client.told().await.1, "vigie/v1/metz/state", "and nothing of Brest");
    client.say(&publish(0b0010, "vigie/v1/brest/commands/reboot", b"")).await;
    let refusal = loop {
        let told = client.told().await;
        // Its state may be told twice: two filters asked for it.
        if told.1 != "vigie/v1/metz/state" {
            break told;
        }
    };
    let log = scene.stage.store.acts(&ActFilter::default(), None, 9).await.unwrap();

    assert_eq!((refusal.1.as_str(), &refusal.2["code"]), ("vigie/v1/brest/commands/refused", &json!("out_of_scope")));
    let act = &log[0].1;
    assert_eq!((act.operation.as_str(), act.subject.as_str(), act.status), ("commands_create", "brest", 403));
    assert!(act.via.starts_with("mqtt token "), "{}", act.via);
}

#[tokio::test]
async fn a_token_for_sites_alone_hears_no_commands() {
    let scene = Scene::new(OperatorsConfig::default()).await;
    let mut client = log_in(&scene, Scope { areas: ["sites".to_owned()].into(), ..Scope::default() }).await;
    assert_eq!(client.ask(&["vigie/v1/metz/commands/#", "vigie/v1/metz/events/#"]).await, [REFUSED, 0]);
}
