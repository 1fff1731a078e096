//! What the names of a step mean while it is written: its memory, its loops, its locals, and the rows that a loop has cut out.
//! It must not know in which order statements come.

use super::code::Code;
use super::index::{self, Environment};
use super::names::Names;
use crate::ir::{Atom, Domain, Extent, Index, Label, SizeId, Stream};
use crate::loops::{BufferId, Local, Loops, Place, Variable};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A piece of memory: buffers that share a slot of the workspace are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Memory {
    /// A slot of the workspace.
    Slot(usize),
    /// A buffer on its own.
    Own(BufferId),
}

/// The memory of a buffer.
pub fn memory_of(loops: &Loops, buffer: BufferId) -> Memory {
    match &loops.buffer(buffer).place {
        Place::Workspace(slot) => Memory::Slot(*slot),
        Place::Input(_) | Place::Parameter(_) | Place::State(_) | Place::Result(_) => Memory::Own(buffer),
    }
}

/// The names of the symbolic sizes: in lower case, and apart from what functions of passes are given beside them.
fn size_names(sizes: &[String]) -> Vec<Ident> {
    let mut names = Names::default();
    let words = ["parameters", "workspace", "gradient", "metrics", "loss", "packing", "memory", "key", "level"];
    words.iter().for_each(|word| names.reserve(word));
    sizes.iter().map(|size| names.fresh(&size.to_lowercase())).collect()
}

/// What stands for an element in the loop that is being written.
#[derive(Clone, Debug)]
pub enum Reach {
    /// An element of a row that was cut out before the loop.
    Row {
        /// The row.
        row: Ident,
        /// Its index: the loop's variable.
        at: Ident,
    },
    /// An element of a row of which each round of the loop has several.
    Group {
        /// The row.
        row: Ident,
        /// The loop's variable.
        at: Ident,
        /// How many elements a round has.
        step: i64,
        /// Which of them it is.
        place: i64,
    },
    /// A number that was loaded before the loop.
    Loaded(Ident),
}

/// A row that holds one number from a place on.
#[derive(Clone, Debug)]
pub struct Tail {
    /// The buffer of the row.
    pub buffer: BufferId,
    /// Where the row begins.
    pub base: Index,
    /// The name of the place, and the place.
    pub end: (Ident, Extent),
    /// How long the row is.
    pub length: Extent,
    /// The number.
    pub number: f64,
}

/// Remarks for the reader, by number; a marker in the tokens says where they stand.
pub type Remarks = RefCell<Vec<String>>;

/// The scope of a step.
#[derive(Clone)]
pub struct Scope<'a> {
    /// What is being written.
    pub loops: &'a Loops,
    /// Where remarks are kept; `None` where nobody would read them.
    pub remarks: Option<&'a Remarks>,
    /// The names that are taken.
    pub names: Names,
    /// Whether what is written stands in a loop that the compiler of Rust can vectorize.
    pub vectorizes: bool,
    /// The instruction set, for kernels.
    pub level: TokenStream,
    /// How long the memory is that was cut to its constant length.
    pub lengths: BTreeMap<Memory, Extent>,
    /// How many rows products have here of those of the whole, where rounds are shared.
    pub part: Option<(Extent, Extent)>,
    sizes: Vec<Ident>,
    variables: BTreeMap<Variable, Ident>,
    locals: BTreeMap<Local, (Ident, bool)>,
    memory: BTreeMap<Memory, Ident>,
    ranges: BTreeMap<Variable, Extent>,
    reaches: Vec<(Memory, Index, Reach)>,
    streams: BTreeMap<Stream, Ident>,
    tails: Vec<Tail>,
}

