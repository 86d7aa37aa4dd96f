//! The mappings that come with the hub.

/// Names and files of all of them.
pub const SHIPPED: [(&str, &str); 6] = [
    ("default", include_str!("../mappings/default.toml")),
    ("erpnext", include_str!("../mappings/erpnext.toml")),
    ("odoo", include_str!("../mappings/odoo.toml")),
    ("kimai", include_str!("../mappings/kimai.toml")),
    ("tickets", include_str!("../mappings/tickets.toml")),
    ("presence", include_str!("../mappings/presence.toml")),
];

/// The file of a mapping that comes with the hub.
#[must_use]
pub fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.into_iter().find(|(known, _)| *known == name).map(|(_, text)| text)
}
