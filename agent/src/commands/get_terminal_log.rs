//! Reads a time clock's log once more, page by page, each on the disk before the next.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use vigie_shared::wire::command::GetTerminalLog as Parameters;

use super::at_terminal::{Pages, hold, serial};
use super::{Act, Answer, Context, Failure, Past, Settled, Underway};
use crate::terminals::Terminals;
use crate::terminals::clock;
use crate::terminals::reply::Order;

/// The section `commands.get_terminal_log` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `get_terminal_log`.
struct GetTerminalLog {
    terminals: Terminals,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    GetTerminalLog { terminals: context.terminals.clone() }
}

#[async_trait]
impl Act for GetTerminalLog {
    type Parameters = Parameters;

    async fn run(&self, parameters: &Parameters, underway: &Underway) -> Result<Answer, Failure> {
        let serial = serial(&parameters.terminal)?;
        let capacity = self.terminals.facts(&serial)?.log_max;
        let mut pages = Pages::new(&self.terminals, &serial, order(parameters)?, capacity);
        let mut rows = 0;
        while let Some(page) = pages.next().await? {
            if page.is_first {
                rows = 0;
            }
            if let Some(record) = &page.answered.record {
                rows += self.terminals.store_page(&serial, record).await?;
            }
            underway.stage(format!("{rows} rows read"));
        }
        let doubt = if pages.is_complete { "" } else { "; the terminal repeated itself, so there may be more" };
        let said = format!("{rows} rows of terminal {serial}'s log were read{doubt}");
        Ok(Answer::with(said, json!({ "rows": rows, "is_complete": pages.is_complete })))
    }

    async fn settle(&self, _parameters: &Parameters, _past: &Past, _underway: &Underway) -> Settled {
        Settled::Again
    }

    fn hold(&self, parameters: &Parameters) -> Option<String> {
        hold(&self.terminals, &parameters.terminal)
    }
}

/// A period, or what nobody acknowledged.
fn order(parameters: &Parameters) -> Result<Order, Failure> {
    if parameters.from.is_none() && parameters.to.is_none() {
        return Ok(Order::new("getnewlog"));
    }
    let mut order = Order::new("getalllog");
    for (name, day) in [("from", &parameters.from), ("to", &parameters.to)] {
        let Some(day) = day else { continue };
        let is_day = day.len() == 10 && clock::local(&format!("{day} 00:00:00")).is_some();
        if !is_day {
            return Err(Failure::Refused(format!("`{name}` is not a day like 2031-05-06")));
        }
        order = order.with(name, day.as_str());
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_asked_for_by_its_days_and_nothing_by_what_is_new() {
        let of = |from: Option<&str>, to: Option<&str>| {
            order(&Parameters { terminal: "ZX1".to_owned(), from: from.map(str::to_owned), to: to.map(str::to_owned) })
                .map(|order| order.text("ZX1"))
        };
        assert_eq!(of(None, None).unwrap(), r#"{"cmd":"getnewlog","sn":"ZX1"}"#);
        let period = of(Some("2031-05-01"), Some("2031-05-31")).unwrap();
        assert_eq!(period, r#"{"cmd":"getalllog","sn":"ZX1","from":"2031-05-01","to":"2031-05-31"}"#);
        assert!(matches!(of(Some("yesterday"), None), Err(Failure::Refused(text)) if text.contains("`from`")));
    }
}
