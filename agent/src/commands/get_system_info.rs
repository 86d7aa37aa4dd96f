//! Says what the box is: hardware, model, system, network and current metrics.

mod facts;

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::json;
use vigie_shared::clock::Clock;
use vigie_shared::wire::command::GetSystemInfo as Parameters;

use super::{Act, Answer, Context, Failure, Underway};
use crate::collectors::host;
use crate::identity::enrol::box_facts;

/// The section `commands.get_system_info` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

/// Executes `get_system_info`.
struct GetSystemInfo {
    host: host::Config,
    clock: Arc<dyn Clock>,
}

/// Makes the executor.
pub fn new(_config: &Config, context: &Context) -> impl Act<Parameters = Parameters> + use<> {
    GetSystemInfo { host: context.settings.collect.host.clone(), clock: Arc::clone(&context.clock) }
}

#[async_trait]
impl Act for GetSystemInfo {
    type Parameters = Parameters;

    async fn run(&self, _parameters: &Parameters, _underway: &Underway) -> Result<Answer, Failure> {
        let metrics = host::now(&self.host, &self.clock).await?;
        let (about, stamp) = (box_facts(), self.clock.stamp());
        let said = format!("{}, {}", or_unknown(&about.model), or_unknown(&about.os));
        let answer = json!({
            "hardware": { "model": about.model, "processor": facts::processor(), "processors": facts::processors(),
                          "memory_total_bytes": metrics.memory_total_bytes },
            "system": { "distribution": about.os, "kernel": facts::kernel(), "architecture": std::env::consts::ARCH,
                        "boot": stamp.boot, "uptime_s": stamp.uptime_ms / 1_000, "is_clock_synced": stamp.is_synced },
            "agent": { "version": about.version, "target": about.target },
            "network": facts::interfaces(),
            "metrics": metrics,
        });
        Ok(Answer::with(said, answer))
    }

    async fn dry_run(&self, _parameters: &Parameters) -> Result<Answer, Failure> {
        Ok(Answer::said("the box would say what it is, and change nothing"))
    }

    fn is_read(&self) -> bool {
        true
    }
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AgentConfig;
    use crate::testing::{Kept, command_context, underway};

    #[tokio::test]
    async fn this_machine_says_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let context = command_context(AgentConfig::in_folder(folder.path().to_owned()), Arc::default());
        let act = new(&Config::default(), &context);

        let answer = act.run(&Parameters {}, &underway(Arc::new(Kept::default()))).await.unwrap().value.unwrap();

        assert!(answer["hardware"]["memory_total_bytes"].as_u64().unwrap() > 0);
        assert!(answer["hardware"]["processors"].as_u64().unwrap() > 0);
        assert!(!answer["system"]["kernel"].as_str().unwrap().is_empty());
        assert_eq!(answer["agent"]["version"], crate::VERSION);
        let network = answer["network"].as_array().unwrap();
        assert!(network.iter().any(|interface| interface["name"] == "lo"));
    }
}
