//! All that the parts of the generated code of one network share: its names, its layout, its workspace. It must not know of
//! statements.

use super::functions::Functions;
use super::names::Names;
use super::network::float;
use super::pass;
use super::scope::{Remarks, remark};
use super::structure::Layout;
use super::workspace::{NetworkStorage, Workspace};
use crate::emit::{Large, Pass, Passes, Traced};
use crate::interface::Interface;
use crate::ir::Domain;
use crate::loops::{Destination, Loops};
use crate::memory;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// A network whose code is being written.
pub struct Unit<'a> {
    /// What it looks like from outside.
    pub interface: &'a Interface,
    /// The name of its struct.
    pub name: Ident,
    /// The name of the struct of its workspace.
    pub workspace_name: Ident,
    /// Who may see it.
    pub visibility: TokenStream,
    /// Its float type.
    pub float: Ident,
    /// Its formulas and those of its derivative.
    pub derivatives: &'a str,
    /// Its parameters and states as they lie in memory.
    pub layout: Layout<'a>,
    /// The memory of its passes.
    pub workspace: Workspace,
    /// A pass that does nothing, for the names of sizes.
    pub blank: Loops,
    /// Which of its passes take random numbers: gradient, assess, predict.
    pub draws: [bool; 3],
    /// Where remarks are kept.
    pub remarks: Option<&'a Remarks>,
    /// Clears the gradients that the pass does not compute, because nothing reads their parameters.
    pub cleared: TokenStream,
    /// What a traced network looks at.
    pub traced: &'a [Traced],
    /// The function of the pass, if there is one.
    pub gradient_pass: Option<Ident>,
    /// The function of the pass, if there is one.
    pub assess_pass: Option<Ident>,
    /// The function of the pass, if there is one.
    pub predict_pass: Option<Ident>,
}

/// The names that step functions must leave alone.
const RESERVED: &[&str] = &["Network", "initialize"];

impl<'a> Unit<'a> {
    /// The unit of a network without its passes.
    pub fn new(
        passes: &'a Passes,
        name: Ident,
        visibility: TokenStream,
        order: &[String],
        remarks: Option<&'a Remarks>,
    ) -> Result<Self, String> {
        let interface = &passes.interface;
        Ok(Self {
            interface,
            workspace_name: Ident::new(&format!("{name}Workspace"), Span::call_site()),
            name,
            visibility,
            float: float(interface.precision),
            derivatives: &passes.derivatives,
            layout: Layout::new(interface, order)?,
            workspace: Workspace::named(&memory::workspace::Workspace::of(interface, &passes.all())),
            blank: blank(interface),
            draws: [&passes.gradient, &passes.assess, &passes.predict].map(|pass| pass.as_ref().is_some_and(draws)),
            remarks,
            cleared: TokenStream::new(),
            traced: &passes.traced,
            gradient_pass: None,
            assess_pass: None,
            predict_pass: None,
        })
    }

    /// A line for the reader.
    pub fn remark(&self, text: &str) -> TokenStream {
        self.remarks.map(|remarks| remark(remarks, text)).unwrap_or_default()
    }

    /// Writes the passes.
    pub fn write_passes(&mut self, passes: &Passes) -> Result<TokenStream, String> {
        let mut functions = Functions::new(RESERVED);
        functions.survey(passes.all());
        let scalar = |pass: &&Pass| pass.loops.buffers.iter().any(|buffer| is_scalar_result(&buffer.place));
        if let Some(pass) = &passes.gradient {
            self.gradient_pass = Some(self.write_pass(pass, "gradient", true, true, &mut functions)?);
            self.cleared = cleared(&pass.loops, &self.layout, &self.storage(Vec::new(), true, true))?;
        }
        if let Some(pass) = passes.assess.as_ref().filter(scalar) {
            self.assess_pass = Some(self.write_pass(pass, "assess", true, false, &mut functions)?);
        }
        if let Some(pass) = passes.predict.as_ref().filter(|_| !self.interface.outputs.is_empty()) {
            self.predict_pass = Some(self.write_pass(pass, "predict", false, false, &mut functions)?);
        }
        Ok(functions.tokens)
    }

    fn write_pass(
        &self,
        Pass { loops, large }: &Pass,
        name: &str,
        assesses: bool,
        differentiates: bool,
        functions: &mut Functions,
    ) -> Result<Ident, String> {
        let mut names = Names::default();
        let reserved = ["parameters", "workspace", "gradient", "metrics", "loss", "key", "level"];
        reserved.iter().for_each(|name| names.reserve(name));
        self.interface.sizes.iter().for_each(|size| names.reserve(&size.to_lowercase()));
        let inputs = self.interface.inputs.iter().map(|input| (assesses || !input.target).then(|| names.fresh(&input.name)));
        let inputs = inputs.collect();
        let storage = self.storage(inputs, assesses, differentiates);
        let Some(Large { loops: large, gain }) = large else {
            return pass::write(loops, name, &storage, functions, self.remarks);
        };
        let forms = [(loops, "small"), (large, "large")]
            .map(|(loops, sizes)| pass::write(loops, &format!("{name}_of_{sizes}"), &storage, functions, self.remarks));
        let [small, large] = forms;
        Ok(pass::write_choice(loops, name, &storage, functions, &[small?, large?], gain, self.remarks))
    }

    /// The memory of a pass.
    pub fn storage(&self, inputs: Vec<Option<Ident>>, assesses: bool, differentiates: bool) -> NetworkStorage<'_> {
        NetworkStorage {
            network: &self.name,
            workspace_name: &self.workspace_name,
            workspace: &self.workspace,
            interface: self.interface,
            layout: &self.layout,
            assesses,
            differentiates,
            inputs,
        }
    }
}

fn cleared(loops: &Loops, layout: &Layout<'_>, storage: &NetworkStorage<'_>) -> Result<TokenStream, String> {
    let zero = super::value::literal(loops.precision, 0.0).bare();
    let mut tokens = TokenStream::new();
    for place in &layout.parameters {
        let path = &place.parameter.path;
        let destination = crate::loops::Place::Result(Destination::Gradient(path.clone()));
        if loops.buffers.iter().all(|buffer| buffer.place != destination) {
            let slice = storage.kept(path, "gradient", true)?;
            tokens.extend(quote!((#slice).fill(#zero);));
        }
    }
    Ok(tokens)
}

/// Whether a pass takes random numbers.
fn draws(pass: &Pass) -> bool {
    pass.forms().any(pass::draws)
}

fn is_scalar_result(place: &crate::loops::Place) -> bool {
    matches!(place, crate::loops::Place::Result(Destination::Loss | Destination::Output(_)))
}

/// A pass that does nothing.
fn blank(interface: &Interface) -> Loops {
    Loops {
        name: String::new(),
        precision: interface.precision,
        sizes: interface.sizes.clone(),
        domain: Domain::of(interface.requirements.iter().map(|(slack, _)| slack)),
        buffers: Vec::new(),
        slots: Vec::new(),
        variable_names: Vec::new(),
        local_names: Vec::new(),
        body: Vec::new(),
    }
}
