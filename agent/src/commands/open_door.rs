//! Opens a door of a time clock: once, and never again by itself.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::time::Duration;
use vigie_shared::wire::command::OpenDoor as Parameters;

use super::at_terminal::{reason, serial};
use super::{Act, Answer, Context, Failure, Past, Settled, Underway};
use crate::terminals::reply::Order;
use crate::terminals::{AskError, Asking, Terminals};

/// A door that opens later than this opens for nobody.
const OPEN_WITHIN: Duration = Duration::from_secs(5);

/// The section `commands.open_door` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `open_door`.
struct OpenDoor {
    terminals: Terminals,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    OpenDoor { terminals: context.terminals.clone() }
}

#[async_trait]
impl Act for OpenDoor {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, _underway: &Underway) -> Result<Answer, Failure> {
        let serial = serial(&parameters.terminal)?;
        let doors = self.terminals.facts(&serial)?.terms.doors;
        let order = order(parameters.door, doors)?;
        match self.terminals.ask(&serial, Asking::new(order).expiring_in(OPEN_WITHIN)).await {
            Ok(answered) if answered.is_done => Ok(Answer::said(format!("the door of terminal {serial} was opened"))),
            Ok(answered) => Err(Failure::Failed(reason(&answered))),
            Err(AskError::NoAnswer | AskError::Cut) => Err(Failure::Failed(
                "the terminal did not say whether the door opened; it is not asked again by itself".to_owned(),
            )),
            Err(error) => Err(error.into()),
        }
    }

    async fn settle(&self, _parameters: &Parameters, _past: &Past, _underway: &Underway) -> Settled {
        Settled::Unknown("the agent was stopped in the middle of it; the door may have opened".to_owned())
    }
}

/// Where there are several doors, leaving out which would open them all.
fn order(door: Option<u8>, doors: u8) -> Result<Order, Failure> {
    match door {
        Some(door) if (1..=doors).contains(&door) => Ok(Order::new("opendoor").with("doornum", door)),
        Some(door) => Err(Failure::Refused(format!(
            "there is no door {door}: by the owner's settings (`terminals.terminal.SERIAL.doors`) there are {doors}"
        ))),
        None if doors == 1 => Ok(Order::new("opendoor").with("doornum", 1)),
        None => Err(Failure::Refused(format!("say which of the {doors} doors: without it all of them would open"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_always_named_so_that_never_all_of_them_open() {
        assert_eq!(order(None, 1).unwrap().text("Z"), r#"{"cmd":"opendoor","sn":"Z","doornum":1}"#);
        assert_eq!(order(Some(3), 4).unwrap().text("Z"), r#"{"cmd":"opendoor","sn":"Z","doornum":3}"#);
        for (door, doors) in [(None, 4), (Some(2), 1), (Some(0), 1), (Some(5), 4)] {
            assert!(matches!(order(door, doors), Err(Failure::Refused(_))), "{door:?} of {doors}");
        }
    }
}