impl<'a> Scope<'a> {
    /// The scope of a step that uses this memory; what it names has fresh ones of these names.
    pub fn new(loops: &'a Loops, remarks: Option<&'a Remarks>, mut names: Names, memory: &[(Memory, String)]) -> Self {
        let sizes = size_names(&loops.sizes);
        sizes.iter().for_each(|size| names.reserve(&size.to_string()));
        ["packing", "key", "level", "rounds", "written", "part"].iter().for_each(|word| names.reserve(word));
        let memory = memory.iter().map(|(memory, name)| (*memory, names.fresh(name))).collect();
        let (variables, locals, ranges) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (reaches, streams, tails) = (Vec::new(), BTreeMap::new(), Vec::new());
        let (level, lengths) = (quote!(I::LEVEL), BTreeMap::new());
        Self {
            loops,
            remarks,
            names,
            vectorizes: false,
            level,
            lengths,
            part: None,
            sizes,
            variables,
            locals,
            memory,
            ranges,
            reaches,
            streams,
            tails,
        }
    }

    /// A scope of no step: sizes alone have names.
    pub fn blank(loops: &'a Loops) -> Self {
        Self::new(loops, None, Names::default(), &[])
    }

    /// The float type.
    pub fn float(&self) -> Ident {
        Ident::new(self.loops.precision.name(), Span::call_site())
    }

    /// The names of the symbolic sizes.
    pub fn sizes(&self) -> &[Ident] {
        &self.sizes
    }

    /// The name of a piece of memory.
    pub fn memory(&self, memory: Memory) -> Ident {
        self.memory.get(&memory).cloned().unwrap_or_else(|| Ident::new("missing", Span::mixed_site()))
    }

    /// A loop begins.
    pub fn enter(&mut self, variable: Variable, extent: &Extent) -> Ident {
        let name = self.loops.variable_names.get(variable.0 as usize).map_or("i", String::as_str);
        self.enter_as(variable, extent, name)
    }

    /// A loop begins, whose variable gets this name or one like it.
    pub fn enter_as(&mut self, variable: Variable, extent: &Extent, name: &str) -> Ident {
        let name = self.names.fresh(name);
        self.variables.insert(variable, name.clone());
        self.ranges.insert(variable, extent.clone());
        name
    }

    /// A loop's variable goes by another name from here.
    pub fn rename(&mut self, variable: Variable, name: Ident) {
        self.variables.insert(variable, name);
    }

    /// A size that the code computes begins.
    pub fn open_size(&mut self, name: &str) -> (Ident, Extent) {
        let name = self.names.fresh(name);
        self.sizes.push(name.clone());
        let number = u32::try_from(self.sizes.len() - 1).unwrap_or(u32::MAX);
        (name, Extent::size(SizeId(number)))
    }

    /// From here on a row is known to hold one number behind a place.
    pub fn know(&mut self, tail: Tail) {
        self.tails.push(tail);
    }

    /// The rows that are known to hold one number behind a place.
    pub fn tails(&self) -> &[Tail] {
        &self.tails
    }

    /// Of the rows of a piece of memory that is written, nothing is known any more but what came last.
    pub fn forget(&mut self, memory: Memory, known: usize) {
        let (loops, mut number) = (self.loops, 0);
        self.tails.retain(|tail| {
            number += 1;
            number > known || memory_of(loops, tail.buffer) != memory
        });
    }

    /// A local begins.
    pub fn declare(&mut self, local: Local, truth: bool) -> Ident {
        let name = self.loops.local_names.get(local.0 as usize).map_or("value", String::as_str);
        let name = self.names.fresh(name);
        self.locals.insert(local, (name.clone(), truth));
        name
    }

    /// A local's name, and whether it is a truth value.
    pub fn local(&self, local: Local) -> (Ident, bool) {
        self.locals.get(&local).cloned().unwrap_or_else(|| (Ident::new("missing", Span::mixed_site()), false))
    }

    /// The key of a stream of random numbers gets a name.
    pub fn open_stream(&mut self, stream: Stream) -> Ident {
        let name = self.names.fresh(&format!("stream_{}", stream.0));
        self.streams.insert(stream, name.clone());
        name
    }

