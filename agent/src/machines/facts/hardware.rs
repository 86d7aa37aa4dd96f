//! What a Mac is: `sysctl`, the serial number and the name of the product from `ioreg`, `system_profiler` as JSON.

use serde_json::Value;

use super::plist;
use crate::machines::clean;

/// `name: value` lines.
pub(super) struct Sysctl<'a>(&'a str);

impl<'a> Sysctl<'a> {
    pub(super) fn read(text: &'a str) -> Self {
        Self(text)
    }

    /// A value as it stands; empty if there is none.
    pub(super) fn raw(&self, name: &str) -> &'a str {
        let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix(':');
        self.0.lines().find_map(value).map_or("", str::trim)
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        clean(self.raw(name))
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.raw(name).parse().ok()
    }
}

/// The serial number from `ioreg -c IOPlatformExpertDevice -a`.
pub(super) fn serial(list: &str) -> Option<String> {
    plist::with_first(list, |dict| clean(&dict.text("IOPlatformSerialNumber")?))
}

/// The product as it is sold, from `ioreg -k product-name`: Apple silicon only.
pub(super) fn product(list: &str) -> Option<String> {
    plist::with_first(list, |dict| clean(&dict.text("product-name")?))
}

/// What `system_profiler SPHardwareDataType` says; the keys differ between Apple silicon and Intel.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) serial: Option<String>,
    pub(super) model_name: Option<String>,
    pub(super) model_id: Option<String>,
    pub(super) chip: Option<String>,
}

impl Profile {
    pub(super) fn read(text: &str) -> Self {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let hardware = value.get("SPHardwareDataType").and_then(|list| list.get(0));
        let text = |key: &str| hardware?.get(key)?.as_str().and_then(clean);
        Self {
            serial: text("serial_number"),
            model_name: text("machine_name"),
            model_id: text("machine_model"),
            chip: text("chip_type").or_else(|| text("cpu_type")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::machines::facts::battery::tests::list;

    #[test]
    fn both_families_of_processors_are_read() {
        let silicon = r#"{"SPHardwareDataType": [{"chip_type": "Apple M1 Pro", "number_processors": "proc 10:8:2",
            "machine_name": "MacBook Pro", "machine_model": "MacBookPro18,3", "serial_number": "XTEST00417"}]}"#;
        let intel = r#"{"SPHardwareDataType": [{"cpu_type": "Quad-Core Intel Core i5", "number_processors": 4}]}"#;
        let read = Profile::read(silicon);
        assert_eq!((read.chip.as_deref(), read.serial.as_deref()), (Some("Apple M1 Pro"), Some("XTEST00417")));
        assert_eq!(Profile::read(intel).chip.as_deref(), Some("Quad-Core Intel Core i5"));
        assert_eq!(Profile::read("{\"SPHardwareDataType\": [{\"chip"), Profile::default());
    }

    #[test]
    fn sysctl_values_are_found_by_their_whole_name() {
        let sysctl = Sysctl::read("hw.model: MacBookPro18,3\nhw.memsize: 17179869184\nhw.memsize_usable: 1\n");
        assert_eq!(sysctl.number("hw.memsize"), Some(17_179_869_184));
        assert_eq!(sysctl.text("hw.model").as_deref(), Some("MacBookPro18,3"));
        assert_eq!((sysctl.text("hw"), sysctl.number("hw.model")), (None, None));
    }

    #[test]
    fn serial_and_product_come_as_text_or_as_bytes() {
        let plist = list(&[
            ("IOPlatformSerialNumber", "<string>XTEST00417</string>"),
            ("product-name", "<data>TWFjQm9vayBBaXIgKE0yLCAyMDIyKQA=</data>"),
        ]);
        assert_eq!(serial(&plist).as_deref(), Some("XTEST00417"));
        assert_eq!(product(&plist).as_deref(), Some("MacBook Air (M2, 2022)"));
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC{0,80}") {
            drop((Profile::read(&text), serial(&text), product(&text), Sysctl::read(&text).number("hw")));
        }
    }
}
