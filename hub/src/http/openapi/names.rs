//! What the names in the API's paths look like, said once for all operations.

use utoipa::openapi::path::ParameterIn;
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

/// Where a path begins, a name in it, and the pattern of that name. The first that fits holds.
const NAMES: [(&str, &str, &str); 10] = [
    ("/api/v1/sites/", "id", SITE),
    ("/api/v1/", "site", SITE),
    ("/api/v1/", "command", HEX_16_BYTES),
    ("/api/v1/", "device", HEX_16_BYTES),
    ("/api/v1/", "key", HEX_16_BYTES),
    ("/api/v1/", "sha256", HEX_32_BYTES),
    ("/api/v1/", "date", DAY),
    ("/api/v1/", "no", NUMBER),
    ("/api/v1/alerts/silences/", "id", NUMBER),
    ("/api/v1/rollouts/", "id", HEX_16_BYTES),
];

/// Writes the patterns into the document.
pub(super) fn describe(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for operation in super::examples::operations(item) {
            for parameter in operation.parameters.iter_mut().flatten() {
                let known = NAMES.iter().find(|(place, name, _)| path.starts_with(place) && *name == parameter.name);
                let is_in_path = parameter.parameter_in == ParameterIn::Path;
                if let (Some((_, _, pattern)), Some(RefOr::T(Schema::Object(schema))), true) =
                    (known, parameter.schema.as_mut(), is_in_path)
                {
                    schema.pattern = Some((*pattern).to_owned());
                }
            }
        }
    }
}
