//! Pure: size and year in the name under which a machine is sold: `MacBook Pro (14-inch, Nov 2024)`.

/// Years in which machines were sold that still run.
const YEARS: std::ops::RangeInclusive<u32> = 1998..=2099;

/// Diagonals of screens, inches.
const INCHES: std::ops::RangeInclusive<u32> = 9..=40;

/// The diagonal of its screen as the name has it, in inches: `14`, `13.3`; none if the name does not say.
pub(super) fn inches(name: &str) -> Option<&str> {
    let text =
        ["-inch", " inch", "\u{2011}inch", "-pouces", " pouces", "\""].iter().find_map(|unit| name.split_once(unit))?.0;
    let length = text.bytes().rev().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let number = text.get(text.len() - length..)?;
    let whole: u32 = number.split('.').next()?.parse().ok()?;
    INCHES.contains(&whole).then_some(number)
}

/// The year of the model: the last one that the name says.
pub(super) fn year(name: &str) -> Option<&str> {
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.rfind(|word| word.len() == 4 && word.parse().is_ok_and(|year| YEARS.contains(&year)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_and_years_are_read_from_the_names_under_which_macs_are_sold() {
        for (name, size, model_year) in [
            ("MacBook Pro (14-inch, 2021)", Some("14"), Some("2021")),
            ("MacBook Pro (16-inch, Nov 2024)", Some("16"), Some("2024")),
            ("MacBook Air (M1, 2020)", None, Some("2020")),
            ("MacBook Pro (Retina, 13-inch, Early 2015)", Some("13"), Some("2015")),
            ("MacBook Air (13-inch, M3, 2024)", Some("13"), Some("2024")),
            ("iMac (21.5-inch, Late 2013)", Some("21.5"), Some("2013")),
            ("Mac mini (2018)", None, Some("2018")),
            ("MacBook Pro 13 pouces, 2019", Some("13"), Some("2019")),
            ("MacBook Pro", None, None),
            ("ThinkPad X1 Carbon Gen 9", None, None),
            ("PowerEdge R2900", None, None),
        ] {
            assert_eq!((inches(name), year(name)), (size, model_year), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_name_is_read_without_harm(name: String) {
            prop_assert!(inches(&name).is_none_or(|size| name.contains(size)));
            prop_assert!(year(&name).is_none_or(|year| year.len() == 4));
        }

        #[test]
        fn a_size_is_found_whatever_stands_before_it(before in "\\PC{0,20}", size in 9..40u32) {
            let name = format!("{before} {size}-inch");
            prop_assert!(inches(&name).is_some() || before.contains("inch") || before.contains("pouces") || before.contains('"'));
        }
    }
}
