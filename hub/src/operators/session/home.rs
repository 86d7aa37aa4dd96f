//! A program that is Home Assistant: what it says, and all that it is told at once.

use tokio::io::{AsyncRead, AsyncWrite};

use super::Session;
use crate::home_assistant::Asked;
use crate::operators::counters::{Ending, count};
use crate::operators::policy::Letter;
use crate::operators::topics::{Address, Filter};
use crate::operators::{Hall, packets};

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Session<R, W> {
    /// Home Assistant has started, or somebody pressed one of its buttons: a command of this caller.
    pub(super) async fn hear_home(&mut self, hall: &Hall, asked: Asked, id: Option<u16>) -> Result<(), Ending> {
        match asked {
            Asked::Nothing | Asked::Kept(_) => {}
            Asked::Again => {
                let filters = self.filters.clone();
                self.tell_home(hall, &filters).await?;
            }
            Asked::Press { site, button } => {
                if let Some((kind, payload)) = hall.home.as_ref().and_then(|home| home.order(&button)) {
                    let address = Address { site, kind: kind.to_owned() };
                    let letter = Letter { address, id, is_retained: false, is_repeated: false, payload };
                    return self.command(hall, &letter).await;
                }
                tracing::warn!(site, button, "a button was pressed that nobody allowed; nothing was done");
            }
        }
        match id {
            Some(id) => self.send(hall, &packets::puback(id)).await,
            None => Ok(()),
        }
    }

    /// Tells Home Assistant everything that these filters ask for.
    pub(super) async fn tell_home(&mut self, hall: &Hall, wanted: &[Filter]) -> Result<(), Ending> {
        let Some(home) = &hall.home else { return Ok(()) };
        let wanted: Vec<&Filter> = wanted.iter().filter(|filter| hall.is_homes(filter)).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        home.look_for_the_first(&hall.admin).await.map_err(|_logged| Ending::StoreFailed)?;
        let may = |topic: &str| self.caller.role >= home.needs(topic);
        let present = home.present(|topic| may(topic) && wanted.iter().any(|filter| filter.matches(topic)));
        for (topic, payload) in present {
            count(&hall.room.counters.published);
            self.send(hall, &packets::publish(&topic, &payload, true)).await?;
        }
        Ok(())
    }
}
