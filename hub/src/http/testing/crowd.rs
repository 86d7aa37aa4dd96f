//! People on the stage who are here at this moment.

use vigie_shared::id::SiteId;

use super::{NOW, Stage};
use crate::attendance::Person;
use crate::presence::span::Span;
use crate::presence::{Counts, Ownership};
use crate::store::presence::{Profile, Sights, Trace};

const MINUTE: i64 = 60_000;

impl Stage {
    /// Six people with a phone each who were seen for an hour until a minute ago; two of them agreed to be named.
    pub(crate) async fn add_crowd(&self) {
        let metz: SiteId = self.add_site("metz", "Metz").await;
        let sights = |trace, device: &str, from_ms| Sights {
            trace,
            site: metz.clone(),
            device: device.to_owned(),
            spans: vec![Span { from_ms, to_ms: NOW - MINUTE, sources: 1 }],
            received_ms: NOW,
        };
        for number in 0..6 {
            let id = format!("p{number}");
            let person = Person { id: id.clone(), name: format!("Person {number}"), numbers: Vec::new() };
            self.store.put_person(&person).await.unwrap();
            let profile = Profile { person: id.clone(), email: None, shows_name: number < 2 };
            self.store.put_profile(&profile).await.unwrap();
            let device = format!("{number:032x}");
            let ownership = Ownership {
                device: device.clone(),
                site: Some(metz.clone()),
                person: id,
                from_ms: 0,
                to_ms: None,
                counts: Counts::Yes,
                grace_min: None,
            };
            assert!(self.store.own(&ownership).await.unwrap());
            self.store.add_sights(&[sights(Trace::Device, &device, NOW - 60 * MINUTE)]).await.unwrap();
        }
        self.store.add_sights(&[sights(Trace::Clear, "lan", NOW - 3 * 24 * 60 * MINUTE)]).await.unwrap();
    }
}
