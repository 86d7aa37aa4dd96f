//! Pure: rows that stand under several names and turn out to be one machine, joined.

use std::collections::BTreeMap;
use std::net::IpAddr;

use vigie_shared::id::SiteId;
use vigie_shared::mac::Mac;

use super::{Machine, name};

/// Joins rows that are one machine; by name.
///
/// One that has only a network card goes to the machine with a serial number that used this card last; one that has
/// only a place goes to the machine that was last met there, if its card is not known either.
#[must_use]
pub fn unite(rows: Vec<Machine>) -> Vec<Machine> {
    let (serials, rest): (Vec<Machine>, Vec<Machine>) = rows.into_iter().partition(|row| name::is_serial(&row.id));
    let owners = owners(&serials);
    let (places, cards): (Vec<Machine>, Vec<Machine>) = rest.into_iter().partition(|row| name::is_place(&row.id));
    let mut all: BTreeMap<String, Machine> = serials.into_iter().map(|row| (row.id.clone(), row)).collect();
    for row in cards {
        let owner = row.mac().and_then(|mac| owners.get(&mac)).map(|(_, id)| id.clone());
        join(&mut all, row, owner);
    }
    let tenants: BTreeMap<(SiteId, IpAddr), String> = all
        .values()
        .filter(|machine| machine.met.mac.is_none())
        .map(|machine| ((machine.met.site.clone(), machine.met.ip), machine.id.clone()))
        .collect();
    for row in places {
        let tenant = tenants.get(&(row.met.site.clone(), row.met.ip)).cloned();
        join(&mut all, row, tenant);
    }
    all.into_values().collect()
}

/// Of each network card the machine that used it last.
fn owners(serials: &[Machine]) -> BTreeMap<Mac, (i64, String)> {
    let mut owners: BTreeMap<Mac, (i64, String)> = BTreeMap::new();
    for machine in serials {
        for card in &machine.cards {
            let claim = (card.last_ms, machine.id.clone());
            let owner = owners.entry(card.mac).or_insert_with(|| claim.clone());
            if claim > *owner {
                *owner = claim;
            }
        }
    }
    owners
}

/// Adds a row to the machine that it is of, or as one of its own.
fn join(all: &mut BTreeMap<String, Machine>, row: Machine, owner: Option<String>) {
    let Some(machine) = owner.and_then(|id| all.get_mut(&id)) else {
        all.insert(row.id.clone(), row);
        return;
    };
    machine.also.push(row.id.clone());
    machine.merge(row);
}