    /// The key of a stream of random numbers.
    pub fn stream(&self, stream: Stream) -> Ident {
        self.streams.get(&stream).cloned().unwrap_or_else(|| Ident::new("missing", Span::mixed_site()))
    }

    /// From here an element is reached in another way.
    pub fn reach(&mut self, memory: Memory, offset: Index, reach: Reach) {
        self.reaches.push((memory, offset, reach));
    }

    /// `buffer[offset]`, to be read or written.
    pub fn element_of(&self, buffer: BufferId, offset: &Index) -> TokenStream {
        let memory = memory_of(self.loops, buffer);
        let known = self.reaches.iter().rev().find(|(of, at, _)| *of == memory && at == offset);
        match known {
            Some((_, _, Reach::Row { row, at })) => quote!(#row[#at]),
            Some((_, _, Reach::Group { row, at, step, place })) => {
                let [step, place] = [*step, *place].map(proc_macro2::Literal::i64_unsuffixed);
                if *place.to_string() == *"0" { quote!(#row[#at * #step]) } else { quote!(#row[#at * #step + #place]) }
            }
            Some((_, _, Reach::Loaded(name))) => quote!(#name),
            None => {
                let (name, at) = (self.memory(memory), index::index(self, offset).bare());
                quote!(#name[#at])
            }
        }
    }

    /// Whether an element is reached through a row that is cut out, or is loaded already.
    pub fn is_at_hand(&self, buffer: BufferId, offset: &Index) -> bool {
        let memory = memory_of(self.loops, buffer);
        self.reaches.iter().any(|(of, at, _)| *of == memory && at == offset)
    }

    /// Whether an offset is inside of its buffer whatever the loops' variables are.
    pub fn is_inside(&self, buffer: BufferId, offset: &Index) -> bool {
        let length = Extent::product(&self.loops.buffer(buffer).shape);
        let Some((lowest, highest)) = self.bounds(offset) else { return false };
        self.loops.domain.is_at_least(&lowest, 0) && self.loops.domain.is_at_least(&length.minus(&highest), 1)
    }

    fn bounds(&self, offset: &Index) -> Option<(Extent, Extent)> {
        let mut bounds = (offset.constant_part().clone(), offset.constant_part().clone());
        for (atom, coefficient) in offset.terms() {
            let Atom::Label(Label(number)) = atom else { return None };
            let last = self.ranges.get(&Variable(*number))?.plus_constant(-1).times(coefficient);
            if self.loops.domain.is_at_least(coefficient, 0) {
                bounds.1 = bounds.1.plus(&last);
            } else if self.loops.domain.is_at_most(coefficient, 0) {
                bounds.0 = bounds.0.plus(&last);
            } else {
                return None;
            }
        }
        Some(bounds)
    }

    /// A statement that the printer turns into a line for the reader.
    pub fn remark(&self, text: &str) -> TokenStream {
        self.remarks.map(|remarks| remark(remarks, text)).unwrap_or_default()
    }
}

/// The macro that stands where a remark does.
pub const REMARK: &str = "chainrule_remark";

/// A statement that the printer turns into a line for the reader.
pub fn remark(remarks: &Remarks, text: &str) -> TokenStream {
    let mut remarks = remarks.borrow_mut();
    let number = proc_macro2::Literal::usize_unsuffixed(remarks.len());
    remarks.push(text.to_owned());
    let marker = Ident::new(REMARK, Span::call_site());
    quote!(#marker!(#number);)
}

impl Environment for Scope<'_> {
    fn domain(&self) -> &Domain {
        &self.loops.domain
    }

    fn size(&self, number: u32) -> Ident {
        self.sizes[number as usize].clone()
    }
    fn variable(&self, number: u32) -> Ident {
        self.variables.get(&Variable(number)).cloned().unwrap_or_else(|| Ident::new("missing", Span::mixed_site()))
    }
    fn element(&self, buffer: u32, offset: &Index) -> Code {
        Code::atom(self.element_of(BufferId(buffer), offset))
    }
}
