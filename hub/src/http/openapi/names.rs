//! What the names in the API's addresses look like, said once for all operations.

use utoipa::openapi::{OpenApi, RefOr, Schema};

/// A site's id.
const SITE: &str = "^[0-9A-Za-z]{1,32}$";
/// A pseudonym, or a command's id.
const HEX_16_BYTES: &str = "^[0-9a-f]{32}$";
/// A SHA-256.
const HEX_32_BYTES: &str = "^[0-9a-f]{64}$";
/// A number that the hub gave.
const NUMBER: &str = "^[0-9]{1,18}$";
/// A day, `2026-11-20`.
const DAY: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";
/// What a client calls a request of its own.
const KEY: &str = "^[!-~]{1,128}$";

/// Where an address begins, a name in its path, query or headers, and the pattern of that name. The first that fits holds.
const NAMES: [(&str, &str, &str); 13] = [
    ("/api/v1/sites/", "id", SITE),
    ("/api/v1/alerts/silences/", "id", NUMBER),
    ("/api/v1/rollouts/", "id", HEX_16_BYTES),
    ("/api/v1/", "site", SITE),
    ("/api/v1/", "command", HEX_16_BYTES),
    ("/api/v1/", "device", HEX_16_BYTES),
    ("/api/v1/", "key", HEX_16_BYTES),
    ("/api/v1/", "sha256", HEX_32_BYTES),
    ("/api/v1/", "date", DAY),
    ("/api/v1/", "from", DAY),
    ("/api/v1/", "through", DAY),
    ("/api/v1/", "no", NUMBER),
    ("/api/v1/", "Idempotency-Key", KEY),
];

/// Writes the patterns into the document. A moment has a schema of its own and keeps it.
pub(super) fn describe(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let parameters =
            super::examples::operations(item).flat_map(|operation| operation.parameters.iter_mut().flatten());
        for parameter in parameters {
            let known = NAMES.iter().find(|(place, name, _)| path.starts_with(place) && *name == parameter.name);
            if let (Some((_, _, pattern)), Some(RefOr::T(Schema::Object(schema)))) = (known, parameter.schema.as_mut())
            {
                schema.pattern = Some((*pattern).to_owned());
            }
        }
    }
}
