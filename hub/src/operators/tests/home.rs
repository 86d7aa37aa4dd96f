//! Home Assistant at the operators' listener, as its MQTT client speaks.

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

/// Messages that are how things are, so many of them; what is told as it changes may come between.
async fn present(client: &mut Client, count: usize) -> Vec<(String, Value)> {
    let mut present = Vec::new();
    while present.len() < count {
        let (is_retained, topic, told) = client.told().await;
        if is_retained {
            present.push((topic, told));
        }
    }
    present
}

/// Asks for one thing and waits for the answer, whatever comes before.
async fn ask_among_news(client: &mut Client, filter: &str) -> Vec<u8> {
    client.say(&subscribe(&[filter])).await;
    loop {
        let (header, body) = client.hear().await;
        if header == 0x90 {
            return body[2..].to_vec();
        }
    }
}

fn device(node: &str) -> String {
    format!("homeassistant/device/vigie_{HUB}_{node}/config")
}

#[tokio::test]
async fn home_assistant_finds_the_sites_and_their_states_and_hears_of_changes() {
    let scene = Scene::with_home().await;
    let mut home = enter(&scene, Role::Operator).await;

    let answer = home.ask(&["homeassistant/light/+/config", "homeassistant/device/+/config"]).await;
    let first = present(&mut home, 2).await;
    home.say(&publish(0, "homeassistant/status", b"online")).await;
    let again = present(&mut home, 2).await;

    assert_eq!(answer, [0x80, 0], "kinds of things that are not told are refused one by one");
    assert_eq!((&first[0].0, &first[1].0), (&device("metz"), &device("metz_buttons")));
    assert_eq!(again, first, "all is told again after a start");
    let place = first[0].1["state_topic"].as_str().unwrap().to_owned();
    assert_eq!(ask_among_news(&mut home, &place).await, [0]);
    assert_eq!(present(&mut home, 1).await[0].1["reachable"], "off");

    scene.stage.fleet.tell(&"metz".parse().unwrap(), live());
    tokio::time::pause();
    let told = loop {
        let (_, topic, told) = home.told().await;
        if topic == place && told["reachable"] == "on" {
            break told;
        }
    };

    assert_eq!(told["problem"], "off", "a change is told as it is seen: {told}");
}

#[tokio::test]
async fn a_button_is_a_command_of_the_account_that_logged_in_and_only_of_what_was_told() {
    let scene = Scene::with_home().await;
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
    viewer.say(&press("reboot")).await;
    let refusal = loop {
        let (_, topic, told) = viewer.told().await;
        assert!(!topic.contains("_buttons"), "who may not press them hears of no buttons");
        if topic == "vigie/v1/metz/commands/refused" {
            break told;
        }
    };
    assert_eq!(refusal["code"], "forbidden");
}

#[tokio::test]
async fn another_will_and_a_hub_without_home_assistant_are_refused_as_ever() {
    let scene = Scene::with_home().await;
    let mut client = scene.dial(4096);
    let said = ["x", "lamp/status", "offline", "operator", &token(Role::Operator)];
    client.say(&connect("MQTT", 4, 0xc6, 60, &said)).await;
    assert_eq!(client.hear().await.1, [0, 5]);
    assert!(
        policy::open(&connect("MQTT", 4, 0xc6, 60, &["x", "homeassistant/status", "", "a", "b"]), None)
            == policy::Opening::Refused(packets::Refusal::NotAuthorised)
    );
}
