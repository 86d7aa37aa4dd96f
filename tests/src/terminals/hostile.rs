//! Connections of people who mean harm, and of programs that know no better, beside the honest terminals of a load.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::frame;
use super::line::{Heard, Line};

/// How long an attacker waits for the end of its connection before it lets go.
const LINGER: Duration = Duration::from_millis(500);

/// Pause between two attacks of one attacker.
const PAUSE: Duration = Duration::from_millis(20);

/// How many different attacks there are.
pub const WAYS: usize = 10;

/// Makes one attack: another one for each number, again from the start after [`WAYS`].
pub async fn attack(server: SocketAddr, number: usize) {
    let Ok(mut line) = Line::dial(server).await else { return };
    // It may be hung up on at any moment: that is the point.
    drop(speak(&mut line, number).await);
    let end = async { while !matches!(line.hear().await, Ok(Heard::Closed(_)) | Err(_)) {} };
    drop(timeout(LINGER, end).await);
}

/// Attacks in every way, again and again.
pub async fn attack_for_ever(server: SocketAddr, first: usize) {
    for number in first.. {
        attack(server, number).await;
        tokio::time::sleep(PAUSE).await;
    }
}

async fn speak(line: &mut Line, number: usize) -> anyhow::Result<()> {
    let way = number % WAYS;
    if way == 0 {
        return line.say_bytes(&[0x16, 0x03, 0x01, 0x02, 0x00, 0xff].repeat(100)).await;
    }
    line.upgrade(&super::Upgrade::default()).await?;
    let stranger = json!({ "cmd": "reg", "sn": format!("EVIL{number:06}") }).to_string();
    let deep = format!(r#"{{"cmd":"sendlog","record":{}"#, "[".repeat(10_000));
    let bytes = match way {
        1 => frame::message(frame::TEXT, stranger.as_bytes()),
        2 => frame::message(frame::TEXT, br#"{"cmd":"reg","sn":"../../etc/passwd\u0000<b>"}"#),
        3 => frame::message(frame::TEXT, b"not json at all").repeat(100),
        4 => frame::message(frame::TEXT, deep.as_bytes()),
        5 => frame::message(frame::PING, b"x").repeat(10_000),
        6 => frame::unmasked(frame::TEXT, stranger.as_bytes()),
        7 => frame::head(0x81, 0x80, 1 << 40),
        8 => frame::fragments(frame::TEXT, &[&[b' '][..]; 5_000]),
        // Registers as nobody and then sends rows all the same.
        _ => frame::message(frame::TEXT, br#"{"cmd":"sendlog","sn":"ZX","count":1,"record":[{"enrollid":1}]}"#),
    };
    line.say_bytes(&bytes).await
}
