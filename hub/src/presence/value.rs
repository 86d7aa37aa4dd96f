//! What a day is worth: nothing, half a day or a day.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The worth of a day; written as the number 0, 0.5 or 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Nothing.
    #[default]
    Zero,
    /// Half a day.
    Half,
    /// A day.
    Full,
}

impl Value {
    /// Every value, the least first.
    pub const ALL: [Self; 3] = [Self::Zero, Self::Half, Self::Full];

    /// The value as a number.
    #[must_use]
    pub fn amount(self) -> f64 {
        f64::from(self.halves()) / 2.0
    }

    /// The value in half days.
    #[must_use]
    pub fn halves(self) -> i32 {
        match self {
            Self::Zero => 0,
            Self::Half => 1,
            Self::Full => 2,
        }
    }

    /// The value that a number stands for; none if it is none of the three.
    #[must_use]
    pub fn of_amount(amount: f64) -> Option<Self> {
        Self::ALL.into_iter().find(|value| (value.amount() - amount).abs() < f64::EPSILON)
    }

    /// Half a day from `half` on and a day from `full` on.
    #[must_use]
    pub fn of_steps(count: i64, half: i64, full: i64) -> Self {
        match count {
            count if count >= full => Self::Full,
            count if count >= half => Self::Half,
            _ => Self::Zero,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zero => "0",
            Self::Half => "0.5",
            Self::Full => "1",
        })
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.amount())
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let amount = f64::deserialize(deserializer)?;
        Self::of_amount(amount)
            .ok_or_else(|| serde::de::Error::custom(format!("`{amount}` is not the worth of a day: use 0, 0.5 or 1")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reads_back_and_nothing_else_is_one() {
        for value in Value::ALL {
            let text = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
            assert_eq!(serde_json::from_str::<Value>(&value.to_string()).unwrap(), value);
        }
        let error = serde_json::from_str::<Value>("0.7").unwrap_err().to_string();
        assert!(error.starts_with("`0.7` is not the worth of a day: use 0, 0.5 or 1"), "{error}");
    }
}
