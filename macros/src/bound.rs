//! `max_memory` of an attribute, as the compiler wants it. It must not know what takes memory.

use crate::arguments::Setting;
use crate::errors;
use chainrule_compiler::emit::Passes;
use chainrule_compiler::memory::limit::Limit;
use chainrule_compiler::span;
use proc_macro2::Span;
use syn::LitStr;

/// The most memory that a workspace may take, and where that is written.
pub struct Bound {
    limit: Limit,
    place: Span,
}

impl Bound {
    /// The bound for these sizes, if there is one.
    pub fn read(text: Option<&LitStr>, sizes: &[Setting]) -> syn::Result<Option<Self>> {
        let Some(text) = text else { return Ok(None) };
        let size = |setting: &Setting| {
            let message = format!("the size `{}` is a whole number", setting.name);
            let value = setting.whole.ok_or_else(|| syn::Error::new(setting.name.span(), message))?;
            Ok((setting.name.to_string(), value))
        };
        let sizes = sizes.iter().map(size).collect::<syn::Result<Vec<_>>>()?;
        let limit = Limit::new(&text.value(), sizes).map_err(|message| syn::Error::new(text.span(), message))?;
        Ok(Some(Self { limit, place: text.span() }))
    }

    /// What is wrong with the memory of a network, and where that is said.
    pub fn check(&self, passes: &Passes) -> Result<(), (String, Span)> {
        self.limit.check(passes, span::Span::default()).map_err(|diagnostic| (errors::text(&diagnostic), self.place))
    }
}
