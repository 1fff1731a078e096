//! The values of symbolic sizes, as far as they are given.

use crate::interface::Interface;
use crate::ir::{Extent, SizeId};

/// Larger sizes and lengths than this are no memory of any machine.
const LARGEST: usize = 1 << 48;

/// The symbolic sizes of a network with the values that are given.
#[derive(Clone, Debug)]
pub struct Sizes<'a> {
    /// The names.
    pub names: &'a [String],
    values: Vec<Option<usize>>,
}

impl<'a> Sizes<'a> {
    /// The sizes with these values. An error says which value does not fit the network.
    pub fn new(interface: &'a Interface, given: &[(String, usize)]) -> Result<Self, String> {
        let names = &interface.sizes;
        let mut values = vec![None; names.len()];
        for (name, value) in given {
            let at = names.iter().position(|own| own == name).ok_or_else(|| unknown(interface, name))?;
            if !(1..=LARGEST).contains(value) {
                return Err(format!("the size `{name}` is a number from 1 to {LARGEST}, found {value}"));
            }
            if values[at].replace(*value).is_some() {
                return Err(format!("the size `{name}` is given twice"));
            }
        }
        let sizes = Self { names, values };
        let unmet = |slack: &Extent| sizes.fixed(slack).as_constant().is_some_and(|slack| slack < 0);
        match interface.requirements.iter().find(|(slack, _)| unmet(slack)) {
            Some((_, reason)) => Err(format!("{}: {reason}, cannot be with {}", interface.name, sizes.given().join(", "))),
            None => Ok(sizes),
        }
    }

    /// The sizes that have no value.
    pub fn missing(&self) -> Vec<&'a str> {
        let names = self.names.iter().zip(&self.values);
        names.filter(|(_, value)| value.is_none()).map(|(name, _)| name.as_str()).collect()
    }

    /// `B = 32`, for all that have a value.
    fn given(&self) -> Vec<String> {
        let names = self.names.iter().zip(&self.values);
        names.filter_map(|(name, value)| value.map(|value| format!("{name} = {value}"))).collect()
    }

    /// ` for B = 32 and any T`; nothing where there is no size.
    pub fn text(&self) -> String {
        let (given, missing) = (self.given().join(", "), self.missing().join(", "));
        match (given.is_empty(), missing.is_empty()) {
            (true, true) => String::new(),
            (false, true) => format!(" for {given}"),
            (true, false) => format!(" for any {missing}"),
            (false, false) => format!(" for {given} and any {missing}"),
        }
    }

    /// An extent with numbers in the place of sizes that have a value.
    pub fn fixed(&self, extent: &Extent) -> Extent {
        match self.values.iter().copied().collect::<Option<Vec<usize>>>() {
            Some(values) => Extent::constant(extent.value(&values)),
            None => {
                let value = |size: SizeId| i64::try_from(self.values[size.0 as usize]?).ok().map(Extent::constant);
                extent.with(&value).unwrap_or_else(|| extent.clone())
            }
        }
    }

    /// The largest of some lengths, where it is a number. An error says that no machine has so much memory.
    pub fn length(&self, lengths: &[Extent]) -> Result<Option<usize>, String> {
        let mut longest = 0;
        for length in lengths {
            let Some(number) = self.fixed(length).as_constant() else { return Ok(None) };
            let number = usize::try_from(number.max(0)).ok().filter(|number| *number <= LARGEST);
            longest =
                number.ok_or_else(|| format!("{} elements are more than memory can hold", self.extent(length)))?.max(longest);
        }
        Ok(Some(longest))
    }

    /// An extent as it is written, with the values.
    pub fn extent(&self, extent: &Extent) -> String {
        self.fixed(extent).display(self.names)
    }

    /// The largest of some lengths as it is written.
    pub fn lengths(&self, lengths: &[Extent]) -> String {
        let mut left = Vec::new();
        lengths.iter().for_each(|length| super::workspace::largest(&mut left, &self.fixed(length)));
        let texts: Vec<String> = left.iter().map(|length| length.display(self.names)).collect();
        match texts.as_slice() {
            [] => "0".to_owned(),
            [one] => one.clone(),
            many => format!("max({})", many.join(", ")),
        }
    }
}

fn unknown(interface: &Interface, name: &str) -> String {
    let known: Vec<String> = interface.sizes.iter().map(|size| format!("`{size}`")).collect();
    let known = if known.is_empty() { "it has none".to_owned() } else { format!("there are {}", known.join(", ")) };
    format!("`{}` has no symbolic size `{name}`: {known}", interface.name)
}
