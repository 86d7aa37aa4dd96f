//! How names and enums lie in columns. A code never changes its meaning; new ones are added at the end.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Row, RowIndex};
use vigie_shared::id::{BootId, QueueId, SiteId};
use vigie_shared::wire::Lane;

use crate::attendance::book::Mark;
use crate::presence::Counts;
use crate::store::accounts::{CredentialKind, Role};
use crate::store::diary::Level;
use crate::store::facts::GapReason;
use crate::store::presence::Trace;
use crate::store::projections::DeviceKind;

pub(super) const REASONS: [GapReason; 3] = [GapReason::Dropped, GapReason::Damaged, GapReason::HubRestored];
pub(super) const LEVELS: [Level; 2] = [Level::Note, Level::Alarm];
pub(super) const ROLES: [Role; 4] = [Role::Viewer, Role::Operator, Role::Owner, Role::Member];
pub(super) const CREDENTIAL_KINDS: [CredentialKind; 3] =
    [CredentialKind::Setup, CredentialKind::Token, CredentialKind::Reset];
pub(super) const DEVICE_KINDS: [DeviceKind; 3] = [DeviceKind::Known, DeviceKind::Passing, DeviceKind::Owned];
pub(super) const TRACES: [Trace; 3] = Trace::ALL;
pub(super) const COUNTS: [Counts; 3] = [Counts::Yes, Counts::No, Counts::Stationary];
pub(super) const MARKS: [Mark; 3] = [Mark::Provisional, Mark::Final, Mark::Amended];

/// The code of an enum's value: its place in the list of all.
pub(super) fn code<T: PartialEq>(all: &[T], value: &T) -> Option<i64> {
    all.iter().position(|one| one == value).and_then(|code| i64::try_from(code).ok())
}

pub(super) fn lane_code(lane: Lane) -> Option<i64> {
    code(&Lane::ALL, &lane)
}

/// A column's value by its code.
pub(super) fn coded<T: Copy>(row: &Row<'_>, at: impl RowIndex, all: &[T]) -> rusqlite::Result<T> {
    let code: usize = row.get(at)?;
    all.get(code).copied().ok_or_else(|| FromSqlError::OutOfRange(i64::try_from(code).unwrap_or(i64::MAX)).into())
}

/// A column that holds an identifier.
pub(super) struct Column<T>(pub(super) T);

impl FromSql for Column<SiteId> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

impl FromSql for Column<QueueId> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 16]>::column_result(value).map(|bytes| Self(QueueId(bytes)))
    }
}

impl FromSql for Column<BootId> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 16]>::column_result(value).map(|bytes| Self(BootId(bytes)))
    }
}

/// A boot, or nothing for what is dated: the column is part of a primary key and cannot be null.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct BootColumn(pub(super) Option<BootId>);

impl ToSql for BootColumn {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let bytes: &[u8] = self.0.as_ref().map_or(&[], |boot| &boot.0);
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(bytes)))
    }
}

impl FromSql for BootColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_blob()? {
            [] => Ok(Self(None)),
            bytes => Ok(Self(Some(Column::<BootId>::column_result(ValueRef::Blob(bytes))?.0))),
        }
    }
}
