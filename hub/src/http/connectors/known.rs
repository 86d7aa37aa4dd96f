//! The connector that an address names.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::connectors::settings::Connector;
use crate::http::Admin;
use crate::http::problem::Problem;

/// One that there is.
pub(in crate::http) struct Known(pub(super) Connector);

impl FromRequestParts<Admin> for Known {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, admin: &Admin) -> Result<Self, Problem> {
        let named = Path::<String>::from_request_parts(parts, admin).await;
        let Path(name) = named.map_err(|_no_text| Problem::unknown("connector", ""))?;
        let known = admin.store.connector(&name).await?;
        known.map(|(connector, _)| Self(connector)).ok_or_else(|| Problem::unknown("connector", &name))
    }
}
