//! Two limits for each grade: where it begins, and where it is clearly over.

use crate::alerts::alert::Grade;

/// Where a value begins to be wrong. Without a limit it never is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits<T> {
    /// Beyond this it is a warning.
    pub(super) warning: Option<T>,
    /// Beyond this it is critical.
    pub(super) critical: Option<T>,
}

impl<T: Copy> Limits<T> {
    /// How grave a value is that is too high above its limits: what it reached, and what holds on as long as it is not
    /// below them by more than a margin.
    pub(super) fn above(self, value: T, eased: impl Fn(T) -> T) -> (Option<Grade>, Option<Grade>)
    where
        T: PartialOrd,
    {
        (self.grade(|limit| value > limit), self.grade(|limit| value > eased(limit)))
    }

    /// The gravest grade whose limit is broken.
    pub(super) fn grade(self, is_broken: impl Fn(T) -> bool) -> Option<Grade> {
        if self.critical.is_some_and(&is_broken) {
            return Some(Grade::CRITICAL);
        }
        self.warning.is_some_and(&is_broken).then_some(Grade::WARNING)
    }
}

/// What is wrong or right, without anything in between.
pub(super) fn either(is_wrong: bool, grade: Grade) -> (Option<Grade>, Option<Grade>) {
    let grade = is_wrong.then_some(grade);
    (grade, grade)
}
