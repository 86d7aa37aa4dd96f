//! Home Assistant at the operators' listener, as its MQTT client speaks.

use serde_json::json;

use super::*;

const HUB: &str = "abababab";

/// What Home Assistant says when it connects: a will on its topic of birth, and filters for each kind of thing.
async fn enter(scene: &Scene, role: Role) -> Client {
    let mut client = scene.dial(64 * 1024);
    let (name, secret) = (crate::http::guard::word(role), token(role));
    let said = ["ha", "homeassistant/status", "offline", name, &secret];
    client.say(&connect("MQTT", 4, 0xc6, 60, &said)).await;
    assert_eq!(client.hear().await, (0x20, vec![0, 0]));
    client
}

fn device(node: &str) -> String {
    format!("homeassistant/device/vigie_{HUB}_{node}/config")
}

#[tokio::test]
async fn home_assistant_finds_the_sites_and_their_states_and_hears_of_changes() {
    let scene = Scene::new(OperatorsConfig::default()).await;
    let mut home = enter(&scene, Role::Operator).await;

    let answer = home.ask(&["homeassistant/light/+/config", "homeassistant/device/+/config"]).await;
    let (first, second) = (home.told().await, home.told().await);
    home.say(&publish(0, "homeassistant/status", b"online")).await;
    let again = home.told().await;

    assert_eq!(answer, [0x80, 0], "kinds of things that are not told are refused one by one");
    assert!(first.0 && second.0, "how things are");
    assert_eq!((&first.1, &second.1), (&device("metz"), &device("metz_buttons")));
    assert_eq!(again.1, device("metz"), "all is told again after a start");
    let place = first.2["state_topic"].as_str().unwrap().to_owned();
    assert_eq!(home.told().await.1, device("metz_buttons"));
    assert_eq!(home.ask(&[&place]).await, [0]);
    assert_eq!(home.told().await.2["reachable"], "off");

    scene.stage.fleet.tell(&"metz".parse().unwrap(), live());
    scene.stage.clock.advance(Duration::from_secs(60));
    tokio::time::pause();
    let (is_retained, topic, told) = home.told().await;

    assert_eq!((is_retained, topic, &told["reachable"]), (false, place, &json!("on")));
}

#[tokio::test]
async fn a_button_is_a_command_of_the_account_that_logged_in_and_only_of_what_was_told() {
    let scene = Scene::new(OperatorsConfig::default()).await;
    let mut home = enter(&scene, Role::Operator).await;
    let press = |button: &str| publish(0b0010, &format!("vigie/{HUB}/sites/metz/press/{button}"), b"PRESS");
    for button in ["player", "sshd"] {
        home.say(&press(button)).await;
        assert_eq!(home.hear().await, (PUBACK.0, PUBACK.1.to_vec()));
    }
    let given = scene.stage.store.open_commands(9).await.unwrap();
    assert_eq!(given.len(), 1, "sshd was never told");
    assert_eq!((given[0].kind.as_str(), given[0].account.as_str()), ("restart_service", "operator"));

    let mut viewer = enter(&scene, Role::Viewer).await;
    assert_eq!(viewer.ask(&["homeassistant/#"]).await, [0]);
    assert_eq!(viewer.told().await.1, device("metz"), "and no buttons");
    viewer.say(&press("reboot")).await;
    assert_eq!(viewer.told().await.2["code"], "forbidden");
}

#[tokio::test]
async fn another_will_and_a_hub_without_home_assistant_are_refused_as_ever() {
    let scene = Scene::new(OperatorsConfig::default()).await;
    let mut client = scene.dial(4096);
    let said = ["x", "lamp/status", "offline", "operator", &token(Role::Operator)];
    client.say(&connect("MQTT", 4, 0xc6, 60, &said)).await;
    assert_eq!(client.hear().await.1, [0, 5]);
    assert!(
        policy::open(&connect("MQTT", 4, 0xc6, 60, &["x", "homeassistant/status", "", "a", "b"]), None)
            == policy::Opening::Refused(packets::Refusal::NotAuthorised)
    );
}
